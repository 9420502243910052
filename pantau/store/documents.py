"""Every digest as it was rendered, to be shown again byte for byte."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.store import schema
from pantau.store.database import Database
from pantau.store.records import Document
from pantau.store.runs import get_run

_T = schema.documents


class Documents:
    """Documents by run, edition and format. One that is kept never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, run_id: str, edition: str, format: str, data: bytes) -> bool:
        """Keep a document; False, and nothing changes, when the run has one of that edition and format already."""
        with self._database.write() as connection:
            get_run(connection, run_id)
            return (
                insert_documents(
                    connection, self._database, run_id, [Document(edition=edition, format=format, data=data)]
                )
                > 0
            )

    def get(self, run_id: str, edition: str, format: str) -> bytes | None:
        """The bytes as they were put; None when there are none."""
        query = sa.select(_T.c.data).where(_T.c.run_id == run_id, _T.c.edition == edition, _T.c.format == format)
        with self._database.read() as connection:
            data = connection.scalar(query)
        return None if data is None else bytes(data)

    def list(self, run_id: str) -> list[tuple[str, str]]:
        """Edition and format of every document of a run, sorted."""
        query = sa.select(_T.c.edition, _T.c.format).where(_T.c.run_id == run_id)
        with self._database.read() as connection:
            return sorted((row.edition, row.format) for row in connection.execute(query))

    def runs_with(self, edition: str) -> Sequence[str]:
        """The runs that hold a document of this edition, oldest first."""
        runs = schema.runs
        kept = sa.select(_T.c.run_id).where(_T.c.run_id == runs.c.run_id, _T.c.edition == edition).exists()
        with self._database.read() as connection:
            return connection.scalars(
                sa.select(runs.c.run_id).where(kept).order_by(runs.c.as_of, runs.c.started_at)
            ).all()


def insert_documents(connection: Connection, database: Database, run_id: str, documents: Sequence[Document]) -> int:
    """Insert the documents that are not there yet; how many they were."""
    insert = database.insert(_T).on_conflict_do_nothing().returning(_T.c.run_id)
    rows = [
        {"run_id": run_id, "edition": document.edition, "format": document.format, "data": document.data}
        for document in documents
    ]
    return sum(connection.execute(insert, row).first() is not None for row in rows)
