"""Packs accounts into search queries at the least cost. Pure: no network, no clock.

X bills every post returned and starts each query at one instant for all its accounts. So accounts share a query only when their
watermarks are close, and the span that is asked again (``overlap``, because the index lags) is cut where it would return posts that
are stored already and would be billed a second time.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

import msgspec

ARCHIVE_QUERY_CHARS = 1024
RECENT_QUERY_CHARS = 512
_JOIN = " OR "
_NEAR = timedelta(hours=1)
"""Watermarks this close share a query: at two posts a day and account, an hour costs less than a tenth of a post."""
LEAST_OVERLAP = timedelta(minutes=10)
"""Asked again whatever it costs; the index usually lags by seconds."""
_FREE_ACCOUNTS = 10
_FREE_SHARE = 0.01
"""Up to so many accounts (or this share of all) with stored posts in the overlap are simply read again in full."""


class Reading(Protocol):
    """What the plan needs to know of an account."""

    @property
    def handle(self) -> str:
        """Without ``@``."""
        ...

    @property
    def since(self) -> datetime:
        """Watermark: everything from here on is wanted."""
        ...

    @property
    def newest_stored_at(self) -> datetime | None:
        """Publication time of the newest stored post."""
        ...


R = TypeVar("R", bound=Reading)


class Group(msgspec.Struct, Generic[R], frozen=True):
    """Accounts that share a query, and the instant from which it asks."""

    members: tuple[R, ...]
    start: datetime

    @property
    def query(self) -> str:
        """The search expression. Reposts are not excluded: they are acts of the account and may be all that it does."""
        return _JOIN.join(f"from:{member.handle}" for member in self.members)

    def halves(self) -> "tuple[Group[R], ...]":
        """The same accounts in two smaller groups; empty when there is only one."""
        if len(self.members) < 2:
            return ()
        middle = len(self.members) // 2
        return Group(self.members[:middle], self.start), Group(self.members[middle:], self.start)


def plan(
    readings: Sequence[R], *, query_chars: int, overlap: timedelta, earliest: datetime | None = None
) -> list[Group[R]]:
    """Groups that cover all ``readings``, in the order in which their most important (first given) account comes.

    ``earliest``: no query may start before (recent search reaches back 7 days).
    """
    busy = [reading for reading in readings if _overlaps(reading, overlap)]
    keep_all = len(busy) <= max(_FREE_ACCOUNTS, _FREE_SHARE * len(readings))
    groups: list[Group[R]] = []
    for bucket in _buckets(readings):
        zone = min(reading.since for reading in bucket) - overlap
        # Accounts with stored posts in the overlap come last, by the time of the newest: then a group can begin right after it.
        ranked = bucket if keep_all else sorted(bucket, key=partial(_stored_since, zone))
        for members in _packs(ranked, query_chars):
            start = _start(members, overlap, keep_all=keep_all)
            groups.append(Group(tuple(members), max(start, earliest) if earliest else start))
    rank = {id(reading): number for number, reading in enumerate(readings)}
    return sorted(groups, key=lambda group: min(rank[id(member)] for member in group.members))


def _overlaps(reading: Reading, overlap: timedelta) -> bool:
    newest = reading.newest_stored_at
    return newest is not None and newest >= reading.since - overlap


def _buckets(readings: Sequence[R]) -> list[list[R]]:
    """Accounts with near watermarks together, each bucket in the order given."""
    firsts: list[datetime] = []
    for since in sorted({reading.since for reading in readings}):
        if not firsts or since - firsts[-1] > _NEAR:
            firsts.append(since)
    buckets: list[list[R]] = [[] for _ in firsts]
    for reading in readings:
        buckets[bisect_right(firsts, reading.since) - 1].append(reading)
    return buckets


def _stored_since(zone: datetime, reading: Reading) -> datetime:
    return max(zone, reading.newest_stored_at or zone)


def _packs(readings: Sequence[R], query_chars: int) -> list[list[R]]:
    packs: list[list[R]] = []
    used = query_chars
    for reading in readings:
        length = len("from:") + len(reading.handle)
        if not packs or used + len(_JOIN) + length > query_chars:
            packs.append([])
            used = -len(_JOIN)
        packs[-1].append(reading)
        used += len(_JOIN) + length
    return packs


def _start(members: Sequence[Reading], overlap: timedelta, *, keep_all: bool) -> datetime:
    """Where the group's query begins: never after the earliest watermark less the least overlap, never before the whole overlap."""
    earliest = min(member.since for member in members)
    latest_start = earliest - min(overlap, LEAST_OVERLAP)
    if keep_all:
        return earliest - overlap
    stored = [member.newest_stored_at for member in members if member.newest_stored_at is not None]
    after_stored = max(stored) + timedelta(seconds=1) if stored else earliest - overlap
    return min(latest_start, max(earliest - overlap, after_stored))
