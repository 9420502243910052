"""Packs accounts into search queries at the least cost. Pure: no network, no clock.

X bills every post returned and starts each query at one instant for all its accounts. So accounts share a query only when their
watermarks are close, and they are sorted by their newest stored post: a query that begins just after it asks again for a span in
which nothing stored lies (the index lags, accounts hide for a while), and so costs nothing.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
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
EDITABLE = timedelta(hours=1)
"""A post can get new versions, with ids of their own, for half an hour; an hour after its first version it is settled."""
_REACH = timedelta(days=35)
"""How far back before the watermark a silent account is asked for again."""
_SPREADS = (timedelta(hours=2), timedelta(hours=8), timedelta(days=1), timedelta(days=7), timedelta.max)
_FEW_GROUPS = 13
"""A small register affords more, closer groups; requests cost no money, but a night shall stay near the fewest it needs."""
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
    busy = sum(_overlaps(reading, overlap) for reading in readings)
    keep_all = busy <= max(_FREE_ACCOUNTS, _FREE_SHARE * len(readings))
    free_from = partial(_free_from, overlap, keep_all)
    packs: list[list[R]] = []
    for spread in _SPREADS:
        packs = [pack for bucket in _buckets(readings) for pack in _packs(bucket, query_chars, free_from, spread)]
        if len(packs) <= _FEW_GROUPS:
            break
    groups = []
    for pack in packs:
        latest = min(reading.since for reading in pack) - min(overlap, LEAST_OVERLAP)
        start = min(latest, max(free_from(reading) for reading in pack))
        groups.append(Group(tuple(pack), max(start, earliest) if earliest else start))
    rank = {id(reading): number for number, reading in enumerate(readings)}
    return sorted(groups, key=lambda group: min(rank[id(member)] for member in group.members))


def _overlaps(reading: Reading, overlap: timedelta) -> bool:
    newest = reading.newest_stored_at
    return newest is not None and newest >= reading.since - overlap


def _free_from(overlap: timedelta, keep_all: bool, reading: Reading) -> datetime:
    """From when on asking for this account returns nothing that is stored (unless ``keep_all`` accepts that in the overlap).

    An account silent for long is asked from its last stored post on: were its newer posts hidden on the night that should have
    read them (suspended, protected, renamed for a while), they still come.
    """
    zone = reading.since - overlap
    newest = reading.newest_stored_at
    if newest is None:
        return zone
    settled = max(newest + EDITABLE, reading.since - _REACH)
    if settled < zone:
        return settled
    return zone if keep_all else max(zone, newest + timedelta(seconds=1))


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


def _packs(
    readings: Sequence[R], query_chars: int, free_from: Callable[[R], datetime], spread: timedelta
) -> list[list[R]]:
    """Accounts that may begin at about the same time (``spread``) together, as many as fit into a query."""
    packs: list[list[R]] = []
    used = query_chars
    for reading in sorted(readings, key=free_from):  # stable: by importance where nothing else counts
        length = len("from:") + len(reading.handle)
        full = used + len(_JOIN) + length > query_chars
        if not packs or full or free_from(reading) - free_from(packs[-1][0]) > spread:
            packs.append([])
            used = -len(_JOIN)
        packs[-1].append(reading)
        used += len(_JOIN) + length
    return packs
