"""The workbook: findings, accounts and posts as typed, filterable sheets.

Text from outside is written as text and nothing else: no formulas, no links but https ones that ``clean.url`` let through.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from pantau.digest.model import Digest
from pantau.digest.tables import AccountRow, FindingRow, PostRow, Tables

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_Row = TypeVar("_Row", FindingRow, AccountRow, PostRow)
Kind = Literal["text", "long", "number", "time", "day", "link"]
Value = str | int | date | datetime | None
_PAPERS = {"A4": 9, "F4": 14}
"""Paper numbers of the format; its "Folio" (14) is what is sold as F4."""
_ROWS_AT_MOST = 100_000
"""Far above any night; a sheet ends at 1,048,576 rows."""
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_LINE_POINTS, _HIGHEST_POINTS = 11.8, 400.0
_WIDE = 0.95
"""Signs of 9 points are narrower than the unit of widths; breaking at words eats up most of that."""
_TONES = {"tinggi": "#9f2019", "sedang": "#8a5000", "rendah": "#3d5a66", "info": "#2b5788"}
_DARK = "#123f3b"


class Column(msgspec.Struct, frozen=True):
    """One column: its heading, width (signs) and the kind of its cells."""

    title: str
    width: float
    kind: Kind = "text"
    printed: bool = True
    """False: on the screen only. Those stand last, so that what is printed stays large enough to read."""


_FINDINGS = (
    Column("Status", 11),
    Column("Tingkat", 9),
    Column("Keluarga", 15),
    Column("Unit", 21),
    Column("Akun", 20),
    Column("Waktu unggah", 15, "time"),
    Column("Kata yang dimaksud", 27, "long"),
    Column("Yang perlu dicek", 29, "long"),
    Column("Dasar", 21, "long"),
    Column("Kode", 17),
    Column("Pertama tampil", 10.5, "day"),
    Column("Kali tampil", 6.5, "number"),
    Column("Jawaban unit", 19, "long"),
    Column("Malam ini", 8, printed=False),
    Column("Rincian", 32, "long", printed=False),
    Column("Aturan", 24, printed=False),
    Column("Tautan", 40, "link", printed=False),
)
_ACCOUNTS = (
    Column("Kode unit", 9),
    Column("Unit", 27),
    Column("Jenis", 10),
    Column("Platform", 10),
    Column("Akun", 23),
    Column("Keadaan", 18),
    Column("Hari diam", 6.5, "number"),
    Column("Norma", 7, "number"),
    Column("Toleransi", 8.5, "number"),
    Column("Hitungan", 12),
    Column("Unggahan terakhir", 15, "time"),
    Column("Keadaan sejak", 10.5, "day"),
    Column("Tidak diketahui sejak", 15, "time"),
    Column("Alasan", 30, "long"),
    Column("Tidak dihitung", 20, "long"),
)
_POSTS = (
    Column("Waktu unggah", 15, "time"),
    Column("Unit", 23),
    Column("Akun", 22),
    Column("Jenis", 14),
    Column("Isi", 17),
    Column("Temuan", 12),
    Column("Teks", 80, "long"),
    Column("Tautan", 42, "link", printed=False),
)


def workbook(digest: Digest, tables: Tables, paper: Literal["A4", "F4"] = "A4") -> bytes:
    """The finished file (XLSX). The same input gives the same bytes."""
    from xlsxwriter.workbook import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, _OPTIONS)
    book.set_properties({"title": digest.title, "author": digest.office_name, "created": tables.made_at})
    pen = _Pen(book, digest, paper)
    pen.sheet("Temuan", _FINDINGS, tables.findings, _finding)
    pen.sheet("Akun", _ACCOUNTS, tables.accounts, _account)
    pen.sheet("Unggahan", _POSTS, tables.posts, _post)
    pen.notes("Keterangan", _notes(digest, tables))
    book.close()
    return buffer.getvalue()


def _finding(row: FindingRow) -> Sequence[Value]:
    return (
        row.state,
        row.level,
        row.family,
        row.unit,
        row.account,
        row.published,
        row.quote,
        row.message,
        row.basis,
        row.key,
        row.first_day,
        row.times,
        row.answer,
        "ya" if row.tonight else "tidak",
        row.details,
        row.rule,
        row.url,
    )


def _account(row: AccountRow) -> Sequence[Value]:
    return (
        row.unit_code,
        row.unit,
        row.kind,
        row.platform,
        row.account,
        row.state,
        row.silent_days,
        row.norm_days,
        row.grace_days,
        row.day_unit,
        row.last_post,
        row.since,
        row.blind_since,
        row.reason,
        row.excluded,
    )


def _post(row: PostRow) -> Sequence[Value]:
    return (row.published, row.unit, row.account, row.what, row.category, row.judged, row.text, row.url)


def _notes(digest: Digest, tables: Tables) -> Iterable[tuple[str, str]]:
    """Term and text of every line of the last sheet; an empty term goes on with the one before."""
    yield "Ringkasan", digest.title
    yield "Inti", digest.headline
    for warning in digest.warnings:
        yield "Perhatian", warning
    for entry in digest.facts.entries:
        yield entry.term, entry.text
    yield "Waktu", f"Semua jam dalam {tables.zone}; tanggal dan angka dapat diurutkan dan disaring."
    yield (
        "Temuan",
        "Satu baris satu temuan, juga yang tidak muat di surel dan yang masih terbuka dari malam sebelumnya.",
    )
    yield "Akun", "Setiap akun terdaftar. Hari diam hanya menghitung hari yang benar-benar diamati."
    yield (
        "Tidak diketahui sejak",
        "Akun yang tidak dapat diperiksa tidak dinilai; yang terbit sesudah waktu itu belum terlihat.",
    )
    yield "Unggahan", "Yang dibaca malam ini. Nomor panjang dan data pribadi ditutup dengan •."
    for entry in digest.method.entries:
        yield entry.term, entry.text
    yield "Menjawab", digest.how_to_answer


def _height(columns: Sequence[Column], values: Sequence[Value]) -> float:
    """Height of a row (points) in which every wrapped text fits; not all programs work that out themselves."""
    lines = 1
    for column, value in zip(columns, values, strict=True):
        if isinstance(value, str) and column.kind != "link":
            lines = max(lines, -(-int(len(value) * _WIDE) // int(column.width)))
    return min(_HIGHEST_POINTS, _LINE_POINTS * lines + 3)


class _Pen:
    """Writes sheets of one workbook in its formats."""

    def __init__(self, book: "Workbook", digest: Digest, paper: Literal["A4", "F4"]) -> None:
        self._book = book
        self._digest = digest
        self._paper = paper
        base = {"font_name": "Arial", "font_size": 9, "valign": "top", "bottom": 1, "bottom_color": "#cfd8d5"}
        # A quote prefix keeps "=1+1" text even when somebody edits the cell.
        text = base | {"quote_prefix": True}
        self._formats: dict[str, Format] = {
            "text": book.add_format(text | {"text_wrap": True}),
            "long": book.add_format(text | {"text_wrap": True}),
            "number": book.add_format(base | {"num_format": "0"}),
            "time": book.add_format(base | {"num_format": "dd/mm/yyyy hh:mm", "align": "left"}),
            "day": book.add_format(base | {"num_format": "dd/mm/yyyy", "align": "left"}),
            "link": book.add_format(base | {"font_color": "#0b5c69", "underline": 1}),
            "term": book.add_format(text | {"bold": True, "text_wrap": True}),
            "head": book.add_format(
                base | {"bold": True, "text_wrap": True, "bg_color": _DARK, "font_color": "#fffdfa", "border": 1}
            ),
        }
        self._tones = {
            tone: book.add_format(text | {"bold": True, "font_color": colour}) for tone, colour in _TONES.items()
        }

    def sheet(
        self, name: str, columns: Sequence[Column], rows: Sequence[_Row], cells: Callable[[_Row], Sequence[Value]]
    ) -> None:
        """A sheet with a heading row that stays, filters and one line per row."""
        sheet = self._page(name)
        sheet.set_row(0, 28)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.title, self._formats["head"])
        shown = rows[:_ROWS_AT_MOST]
        for number, row in enumerate(shown, 1):
            tone = row.tone if isinstance(row, FindingRow) else ""
            values = cells(row)
            sheet.set_row(number, _height(columns, values))
            for at, (column, value) in enumerate(zip(columns, values, strict=True)):
                look = self._tones.get(tone) if column.title == "Tingkat" else None
                self._cell(sheet, number, at, column.kind, value, look)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(shown)), len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, max(1, len(shown)), sum(column.printed for column in columns) - 1)
        if len(rows) > len(shown):
            sheet.write_string(
                len(shown) + 1, 0, f"{len(rows) - len(shown)} baris lagi tidak dimuat", self._formats["term"]
            )

    def notes(self, name: str, lines: Iterable[tuple[str, str]]) -> None:
        """The sheet in two columns that explains the others."""
        sheet = self._page(name)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 110)
        for number, (term, text) in enumerate(lines):
            sheet.set_row(number, _height((Column("", 26), Column("", 110)), (term, text)))
            sheet.write_string(number, 0, term, self._formats["term"])
            sheet.write_string(number, 1, text, self._formats["long"])

    def _page(self, name: str) -> "Worksheet":
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_PAPERS[self._paper])
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        plain = self._digest.title.replace("&", "&&")
        sheet.set_header(f"&L&8{plain[:150]}&R&8{name}")
        sheet.set_footer(f"&L&8Nomor ringkasan {self._digest.run_id.replace('&', '&&')[:60]}&R&8Halaman &P dari &N")
        return sheet

    def _cell(self, sheet: "Worksheet", row: int, at: int, kind: Kind, value: Value, look: "Format | None") -> None:
        form = look or self._formats[kind]
        if value is None or value == "":
            sheet.write_blank(row, at, None, form)
        elif isinstance(value, datetime | date):
            sheet.write_datetime(row, at, value, form)
        elif isinstance(value, int):
            sheet.write_number(row, at, value, form)
        elif kind == "link":
            sheet.write_url(row, at, value, form, string=value)
        else:
            sheet.write_string(row, at, value, form)
