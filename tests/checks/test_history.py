from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.checks.history import judge
from pantau.core.clock import WIB
from pantau.core.ledgers import Excuse
from pantau.core.model import Account, Observation, Outcome, Reading, Unit
from pantau.core.settings import TierNorm

TODAY = date(2025, 9, 26)  # a Friday
AGENCY = Unit(code="dinas", name="Dinas Contoh", kind="opd")
VILLAGE = Unit(code="desa", name="Desa Contoh", kind="desa")
ACCOUNT = Account(platform="x", handle="contoh", unit="desa", since=date(2025, 6, 1))
OTHER = Account(platform="x", handle="lain", unit="dinas", since=date(2025, 6, 1))
WEEKLY = TierNorm(days=7, grace=3)
DAILY = TierNorm(days=1, grace=2, unit="working")


def at(days_ago: int, hour: int = 20, today: date = TODAY) -> datetime:
    """A WIB clock time some days before today."""
    return datetime.combine(today - timedelta(days=days_ago), time(hour), WIB).astimezone(UTC)


def reading(days_ago: int = 0, outcome: Outcome = "read", account: Account = ACCOUNT, **fields: Any) -> Reading:
    fields = {
        "complete": outcome == "read",
        "source": "x-api",
        "reason": "" if outcome == "read" else outcome,
        **fields,
    }
    fields.setdefault("unread_class", "network" if outcome == "unread" else "")
    return Reading(account=account.key, outcome=outcome, checked_at=fields.pop("checked_at", at(days_ago)), **fields)


def states(
    tonight: Reading | None = None,
    *,
    posts: Iterable[datetime] = (),
    history: Sequence[Reading] = (),
    norm: TierNorm = WEEKLY,
    holidays: Iterable[date] = (),
    excuses: Iterable[Excuse] = (),
    now: datetime | None = None,
    others: Sequence[Reading] | None = None,
    previous: Iterable[Observation] = (),
    account: Account = ACCOUNT,
    units: Sequence[Unit] = (AGENCY, VILLAGE),
) -> dict[str, Observation]:
    tonight = tonight or reading(account=account)
    readings = [tonight, *([reading(account=OTHER, last_post_at=at(1))] if others is None else others)]
    found = judge(
        accounts=[account, OTHER],
        units=units,
        readings={item.account: item for item in readings},
        history={account.key: history},
        post_dates={account.key: sorted(posts)},
        norms={account.key: norm, OTHER.key: DAILY},
        holidays=frozenset(holidays),
        excuses=excuses,
        now=now or at(0),
        zone=WIB,
        gone_after_nights=3,
        previous={item.account: item for item in previous},
    )
    return {item.account: item for item in found}


def state(tonight: Reading | None = None, **given: Any) -> Observation:
    return states(tonight, **given)[given.get("account", ACCOUNT).key]


def test_an_account_that_posted_within_its_norm_is_active() -> None:
    seen = state(posts=[at(3)])
    assert seen.state == "active"
    assert (seen.norm_days, seen.limit_days, seen.last_post_at) == (7, 10, at(3))


def test_an_account_is_quiet_only_after_norm_and_grace_are_over() -> None:
    assert state(posts=[at(11)]).state == "active"
    seen = state(posts=[at(12)])
    assert (seen.state, seen.silent_days, seen.since) == ("quiet", 11, TODAY - timedelta(days=11))
    assert "11 hari" in seen.reason


def test_today_never_counts_since_it_is_not_over() -> None:
    for hour in (0, 2, 12, 23):
        assert state(posts=[at(11)], now=at(0, hour)).silent_days == 10


def test_an_agency_is_judged_by_working_days() -> None:
    friday, before = at(7), at(8)
    seen = state(posts=[friday], norm=DAILY)
    assert (seen.state, seen.silent_days, seen.day_unit) == ("quiet", 4, "working")
    assert "4 hari kerja" in seen.reason
    assert state(posts=[before], norm=DAILY).silent_days == 5
    monday = datetime.combine(date(2025, 9, 29), time(20), WIB)
    tonight = reading(checked_at=monday)
    assert state(tonight, posts=[at(1)], norm=DAILY, now=monday).silent_days == 1


