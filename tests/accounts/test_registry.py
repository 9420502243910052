from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from pantau.accounts.registry import COLUMNS, read_register
from pantau.core.errors import RegisterError
from tests.accounts.helpers import HEADER, mistakes, register, workbook, write

ROOT = Path(__file__).resolve().parents[2]
DISTRICT = "99.01.01,Karangsono,kecamatan,99.01,,,,,,,,,,,"


def test_one_row_gives_a_unit_and_its_account(tmp_path: Path) -> None:
    found = register(
        tmp_path,
        "dinkes,Dinas Kesehatan,opd,99.01,Instagram,@contoh_dinkes,123,2,0,Ibu Contoh,kepala@contoh.go.id,Ani,Budi,5,akun utama",
    )
    (unit,), (account,) = found.units, found.accounts
    assert (unit.code, unit.name, unit.kind, unit.parent) == ("dinkes", "Dinas Kesehatan", "opd", "99.01")
    assert (unit.head_name, unit.head_email, unit.priority) == ("Ibu Contoh", "kepala@contoh.go.id", 5)
    assert account.key == "instagram:123"
    assert (account.handle, account.unit, account.norm_days, account.grace_days) == ("contoh_dinkes", "dinkes", 2, 0)
    assert (account.operator, account.deputy, account.note) == ("Ani", "Budi", "akun utama")


def test_a_unit_without_an_account_is_kept_as_a_unit(tmp_path: Path) -> None:
    found = register(tmp_path, DISTRICT)
    assert [unit.code for unit in found.units] == ["99.01.01"]
    assert found.accounts == ()


