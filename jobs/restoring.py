"""Puts back what a backup holds. Nothing is touched before all of it was read through; nothing that is there is deleted.

Everything is laid ready in a folder of its own first and then moved. A marker in the state folder keeps nights from starting while
that goes on, also after a kill: a night on half a state would mail everything anew.
"""

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jobs.backing_up import ASIDE, STAGING
from jobs.backup_file import Backup, Member, opened
from jobs.lock import LOCK_NAME, RESTORING_NAME, lock_at
from pantau.core.errors import BackupError
from pantau.core.settings import Files, Settings, StoreSettings
from pantau.core.settings_offices import is_code
from pantau.store import open_store
from pantau.store.before_migration import COPY_MARK
from pantau.store.database import open_database, sqlite_file
from pantau.store.migrate import newer
from pantau.store.portable import holds_data, restore
from pantau.store.schema import REVISION

_ROOM_FACTOR = 3
"""Rows become a database with indexes, and SQLite writes a journal beside it meanwhile."""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was put back, and where what had been there lies now."""

    made_at: datetime
    files: int
    rows: int
    aside: tuple[str, ...]
    left_out: tuple[str, ...]
    """Files that belong outside the folder of the settings."""


class _Base(msgspec.Struct, frozen=True):
    """The database of an office, and how its tables are called in the backup."""

    code: str
    """Empty for the only office."""
    url: str
    file: Path | None
    """None for a server."""

    def tables(self, backup: Backup) -> dict[str, Iterator[bytes]]:
        """Its tables' rows, by name."""
        return {
            one.path.removesuffix(".jsonl").rpartition("/")[2]: backup.lines(one)
            for one in backup.manifest.members
            if one.place == "database" and one.path.rpartition("/")[0] == self.code
        }


class _Placed(msgspec.Struct, frozen=True):
    """A file of the backup and where it goes."""

    member: Member
    target: Path


def restore_from(file: Path, config: Path, now: datetime, *, replace: bool, original_paths: bool) -> Restored:
    """Put a backup back. Raises ``BackupError``, ``StoreError``, ``SecretError`` and ``LockHeldError``; then all is as before."""
    with opened(file) as backup:
        if backup.manifest.schema_revision > REVISION:
            raise newer(f"Cadangan {file}", backup.manifest.schema_revision)
        backup.check()
        settings, bases = _where_to(backup, config, original_paths)
        state = settings.shared_dir
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock_at(state / LOCK_NAME):
            return _restore(backup, settings, bases, config, file, now, replace, original_paths)


def _restore(
    backup: Backup,
    settings: Settings,
    bases: Sequence[_Base],
    config: Path,
    file: Path,
    now: datetime,
    replace: bool,
    original_paths: bool,
) -> Restored:
    state = settings.shared_dir
    aside = state / f"{ASIDE}{now.astimezone(UTC):%Y%m%d%H%M%S}"
    placed, left_out = _placed(backup, settings, config, original_paths)
    in_the_way = _in_the_way(placed, state, bases)
    filled = [one for one in bases if (one.file is None or one.file.exists()) and holds_data(one.url)]
    _refuse_filled(in_the_way, bool(filled), replace)
    _room(backup, state)
    with _staging(state) as staging:
        ready = [(one, _laid_out(backup, one.member, staging / one.member.name)) for one in placed]
        revision, rows, schemas = backup.manifest.schema_revision, 0, []
        fresh = {one.code: staging / f"pantau-{one.code}.db" for one in bases}
        for one in bases:
            if one.file is not None:
                rows += restore(f"sqlite:///{fresh[one.code]}", revision, one.tables(backup))
        (state / RESTORING_NAME).touch(mode=0o600)
        for one in bases:
            if one.file is None:
                schema = "_".join([aside.name, one.code]).strip("_").replace("-", "_") if one in filled else ""
                rows += restore(one.url, revision, one.tables(backup), schema)
                schemas += [f"skema PostgreSQL {schema}"] * bool(schema)
        kept = _put_aside(in_the_way, bases, aside, config.resolve().parent)
        for placing, laid in ready:
            _move(laid, placing.target)
        for one in bases:
            if one.file is not None:
                _move(fresh[one.code], one.file)
            _note(one.url, backup, file, now)
        (state / RESTORING_NAME).unlink()
    return Restored(
        made_at=backup.manifest.made_at,
        files=len(placed),
        rows=rows,
        aside=(*[str(aside)] * kept, *schemas),
        left_out=tuple(left_out),
    )


def _refuse_filled(in_the_way: Sequence[Path], filled: bool, replace: bool) -> None:
    if (in_the_way or filled) and not replace:
        named = [str(path) for path in in_the_way[:5]] + (["basis data yang berisi"] if filled else [])
        raise BackupError(
            f"Tempat tujuan sudah berisi: {', '.join(named)}{' dan lainnya' if len(in_the_way) > 5 else ''}. Tidak ada yang "
            "diubah. Tambahkan --replace untuk menggantinya; yang lama disingkirkan, tidak dihapus."
        )


def _note(url: str, backup: Backup, file: Path, now: datetime) -> None:
    made = backup.manifest
    with open_store(url) as store:
        body = {
            "file": file.name,
            "made_at": made.made_at,
            "schema": made.schema_revision,
            "pantau": made.pantau,
        }
        store.audit.note(now, "restore", body)


