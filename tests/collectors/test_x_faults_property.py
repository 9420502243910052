"""Random faults over some nights, then a normal one: nothing lost, nothing doubled, nobody called read who was not."""

import random
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collectors.x_support import NIGHT, Clock, Office, open_office
from tests.random_cases import cases
from tests.servers.base import Fault, broken_off, dropped, html_reply, redirect_reply, truncated
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_problems import (
    bad_request,
    client_not_enrolled,
    credits_depleted,
    forbidden,
    list_body,
    rate_limited,
    renamed,
    spend_cap,
    unauthorized,
    usage_capped,
    without,
)
from tests.servers.x_server import XServer

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ACCOUNTS = 50
NIGHTS = 3

FAULTS: dict[str, Callable[[], Fault]] = {
    "503": lambda: Fault(html_reply(503)),
    "html200": lambda: Fault(html_reply(200)),
    "drop": lambda: Fault(dropped()),
    "truncated": lambda: Fault(change=truncated),
    "broken_off": lambda: Fault(change=broken_off),
    "redirect": lambda: Fault(redirect_reply("https://x.com/login")),
    "list500": lambda: Fault(list_body(500)),
    "list404": lambda: Fault(list_body(404)),
    "renamed": lambda: Fault(change=renamed),
    "no_text": lambda: Fault(change=without("text")),
    "no_author": lambda: Fault(change=without("author_id")),
    "rate_limit": lambda: Fault(rate_limited()),
    "rate_limit_reset": lambda: Fault(rate_limited(NIGHT + 5 * MINUTE)),
    "usage_cap": lambda: Fault(usage_capped()),
    "spend_cap": lambda: Fault(spend_cap()),
    "credits": lambda: Fault(credits_depleted()),
    "token": lambda: Fault(unauthorized()),
    "enrolled": lambda: Fault(client_not_enrolled()),
    "forbidden": lambda: Fault(forbidden()),
    "400": lambda: Fault(bad_request("query", "", "odd")),
}

_faults = st.lists(
    st.tuples(
        st.sampled_from(sorted(FAULTS)),
        st.integers(1, 6),
        st.sampled_from([1, 2, 4, 6, None]),
        st.sampled_from(["", "", "search_all", "search_recent", "timeline", "users_by", "users"]),
        st.sampled_from(["", "", "desa_contoh_0003", "desa_contoh_0044"]),
    ),
    max_size=4,
)


def _feed(seed: int) -> list[FakeXAccount]:
    """Accounts with some posts a day, some edited, some deleted, some nothing but reposts, some silent."""
    chance = random.Random(seed)
    accounts = []
    for number in range(ACCOUNTS):
        account = FakeXAccount(f"desa_contoh{number:04d}", 7000 + number)
        only_reposts, silent = chance.random() < 0.1, chance.random() < 0.1
        for turn in range(0 if silent else chance.randrange(8)):
            at = NIGHT - DAY + timedelta(minutes=chance.randrange(5, 60 * 24 * (NIGHTS + 1) - 30))
            edits = (
                [(at + 12 * MINUTE, f"versi dua {number}.{turn}")]
                if chance.random() < 0.15 and not only_reposts
                else []
            )
            deleted = at + timedelta(hours=chance.randrange(1, 60)) if chance.random() < 0.1 else None
            kind = "repost" if only_reposts else chance.choice(["post", "post", "reply", "quote"])
            post = FakeXPost(
                f"kabar {number}.{turn}", at, kind=kind, edits=edits, deleted_at=deleted, sequence=number * 9 + turn
            )  # type: ignore[arg-type]
            account.posts.append(post)
        accounts.append(account)
    return accounts


# X shows posts and edits of the last half minute only to the next night.
def _nobody_is_called_read_who_was_not(office: Office, scans: dict, since: dict[str, object], end) -> None:  # type: ignore[no-untyped-def, type-arg]
    for account in office.server.accounts:
        scan = scans[account.handle]
        assert scan.reading.outcome in ("read", "unread", "suspended"), scan.reading
        if scan.reading.outcome == "unread":
            assert scan.reading.reason
            assert scan.reading.unread_class
            assert not scan.reading.complete
            continue
        if scan.reading.outcome != "read":
            assert account.state == "suspended"
            continue
        if account.state == "suspended" and scan.reading.source != "x-timeline":
            continue  # search is silent about it; within two days its timeline is read from its newest stored post on
        shown = [
            post
            for post in account.posts
            if post.visible(end, search=True) and post.versions(end)[-1][1] < end - MINUTE
        ]
        wanted = {str(post.id) for post in shown if post.at >= since[account.handle] and post.kind != "repost"}  # type: ignore[operator]
        assert wanted <= {collected.post.post_id for collected in scan.posts}


@settings(max_examples=cases(10, 200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 10_000),
    st.lists(_faults, min_size=1, max_size=NIGHTS),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, (0, 5), (1, 20)]),
)
def test_no_fault_loses_or_doubles_a_post_or_calls_an_unread_account_quiet(
    seed: int,
    nights: list[list[tuple[str, int, int | None, str, str]]],
    archive: bool,
    with_ids: bool,
    reposts: bool,
    suspension: tuple[int, int] | None,
) -> None:
    clock = Clock()
    with XServer(_feed(seed), search_reposts=reposts) as server:
        office = open_office(server, clock, with_ids=with_ids, archive_access=archive)
        office.first_days = 5
        for number, faults in enumerate([*nights, []]):
            server.faults.clear()
            for name, first, times, endpoint, account in faults:
                fault = FAULTS[name]()
                fault.first, fault.times, fault.endpoint, fault.account = first, times, endpoint, account
                server.faults.add(fault)
            last = number == len(nights)
            clock.moment = NIGHT + (NIGHTS + 2 if last else number) * DAY
            if suspension and number == suspension[0]:
                server.accounts[suspension[1]].state = "suspended"
            if last and suspension:
                server.accounts[suspension[1]].state = "ok"
            since = {target.account.handle: target.since for target in office.targets(clock.moment)}
            end = clock.moment
            _nobody_is_called_read_who_was_not(office, office.night(), since, end)
        posts = [post for account in server.accounts for post in account.posts]
        assert set(office.stored) <= {str(post.id) for post in posts}
        for post in posts:
            if post.deleted_at is None and (post.kind != "repost" or not reposts):
                assert str(post.id) in office.stored, post
                assert office.stored[str(post.id)].post.text == post.versions(None)[-1][2]