def test_holidays_excuses_and_unread_days_are_taken_out_and_named() -> None:
    seen = state(
        posts=[at(16)],
        holidays=[TODAY - timedelta(days=2), TODAY - timedelta(days=3), TODAY],
        excuses=[Excuse(unit="desa", start=TODAY - timedelta(days=9), end=TODAY - timedelta(days=7), reason="cuti")],
        history=[reading(5, "unread"), reading(4, "read"), reading(8, "unread")],
    )
    assert (seen.state, seen.silent_days) == ("active", 9)
    assert seen.excluded == ("2 hari libur", "izin 3 hari", "1 hari tidak terperiksa")


def test_a_holiday_on_a_weekend_is_not_named_for_an_agency() -> None:
    assert state(posts=[at(7)], norm=DAILY, holidays=[date(2025, 9, 20), date(2025, 9, 22)]).excluded == (
        "1 hari libur",
    )


def test_an_excuse_of_another_unit_does_not_help() -> None:
    excuse = Excuse(unit="dinas", start=TODAY - timedelta(days=9), end=TODAY, reason="cuti")
    assert state(posts=[at(12)], excuses=[excuse]).state == "quiet"


def test_a_second_attempt_that_succeeded_makes_the_day_observed() -> None:
    history = [reading(5, "unread"), reading(checked_at=at(4, 2))]
    assert state(posts=[at(12)], history=history).silent_days == 11


def test_a_day_that_was_read_only_in_part_is_not_an_observed_day() -> None:
    assert state(posts=[at(12)], history=[reading(5, complete=False)]).silent_days == 10


def test_days_without_any_attempt_count_since_a_complete_reading_proves_them() -> None:
    assert state(posts=[at(30)], history=[reading(29), reading(28)]).silent_days == 29


def test_an_unread_account_is_never_called_quiet() -> None:
    seen = state(reading(outcome="unread", reason="Instagram meminta menunggu"), posts=[at(90)])
    assert (seen.state, seen.unread_class, seen.reason) == ("unread", "network", "Instagram meminta menunggu")
    assert (seen.silent_days, seen.last_post_at) == (0, at(90))


def test_an_account_without_any_reading_tonight_is_unread() -> None:
    seen = judge(
        accounts=[ACCOUNT],
        units=[VILLAGE],
        readings={},
        history={},
        post_dates={},
        norms={ACCOUNT.key: WEEKLY},
        holidays=frozenset(),
        excuses=(),
        now=at(0),
        zone=WIB,
        gone_after_nights=3,
        previous={},
    )
    assert [(item.state, item.unread_class) for item in seen] == [("unread", "stopped")]


def test_the_blind_time_begins_with_the_first_failed_night_of_the_row() -> None:
    history = [reading(9, "unread"), reading(8), reading(3, "unread"), reading(2, "unread"), reading(1, "unread")]
    assert state(reading(outcome="unread"), history=history).since == TODAY - timedelta(days=3)
    before = Observation(account=ACCOUNT.key, unit="desa", state="unread", since=date(2025, 5, 1))
    assert state(reading(outcome="unread"), history=history[2:], previous=[before]).since == date(2025, 5, 1)


def test_a_partial_reading_may_prove_activity_but_never_silence() -> None:
    partial = reading(complete=False)
    assert state(partial, posts=[at(3)]).state == "active"
    for posts in ([at(40)], []):
        seen = state(partial, posts=posts)
        assert (seen.state, seen.unread_class) == ("unread", "unproven")


def test_an_account_without_any_post_has_never_posted() -> None:
    seen = state()
    assert (seen.state, seen.since, seen.last_post_at) == ("never_posted", ACCOUNT.since, None)
    assert "01-06-2025" in seen.reason


