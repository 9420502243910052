"""The one file of a backup: a ZIP with a manifest that names size and SHA-256 of every member.

Written beside its place, read through once more, and only then moved there. Reading trusts nothing: only members that the manifest
names, of the stated size, no links, no name that leads out of its folder.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal

import msgspec

from pantau.core.errors import BackupError
from pantau.store.portable import MAX_LINE_BYTES

FORMAT = 1
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 64 * 2**20
_BLOCK_BYTES = 2**20
_LEVEL = 3

Place = Literal["database", "settings", "base", "state", "absolute"]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the backup. ``path`` is relative to the place: the settings file's folder, the state folder, or the root."""

    place: Place
    path: str
    size: int
    sha256: str
    secret: bool = False

    @property
    def name(self) -> str:
        """Its name inside the ZIP."""
        return f"{self.place}/{self.path}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the file holds."""

    pantau_backup: int
    pantau: str
    schema_revision: str
    made_at: datetime
    with_secrets: bool
    members: tuple[Member, ...]


class Writer:
    """Puts members into the file that is being made."""

    def __init__(self, archive: zipfile.ZipFile, made_at: datetime) -> None:
        self._archive, self._made_at = archive, made_at
        self.members: list[Member] = []

    def add(self, place: Place, path: str, blocks: Iterable[bytes], *, secret: bool = False) -> None:
        """One member, written as it comes."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self._info(f"{place}/{path}"), "w", force_zip64=True) as file:
            for block in blocks:
                digest.update(block)
                size += len(block)
                file.write(block)
        self.members.append(Member(place=place, path=path, size=size, sha256=digest.hexdigest(), secret=secret))

    def finish(self, version: str, revision: str, with_secrets: bool) -> None:
        """The manifest, last."""
        manifest = Manifest(
            pantau_backup=FORMAT,
            pantau=version,
            schema_revision=revision,
            made_at=self._made_at,
            with_secrets=with_secrets,
            members=tuple(self.members),
        )
        self._archive.writestr(self._info(_MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._made_at.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        return info


@contextmanager
def written(target: Path, made_at: datetime) -> Iterator[Writer]:
    """Make the file at ``target``, readable by its owner only: whole and read through, or not at all. Raises ``BackupError``."""
    if target.exists():
        try:
            with opened(target):
                pass  # an older backup, replaced once the new one is whole
        except BackupError as error:
            raise BackupError(f"{target} sudah ada dan bukan cadangan Pantau. Sebut nama berkas lain.") from error
    draft = target.with_name(f".{target.name}.{os.getpid()}.sebagian")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                yield Writer(archive, made_at)
            file.flush()
            os.fsync(file.fileno())
        with opened(draft) as backup:
            backup.check()
        draft.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise BackupError(
            f"Cadangan {target} tidak dapat ditulis: {error}. Sediakan ruang atau pilih tempat lain, lalu jalankan "
            "lagi; tidak ada berkas setengah jadi yang ditinggalkan."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


class Backup:
    """A backup that is being read."""

    def __init__(self, archive: zipfile.ZipFile, where: Path) -> None:
        self._archive, self._where = archive, where
        self.manifest = self._read_manifest()

    def check(self) -> None:
        """Read every member through. Raises ``BackupError`` that names the first damaged one."""
        for member in self.manifest.members:
            for _ in self.blocks(member):
                pass

    def blocks(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member, at most a megabyte at a time; its size and hash are checked by the end."""
        digest, size = hashlib.sha256(), 0
        try:
            with self._open(member) as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    if size > member.size:
                        raise self.damaged(member.name)
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            raise self.damaged(member.name) from error
        except OSError as error:
            raise BackupError(f"Cadangan {self._where} tidak dapat dibaca: {error.strerror or error}.") from error
        if size != member.size or digest.hexdigest() != member.sha256:
            raise self.damaged(member.name)

    def lines(self, member: Member) -> Iterator[bytes]:
        """The lines of a member that was checked."""
        with self._open(member) as file:
            while line := file.readline(MAX_LINE_BYTES):
                if not line.endswith(b"\n"):
                    raise self.damaged(member.name)
                yield line

    def damaged(self, name: str) -> BackupError:
        """Why this file cannot be used."""
        return BackupError(f"Cadangan {self._where} rusak: {name} bukan yang ditulis waktu itu. Pakai cadangan lain.")

    def _open(self, member: Member) -> IO[bytes]:
        try:
            return self._archive.open(member.name)
        except (
            KeyError,
            zipfile.BadZipFile,
            RuntimeError,
        ) as error:  # RuntimeError: encrypted, or packed in an unknown way
            raise self.damaged(member.name) from error

    def _read_manifest(self) -> Manifest:
        try:
            info = self._archive.getinfo(_MANIFEST)
            if info.file_size > _MAX_MANIFEST_BYTES:
                raise self.damaged(_MANIFEST)
            with self._archive.open(info) as file:
                manifest = msgspec.json.decode(file.read(_MAX_MANIFEST_BYTES), type=Manifest)
        except (KeyError, zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
            raise self.damaged(_MANIFEST) from error
        if manifest.pantau_backup != FORMAT:
            raise BackupError(
                f"Cadangan {self._where} dibuat oleh Pantau yang lebih baru ({manifest.pantau}). Perbarui Pantau."
            )
        wanted = [member.name for member in manifest.members]
        for name in wanted:
            if not _harmless(name):
                raise self.damaged(repr(name))
        if sorted([*wanted, _MANIFEST]) != sorted(self._archive.namelist()):
            raise self.damaged("daftar isinya")
        return manifest


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Read a backup. Raises ``BackupError`` when it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Backup(archive, path)
    except zipfile.BadZipFile as error:
        raise BackupError(
            f"{path} bukan cadangan Pantau yang utuh (awal atau akhirnya hilang). Pakai cadangan lain."
        ) from error
    except OSError as error:
        raise BackupError(f"Cadangan {path} tidak dapat dibaca: {error.strerror or error}.") from error


def read_blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A file, a megabyte at a time."""
    while block := file.read(_BLOCK_BYTES):
        yield block


def _harmless(name: str) -> bool:
    """Whether a name stays inside its place on every system."""
    path = PurePosixPath(name)
    plain = not path.is_absolute() and str(path) == name and len(path.parts) > 1
    return plain and not any(
        part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part for part in path.parts
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
