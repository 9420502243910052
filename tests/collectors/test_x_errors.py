"""Every way in which X refuses or breaks, over real sockets: what it means for the accounts, and for the rest of the night."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pantau.core.model import Scan
from tests.collectors.x_support import NIGHT, Clock, Office, open_office, texts
from tests.servers.base import Fault, Reply, broken_off, dropped, html_reply, redirect_reply, stalled, truncated
from tests.servers.x_feed import FakeXAccount, FakeXPost, generated_accounts
from tests.servers.x_problems import (
    bad_request,
    client_not_enrolled,
    credits_depleted,
    forbidden,
    list_body,
    rate_limited,
    spend_cap,
    unauthorized,
    usage_capped,
    without,
)
from tests.servers.x_server import XServer

HOUR = timedelta(hours=1)


def _server(count: int = 100) -> XServer:
    """Three groups of search (two of 42 accounts, one of 16), one post per account."""
    return XServer(generated_accounts(count, 1, NIGHT - 10 * HOUR, NIGHT - HOUR))


def _all_read(scans: dict[str, Scan], count: int = 100) -> bool:
    return len(texts(scans)) == count and all(scan.reading.complete for scan in scans.values())


@pytest.mark.parametrize(
    ("reply", "unread_class", "words"),
    [
        (unauthorized(), "token", "bearer_token"),
        (credits_depleted(), "budget", "kredit"),
        (spend_cap(), "budget", "belanja"),
        (usage_capped(), "budget", "kuota"),
        (usage_capped(NIGHT + HOUR), "budget", "kuota"),
        (client_not_enrolled(), "token", "Project"),
        (forbidden(), "blocked", "403"),
        (rate_limited(NIGHT + 3 * HOUR), "rate_limit", "429"),
    ],
)
def test_a_refusal_of_the_whole_source_stops_it_with_one_reason(reply: Reply, unread_class: str, words: str) -> None:
    with _server() as server:
        server.faults.add(Fault(reply, first=2, times=None))
        scans = open_office(server, Clock()).night()
        assert server.count() <= 3
    unread = [scan.reading for scan in scans.values() if scan.reading.outcome == "unread"]
    assert len(unread) == 58
    assert {reading.unread_class for reading in unread} == {unread_class}
    reasons = {reading.reason for reading in unread}
    assert len(reasons) == 1
    assert words in reasons.pop()
    assert not any(reading.complete for reading in unread)
    assert len(texts(scans)) == 42


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [
        lambda: Fault(html_reply(503)),
        lambda: Fault(html_reply(500)),
        lambda: Fault(html_reply(200)),
        lambda: Fault(list_body(502)),
        lambda: Fault(list_body(422)),
        lambda: Fault(redirect_reply("https://x.com/login")),
        lambda: Fault(dropped()),
        lambda: Fault(stalled(10)),
        lambda: Fault(change=truncated),
        lambda: Fault(change=broken_off),
        lambda: Fault(Reply(200, b"[1, 2]", {"content-type": "application/json"})),
        lambda: Fault(Reply(200, b"{}", {"content-type": "application/json"})),
    ],
    ids=[
        "503",
        "500",
        "html200",
        "list502",
        "list422",
        "redirect",
        "drop",
        "stall",
        "truncated",
        "broken_off",
        "list200",
        "empty200",
    ],
)
def test_a_fault_of_the_moment_is_ridden_out(fault: Callable[[], Fault], times: int) -> None:
    with _server() as server:
        switched = fault()
        switched.times, switched.first = times, 2
        server.faults.add(switched)
        clock = Clock()
        office = open_office(server, clock, read_timeout_s=0.2)
        scans = office.night()
        if switched.reply == Reply(200, b"{}", {"content-type": "application/json"}):
            assert sum(scan.reading.outcome == "unread" for scan in scans.values()) in (42, 58)
            scans = office.night()
        assert switched.hits == times
        assert _all_read(scans) or len(office.stored) == 100


@pytest.mark.parametrize("reply", [html_reply(503), html_reply(200), dropped()], ids=["503", "html200", "drop"])
def test_a_server_that_stays_down_is_given_up_soon_and_nobody_is_called_quiet(reply: Reply) -> None:
    with _server(1000) as server:
        server.faults.add(Fault(reply, times=None))
        clock = Clock()
        scans = open_office(server, clock).night()
        assert server.count() == 12
    assert {scan.reading.outcome for scan in scans.values()} == {"unread"}
    assert sum(clock.slept) < 600


def test_one_group_that_fails_costs_no_other_group_its_reading() -> None:
    with _server() as server:
        server.faults.add(Fault(html_reply(503), account="unit_contoh0050", times=None))
        scans = open_office(server, Clock()).night()
    unread = {handle for handle, scan in scans.items() if scan.reading.outcome == "unread"}
    assert unread == {f"unit_contoh{n:04d}" for n in range(42, 84)}
    assert len(texts(scans)) == 58


def test_posts_that_came_before_a_fault_are_kept_but_the_account_is_not_called_read() -> None:
    posts = [FakeXPost(f"kabar {n}", NIGHT - HOUR - n * timedelta(minutes=1)) for n in range(900)]
    with XServer([FakeXAccount("dinas_air", 11, posts)]) as server:
        fault = server.faults.add(Fault(html_reply(503), first=2, times=None))
        office = open_office(server, Clock())
        scan = office.night()["dinas_air"]
        assert (scan.reading.outcome, scan.reading.complete, len(scan.posts)) == ("unread", False, 500)
        fault.times = 0
        assert office.night()["dinas_air"].reading.complete
    assert len(office.stored) == 900


def test_a_rate_limit_is_waited_for_until_its_reset() -> None:
    with _server() as server:
        server.faults.add(Fault(rate_limited(NIGHT + timedelta(minutes=7))))
        clock = Clock()
        assert _all_read(open_office(server, clock).night())
    assert 415 <= max(clock.slept) <= 425


def test_without_a_reset_time_one_whole_window_is_waited() -> None:
    with _server() as server:
        server.faults.add(Fault(rate_limited()))
        clock = Clock()
        assert _all_read(open_office(server, clock).night())
    assert max(clock.slept) == 900


def test_a_reset_time_in_the_past_does_not_lead_to_a_storm_of_requests() -> None:
    with _server() as server:
        server.faults.add(Fault(rate_limited(NIGHT - HOUR), times=None))
        scans = open_office(server, Clock()).night()
        assert server.count() <= 4
    assert {scan.reading.unread_class for scan in scans.values()} == {"rate_limit"}


def test_waiting_never_goes_beyond_the_deadline_of_the_night() -> None:
    with _server() as server:
        server.faults.add(Fault(rate_limited(NIGHT + timedelta(minutes=10)), first=2))
        clock = Clock()
        office = open_office(server, clock)
        office.deadline_hours = 0.1
        scans = office.night()
    assert sum(clock.slept) < 10
    assert {scan.reading.unread_class for scan in scans.values()} == {"", "deadline"}


def test_real_limits_of_the_server_are_kept_by_waiting() -> None:
    with XServer(
        generated_accounts(200, 1, NIGHT - 10 * HOUR, NIGHT - HOUR), limits={"search_all": 2}, paced=True
    ) as server:
        clock = Clock()
        assert _all_read(open_office(server, clock).night(), 200)
        assert server.count() == 5 + 2
    assert sum(clock.slept) <= 2 * 901


def test_an_account_refused_with_401_is_no_proof_against_the_token() -> None:
    accounts = [FakeXAccount(f"desa_{n}", 100 + n, []) for n in range(5)]
    with XServer(accounts) as server:
        server.faults.add(Fault(unauthorized(), endpoint="timeline", account="desa_2", times=None))
        scans = open_office(server, Clock()).night()
    assert {
        handle: scan.reading.unread_class for handle, scan in scans.items() if scan.reading.outcome == "unread"
    } == {"desa_2": "blocked"}


def test_a_token_that_is_withdrawn_in_the_middle_of_the_timelines_stops_the_source() -> None:
    with XServer([FakeXAccount(f"desa_{n}", 100 + n, []) for n in range(9)]) as server:
        server.faults.add(Fault(unauthorized(), endpoint="timeline", first=3, times=None))
        scans = open_office(server, Clock()).night()
        assert server.count("timeline") == 4
    assert sorted(scan.reading.unread_class for scan in scans.values()) == ["", "", "blocked", *["token"] * 6]


def test_a_way_of_asking_that_x_refuses_is_noticed_before_a_thousand_requests() -> None:
    with _server(1000) as server:
        server.faults.add(
            Fault(bad_request("tweet.fields", "lang", "unknown field"), endpoint="search_all", times=None)
        )
        scans = open_office(server, Clock()).night()
        assert server.count() < 20
    assert {scan.reading.unread_class for scan in scans.values()} == {"format"}


def test_fields_of_users_that_x_no_longer_knows_are_left_out() -> None:
    with _server(30) as server:
        known = Fault(
            bad_request("user.fields", "x", "unknown"),
            endpoint="users_by",
            when=lambda r: "user.fields" in r.query,
            times=None,
        )
        server.faults.add(known)
        assert _all_read(open_office(server, Clock(), with_ids=False).night(), 30)


@pytest.mark.parametrize("name", ["text", "author_id", "id"])
def test_posts_without_what_every_post_has_make_the_account_unread(name: str) -> None:
    with _server(30) as server:
        server.faults.add(Fault(change=without(name), times=None))
        scans = open_office(server, Clock()).night()
    assert {(scan.reading.outcome, scan.reading.unread_class) for scan in scans.values()} == {("unread", "format")}


def test_a_timeline_that_shows_posts_of_somebody_else_is_not_believed() -> None:
    def swapped(reply: Reply) -> Reply:
        return Reply(reply.status, reply.body.replace(b'"author_id": "11"', b'"author_id": "99"'), reply.headers)

    account = FakeXAccount("dinas_air", 11, [FakeXPost("RT kabar", NIGHT - HOUR, kind="repost")])
    with XServer([account], search_reposts=False) as server:
        server.faults.add(Fault(change=swapped, endpoint="timeline", times=None))
        scan = open_office(server, Clock()).night()["dinas_air"]
    assert (scan.reading.outcome, scan.reading.unread_class, scan.posts) == ("unread", "format", ())


def test_an_empty_answer_to_a_lookup_is_no_proof_that_accounts_are_missing() -> None:
    with _server(30) as server:
        server.faults.add(Fault(Reply(200, b"{}"), endpoint="users_by", times=None))
        scans = open_office(server, Clock(), with_ids=False).night()
    assert {scan.reading.outcome for scan in scans.values()} == {"unread"}


def test_a_page_that_names_itself_as_the_next_one_ends() -> None:
    body = b'{"data": [], "meta": {"result_count": 0, "next_token": "abc"}}'
    with _server(5) as server:
        server.faults.add(Fault(Reply(200, body), times=None))
        scans = open_office(server, Clock()).night()
        assert server.count() < 10
    assert {scan.reading.outcome for scan in scans.values()} == {"unread"}


def test_deeply_nested_bodies_and_odd_headers_are_survived() -> None:
    deep = b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    odd = Reply(429, b"{}", {"x-rate-limit-reset": "soon"})
    with _server() as server:
        server.faults.add(Fault(Reply(200, deep)))
        server.faults.add(Fault(odd))
        assert _all_read(open_office(server, Clock()).night())


def test_after_any_stop_the_next_night_closes_the_gap() -> None:
    with _server() as server:
        clock = Clock()
        office: Office = open_office(server, clock)
        server.faults.add(Fault(credits_depleted(), first=2, times=None))
        office.night()
        server.faults.clear()
        clock.moment += timedelta(days=1)
        office.night()
    assert len(office.stored) == 100
