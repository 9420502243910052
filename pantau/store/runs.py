"""Runs of the job and the named events in them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.core.model import Run, RunKind, Window
from pantau.store import schema
from pantau.store.database import Database
from pantau.store.partitions import make_ahead
from pantau.store.records import RunEvent

NIGHTS = ("nightly", "demo")
"""Kinds of run that count as a night: what they found was reported, what they read is a night's outcome."""
READS_ON = (*NIGHTS, "trial")
"""Kinds of run that go on reading where the last one stopped. A trial reports nothing, but what it read is read."""

_T = schema.runs
_ONE = sa.select(_T).where(_T.c.run_id == sa.bindparam("run"))
_E = schema.run_events


class Runs:
    """Runs, each with its window, and their events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kind: RunKind, run_id: str, window: Window, as_of: datetime, started_at: datetime) -> Run:
        """Start a run. A run of that id that exists already is given back as it is, finished or not."""
        with self._database.write() as connection:
            make_ahead(connection, as_of)
            connection.execute(
                self._database.insert(_T)
                .values(
                    run_id=run_id,
                    kind=kind,
                    window_start=window.start,
                    window_end=window.end,
                    as_of=as_of,
                    started_at=started_at,
                    status="running",
                    summary="",
                    frozen=False,
                )
                .on_conflict_do_nothing()
            )
            return get_run(connection, run_id)

    def get(self, run_id: str) -> Run | None:
        """One run; None when there is none of that id."""
        return self._first(sa.select(_T).where(_T.c.run_id == run_id))

    def unfinished(self, kind: RunKind) -> Run | None:
        """The newest run of a kind that began and did not finish; None when all did."""
        return self._first(_newest().where(_T.c.kind == kind, _T.c.status == "running"))

    def last_finished(self, kind: RunKind, before: datetime) -> Run | None:
        """The newest finished run of a kind whose ``as_of`` lies before the instant."""
        return self._first(_newest().where(_T.c.kind == kind, _T.c.status == "finished", _T.c.as_of < before))

    def recent(self, limit: int) -> list[Run]:
        """The last runs of every kind, newest first."""
        with self._database.read() as connection:
            return [to_run(row) for row in connection.execute(_newest().limit(limit))]

    def finish(self, run_id: str, finished_at: datetime, exit_code: int, summary: str) -> None:
        """Note how a run ended. Raises ``StoreError`` for a run that never began."""
        values = {"status": "finished", "finished_at": finished_at, "exit_code": exit_code, "summary": summary}
        with self._database.write() as connection:
            get_run(connection, run_id)
            connection.execute(_T.update().where(_T.c.run_id == run_id).values(**values))

    def is_frozen(self, run_id: str) -> bool:
        """True once the run's documents and mails are frozen (``Store.freeze``): then nothing is rendered again."""
        with self._database.read() as connection:
            return bool(connection.scalar(sa.select(_T.c.frozen).where(_T.c.run_id == run_id)))

    def note(self, run_id: str, at: datetime, name: str, detail: str = "") -> None:
        """Add an event to a run."""
        with self._database.write() as connection:
            get_run(connection, run_id)
            connection.execute(_E.insert().values(run_id=run_id, at=at, name=name, detail=detail))

    def events(self, run_id: str) -> list[RunEvent]:
        """The events of a run in the order in which they were noted."""
        query = sa.select(_E).where(_E.c.run_id == run_id).order_by(_E.c.id)
        with self._database.read() as connection:
            return [RunEvent(at=row.at, name=row.name, detail=row.detail) for row in connection.execute(query)]

    def _first(self, query: "sa.Select[Any]") -> Run | None:
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        return None if row is None else to_run(row)


def get_run(connection: Connection, run_id: str) -> Run:
    """One run. Raises ``StoreError`` when it never began, so that nothing is stored without a run to belong to."""
    row = connection.execute(_ONE, {"run": run_id}).one_or_none()
    if row is None:
        raise StoreError(f"Jalannya {run_id} tidak tercatat di basis data. Lihat daftarnya dengan: pantau status.")
    return to_run(row)


def to_run(row: Any) -> Run:
    """A row of the table as a run."""
    return Run(
        run_id=row.run_id,
        kind=row.kind,
        window=Window(row.window_start, row.window_end),
        as_of=row.as_of,
        started_at=row.started_at,
        status=row.status,
        finished_at=row.finished_at,
        exit_code=row.exit_code,
        summary=row.summary,
    )


def _newest() -> "sa.Select[Any]":
    return sa.select(_T).order_by(_T.c.as_of.desc(), _T.c.started_at.desc(), _T.c.run_id.desc())
