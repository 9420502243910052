"""What goes into a backup: all of the database, the state folder, and every file the office keeps; secrets only when asked for."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

import msgspec

from jobs.backup_file import Manifest, Place, opened, read_blocks, written
from jobs.lock import LOCK_NAME, RESTORING_NAME
from pantau.core.errors import BackupError
from pantau.core.settings import Settings
from pantau.core.settings_offices import Installation
from pantau.store import open_store
from pantau.store.before_migration import COPY_MARK
from pantau.store.database import open_database, sqlite_file
from pantau.store.portable import snapshot

ASIDE = "sebelum-pemulihan-"
STAGING = ".pemulihan-"
_IN_MEMORY_BYTES = 8 * 2**20
_TRIES = 5


class _Source(msgspec.Struct, frozen=True):
    """A file to be kept: where it lies, and as what it is kept."""

    file: Path
    place: Place
    path: str
    secret: bool


def back_up(installation: Installation, config: Path, target: Path, now: datetime, *, with_secrets: bool) -> Manifest:
    """Write the backup of all offices and tell what it holds; a night may go on meanwhile. Raises ``BackupError``."""
    state = installation.shared.shared_dir
    if target.resolve().is_relative_to(state.resolve()):
        raise BackupError(
            f"{target} berada di folder kerja {state} yang dicadangkan. Taruh cadangan di tempat lain, sebaiknya "
            "di cakram atau mesin lain."
        )
    with written(target, now) as writer:
        for office in installation.offices:
            with closing(open_database(office.database_url)) as database, snapshot(database) as kept:
                for name in kept.tables:
                    writer.add("database", f"{office.code}/{name}.jsonl".lstrip("/"), kept.lines(name))
                revision = kept.revision
        for source in _sources(installation, config):
            if with_secrets or not source.secret:
                for block_file in _steady(source.file, target.parent):
                    writer.add(source.place, source.path, read_blocks(block_file), secret=source.secret)
        writer.finish(version("pantau"), revision, with_secrets)
    with opened(target) as backup:
        manifest = backup.manifest
    body = {"file": target.name, "members": len(manifest.members), "secrets": with_secrets}
    for office in installation.offices:
        with open_store(office.database_url) as store:
            store.audit.note(now, "backup", body)
    return manifest


def _sources(installation: Installation, config: Path) -> Iterator[_Source]:
    """Every file once, each with its place, in a fixed order."""
    found: dict[Path, _Source] = {}
    base, state = config.resolve().parent, installation.shared.shared_dir.resolve()
    secrets = {path for office in (installation.shared, *installation.offices) for path in secret_paths(office)}
    left_out = {path for office in installation.offices for path in _own_files(office)}

    def take(file: Path) -> None:
        file = file.resolve()
        if file in found or file in left_out or not file.is_file():
            return
        secret = any(file == one or file.is_relative_to(one) for one in secrets)
        place, path = _place(file, base, state)
        found[file] = _Source(file, place, path, secret)

    found[config.resolve()] = _Source(config, "settings", config.name, False)
    for settings in installation.offices:
        files = settings.files
        named = [files.accounts, files.approvals, files.trips, files.situations, files.excuses, settings.office.emblem]
        for name in (*named, settings.network.ca_file):
            if name:
                take(settings.path(name))
        for name in (files.rules_dir, files.templates_dir, settings.pictures.folder):
            for file in _files_in(settings.path(name)) if name else ():
                take(file)
    for tree in (installation.shared.shared_dir, *sorted(secrets)):
        for file in [tree] if tree.is_file() else _files_in(tree):
            take(file)
    return iter(sorted(found.values(), key=lambda source: (source.place, source.path)))


def _files_in(folder: Path) -> Iterator[Path]:
    """Ordinary files below a folder; links are not followed, nor is what an earlier restore has put aside."""
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((ASIDE, STAGING))]
        for name in files:
            path = Path(here) / name
            if not path.is_symlink():
                yield path


def _place(file: Path, base: Path, state: Path) -> tuple[Place, str]:
    if file.is_relative_to(state):
        return "state", file.relative_to(state).as_posix()
    if file.is_relative_to(base):
        return "base", file.relative_to(base).as_posix()
    return "absolute", file.as_posix().lstrip("/")


def _own_files(settings: Settings) -> set[Path]:
    """The database file with what SQLite keeps beside it, copies of it, and the lock: the database is kept as rows."""
    state = settings.shared_dir.resolve()
    found = {state / LOCK_NAME, state / RESTORING_NAME}
    base = sqlite_file(settings.database_url)
    if base is not None:
        base = base.resolve()
        found |= {base, *(base.with_name(base.name + end) for end in ("-wal", "-shm", "-journal"))}
        found |= set(base.parent.glob(f"{base.name}{COPY_MARK}*"))
    return found


def secret_paths(settings: Settings) -> list[Path]:
    """Files and folders whose content lets its owner act for the office."""
    paths = [settings.state_dir / "reply-secret", settings.tiktok_tokens_dir]
    if settings.collect.instagram.session_file:
        paths.append(settings.path(settings.collect.instagram.session_file))
    return [path.resolve() for path in (*paths, *_referred(msgspec.to_builtins(settings, enc_hook=str), settings))]


def _referred(value: object, settings: Settings) -> Iterator[Path]:
    """Every ``file:`` of the settings."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _referred(inner, settings)
    elif isinstance(value, str) and value.startswith("file:"):
        yield settings.path(value.removeprefix("file:"))


def _steady(file: Path, folder: Path) -> Iterator[IO[bytes]]:
    """A copy of a file, taken at a moment in which nobody wrote to it; nothing when it is gone. Raises ``BackupError``."""
    for _ in range(_TRIES):
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder)) as copy:
            try:
                before = file.stat()
                with file.open("rb") as source:
                    for block in read_blocks(source):
                        copy.write(block)
                after = file.stat()
            except FileNotFoundError:
                return  # a draft of the night that is going on
            if (before.st_mtime_ns, before.st_size, before.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino):
                copy.seek(0)
                yield copy
                return
    raise BackupError(
        f"{file} terus berubah saat dicadangkan. Jalankan lagi setelah pekerjaan yang menulisnya selesai."
    )
