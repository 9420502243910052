"""A copy of a SQLite database before its tables are brought up to date: a step that no older version can take back.

PostgreSQL gets none: the migration is one transaction there too, and its administrators have backups of the server.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from pantau.core.errors import StoreError
from pantau.store.schema import REVISION

COPY_MARK = ".skema-"
"""Between the name of the database and the revision that the copy holds."""


def keep_copy(path: Path) -> Path | None:
    """Copy the database beside itself when its tables are older than this code; None when there was nothing to do.

    Raises ``StoreError`` when there is no room for it: then nothing is migrated either.
    """
    with closing(sqlite3.connect(path)) as source:
        revision = _revision(source)
        if not revision or revision >= REVISION:
            return None
        copy = path.with_name(f"{path.name}{COPY_MARK}{revision}")
        draft = path.with_name(f"{copy.name}.{os.getpid()}")
        try:
            os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(draft)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
                held = _revision(target)
            if held != revision:  # another process has migrated it meanwhile, and has its own copy
                return None
            _settle(draft, copy)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"Basis data {path} harus diperbarui, tetapi salinannya tidak dapat dibuat lebih dulu ({error}). Sediakan ruang "
                f"sebesar basis data itu di folder {path.parent}, lalu jalankan lagi. Basis data belum diubah."
            ) from error
        finally:
            draft.unlink(missing_ok=True)
    return copy


def _revision(connection: sqlite3.Connection) -> str:
    """Empty for a file that holds no tables of ours, or none at all."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return ""  # no such table, or no database: opening it says so
    return str(row[0]) if row else ""


def _settle(draft: Path, copy: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(copy)
