"""``[[office]]`` blocks: several offices (regencies) with one installation, each with complete settings of its own.

A block holds the keys of ``[office]``, a ``code``, and those sections in which offices differ; what it leaves out comes from the
top level of the file. A file without such blocks is that of a single office, which has no code.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pantau.core.errors import OfficeError, Problem, SettingsError
from pantau.core.settings import Files, Office, Settings
from pantau.core.settings_file import read_table, settings_from

OWN_SECTIONS = ("files", "mail", "norms", "rules", "digest", "retention")
"""What an office may have of its own. Everything else, collectors and their credentials above all, is shared."""
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_CODE_CHARS = 40
_OFFICE_KEYS = {field.name for field in msgspec.structs.fields(Office)}
_SHARED = sorted(
    {field.name for field in msgspec.structs.fields(Settings)} - {*OWN_SECTIONS, "office", "base_dir", "code"}
)
_EXAMPLE = "Lihat contoh [[office]] di pantau.example.toml."


class Installation(msgspec.Struct, frozen=True):
    """All offices of one settings file."""

    shared: Settings
    """What they share: collectors, credentials, database, network. For a single office the same as its settings."""
    offices: tuple[Settings, ...]
    """In the order of the file; at least one."""

    @property
    def several(self) -> bool:
        """Whether the file has ``[[office]]`` blocks, even if only one."""
        return bool(self.offices[0].code)

    @property
    def codes(self) -> tuple[str, ...]:
        """The offices' codes."""
        return tuple(office.code for office in self.offices)

    def office(self, code: str = "") -> Settings:
        """The office of that code, or the only one. Raises ``OfficeError`` that names the codes there are."""
        if code == "" and not self.several:
            return self.offices[0]
        if not self.several:
            raise OfficeError(f"--office {code}: pemasangan ini hanya untuk satu kabupaten; hilangkan --office.")
        if code in self.codes:
            return self.offices[self.codes.index(code)]
        listed = ", ".join(f"{office.code} ({office.office.name})" for office in self.offices)
        what = f"--office {code}: tidak ada di setelan." if code else "Pemasangan ini untuk beberapa kabupaten."
        raise OfficeError(f"{what} Pilih satu dengan --office KODE: {listed}.")


def load_installation(path: Path) -> Installation:
    """Read and validate a settings file. Raises ``SettingsError`` with every problem in it."""
    return installation_from(read_table(path), str(path), path.resolve().parent)


def installation_from(table: Mapping[str, Any], file: str, base_dir: Path) -> Installation:
    """The same from an already parsed table."""
    blocks = table.get("office")
    if not isinstance(blocks, list) or not blocks:
        settings = settings_from(dict(table), file, base_dir)
        return Installation(settings, (settings,))
    rest = {key: value for key, value in table.items() if key != "office"}
    problems = list(_top_level(rest, file))
    shared, found = _settings(rest, file, base_dir)
    problems += found
    offices: list[Settings] = []
    registers: dict[int, Path] = {}
    for number, block in enumerate(blocks, 1):
        place = _place(number, block)
        faults = list(_block_faults(block, file, place))
        if isinstance(block, dict):
            settings, own = _settings(_office_table(rest, block), file, base_dir)
            known = {(one.where, one.what) for one in found}
            faults += [_named(one, place) for one in own if (one.where, one.what) not in known]
            offices.append(msgspec.structs.replace(settings, code=str(block.get("code", ""))))
            registers |= {} if own else {number: settings.path(settings.files.accounts).resolve()}
        problems += faults
    problems += _twice(blocks, registers, file)
    if problems:
        raise SettingsError(problems)
    zones = {office.office.timezone for office in offices}
    together = Office(name=f"{len(offices)} kabupaten", timezone=zones.pop() if len(zones) == 1 else Office().timezone)
    return Installation(msgspec.structs.replace(shared, office=together), tuple(offices))


def is_code(text: object) -> bool:
    """Whether it may be an office's code: it becomes part of file names and of PostgreSQL schemas."""
    return isinstance(text, str) and bool(_CODE.fullmatch(text)) and len(text) <= _CODE_CHARS


def _settings(table: dict[str, Any], file: str, base_dir: Path) -> tuple[Settings, list[Problem]]:
    """The settings, or those of an empty file with all that is wrong."""
    try:
        return settings_from(table, file, base_dir), []
    except SettingsError as error:
        return Settings(base_dir=base_dir), list(error.problems)


