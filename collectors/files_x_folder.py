"""Opens an exported folder, packed or not, and goes through its files element by element: they can be larger than the memory."""

import codecs
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from collectors.files_common import MAX_FILE_BYTES, MAX_ITEM_BYTES

_CHUNK_BYTES = 256 * 1024
X_HEAD = re.compile(r"\s*window\.YTD\.\w+\.part\d+\s*=\s*\[")
"""How a file of an X archive begins."""
_GAP = re.compile(r"[\s,]*")
_HEAD_CHARS = 200
_ODD_ZIP = (KeyError, IndexError, ValueError, OverflowError, struct.error)
"""What zipfile raises besides its own error for a directory with damaged names, sizes and offsets."""


class BrokenArchiveError(Exception):
    """The archive cannot be read. ``where`` names the file inside it."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        super().__init__(what)


class ArchiveFolder:
    """The folder that a platform exported: inside a zip file, or on disk. ``only`` narrows the posts to one given file."""

    def __init__(self, path: Path, only: str = "") -> None:
        self.name = str(path)
        self._path = path
        self._only = only
        self._packed = path.is_file()

    def names(self, pattern: re.Pattern[str]) -> list[str]:
        """Names of the files that match, in the order of their parts. Raises ``BrokenArchiveError``."""
        found = [name for name in self._all() if pattern.fullmatch(PurePosixPath(name).name)]
        if self._only and any(PurePosixPath(name).name == self._only for name in found):
            return [name for name in found if PurePosixPath(name).name == self._only]
        depth = min((len(PurePosixPath(name).parts) for name in found), default=0)
        return sorted((name for name in found if len(PurePosixPath(name).parts) == depth), key=_part_order)

    def paths(self) -> list[str]:
        """Every file at any depth, by its path from the top. Raises ``BrokenArchiveError``."""
        if self._packed:
            return sorted(self._all())
        files = (file for file in self._path.rglob("*") if file.is_file())
        return sorted(file.relative_to(self._path).as_posix() for file in files)

    def elements(self, name: str, head: re.Pattern[str] = X_HEAD) -> Iterator[Mapping[str, Any]]:
        """The objects of one file's list, which begins where ``head`` ends. Raises ``BrokenArchiveError``."""
        with self._open(name) as file:
            yield from _elements(file, name, head)

    def begins(self, name: str, head: re.Pattern[str]) -> bool:
        """True when a file begins with ``head``. Raises ``BrokenArchiveError``."""
        with self._open(name) as file:
            return head.match(_Source(file, name).text[:_HEAD_CHARS]) is not None

    def content(self, name: str, most_bytes: int = MAX_ITEM_BYTES) -> bytes:
        """A whole file. Raises ``BrokenArchiveError``, also when it is larger."""
        with self._open(name) as file:
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise BrokenArchiveError(name, f"lebih besar dari {most_bytes // 1024**2} MB")
        return data

    def document(self, name: str) -> object:
        """A small file as one JSON value. Raises ``BrokenArchiveError``."""
        try:
            value: object = json.loads(self.content(name).decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise BrokenArchiveError(name, "bukan JSON yang sah") from error
        return value

    def _all(self) -> list[str]:
        if self._packed:
            with self._zip() as archive:
                return [info.filename for info in archive.infolist() if not info.is_dir()]
        folder = self._path / "data" if (self._path / "data").is_dir() else self._path
        return [str(PurePosixPath(*file.relative_to(self._path).parts)) for file in folder.iterdir() if file.is_file()]

    @contextmanager
    def _zip(self) -> Iterator[zipfile.ZipFile]:
        """The opened zip file; every way in which one can be broken becomes ``BrokenArchiveError``."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, lzma.LZMAError, *_ODD_ZIP) as error:
            raise BrokenArchiveError("berkas zip", f"berkas zip rusak ({error})") from error
        except RuntimeError as error:  # what zipfile raises for an encrypted member
            raise BrokenArchiveError("berkas zip", f"berkas zip terkunci sandi atau rusak ({error})") from error

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if self._packed:
            with self._zip() as archive, archive.open(name) as member:
                yield member
        else:
            with (self._path / name).open("rb") as file:
                yield file


def _part_order(name: str) -> tuple[int, str]:
    part = re.search(r"-part(\d+)\.js$", name)
    return int(part.group(1)) if part else 0, name


def _elements(file: IO[bytes], name: str, begins: re.Pattern[str]) -> Iterator[Mapping[str, Any]]:
    """Decode one element after the other from a text that is read as needed. Raises ``BrokenArchiveError``."""
    source = _Source(file, name)
    head = begins.match(source.text[:_HEAD_CHARS])
    if head is None:
        what = "tidak diawali window.YTD seperti berkas arsip X" if begins is X_HEAD else "bukan daftar unggahan"
        raise BrokenArchiveError(name, what)
    source.place = head.end()
    number = 0
    while not source.at_end():
        number += 1
        yield source.element(f"{name}, unggahan ke-{number}")


class _Source:
    """The part of a file's text that is in memory, and the place in it up to which it is decoded."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._bytes_read = 0
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._element = json.JSONDecoder().raw_decode
        self.text = ""
        self.place = 0
        while len(self.text) < _HEAD_CHARS and self._more():
            pass

    def at_end(self) -> bool:
        """Skip commas and blanks; True at the bracket that closes the list. Raises ``BrokenArchiveError``."""
        while True:
            gap = _GAP.match(self.text, self.place)
            self.place = gap.end() if gap else self.place
            if self.place < len(self.text):
                return self.text[self.place] == "]"
            if not self._more():
                raise BrokenArchiveError(self._name, "berkas terpotong di tengah")

    def element(self, where: str) -> Mapping[str, Any]:
        """The object that begins here. Raises ``BrokenArchiveError``."""
        while True:
            try:
                value, self.place = self._element(self.text, self.place)
            except json.JSONDecodeError as error:
                if len(self.text) - self.place > MAX_ITEM_BYTES or not self._more():
                    raise BrokenArchiveError(where, f"bukan JSON yang sah atau terpotong ({error.msg})") from error
                continue
            except (ValueError, RecursionError) as error:
                raise BrokenArchiveError(where, "bukan JSON yang wajar (angka atau sarang terlalu besar)") from error
            if not isinstance(value, Mapping):
                raise BrokenArchiveError(where, "bukan objek")
            return value

    def _more(self) -> bool:
        """Read on, dropping what is decoded; False at the end of the file. Raises ``BrokenArchiveError``."""
        chunk = self._file.read(_CHUNK_BYTES)
        self._bytes_read += len(chunk)
        if self._bytes_read > MAX_FILE_BYTES:
            raise BrokenArchiveError(self._name, f"lebih besar dari {MAX_FILE_BYTES // 1024**3} GB")
        try:
            self.text = self.text[self.place :] + self._decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise BrokenArchiveError(self._name, "bukan teks UTF-8") from error
        self.place = 0
        return bool(chunk)
