"""The store: what was read, found, decided, kept and mailed. SQLite by default, PostgreSQL by URL.

Importing this package is cheap; SQLAlchemy and Alembic (0.4 s) are loaded by the first ``open_store``.
"""

from typing import TYPE_CHECKING

from pantau.store.records import (
    Document,
    FirstReport,
    OpenFinding,
    Purged,
    RunEvent,
    Saved,
    Trail,
    Vanished,
    Verified,
    Version,
    Watermark,
)

if TYPE_CHECKING:
    from pantau.store.store import Store

__all__ = [
    "Document",
    "FirstReport",
    "OpenFinding",
    "Purged",
    "RunEvent",
    "Saved",
    "Trail",
    "Vanished",
    "Verified",
    "Version",
    "Watermark",
    "open_store",
]


def open_store(url: str) -> "Store":
    """Open the database behind ``url``, creating it and bringing its tables up to date; use it in a ``with``.

    ``sqlite:///FILE`` or ``postgresql://...`` (also ``postgres://`` and ``postgresql+psycopg://``).
    Raises ``StoreError`` when it cannot be opened or written, or is newer than this version of Pantau.
    """
    from pantau.store.database import open_database
    from pantau.store.store import Store

    return Store(open_database(url))