def _where_to(backup: Backup, config: Path, original_paths: bool) -> tuple[Settings, list[_Base]]:
    """State folder and databases: by the settings file that is there, else by that of the backup if it keeps to this folder."""
    if config.exists():
        text, own = config.read_text("utf-8-sig"), True
    else:
        kept = next(member for member in backup.manifest.members if member.place == "settings")
        text, own = b"".join(backup.blocks(kept)).decode("utf-8-sig"), False
    try:
        table = tomllib.loads(text)
        files = Files(state_dir=str(table.get("files", {}).get("state_dir") or Files().state_dir))
        store = msgspec.convert(table.get("store", {}), StoreSettings)
        blocks = table.get("office")
        codes = [str(block["code"]) for block in blocks] if isinstance(blocks, list) else [""]
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, AttributeError, KeyError, TypeError) as error:
        raise BackupError(f"Setelan {config if own else 'di cadangan'} tidak dapat dibaca: {error}.") from error
    if isinstance(blocks, list) and not all(is_code(code) for code in codes):
        raise BackupError(f"Setelan {config if own else 'di cadangan'} menyebut kode kabupaten yang tidak sah.")
    settings = Settings(files=files, store=store, base_dir=config.resolve().parent)
    offices = [msgspec.structs.replace(settings, code=code) for code in codes]
    bases = [_Base(one.code, one.database_url, sqlite_file(one.database_url)) for one in offices]
    held = {one.path.rpartition("/")[0] for one in backup.manifest.members if one.place == "database"}
    if held != set(codes):
        here, there = (", ".join(sorted(names)).strip(", ") or "satu kabupaten" for names in (codes, held))
        raise BackupError(f"Cadangan ini berisi {there}, sedangkan setelan {config} menyebut {here}. Samakan dulu.")
    base = settings.base_dir.resolve()
    places = (settings.shared_dir, *(one.file for one in bases))
    outside = [path for path in places if path and not path.resolve().is_relative_to(base)]
    if outside and not own and not original_paths:
        raise BackupError(
            f"Setelan di cadangan menaruh data di {outside[0]}, di luar {base}. Bila memang di sana tempatnya, tambahkan "
            f"--original-paths; bila tidak, tulis dulu {config} dengan folder dan basis data yang benar."
        )
    return settings, bases


def _placed(backup: Backup, settings: Settings, config: Path, original_paths: bool) -> tuple[list[_Placed], list[str]]:
    """Where each file goes, without those that are there already byte for byte; and those that go nowhere."""
    roots = {"base": config.resolve().parent, "state": settings.shared_dir.resolve(), "absolute": Path("/")}
    placed, left_out = [], []
    for member in backup.manifest.members:
        if member.place == "database":
            continue
        if member.place == "settings":
            target = config if not config.exists() else config.with_name(f"{config.name}.cadangan")
            if config.exists() and _same(backup, member, config):
                continue
        elif member.place == "absolute" and not original_paths:
            left_out.append(f"/{member.path}")
            continue
        else:
            target = roots[member.place] / member.path
            _no_links(roots[member.place], target)
        if not (target.is_file() and _same(backup, member, target)):
            placed.append(_Placed(member, target))
    return placed, left_out


def _no_links(root: Path, target: Path) -> None:
    """A link in the folder must not lead a file of the backup elsewhere."""
    for folder in target.parents:
        if folder == root:
            return
        if folder.is_symlink():
            raise BackupError(
                f"{folder} adalah tautan; pemulihan tidak menulis melewatinya. Singkirkan tautan itu dulu."
            )


def _same(backup: Backup, member: Member, path: Path) -> bool:
    if path.stat().st_size != member.size:
        return False
    with path.open("rb") as file:
        return all(block == file.read(len(block)) for block in backup.blocks(member))


def _in_the_way(placed: Sequence[_Placed], state: Path, bases: Sequence[_Base]) -> list[Path]:
    """What is there and would be replaced: single files of the office, and all of the state folder."""
    files = [one.target for one in placed if one.member.place != "state" and one.target.exists()]
    spared = {LOCK_NAME, RESTORING_NAME}
    files_of_bases = [one.file for one in bases if one.file is not None and one.file.parent == state]
    own = [base.name + end for base in files_of_bases for end in ("", "-wal", "-shm", "-journal")]
    entries = [
        path
        for path in sorted(state.iterdir())
        if path.name not in {*spared, *own}
        and not path.name.startswith((ASIDE, STAGING))
        and COPY_MARK not in path.name
    ]
    return [*files, *entries]


def _room(backup: Backup, folder: Path) -> None:
    needed = sum(m.size * (_ROOM_FACTOR if m.place == "database" else 1) for m in backup.manifest.members)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BackupError(
            f"Pemulihan perlu sekitar {needed // 2**20 + 1} MB di {folder}, yang tersisa {free // 2**20} MB. Tidak ada yang diubah."
        )


@contextmanager
def _staging(state: Path) -> Iterator[Path]:
    """An empty folder in which all is laid ready; what a killed restore left of it goes first."""
    folder = state / f"{STAGING}siap"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except OSError as error:
        raise BackupError(f"Pemulihan berhenti: {error}. Sediakan ruang dan izin, lalu jalankan lagi.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _laid_out(backup: Backup, member: Member, path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for block in backup.blocks(member):
            file.write(block)
    return path


def _put_aside(in_the_way: Sequence[Path], bases: Sequence[_Base], aside: Path, office: Path) -> bool:
    """Move what is there into a folder of its own, under the names it had; database files whole, without their journals."""
    for one in bases:
        if one.file is not None and one.file.exists():
            with closing(open_database(f"sqlite:///{one.file}")):
                pass  # its journal goes into it as the last one closes
            _move(one.file, aside / "basis-data" / one.code / one.file.name)
            for end in ("-wal", "-shm"):
                one.file.with_name(one.file.name + end).unlink(missing_ok=True)
    for path in in_the_way:
        inside = path.is_relative_to(office)
        _move(path, aside / (path.relative_to(office) if inside else Path("luar", *path.parts[1:])))
    return aside.exists()


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(source, target)
