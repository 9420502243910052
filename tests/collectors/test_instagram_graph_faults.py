"""Instagram through the Graph API when it refuses, breaks or lies: what readers are told, and that no post is lost or doubled."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.graph import GraphClient
from collectors.graph_errors import GraphError, judge
from pantau.core.settings import Network
from tests.collectors.graph_night import GraphNight
from tests.collectors.instagram_night import WINDOW, hours_ago, office, outcomes, texts
from tests.random_cases import cases
from tests.servers.base import Fault
from tests.servers.graph_server import CHANGES, REPLIES, TOKEN, GraphServer, app_limit
from tests.servers.instagram_shapes import FakeIgPost

VICTIM = "dinas_contoh_2"


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with GraphServer([office(n) for n in range(1, 9)]) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "expected", "calls"),
    [
        ("not_professional", "unread unproven", 1),
        ("not_there", "unread unproven", 1),
        ("no_object", "unread unproven", 1),
        ("permission", "unread token", 1),
        ("odd100", "unread format", 1),
        ("null_media", "unread format", 1),
        ("empty_list", "unread format", 1),
        ("renamed", "unread format", 1),
        ("html503", "unread network", 4),
        ("unknown_error", "unread network", 4),
        ("transient", "unread network", 4),
        ("drop", "unread network", 4),
        ("broken_off", "unread network", 4),
        ("login", "unread network", 4),
        ("truncated", "unread format", 4),
        ("html200", "unread format", 4),
        ("list", "unread format", 4),
        ("empty", "unread format", 1),
    ],
)
def test_one_broken_account_leaves_the_others_read(server: GraphServer, fault: str, expected: str, calls: int) -> None:
    server.fail(fault, account=VICTIM)
    scans = GraphNight(server).read()
    assert outcomes(scans) == ["read", expected, *["read"] * 6]
    broken = scans[1].reading
    assert not broken.complete
    assert broken.reason
    assert "dinas" not in broken.reason, "the same cause has the same words, so that readers see one line"
    assert server.count() == 7 + calls


def test_a_silent_answer_ends_at_the_time_limit(server: GraphServer) -> None:
    server.fail("stall", account=VICTIM)
    assert outcomes(GraphNight(server, read_timeout_s=0.2).read()) == ["read", "unread network", *["read"] * 6]


@pytest.mark.parametrize("fault", ["drop", "html503", "broken_off", "truncated", "transient", "list", "stall"])
def test_a_fault_of_the_moment_is_tried_again_and_loses_nothing(server: GraphServer, fault: str) -> None:
    server.fail(fault, first=3, times=1)
    assert outcomes(GraphNight(server, read_timeout_s=0.5).read()) == ["read"] * 8
    assert server.count() == 9


def test_the_right_data_under_a_wrong_content_type_is_read(server: GraphServer) -> None:
    server.fail("wrong_type")
    assert outcomes(GraphNight(server).read()) == ["read"] * 8


def test_an_expired_token_takes_the_source_down_once(server: GraphServer) -> None:
    server.fail("expired", first=3)
    scans = GraphNight(server).read()
    assert outcomes(scans) == ["read", "read", *["unread token"] * 6]
    assert len({scan.reading.reason for scan in scans[2:]}) == 1
    assert "token" in scans[2].reading.reason
    assert server.count() == 3


@pytest.mark.parametrize("fault", ["rate4", "rate17", "rate32", "rate613", "rate80002", "rate429"])
def test_a_spent_quota_stops_the_source_and_leaves_the_rest_to_the_budget(server: GraphServer, fault: str) -> None:
    server.fail(fault, first=3)
    night = GraphNight(server)
    scans = night.read()
    assert outcomes(scans) == ["read", "read", *["unread budget"] * 6]
    assert len({scan.reading.reason for scan in scans[2:]}) == 1
    assert server.count() == 3
    assert night.clock.slept_s == []


def test_a_quota_that_returns_soon_is_waited_for_once(server: GraphServer) -> None:
    server.faults.add(Fault(app_limit(minutes=7), first=3))
    night = GraphNight(server)
    assert outcomes(night.read()) == ["read"] * 8
    assert (night.clock.slept_s, server.count()) == ([420.0], 9)


def test_a_quota_that_stays_spent_after_the_wait_stops_the_source(server: GraphServer) -> None:
    server.faults.add(Fault(app_limit(minutes=7), first=3, times=None))
    night = GraphNight(server)
    assert outcomes(night.read()) == ["read", "read", *["unread budget"] * 6]
    assert (night.clock.slept_s, server.count()) == ([420.0], 4)


@pytest.mark.parametrize(("max_wait_s", "deadline_h", "kind"), [(300.0, 4.0, "budget"), (3600.0, 0.1, "deadline")])
def test_a_wait_that_is_too_long_or_ends_after_the_night_is_not_begun(
    server: GraphServer, max_wait_s: float, deadline_h: float, kind: str
) -> None:
    server.faults.add(Fault(app_limit(minutes=7), first=3, times=None))
    night = GraphNight(server, max_wait_s=max_wait_s, deadline_h=deadline_h)
    assert outcomes(night.read()) == ["read", "read", *[f"unread {kind}"] * 6]
    assert (night.clock.slept_s, server.count()) == ([], 3)


def test_a_field_that_meta_no_longer_knows_costs_one_call_and_no_post(server: GraphServer) -> None:
    server.unknown_fields = {"thumbnail_url"}
    scans = GraphNight(server).read()
    assert outcomes(scans) == ["read"] * 8
    assert texts(scans[0]) == ["Layanan 1"]
    assert server.count() == 9


def test_a_needed_field_that_meta_no_longer_knows_takes_the_source_down(server: GraphServer) -> None:
    server.unknown_fields = {"permalink"}
    scans = GraphNight(server).read()
    assert outcomes(scans) == ["unread format"] * 8
    assert "dihentikan" in scans[7].reading.reason
    assert server.count() == 6


@pytest.mark.parametrize(
    ("fault", "kind", "asked"),
    [("permission", "token", 5), ("odd100", "format", 5), ("html503", "network", 3), ("null_media", "format", 5)],
)
def test_accounts_failing_the_same_way_in_a_row_mean_that_the_source_is_down(
    server: GraphServer, fault: str, kind: str, asked: int
) -> None:
    server.fail(fault)
    scans = GraphNight(server).read()
    assert outcomes(scans) == [f"unread {kind}"] * 8
    assert len({scan.reading.reason for scan in scans[asked:]}) == 1
    assert "dihentikan" in scans[7].reading.reason
    assert len({name for request in server.log for name in request.accounts}) == asked


@pytest.mark.parametrize("fault", ["blocked", "expired"])
def test_a_hard_refusal_is_not_repeated(server: GraphServer, fault: str) -> None:
    server.fail(fault)
    assert {scan.reading.outcome for scan in GraphNight(server).read()} == {"unread"}
    assert server.count() == 1


def test_a_wrong_number_of_our_own_account_is_said_and_not_laid_to_the_others(server: GraphServer) -> None:
    server.fail("no_object")
    scans = GraphNight(server).read()
    assert outcomes(scans) == ["unread token"] * 8
    assert "graph_user_id" in scans[0].reading.reason
    assert server.count() == 1


def test_an_unreachable_server_is_a_network_reason() -> None:
    with GraphServer([office(n) for n in range(6)]) as server:
        night = GraphNight(server)
        collector, targets = night.collector(), night.targets()
    scans = list(collector.collect(targets, WINDOW))
    assert outcomes(scans) == ["unread network"] * 6


def test_a_break_between_two_pages_keeps_what_was_read_and_moves_no_watermark() -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 4), f"Kabar {n}") for n in range(60)]
    with GraphServer([office(1, posts)]) as server:
        server.fail("permission", first=2)
        (scan,) = GraphNight(server).read()
        assert (outcomes([scan]), len(scan.posts), scan.reading.complete) == (["unread token"], 25, False)
        server.faults.clear()
        (scan,) = GraphNight(server).read()
        assert (scan.reading.complete, len(set(texts(scan)))) == (True, 60)


def test_a_promised_page_that_is_withheld_keeps_the_posts_and_moves_no_watermark() -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 4), f"Kabar {n}") for n in range(60)]
    with GraphServer([office(1, posts)]) as server:
        server.fail("empty_list", first=2)
        (scan,) = GraphNight(server).read()
    assert (outcomes([scan]), len(scan.posts), scan.reading.complete) == (["read"], 25, False)


def test_a_list_that_never_ends_is_given_up() -> None:
    with GraphServer([office(1, [FakeIgPost(hours_ago(1), "a")])]) as server:
        server.instagram[0].claims_more, server.instagram[0].media_count = True, 99
        (scan,) = GraphNight(server).read()
        assert (outcomes([scan]), texts(scan)) == (["unread format"], ["a"])
        assert server.count() <= 401


def test_a_post_that_cannot_be_read_is_said_and_the_others_are_kept() -> None:
    posts = [FakeIgPost(hours_ago(1), "Utuh"), FakeIgPost(hours_ago(2), "Rusak", without=["permalink"])]
    with GraphServer([office(1, posts)]) as server:
        (scan,) = GraphNight(server).read()
    assert (outcomes([scan]), texts(scan), scan.reading.complete) == (["unread format"], ["Utuh"], False)
    assert scan.reading.reason.startswith("1 unggahan")


@pytest.mark.parametrize("fault", sorted(REPLIES.keys() | CHANGES.keys()))
def test_no_fault_puts_the_token_into_a_log_a_reason_or_a_raw_answer(
    server: GraphServer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fail(fault, first=2)
    with structlog.testing.capture_logs() as logs:
        scans = GraphNight(server, read_timeout_s=0.2).read()
    assert TOKEN not in str(logs) + caplog.text + str(scans)


def test_the_address_that_holds_the_token_never_reaches_a_log_or_an_exception(
    server: GraphServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    night = GraphNight(server, deadline_h=0)
    client = GraphClient("Instagram", night.meta, Network(), server.token, "", night.pace)
    assert client.token_state().valid
    server.fail("drop")
    with pytest.raises(Exception, match="habis") as caught:
        client.token_state()
    shown = []
    error: BaseException | None = caught.value
    while error is not None:
        shown.append(f"{error!r} {error.__cause__!r}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert TOKEN not in str(shown) + caplog.text


def test_a_token_with_odd_letters_is_a_token_reason_and_is_not_shown(server: GraphServer) -> None:
    night = GraphNight(server)
    server.token = "EAA\u2026rahasia"
    scans = night.read()
    assert outcomes(scans) == ["unread token"] * 8
    assert "rahasia" not in scans[0].reading.reason
    assert server.count() == 0


def test_an_office_proxy_in_the_environment_does_not_get_requests_for_the_local_address(server: GraphServer) -> None:
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    try:
        assert outcomes(GraphNight(server).read()) == ["read"] * 8
    finally:
        del os.environ["HTTPS_PROXY"]


@pytest.mark.parametrize("body", [None, {}, [], {"error": "x"}, {"error": {"code": "4"}}, {"error": {"code": 99999}}])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 418, 429, 500, 599])
def test_no_refusal_is_without_a_meaning(status: int, body: object) -> None:
    error = judge(status, body, "Instagram")
    assert isinstance(error, GraphError)
    assert error.unread_class
    assert str(error)


@settings(max_examples=cases(8, 150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_sequence_of_faults_loses_or_doubles_a_post_once_a_normal_night_follows(data: st.DataObject) -> None:
    names = sorted((REPLIES.keys() | CHANGES.keys()) - {"stall"})
    counts = data.draw(st.lists(st.integers(1, 60), min_size=6, max_size=6))
    accounts = [
        office(n, [FakeIgPost(hours_ago(1 + k / 5), f"{n}/{k}") for k in range(c)]) for n, c in enumerate(counts)
    ]
    with GraphServer(accounts) as server:
        for _ in range(data.draw(st.integers(1, 5))):
            first, times = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 3) | st.none())
            account = data.draw(st.sampled_from(["", "dinas_contoh_1", "dinas_contoh_4"]))
            server.fail(data.draw(st.sampled_from(names)), account=account, first=first, times=times)
        bad = GraphNight(server).read()
        server.faults.clear()
        good = GraphNight(server).read()
    assert [len(bad), len(good)] == [6, 6]
    for scan, count in zip(bad, counts, strict=True):
        assert scan.reading.outcome in ("read", "unread"), "nobody is called missing, suspended or private by a fault"
        if scan.reading.complete:
            assert len(scan.posts) == count, "a complete reading holds every post"
    assert outcomes(good) == ["read"] * 6
    read = [one.post.post_id for scan in good for one in scan.posts]
    assert len(read) == len(set(read)) == sum(counts)
    assert {one.post.post_id for scan in bad for one in scan.posts} <= set(read)
