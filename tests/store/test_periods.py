"""Sums over many nights are those that anybody gets who counts the same things one by one."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pantau.core.clock import WIB, day_start, local_day
from pantau.core.model import (
    ACCOUNT_STATES,
    CATEGORIES,
    Account,
    Category,
    Cost,
    Decision,
    DecisionAction,
    Finding,
    Observation,
    Post,
    UnreadClass,
    Window,
)
from pantau.core.periods import NightSums
from pantau.store.records import Document
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, ON, account, begin, finding, post, scan

RUN = "n-20261101"
CLASSES: tuple[UnreadClass, ...] = ("rotation", "not_watched", "blocked", "network")


@dataclass
class World:
    """What was put into a store, kept beside it to be counted by hand."""

    posts: dict[str, tuple[datetime, set[str], str]] = field(default_factory=dict)
    """By key: when it was published, in whose timelines it was seen, its category."""
    nights: list[tuple[datetime, list[Observation], list[Finding]]] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)


def accounts(count: int) -> list[Account]:
    return [account(f"dinas{n}", platform=("x", "instagram")[n % 2], unit=f"u{n}") for n in range(count)]


def fill(store: Store, draw: random.Random) -> World:
    """Three weeks of some accounts: nights missing, given up or twice tried, posts shared, states and findings of every kind."""
    world = World()
    known = store.accounts.sync(accounts(5), ON)
    for day in range(21):
        as_of = datetime(2026, 11, 1, tzinfo=UTC) + DAY * day + timedelta(minutes=draw.randrange(1440))
        if draw.random() < 0.2:
            continue
        run_id = f"n-{day:02}"
        store.runs.begin("nightly", run_id, Window(as_of - DAY, as_of), as_of, as_of)
        categories: dict[str, Category] = {}
        for item in known:
            fresh = [drawn_post(item, f"{day}-{n}", as_of, draw) for n in range(draw.randrange(4))]
            store.save_scan(run_id, scan(*fresh, account=item.key, at=as_of))
            for made in fresh:
                category = draw.choice([*CATEGORIES, ""])
                categories |= {made.key: category} if category else {}  # type: ignore[dict-item]
                world.posts[made.key] = (made.published_at, {item.key}, category)
            twin = next((one for one in known if one.platform == item.platform and one is not item), None)
            if fresh and twin and draw.random() < 0.3:
                store.save_scan(run_id, scan(fresh[0], account=twin.key, at=as_of, complete=False))
                world.posts[fresh[0].key][1].add(twin.key)
        store.posts.save_categories(run_id, categories)
        if draw.random() < 0.1:
            continue  # killed before the accounts were judged, and never taken up again
        judge(store, world, draw, run_id, as_of, known)
        trial = store.runs.begin("trial", f"d-{day:02}", Window(as_of - DAY, as_of), as_of - HOUR, as_of)
        store.findings.save(trial.run_id, [finding("only-on-trial"), *world.nights[-1][2]])
        store.observations.save(trial.run_id, [Observation(account=known[0].key, unit="u0", state="gone")])
    return world


def drawn_post(owner: Account, name: str, as_of: datetime, draw: random.Random) -> Post:
    at = as_of - timedelta(minutes=draw.randrange(3000))
    return Post(
        platform=owner.platform, post_id=f"{owner.handle}-{name}", account=owner.key, published_at=at, text="Isi"
    )


def judge(store: Store, world: World, draw: random.Random, run_id: str, as_of: datetime, known: list[Account]) -> None:
    observations = [Observation(account="unit:kosong", unit="kosong", state="unregistered")]
    for item in known:
        state = draw.choice(ACCOUNT_STATES)
        why = draw.choice(CLASSES) if state == "unread" else ""
        observations.append(Observation(account=item.key, unit=item.unit, state=state, unread_class=why))
    store.observations.save(run_id, observations)
    found = []
    for key, (_, owners, _) in sorted(world.posts.items()):
        for rule in "ab":
            if draw.random() < 0.1:
                strength = draw.choice(["flag", "review"])
                found.append(finding(rule, key, strength, account=min(owners), message=f"{run_id} {strength}"))
    if draw.random() < 0.5:
        found.append(finding("account-quiet", "", account=known[0].key, subject="2026-10-01", message=run_id))
    found = list({item.key: item for item in found}.values())
    store.findings.save(run_id, found)
    world.nights.append((as_of, observations, found))
    if found and draw.random() < 0.5:
        chosen = draw.choice(found)
        action: DecisionAction = draw.choice(["dismiss", "confirm", "followed_up"])
        store.decisions.add(Decision(finding_key=chosen.key, action=action, by="staf", at=as_of + HOUR))
        world.decided[chosen.key] = action


def recount(world: World, first: date, last: date, zone: ZoneInfo) -> dict[str, object]:
    """The same sums in plain Python."""
    nights = {}
    for as_of, observations, found in world.nights:  # in order of time: the day's last one stays
        if first <= local_day(as_of, zone) <= last:
            nights[local_day(as_of, zone)] = (as_of, observations, found)
    days, posts, states = [], Counter[tuple[str, str]](), Counter[tuple[str, str, bool]]()
    day = first
    while day <= last:
        published = sum(local_day(at, zone) == day for at, _, _ in world.posts.values())
        if day in nights:
            _, seen, found = nights[day]
            kinds = Counter(one.state for one in seen if one.unread_class not in ("rotation", "not_watched"))
            flagged = len({one.post for one in found if one.post and one.strength == "flag"})
            quiet = kinds["quiet"] + kinds["never_posted"]
            days.append(NightSums(day=day, posts=published, flagged=flagged, quiet=quiet, unread=kinds["unread"]))
        else:
            days.append(NightSums(day=day, posts=published))
        day += DAY
    for at, owners, category in world.posts.values():
        if first <= local_day(at, zone) <= last:
            posts.update((owner, category) for owner in owners)
    newest: dict[str, Finding] = {}
    strengths: dict[str, set[str]] = {}
    for _, seen, found in nights.values():
        states.update(
            (one.account, one.state, one.unread_class in ("rotation", "not_watched"))
            for one in seen
            if one.state != "unregistered" or not one.account.startswith("unit:")
        )
        for one in found:
            newest[one.key] = one
            strengths.setdefault(one.key, set()).add(one.strength)
    first_at = {
        key: min(as_of for as_of, _, found in world.nights if key in {one.key for one in found}) for key in newest
    }
    return {
        "days": days,
        "posts": dict(posts),
        "states": dict(states),
        "findings": {
            key: (newest[key], "flag" if "flag" in strengths[key] else "review", first_at[key], world.decided.get(key))
            for key in newest
        },
    }


def counted(store: Store, first: date, last: date, zone: ZoneInfo) -> dict[str, object]:
    """The store's sums in the same form; nothing may stand in them twice."""
    sums = store.periods.sums(first, last, zone)
    posts = {(one.account, one.category): one.posts for one in sums.posts}
    states = {(one.account, one.state, one.intended): one.nights for one in sums.states}
    findings = {
        one.finding.key: (one.finding, one.strength, one.first_at, one.decision.action if one.decision else None)
        for one in sums.findings
    }
    assert (len(posts), len(states), len(findings)) == (len(sums.posts), len(sums.states), len(sums.findings))
    return {"days": list(sums.days), "posts": posts, "states": states, "findings": findings}


