"""Instagram through instaloader: signed in with an imported session, one request per account whose id is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from collectors.base import CollectorError, Pace, failed_scan
from collectors.instagram_client import PantauContext
from collectors.instagram_errors import AccountOutcomeError, TransientError, translate
from collectors.instagram_identify import IdentityReader, Reader
from collectors.instagram_session import read_session
from collectors.instagram_timeline import Harvest, TimelineReader
from pantau.core.model import Account, Cost, Outcome, Reading, Scan, Target, UnreadClass, Window
from pantau.core.settings import InstagramSettings, Network

_log = structlog.get_logger(__name__)

SOURCE = "instaloader"
SAME_FAILURES = 5
"""So many accounts in a row that fail the same way mean that the source is down, not the accounts."""

_Verdict = AccountOutcomeError | CollectorError | None


class InstagramWebCollector:
    """Reads accounts of Instagram as its web client does. Implements ``pantau.core.ports.Collector``.

    ``session_file`` holds the imported session (mode 0600; see ``instagram_session``); None reads as a visitor, which
    costs one more request per post and is refused sooner. ``ids`` maps ``Account.key`` to a numeric id learnt earlier, for
    accounts whose register row has none.
    """

    platform = "instagram"

    def __init__(
        self,
        settings: InstagramSettings,
        network: Network,
        session_file: Path | None,
        pace: Pace,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._network = network
        self._session_file = session_file
        self._pace = pace
        self._ids = dict(ids or {})
        self._context: PantauContext | None = None
        self._down: CollectorError | None = None
        self._streak: tuple[str, int] = ("", 0)
        self._proven = False
        self._pause_due = False

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target; the canary first. Nothing is raised: see ``pantau.core.ports.Collector``."""
        yield from self._read_all(TimelineReader, targets, window)

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts, the canary first: by its id with a session, else by its profile page."""
        now = self._pace.now()
        targets = [Target(account=account, since=now) for account in accounts]
        yield from self._read_all(IdentityReader, targets, Window(now, now))

    def _read_all(
        self, kind: Callable[[PantauContext], Reader], targets: Sequence[Target], window: Window
    ) -> Iterator[Scan]:
        if not targets:
            return
        self._down, self._streak, self._proven, self._pause_due = None, ("", 0), False, False
        try:
            context = self._open()
        except CollectorError as error:
            self._stop(error)
            yield from (self._unread(target.account) for target in targets)
            return
        try:
            yield from self._collect(kind(context), targets, window)
        finally:
            context.close()

    def _collect(self, reader: Reader, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        canary = self._settings.canary.lstrip("@").lower()
        ordered = sorted(targets, key=lambda target: target.account.handle.lower() != canary)
        if canary and ordered[0].account.handle.lower() != canary:
            self._probe(reader, canary, window)
        for number, target in enumerate(ordered):
            is_canary = bool(canary) and number == 0 and target.account.handle.lower() == canary
            yield self._unread(target.account) if self._must_stop() else self._read(reader, target, window, is_canary)

    def costs(self) -> tuple[Cost, ...]:
        """Requests sent so far; the source is free of charge."""
        sent = self._context.requests_sent if self._context else 0
        return (Cost(platform=self.platform, source=SOURCE, requests=sent),)

    def _open(self) -> PantauContext:
        """The context, opened once, with the session that lies in the file now. Raises ``CollectorError``."""
        cookies = read_session(self._session_file, self._pace.now()) if self._session_file else {}
        if self._context is None:
            self._context = PantauContext(self._settings, self._network, self._pace)
        if cookies:
            self._context.load_session(self._settings.username or cookies["ds_user_id"], cookies)
        return self._context

    def _must_stop(self) -> bool:
        """True once the rest is to be skipped; also waits out a rate limit before the next account."""
        if self._down is None and self._pace.expired:
            self._stop(CollectorError("waktu pengambilan malam ini habis sebelum akun ini terbaca", "deadline"))
        if self._down is None and self._pause_due:
            self._pause_due = False
            try:
                self._pace.wait(self._settings.rate_limit_pause_s)
            except CollectorError as error:
                self._stop(error)
        return self._down is not None

    def _stop(self, error: CollectorError) -> None:
        self._down = error
        _log.error("instagram.stopped", unread_class=error.unread_class, reason=str(error))

    def _probe(self, reader: Reader, handle: str, window: Window) -> None:
        """Read a canary that is not in the register; no scan comes of it."""
        account = Account(platform=self.platform, handle=handle, unit="")
        self._read(reader, Target(account=account, since=window.end), window, is_canary=True)

    def _read(self, reader: Reader, target: Target, window: Window, is_canary: bool) -> Scan:
        account = target.account
        harvest = Harvest(target, window, account.platform_id or self._ids.get(account.key, ""))
        verdict = self._attempt(reader, harvest)
        if isinstance(verdict, TransientError) and not self._pace.expired:
            _log.info("instagram.second_try", account=account.key, reason=str(verdict))
            verdict = self._attempt(reader, harvest)
        if is_canary and (verdict is not None or not harvest.seen):
            verdict = self._canary_failed(verdict)
        self._judge(verdict)
        if verdict is not None:
            _log.warning("instagram.not_read", account=account.key, reason=str(verdict))
        return self._scan(harvest, verdict)

    def _attempt(self, reader: Reader, harvest: Harvest) -> _Verdict:
        try:
            reader.read(harvest)
        except (
            Exception
        ) as error:  # plausible answers provoke anything in instaloader; the trouble stays this account's
            return translate(error)
        return None

    def _canary_failed(self, verdict: _Verdict) -> CollectorError:
        """Whatever the canary's trouble is, no other account can be judged tonight."""
        kind: UnreadClass = verdict.unread_class if isinstance(verdict, CollectorError) else "unproven"
        why = str(verdict) if verdict else "tidak ada unggahan yang terlihat"
        reason = f"Instagram tidak dapat dipercaya malam ini: akun penanda @{self._settings.canary.lstrip('@')} gagal ({why})"
        return CollectorError(reason, kind, source_down=True)

    def _judge(self, verdict: _Verdict) -> None:
        """Stop the source at a hard refusal, or when one account after the other fails the same way."""
        if verdict is None or (
            isinstance(verdict, AccountOutcomeError) and (verdict.outcome != "missing" or self._proven)
        ):
            self._streak = ("", 0)
            self._proven = True
            return
        kind = verdict.unread_class if isinstance(verdict, CollectorError) else verdict.outcome
        self._streak = (kind, self._streak[1] + 1 if self._streak[0] == kind else 1)
        if isinstance(verdict, CollectorError) and verdict.source_down:
            self._stop(verdict)
        elif self._streak[1] >= SAME_FAILURES:
            reason = f"Instagram dihentikan setelah {SAME_FAILURES} akun berturut-turut gagal: {verdict}"
            self._stop(
                CollectorError(reason, verdict.unread_class if isinstance(verdict, CollectorError) else "unproven")
            )
        self._pause_due = kind == "rate_limit"

    def _unread(self, account: Account) -> Scan:
        down = self._down or CollectorError("Instagram dihentikan", "stopped")
        return failed_scan(account, down.unread_class, str(down), self._pace.now(), SOURCE)

    def _scan(self, harvest: Harvest, verdict: _Verdict) -> Scan:
        account = harvest.target.account
        outcome: Outcome = "read" if verdict is None else "unread"
        if isinstance(verdict, AccountOutcomeError):
            outcome = verdict.outcome
        reading = Reading(
            account=account.key,
            outcome=outcome,
            unread_class=verdict.unread_class if isinstance(verdict, CollectorError) else "",
            reason=str(verdict or ""),
            checked_at=self._pace.now(),
            complete=verdict is None and harvest.complete,
            last_post_at=harvest.last_post_at,
            source=SOURCE,
        )
        scan = Scan(reading=reading, posts=harvest.posts, handle=harvest.handle)
        learnt = harvest.learnt_id if harvest.learnt_id != account.platform_id else ""
        return msgspec.structs.replace(scan, platform_id=learnt)
