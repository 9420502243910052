"""The judged state of each account per run."""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from pantau.core.model import Observation
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.database import Database
from pantau.store.runs import NIGHTS, get_run
from pantau.store.texts import decode, encode

_T = schema.observations
_R = schema.runs


class Observations:
    """One observation per account (or unit without one) and run. ``Observation.account`` is today's key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, observations: Iterable[Observation]) -> None:
        """Keep all observations of a run, in place of those saved for it before."""
        with self._database.write() as connection:
            get_run(connection, run_id)
            known = directory(connection)
            rows = [
                {
                    "run_id": run_id,
                    "account": item.account,
                    "account_id": next(iter(known.ids_of([item.account])), None),
                    "state": item.state,
                    "body": encode(item),
                }
                for item in observations
            ]
            connection.execute(_T.delete().where(_T.c.run_id == run_id))
            if rows:
                connection.execute(_T.insert(), rows)

    def of_run(self, run_id: str) -> list[Observation]:
        """The observations of a run, by account key."""
        with self._database.read() as connection:
            return _of_run(connection, run_id)

    def before(self, run_id: str) -> dict[str, Observation]:
        """The observations of the last finished night earlier than the run, by account key; empty when there is none."""
        with self._database.read() as connection:
            run = get_run(connection, run_id)
            query = sa.select(_R.c.run_id).where(
                _R.c.kind.in_(NIGHTS), _R.c.status == "finished", _R.c.as_of < run.as_of, _R.c.run_id != run_id
            )
            last = connection.scalar(query.order_by(_R.c.as_of.desc(), _R.c.started_at.desc()).limit(1))
            found = _of_run(connection, last) if last is not None else []
        return {item.account: item for item in found}


def _of_run(connection: sa.Connection, run_id: str) -> list[Observation]:
    keys = directory(connection).key_of
    rows = connection.execute(sa.select(_T.c.account_id, _T.c.body).where(_T.c.run_id == run_id)).all()
    found = [(keys.get(row.account_id), decode(row.body, Observation)) for row in rows]
    current = [msgspec.structs.replace(item, account=key) if key else item for key, item in found]
    return sorted(current, key=lambda item: item.account)
