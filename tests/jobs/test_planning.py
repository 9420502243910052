"""Whose turn it is when a night cannot serve all accounts, and that the digest says so."""

import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.planning import LOOK_BACK_DAYS, plan_night
from pantau.core.model import Account, Reading, Unit, UnreadClass
from tests.jobs.office import NIGHT, Office, open_office
from tests.random_cases import cases

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def account(number: int, platform: str = "instagram") -> Account:
    return Account(platform=platform, handle=f"akun{number}", unit=str(number), platform_id=str(number))


def nights(
    count: int, room: int, accounts: list[Account], priority: dict[str, int], broken: set[str] | None = None
) -> list[set[str]]:
    """Which accounts were read on each of so many nights; ``broken`` ones fail for a reason of their own whenever asked."""
    units = {a.unit: Unit(code=a.unit, name=a.unit, kind="desa", priority=priority.get(a.key, 0)) for a in accounts}
    history: dict[str, list[Reading]] = {a.key: [] for a in accounts}
    read = []
    for night in range(count):
        at = AT + night * DAY
        plan = plan_night(accounts, units, history, dict.fromkeys(history, 10), {"instagram": room}, (), at)
        assert len(plan.accounts) + len(plan.postponed) == len(accounts)
        for one in plan.accounts:
            failed: UnreadClass = "blocked" if one.key in (broken or ()) else ""
            outcome = "unread" if failed else "read"
            history[one.key].append(Reading(account=one.key, outcome=outcome, unread_class=failed, checked_at=at))
        for one, reason in plan.postponed:
            history[one.key].append(
                Reading(account=one.key, outcome="unread", unread_class="rotation", reason=reason, checked_at=at)
            )
        read.append({one.key for one in plan.accounts})
    return read