def test_silence_before_the_account_was_known_is_not_counted() -> None:
    new = msgspec.structs.replace(ACCOUNT, since=TODAY - timedelta(days=2))
    assert state(account=new).silent_days == 2


def test_a_post_that_is_known_counts_even_when_it_is_older_than_the_register() -> None:
    new = msgspec.structs.replace(ACCOUNT, since=TODAY)
    seen = state(reading(last_post_at=at(400)), account=new)
    assert (seen.state, seen.silent_days) == ("quiet", 399)


def test_the_newest_post_counts_wherever_it_was_seen() -> None:
    assert state(posts=[at(30)], history=[reading(20, last_post_at=at(4))]).silent_days == 3
    assert state(posts=[at(12), at(-1)]).silent_days == 11  # a premiere announced for tomorrow is no post yet


def test_a_private_account_is_private_at_once_and_since_its_first_private_night() -> None:
    history = [reading(4), reading(3, "private"), reading(2, "unread"), reading(1, "private")]
    seen = state(reading(outcome="private"), history=history, posts=[at(90)])
    assert (seen.state, seen.since) == ("private", TODAY - timedelta(days=3))


LOST_TWICE = [reading(2, "missing"), reading(1, "missing")]


def test_a_missing_account_is_not_known_before_enough_nights_have_passed() -> None:
    seen = state(reading(outcome="missing"), history=LOST_TWICE[1:])
    assert (seen.state, seen.unread_class) == ("unread", "unproven")
    assert "malam ke-2 dari 3" in seen.reason


def test_nights_alone_do_not_make_an_account_gone() -> None:
    seen = state(reading(outcome="missing"), history=LOST_TWICE)
    assert (seen.state, seen.unread_class) == ("unread", "unproven")
    assert "petunjuk kedua" in seen.reason


@pytest.mark.parametrize("signal", ["suspended", "other source", "known id"])
def test_enough_nights_and_a_second_signal_make_an_account_gone(signal: str) -> None:
    account = msgspec.structs.replace(ACCOUNT, platform_id="77") if signal == "known id" else ACCOUNT
    last = reading(
        outcome="suspended" if signal == "suspended" else "missing",
        source="x-web" if signal == "other source" else "x-api",
        account=account,
    )
    seen = state(last, history=LOST_TWICE, account=account)
    assert (seen.state, seen.since) == ("gone", TODAY - timedelta(days=2))
    assert "3 malam" in seen.reason


def test_a_site_that_was_read_before_is_gone_after_enough_nights_and_a_mistyped_address_never() -> None:
    site = Account(platform="website", handle="desa.contoh.go.id", unit="desa")
    other = reading(account=Account(platform="website", handle="lain.go.id", unit="dinas"))
    lost = [reading(days, "missing", site, source="dns") for days in (2, 1)]

    def judged(history: list[Reading], previous: Sequence[Observation] = ()) -> str:
        found = judge(
            accounts=[site, Account(platform="website", handle="lain.go.id", unit="dinas")],
            units=[AGENCY, VILLAGE],
            readings={one.account: one for one in (reading(0, "missing", site, source="dns"), other)},
            history={site.key: history},
            post_dates={},
            norms={site.key: WEEKLY, other.account: DAILY},
            holidays=(),
            excuses=(),
            now=at(0),
            zone=WIB,
            gone_after_nights=3,
            previous={item.account: item for item in previous},
        )
        return next(one.state for one in found if one.account == site.key)

    assert judged(lost) == "unread"
    assert judged([reading(9, "read", site), *lost]) == "gone"
    was_gone = Observation(account=site.key, unit="desa", state="gone")
    assert judged(lost, [was_gone]) == "gone", "what made it gone may be older than the history that is looked at"


