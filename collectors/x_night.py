"""The order of a night on X, and what a failure means for the accounts that it concerns and for the rest.

Ids of accounts that have none; grouped searches; timelines of accounts that search cannot serve or that have been silent; a second
look at accounts that X does not find. Whatever fails leaves its accounts ``unread`` with the reason.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog

from collectors.base import CollectorError, Pace, guarded
from collectors.x_client import POSTS_PER_LOOKUP, USERS_PER_LOOKUP, XClient
from collectors.x_errors import MISSING, PRIVATE, AccountProblem, XError, format_error
from collectors.x_plan import ARCHIVE_QUERY_CHARS, RECENT_QUERY_CHARS, Group, plan
from collectors.x_read import XReader
from collectors.x_seat import BY_SEARCH_ALONE, Seat
from pantau.core.model import Scan, Target, Window
from pantau.core.settings import XSettings

_log = structlog.get_logger(__name__)

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_RECENT_REACH = timedelta(days=7) - timedelta(minutes=5)
"""Recent search refuses to go back 7 days or more; the margin covers the time until the request arrives."""
_CLOCK_TOLERANCE = timedelta(minutes=5)
_FAILURES_IN_A_ROW = 3
"""So many failed requests in a row, each after its own retries, mean that the source is down."""
_MODEST_REQUESTS = 24
"""Searches that a thousand accounts need; what a smaller register leaves of them goes to timelines of the newly silent."""
_REFUSED_QUERIES = 5
"""So many accounts refused alone, and no search accepted yet, mean that X refuses our way of asking."""

T = TypeVar("T")


class Night:
    """The state of one ``collect``."""

    def __init__(
        self, client: XClient, settings: XSettings, pace: Pace, targets: Sequence[Target], window: Window
    ) -> None:
        self._client = client
        self._pace = pace
        self._overlap = timedelta(hours=settings.overlap_hours)
        self._archive = settings.archive_access
        self._reader = XReader(client, pace, window, self._overlap)
        self._open = {number: Seat(number, target, window) for number, target in enumerate(targets)}
        self._by_timeline: list[Seat] = []
        self._newly_silent: list[Seat] = []
        self._doubtful: list[Seat] = []
        self._failures = 0
        self._searches = 0
        self._refused_queries = 0
        self._refused_before = False

    def scans(self) -> Iterator[Scan]:
        """The whole night. A fault of the source ends it; the accounts still open become unread with that one reason."""
        reason = CollectorError("akun ini tidak sempat terbaca malam ini", "stopped")
        try:
            for step in (self._learn_ids, self._recheck, self._search, self._read_timelines, self._look_again):
                yield from step()
        except CollectorError as error:
            reason = error
            _log.error("x.stopped", unread_class=error.unread_class, reason=str(error), accounts=len(self._open))
        for seat in list(self._open.values()):
            yield self._failed(seat, reason)

    def _learn_ids(self) -> Iterator[Scan]:
        """Numeric ids of accounts that have none; each user found is billed once in the account's life."""
        unknown = []
        for seat in list(self._open.values()):
            if seat.since > self._pace.now() + _CLOCK_TOLERANCE:
                reason = "awal masa baca akun ini berada di masa depan; periksa jam dan tanggal komputer"
                yield self._failed(seat, CollectorError(reason, "unproven"))
            elif not seat.user_id and not _HANDLE.fullmatch(seat.handle):
                rule = "huruf, angka atau garis bawah, paling banyak 15"
                yield self._failed(
                    seat, CollectorError(f"nama akun X tidak sah ({rule}); perbaiki daftar akun", "format")
                )
            elif not seat.user_id:
                unknown.append(seat)
        for batch in _batches(unknown):
            lookup = self._attempt(partial(self._reader.look_up, batch, by_id=False))
            for seat in batch:
                name = seat.handle.lower()
                if isinstance(lookup, CollectorError):
                    yield self._failed(seat, lookup)
                elif user := lookup.users.get(name):
                    seat.learn(user)
                    if user.protected:
                        yield self._refused(seat, PRIVATE)
                elif problem := lookup.problems.get(name):
                    yield self._refused(seat, problem)
                else:  # X names each account it does not find; silence is no proof
                    yield self._failed(seat, format_error("users"))

    def _recheck(self) -> Iterator[Scan]:
        """Stored posts with an open finding, by id. A failure leaves no account unread: it only says nothing about those posts."""
        batch: list[Seat] = []
        for seat in (*self._open.values(), None):
            wanted = sum(len(one.target.recheck) for one in batch)
            if batch and (seat is None or wanted + len(seat.target.recheck) > POSTS_PER_LOOKUP):
                self._attempt(partial(self._reader.look_again, batch))
                batch = []
            if seat is not None and seat.target.recheck:
                batch.append(seat)
        return iter(())

    def _search(self) -> Iterator[Scan]:
        """Grouped searches; a query that X refuses is halved until the account that spoils it is alone."""
        queue = deque(self._groups())
        while queue:
            group = queue.popleft()
            try:
                result = self._attempt(partial(self._reader.read_group, group, archive=self._archive))
            except XError as error:
                if error.action != "access" or not self._archive:
                    raise
                _log.warning("x.no_archive_access", remedy="collect.x.archive_access = false")
                self._archive = False
                queue = deque(self._groups())
                continue
            if isinstance(result, XError) and result.action == "query":
                queue.extendleft(reversed(group.halves()))
                if len(group.members) == 1:
                    self._spoilt(group.members[0], result)
            else:
                yield from self._settle(group, result)
        yield from self._settle_newly_silent()

    def _groups(self) -> list[Group[Seat]]:
        """Search groups of the accounts still open; what search cannot serve is left to the timelines."""
        self._by_timeline = []
        earliest = None if self._archive else self._pace.now() - _RECENT_REACH
        searchable = []
        for seat in self._open.values():
            if _HANDLE.fullmatch(seat.handle) and (earliest is None or seat.since >= earliest):
                searchable.append(seat)
            else:
                self._by_timeline.append(seat)
        chars = ARCHIVE_QUERY_CHARS if self._archive else RECENT_QUERY_CHARS
        return plan(searchable, query_chars=chars, overlap=self._overlap, earliest=earliest)

    def _spoilt(self, seat: Seat, refusal: XError) -> None:
        """X refuses a query about this account alone: its timeline may still answer."""
        seat.refusal = refusal
        self._by_timeline.append(seat)
        self._refused_queries += 1
        if self._refused_queries >= _REFUSED_QUERIES and not self._searches:
            raise CollectorError(str(refusal), "format", source_down=True)

    def _settle(self, group: Group[Seat], result: CollectorError | None) -> Iterator[Scan]:
        """Scans of a group's accounts, as far as the search settles them."""
        self._searches += result is None
        for seat in group.members:
            if result is not None:
                yield self._failed(seat, result)
            elif seat.has_posts or (need := seat.needs_timeline()) == "no":
                yield self._close(seat, seat.read(self._pace.now(), self._source))
            else:
                (self._by_timeline if need == "must" else self._newly_silent).append(seat)

    def _settle_newly_silent(self) -> Iterator[Scan]:
        """A small register affords a timeline for each account that brought nothing tonight, a large one for the longest silent."""
        self._newly_silent.sort(key=lambda seat: seat.newest_stored_at or seat.since)
        afforded = max(0, _MODEST_REQUESTS - self._searches)
        self._by_timeline += self._newly_silent[:afforded]
        for seat in self._newly_silent[afforded:]:
            yield self._close(seat, seat.read(self._pace.now(), self._source, BY_SEARCH_ALONE))

    def _read_timelines(self) -> Iterator[Scan]:
        """One account at a time, by id."""
        for seat in self._by_timeline:
            if not seat.user_id:
                yield self._failed(seat, seat.refusal or format_error("id"))
                continue
            result = self._attempt(partial(self._reader.read_timeline, seat), single=True)
            if isinstance(result, XError) and result.action == "account":
                seat.problem = AccountProblem(result.outcome, str(result), result.unread_class)
            elif result is not None:
                yield self._failed(seat, result)
                continue
            if seat.problem == MISSING or seat.moved:
                self._doubtful.append(seat)
            elif seat.problem is not None:
                yield self._refused(seat, seat.problem)
            else:
                yield self._close(seat, seat.read(self._pace.now(), "x-timeline"))

    def _look_again(self) -> Iterator[Scan]:
        """By id: accounts that X did not find (free as long as it does not), and those whose handle seems to have changed."""
        for batch in _batches(self._doubtful):
            lookup = self._attempt(partial(self._reader.look_up, batch, by_id=True))
            for seat in batch:
                user = None if isinstance(lookup, CollectorError) else lookup.users.get(seat.user_id)
                if user is not None:
                    seat.learn(user)
                if seat.problem is None:
                    yield self._close(seat, seat.read(self._pace.now(), "x-timeline"))
                elif isinstance(lookup, CollectorError):
                    yield self._failed(seat, lookup)
                elif user is None and (problem := lookup.problems.get(seat.user_id)):
                    yield self._refused(seat, problem)
                elif user is not None and user.protected:
                    yield self._refused(seat, PRIVATE)
                else:
                    reason = "jawaban X tentang akun ini bertentangan atau tidak lengkap; dicoba lagi malam berikutnya"
                    yield self._failed(seat, CollectorError(reason, "unproven"))

    def _attempt(self, ask: Callable[[], T], *, single: bool = False) -> T | CollectorError:
        """``ask()``, or the error that leaves its accounts unread. Raises ``CollectorError`` when the whole source is down.

        ``single``: only one account is asked for. Then one refused token, after the token has worked, is laid to the account.
        """
        try:
            result = guarded(ask, format_error, "x.odd_answer")
        except XError as error:
            if single and error.action == "auth" and self._client.proven and not self._refused_before:
                self._refused_before = True
                return CollectorError("X menolak menampilkan akun ini (401)", "blocked")
            if error.source_down:
                raise
            if error.action in ("query", "account"):
                return error
            return self._count(error)
        except CollectorError as error:
            if error.source_down:
                raise
            return self._count(error)
        self._failures, self._refused_before = 0, False
        return result

    def _count(self, error: CollectorError) -> CollectorError:
        self._failures += 1
        if self._failures >= _FAILURES_IN_A_ROW:
            raise CollectorError(str(error), error.unread_class, source_down=True)
        return error

    @property
    def _source(self) -> str:
        return "x-search" if self._archive else "x-recent"

    def _failed(self, seat: Seat, error: CollectorError) -> Scan:
        return self._close(seat, seat.failed(self._pace.now(), self._source, error))

    def _refused(self, seat: Seat, problem: AccountProblem) -> Scan:
        return self._close(seat, seat.refused(self._pace.now(), self._source, problem))

    def _close(self, seat: Seat, scan: Scan) -> Scan:
        del self._open[seat.number]
        return scan


def _batches(seats: Sequence[Seat]) -> list[Sequence[Seat]]:
    return [seats[at : at + USERS_PER_LOOKUP] for at in range(0, len(seats), USERS_PER_LOOKUP)]
