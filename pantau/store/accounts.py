"""The register's accounts as the store knows them, over every change of handle.

Everything else refers to an account by its row number, so learning a numeric id or following a renamed handle moves
no post. ``Account.key`` is worked out when something is read.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.core.model import Account
from pantau.store import schema
from pantau.store.database import Database, chunks
from pantau.store.records import Watermark

_T = schema.accounts
_Row = Any
# Statements of every scan are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_NAMES = sa.select(_T.c.id, _T.c.platform, _T.c.platform_id, _T.c.handle_key, _T.c.seen_key, _T.c.listed)
_HAS_ID = _T.c.platform_id != sa.literal_column("''")
"""Written out, for SQLite uses the partial index on ids only where it can see that it holds."""
_ANSWERING = sa.union(  # an OR would read all accounts of the platform
    *(
        _NAMES.where(_T.c.platform == sa.bindparam("platform"), *condition)
        for condition in (
            (_T.c.platform_id == sa.bindparam("name"), _HAS_ID),
            (_T.c.handle_key == sa.bindparam("handle"),),
            (_T.c.seen_key == sa.bindparam("handle"),),
        )
    )
)
_NUMBERED = _NAMES.where(_T.c.id.in_(sa.bindparam("numbers", expanding=True)))
_BY_NUMBER = sa.select(_T).where(_T.c.id == sa.bindparam("number"))
_BY_ID = sa.select(_T).where(
    _T.c.platform == sa.bindparam("platform"), _T.c.platform_id == sa.bindparam("name"), _HAS_ID
)


class Directory:
    """Which row an ``Account.key`` means, today's key or an earlier one, and today's key of every row."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self.key_of: dict[int, str] = {row.id: _key(row) for row in rows}
        """Today's ``Account.key`` by row number."""
        by_handle = {f"{platform}:@{handle}": found[-1].id for (platform, handle), found in _by_handle(rows).items()}
        by_id = {_key(row): row.id for row in rows if row.platform_id}
        self._ids: dict[str, int] = by_handle | by_id

    def id_of(self, key: str) -> int:
        """The row of an account. Raises ``StoreError`` for one that was never in the register."""
        number = self._ids.get(key)
        if number is None:
            raise StoreError(
                f"Akun {key} belum dikenal basis data. Tambahkan ke daftar akun (accounts.csv) lebih dahulu."
            )
        return number

    def ids_of(self, keys: Collection[str]) -> dict[int, str]:
        """Row number to key as asked for, leaving out accounts that were never in the register."""
        return {self._ids[key]: key for key in keys if key in self._ids}


def directory(connection: Connection, key: str = "") -> Directory:
    """The directory of all accounts, or only of those that may answer to ``key``."""
    if not key:
        return Directory(connection.execute(_NAMES).all())
    platform, _, name = key.partition(":")
    asked = {"platform": platform, "name": name, "handle": name.removeprefix("@")}
    return Directory(connection.execute(_ANSWERING, asked).all())


