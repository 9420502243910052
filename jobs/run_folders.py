"""The folders of past nights beside the database: mails, digests and manifests, all of which the database holds as well."""

import shutil
from datetime import UTC, datetime, timedelta

from jobs.backing_up import ASIDE
from pantau.core.settings import Settings
from pantau.store.before_migration import COPY_MARK
from pantau.store.database import sqlite_file
from pantau.store.store import Store


def remove_run_folders(settings: Settings, store: Store, now: datetime, *, dry_run: bool = False) -> int:
    """Remove those of nights older than ``retention.mails_days``, which hold the same mails; how many went (or would).

    A folder whose run the database does not know is not ours to remove, and neither is a link.
    """
    place = settings.state_dir / "runs"
    if not settings.retention.mails_days or not place.is_dir():
        return 0
    before = now - timedelta(days=settings.retention.mails_days)
    removed = 0
    for folder in sorted(place.iterdir()):
        run = store.runs.get(folder.name) if folder.is_dir() and not folder.is_symlink() else None
        if run is not None and run.as_of < before:
            if not dry_run:
                shutil.rmtree(folder)
            removed += 1
    return removed


def remove_leftovers(settings: Settings, now: datetime, *, dry_run: bool = False) -> int:
    """Remove copies of the database and folders put aside that are older than ``retention.leftovers_days``; how many.

    They hold all that the database held, so nothing is forgotten as long as they lie there. Links are left alone.
    """
    if not settings.retention.leftovers_days:
        return 0
    before = now - timedelta(days=settings.retention.leftovers_days)
    base = sqlite_file(settings.database_url)
    found = list(settings.shared_dir.glob(f"{ASIDE}*")) if settings.shared_dir.is_dir() else []
    found += list(base.parent.glob(f"{base.name}{COPY_MARK}*")) if base is not None else []
    old = [
        path for path in found if not path.is_symlink() and datetime.fromtimestamp(path.lstat().st_mtime, UTC) < before
    ]
    for path in [] if dry_run else old:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(old)
