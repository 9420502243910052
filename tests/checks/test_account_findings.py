from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pantau.checks.history import CategoryCounts, RuleHead, account_findings
from pantau.core.clock import WIB
from pantau.core.model import ACCOUNT_STATES, Account, AccountState, Category, Finding, Observation, Unit
from pantau.core.settings import Norms

NOW = datetime(2025, 9, 26, 13, tzinfo=UTC)
ACCOUNT = Account(platform="instagram", handle="contoh_desa", unit="desa")
UNITS = [Unit(code="desa", name="Desa Contoh", kind="desa")]
IDS = {
    "account-quiet": "AKT",
    "never-posted": "AKT",
    "unit-without-account": "AKT",
    "account-gone": "AKT",
    "account-private": "AKT",
    "no-useful-post": "KIN",
    "low-useful-share": "KIN",
}
RULES = {
    rule_id: RuleHead(
        rule_id=rule_id, family=family, level="sedang", message="Perlu dicek: ...", basis="Arahan", version=3
    )
    for rule_id, family in IDS.items()
}


def observed(state: AccountState, **fields: Any) -> Observation:
    account = "unit:desa" if state == "unregistered" else ACCOUNT.key
    fields = {"since": date(2025, 9, 3), "silent_days": 12, "limit_days": 10, "reason": "alasan", **fields}
    return Observation(account=account, unit="desa", state=state, **fields)


def findings(
    *observations: Observation,
    posts: list[tuple[datetime, Category]] | None = None,
    rules: dict[str, RuleHead] = RULES,
    now: datetime = NOW,
) -> list[Finding]:
    counts = {ACCOUNT.key: CategoryCounts.of(posts or [])}
    return account_findings(observations, [ACCOUNT], UNITS, rules, counts, Norms(), now, WIB)


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ("quiet", "account-quiet"),
        ("never_posted", "never-posted"),
        ("unregistered", "unit-without-account"),
        ("gone", "account-gone"),
        ("private", "account-private"),
    ],
)
def test_each_inactive_state_has_its_rule_and_shows_its_reason(state: AccountState, rule: str) -> None:
    (finding,) = findings(observed(state))
    assert (finding.rule_id, finding.family, finding.strength, finding.unit) == (rule, "AKT", "flag", "desa")
    assert (finding.rule_version, finding.level, finding.subject) == (3, "sedang", "2025-09-03")
    (evidence,) = finding.evidence
    assert evidence.quote
    assert evidence.quote == evidence.quote[evidence.start : evidence.end]


def test_a_quiet_account_shows_its_last_post_its_days_and_what_was_taken_out() -> None:
    item = observed(
        "quiet", last_post_at=datetime(2025, 9, 1, 20, tzinfo=UTC), day_unit="working", excluded=("2 hari libur",)
    )
    (finding,) = findings(item)
    assert finding.evidence[0].quote == "unggahan terakhir: 02-09-2025; 12 hari kerja terhitung, batas 10 hari kerja"
    assert finding.evidence[0].note == "tidak dihitung: 2 hari libur"
    assert finding.url == "https://www.instagram.com/contoh_desa/"


@pytest.mark.parametrize("state", ["active", "unread", "excused"])
def test_active_unread_and_excused_accounts_are_never_reproached(state: AccountState) -> None:
    assert findings(observed(state)) == []


def test_every_state_is_either_a_finding_or_none() -> None:
    flagged = {state for state in ACCOUNT_STATES if findings(observed(state))}
    assert flagged == {"quiet", "never_posted", "unregistered", "gone", "private"}


def test_an_unused_account_gets_its_norm_and_grace_first() -> None:
    assert findings(observed("never_posted", silent_days=10, limit_days=10)) == []
    assert findings(observed("never_posted", silent_days=11, limit_days=10))


def test_the_key_stays_the_same_while_the_state_lasts_and_changes_with_a_new_one() -> None:
    (first,) = findings(observed("quiet", silent_days=11))
    (later,) = findings(observed("quiet", silent_days=25), now=NOW + timedelta(days=14))
    (again,) = findings(observed("quiet", since=date(2025, 11, 1)))
    assert first.key == later.key
    assert first.key != again.key


def test_a_rule_that_is_not_active_says_nothing() -> None:
    assert findings(observed("quiet"), rules={}) == []


def test_a_unit_that_left_the_register_is_not_reproached() -> None:
    assert account_findings([observed("unregistered")], [], [], RULES, {}, Norms(), NOW, WIB) == []


def posts(*plan: tuple[int, Category]) -> list[tuple[datetime, Category]]:
    return [(NOW - timedelta(days=days_ago), category) for days_ago, category in plan]


def test_an_account_that_posts_nothing_useful_for_weeks_is_asked_about() -> None:
    useless = posts((28, "layanan"), (20, "ucapan"), (10, "seremonial"), (1, "ucapan"))
    (finding,) = findings(observed("active"), posts=useless)
    assert (finding.rule_id, finding.strength) == ("no-useful-post", "review")
    assert "3 unggahan sejak unggahan berguna terakhir, 29-08-2025" in finding.evidence[0].quote


@pytest.mark.parametrize(
    "seen",
    [
        posts((28, "layanan"), (20, "ucapan"), (10, "seremonial")),
        posts((20, "layanan"), (15, "ucapan"), (10, "seremonial"), (1, "ucapan")),
        posts((9, "ucapan"), (8, "ucapan"), (7, "ucapan")),
        [],
    ],
    ids=["too few since", "useful within the limit", "known too short", "no posts"],
)
def test_too_little_is_known_to_ask_about_usefulness(seen: list[tuple[datetime, Category]]) -> None:
    assert findings(observed("active"), posts=seen) == []


def test_a_small_share_of_useful_posts_is_asked_about_from_eight_posts_on() -> None:
    greetings: list[tuple[int, Category]] = [(n, "ucapan") for n in range(1, 7)]
    (finding,) = findings(observed("active"), posts=posts(*greetings, (2, "layanan"), (3, "edukasi")))
    assert (finding.rule_id, finding.strength) == ("low-useful-share", "review")
    assert finding.evidence[0].quote.startswith("2 dari 8 unggahan")
    assert findings(observed("active"), posts=posts(*greetings[1:], (2, "layanan"), (3, "edukasi"))) == []
    assert findings(observed("active"), posts=posts(*greetings, (2, "layanan"), (3, "edukasi"), (4, "kinerja"))) == []


@pytest.mark.parametrize("state", ["unread", "quiet", "excused", "private"])
def test_usefulness_is_judged_only_where_the_account_was_observed_active(state: AccountState) -> None:
    useless = posts((28, "ucapan"), (20, "ucapan"), (10, "seremonial"), (1, "ucapan"))
    assert all(finding.family != "KIN" for finding in findings(observed(state), posts=useless))


def test_usefulness_is_asked_once_a_month() -> None:
    useless = posts((28, "ucapan"), (20, "ucapan"), (10, "seremonial"), (1, "ucapan"))
    keys = [findings(observed("active"), posts=useless, now=NOW + timedelta(days=n))[0].key for n in (0, 2, 10)]
    assert keys[0] == keys[1] != keys[2]


def test_counts_do_not_depend_on_the_order_of_posts() -> None:
    plan = posts((28, "layanan"), (20, "ucapan"), (10, "edukasi"), (1, "ucapan"))
    counts = CategoryCounts.of(plan)
    assert counts == CategoryCounts.of(plan[::-1])
    assert (counts.total, counts.useful, counts.since_useful) == (4, 2, 1)
    assert CategoryCounts.of([]).last_useful_at is None
