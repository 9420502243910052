"""Reads the first sheet of an Excel workbook as text, without running anything in it."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import msgspec

from pantau.accounts.values import Mistake


class Cell(msgspec.Struct, frozen=True):
    """The text of one cell. ``numeric`` when Excel holds it as a number; ``mistake`` when its text cannot be used."""

    text: str
    numeric: bool = False
    mistake: str = ""


def workbook_rows(path: Path, is_header: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, list[Cell]]]:
    """Row number (from 1) and cells of the first visible sheet. Raises ``Mistake``.

    A second visible sheet that also begins with a header is refused: its rows would be lost without a word.
    """
    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    try:
        book = load_workbook(path, read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        what = "bukan buku kerja Excel yang utuh, atau terkunci kata sandi"
        raise Mistake(what, "Buka di Excel, hapus kata sandinya, dan simpan ulang sebagai .xlsx.") from error
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
