"""Opening the database, bringing its tables up to date, and the two kinds of transaction."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from pantau.core.errors import StoreError, StoreLostError
from pantau.core.settings import OFFICE_PART
from pantau.store.before_migration import keep_copy
from pantau.store.migrate import lock, migrate

_T = TypeVar("_T")
_BUSY_TIMEOUT_MS = 30_000
_CONNECT_TIMEOUT_S = 10
_PAGE_BYTES = 16_384
"""Pages that hold several posts; with SQLite's 4 KiB a long caption would spill out of its date-ordered page."""
_STREAM_ROWS = 1_000
_CHUNK = 500
_POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg"}


class Database:
    """An open database. ``read`` and ``write`` give one transaction each; every driver error becomes ``StoreLostError``."""

    def __init__(self, engine: Engine, where: str, schema: str = "") -> None:
        self._engine = engine
        self.where = where
        self._schema = schema
        """PostgreSQL schema of one of several offices; empty: that of the connection."""
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.mark = "?" if self.is_sqlite else "%s"
        """The driver's placeholder in raw SQL."""

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Connection]:
        """A transaction that only reads. ``snapshot``: all its statements see one moment, as they always do in SQLite."""
        engine = self._engine
        if snapshot and not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with self._errors(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or, after an error or a kill, nothing of it."""
        # SQLite takes the write lock first: a transaction that began by reading could not wait for it later.
        engine = self._engine.execution_options(pantau_write=True)
        with self._errors(), engine.connect() as connection, connection.begin():
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT in this database's dialect."""
        return insert_into(table, is_sqlite=self.is_sqlite)

    def stream(self, sql: str, parameters: Sequence[object]) -> Iterator[tuple[Any, ...]]:
        """Rows through the raw driver, a thousand at a time: for reads that may not fit into memory."""
        with self._errors(), closing(self._engine.raw_connection()) as held:
            connection: Any = held.driver_connection
            # A named cursor stays on the server; psycopg's plain one would fetch everything.
            with closing(connection.cursor() if self.is_sqlite else connection.cursor("pantau_stream")) as cursor:
                cursor.execute(sql, tuple(parameters))
                while rows := cursor.fetchmany(_STREAM_ROWS):
                    yield from rows

    def make_schema(self, connection: Connection) -> None:
        """Make the office's schema in a database that several offices share, if need be."""
        if self._schema:
            lock(connection)
            connection.execute(sa.schema.CreateSchema(self._schema, if_not_exists=True))

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        dbapi: Any = self._engine.dialect.loaded_dbapi
        try:
            yield
        except (SQLAlchemyError, dbapi.Error) as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreLostError(
                f"Basis data {self.where}: {cause}. Periksa ruang cakram, izin berkas dan sambungan basis data, serta "
                "apakah proses pantau lain sedang memakainya, lalu jalankan lagi; yang sudah tersimpan tidak hilang."
            ) from error


def insert_into(table: Table, *, is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    """The same without a database at hand, for statements that are built once."""
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


def open_database(url: str) -> Database:
    """The database behind ``url``, created and migrated if need be. Raises ``StoreError``.

    A SQLite file with older tables is copied first (``before_migration``).
    """
    database = connect(url)
    with ExitStack() as on_failure:
        on_failure.callback(database.close)
        if database.is_sqlite:
            keep_copy(Path(database.where))
        try:
            with database.write() as connection:
                database.make_schema(connection)
                migrate(connection, database.where)
        except StoreLostError as error:  # nothing was started that could be interrupted
            raise StoreError(str(error)) from error
        on_failure.pop_all()
    return database


def connect(url: str) -> Database:
    """The same as it is: a SQLite file is made when there is none, tables are neither made nor migrated."""
    parsed = _parse(url)
    where = parsed.database if parsed.drivername == "sqlite" else parsed.render_as_string(hide_password=True)
    schema = _schema(parsed)
    if parsed.drivername == "sqlite":
        _prepare_file(Path(str(where)))
        engine = sa.create_engine(parsed)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # A night may leave the connection idle for hours, and a firewall may drop it.
        options = {"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "pantau"}
        if schema:  # every statement then means the office's own tables, one for the raw driver too
            given = parsed.query.get("options", "")
            options["options"] = f"{given} -c search_path={schema}".strip()
            parsed = parsed.difference_update_query([OFFICE_PART, "options"])
        engine = sa.create_engine(parsed, pool_pre_ping=True, connect_args=options)
    return Database(engine, str(where), schema)


def _schema(parsed: URL) -> str:
    """The PostgreSQL schema of one of several offices, whose code the address carries; empty for a single office."""
    code = parsed.query.get(OFFICE_PART, "")
    return f"pantau_{str(code).replace('-', '_')}" if code else ""


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite address; None for a server. Raises ``StoreError``."""
    parsed = _parse(url)
    return Path(str(parsed.database)) if parsed.drivername == "sqlite" else None


def _parse(url: str) -> URL:
    remedy = "Tulis sqlite:///BERKAS atau postgresql://PENGGUNA@SERVER/NAMA pada [store] url di pantau.toml."
    try:
        parsed = sa.make_url(url)
    except ArgumentError as error:
        raise StoreError(f"Alamat basis data tidak dapat dibaca. {remedy}") from error
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and OFFICE_PART in parsed.query:
        raise StoreError(
            "Satu berkas SQLite tidak dapat dibagi beberapa kabupaten. Kosongkan [store] di pantau.toml: tiap kabupaten mendapat "
            "berkas sendiri; atau pakai PostgreSQL."
        )
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise StoreError(f"Alamat basis data {parsed.render_as_string(hide_password=True)} tidak didukung. {remedy}")


def _prepare_file(path: Path) -> None:
    """Create the file readable by its owner only; posts and mails are nobody else's business."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"Berkas basis data {path} tidak dapat dibuka atau ditulis ({error.strerror}). Periksa folder dan izinnya, "
            "dan jalankan pantau sebagai pengguna yang memiliki berkas itu."
        ) from error


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver would not do so before DDL
    for pragma in (f"busy_timeout = {_BUSY_TIMEOUT_MS}", f"page_size = {_PAGE_BYTES}"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)
    # FULL: a mail marked as sent stays marked after a power cut, or its reader would get it twice.
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. SQLite does not wait for a second process that does the same, whatever ``busy_timeout`` says."""
    deadline_s = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("pantau_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    """``items`` in lists of at most 500, so that no statement has too many parameters."""
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