def test_a_unit_with_two_accounts_is_one_unit(tmp_path: Path) -> None:
    found = register(tmp_path, "a1,Dinas A,opd,,x,contoh_a,,,,,,,,,", "a1,,,,instagram,contoh_a,,,,,,,,,")
    assert len(found.units) == 1
    assert [account.key for account in found.accounts] == ["x:@contoh_a", "instagram:@contoh_a"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_way_in_which_excel_saves_text_reads_the_same(tmp_path: Path, delimiter: str, encoding: str) -> None:
    lines = [
        line.replace(",", delimiter) for line in (HEADER, "a1,Puskesmas Nglawungan – é,puskesmas,,x,contoh_a,,,,,,,,,")
    ]
    found = read_register(write(tmp_path, *lines, encoding=encoding))
    assert found.units[0].name == "Puskesmas Nglawungan – é"
    assert found.accounts[0].handle == "contoh_a"


def test_headers_may_be_spaced_and_capitalised_and_rows_may_be_empty(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "sep=;",
        ";;;;",
        " Unit Code ;UNIT_NAME;unit-kind;Platform; Handle",
        ";;;;",
        "a1;Dinas A;OPD;X;@contoh_a",
        "   ;  ; ;;",
    )
    found = read_register(path)
    assert [account.key for account in found.accounts] == ["x:@contoh_a"]


def test_a_lone_dash_counts_as_an_empty_cell(tmp_path: Path) -> None:
    found = register(tmp_path, "a1,Dinas A,opd,-,-,-,-,-,-,-,-,-,-,-,-")
    assert found.accounts == ()
    assert found.units[0].parent == ""


def test_a_register_with_ten_different_mistakes_reports_all_ten(tmp_path: Path) -> None:
    problems = mistakes(
        tmp_path,
        DISTRICT,
        ",Dinas Tanpa Kode,opd,,x,contoh_1,,,,,,,,,",
        "a2,,opd,,x,contoh_2,,,,,,,,,",
        "a3,Dinas C,dinas,,x,contoh_3,,,,,,,,,",
        "a4,Dinas D,opd,,twiter,contoh_4,,,,,,,,,",
        "a5,Dinas E,opd,,x,contoh 5!,,,,,,,,,",
        "a6,Dinas F,opd,,x,contoh_6,,tiga,,,,,,,",
        "a7,Dinas G,opd,,x,contoh_7,,,-1,,,,,,",
        "a8,Dinas H,opd,,x,contoh_8,,,,,bukan-surel,,,,",
        "a9,Dinas I,opd,,x,CONTOH_8,,,,,,,,,",
        "99.01.01.2001,Sukamaju,desa,99.01.02,,,,,,,,,,,",
        region="99.01",
    )
    assert [(problem.where, problem.value) for problem in problems] == [
        ("baris 3, kolom unit_code", ""),
        ("baris 4, kolom unit_name", ""),
        ("baris 5, kolom unit_kind", "dinas"),
        ("baris 6, kolom platform", "twiter"),
        ("baris 7, kolom handle", "contoh 5!"),
        ("baris 8, kolom norm_days", "tiga"),
        ("baris 9, kolom grace_days", "-1"),
        ("baris 10, kolom head_email", "bukan-surel"),
        ("baris 11, kolom handle", "CONTOH_8"),
        ("baris 12, kolom parent_code", "99.01.02"),
    ]
    assert all(problem.file.endswith("accounts.csv") and problem.what and problem.remedy for problem in problems)
    assert '"x"' in problems[3].remedy
    assert "baris 10" in problems[8].what
    assert '"99.01.01"' in problems[9].remedy


def test_several_mistakes_in_one_row_are_all_reported(tmp_path: Path) -> None:
    problems = mistakes(tmp_path, "a1,,bukan,,instagrm,,,x,y,,@,,,z,")
    assert {problem.where.split()[-1] for problem in problems} == {
        "unit_name",
        "unit_kind",
        "platform",
        "handle",
        "norm_days",
        "grace_days",
        "head_email",
        "priority",
    }


def test_rows_of_one_unit_that_contradict_each_other_name_both_rows(tmp_path: Path) -> None:
    problems = mistakes(
        tmp_path,
        "a1,Dinas A,opd,,x,contoh_a,,,,,kepala@contoh.go.id,,,,",
        "a1,Dinas Lain,sekolah,,instagram,contoh_a,,,,,lain@contoh.go.id,,,,",
    )
    assert {problem.where.split()[-1] for problem in problems} == {"unit_name", "unit_kind", "head_email"}
    assert all("baris 2" in problem.what and problem.where.startswith("baris 3") for problem in problems)


def test_an_account_in_two_units_is_refused_even_when_only_its_id_is_the_same(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, "a1,Dinas A,opd,,x,lama,77,,,,,,,,", "a2,Dinas B,opd,,x,baru,77,,,,,,,,")
    assert "baris 2" in problem.what
    assert "unit a1" in problem.what


def test_a_unit_without_account_listed_twice_is_reported(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, DISTRICT, DISTRICT)
    assert problem.where == "baris 3, kolom unit_code"


def test_an_account_without_platform_is_reported(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, "a1,Dinas A,opd,,,contoh_a,,,,,,,,,")
    assert problem.where == "baris 2, kolom handle"


def test_the_region_may_be_a_parent_without_a_row(tmp_path: Path) -> None:
    assert register(tmp_path, DISTRICT).units[0].parent == "99.01"
    (problem,) = mistakes(tmp_path, DISTRICT, region="88.01")
    assert problem.where == "baris 2, kolom parent_code"


def test_parents_that_go_in_a_circle_are_reported_once(tmp_path: Path) -> None:
    (problem,) = mistakes(tmp_path, "a1,A,opd,a2,,,,,,,,,,,", "a2,B,opd,a3,,,,,,,,,,,", "a3,C,opd,a1,,,,,,,,,,,")
    assert "a1 > a2 > a3 > a1" in problem.what
    (problem,) = mistakes(tmp_path, "a1,A,opd,a1,,,,,,,,,,,")
    assert "dirinya sendiri" in problem.what


def test_a_village_under_the_wrong_district_is_reported(tmp_path: Path) -> None:
    other = DISTRICT.replace("99.01.01,Karangsono", "99.01.02,Ngrejo")
    (problem,) = mistakes(tmp_path, DISTRICT, other, "99.01.01.2001,Sukamaju,desa,99.01.02,,,,,,,,,,,")
    assert problem.where == "baris 4, kolom parent_code"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("990101", "kecamatan"),
        ("99:01:01", "kecamatan"),
        ("9901.0", "opd"),
        ("99.1", "opd"),
        ('"99,01"', "opd"),
        ("9.90E+09", "desa"),
        ("1999-01-01", "kecamatan"),
        ("99.01.1", "kecamatan"),
        ("99.01.01", "desa"),
        ("kode unit", "opd"),
    ],
)
def test_a_code_that_excel_has_mangled_is_explained(tmp_path: Path, code: str, kind: str) -> None:
    (problem,) = mistakes(tmp_path, f"{code},Unit,{kind},,,,,,,,,,,,")
    assert problem.where == "baris 2, kolom unit_code"
    assert "Excel" in problem.what or "33.16" in problem.remedy or "spasi" in problem.what


def test_numbers_typed_into_a_workbook_are_read_as_their_text(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        list(COLUMNS),
        [101, "Dinas A", "opd", 33.16, "x", "contoh_a", 123456789, 2, 1.0],
        [None] * 5,
        ["33.16.01", "Karangsono", "kecamatan", 33.16],
    )
    found = read_register(path)
    assert [unit.code for unit in found.units] == ["101", "33.16.01"]
    assert {unit.parent for unit in found.units} == {"33.16"}
    account = found.accounts[0]
    assert (account.platform_id, account.norm_days, account.grace_days) == ("123456789", 2, 1)


