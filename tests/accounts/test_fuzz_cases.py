"""Files of the office that ``make fuzz`` found or led to: each ended in an exception instead of words."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pantau.accounts import workbook as workbook_module
from pantau.accounts.registry import COLUMNS, read_register
from pantau.accounts.values import Mistake, parse_whole
from pantau.checks.load import load_rule_file
from pantau.core.errors import RegisterError, RuleError, SettingsError
from pantau.core.settings_file import load_settings
from tests.accounts.helpers import mistakes, workbook
from tests.checks.material import DAY, FIXTURES

ROW = ["a1", "Dinas A", "opd", "", "x", "contoh_a"]
ENDLESS = {"endless number": "x = " + "9" * 5000, "endless nesting": "x = " + "[" * 5000}


def changed(tmp_path: Path, part: str, change: Callable[[bytes], bytes | None]) -> Path:
    """A good workbook with one part changed, or without it."""
    path = workbook(tmp_path, list(COLUMNS), list(ROW))
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            kept = change(data) if name == part else data
            if kept is not None:
                packed.writestr(name, kept)
    return path


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("damage", ["cut", "gone", "no XML"])
def test_a_workbook_with_a_damaged_part_is_named_as_one(tmp_path: Path, part: str, damage: str) -> None:
    ways: dict[str, Callable[[bytes], bytes | None]] = {
        "cut": lambda data: data[: len(data) // 2], "gone": lambda _data: None, "no XML": lambda _data: b"https://["
    }  # fmt: skip
    path = changed(tmp_path, part, ways[damage])
    said = ""
    try:
        read_register(path)  # some parts are not needed
    except RegisterError as error:
        said = str(error)
    assert not said or "bukan buku kerja Excel yang utuh" in said or "kosong" in said
    assert said or part == "xl/styles.xml", "a damaged list was taken"


def test_a_cell_that_claims_a_place_far_below_is_refused_and_not_walked_to(tmp_path: Path) -> None:
    path = changed(tmp_path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'r="2"', b'r="999999999"'))
    with pytest.raises(RegisterError, match=f"lebih dari {workbook_module.MAX_ROWS} baris"):
        read_register(path)


def test_a_workbook_that_unpacks_to_more_than_an_office_writes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_module, "MAX_BYTES", 2_000_000)
    path = changed(tmp_path, "xl/styles.xml", lambda data: data + b" " * 3_000_000)
    with pytest.raises(RegisterError, match="lebih besar dari 2 MB"):
        read_register(path)


def test_a_number_of_thousands_of_digits_is_no_number_of_days(tmp_path: Path) -> None:
    with pytest.raises(Mistake):
        parse_whole("9" * 5000, 1, 366)
    assert "bukan bilangan bulat" in str(mistakes(tmp_path, f"a1,Dinas A,opd,,x,contoh_a,,{'9' * 5000}")[0])


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_endless_numbers_and_nesting_are_mistakes_of_settings_and_rules(tmp_path: Path, text: str) -> None:
    (tmp_path / "pantau.toml").write_text(text)
    with pytest.raises(SettingsError, match="bukan TOML yang sah"):
        load_settings(tmp_path / "pantau.toml")
    (tmp_path / "try-me.toml").write_text(text)
    with pytest.raises(RuleError, match="bukan TOML yang sah"):
        load_rule_file(tmp_path / "try-me.toml", [FIXTURES / "rules"], DAY)
