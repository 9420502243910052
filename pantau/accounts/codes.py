"""Unit codes, and what Excel does to them: 33.16 becomes 3316, 33.10 becomes 33.1, 33.16.01 becomes a clock time."""

import re

from pantau.accounts.tables import Problems, Row
from pantau.core.model import UnitKind

_AREA_FORMS = {
    "kecamatan": (r"\d{2}\.\d{2}\.\d{2}", "33.16.01"),
    "kelurahan": (r"\d{2}\.\d{2}\.\d{2}\.\d{4}", "33.16.01.1001"),
    "desa": (r"\d{2}\.\d{2}\.\d{2}\.\d{4}", "33.16.01.2001"),
}
_AS_TEXT = "Di Excel: format kolom sebagai Teks, lalu tulis ulang kodenya"
_EXCEL_MARKS = (
    (r"\d{1,4}:\d{2}(:\d{2})?", "Excel mengubah kode menjadi jam"),
    (r"\d{4}-\d{2}-\d{2}( .*)?", "Excel mengubah kode menjadi tanggal"),
    (r"\d+([.,]\d+)?[eE]\+?\d+", "Excel mengubah kode menjadi notasi ilmiah"),
    (r"\d+,\d+", "Excel mengubah titik dalam kode menjadi koma"),
    (r"\d{3,}\.0", "Excel mengubah kode menjadi angka desimal"),
    (r"\d{2}\.\d", "Excel menghapus nol di akhir kode"),
)


def check_code(row: Row, column: str, kind: UnitKind | None, problems: Problems) -> bool:
    """True when the code in ``column`` can stand; otherwise the mistake is remembered, with the form it should have."""
    code = row[column]
    form, example = _AREA_FORMS.get(kind or "", ("", "33.16.01"))
    for pattern, what in _EXCEL_MARKS:
        if re.fullmatch(pattern, code):
            problems.at(row, column, what, f"{_AS_TEXT}, misalnya {example}.")
            return False
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*", code):
        remedy = "Pakai huruf, angka, titik, garis miring atau tanda hubung."
        problems.at(row, column, "kode berisi spasi atau tanda yang tidak dapat dipakai", remedy)
        return False
    if form and re.fullmatch(r"\d{4,}", code):
        problems.at(row, column, f"kode {kind} tanpa titik; mungkin diubah Excel", f"{_AS_TEXT}, misalnya {example}.")
        return False
    if form and re.fullmatch(r"[\d.]+", code) and not re.fullmatch(form, code):
        problems.at(row, column, f"kode {kind} tidak lengkap", f"Bentuknya {example} (kode Kemendagri).")
        return False
    return True
