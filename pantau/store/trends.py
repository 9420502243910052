"""Numbers per day for comparisons and charts."""

from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.clock import day_end, day_start, days_between, local_day
from pantau.store import schema
from pantau.store.database import Database
from pantau.store.records import DayCount
from pantau.store.runs import NIGHTS

_R = schema.runs
_F = schema.findings
_O = schema.observations


def daily_counts(database: Database, from_day: date, to_day: date, zone: ZoneInfo) -> list[DayCount]:
    """See ``Store.daily_counts``."""
    with database.read() as connection:
        nights = _nights(connection, from_day, to_day, zone)
        return [_count(connection, day, nights.get(day, ""), zone) for day in days_between(from_day, to_day)]


def _nights(connection: Connection, from_day: date, to_day: date, zone: ZoneInfo) -> dict[date, str]:
    """The last night of each local day."""
    span = (_R.c.as_of >= day_start(from_day, zone), _R.c.as_of < day_end(to_day, zone))
    query = sa.select(_R.c.run_id, _R.c.as_of).where(_R.c.kind.in_(NIGHTS), *span).order_by(_R.c.as_of, _R.c.started_at)
    return {local_day(row.as_of, zone): row.run_id for row in connection.execute(query)}


def _count(connection: Connection, day: date, run_id: str, zone: ZoneInfo) -> DayCount:
    published = schema.posts.c.published_at
    span = (published >= day_start(day, zone), published < day_end(day, zone))
    posts = connection.scalar(sa.select(sa.func.count()).select_from(schema.posts).where(*span))
    if not run_id:
        return DayCount(day=day, posts=posts or 0)
    strengths = sa.select(_F.c.strength, sa.func.count()).where(_F.c.run_id == run_id).group_by(_F.c.strength)
    found: dict[str, int] = {row[0]: row[1] for row in connection.execute(strengths)}
    states = sa.select(_O.c.state, sa.func.count()).where(_O.c.run_id == run_id).group_by(_O.c.state)
    observed: dict[str, int] = {row[0]: row[1] for row in connection.execute(states)}
    return DayCount(
        day=day,
        posts=posts or 0,
        run_id=run_id,
        flags=found.get("flag", 0),
        reviews=found.get("review", 0),
        quiet=observed.get("quiet", 0) + observed.get("never_posted", 0),
        unread=observed.get("unread", 0),
    )