def test_a_workbook_names_the_row_that_excel_shows(tmp_path: Path) -> None:
    path = workbook(tmp_path, [], list(COLUMNS), [], ["a1", "Dinas A", "opd", "", "twiter", "contoh_a"])
    with pytest.raises(RegisterError) as caught:
        read_register(path)
    assert [problem.where for problem in caught.value.problems] == ["baris 4, kolom platform"]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["a1", "A", "opd", "", "x", "contoh", 1234567890123456789], "platform_id"),
        (["a1", "A", "opd", "", "x", "contoh", "1,23457E+18"], "platform_id"),
        (["a1", "=B7", "opd", "", "x", "contoh"], "unit_name"),
        (["a1", "#REF!", "opd", "", "x", "contoh"], "unit_name"),
        ([3316.0, "A", "kecamatan", ""], "unit_code"),
    ],
)
def test_a_cell_that_excel_has_changed_is_refused(tmp_path: Path, values: list[object], column: str) -> None:
    with pytest.raises(RegisterError) as caught:
        read_register(workbook(tmp_path, list(COLUMNS), values))
    assert [problem.where for problem in caught.value.problems] == [f"baris 2, kolom {column}"]


def test_a_second_sheet_with_rows_is_refused_instead_of_lost(tmp_path: Path) -> None:
    book = Workbook()
    for sheet in (book.active, book.create_sheet("Desa")):
        sheet.append(list(COLUMNS))
        sheet.append(["a1", "A", "opd"])
    book.save(tmp_path / "accounts.xlsx")
    with pytest.raises(RegisterError, match="Desa"):
        read_register(tmp_path / "accounts.xlsx")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tidak-ada.csv", None, "berkas tidak ada"),
        ("lama.xls", b"x", "jenis berkas"),
        ("rusak.xlsx", b"bukan zip", "bukan buku kerja Excel"),
        ("kosong.csv", b"", "berkas kosong"),
        ("cp1252.csv", HEADER.encode() + b"\na1,Caf\xe9,opd\n", "baris 2"),
        ("kutip.csv", HEADER.encode() + b'\na1,"Dinas A,opd\na2,Dinas B,opd\n', "tanda kutip"),
        ("tanpa-judul.csv", b"a1,Dinas A,opd\n", "judul kolom tidak ditemukan"),
        ("hanya-judul.csv", HEADER.encode() + b"\n", "tidak ada satu baris"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RegisterError, match=words):
        read_register(tmp_path / name)


def test_unknown_double_and_missing_columns_are_named(tmp_path: Path) -> None:
    problems = mistakes(tmp_path, header="unit_code,unit_nama,unit_kind,platform,platform,telepon")
    told = " ".join(str(problem) for problem in problems)
    assert 'Mungkin maksudnya "unit_name"' in told
    assert "'telepon'" in told
    assert "dua kali" in told
    assert "kolom unit_name tidak ada" in told
    assert "kolom handle tidak ada" in told


def test_a_comma_inside_an_unquoted_name_is_noticed(tmp_path: Path) -> None:
    problems = mistakes(tmp_path, "a1,Dinas Kesehatan, Bidang P2P,opd,,x,contoh_a,,,,,,,,,catatan")
    assert any("lebih banyak daripada judul" in problem.what for problem in problems)


def test_a_quote_that_swallows_the_next_rows_is_noticed(tmp_path: Path) -> None:
    problems = mistakes(tmp_path, 'a1,"Dinas A,opd', 'a2,Dinas B",opd,,,,,,,,,,,,')
    assert any("ganti baris" in problem.what for problem in problems)


def test_the_example_register_is_valid_and_complete() -> None:
    found = read_register(ROOT / "accounts.example.csv", "33.16")
    kinds = [unit.kind for unit in found.units]
    assert [kinds.count(kind) for kind in ("kecamatan", "desa", "kelurahan")] == [16, 271, 24]
    assert kinds.count("opd") >= 44
    assert kinds.count("rsud") == 2
    assert {"puskesmas", "sekolah", "bumd", "pejabat"} <= set(kinds)
    with_account = {account.unit for account in found.accounts}
    assert {unit.code for unit in found.units} - with_account
    assert {"x", "instagram", "facebook", "youtube", "tiktok", "website"} <= {a.platform for a in found.accounts}
    assert all("contoh" in account.handle for account in found.accounts)
    assert not any(unit.head_name or unit.head_email for unit in found.units)


@given(st.text(max_size=400))
def test_no_text_whatever_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("f") / "accounts.csv"
    path.write_bytes((HEADER + "\n" + text).encode("utf-8", "surrogatepass"))
    with suppress(RegisterError):
        assert read_register(path).units
