"""How an error ends a run: what the operator's screen says, and the exit code."""

import errno

import msgspec

from jobs import exit_codes
from pantau.core.errors import (
    BackupError,
    ClusterError,
    ClusterLostError,
    LockHeldError,
    OfficeError,
    PantauError,
    ProblemsError,
    SecretError,
    StoreError,
    StoreLostError,
    WorkerLostError,
)

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Errors of a disk that is full, read-only or failing."""


class Ending(msgspec.Struct, frozen=True):
    """Lines for the operator, and the code for cron."""

    lines: tuple[str, ...]
    exit_code: int


def ending(error: Exception) -> Ending:
    """What an error means for a run. One that Pantau did not raise on purpose is for the caller to log as well."""
    if isinstance(error, ProblemsError):
        head = f"Tidak dijalankan: {len(error.problems)} kesalahan."
        return Ending((head, *(f"- {problem}" for problem in error.problems)), exit_codes.BAD_CONFIGURATION)
    if isinstance(error, LockHeldError):
        return Ending((str(error),), exit_codes.LOCKED)
    if isinstance(error, StoreLostError | WorkerLostError | ClusterLostError):
        return Ending((f"Terhenti di tengah jalan. {error}",), exit_codes.INTERRUPTED)
    if isinstance(error, BackupError | ClusterError | OfficeError | SecretError | StoreError):
        return Ending((f"Tidak dijalankan: {error}",), exit_codes.BAD_CONFIGURATION)
    if isinstance(error, PantauError):
        return Ending((str(error),), exit_codes.NOT_DELIVERED)
    said = f"{_in_words(error)} (rincian di log). Yang sudah tersimpan aman; jalankan lagi."
    return Ending((said,), exit_codes.INTERRUPTED)


def _in_words(error: Exception) -> str:
    """What ended the run, as far as the operator can mend it."""
    # A library that finds no room is reported as one that cannot be imported.
    no_room = any(sign in str(error).lower() for sign in ("failed to map segment", "cannot allocate memory"))
    if isinstance(error, MemoryError) or no_room:
        return "Terhenti di tengah jalan: memori mesin habis. Hentikan program lain atau tambah memori"
    if isinstance(error, OSError) and error.errno in _DISK:
        where = f" {error.filename}" if error.filename else ""
        return f"Terhenti di tengah jalan: cakram{where}: {error.strerror}. Periksa ruang dan keadaan cakram"
    return "Kesalahan tak terduga"
