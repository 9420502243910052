"""The guide for staff shows only files that Pantau accepts, and names every column and every kind."""

import re
from pathlib import Path

import pytest

from pantau.accounts import ledgers, registry
from pantau.core.model import UNIT_KINDS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "panduan.md").read_text("utf-8")
READERS = {
    registry.COLUMNS: registry.read_register,
    ledgers.EXCUSE_COLUMNS: ledgers.read_excuses,
    ledgers.TRIP_COLUMNS: ledgers.read_trips,
    ledgers.APPROVAL_COLUMNS: ledgers.read_approvals,
    ledgers.SITUATION_COLUMNS: ledgers.read_situations,
}
SAMPLES = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_shows_a_sample_of_every_file() -> None:
    assert {tuple(sample.splitlines()[0].split(",")) for sample in SAMPLES} == set(READERS)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.split(",", 1)[0] + str(len(sample)))
def test_every_sample_of_the_guide_is_accepted(tmp_path: Path, sample: str) -> None:
    path = tmp_path / "contoh.csv"
    if "desa,33.16.01," in sample:  # the guide's excerpt leaves the district's own row out
        sample += "33.16.01,Jati,kecamatan,33.16,,,,,,,,,,,\n"
    path.write_text(sample, "utf-8")
    assert READERS[tuple(sample.splitlines()[0].split(","))](path)


def test_the_guide_names_every_column_kind_and_link_target() -> None:
    for name in (*registry.COLUMNS, *UNIT_KINDS, *ledgers.SITUATION_KINDS):
        assert f"`{name}`" in GUIDE, name
    for columns in READERS:
        assert all(f"`{column}`" in GUIDE for column in columns)
    anchors = {
        re.sub(r"[^\w\- ]", "", line[3:].lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
