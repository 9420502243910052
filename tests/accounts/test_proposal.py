"""The proposed register: only the named cells differ, whatever program wrote the file."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.accounts.proposal import Change, proposal
from pantau.accounts.registry import COLUMNS, placed_accounts, read_register
from pantau.core.errors import RegisterError

HEAD = "unit_code,unit_name,unit_kind,platform,handle,platform_id,note"


def row_of(handle: str, platform_id: str = "", note: str = "", platform: str = "x") -> str:
    return f"D-{handle},Desa {handle},opd,{platform},{handle},{platform_id},{note}"


def test_rows_without_a_change_keep_every_byte_and_the_others_only_get_the_new_cell(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    lines = [
        HEAD,
        row_of("desa_satu", note='"dua baris\r\ndi sini, ""kutip"""'),
        "",
        ",,,,,,",
        row_of("desa_dua", "12"),
    ]
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    placed = placed_accounts(path)
    assert [(one.row, one.account.handle) for one in placed] == [(2, "desa_satu"), (5, "desa_dua")]
    changes = [Change(5, "handle", "desa_dua", "desa_baru")]
    assert proposal(path, changes) == path.read_bytes().replace(b"opd,x,desa_dua,12", b"opd,x,desa_baru,12")
    assert path.read_bytes().endswith(b"desa_dua,12,"), "the register itself stays"


def test_separators_and_encodings_of_excel_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    text = "sep=;\n" + HEAD.replace(",", ";") + "\n" + row_of("desa_satu").replace(",", ";") + "\n"
    path.write_bytes(text.encode("utf-16"))
    raw = proposal(path, [Change(3, "platform_id", "", "11")])
    assert raw.decode("utf-16") == text.replace("desa_satu;;", "desa_satu;11;")


def test_a_workbook_becomes_a_csv_with_all_its_rows_and_columns(tmp_path: Path) -> None:
    from openpyxl import Workbook  # type: ignore[import-untyped]

    book, path = Workbook(), tmp_path / "accounts.xlsx"
    book.active.append(list(COLUMNS))
    book.active.append(["D-1", "Desa Satu", "opd", "", "x", "desa_satu", "", 3, 2, "", "", "Ani", "", "", "catatan"])
    book.active.append(["D-2", "Desa Dua", "opd"])
    book.save(path)
    copy = tmp_path / "usulan.csv"
    copy.write_bytes(proposal(path, [Change(2, "platform_id", "", "1234567890123456789")]))
    before, after = read_register(path), read_register(copy)
    assert after.units == before.units
    assert [account.platform_id for account in after.accounts] == ["1234567890123456789"]
    assert after.accounts[0].norm_days == 3
    assert next(csv.reader(io.StringIO(copy.read_text("utf-8-sig")))) == list(COLUMNS)


def test_a_register_without_the_column_gets_it_as_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("unit_code,unit_name,unit_kind,platform,handle\nD-1,Desa,opd,x,desa_satu\nD-2,Desa Dua,opd,,\n")
    copy = tmp_path / "usulan.csv"
    copy.write_bytes(proposal(path, [Change(2, "platform_id", "", "11")]))
    assert copy.read_text("utf-8").splitlines() == [
        "unit_code,unit_name,unit_kind,platform,handle,platform_id",
        "D-1,Desa,opd,x,desa_satu,11",
        "D-2,Desa Dua,opd,,",
    ]
    assert read_register(copy).accounts[0].platform_id == "11"


def test_a_register_that_was_edited_meanwhile_is_not_changed_in_the_wrong_row(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(f"{HEAD}\n{row_of('desa_satu')}\n{row_of('desa_dua')}\n")
    with pytest.raises(RegisterError, match="Berkas berubah selama pemeriksaan"):
        proposal(path, [Change(2, "handle", "desa_dua", "desa_baru")])


_NOTE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)


@given(
    notes=st.lists(_NOTE, min_size=1, max_size=6),
    chosen=st.sets(st.integers(0, 5)),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_whatever_stands_in_the_notes_only_the_changed_cells_differ(
    tmp_path_factory: pytest.TempPathFactory, notes: list[str], chosen: set[int], ending: str, delimiter: str
) -> None:
    rows = [HEAD.split(",")] + [[f"D-{n}", "Desa", "opd", "x", f"desa_{n}", "", note] for n, note in enumerate(notes)]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator=ending).writerows(rows)
    path = tmp_path_factory.mktemp("daftar") / "accounts.csv"
    path.write_bytes(buffer.getvalue().encode())
    picked = [n for n in chosen if n < len(notes)]
    raw = proposal(path, [Change(n + 2, "platform_id", "", f"10{n}") for n in picked])
    for n in picked:
        rows[n + 1][5] = f"10{n}"
    assert list(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter)) == rows
    if not picked:
        assert raw == path.read_bytes()
