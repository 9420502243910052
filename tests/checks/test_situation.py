"""Rules that speak only while people of that area are in hardship."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pantau.checks.engine import Checker
from pantau.checks.kinds.situation import holding
from pantau.core.ledgers import Situation
from pantau.core.model import Unit
from tests.checks.material import post, rulebook

FLOOD = Situation(
    start=date(2026, 1, 8), end=date(2026, 1, 10), area_codes=("99.01.05",), kind="banjir", title="Banjir Karangsono"
)
UNITS = {
    unit.code: unit
    for unit in (
        Unit(code="99.01", name="Kabupaten Wanajati", kind="opd"),
        Unit(code="dinas", name="Dinas Wisata", kind="opd", parent="99.01"),
        Unit(code="99.01.05", name="Kecamatan Karangsono", kind="kecamatan", parent="99.01"),
        Unit(code="99.01.05.2001", name="Desa Sukamaju", kind="desa", parent="99.01.05"),
        Unit(code="99.01.06", name="Kecamatan Lorjati", kind="kecamatan", parent="99.01"),
        Unit(code="sd-1", name="SD Negeri 1 Sukamaju", kind="sekolah", parent="99.01.05.2001"),
        Unit(code="sd-2", name="SD Negeri 2 Lorjati", kind="sekolah", parent="99.01.06"),
    )
}


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def party(moment: datetime, unit: str, situations=(FLOOD,), zone: ZoneInfo | None = None) -> list[str]:
    checker = Checker(rulebook(), situations=situations, units=UNITS, **({"zone": zone} if zone else {}))
    item = msgspec.structs.replace(post(1, "Pesta malam ini!"), published_at=moment)
    return [e.note for f in checker.check([item], {"x:1": unit}).findings for e in f.evidence]


@pytest.mark.parametrize(
    ("unit", "touched"),
    [
        ("99.01.05", True),
        ("99.01.05.2001", True),
        ("sd-1", True),
        ("dinas", True),
        ("99.01.06", False),
        ("sd-2", False),
        ("nobody", True),
    ],
)
def test_a_flood_touches_the_units_whose_area_it_shares(unit, touched):
    assert bool(party(at(9), unit)) is touched


def test_a_flooded_village_touches_its_district_but_not_its_neighbour():
    village = msgspec.structs.replace(FLOOD, area_codes=("99.01.05.2002",))
    assert party(at(9), "99.01.05", (village,))
    assert not party(at(9), "99.01.05.2001", (village,))


def test_without_area_codes_the_whole_region_is_meant():
    assert party(at(9), "sd-2", (msgspec.structs.replace(FLOOD, area_codes=()),))


def test_both_days_are_inside_and_days_are_those_of_the_readers():
    assert not party(at(7, 16), "dinas")
    assert party(at(7, 17), "dinas")
    assert party(at(10, 16), "dinas")
    assert not party(at(10, 17), "dinas")
    assert party(at(10, 16), "dinas", zone=ZoneInfo("UTC"))
    assert party(at(10, 23), "dinas", zone=ZoneInfo("UTC"))


def test_the_same_post_is_silent_on_an_ordinary_day_and_in_another_kind_of_situation():
    assert party(at(9), "dinas", ()) == []
    assert party(at(9), "dinas", (msgspec.structs.replace(FLOOD, kind="pemilu"),)) == []


def test_the_finding_names_the_situation():
    assert party(at(9), "dinas") == ["Keadaan saat unggahan terbit: Banjir Karangsono (08-01-2026 s.d. 10-01-2026)"]


def test_parents_that_form_a_circle_do_not_hang():
    units = {code: Unit(code=code, name=code, kind="desa", parent=other) for code, other in (("a", "b"), ("b", "a"))}
    assert holding(["banjir"], [FLOOD], units["a"], units, date(2026, 1, 9)) is None


def test_situations_may_be_changed_without_compiling_again():
    checker = Checker(rulebook())
    item = msgspec.structs.replace(post(1, "Pesta malam ini!"), published_at=at(9))
    assert not checker.check([item], {"x:1": "dinas"}).findings
    assert checker.within((FLOOD,), UNITS).check([item], {"x:1": "dinas"}).findings
    assert not checker.check([item], {"x:1": "dinas"}).findings
