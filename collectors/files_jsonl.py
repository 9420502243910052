"""Reads a file with one ``pantau.core.model.Post`` as JSON per line. Strict, since people write it by hand."""

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from collectors.files_common import MAX_ITEM_BYTES, Entry, Register, unknown_account
from collectors.text import storable
from pantau.core.errors import Problem
from pantau.core.model import Account, Collected, Post

_KNOWN = {field.name for field in msgspec.structs.fields(Post)}
_NEEDED = ("post_id", "account", "published_at")
_UTF8 = "Simpan berkasnya sebagai teks UTF-8."
_HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_PATH = re.compile(r"at `\$\.?([^`]*)`")


class _LineError(Exception):
    """One mistake in a line: what, the value, and the remedy."""


class JsonlReader:
    """See ``pantau.core.model.Post``. ``account`` may be ``x:@nama``, ``x:123``, or a bare handle beside ``platform``."""

    def __init__(self, path: Path, register: Register) -> None:
        self._path = path
        self._register = register

    def entries(self) -> Iterator[Entry]:
        """One entry per line that is not blank."""
        with self._path.open("rb") as file:
            for number, line in _lines(file):
                try:
                    if line is None:
                        size = MAX_ITEM_BYTES // 1024 // 1024
                        raise _LineError(f"baris lebih panjang dari {size} MB", "", "Satu baris hanya satu unggahan.")
                    if line.strip():
                        yield self._entry(line.strip(), f"baris {number}")
                except _LineError as error:
                    what, value, remedy = error.args
                    yield Problem(str(self._path), f"baris {number}", value[:80], what, remedy)

    def _entry(self, line: bytes, where: str) -> Entry:
        table = _table(line)
        account = self._account(table)
        if account is None:
            return unknown_account(str(self._path), where, str(table["account"])[:80])
        try:
            post = msgspec.convert({**table, "account": account.key, "platform": account.platform}, Post)
        except msgspec.ValidationError as error:
            found = _PATH.search(str(error))
            key = found.group(1).partition("[")[0] if found else ""
            what = f"isi kunci {key or 'unggahan'} tidak sesuai bentuknya ({error})"
            raise _LineError(what, str(table.get(key, "")), "Perbaiki nilainya.") from error
        return Collected(_checked(post, line), line)

    def _account(self, table: Mapping[str, Any]) -> Account | None:
        platform = table.get("platform", "")
        if not isinstance(platform, str):
            raise _LineError("kunci platform harus berupa teks", str(platform), 'Tulis misalnya "instagram".')
        account = self._register.by_key(str(table["account"]), platform)
        if account and platform and account.platform != platform:
            raise _LineError("account dan platform tidak cocok", platform, "Samakan keduanya.")
        return account


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Line number and content without a byte order mark; None for a line beyond the limit, which is not kept in memory."""
    number = 0
    while line := file.readline(MAX_ITEM_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) <= MAX_ITEM_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_ITEM_BYTES)
        yield number, None


def _table(line: bytes) -> dict[str, Any]:
    """The line as a JSON object whose keys are known and complete. Raises ``_LineError``."""
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in line:
        raise _LineError("bukan teks UTF-8 (tampaknya UTF-16)", "", _UTF8)
    try:
        line.decode("utf-8")
        table = msgspec.json.decode(line)
    except UnicodeDecodeError as error:
        raise _LineError(f"bukan UTF-8 (bita ke-{error.start + 1})", "", _UTF8) from error
    except (msgspec.DecodeError, RecursionError) as error:
        if half := _HALF_PAIR.search(line):
            what = "berisi separuh aksara emoji (pasangan pengganti tunggal)"
            raise _LineError(what, half.group(0).decode("ascii"), "Hapus aksara itu atau ekspor ulang.") from error
        remedy = "Satu baris harus satu objek JSON lengkap, misalnya hasil pantau."
        raise _LineError(f"bukan JSON yang sah ({error})", line[:80].decode("utf-8", "replace"), remedy) from error
    if not isinstance(table, dict):
        raise _LineError("bukan objek JSON", str(table), "Awali dengan { dan akhiri dengan }.")
    for key in table:
        if key not in _KNOWN:
            raise _LineError("kunci tidak dikenal", str(key), f"Yang dikenal: {', '.join(sorted(_KNOWN))}.")
    for key in _NEEDED:
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise _LineError(f"kunci {key} belum diisi", str(table.get(key, "")), "Isi dengan teks dalam tanda kutip.")
    return table


def _checked(post: Post, line: bytes) -> Post:
    """The post in UTC with the hash of its line, if everything in it can be stored and shown. Raises ``_LineError``."""
    if post.published_at.tzinfo is None:
        remedy = "Tulis misalnya 2026-11-20T08:30:00+07:00."
        raise _LineError("published_at tanpa zona waktu", post.published_at.isoformat(), remedy)
    try:
        published_at = post.published_at.astimezone(UTC)
    except OverflowError as error:
        raise _LineError("published_at di luar batas", post.published_at.isoformat(), "Perbaiki tanggalnya.") from error
    for text in _texts(post):
        if storable(text) != text:
            raise _LineError(
                "berisi aksara NUL yang tidak dapat disimpan", text.replace("\x00", "?"), "Hapus aksara itu."
            )
    if post.url and not post.url.startswith(("https://", "http://")):
        raise _LineError("bukan alamat web", post.url, "Alamat harus diawali https://.")
    for media in post.media:
        if media.url and not media.url.startswith(("https://", "http://", "file:")):
            remedy = "Tulis alamat https://, atau file:NAMA untuk gambar di folder pictures.folder."
            raise _LineError("bukan alamat gambar", media.url, remedy)
    for name, count in post.metrics.items():
        if not 0 <= count < 2**53:
            raise _LineError(f"angka {name} di luar batas", str(count), "Perbaiki angkanya.")
    return msgspec.structs.replace(post, published_at=published_at, raw_sha256=hashlib.sha256(line).hexdigest())


def _texts(post: Post) -> Iterator[str]:
    yield from (post.post_id, post.text, post.image_text, post.url, post.edited_from, *post.metrics)
    for media in post.media:
        yield from (media.url, media.alt, media.sha256)