def _office_table(rest: Mapping[str, Any], block: Mapping[str, Any]) -> dict[str, Any]:
    """The whole table of one office, as a file of its own would have it."""
    own = {name: block[name] for name in OWN_SECTIONS if name in block}
    files = {"accounts": f"{block.get('code', '')}/{Files().accounts}"}
    table = _merged({"files": files}, _merged(rest, own))
    table["office"] = {key: value for key, value in block.items() if key in _OFFICE_KEYS}
    return table


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """``own`` over ``base``, table by table; lists are replaced whole."""
    both = dict(base)
    for key, value in own.items():
        before = both.get(key)
        both[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return both


def _place(number: int, block: object) -> str:
    code = block.get("code") if isinstance(block, dict) else None
    return f"[[office]] #{number}" + (f" ({code})" if isinstance(code, str) and code else "")


def _named(problem: Problem, place: str) -> Problem:
    where = problem.where.replace("kunci office.", "kunci ")
    return msgspec.structs.replace(problem, where=f"{place}: {where}")


def _top_level(rest: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """What must not stand outside the blocks: it would go to all offices alike."""
    mail = rest.get("mail")
    if isinstance(mail, dict) and mail.get("reader"):
        what = "penerima di tingkat atas akan menerima ringkasan semua kabupaten"
        yield Problem(
            file, "kunci mail.reader", "", what, "Tulis sebagai [[office.mail.reader]] di bawah [[office]]-nya."
        )
    store = rest.get("store")
    url = store.get("url") if isinstance(store, dict) else None
    if isinstance(url, str) and url.startswith("sqlite"):
        what = "satu berkas SQLite tidak dapat dibagi beberapa kabupaten"
        remedy = "Kosongkan: tiap kabupaten mendapat berkas sendiri di state_dir; atau pakai PostgreSQL."
        yield Problem(file, "kunci store.url", url, what, remedy)


def _block_faults(block: object, file: str, place: str) -> Iterator[Problem]:
    if not isinstance(block, dict):
        yield Problem(file, place, repr(block), "harus berupa bagian [[office]]", _EXAMPLE)
        return
    for key in block:
        if key in _SHARED:
            what = "bagian ini bersama untuk semua kabupaten"
            yield Problem(file, f"{place}: kunci {key}", "", what, f"Pindahkan [{key}] ke luar [[office]].")
        elif key not in _OFFICE_KEYS and key not in OWN_SECTIONS and key != "code":
            known = ", ".join(sorted({*_OFFICE_KEYS, *OWN_SECTIONS, "code"}))
            yield Problem(file, f"{place}: kunci {key}", "", "kunci tidak dikenal", f"Yang dikenal: {known}.")
    code = block.get("code", "")
    if not is_code(code):
        remedy = 'Tulis huruf kecil, angka dan tanda hubung, misalnya code = "blora".'
        yield Problem(file, f"{place}: kunci code", str(code), "belum diisi atau bukan kode", remedy)
    if not block.get("name"):
        yield Problem(file, f"{place}: kunci name", "", "belum diisi", 'Tulis misalnya name = "Kabupaten Blora".')
    if isinstance(files := block.get("files"), dict) and "state_dir" in files:
        what = "folder kerja bersama untuk semua kabupaten"
        yield Problem(
            file, f"{place}: kunci files.state_dir", "", what, "Hapus; tiap kabupaten punya folder di dalamnya."
        )


def _twice(blocks: Sequence[Any], registers: Mapping[int, Path], file: str) -> Iterator[Problem]:
    """Codes, names and registers that two offices share. ``registers``: by the number of the block."""
    seen: dict[tuple[str, object], int] = {}
    for number, block in enumerate(blocks, 1):
        table = block if isinstance(block, dict) else {}
        marks = {
            "code": (table.get("code"), "kode sudah dipakai"),
            "name": (str(table.get("name", "")).casefold(), "nama sudah dipakai"),
            "files.accounts": (registers.get(number), "daftar akunnya sama dengan daftar"),
        }
        for key, (value, what) in marks.items():
            if value and (first := seen.setdefault((key, str(value)), number)) != number:
                where = f"{_place(number, block)}: kunci {key}"
                what = f"{what} {_place(first, blocks[first - 1])}"
                yield Problem(file, where, str(value), what, "Tulis yang berbeda.")
