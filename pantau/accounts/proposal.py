"""A copy of the register with some cells changed, for the office to look at and swap in. The register itself is never written.

A CSV keeps every byte outside the rows that change: comments in notes, blank rows, separators, encoding. A workbook becomes a CSV.
"""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pantau.accounts.registry import LAYOUT
from pantau.accounts.tables import clean, csv_shape, decode, header_key
from pantau.accounts.workbook import workbook_rows
from pantau.core.errors import Problem, RegisterError


class Change(msgspec.Struct, frozen=True):
    """Another value for one cell. ``row`` counts as a spreadsheet does, from 1."""

    row: int
    column: str
    old: str
    new: str


class _Record(msgspec.Struct):
    """One record as text, and its fields. ``ending`` is its line ending."""

    text: str
    fields: list[str]
    ending: str


def proposal(register: Path, changes: Sequence[Change]) -> bytes:
    """The register as CSV with the changes made. Raises ``RegisterError`` when a cell is not what a change says it was.

    A register without a column that is to be filled gets it as its last one.
    """
    if register.suffix.lower() in (".xlsx", ".xlsm"):
        encoding, delimiter, records = "utf-8-sig", ",", _workbook(register)
    else:
        encoding, delimiter, records = _csv(register.read_bytes())
    head = next((n for n, record in enumerate(records) if _is_header(record.fields)), None)
    if head is None:
        raise _changed_meanwhile(register, "baris 1", "judul kolom tidak ditemukan")
    places = {header_key(title): n for n, title in enumerate(records[head].fields)}
    wanted: dict[int, dict[int, str]] = {}
    for column in dict.fromkeys(change.column for change in changes):
        if column not in places:
            places[column] = len(records[head].fields)
            wanted.setdefault(head, {})[places[column]] = column
            records[head].fields.append(column)
    for change in changes:
        _check(register, records, change, places[change.column])
        wanted.setdefault(change.row - 1, {})[places[change.column]] = change.new
    for number, cells in wanted.items():
        _rewrite(records[number], cells, delimiter)
    return "".join(record.text + record.ending for record in records).encode(encoding)


def _is_header(fields: Sequence[str]) -> bool:
    return bool({header_key(field) for field in fields} & LAYOUT.needed)


def _check(register: Path, records: Sequence[_Record], change: Change, place: int) -> None:
    fields = records[change.row - 1].fields if change.row <= len(records) else []
    there = fields[place] if place < len(fields) else ""
    if clean(there) != change.old:
        where = f"baris {change.row}, kolom {change.column}"
        raise _changed_meanwhile(register, where, f'isinya "{there}", tadi "{change.old}"')


def _changed_meanwhile(register: Path, where: str, what: str) -> RegisterError:
    return RegisterError([Problem(str(register), where, "", what, "Berkas berubah selama pemeriksaan; jalankan lagi.")])


def _rewrite(record: _Record, cells: Mapping[int, str], delimiter: str) -> None:
    fields = record.fields + [""] * (max(cells) + 1 - len(record.fields))
    for place, value in cells.items():
        fields[place] = value
    record.text = _line(fields, delimiter)


def _line(fields: Sequence[str], delimiter: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="").writerow(fields)
    return buffer.getvalue()


def _csv(raw: bytes) -> tuple[str, str, list[_Record]]:
    """Encoding, separator and records. A record is as long as the lines that the reader took for it."""
    text = decode(raw)
    encoding = "utf-8"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif raw.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    _, delimiter = csv_shape(text, LAYOUT)
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=delimiter)
    records, begun = [], 0
    for fields in reader:
        whole = "".join(lines[begun : reader.line_num])
        begun = reader.line_num
        bare = whole.rstrip("\r\n")
        records.append(_Record(bare, fields, whole[len(bare) :]))
    return encoding, delimiter, records


def _workbook(path: Path) -> list[_Record]:
    rows = workbook_rows(path, lambda titles: LAYOUT.needed <= {header_key(title) for title in titles})
    all_fields = [[cell.text for cell in cells] for _, cells in rows]
    return [_Record(_line(fields, ","), fields, "\r\n") for fields in all_fields]
