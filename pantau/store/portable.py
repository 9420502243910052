"""Every row of every table as lines of JSON, the same from either database, and back into either.

The first line of a table names its columns with the kind of each; then one JSON array per row, in the order of the primary key.
Binary values are base64, days ISO dates, instants the integers that are stored. A dump is one snapshot: a night may go on writing
meanwhile. Neither way holds more than a handful of rows with documents in memory.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table

from pantau.core.errors import StoreError
from pantau.store import partitions, schema
from pantau.store.audit_cut import unguarded
from pantau.store.database import Database, connect
from pantau.store.migrate import current_revision, migrate

MAX_LINE_BYTES = 256 * 2**20
"""No row of ours is nearly as long."""
_HEAVY_ROWS = 8
_ROWS = 500
_BATCH_BYTES = 4 * 2**20
_OWN = "alembic_version"
_UNDECIDED = ("ready", "deferred", "sending")
_MAYBE_SENT = "dipulihkan dari cadangan; mungkin sudah terkirim sesudah cadangan dibuat"


class Header(msgspec.Struct, frozen=True):
    """First line of a table."""

    table: str
    columns: tuple[tuple[str, str], ...]


class Snapshot:
    """All tables as they were at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.revision = current_revision(connection) or ""
        held = MetaData()
        held.reflect(connection)
        inside = {_OWN, *partitions.names(connection)}
        self._tables = {str(table.name): table for table in held.sorted_tables if table.name not in inside}

    @property
    def tables(self) -> list[str]:
        """Their names, those that others refer to first."""
        return list(self._tables)

    def lines(self, name: str) -> Iterator[bytes]:
        """One table, each line with its line end."""
        table = self._tables[name]
        kinds = [_kind(column) for column in table.columns]
        names = [str(column.name) for column in table.columns]
        yield msgspec.json.encode(Header(str(name), tuple(zip(names, kinds, strict=True)))) + b"\n"
        rows = _HEAVY_ROWS if "bytes" in kinds else _ROWS
        options = {"stream_results": True, "yield_per": rows}
        query = sa.select(*(sa.type_coerce(column, sa.types.NullType()) for column in table.columns))
        for row in self._connection.execute(query.order_by(*table.primary_key.columns), execution_options=options):
            yield msgspec.json.encode([_out(value, kind) for value, kind in zip(row, kinds, strict=True)]) + b"\n"


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """Everything in the database at this moment."""
    with database.read(snapshot=True) as connection:
        yield Snapshot(connection)


def holds_data(url: str) -> bool:
    """Whether the database has rows in any table of ours."""
    database = connect(url)
    try:
        with database.read() as connection:
            present = set(sa.inspect(connection).get_table_names())
            names = [table.name for table in schema.metadata.sorted_tables if table.name in present]
            return any(
                connection.scalar(sa.select(sa.text("1")).select_from(sa.table(name)).limit(1)) for name in names
            )
    finally:
        database.close()


def restore(url: str, revision: str, tables: Mapping[str, Iterable[bytes]], aside: str = "") -> int:
    """Fill a database with dumped tables of ``revision`` and migrate it, in one transaction; how many rows it got.

    ``aside``: a PostgreSQL schema that tables already there are moved to. Mails not yet sent when the backup was made become
    ``unknown``, since they may have been sent later: our own mailbox or a person decides. Raises ``StoreError``.
    """
    database = connect(url)
    try:
        with database.write() as connection:
            database.make_schema(connection)
            if aside:
                _set_aside(connection, aside)
            migrate(connection, database.where, revision)
            held = MetaData()
            held.reflect(connection)
            rows = 0
            for table in held.sorted_tables:
                if table.name in tables:
                    # A log whose oldest entries were purged does not begin with the number that the guards expect.
                    with unguarded(connection) if table.name == "audit" else nullcontext():
                        rows += _load(connection, table, tables[table.name])
            if unknown := set(tables) - set(held.tables):
                raise StoreError(
                    f"Cadangan memuat tabel yang tidak dikenal skema {revision}: {', '.join(sorted(unknown))}."
                )
            migrate(connection, database.where)
            partitions.spread(connection)
            mails = schema.mails
            change = mails.update().where(mails.c.state.in_(_UNDECIDED))
            connection.execute(change.values(state="unknown", own_copy=False, next_at=None, detail=_MAYBE_SENT))
            return rows
    finally:
        database.close()


def _set_aside(connection: Connection, aside: str) -> None:
    """Move every table out of the way, with what belongs to it."""
    connection.execute(sa.schema.CreateSchema(aside))
    quote = connection.dialect.identifier_preparer.quote
    ours = {*schema.metadata.tables, *partitions.names(connection), _OWN}
    for name in sa.inspect(connection).get_table_names():
        if name in ours:
            connection.exec_driver_sql(f"ALTER TABLE {quote(name)} SET SCHEMA {quote(aside)}")


def _load(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    source = iter(lines)
    header = msgspec.json.decode(next(source), type=Header)
    if header.table != table.name or {name for name, _ in header.columns} != set(table.columns.keys()):
        raise StoreError(f"Tabel {table.name} di cadangan tidak berbentuk seperti skemanya.")
    insert, batch, size, count = table.insert(), [], 0, 0
    for line in source:
        values = msgspec.json.decode(line, type=list[Any])
        batch.append({name: _in(value, kind) for (name, kind), value in zip(header.columns, values, strict=True)})
        size += len(line)
        if len(batch) >= _ROWS or size >= _BATCH_BYTES:
            connection.execute(insert, batch)
            count, batch, size = count + len(batch), [], 0
    if batch:
        connection.execute(insert, batch)
    if connection.dialect.name == "postgresql" and "id" in table.columns:
        sequence = sa.func.pg_get_serial_sequence(table.name, "id")
        newest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        connection.execute(
            sa.select(sa.func.setval(sequence, newest)).where(sequence.is_not(None), newest.is_not(None))
        )
    return count + len(batch)


def _kind(column: "sa.Column[Any]") -> str:
    kinds = {sa.LargeBinary: "bytes", sa.Boolean: "bool", sa.Date: "date", sa.Float: "float"}
    return next((kind for known, kind in kinds.items() if isinstance(column.type, known)), "plain")


def _out(value: Any, kind: str) -> Any:
    if value is None or kind in ("plain", "date"):
        return value
    return {"bytes": bytes, "bool": bool, "float": float}[kind](value)


def _in(value: Any, kind: str) -> Any:
    if value is None or kind in ("plain", "bool", "float"):
        return value
    return base64.b64decode(value) if kind == "bytes" else date.fromisoformat(value)
