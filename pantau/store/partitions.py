"""Raw answers by month of publication (UTC), in PostgreSQL only; SQLite keeps one table of the same columns.

Raw answers are the only rows that the retention rules remove by default, and the largest. A whole month goes by dropping its
partition, which costs as much as the few rows that stay behind (those of posts with a finding) and gives the room back at once.
What belongs to no month that has a partition lies in ``raws_rest``, so that nothing is ever refused.

Posts themselves are one table: that a post is stored once rests on the unique key ``posts.key`` over all time, and PostgreSQL's
unique keys of a partitioned table must hold the month, which one source may state otherwise than another.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.store.columns import from_us, to_us

REST = "raws_rest"
_AHEAD_MONTHS = 2
_BACK_MONTHS = 1
_SPREAD_MONTHS = 24
"""So far back before the newest run a database that is taken over gets its months; older answers lie in the rest."""
_BY_NAME = sa.text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhparent = to_regclass('raws') ORDER BY c.relname"
)


def names(connection: Connection) -> list[str]:
    """The partitions that there are, the rest among them; none in SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    return list(connection.scalars(_BY_NAME))


def make_ahead(connection: Connection, at: datetime) -> None:
    """See to it that the months around ``at`` have partitions, two of them in advance. One look where nothing is missing."""
    _make(connection, _month(at, -_BACK_MONTHS), _month(at, _AHEAD_MONTHS))


def spread(connection: Connection) -> None:
    """Give their months to what lies in the rest, as far back as two years before the newest run."""
    if connection.dialect.name != "postgresql":
        return
    newest = connection.scalar(sa.text("SELECT max(as_of) FROM runs"))
    if newest is not None:
        _make(connection, _month(from_us(newest), -_SPREAD_MONTHS), _month(from_us(newest), _AHEAD_MONTHS))


def drop_before(connection: Connection, limit: datetime, keep: str = "") -> int:
    """Remove the partitions of months that ended by ``limit``; how many rows are gone for good.

    ``keep``: an SQL condition on ``raws``; rows that fulfil it move to the rest. What is left in the month of ``limit`` and in the
    rest is for the caller to delete.
    """
    gone = 0
    for name in names(connection):
        if name == REST or _month(_first(name), 1) > limit:
            continue
        connection.exec_driver_sql(f"ALTER TABLE raws DETACH PARTITION {name}")
        gone += connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0
        if keep:
            kept = f"INSERT INTO raws SELECT raws.* FROM {name} AS raws WHERE {keep}"
            gone -= connection.exec_driver_sql(kept).rowcount
        connection.exec_driver_sql(f"DROP TABLE {name}")
    return gone


def _make(connection: Connection, first: datetime, last: datetime) -> None:
    if connection.dialect.name != "postgresql":
        return
    present = names(connection)
    for month in _months(first, last):
        if f"raws_{month:%Y%m}" not in present:
            _make_month(connection, month)


def _make_month(connection: Connection, month: datetime) -> None:
    """One more partition. Rows of the month that lie in the rest move there, else the rest would forbid it.

    Made aside and attached, since that locks nobody out of the other months.
    """
    name, start, end = f"raws_{month:%Y%m}", to_us(month), to_us(_month(month, 1))
    here = f"published_at >= {start} AND published_at < {end}"
    for statement in (
        f"CREATE TABLE {name} (LIKE raws INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)",
        f"WITH moved AS (DELETE FROM {REST} WHERE {here} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE raws ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})",
    ):
        connection.exec_driver_sql(statement)


def _months(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first = _month(first, 1)


def _month(at: datetime, further: int) -> datetime:
    """The first instant (UTC) of the month of ``at``, or of one so many months further."""
    local = at.astimezone(UTC)
    number = local.year * 12 + local.month - 1 + further
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _first(name: str) -> datetime:
    return datetime.strptime(name.removeprefix("raws_") + "+0000", "%Y%m%z")
