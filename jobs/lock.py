"""One run at a time: an operating-system lock, which a killed process gives back by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pantau.core.errors import BackupError, LockHeldError, StoreError

LOCK_NAME = "pantau.lock"
RESTORING_NAME = "pemulihan-belum-selesai"
"""Lies in the state folder while ``pantau restore`` moves things into it."""


@contextmanager
def run_lock(state_dir: Path) -> Iterator[None]:
    """Hold the lock of this installation. Raises ``LockHeldError`` at once when another process has it, else ``StoreError``."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(state_dir, error) from error
    with lock_at(state_dir / LOCK_NAME):
        if (state_dir / RESTORING_NAME).exists():
            raise BackupError(
                f"Pemulihan di {state_dir} belum selesai. Jalankan lagi pantau restore dengan --replace; sebelum itu tidak ada "
                "yang dijalankan, agar tidak ada surel yang terkirim dua kali."
            )
        yield


@contextmanager
def lock_at(path: Path) -> Iterator[None]:
    """Hold the lock of one file. Raises ``LockHeldError`` when another process has it, ``StoreError`` when it cannot be made."""
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        text = f"Proses Pantau lain sedang berjalan (kunci {path}). Tunggu sampai selesai, lalu jalankan lagi."
        raise LockHeldError(text) from error
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _not_writable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: {error.strerror}. Periksa izin folder itu, dan apakah cakramnya penuh atau hanya dapat dibaca."
    )
