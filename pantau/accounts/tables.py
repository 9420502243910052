"""Reads a CSV or XLSX table as office staff save it, and remembers every mistake with its place.

Row numbers are those that a spreadsheet program shows, so that an administrator finds the cell at once.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from pantau.accounts.values import Mistake
from pantau.accounts.workbook import Cell, workbook_rows
from pantau.core.errors import Problem

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"
_EDGES = " \t\r\n\x0b\x0c" + _INVISIBLE
_DASHES = frozenset("-–—")
_EXCEL_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)")
_SAVE_AS = 'Di Excel: Simpan Sebagai, jenis "CSV UTF-8" atau "Buku Kerja Excel (.xlsx)".'


class Layout(msgspec.Struct, frozen=True):
    """The columns of one kind of file. ``needed`` must stand in the header; ``free`` may hold line breaks."""

    columns: tuple[str, ...]
    needed: frozenset[str]
    free: frozenset[str] = frozenset({"note"})


class Row(msgspec.Struct, frozen=True):
    """One filled row. ``number`` counts as a spreadsheet does (the header is 1 when it comes first)."""

    number: int
    values: dict[str, str]
    numeric: frozenset[str] = frozenset()
    """Columns whose cell the spreadsheet holds as a number, so that leading zeros and digits may be lost."""

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


class Problems:
    """Collects the mistakes of one file, in the order in which they are met."""

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.items: list[Problem] = []

    def add(self, where: str, value: str, what: str, remedy: str) -> None:
        """Remember a mistake at ``where``."""
        self.items.append(Problem(self.file, where, value, what, remedy))

    def at(self, row: Row, column: str, what: str, remedy: str, value: str | None = None) -> None:
        """Remember a mistake in a cell; ``value`` defaults to what stands there."""
        shown = row[column] if value is None else value
        self.add(f"baris {row.number}, kolom {column}", shown, what, remedy)


def read_table(path: Path, layout: Layout, problems: Problems) -> list[Row]:
    """The filled rows of a table. What is wrong goes into ``problems``; an unusable file gives no rows."""
    records = _records(path, layout, problems)
    header: dict[int, str] | None = None
    rows: list[Row] = []
    for number, cells in records:
        if all(not cell.text for cell in cells):
            continue
        if header is None:
            header = _header(number, cells, layout, problems)
            if header is None:
                return []
            continue
        rows.append(_row(number, cells, header, layout, problems))
    if header is None and not problems.items:
        problems.add("baris 1", "", "berkas kosong, judul kolom tidak ada", f"Judul kolom: {','.join(layout.columns)}.")
    return rows


def nearest(value: str, choices: tuple[str, ...] | list[str]) -> str:
    """The choice that ``value`` is most likely a slip of, or "" when none is near."""
    allowed = 1 if len(value) < 6 else 2
    found = process.extractOne(value, choices, scorer=OSA.distance, score_cutoff=allowed) if len(value) > 2 else None
    return found[0] if found else ""


def clean(text: str) -> str:
    """Without blanks and invisible characters at the edges; a lone dash counts as empty."""
    text = text.replace("\u00a0", " ").strip(_EDGES)
    return "" if text in _DASHES else text


def _records(path: Path, layout: Layout, problems: Problems) -> Iterator[tuple[int, list[Cell]]]:
    suffix = path.suffix.lower()
    if not path.is_file():
        where = "folder, bukan berkas" if path.is_dir() else "berkas tidak ada"
        problems.add("berkas", "", where, "Periksa nama berkas di bagian [files] pantau.toml, atau buat berkasnya.")
        return
    if suffix in (".xls", ".ods", ".xlsb", ".numbers"):
        problems.add("berkas", suffix, "jenis berkas ini tidak dapat dibaca", _SAVE_AS)
        return
    try:
        if suffix in (".xlsx", ".xlsm"):
            records = workbook_rows(path, lambda titles: layout.needed <= {header_key(title) for title in titles})
        else:
            records = _csv_records(path.read_bytes(), layout)
        for number, cells in records:
            yield number, [msgspec.structs.replace(cell, text=clean(cell.text)) for cell in cells]
    except Mistake as mistake:
        problems.add("berkas", "", mistake.what, mistake.remedy)
    except OSError as error:
        problems.add("berkas", "", f"tidak dapat dibaca ({error.strerror})", "Periksa hak akses dan tutup dari Excel.")


def _csv_records(raw: bytes, layout: Layout) -> Iterator[tuple[int, list[Cell]]]:
    text = decode(raw)
    skip, delimiter = csv_shape(text, layout)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, fields in enumerate(reader, 1):
            if number > skip:
                yield number, [_csv_cell(field) for field in fields]
    except csv.Error as error:
        what = f"tanda kutip tidak berpasangan atau isi terlalu panjang di sekitar baris {number + 1} ({error})"
        remedy = "Buka di Excel dan simpan ulang; tanda kutip di dalam isi ditulis dua kali."
        raise Mistake(what, remedy) from error


def _csv_cell(field: str) -> Cell:
    wrong = "sel berisi kesalahan rumus Excel" if _EXCEL_ERROR.fullmatch(field.strip()) else ""
    return Cell(field, mistake=wrong)


def decode(raw: bytes) -> str:
    """The text of a CSV as Excel or anything else wrote it. Raises ``Mistake``."""
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Mistake(f"bukan teks UTF-8 (huruf rusak di baris {line})", _SAVE_AS) from error


def csv_shape(text: str, layout: Layout) -> tuple[int, str]:
    """How many lines stand before the table (Excel's ``sep=``), and the separator."""
    lines = text.splitlines()
    skip = 1 if lines and lines[0].lower().startswith("sep=") else 0
    first = next((line for line in lines[skip:] if line.strip(_EDGES + ",;")), "")
    return skip, _delimiter(first, layout)


def _delimiter(header: str, layout: Layout) -> str:
    """The separator under which most column names are recognised."""

    def known(delimiter: str) -> int:
        return len({header_key(part.strip('"')) for part in header.split(delimiter)} & set(layout.columns))

    return max((",", ";", "\t"), key=known)


def header_key(text: str) -> str:
    """The name of a column from its title as people write it."""
    return re.sub(r"[\s_-]+", "_", clean(text).casefold()).strip("_")


def _header(number: int, cells: list[Cell], layout: Layout, problems: Problems) -> dict[int, str] | None:
    """Column index to name; None when the row cannot serve as header."""
    names = {n: header_key(cell.text) for n, cell in enumerate(cells) if cell.text}
    if not set(names.values()) & set(layout.columns):
        what = "judul kolom tidak ditemukan di baris berisi yang pertama"
        problems.add(f"baris {number}", cells[0].text, what, f"Tulis judul kolom: {','.join(layout.columns)}.")
        return None
    header: dict[int, str] = {}
    for n, name in names.items():
        where = f"baris {number}, kolom ke-{n + 1}"
        if name in header.values():
            problems.add(where, cells[n].text, "judul kolom ini tertulis dua kali", "Hapus salah satu kolom.")
        elif name in layout.columns:
            header[n] = name
        else:
            near = nearest(name, layout.columns)
            hint = f'Mungkin maksudnya "{near}"' if near else "Hapus kolom ini, atau pindahkan isinya ke kolom catatan"
            problems.add(where, cells[n].text, "judul kolom tidak dikenal", f"{hint}.")
    missing = [name for name in layout.columns if name in layout.needed and name not in header.values()]
    for name in missing:
        remedy = f"Tambahkan kolom {name}; susunan lengkap: {','.join(layout.columns)}."
        problems.add(f"baris {number}", "", f"kolom {name} tidak ada", remedy)
    return None if missing else header


def _row(number: int, cells: list[Cell], header: dict[int, str], layout: Layout, problems: Problems) -> Row:
    values = {name: cells[n].text if n < len(cells) else "" for n, name in header.items()}
    row = Row(number, values, frozenset(name for n, name in header.items() if n < len(cells) and cells[n].numeric))
    for n, cell in enumerate(cells):
        name = header.get(n, "")
        if cell.mistake:
            where = f"baris {number}, kolom {name or f'ke-{n + 1}'}"
            problems.add(where, cell.text, cell.mistake, "Salin sel itu, lalu Tempel Khusus > Nilai.")
        elif n > max(header) and cell.text:
            what = f"isi lebih banyak daripada judul kolom (kolom ke-{n + 1})"
            problems.add(f"baris {number}", cell.text, what, "Isi yang memuat pemisah kolom harus diapit tanda kutip.")
        elif name and name not in layout.free and "\n" in cell.text:
            what = "sel berisi ganti baris; mungkin tanda kutip tidak ditutup"
            problems.at(row, name, what, "Hapus ganti baris itu dan periksa baris-baris di bawahnya.", cell.text[:60])
    return row