def keys_of(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Today's ``Account.key`` of the accounts with these row numbers."""
    found: dict[int, str] = {}
    for chunk in chunks(numbers):
        found |= {row.id: _key(row) for row in connection.execute(_NUMBERED, {"numbers": chunk})}
    return found


class Accounts:
    """Accounts and how far each has been read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, accounts: Sequence[Account], on: date) -> list[Account]:
        """Take over the register; give back the same accounts, in order, with ``platform_id`` and ``since`` as known.

        An account is the stored one with the same numeric id, else the one with the same handle on the platform,
        whether the register or the platform spelled it so. ``on`` is the local day; it becomes ``since`` of new accounts.
        Accounts that left the register keep all they have. Call it again after collecting, when ids were learnt.
        """
        with self._database.write() as connection:
            rows = connection.execute(sa.select(_T)).all()
            matches = _match(accounts, rows)
            kept = {row.id for row in matches if row is not None}
            gone = [row.id for row in rows if row.listed and row.id not in kept]
            if gone:
                connection.execute(_T.update().where(_T.c.id.in_(gone)).values(listed=False))
            return [_store(connection, *pair, on) for pair in zip(accounts, matches, strict=True)]

    def known(self, accounts: Sequence[Account]) -> list[Account]:
        """The same accounts, in order, with ``platform_id`` and ``since`` as stored; changes nothing, unlike ``sync``."""
        with self._database.read() as connection:
            matches = _match(accounts, connection.execute(sa.select(_T)).all())
        return [
            account
            if row is None
            else msgspec.structs.replace(account, platform_id=account.platform_id or row.platform_id, since=row.since)
            for account, row in zip(accounts, matches, strict=True)
        ]

    def former(self, unit: str) -> list[Account]:
        """Accounts that left the register while they were this unit's (its code), with all that is stored of them still there."""
        query = sa.select(_T).where(_T.c.unit == unit, _T.c.listed.is_(False)).order_by(_T.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            Account(platform=row.platform, handle=row.handle, platform_id=row.platform_id, unit=unit, since=row.since)
            for row in rows
        ]

    def watermarks(self) -> dict[str, Watermark]:
        """How far each account was completely read, by today's ``Account.key``; accounts never so read are absent."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_T).where(_T.c.read_until.is_not(None))).all()
        return {
            _key(row): Watermark(since=row.read_until, last_post_at=row.last_post_at, last_post_id=row.last_post_id)
            for row in rows
        }

    def renamed(self) -> dict[str, str]:
        """Accounts of the register whose handle the platform spells differently: today's key to that handle."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_T).where(_T.c.listed, _T.c.seen_key != "")).all()
        return {_key(row): row.seen_handle for row in rows if row.seen_key != row.handle_key}


def learn(connection: Connection, number: int, platform_id: str, handle: str) -> int:
    """Note the numeric id and the handle that a scan showed; the row under which the account goes from now on.

    That is another row when the register renamed the account before its id was known: then the row that has the id
    takes over everything, and the short-lived one disappears. A known id is never replaced.
    """
    if not (platform_id or handle):
        return number
    row = connection.execute(_BY_NUMBER, {"number": number}).one()
    if platform_id and not row.platform_id:
        other = connection.execute(_BY_ID, {"platform": row.platform, "name": platform_id}).one_or_none()
        if other is None:
            connection.execute(_T.update().where(_T.c.id == number).values(platform_id=platform_id))
        elif not other.listed:
            _take_over(connection, row, other)
            number = other.id
        # else the register names one account twice: both rows stay, the register's own check reports it
    if handle and handle != row.seen_handle:
        connection.execute(_T.update().where(_T.c.id == number).values(seen_handle=handle, seen_key=handle.lower()))
    return number


def _key(row: _Row) -> str:
    return f"{row.platform}:{row.platform_id}" if row.platform_id else f"{row.platform}:@{row.handle_key}"


def _by_handle(rows: Sequence[_Row]) -> dict[tuple[str, str], list[_Row]]:
    """Platform and lower-case handle to the rows that answer to it, the best one last."""
    found: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    ordered = sorted(rows, key=lambda row: (row.listed, row.platform_id != "", row.id))
    for spelling in ("seen_key", "handle_key"):  # the register's spelling counts more than the platform's
        for row in ordered:
            if handle := getattr(row, spelling):
                found[row.platform, handle].append(row)
    return found


def _match(accounts: Sequence[Account], rows: Sequence[_Row]) -> list[_Row | None]:
    by_id = {(row.platform, row.platform_id): row for row in rows if row.platform_id}
    by_handle = _by_handle(rows)
    found: list[_Row | None] = [None] * len(accounts)
    taken: set[int] = set()
    # Numeric ids first: a handle may have passed to somebody else, an id never does.
    for position, account in sorted(enumerate(accounts), key=lambda pair: not pair[1].platform_id):
        candidates = [
            row for row in by_handle.get((account.platform, account.handle.lower()), []) if row.id not in taken
        ]
        if account.platform_id:
            same = by_id.get((account.platform, account.platform_id))
            candidates = [row for row in candidates if not row.platform_id]
            candidates += [same] if same is not None and same.id not in taken else []
            if same is not None and same.id in taken:
                raise StoreError(f"Akun {account.key} tercantum dua kali di daftar akun. Hapus salah satunya.")
        if candidates:
            found[position] = candidates[-1]
            taken.add(candidates[-1].id)
    return found


def _store(connection: Connection, account: Account, row: _Row | None, on: date) -> Account:
    values: dict[str, Any] = {
        "platform": account.platform,
        "platform_id": account.platform_id or (row.platform_id if row else ""),
        "handle": account.handle,
        "handle_key": account.handle.lower(),
        "unit": account.unit,
        "since": row.since if row else account.since or on,
        "listed": True,
    }
    if row is None:
        connection.execute(_T.insert().values(**values, seen_handle="", seen_key="", last_post_id=""))
    elif any(getattr(row, name) != value for name, value in values.items()):
        connection.execute(_T.update().where(_T.c.id == row.id).values(**values))
    return msgspec.structs.replace(account, platform_id=values["platform_id"], since=values["since"])


def _take_over(connection: Connection, short: _Row, old: _Row) -> None:
    """Everything of ``short`` becomes ``old``'s, where ``old`` has not got it; then ``short`` is deleted."""
    for table, same in ((schema.sightings, "post"), (schema.readings, "run_id")):
        twin = table.alias()
        known = sa.select(twin.c[same]).where(twin.c.account_id == old.id)
        connection.execute(table.delete().where(table.c.account_id == short.id, table.c[same].in_(known)))
    for table in (schema.posts, schema.sightings, schema.readings, schema.observations):
        connection.execute(table.update().where(table.c.account_id == short.id).values(account_id=old.id))
    connection.execute(_T.delete().where(_T.c.id == short.id))
    names = ("handle", "handle_key", "unit", "listed")
    connection.execute(_T.update().where(_T.c.id == old.id).values(**{name: getattr(short, name) for name in names}))
