"""The folders of past nights beside the database: mails, digests and manifests, all of which the database holds as well."""

import shutil
from datetime import datetime, timedelta

from pantau.core.settings import Settings
from pantau.store.store import Store


def remove_run_folders(settings: Settings, store: Store, now: datetime) -> int:
    """Remove those of nights older than ``retention.mails_days``, which hold the same mails; how many went.

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
            shutil.rmtree(folder)
            removed += 1
    return removed
