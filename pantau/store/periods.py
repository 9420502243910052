"""Sums over many nights for weekly and monthly editions, made by the database: only sums per account come back."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from pantau.core.clock import day_end, day_start, local_day
from pantau.core.model import USEFUL_CATEGORIES, AccountState, Category, Run
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.database import Database, chunks
from pantau.store.runs import NIGHTS, to_run

_R = schema.runs
_O = schema.observations
_F = schema.findings
_P = schema.posts
_C = schema.categories
_S = schema.sightings


class PostCount(msgspec.Struct, frozen=True):
    """How many posts of one category an account published; the category is empty for posts without one."""

    account: str
    category: Category | str
    posts: int


class StateCount(msgspec.Struct, frozen=True):
    """In how many nights an account was in one state; ``intended``: not read because nobody meant to read it."""

    account: str
    state: AccountState
    intended: bool
    nights: int


class NightStates(msgspec.Struct, frozen=True):
    """How many accounts a night found in each state of interest, and how many posts it flagged."""

    run_id: str
    quiet: int
    unread: int
    flagged_posts: int


class FlaggedPost(msgspec.Struct, frozen=True):
    """A post that a night flagged, once per finding."""

    run_id: str
    key: str
    """Of the finding."""
    post: str
    unit: str


class Periods:
    """Sums over a span of days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def nights(self, first: date, last: date, zone: ZoneInfo) -> dict[date, Run]:
        """The last night of each local day in ``first`` to ``last``, both included; days without one are absent."""
        span = (_R.c.as_of >= day_start(first, zone), _R.c.as_of < day_end(last, zone))
        query = sa.select(_R).where(_R.c.kind.in_(NIGHTS), *span).order_by(_R.c.as_of, _R.c.started_at)
        with self._database.read() as connection:
            return {local_day(row.as_of, zone): to_run(row) for row in connection.execute(query)}

    def posts(self, start: datetime, end: datetime) -> list[PostCount]:
        """Posts with ``start <= published_at < end`` per account and category; one seen in two timelines counts for both."""
        category = sa.func.coalesce(_C.c.category, "").label("category")
        query = (
            sa.select(_S.c.account_id, category, sa.func.count().label("posts"))
            .select_from(_S.outerjoin(_C, _C.c.post == _S.c.post))
            .where(_S.c.published_at >= start, _S.c.published_at < end)
            .group_by(_S.c.account_id, category)
        )
        with self._database.read() as connection:
            keys = directory(connection).key_of
            return [PostCount(keys[row.account_id], row.category, row.posts) for row in connection.execute(query)]

    def states(self, run_ids: Collection[str]) -> list[StateCount]:
        """In how many of the nights each account was in which state."""
        intended = _intended().label("intended")
        query = (
            sa.select(_O.c.account_id, _O.c.state, intended, sa.func.count().label("nights"))
            .where(_O.c.account_id.is_not(None))
            .group_by(_O.c.account_id, _O.c.state, intended)
        )
        found: list[StateCount] = []
        with self._database.read() as connection:
            keys = directory(connection).key_of
            for chunk in chunks(run_ids):
                for row in connection.execute(query.where(_O.c.run_id.in_(chunk))):
                    found.append(StateCount(keys[row.account_id], row.state, bool(row.intended), row.nights))
        return found

    def night_states(self, run_ids: Collection[str]) -> dict[str, NightStates]:
        """What each night found, in the measures of the digest's trend."""
        states: dict[str, dict[tuple[str, bool], int]] = {run_id: {} for run_id in run_ids}
        flagged: dict[str, int] = dict.fromkeys(run_ids, 0)
        intended = _intended().label("intended")
        by_state = sa.select(_O.c.run_id, _O.c.state, intended, sa.func.count().label("n"))
        by_state = by_state.group_by(_O.c.run_id, _O.c.state, intended)
        posts = sa.func.count(_F.c.post.distinct()).label("n")
        flags = sa.select(_F.c.run_id, posts).where(_F.c.strength == "flag", _F.c.post != "").group_by(_F.c.run_id)
        with self._database.read() as connection:
            for chunk in chunks(run_ids):
                for row in connection.execute(by_state.where(_O.c.run_id.in_(chunk))):
                    states[row.run_id][row.state, bool(row.intended)] = row.n
                for row in connection.execute(flags.where(_F.c.run_id.in_(chunk))):
                    flagged[row.run_id] = row.n
        return {
            run_id: NightStates(
                run_id=run_id,
                quiet=seen.get(("quiet", False), 0) + seen.get(("never_posted", False), 0),
                unread=seen.get(("unread", False), 0),
                flagged_posts=flagged[run_id],
            )
            for run_id, seen in states.items()
        }

    def flagged(self, run_ids: Collection[str]) -> list[FlaggedPost]:
        """Every flag about a post that the nights reported, by run, post and key."""
        query = sa.select(_F.c.run_id, _F.c.key, _F.c.post, _F.c.unit).where(_F.c.strength == "flag", _F.c.post != "")
        with self._database.read() as connection:
            rows: list[Any] = [
                row for chunk in chunks(run_ids) for row in connection.execute(query.where(_F.c.run_id.in_(chunk)))
            ]
        return sorted(
            (FlaggedPost(row.run_id, row.key, row.post, row.unit) for row in rows),
            key=lambda item: (item.run_id, item.post, item.key),
        )

    def useful_posts(self, start: datetime, end: datetime, limit: int) -> dict[str, Category]:
        """The longest useful posts of the span and their categories, by key, longest first; at most ``limit``."""
        query = (
            sa.select(_P.c.key, _C.c.category)
            .join(_C, _C.c.post == _P.c.key)
            .where(_P.c.published_at >= start, _P.c.published_at < end)
            .where(_C.c.category.in_(sorted(USEFUL_CATEGORIES)), _P.c.kind.in_(("post", "video")), _P.c.url != "")
            .order_by(sa.func.length(_P.c.text).desc(), _P.c.key)
            .limit(limit)
        )
        with self._database.read() as connection:
            return {row.key: row.category for row in connection.execute(query)}


def _intended() -> "sa.Case[int]":
    """1 for accounts that nobody meant to read: their platform is not watched, or it was not their turn."""
    classes = [_O.c.body.like(f'%"unread_class":"{name}"%') for name in ("not_watched", "rotation")]
    return sa.case((sa.and_(_O.c.state == "unread", sa.or_(*classes)), 1), else_=0)
