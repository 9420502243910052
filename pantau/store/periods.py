"""Sums over many nights for the trend, weekly and monthly editions, made by the database: only sums and the findings come back."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.clock import WIB, day_end, day_start, days_between, local_day
from pantau.core.model import USEFUL_CATEGORIES, Category, Finding, Strength, finding_order
from pantau.core.periods import NightSums, PeriodFinding, PostCount, StateCount, Sums
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.columns import Instant
from pantau.store.database import Database, chunks
from pantau.store.decisions import Decisions
from pantau.store.runs import NIGHTS
from pantau.store.texts import decode

_R = schema.runs
_O = schema.observations
_F = schema.findings
_P = schema.posts
_C = schema.categories
_S = schema.sightings
_BEST_FIRST: tuple[Category, ...] = ("kinerja", "layanan", "edukasi")
_LONG_ENOUGH_CHARS = 600
"""A text longer than this is no better example than one of this length."""
_TRIED = 5
"""So many of an account's best posts are looked at; when something was found about all of them, it gives no example."""


class Periods:
    """Sums over a span of local days, both ends included."""

    def __init__(self, database: Database, decisions: Decisions) -> None:
        self._database = database
        self._decisions = decisions

    def has_night(self, first: date, last: date, zone: ZoneInfo = WIB) -> bool:
        """Whether any of the days has a night."""
        with self._database.read() as connection:
            return bool(_nights(connection, first, last, zone))

    def days(self, first: date, last: date, zone: ZoneInfo = WIB) -> tuple[NightSums, ...]:
        """Every day with the posts published on it, and what its night found."""
        with self._database.read() as connection:
            return _days(connection, first, last, zone, _nights(connection, first, last, zone))

    def sums(self, first: date, last: date, zone: ZoneInfo = WIB) -> Sums:
        """Everything counted over the days. Corrections are kept elsewhere (``Corrections``)."""
        decided = self._decisions.latest()
        with self._database.read() as connection:
            nights = _nights(connection, first, last, zone)
            runs = list(nights.values())
            keys = directory(connection).key_of
            return Sums(
                first=first,
                last=last,
                days=_days(connection, first, last, zone, nights),
                posts=_posts(connection, day_start(first, zone), day_end(last, zone), keys),
                states=_states(connection, runs, keys),
                findings=tuple(
                    PeriodFinding(finding=found, strength=strength, first_at=first_at, decision=decided.get(found.key))
                    for found, strength, first_at in _findings(connection, runs)
                ),
            )

    def useful_posts(self, start: datetime, end: datetime) -> dict[str, Category]:
        """The best useful post of each account, by key with its category, best first: for good examples.

        Only posts that no run found anything about, that can be opened, and that were still there when last looked for.
        """
        rank = sa.case({name: n for n, name in enumerate(_BEST_FIRST)}, value=_C.c.category, else_=len(_BEST_FIRST))
        chars = sa.func.length(_P.c.text)
        length = sa.case((chars > _LONG_ENOUGH_CHARS, _LONG_ENOUGH_CHARS), else_=chars)
        order = (rank, length.desc(), _P.c.key)
        place = sa.func.row_number().over(partition_by=_P.c.account_id, order_by=order).label("place")
        best = (
            sa.select(_P.c.key, _P.c.account_id, _C.c.category, place, rank.label("rank"), length.label("length"))
            .join(_C, _C.c.post == _P.c.key)
            .where(_P.c.published_at >= start, _P.c.published_at < end, _P.c.url != "")
            .where(_C.c.category.in_(sorted(USEFUL_CATEGORIES)), _P.c.kind.in_(("post", "video")))
            .subquery()
        )
        # Looked up for the best of each account alone: for every post of a month it would take three times as long.
        there = sa.select(_S.c.post).where(_S.c.post == best.c.key, _S.c.vanished_at.is_(None)).exists()
        found = sa.select(_F.c.key).where(_F.c.post == best.c.key).exists()
        query = sa.select(best).where(best.c.place <= _TRIED, there, ~found)
        chosen: dict[int, tuple[str, Category]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(best.c.rank, best.c.length.desc(), best.c.key)):
                chosen.setdefault(row.account_id, (row.key, row.category))
        return dict(chosen.values())


def _nights(connection: Connection, first: date, last: date, zone: ZoneInfo) -> dict[date, str]:
    """The last night of each local day. One that was given up before it judged the accounts is none."""
    span = (_R.c.as_of >= day_start(first, zone), _R.c.as_of < day_end(last, zone))
    judged = sa.select(_O.c.run_id).where(_O.c.run_id == _R.c.run_id).exists()
    query = sa.select(_R.c.run_id, _R.c.as_of).where(_R.c.kind.in_(NIGHTS), *span, judged)
    rows = connection.execute(query.order_by(_R.c.as_of, _R.c.started_at, _R.c.run_id))
    return {local_day(row.as_of, zone): row.run_id for row in rows}


