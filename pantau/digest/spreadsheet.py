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
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_TONES = {"tinggi": "#9f2019", "sedang": "#8a5000", "rendah": "#3d5a66", "info": "#2b5788"}
_DARK = "#123f3b"


class Column(msgspec.Struct, frozen=True):
    """One column: its heading, width (signs) and the kind of its cells."""

    title: str
    width: float
    kind: Kind = "text"


_FINDINGS = (
    Column("Status", 13),
    Column("Tingkat", 10),
    Column("Keluarga", 20),
    Column("Unit", 28),
    Column("Akun", 26),
    Column("Waktu unggah", 16, "time"),
    Column("Kata yang dimaksud", 38, "long"),
    Column("Yang perlu dicek", 40, "long"),
    Column("Rincian", 32, "long"),
    Column("Dasar", 32, "long"),
    Column("Aturan", 24),
    Column("Kode", 19),
    Column("Pertama tampil", 14, "day"),
    Column("Kali tampil", 8, "number"),
    Column("Malam ini", 9),
    Column("Jawaban unit", 32, "long"),
    Column("Tautan", 34, "link"),
)
_ACCOUNTS = (
    Column("Kode unit", 12),
    Column("Unit", 32),
    Column("Jenis", 11),
    Column("Platform", 12),
    Column("Akun", 28),
    Column("Keadaan", 24),
    Column("Hari diam", 8, "number"),
    Column("Norma", 8, "number"),
    Column("Toleransi", 9, "number"),
    Column("Hitungan", 14),
    Column("Unggahan terakhir", 17, "time"),
    Column("Keadaan sejak", 14, "day"),
    Column("Tidak diketahui sejak", 19, "time"),
    Column("Alasan", 44, "long"),
    Column("Tidak dihitung", 30, "long"),
)
_POSTS = (
    Column("Waktu unggah", 16, "time"),
    Column("Unit", 30),
    Column("Akun", 28),
    Column("Jenis", 18),
    Column("Isi", 22),
    Column("Temuan", 14),
    Column("Teks", 90, "long"),
    Column("Tautan", 42, "link"),
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
        row.details,
        row.basis,
        row.rule,
        row.key,
        row.first_day,
        row.times,
        "ya" if row.tonight else "tidak",
        row.answer,
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


class _Pen:
    """Writes sheets of one workbook in its formats."""

    def __init__(self, book: "Workbook", digest: Digest, paper: Literal["A4", "F4"]) -> None:
        self._book = book
        self._digest = digest
        self._paper = paper
        base = {"font_name": "Arial", "font_size": 9, "valign": "top"}
        # A quote prefix keeps "=1+1" text even when somebody edits the cell.
        text = base | {"quote_prefix": True}
        self._formats: dict[str, Format] = {
            "text": book.add_format(text),
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
            for at, (column, value) in enumerate(zip(columns, cells(row), strict=True)):
                look = self._tones.get(tone) if column.title == "Tingkat" else None
                self._cell(sheet, number, at, column.kind, value, look)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(shown)), len(columns) - 1)
        sheet.repeat_rows(0)
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
            return
        if isinstance(value, datetime | date):
            sheet.write_datetime(row, at, value, form)
        elif isinstance(value, int):
            sheet.write_number(row, at, value, form)
        elif kind == "link":
            sheet.write_url(row, at, value, form, string=value)
        else:
            sheet.write_string(row, at, value, form)
