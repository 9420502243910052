"""Posts from exported files: JSONL of our own posts, archives of X, Meta and TikTok, files saved by instaloader."""

import codecs
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from collectors.files_common import Entry, ExportReader, Register
from collectors.files_instaloader import XZ_MAGIC, InstaloaderReader, is_structure
from collectors.files_jsonl import JsonlReader
from collectors.files_meta import MetaReader, is_meta, is_meta_file
from collectors.files_tiktok import TikTokReader, is_tiktok, is_tiktok_file
from collectors.files_x_archive import TWEETS, XArchiveReader
from collectors.files_x_folder import ArchiveFolder
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account, Collected

ExportFormat = Literal["auto", "jsonl", "x-archive", "instaloader", "meta", "tiktok"]

T = TypeVar("T")

MAX_PROBLEMS = 200
"""So many problems are listed one by one; the rest is counted."""
_SNIFF_BYTES = 65536
_ZIP_MAGIC = b"PK"


def read_export(path: Path, format: ExportFormat, accounts: Sequence[Account], owner: str = "") -> Iterator[Collected]:
    """The posts of an exported file or folder, each under its registered account.

    ``owner`` (``instagram:nama``) says whose an export is that does not tell it itself; only Meta's and TikTok's may not.

    The whole file is checked before the first post is handed over, so that nothing is half imported; it is never in memory as a
    whole, but for TikTok's, which is one document. Raises ``ImportFileError`` with every problem (file, line or place, what,
    remedy): at once when called, or while iterating if the file was changed in between.
    """
    reader = _guarded(path, lambda: _reader(path, format, Register(accounts), owner))
    count = _guarded(path, lambda: _check(reader))
    if not count:
        remedy = "Periksa apakah berkasnya benar dan lengkap."
        raise ImportFileError([Problem(str(path), "isi berkas", "", "tidak ada unggahan di dalamnya", remedy)])
    return _posts(path, reader)


def _check(reader: ExportReader) -> int:
    """Number of posts. Raises ``ImportFileError`` when anything is wrong."""
    count, more = 0, 0
    problems: list[Problem] = []
    for entry in reader.entries():
        if not isinstance(entry, Problem):
            count += 1
        elif len(problems) < MAX_PROBLEMS:
            problems.append(entry)
        else:
            more += 1
    if more:
        what = f"masih ada {more} kesalahan lain"
        problems.append(Problem(problems[0].file, "selanjutnya", "", what, "Perbaiki dulu yang tertulis di atas."))
    if problems:
        raise ImportFileError(problems)
    return count


def _posts(path: Path, reader: ExportReader) -> Iterator[Collected]:
    entries = reader.entries()
    while True:
        entry: Entry | None = _guarded(path, lambda: next(entries, None))
        if entry is None:
            return
        if isinstance(entry, Problem):
            raise ImportFileError([entry])
        yield entry


def _guarded(path: Path, step: Callable[[], T]) -> T:
    """Run a step; a file that cannot be read becomes an ``ImportFileError``."""
    try:
        return step()
    except OSError as error:
        what = f"tidak dapat dibaca ({error.strerror or error})"
        raise ImportFileError([Problem(str(path), "berkas", "", what, "Periksa jalur dan izin berkasnya.")]) from error


def _reader(path: Path, kind: ExportFormat, register: Register, owner: str) -> ExportReader:
    chosen = _detect(path) if kind == "auto" else kind
    if chosen == "meta":
        whole = path.is_dir() or _is_zip(path)
        return MetaReader(ArchiveFolder(path if whole else path.parent), register, owner, "" if whole else path.name)
    if chosen == "tiktok":
        whole = path.is_dir() or _is_zip(path)
        return TikTokReader(ArchiveFolder(path if whole else path.parent), register, owner, "" if whole else path.name)
    if owner:
        what = f"pemilik berkas ({chosen}) ini tertulis di dalamnya"
        raise ImportFileError([Problem(str(path), "--account", owner, what, "Hapus --account untuk berkas ini.")])
    if chosen == "x-archive":
        return XArchiveReader(_archive(path), register)
    if chosen == "instaloader":
        files = sorted(_saved_files(path)) if path.is_dir() else [path]
        return InstaloaderReader(files, register, lenient=path.is_dir())
    return JsonlReader(path, register)


def _archive(path: Path) -> ArchiveFolder:
    """A zip file, an unpacked archive, or one ``tweets.js`` with its neighbours."""
    if path.is_dir() or path.suffix.lower() != ".js":
        return ArchiveFolder(path)
    return ArchiveFolder(path.parent, only=path.name)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC


def _saved_files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.name.endswith((".json", ".json.xz")) and file.is_file())


def _detect(path: Path) -> ExportFormat:
    """The format, judged by what is inside. Without a better guess it is JSONL, whose problems name the line."""
    if path.is_dir():
        inside = [path, path / "data"]
        if any(TWEETS.fullmatch(file.name) for folder in inside if folder.is_dir() for file in folder.iterdir()):
            return "x-archive"
        if is_tiktok(ArchiveFolder(path)):
            return "tiktok"
        return "meta" if is_meta(ArchiveFolder(path)) else "instaloader"
    with path.open("rb") as file:
        start = file.read(_SNIFF_BYTES)
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if is_meta_file(path.name, text) or (start.startswith(_ZIP_MAGIC) and is_meta(ArchiveFolder(path))):
        return "meta"
    if is_tiktok_file(path.name, text) or (start.startswith(_ZIP_MAGIC) and is_tiktok(ArchiveFolder(path))):
        return "tiktok"
    if start.startswith(_ZIP_MAGIC) or text.startswith(b"window.YTD"):
        return "x-archive"
    if start.startswith(XZ_MAGIC) or _saved_by_instaloader(text):
        return "instaloader"
    return "jsonl"


def _saved_by_instaloader(text: bytes) -> bool:
    """One JSON object over many lines, or one whose only line is a saved structure."""
    first = text.partition(b"\n")[0].strip()
    try:
        return is_structure(json.loads(first))
    except (ValueError, RecursionError):
        return b'"instaloader"' in text and b'"node' in text