@settings(max_examples=cases(30, 500), deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.dictionaries(st.integers(0, 39), st.integers(1, 3)), st.data())
def test_no_account_waits_for_ever_whatever_the_priorities(
    total: int, room: int, priorities: dict[int, int], data: st.DataObject
) -> None:
    accounts = [account(n) for n in range(total)]
    priority = {account(n).key: value for n, value in priorities.items()}
    broken = {account(n).key for n in data.draw(st.sets(st.integers(0, 39), max_size=10))}
    longest = min(LOOK_BACK_DAYS, 4 * -(-total // room) + 4)
    read = nights(longest * 2, room, accounts, priority, broken)
    for start in range(longest):
        seen = set().union(*read[start : start + longest])
        assert seen == {a.key for a in accounts} or longest == LOOK_BACK_DAYS
    assert all(len(keys) == min(room, total) for keys in read)


def test_with_room_for_a_third_priority_two_is_read_every_night_and_the_rest_every_third_or_fourth() -> None:
    accounts = [account(n) for n in range(30)]
    favoured = {account(n).key for n in range(2)}
    read = nights(24, 10, accounts, dict.fromkeys(favoured, 3))
    assert all(favoured <= keys for keys in read[6:])
    for one in accounts[2:]:
        turns = [night for night, keys in enumerate(read) if one.key in keys]
        assert max(later - earlier for earlier, later in itertools.pairwise(turns)) <= 4


def test_an_account_that_always_fails_takes_no_more_turns_than_others() -> None:
    accounts = [account(n) for n in range(9)]
    read = nights(18, 3, accounts, {}, broken={account(0).key, account(5).key})
    assert {sum(one.key in keys for keys in read) for one in accounts} == {6}


def test_platforms_without_a_limit_are_read_whole_and_accounts_read_before_a_kill_count() -> None:
    accounts = [account(n) for n in range(6)] + [account(n, "x") for n in range(10, 20)]
    units = {a.unit: Unit(code=a.unit, name=a.unit, kind="desa") for a in accounts}
    limits = {a.key: 10 for a in accounts}
    plan = plan_night(accounts[2:], units, {}, limits, {"instagram": 4}, accounts[:2], AT)
    assert sum(one.platform == "x" for one in plan.accounts) == 10
    assert sum(one.platform == "instagram" for one in plan.accounts) == 2
    assert "tiap 2 malam" in plan.postponed[0][1]


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        yield opened


def shown(office: Office, form: str = "text") -> str:
    result = office.run("digest", "show", "--format", form)
    assert result.returncode == 0, result.stderr
    return re.sub(r"\s+", " ", result.stdout)


def test_accounts_take_turns_and_the_digest_says_how_often_and_that_waiting_is_no_fault(office: Office) -> None:
    text = office.config.read_text().replace("first_days = 3000", "first_days = 3000\nmax_accounts = { x = 2 }")
    office.config.write_text(text)
    read: list[str] = []
    for night in range(3):
        office.x.now = lambda night=night: NIGHT + night * DAY + timedelta(hours=1)
        result = office.night(NIGHT + night * DAY)
        assert result.returncode == 0, result.stdout + result.stderr
        digest = json.loads(shown(office, "json"))
        assert digest["counts"]["waiting"] == 4
        assert digest["counts"]["unread"] == 0
        assert "X: 4 akun menunggu giliran; tiap akun diperiksa kira-kira tiap 3 malam" in shown(office)
    from pantau.store import open_store

    with open_store(f"sqlite:///{office.folder / 'data' / 'pantau.db'}") as store:
        for night in range(3):
            run_id = f"n-{NIGHT + night * DAY:%Y%m%d}"
            read += [r.account for r in store.readings.of_run(run_id) if r.outcome == "read" and r.account[0] == "x"]
    assert len(read) == len(set(read)) == 6


def test_a_run_for_one_platform_mails_nothing_and_its_posts_come_into_the_next_digest(office: Office) -> None:
    result = office.night(NIGHT - timedelta(hours=2), "--only", "instagram")
    assert result.returncode == 0, result.stdout + result.stderr
    assert not office.x.count()
    assert office.copies() == [0, 0, 0]
    page = next((office.folder / "data" / "runs").glob("*/digest.txt")).read_text()
    assert "hanya atas Instagram" in page
    assert "Rolex" in page
    assert "contoh_dpu" not in page
    assert "Unit tanpa akun terdaftar" not in page
    assert office.night().returncode == 0
    assert "Rolex" in shown(office)
    assert "matamu picek" in shown(office)
    assert office.copies() == [1, 1, 1]


def test_a_platform_that_is_not_read_is_refused_by_name(office: Office) -> None:
    result = office.night(NIGHT, "--only", "tiktok")
    assert result.returncode == 2
    assert "tiktok" in result.stderr
    assert "instagram, x" in result.stderr


def test_a_limit_for_a_misspelt_platform_starts_nothing(office: Office) -> None:
    text = office.config.read_text()
    office.config.write_text(text.replace("first_days = 3000", "first_days = 3000\ndeadlines_min = { instagrm = 5 }"))
    result = office.night()
    assert result.returncode == 2
    assert "collect.deadlines_min" in result.stderr
    assert "instagrm" in result.stderr


def test_a_platform_past_its_own_deadline_leaves_the_others_their_time(office: Office) -> None:
    text = office.config.read_text()
    office.config.write_text(text.replace("first_days = 3000", "first_days = 3000\ndeadlines_min = { instagram = 0 }"))
    result = office.night()
    assert result.returncode == 1, result.stderr
    data = json.loads(shown(office, "json"))
    assert {group["title"] for group in data["unread"]["groups"]} == {"Instagram: waktu pengambilan habis"}
    assert "matamu picek" in shown(office)


def test_the_months_budget_counts_what_earlier_nights_spent(office: Office) -> None:
    office.night()
    text = office.config.read_text()
    office.config.write_text(text.replace("[collect.instagram]", "budget_month_usd = 0.03\n[collect.instagram]"))
    result = office.night(NIGHT + DAY)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "collect.x.budget_month_usd = 0.03 dolar" in shown(office)
