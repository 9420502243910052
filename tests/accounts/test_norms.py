from datetime import date

from pantau.accounts.norms import holiday_calendar, norm_for
from pantau.core.model import UNIT_KINDS, Account, Unit
from pantau.core.settings import Norms, TierNorm


def account(**given: int) -> Account:
    return Account(platform="x", handle="contoh", unit="u", **given)


def test_every_kind_of_unit_has_a_norm() -> None:
    for kind in UNIT_KINDS:
        norm = norm_for(account(), Unit(code="u", name="U", kind=kind), Norms())
        assert norm.days >= 1


def test_an_agency_posts_every_working_day_and_a_village_every_week() -> None:
    assert norm_for(account(), Unit(code="u", name="U", kind="opd"), Norms()) == TierNorm(
        days=1, grace=2, unit="working"
    )
    assert norm_for(account(), Unit(code="u", name="U", kind="desa"), Norms()) == TierNorm(
        days=7, grace=3, unit="calendar"
    )


def test_a_norm_of_the_account_itself_takes_precedence() -> None:
    village = Unit(code="u", name="U", kind="desa")
    assert norm_for(account(norm_days=14), village, Norms()) == TierNorm(days=14, grace=3)
    assert norm_for(account(grace_days=0), village, Norms()) == TierNorm(days=7, grace=0)


def test_holidays_include_public_ones_and_collective_leave() -> None:
    calendar = holiday_calendar(date(2025, 4, 1), date(2025, 4, 30))
    assert calendar.names[date(2025, 4, 18)] == "Wafat Yesus Kristus"
    assert "Cuti Bersama" in calendar.names[date(2025, 4, 2)]
    assert date(2025, 4, 9) not in calendar.days
    assert all(date(2025, 4, 1) <= day <= date(2025, 4, 30) for day in calendar.days)
    assert calendar.notes == ()


def test_a_year_without_decreed_leave_or_without_data_is_said() -> None:
    (note,) = holiday_calendar(date(2099, 1, 1), date(2099, 12, 31)).notes
    assert "Cuti bersama tahun 2099" in note
    calendar = holiday_calendar(date(1930, 1, 1), date(1930, 1, 2))
    assert calendar.days == frozenset()
    assert "1930" in calendar.notes[0]
