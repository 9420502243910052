"""Who accounts of X are now: one request per 100 accounts, each user found billed once per UTC day."""

from collections.abc import Iterator, Sequence
from functools import partial

from collectors.base import CollectorError, Pace, failed_scan, guarded, identified
from collectors.x_client import USERS_PER_LOOKUP, XClient
from collectors.x_errors import PRIVATE, AccountProblem, XError, account_problems, format_error
from collectors.x_parse import XUser, parse_users
from pantau.core.model import Account, Scan

SOURCE = "x-lookup"
HANDED_ON = AccountProblem("missing", "nomor akun ini tidak ditemukan lagi oleh X; namanya kini dipakai akun lain")
_FAILURES_IN_A_ROW = 3


class Identities:
    """Looks up accounts with one client. A source that is down leaves the rest unread with that one reason."""

    def __init__(self, client: XClient, pace: Pace) -> None:
        self._client = client
        self._pace = pace
        self._down: CollectorError | None = None
        self._failures = 0

    def scans(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """By id where it is known, else by handle. Those not found by id are asked for by handle too: it may have a new owner."""
        doubtful: list[tuple[Account, Scan]] = []
        for batch in _batches([account for account in accounts if account.platform_id]):
            for account, scan in self._look_up(batch, by_id=True):
                if scan.reading.outcome == "missing":
                    doubtful.append((account, scan))
                else:
                    yield scan
        for batch in _batches([account for account in accounts if not account.platform_id]):
            yield from (scan for _, scan in self._look_up(batch, by_id=False))
        first = {account.key: scan for account, scan in doubtful}
        for batch in _batches([account for account, _ in doubtful]):
            for account, now in self._look_up(batch, by_id=False):
                taken = now.reading.outcome == "read" and now.platform_id != account.platform_id
                yield self._refused(account, HANDED_ON, now.platform_id, now.handle) if taken else first[account.key]

    def _look_up(self, batch: Sequence[Account], *, by_id: bool) -> Iterator[tuple[Account, Scan]]:
        """At most 100 accounts; a refused request is halved until the account that spoils it is alone."""
        answer = self._ask(batch, by_id=by_id)
        if isinstance(answer, XError) and answer.action == "query" and len(batch) > 1:
            middle = len(batch) // 2
            yield from self._look_up(batch[:middle], by_id=by_id)
            yield from self._look_up(batch[middle:], by_id=by_id)
            return
        for account in batch:
            if isinstance(answer, CollectorError):
                yield account, self._failed(account, answer)
                continue
            users, problems = answer
            name = account.platform_id if by_id else account.handle.lower()
            if user := users.get(name):
                private = user.protected
                scan = (
                    self._refused(account, PRIVATE, user.user_id, user.handle)
                    if private
                    else self._found(account, user)
                )
            else:  # X names each account it does not find; silence is no proof
                problem = problems.get(name)
                scan = self._refused(account, problem) if problem else self._failed(account, format_error("users"))
            yield account, scan

    def _ask(
        self, batch: Sequence[Account], *, by_id: bool
    ) -> tuple[dict[str, XUser], dict[str, AccountProblem]] | CollectorError:
        if self._down is None and self._pace.expired:
            self._down = CollectorError("waktu pemeriksaan habis sebelum akun ini diperiksa", "deadline")
        if self._down is not None:
            return self._down
        try:
            found = guarded(partial(self._users, batch, by_id=by_id), format_error, "x.odd_answer")
        except CollectorError as error:
            self._failures += not (isinstance(error, XError) and error.action == "query")
            if error.source_down or self._failures >= _FAILURES_IN_A_ROW:
                self._down = error
            return error
        self._failures = 0
        return found

    def _users(self, batch: Sequence[Account], *, by_id: bool) -> tuple[dict[str, XUser], dict[str, AccountProblem]]:
        names = [account.platform_id if by_id else account.handle for account in batch]
        body = self._client.users(ids=names) if by_id else self._client.users(handles=names)
        users = parse_users(body) if body.get("data") else []
        return {user.user_id if by_id else user.handle.lower(): user for user in users}, account_problems(body)

    def _found(self, account: Account, user: XUser) -> Scan:
        return identified(account, self._pace.now(), SOURCE, user.user_id, user.handle)

    def _failed(self, account: Account, error: CollectorError) -> Scan:
        return failed_scan(account, error.unread_class, str(error), self._pace.now(), SOURCE)

    def _refused(self, account: Account, problem: AccountProblem, platform_id: str = "", handle: str = "") -> Scan:
        at = self._pace.now()
        return failed_scan(
            account, problem.unread_class, problem.reason, at, SOURCE, problem.outcome, platform_id, handle
        )


def _batches(accounts: Sequence[Account]) -> Iterator[Sequence[Account]]:
    for at in range(0, len(accounts), USERS_PER_LOOKUP):
        yield accounts[at : at + USERS_PER_LOOKUP]