@pytest.mark.parametrize("seed", range(8))
def test_the_databases_sums_are_those_of_a_plain_recount(store: Store, seed: int) -> None:
    draw = random.Random(seed)
    world = fill(store, draw)
    for first, last in ((date(2026, 11, 2), date(2026, 11, 8)), (date(2026, 10, 30), date(2026, 11, 25)), (ON, ON)):
        for zone in (WIB, ZoneInfo("America/New_York")):
            assert counted(store, first, last, zone) == recount(world, first, last, zone)
            has_night = any(first <= local_day(as_of, zone) <= last for as_of, _, _ in world.nights)
            assert store.periods.has_night(first, last, zone) == has_night


def test_a_post_of_half_past_eleven_on_sunday_belongs_to_that_week(store: Store, agency: Account) -> None:
    sunday = day_start(date(2026, 11, 8), WIB)
    late = post("1", hours_before=(NIGHT - sunday) / HOUR - 23.5)
    after = post("2", hours_before=(NIGHT - sunday) / HOUR - 24)
    store.save_scan(RUN, scan(late, after))
    week = store.periods.sums(date(2026, 11, 2), date(2026, 11, 8), WIB)
    assert [(one.account, one.posts) for one in week.posts] == [(agency.key, 1)]
    assert week.days[-1].posts == 1
    assert store.periods.days(date(2026, 11, 9), date(2026, 11, 9), WIB)[0].posts == 1