def _days(
    connection: Connection, first: date, last: date, zone: ZoneInfo, nights: dict[date, str]
) -> tuple[NightSums, ...]:
    runs = list(nights.values())
    intended = _intended().label("intended")
    states: dict[str, dict[tuple[str, bool], int]] = {run_id: {} for run_id in runs}
    seen = sa.select(_O.c.run_id, _O.c.state, intended, sa.func.count().label("n")).where(_O.c.run_id.in_(runs))
    for row in connection.execute(seen.group_by(_O.c.run_id, _O.c.state, intended)):
        states[row.run_id][row.state, bool(row.intended)] = row.n
    flagged = dict.fromkeys(runs, 0)
    flags = sa.select(_F.c.run_id, sa.func.count(_F.c.post.distinct()).label("n")).where(_F.c.run_id.in_(runs))
    for row in connection.execute(flags.where(_F.c.strength == "flag", _F.c.post != "").group_by(_F.c.run_id)):
        flagged[row.run_id] = row.n
    days = []
    for day in days_between(first, last):
        span = (_P.c.published_at >= day_start(day, zone), _P.c.published_at < day_end(day, zone))
        posts = connection.scalar(sa.select(sa.func.count()).select_from(_P).where(*span)) or 0
        if day not in nights:
            days.append(NightSums(day=day, posts=posts))
            continue
        run_id = nights[day]
        counts = states[run_id]
        days.append(
            NightSums(
                day=day,
                posts=posts,
                flagged=flagged[run_id],
                quiet=counts.get(("quiet", False), 0) + counts.get(("never_posted", False), 0),
                unread=counts.get(("unread", False), 0),
            )
        )
    return tuple(days)


def _posts(connection: Connection, start: datetime, end: datetime, keys: dict[int, str]) -> tuple[PostCount, ...]:
    """One that is seen in two timelines counts for both accounts."""
    category = sa.func.coalesce(_C.c.category, "").label("category")
    query = (
        sa.select(_S.c.account_id, category, sa.func.count().label("posts"))
        .select_from(_S.outerjoin(_C, _C.c.post == _S.c.post))
        # Sightings lie in order of account and time: named accounts make a month one short stretch of each.
        .where(_S.c.account_id.in_(sa.select(schema.accounts.c.id)))
        .where(_S.c.published_at >= start, _S.c.published_at < end)
        .group_by(_S.c.account_id, category)
    )
    counts = [PostCount(keys[row.account_id], row.category, row.posts) for row in connection.execute(query)]
    return tuple(sorted(counts, key=lambda item: (item.account, item.category)))


def _states(connection: Connection, runs: Sequence[str], keys: dict[int, str]) -> tuple[StateCount, ...]:
    """Units without an account have no state here."""
    intended = _intended().label("intended")
    query = (
        sa.select(_O.c.account_id, _O.c.state, intended, sa.func.count().label("nights"))
        .where(_O.c.account_id.is_not(None), _O.c.run_id.in_(runs))
        .group_by(_O.c.account_id, _O.c.state, intended)
    )
    counts = [
        StateCount(keys[row.account_id], row.state, bool(row.intended), row.nights) for row in connection.execute(query)
    ]
    return tuple(sorted(counts, key=lambda item: (item.account, item.state, item.intended)))


def _findings(connection: Connection, runs: Sequence[str]) -> list[tuple[Finding, Strength, datetime]]:
    """Each key once, in its newest form, with the strongest strength and the first report ever."""
    newest_first = (_R.c.as_of.desc(), _R.c.started_at.desc(), _F.c.n)
    listed = (
        sa.select(
            _F.c.run_id,
            _F.c.n,
            _F.c.key,
            sa.func.min(_F.c.strength).over(partition_by=_F.c.key).label("strength"),  # "flag" sorts before "review"
            sa.func.row_number().over(partition_by=_F.c.key, order_by=newest_first).label("place"),
        )
        .join(_R, _R.c.run_id == _F.c.run_id)
        .where(_F.c.run_id.in_(runs))
        .subquery()
    )
    # The long bodies are fetched after the sorting, of the newest forms alone.
    bodies = sa.select(listed.c.key, listed.c.strength, _F.c.body)
    bodies = bodies.join(listed, sa.and_(listed.c.run_id == _F.c.run_id, listed.c.n == _F.c.n))
    found = [(decode(row.body, Finding), row.strength) for row in connection.execute(bodies.where(listed.c.place == 1))]
    first = _first_reports(connection, [finding.key for finding, _ in found])
    ordered = sorted(found, key=lambda pair: finding_order(pair[0]))
    return [(finding, strength, first[finding.key]) for finding, strength in ordered]


def _first_reports(connection: Connection, keys: Sequence[str]) -> dict[str, datetime]:
    first = sa.func.min(_R.c.as_of, type_=Instant()).label("first")
    query = sa.select(_F.c.key, first).join(_R, _R.c.run_id == _F.c.run_id).where(_R.c.kind.in_(NIGHTS))
    found: dict[str, datetime] = {}
    for chunk in chunks(keys):
        rows: list[Any] = list(connection.execute(query.where(_F.c.key.in_(chunk)).group_by(_F.c.key)))
        found |= {row.key: row.first for row in rows}
    return found


def _intended() -> "sa.Case[int]":
    """1 for accounts that nobody meant to read: their platform is not watched, or it was not their turn."""
    classes = [_O.c.body.like(f'%"unread_class":"{name}"%') for name in ("not_watched", "rotation")]
    return sa.case((sa.and_(_O.c.state == "unread", sa.or_(*classes)), 1), else_=0)