def test_nights_on_which_it_was_not_its_turn_do_not_break_the_row() -> None:
    turn = {"outcome": "unread", "unread_class": "rotation"}
    history = [reading(4, "suspended"), reading(3, **turn), reading(2, "suspended"), reading(1, **turn)]
    assert state(reading(outcome="suspended"), history=history).state == "gone"
    assert state(reading(outcome="suspended"), history=history[1:]).state == "unread"


@pytest.mark.parametrize("between", ["unread", "read", "private"])
def test_a_night_in_between_breaks_the_row(between: Outcome) -> None:
    history = [reading(4, "suspended"), reading(3, "suspended"), reading(2, between), reading(1, "suspended")]
    assert state(reading(outcome="suspended"), history=history).state == "unread"


def test_several_attempts_of_one_night_count_once() -> None:
    history = [reading(checked_at=at(0, hour), outcome="suspended") for hour in (14, 16, 18)]
    assert state(reading(outcome="suspended"), history=history).state == "unread"


def test_nobody_is_called_gone_while_the_whole_platform_is_dark() -> None:
    dark = [reading(account=OTHER, outcome="unread")]
    seen = state(reading(outcome="suspended"), history=[reading(2, "suspended"), reading(1, "suspended")], others=dark)
    assert (seen.state, seen.unread_class) == ("unread", "unproven")
    assert "akun lain" in seen.reason


EXCUSE = Excuse(unit="desa", start=TODAY - timedelta(days=5), end=TODAY, reason="akun sedang dipulihkan")


@pytest.mark.parametrize("outcome", ["read", "private", "missing", "suspended"])
def test_an_excuse_covers_silence_and_absence(outcome: Outcome) -> None:
    seen = state(reading(outcome=outcome), posts=[at(40)], excuses=[EXCUSE])
    assert (seen.state, seen.reason, seen.since) == ("excused", "akun sedang dipulihkan", EXCUSE.start)


def test_an_excuse_does_not_hide_that_we_failed_to_look() -> None:
    assert state(reading(outcome="unread"), posts=[at(40)], excuses=[EXCUSE]).state == "unread"


def test_an_account_that_posts_during_its_excuse_is_active() -> None:
    assert state(posts=[at(2)], excuses=[EXCUSE]).state == "active"


def test_after_the_excuse_its_days_stay_out_of_the_count() -> None:
    over = Excuse(unit="desa", start=TODAY - timedelta(days=12), end=TODAY - timedelta(days=3), reason="cuti")
    seen = state(posts=[at(14)], excuses=[over])
    assert (seen.state, seen.silent_days) == ("active", 3)


def test_a_unit_without_any_account_is_unregistered_since_it_was_first_seen_so() -> None:
    lonely = Unit(code="sepi", name="Desa Sepi", kind="desa")
    before = Observation(account="unit:sepi", unit="sepi", state="unregistered", since=date(2025, 9, 1))
    seen = states(units=(AGENCY, VILLAGE, lonely), previous=[before])
    assert (seen["unit:sepi"].state, seen["unit:sepi"].since) == ("unregistered", date(2025, 9, 1))
    assert states(units=(lonely,))["unit:sepi"].since == TODAY


def test_a_quiet_streak_keeps_its_beginning_over_nights_that_failed() -> None:
    begun = state(posts=[at(12)]).since
    later = at(-3)
    tonight = reading(checked_at=later)
    failed = [reading(-1, "unread"), reading(-2, "unread")]
    assert state(tonight, posts=[at(12)], history=failed, now=later).since == begun


