"""The archive's folder: made beside the old one, swapped in when whole, and rewriting only what changed."""

import ctypes
import os
import shutil
from pathlib import Path
from types import TracebackType

from pantau.core.errors import PantauError

MARKER = ".arsip-pantau"
_MARKER_TEXT = b"Folder ini dibuat oleh: pantau archive build. Isinya diganti seluruhnya pada pembuatan berikutnya.\n"
_AT_FDCWD = -100
_EXCHANGE = 2


class ArchiveError(PantauError):
    """The archive's folder cannot be used."""


class Tree:
    """A site being written. Used in a ``with``: whole at the end, or, after an error or a kill, the old site as it was.

    Pages with the bytes of before are hard links to the old files, so that they keep their times and cost nothing.
    """

    def __init__(self, target: Path, *, public: bool = False) -> None:
        self.target = target.resolve()
        """The folder itself where ``target`` is a link to it."""
        self._file_mode, self._dir_mode = (0o644, 0o755) if public else (0o600, 0o700)
        self._new = self.target.with_name(f".{self.target.name}.baru")
        self._old = self.target.with_name(f".{self.target.name}.lama")
        self.written = 0
        self.kept = 0
        self._folders: set[Path] = set()

    def __enter__(self) -> "Tree":
        self._refuse_foreign()
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            if not self.target.exists() and self._old.is_dir():
                self._old.rename(self.target)  # killed between the two renames of ``_swap``
            for leftover in (self._new, self._old):
                shutil.rmtree(leftover, ignore_errors=True)
            self._new.mkdir(mode=self._dir_mode)
            self._new.chmod(self._dir_mode)
            self.write(MARKER, _MARKER_TEXT)
        except OSError as error:
            raise self._error(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            shutil.rmtree(self._new, ignore_errors=True)
            return
        try:
            self._swap()
        except OSError as failure:
            raise self._error(failure) from failure

    def write(self, name: str, data: bytes) -> None:
        """One file of the site; ``name`` is relative, with ``/``. Raises ``ArchiveError``."""
        path, before = self._new / name, self.target / name
        try:
            self._folder(path.parent)
            if self._same(before, data):
                try:
                    os.link(before, path)
                    self.kept += 1
                    return
                except OSError:
                    pass  # a file system without hard links: written again
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), self._file_mode)
            self.written += 1
        except OSError as error:
            raise self._error(error) from error

    def _same(self, before: Path, data: bytes) -> bool:
        try:
            status = before.lstat()
            mode_and_size = (status.st_mode, status.st_size) == (0o100000 | self._file_mode, len(data))
            return mode_and_size and before.read_bytes() == data
        except OSError:
            return False

    def _folder(self, folder: Path) -> None:
        if folder in self._folders or folder == self._new:
            return
        self._folder(folder.parent)
        folder.mkdir(mode=self._dir_mode, exist_ok=True)
        folder.chmod(self._dir_mode)
        self._folders.add(folder)

    def _refuse_foreign(self) -> None:
        if not self.target.exists() or (self.target / MARKER).is_file():
            return
        if not self.target.is_dir() or any(self.target.iterdir()):
            raise ArchiveError(
                f"{self.target} sudah berisi dan bukan arsip Pantau, jadi tidak disentuh. Pilih folder lain atau yang "
                "kosong dengan --output."
            )

    def _swap(self) -> None:
        if not self.target.exists():
            self._new.rename(self.target)
            return
        if not _exchanged(self._new, self.target):
            self.target.rename(self._old)
            self._new.rename(self.target)
        for leftover in (self._new, self._old):
            shutil.rmtree(leftover, ignore_errors=True)

    def _error(self, error: OSError) -> ArchiveError:
        return ArchiveError(
            f"Arsip {self.target} tidak dapat ditulis ({error.strerror}: {error.filename}). Periksa ruang cakram dan izin "
            "folder di atasnya; arsip yang lama tetap utuh."
        )


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step, so that there is no moment without a site; False where the system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0)
