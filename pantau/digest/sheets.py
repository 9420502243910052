"""How sheets of a workbook are written: typed, filterable, one page wide on paper.

Text from outside is written as text and nothing else: no formulas, no links but https ones that ``clean.url`` let through.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_Row = TypeVar("_Row")
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


def _height(columns: Sequence[Column], values: Sequence[Value]) -> float:
    """Height of a row (points) in which every wrapped text fits; not all programs work that out themselves."""
    lines = 1
    for column, value in zip(columns, values, strict=True):
        if isinstance(value, str) and column.kind != "link":
            lines = max(lines, -(-int(len(value) * _WIDE) // int(column.width)))
    return min(_HIGHEST_POINTS, _LINE_POINTS * lines + 3)


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook is called, and on which paper it is printed."""

    title: str
    author: str
    run_id: str
    made_at: datetime
    """Nothing in the file depends on when it was written."""
    paper: Literal["A4", "F4"] = "A4"


def bound(cover: Cover, fill: Callable[["Pen"], None]) -> bytes:
    """The finished file (XLSX) with the sheets that ``fill`` writes. The same sheets give the same bytes."""
    from xlsxwriter.workbook import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, _OPTIONS)
    book.set_properties({"title": cover.title, "author": cover.author, "created": cover.made_at})
    fill(Pen(book, cover))
    book.close()
    return buffer.getvalue()


class Pen:
    """Writes sheets of one workbook in its formats."""

    def __init__(self, book: "Workbook", cover: Cover) -> None:
        self._book = book
        self._cover = cover
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
            values = cells(row)
            sheet.set_row(number, _height(columns, values))
            for at, (column, value) in enumerate(zip(columns, values, strict=True)):
                look = self._tones.get(str(value).lower()) if column.title == "Tingkat" else None
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
        sheet.set_paper(_PAPERS[self._cover.paper])
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        plain = self._cover.title.replace("&", "&&")
        sheet.set_header(f"&L&8{plain[:150]}&R&8{name}")
        sheet.set_footer(f"&L&8Nomor ringkasan {self._cover.run_id.replace('&', '&&')[:60]}&R&8Halaman &P dari &N")
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