def test_findings_come_in_the_defined_order_and_a_review_of_one_night_stays_the_flag_of_another(
    store: Store, agency: Account
) -> None:
    store.findings.save(RUN, [finding("a"), finding("b", strength="review")])
    store.observations.save(RUN, [Observation(account=agency.key, unit="opd-contoh", state="active")])
    begin(store, 2)
    store.findings.save("n-20261102", [finding("a", strength="review"), finding("b", strength="review")])
    store.observations.save("n-20261102", [Observation(account=agency.key, unit="opd-contoh", state="active")])
    found = store.periods.sums(ON, ON + DAY, WIB).findings
    assert [(one.finding.rule_id, one.finding.strength, one.strength, one.first_at) for one in found] == [
        ("a", "review", "flag", NIGHT),
        ("b", "review", "review", NIGHT),
    ]


def test_good_examples_are_useful_can_be_opened_are_still_there_and_nothing_was_found_about_them(
    store: Store, agency: Account
) -> None:
    other = store.accounts.sync([account(), account("lain")], ON)[1]
    items = {
        "found": post("1", "x" * 500, url="https://x.example/1"),
        "gone": post("2", "x" * 400, url="https://x.example/2"),
        "unlinked": post("3", "x" * 300),
        "useless": post("4", "x" * 200, url="https://x.example/4"),
        "reply": post("5", "x" * 150, url="https://x.example/5", kind="reply"),
        "good": post("6", "x" * 100, url="https://x.example/6"),
        "shorter": post("7", "x" * 50, url="https://x.example/7"),
        "early": post("8", "x" * 90, hours_before=30, url="https://x.example/8"),
    }
    store.save_scan(RUN, scan(*items.values()), Window(NIGHT - DAY, NIGHT))
    store.save_scan(RUN, scan(post("9", "x" * 80, url="https://x.example/9"), account=other.key))
    categories: dict[str, Category] = {f"x:{n}": "kinerja" for n in range(1, 9)}
    store.posts.save_categories(RUN, categories | {"x:4": "ucapan", "x:9": "edukasi"})
    store.findings.save(RUN, [finding(post="x:1", strength="review")])
    for night in (2, 3):
        begin(store, night)
        left = [item for name, item in items.items() if name != "gone"]
        seen = scan(*left, at=NIGHT + DAY * (night - 1) + HOUR)
        store.save_scan(f"n-2026110{night}", seen, Window(NIGHT - DAY, NIGHT))
    found = store.periods.useful_posts(NIGHT - DAY, NIGHT)
    assert list(found.items()) == [("x:6", "kinerja"), ("x:9", "edukasi")]


def test_costs_of_a_span_are_those_of_every_run_that_began_in_it(store: Store) -> None:
    for number, kind in ((1, "nightly"), (2, "rerun"), (3, "nightly")):
        run = begin(store, number, kind, run_id=f"r-{number}")  # type: ignore[arg-type]
        store.costs.save(run.run_id, [Cost(platform="x", source="x-search", requests=number, usd=number / 10)])
    (cost,) = store.costs.between(NIGHT + HOUR, NIGHT + 2 * DAY + HOUR)
    assert (cost.requests, round(cost.usd, 6)) == (3, 0.3)


def test_the_runs_that_hold_an_edition_are_named_in_order_of_time(store: Store) -> None:
    for number in (2, 1, 3):
        begin(store, number)
    held = Document(edition="week:2026-W44", format="html", data=b"x")
    store.freeze("n-20261102", [held, Document(edition="week:2026-W44", format="text", data=b"y")], [])
    store.freeze("n-20261101", [held], [])
    store.freeze("n-20261103", [Document(edition="week:2026-W45", format="html", data=b"z")], [])
    assert store.documents.runs_with("week:2026-W44") == ["n-20261101", "n-20261102"]
    assert store.documents.runs_with("month:2026-11") == []
