"""Time in whole nights: midnight, mornings after, leap day, the turn of the year, months of a budget, offices of other zones."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.x_client import Meter
from jobs.collecting import pace_of_run
from jobs.commands.moments import MomentType, in_zone
from jobs.nightly import NightResult, run_night
from jobs.progress import Silent
from jobs.rerun import rerun
from pantau.checks.days import Calendar
from pantau.core.clock import WIB, day_end, day_start, days_between, local_day
from pantau.core.model import Cost, Window
from pantau.core.settings import TierNorm
from tests.jobs.periods_office import RecordedOffice, wib

WIT = ZoneInfo("Asia/Jayapura")
TALK = "Jadwal posyandu balita Selasa pukul 08.00 di balai desa nomor"


def office_with(tmp_path: Path, *moments: str, zone: str = "Asia/Jakarta") -> RecordedOffice:
    """One post at each moment (WIB), numbered in their order."""
    posts = [("x:@satu", wib(moment), f"{TALK} {n}.") for n, moment in enumerate(moments)]
    return RecordedOffice(tmp_path / "kantor", posts, zone=zone)


def ticking(start: datetime, minutes: float) -> Callable[[], datetime]:
    """A clock that goes on by so many minutes at every look."""
    looks = iter(range(10_000))
    return lambda: start + timedelta(minutes=minutes) * next(looks)


def told(office: RecordedOffice, result: NightResult) -> set[int]:
    """Numbers of the posts that belong to a run's window."""
    with office.store() as store:
        return {int(post.post_id) for post in store.posts.in_window(result.run.window)}


def test_a_night_that_ends_after_midnight_is_the_night_of_the_day_on_which_it_began(tmp_path: Path) -> None:
    office = office_with(tmp_path, "2026-11-20 23:50", "2026-11-20 23:57", "2026-11-21 00:05", "2026-11-21 12:00")
    begun = wib("2026-11-20 23:55")
    site = msgspec.structs.replace(office.site(begun), now=ticking(begun, 1.0))
    with office.store() as store:
        first = run_night(site, store, begun, Silent())
        ended = store.runs.get(first.run.run_id)
    assert ended is not None
    assert ended.finished_at is not None
    assert local_day(ended.finished_at) == date(2026, 11, 21)
    second = office.night(wib("2026-11-21"))
    assert (first.run.run_id, second.run.run_id) == ("n-20261120", "n-20261121")
    assert second.run.window == Window(begun, wib("2026-11-21"))
    assert (told(office, first), told(office, second)) == ({0}, {1, 2, 3})
    assert "20 November 2026" in office_text(office, "n-20261120")


def office_text(office: RecordedOffice, run_id: str) -> str:
    with office.store() as store:
        return " ".join((store.documents.get(run_id, "staff", "text") or b"").decode().split())


@pytest.mark.parametrize("morning", ["2026-11-21 00:10", "2026-11-21 07:00", "2026-11-21 11:59"])
def test_a_night_made_up_for_in_the_morning_does_not_take_the_place_of_the_next_one(
    tmp_path: Path, morning: str
) -> None:
    office = office_with(tmp_path, "2026-11-20 20:00", "2026-11-21 15:00")
    late, night = office.night(wib(morning)), office.night(wib("2026-11-21"))
    again = office.night(wib("2026-11-21 23:30"))
    with office.store() as store:
        mailed = {
            run.run_id: [mail.edition for mail in store.outbox.of_run(run.run_id)]
            for run in (late.run, night.run, again.run)
        }
    assert mailed == {"n-20261121": ["staff"], "n-20261121-2": ["staff"], "n-20261121-3": []}
    assert (told(office, late), told(office, night)) == ({0}, {1})


def test_the_leap_day_has_its_night_and_belongs_to_february(tmp_path: Path) -> None:
    office = office_with(tmp_path, "2028-02-28 10:00", "2028-02-29 10:00", "2028-02-29 23:59", "2028-03-01 00:00")
    results = office.nights("2028-02-28", "2028-03-01")
    assert [result.run.run_id for result in results] == ["n-20280228", "n-20280229", "n-20280301"]
    assert [told(office, result) - {3} for result in results] == [{0}, {1}, {2}]
    assert office.brought()["month:2028-02"] == ["n-20280301"]
    text = " ".join(office.document("month:2028-02", "text").decode().split())
    assert "Februari 2028" in text
    assert "2 dari 29 malam" in text


def test_the_week_of_the_turn_of_the_year_is_one_week(tmp_path: Path) -> None:
    office = office_with(tmp_path, "2026-12-31 23:59", "2027-01-01 00:01", "2027-01-03 23:59", "2027-01-04 00:00")
    office.nights("2026-12-30", "2027-01-04")
    assert office.brought()["week:2026-W53"] == ["n-20270104"]
    assert "week:2027-W53" not in office.brought()
    assert '"posts":3' in office.document("week:2026-W53", "json").decode().replace(" ", "")
    assert office.brought()["month:2026-12"] == ["n-20270101"]


