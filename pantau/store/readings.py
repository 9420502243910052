"""What each attempt to read an account gave, and the history of it."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from pantau.core.model import Reading
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.database import Database, insert_into
from pantau.store.runs import NIGHTS
from pantau.store.texts import decode, encode

_T = schema.readings
_BODY = sa.select(_T.c.body).where(_T.c.run_id == sa.bindparam("run"), _T.c.account_id == sa.bindparam("account"))


class Readings:
    """One reading per account and run. ``Reading.account`` is today's ``Account.key``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(self, run_id: str) -> list[Reading]:
        """The readings of a run, by account key. An account that is absent was not yet tried."""
        with self._database.read() as connection:
            keys = directory(connection).key_of
            rows = connection.execute(sa.select(_T.c.account_id, _T.c.body).where(_T.c.run_id == run_id)).all()
        found = [_to_reading(row.body, keys[row.account_id]) for row in rows]
        return sorted(found, key=lambda reading: reading.account)

    def history(
        self, accounts: Collection[str], since: datetime, until: datetime | None = None
    ) -> dict[str, list[Reading]]:
        """The readings of nights (not of reruns) with ``since <= checked_at < until``, oldest first, per account key.

        Every account asked for is in the answer, with an empty list when it was never tried.
        """
        found: dict[str, list[Reading]] = {key: [] for key in accounts}
        query = (
            sa.select(_T.c.account_id, _T.c.body)
            .join(schema.runs, schema.runs.c.run_id == _T.c.run_id)
            .where(_T.c.checked_at >= since, schema.runs.c.kind.in_(NIGHTS))
            .order_by(_T.c.checked_at, _T.c.run_id)
        )
        if until is not None:
            query = query.where(_T.c.checked_at < until)
        with self._database.read() as connection:
            wanted = directory(connection).ids_of(accounts)
            for row in connection.execute(query):
                if key := wanted.get(row.account_id):
                    found[key].append(_to_reading(row.body, key))
        return found


def save_reading(connection: Connection, database: Database, run_id: str, account_id: int, reading: Reading) -> None:
    """Keep the reading of an account in a run.

    A second one in the same run replaces the first unless it saw less: a failed second try does not undo a night's
    success.
    """
    body = connection.scalar(_BODY, {"run": run_id, "account": account_id})
    if body is not None and _worth(decode(body, Reading)) > _worth(reading):
        return
    values = {"run_id": run_id, "account_id": account_id, "checked_at": reading.checked_at, "body": encode(reading)}
    connection.execute(_keep_last(database.is_sqlite), values)


@cache
def _keep_last(is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    insert = insert_into(_T, is_sqlite=is_sqlite)
    now = {name: insert.excluded[name] for name in ("checked_at", "body")}
    return insert.on_conflict_do_update(index_elements=["run_id", "account_id"], set_=now)


def _worth(reading: Reading) -> tuple[bool, bool]:
    return reading.complete, reading.outcome != "unread"


def _to_reading(body: str, account: str) -> Reading:
    return msgspec.structs.replace(decode(body, Reading), account=account)
