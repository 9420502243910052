"""Whatever happens night after night, nobody is called gone, quiet or unused without proof: through the real store, then judged."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pantau.checks.account_findings import RuleHead, account_findings
from pantau.checks.history import judge
from pantau.core.clock import WIB
from pantau.core.model import (
    Account,
    Collected,
    Observation,
    Outcome,
    Post,
    Reading,
    Scan,
    Unit,
    UnreadClass,
    Window,
)
from pantau.core.settings import Norms, TierNorm
from pantau.store import open_store
from pantau.store.store import Store
from tests.random_cases import cases

FIRST = datetime(2026, 9, 1, 13, 0, tzinfo=UTC)
"""20:00 in Jakarta."""
DAY = timedelta(days=1)
GONE_AFTER = 3
PLATFORMS = ("x", "instagram", "facebook", "youtube", "tiktok", "website")
UNIT = Unit(code="desa", name="Desa Contoh", kind="desa")
NORM = TierNorm(days=2, grace=1)
STATES = ("quiet", "never_posted", "gone", "private", "unregistered")
RULES = {
    rule: RuleHead(rule_id=rule, family="AKT", level="sedang", message="Perlu dicek.", basis="dasar", version=1)
    for rule in ("account-quiet", "never-posted", "unit-without-account", "account-gone", "account-private")
}
CLASSES: list[UnreadClass] = ["blocked", "budget", "token", "network", "format", "rotation", "unproven"]


class Attempt(NamedTuple):
    """One reading of the account, and what was with the others of its platform that night."""

    outcome: Outcome
    unread_class: UnreadClass
    complete: bool
    source: str
    has_post: bool


class Night(NamedTuple):
    attempts: tuple[Attempt, ...]
    others_read: bool


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('keadaan') / 'pantau.db'}") as opened:
        yield opened


read = st.builds(Attempt, st.just("read"), st.just(""), st.booleans(), st.just("a"), st.booleans())
lost = st.builds(
    Attempt,
    st.sampled_from(["missing", "suspended"]),
    st.just(""),
    st.just(False),
    st.sampled_from("ab"),
    st.just(False),
)
private = st.just(Attempt("private", "", False, "a", False))
unread = st.builds(Attempt, st.just("unread"), st.sampled_from(CLASSES), st.just(False), st.just("a"), st.booleans())
attempts = st.one_of(lost, lost, lost, read, private, unread)
nights = st.builds(Night, st.lists(attempts, max_size=2).map(tuple), st.sampled_from([True, True, True, False]))
missing = st.just(Night((Attempt("missing", "", False, "a", False),), True))
waiting = st.just(Night((Attempt("unread", "rotation", False, "a", False),), True))
histories = st.one_of(
    st.lists(nights, min_size=1, max_size=9),
    st.tuples(st.lists(nights, max_size=2), st.lists(st.one_of(missing, missing, waiting), min_size=3, max_size=6)).map(
        lambda parts: [*parts[0], *parts[1]]
    ),
)
counter = iter(range(10**6))


def fresh(platform: str, *, with_id: bool) -> tuple[Account, Account]:
    """An account that no example before has used, and another one of its platform."""
    number = next(counter)
    first = Account(
        platform=platform, handle=f"desa{number}", unit="desa", platform_id=f"{number}00" if with_id else ""
    )
    return first, Account(platform=platform, handle=f"lain{number}", unit="desa", platform_id=f"{number}01")


def save(store: Store, run_id: str, account: Account, at: datetime, attempt: Attempt, number: int) -> None:
    post = Post(
        platform=account.platform,
        post_id=f"{account.handle}-{run_id}-{number}",
        account=account.key,
        published_at=at - DAY / 4,
    )
    posts = (Collected(post, b"{}"),) if attempt.has_post else ()
    reading = Reading(
        account=account.key,
        outcome=attempt.outcome,
        unread_class=attempt.unread_class,
        reason="" if attempt.outcome == "read" else "sebab",
        checked_at=at,
        complete=attempt.complete,
        last_post_at=post.published_at if posts else None,
        source=attempt.source,
    )
    store.save_scan(run_id, Scan(reading=reading, posts=posts))


def judged(
    store: Store, accounts: Sequence[Account], run_id: str, as_of: datetime, previous: dict[str, Observation]
) -> dict[str, Observation]:
    """As ``jobs.checking`` does it."""
    keys, since = [account.key for account in accounts], as_of - 120 * DAY
    found = judge(
        accounts=accounts,
        units=[UNIT],
        readings={reading.account: reading for reading in store.readings.of_run(run_id)},
        history=store.readings.history(keys, since, as_of),
        post_dates=store.posts.dates(keys, since, as_of),
        norms=dict.fromkeys(keys, NORM),
        holidays=(),
        excuses=(),
        now=as_of,
        zone=WIB,
        gone_after_nights=GONE_AFTER,
        previous=previous,
    )
    return {item.account: item for item in found}


@settings(max_examples=cases(20, 300), deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.sampled_from(PLATFORMS), st.booleans(), histories)
def test_nobody_is_reproached_without_proof(store: Store, platform: str, with_id: bool, history: list[Night]) -> None:
    ours, other = fresh(platform, with_id=with_id and platform != "website")
    accounts = store.accounts.sync([ours, other], date(2026, 9, 1))
    previous: dict[str, Observation] = {}
    seen = False
    row: list[Attempt] = []
    for number, night in enumerate(history):
        as_of, run_id = FIRST + number * DAY, f"n-{ours.handle}-{number}"
        store.runs.begin("nightly", run_id, Window(as_of - DAY, as_of), as_of, as_of)
        for turn, attempt in enumerate(night.attempts):
            save(store, run_id, ours, as_of, attempt, turn)
        kept = [attempt for attempt in night.attempts if attempt.outcome != "unread"]
        save(
            store,
            run_id,
            other,
            as_of,
            Attempt(
                "read" if night.others_read else "unread",
                "" if night.others_read else "network",
                night.others_read,
                "a",
                False,
            ),
            9,
        )
        previous = judged(store, accounts, run_id, as_of, previous)
        state = previous[accounts[0].key].state
        stored = next((one for one in store.readings.of_run(run_id) if one.account == accounts[0].key), None)
        tonight: Outcome = stored.outcome if stored else "unread"
        seen = seen or any(attempt.has_post or attempt.outcome == "read" for attempt in night.attempts)
        if stored and stored.outcome in ("missing", "suspended"):
            row.append(
                next(one for one in reversed(kept) if one.outcome == stored.outcome and one.source == stored.source)
            )
        elif stored and stored.unread_class != "rotation":  # a night on which nobody looked breaks no row
            row = []
        assert (state == "unread") or tonight != "unread", "an account that was not read has no other state"
        if state in ("quiet", "never_posted"):
            assert stored
            assert (stored.outcome, stored.complete) == ("read", True)
        if state == "gone":
            assert len(row) >= GONE_AFTER
            sources, suspended = {one.source for one in row}, any(one.outcome == "suspended" for one in row)
            assert suspended or accounts[0].platform_id or len(sources) > 1 or (platform == "website" and seen)
            assert night.others_read or tonight == "read"
        if state == "private":
            assert tonight == "private"
        about = account_findings(previous.values(), accounts, [UNIT], RULES, {}, Norms(), as_of, WIB)
        reproached = {finding.account for finding in about}
        assert reproached <= {key for key, item in previous.items() if item.state in STATES}
        store.observations.save(run_id, previous.values())
        store.runs.finish(run_id, as_of, 0, "")