outcomes = st.sampled_from(["read", "missing", "suspended", "private", "unread"])
histories = st.lists(st.builds(reading, st.integers(1, 60), outcomes), max_size=25)
post_lists = st.lists(st.builds(at, st.integers(0, 80), st.integers(0, 23)), max_size=6)
day_sets = st.frozensets(st.integers(0, 60).map(lambda n: TODAY - timedelta(days=n)), max_size=12)
excuse_lists = st.lists(
    st.builds(
        lambda start, length: Excuse(
            unit="desa",
            start=TODAY - timedelta(days=start),
            end=TODAY - timedelta(days=start - length),
            reason="izin",
        ),
        st.integers(-3, 60),
        st.integers(0, 12),
    ),
    max_size=3,
)
norms = st.builds(
    TierNorm, days=st.integers(1, 10), grace=st.integers(0, 5), unit=st.sampled_from(["working", "calendar"])
)
tonights = st.builds(reading, st.just(0), outcomes)
worlds = st.fixed_dictionaries(
    {"posts": post_lists, "history": histories, "norm": norms, "holidays": day_sets, "excuses": excuse_lists}
)


@given(tonights, worlds)
def test_a_failed_night_is_always_unread_and_unread_is_never_a_reproach(
    tonight: Reading, world: dict[str, Any]
) -> None:
    seen = state(tonight, **world)
    assert (tonight.outcome != "unread") or seen.state == "unread"
    if seen.state == "unread":
        assert seen.unread_class
        assert seen.reason
        assert seen.silent_days == 0
    if seen.state in ("quiet", "never_posted"):
        assert tonight.outcome == "read"


@given(worlds, st.integers(1, 60))
def test_one_more_unread_day_never_lengthens_the_silence(world: dict[str, Any], days_ago: int) -> None:
    more = {**world, "history": [*world["history"], reading(days_ago, "unread")]}
    assert state(**more).silent_days <= state(**world).silent_days


@given(worlds)
def test_a_post_today_or_yesterday_ends_every_silence(world: dict[str, Any]) -> None:
    for when in (at(0, 8), at(1)):
        posted = {**world, "posts": [*world["posts"], when]}
        assert state(**posted).silent_days == 0
        assert state(**posted).state in ("active", "excused")


@given(worlds, st.integers(0, 80))
def test_an_older_post_never_lengthens_the_silence(world: dict[str, Any], days_ago: int) -> None:
    if world["posts"]:
        more = {**world, "posts": [*world["posts"], at(days_ago)]}
        assert state(**more).silent_days <= state(**world).silent_days


@given(st.data())
def test_every_account_and_every_unit_alone_gets_exactly_one_state_in_any_order(data: st.DataObject) -> None:
    kinds = st.tuples(st.sampled_from(["x", "instagram"]), st.integers(0, 5))
    accounts = [
        Account(platform=platform, handle=f"a{n}", unit=f"u{n % 4}")
        for platform, n in sorted(data.draw(st.sets(kinds, max_size=10)))
    ]
    units = [Unit(code=f"u{n}", name="U", kind="desa") for n in range(6)]
    readings = {a.key: reading(0, data.draw(outcomes), a) for a in accounts if data.draw(st.booleans())}
    history = {a.key: [msgspec.structs.replace(r, account=a.key) for r in data.draw(histories)] for a in accounts}
    excuses = [msgspec.structs.replace(e, unit="u1") for e in data.draw(excuse_lists)]

    def run(accounts: list[Account], units: list[Unit], turned: bool) -> list[Observation]:
        step = -1 if turned else 1
        return judge(
            accounts=accounts,
            units=units,
            readings=dict(list(readings.items())[::step]),
            history={key: items[::step] for key, items in history.items()},
            post_dates={},
            norms={a.key: WEEKLY for a in accounts},
            holidays=frozenset(),
            excuses=excuses[::step],
            now=at(0),
            zone=WIB,
            gone_after_nights=2,
            previous={},
        )

    found = run(accounts, units, False)
    alone = {unit.code for unit in units} - {a.unit for a in accounts}
    assert sorted(item.account for item in found) == sorted(
        [a.key for a in accounts] + [f"unit:{code}" for code in alone]
    )
    assert {item.account for item in found if item.state == "unregistered"} == {f"unit:{code}" for code in alone}
    assert run(data.draw(st.permutations(accounts)), data.draw(st.permutations(units)), True) == found