@given(
    start=st.dates(date(2023, 1, 1), date(2033, 1, 1)),
    length=st.integers(0, 800),
    zone=st.sampled_from([WIB, WIT, ZoneInfo("Asia/Makassar")]),
)
def test_days_of_any_stretch_follow_each_other_without_gap_or_overlap(start: date, length: int, zone: ZoneInfo) -> None:
    days = days_between(start, start + timedelta(days=length))
    assert len(days) == length + 1
    for day, following in pairwise(days):
        assert day_end(day, zone) == day_start(following, zone)
        assert day_end(day, zone) - day_start(day, zone) == timedelta(hours=24)
    assert local_day(day_start(start, zone), zone) == start
    assert local_day(day_start(start, zone) - timedelta(microseconds=1), zone) == start - timedelta(days=1)


@given(start=st.dates(date(2027, 1, 1), date(2029, 1, 1)), length=st.integers(1, 60))
def test_silence_counts_every_day_of_the_calendar_also_the_leap_day(start: date, length: int) -> None:
    last = start + timedelta(days=length - 1)
    weekly = Calendar((), ()).silence("desa", TierNorm(days=7, grace=3), start, last, ())
    assert weekly.days == last.toordinal() - start.toordinal() + 1
    working = Calendar((), ()).silence("dinas", TierNorm(days=1, grace=2, unit="working"), start, last, ())
    assert working.days == sum(1 for n in range(length) if (start + timedelta(days=n)).isoweekday() <= 5)


@pytest.mark.parametrize(
    ("zone", "started", "counted_usd"),
    [
        ("Asia/Jakarta", "2026-12-31 23:55", 0.0),
        ("Asia/Jakarta", "2027-01-01 00:01", 1.5),
        ("Asia/Jayapura", "2026-12-31 22:10", 1.5),  # 00:10 on the first of January there
        ("Asia/Jayapura", "2026-12-31 21:50", 0.0),
    ],
)
def test_the_budget_of_a_month_begins_at_the_offices_midnight(
    tmp_path: Path, zone: str, started: str, counted_usd: float
) -> None:
    office = office_with(tmp_path, zone=zone)
    with office.store() as store:
        at = wib(started)
        run = store.runs.begin("nightly", "n-uji", Window(at - timedelta(days=1), at), at, at)
        store.costs.save(run.run_id, [Cost(platform="x", source="x-api", usd=1.5)])
        pace = pace_of_run(office.site(wib("2027-01-01 03:00")), store)
    assert pace.month_usd.get("x", 0.0) == counted_usd


@pytest.mark.parametrize(
    ("first", "second", "billed"),
    [
        ("2026-11-20 23:59", "2026-11-21 00:01", 1),  # midnight in Jakarta is no boundary for X
        ("2026-11-21 06:59", "2026-11-21 07:01", 2),  # midnight UTC is
        ("2028-02-29 07:01", "2028-03-01 06:59", 1),
    ],
)
def test_x_bills_a_post_once_a_day_of_utc(first: str, second: str, billed: int) -> None:
    meter = Meter()
    for at in (first, second):
        meter.add({"data": [{"id": "1"}]}, wib(at))
    assert meter.cost().posts_billed == billed


def test_days_of_a_rerun_are_days_of_the_offices_zone(tmp_path: Path) -> None:
    office = office_with(
        tmp_path, "2026-11-20 21:59", "2026-11-20 22:01", "2026-11-21 21:59", "2026-11-21 22:01", zone="Asia/Jayapura"
    )
    office.night(wib("2026-11-23"))
    with office.store() as store:
        day = date(2026, 11, 21)
        result = rerun(office.site(wib("2026-11-23 23:00")), store, day, day, Silent())
        found = {int(post.post_id) for post in store.posts.in_window(result.run.window)}
    assert found == {1, 2}
    assert result.correction.posts == 2
    assert result.run.window == Window(datetime(2026, 11, 20, 15, tzinfo=UTC), datetime(2026, 11, 21, 15, tzinfo=UTC))


@pytest.mark.parametrize("zone", [WIB, WIT, ZoneInfo("Asia/Makassar")])
def test_a_day_typed_for_a_night_is_a_day_of_the_offices_zone(zone: ZoneInfo) -> None:
    typed = MomentType()
    assert local_day(in_zone(typed.convert("2026-11-20", None, None), zone), zone) == date(2026, 11, 20)
    clock = in_zone(typed.convert("2026-11-20T21:00", None, None), zone)
    assert clock.astimezone(zone) == datetime(2026, 11, 20, 21, tzinfo=zone)
    exact = in_zone(typed.convert("2026-11-20T21:00+07:00", None, None), zone)
    assert exact == datetime(2026, 11, 20, 14, tzinfo=UTC)
