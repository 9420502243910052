"""What ``pantau doctor`` asks of the machine: who can read the secrets, room on the disk, libraries for print, the last backup."""

import os
import shutil
import stat
from datetime import timedelta
from pathlib import Path

from jobs.backing_up import secret_paths
from jobs.clock import now_utc
from jobs.wiring import Job, open_store
from pantau.core.errors import PantauError

_LEAST_FREE_MB = 500
_BACKUP_EVERY = timedelta(days=8)
_FOR_OTHERS = 0o077


def secrets(job: Job) -> str:
    """Secrets and the state folder are for their owner alone. Raises ``PantauError`` with the command that mends it."""
    found = [path for root in secret_paths(job.settings) for path in (root, *_below(root)) if path.exists()]
    state = job.settings.state_dir
    if state.exists():
        found.append(state)
    open_to_others = sorted({path for path in found if stat.S_IMODE(path.stat().st_mode) & _FOR_OTHERS})
    if open_to_others:
        remedies = "; ".join(f"chmod {'700' if path.is_dir() else '600'} {path}" for path in open_to_others)
        raise PantauError(f"Dapat dibaca orang lain. Jalankan: {remedies}")
    return f"{len(set(found))} berkas dan folder hanya untuk pemiliknya"


def disk(job: Job) -> str:
    """The state folder can be written and has room for what nights add, for a backup and for the copy before an update."""
    folder = job.settings.state_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PantauError(f"Folder {folder} tidak dapat ditulisi. Periksa pemiliknya.")
    free_mb = shutil.disk_usage(folder).free // 2**20
    used_mb = sum(path.stat().st_size for path in _below(folder)) // 2**20
    if free_mb < _LEAST_FREE_MB:
        raise PantauError(f"Sisa ruang di {folder} hanya {free_mb} MB. Kosongkan sebelum malam berikutnya.")
    if free_mb < used_mb:
        raise PantauError(
            f"Sisa ruang di {folder} {free_mb} MB, kurang dari isinya ({used_mb} MB): tidak cukup untuk salinan sebelum "
            "pembaruan atau cadangan. Kosongkan, atau jalankan pantau purge."
        )
    return f"{folder}, terpakai {used_mb} MB, sisa {free_mb} MB"


def printing() -> str:
    """The libraries for PDF are there. Raises ``PantauError`` with the packages to install."""
    from pantau.digest.typesetter import unavailable

    if problem := unavailable():
        raise PantauError(problem)
    return "dapat dibuat"


def backup_fault(job: Job) -> str:
    """A reminder when there are nights and no backup of the last eight days; empty otherwise. Holds up no night."""
    try:
        with open_store(job.settings.database_url) as store:
            made, any_run = store.audit.latest("backup"), store.runs.recent(1)
    except PantauError:
        return ""  # said in the line about the database
    now = now_utc()
    if not any_run or (made is not None and now - made < _BACKUP_EVERY):
        return ""
    last = f"terakhir {made.astimezone(job.settings.zone):%d-%m-%Y}" if made else "belum pernah"
    return f"{last}. Jalankan pantau backup BERKAS ke cakram lain; jadwalnya ada di crontab.example."


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()] if folder.is_dir() else []
