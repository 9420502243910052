import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pantau.accounts.ledgers import (
    APPROVAL_COLUMNS,
    EXCUSE_COLUMNS,
    SITUATION_COLUMNS,
    SITUATION_KINDS,
    TRIP_COLUMNS,
    read_approvals,
    read_excuses,
    read_situations,
    read_trips,
)
from pantau.accounts.office_files import read_office_files
from pantau.accounts.registry import read_register
from pantau.core.errors import RegisterError
from pantau.core.settings import Files, Office, Settings
from tests.accounts.helpers import HEADER, workbook, write

ROOT = Path(__file__).resolve().parents[2]
UNITS = ("dinkes", "99.01.01", "99.01.01.2001")


def test_an_approval_is_read_with_local_times(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ";".join(APPROVAL_COLUMNS),
        "dinkes;IG;10/09/2025 09.00;Jadwal posyandu bulan ini;Ibu Contoh;10 September 2025 pukul 08.15",
    )
    (approval,) = read_approvals(path, UNITS)
    assert approval.platform == "instagram"
    assert approval.planned_at == datetime(2025, 9, 10, 2, tzinfo=UTC)
    assert approval.approved_at == datetime(2025, 9, 10, 1, 15, tzinfo=UTC)


def test_a_trip_without_end_lasts_one_day_and_stays_in_the_country(tmp_path: Path) -> None:
    path = write(tmp_path, ",".join(TRIP_COLUMNS), "dinkes,Ibu Contoh,Kota Semarang,,10/09/2025,,,")
    (trip,) = read_trips(path, UNITS)
    assert (trip.start, trip.end, trip.country, trip.reported_at) == (
        date(2025, 9, 10),
        date(2025, 9, 10),
        "Indonesia",
        None,
    )


def test_a_situation_names_areas_or_the_whole_region(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ",".join(SITUATION_COLUMNS),
        '2025-09-01,2025-09-10,"99.01.01, 99.01.01.2001",Banjir,Banjir Karangsono',
        "2025-09-01,2025-09-10,,duka,Hari duka",
        "2025-09-01,2025-09-10,99.01,pemilu,Masa kampanye",
    )
    flood, mourning, election = read_situations(path, UNITS, "99.01")
    assert flood.area_codes == ("99.01.01", "99.01.01.2001")
    assert flood.kind == "banjir"
    assert mourning.area_codes == election.area_codes == ()


def test_every_kind_of_situation_that_a_shipped_rule_asks_for_is_known() -> None:
    rules = [tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "rules").glob("*/*.toml")]
    wanted = {kind for rule in rules for kind in rule.get("match", {}).get("situations", [])}
    assert wanted
    assert wanted <= set(SITUATION_KINDS)


def test_an_excuse_is_read_from_a_workbook_with_date_cells(tmp_path: Path) -> None:
    row = ["dinkes", datetime(2025, 9, 1), date(2025, 9, 5), "operator cuti"]
    path = workbook(tmp_path, list(EXCUSE_COLUMNS), row, name="excuses.xlsx")
    (excuse,) = read_excuses(path, UNITS)
    assert (excuse.start, excuse.end, excuse.reason) == (date(2025, 9, 1), date(2025, 9, 5), "operator cuti")


@pytest.mark.parametrize(
    ("reader", "columns", "line", "where"),
    [
        (read_approvals, APPROVAL_COLUMNS, "dinkez,x,,Jadwal posyandu,Ibu,10/09/2025", "unit_code"),
        (read_approvals, APPROVAL_COLUMNS, "dinkes,twiter,,Jadwal posyandu,Ibu,10/09/2025", "platform"),
        (read_approvals, APPROVAL_COLUMNS, "dinkes,x,,ok,Ibu,10/09/2025", "url_or_caption"),
        (read_approvals, APPROVAL_COLUMNS, "dinkes,x,,Jadwal posyandu,,10/09/2025", "approved_by"),
        (read_approvals, APPROVAL_COLUMNS, "dinkes,x,,Jadwal posyandu,Ibu,", "approved_at"),
        (read_approvals, APPROVAL_COLUMNS, "dinkes,x,besok,Jadwal posyandu,Ibu,10/09/2025", "planned_at"),
        (read_trips, TRIP_COLUMNS, "dinkes,Ibu,Semarang,,10/09/2025,01/09/2025,,", "end"),
        (read_trips, TRIP_COLUMNS, "dinkes,,Semarang,,10/09/2025,,,", "traveller"),
        (read_situations, SITUATION_COLUMNS, "2025-09-01,2025-09-10,99.02,banjir,Banjir", "area_codes"),
        (read_situations, SITUATION_COLUMNS, "2025-09-01,2025-09-10,,bajir,Banjir", "kind"),
        (read_situations, SITUATION_COLUMNS, "2025-09-01,,,banjir,Banjir", "end"),
        (read_excuses, EXCUSE_COLUMNS, "dinkes,01/09/2025,01/09/2062,cuti", "end"),
        (read_excuses, EXCUSE_COLUMNS, "dinkes,01/09/2025,05/09/2025,", "reason"),
    ],
)
def test_a_mistake_in_a_side_file_names_its_cell(tmp_path: Path, reader, columns, line: str, where: str) -> None:
    with pytest.raises(RegisterError) as caught:
        reader(write(tmp_path, ",".join(columns), line), UNITS)
    assert [problem.where for problem in caught.value.problems] == [f"baris 2, kolom {where}"]


def test_a_side_file_that_the_office_does_not_keep_is_empty() -> None:
    assert read_approvals(None) == read_trips(None) == read_situations(None) == read_excuses(None) == ()


def test_a_side_file_that_is_named_but_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="berkas tidak ada"):
        read_trips(tmp_path / "trips.csv")


def test_mistakes_of_all_files_are_reported_together(tmp_path: Path) -> None:
    write(tmp_path, HEADER, "dinkes,Dinas Kesehatan,opd,,twiter,contoh,,,,,,,,,")
    write(tmp_path, ",".join(EXCUSE_COLUMNS), "dinkes,kemarin,besok,cuti", name="excuses.csv")
    files = Files(trips="tidak-ada.csv", excuses="excuses.csv")
    with pytest.raises(RegisterError) as caught:
        read_office_files(Settings(files=files, base_dir=tmp_path))
    named = [Path(problem.file).name for problem in caught.value.problems]
    assert named == ["accounts.csv", "tidak-ada.csv", "excuses.csv", "excuses.csv"]


def test_files_that_settings_do_not_name_are_not_looked_for(tmp_path: Path) -> None:
    write(tmp_path, HEADER, "dinkes,Dinas Kesehatan,opd,,x,contoh,,,,,,,,,")
    found = read_office_files(Settings(base_dir=tmp_path))
    assert found.ledgers.trips == ()
    assert len(found.register.accounts) == 1


def test_the_example_files_fit_the_example_register() -> None:
    files = Files(
        accounts="accounts.example.csv",
        approvals="docs/examples/approvals.example.csv",
        trips="docs/examples/trips.example.csv",
        situations="docs/examples/situations.example.csv",
        excuses="docs/examples/excuses.example.csv",
    )
    found = read_office_files(Settings(files=files, office=Office(region_code="33.16"), base_dir=ROOT))
    ledgers = found.ledgers
    assert all((ledgers.approvals, ledgers.trips, ledgers.situations, ledgers.excuses))
    assert read_register(ROOT / "accounts.example.csv").units == found.register.units
