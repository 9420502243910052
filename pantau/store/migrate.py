"""Bringing the tables up to date with Alembic's scripts, inside the caller's transaction."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.store.schema import REVISION

_SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 7_264_826
"""Key of the PostgreSQL advisory lock: two processes opening a new database at once must not both create it."""


def migrate(connection: Connection, where: str, up_to: str = REVISION) -> None:
    """Apply the migrations that are missing; all of them or, on an error, none. ``up_to``: an older revision to stop at.

    Raises ``StoreError`` when the database is newer than this code or may only be read.
    """
    if connection.dialect.name == "postgresql":
        if connection.scalar(sa.text("SHOW transaction_read_only")) == "on":
            raise StoreError(f"Basis data {where} hanya dapat dibaca. Beri pengguna basis data itu hak menulis.")
        lock(connection)
    current = current_revision(connection)
    if current == up_to:
        return
    if current is not None and current > REVISION:
        raise newer(f"Basis data {where}", current)
    _upgrade(connection, up_to)


def lock(connection: Connection) -> None:
    """Wait for whoever is making or migrating tables in this PostgreSQL database; until the end of the transaction."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def newer(where: str, revision: str) -> StoreError:
    """Why data of a newer schema is refused."""
    return StoreError(
        f"{where} dibuat oleh Pantau yang lebih baru (skema {revision}, versi ini mengenal {REVISION}). "
        "Perbarui Pantau di mesin ini, atau pulihkan cadangan basis data dari sebelum pembaruan."
    )


def current_revision(connection: Connection) -> str | None:
    """The revision of the database; None when it has no tables of ours."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if version is None else str(version)


def _upgrade(connection: Connection, up_to: str) -> None:
    # Loaded here because nearly every start finds the tables up to date, and Alembic takes long to import.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS))
    context = MigrationContext.configure(connection)
    missing = list(scripts.iterate_revisions(up_to, context.get_current_revision() or "base"))
    with Operations.context(context):
        for script in reversed(missing):
            script.module.upgrade()
            context.stamp(scripts, script.revision)
