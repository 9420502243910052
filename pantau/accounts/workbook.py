"""Reads the first sheet of an Excel workbook as text, without running anything in it."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec

from pantau.accounts.values import Mistake

MAX_BYTES = 200_000_000
"""Largest unpacked workbook: a small file can be packed so that it fills the memory."""
MAX_ROWS = 100_000
"""A single cell may claim to lie in row 999,999,999, and everything above it would be gone through."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)
"""What openpyxl and the readers of XML below it raise for a damaged workbook."""


class Cell(msgspec.Struct, frozen=True):
    """The text of one cell. ``numeric`` when Excel holds it as a number; ``mistake`` when its text cannot be used."""

    text: str
    numeric: bool = False
    mistake: str = ""


def workbook_rows(path: Path, is_header: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, list[Cell]]]:
    """Row number (from 1) and cells of the first visible sheet. Raises ``Mistake``.

    A second visible sheet that also begins with a header is refused: its rows would be lost without a word.
    """
    try:
        yield from _rows(path, is_header)
    except _BROKEN as error:
        what = "bukan buku kerja Excel yang utuh, atau terkunci kata sandi"
        raise Mistake(what, "Buka di Excel, hapus kata sandinya, dan simpan ulang sebagai .xlsx.") from error


def _rows(path: Path, is_header: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, list[Cell]]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with zipfile.ZipFile(path) as packed:
        if sum(part.file_size for part in packed.infolist()) > MAX_BYTES:
            raise Mistake(f"isinya lebih besar dari {MAX_BYTES // 1_000_000} MB", "Hapus gambar dan lembar lain.")
    book = load_workbook(path, read_only=True, data_only=False)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        for sheet in sheets[1:]:
            sheet.reset_dimensions()
            titles = next(sheet.iter_rows(max_row=1, values_only=True), ())
            if is_header([str(title or "") for title in titles]):
                what = f'lembar "{sheet.title}" juga berisi daftar, padahal hanya lembar pertama yang dibaca'
                raise Mistake(what, "Gabungkan ke lembar pertama, atau sembunyikan lembar itu.")
        for sheet in sheets[:1]:
            sheet.reset_dimensions()  # some writers store a wrong size, and rows beyond it would be lost
            for number, cells in enumerate(sheet.iter_rows(), 1):
                if number > MAX_ROWS:
                    raise Mistake(
                        f"lebih dari {MAX_ROWS} baris", "Hapus baris kosong di bawah daftar, lalu simpan ulang."
                    )
                yield number, [_cell(cell.value, cell.data_type) for cell in cells]
    finally:
        book.close()


def _cell(value: Any, data_type: str) -> Cell:
    if value is None:
        return Cell("")
    if data_type == "f":
        return Cell(str(value), mistake="sel berisi rumus, sedangkan Pantau hanya membaca nilai")
    if data_type == "e":
        return Cell(str(value), mistake="sel berisi kesalahan rumus Excel")
    if isinstance(value, bool):
        return Cell(str(value).upper())
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return Cell(str(int(value)) if whole else repr(value), numeric=True)
    if isinstance(value, datetime):
        shown = value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        return Cell(shown, numeric=True)
    if isinstance(value, date | time):
        return Cell(value.isoformat(), numeric=True)
    return Cell(str(value))
