"""What the Instagram collector makes of every refusal and breakage: a reason per account, one per dead source, no lost post."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.instagram_client import PantauContext
from collectors.instagram_rates import RateMemory
from collectors.instagram_web import SAME_FAILURES, InstagramWebCollector
from pantau.core.settings import InstagramSettings, Network
from tests.collectors.instagram_night import NOW, WINDOW, Night, hours_ago, office, outcomes, texts
from tests.fakes import SimClock
from tests.servers.instagram_server import CHANGES, REPLIES, FakeIgPost, InstagramServer

VICTIM = "dinas_contoh_2"


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    with InstagramServer([office(n) for n in range(1, 9)]) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("wait401", "unread blocked"),
        ("forbidden403", "unread blocked"),
        ("fail200", "unread blocked"),
        ("rate429", "unread rate_limit"),
        ("bad_request", "unread format"),
        ("execution_error", "unread format"),
        ("html200", "unread format"),
        ("truncated", "unread format"),
        ("null_timeline", "unread format"),
        ("empty_timeline", "unread format"),
        ("broken_off", "unread network"),
        ("server_error", "unread network"),
        ("drop", "unread network"),
        ("not_found404", "missing"),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["known id", "unknown id"])
def test_one_broken_account_leaves_the_others_read(
    server: InstagramServer, tmp_path: Path, fault: str, expected: str, known: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    server.fail(fault, account=VICTIM)
    server.fail(fault, account="1002", endpoint="profile")
    with structlog.testing.capture_logs():
        scans = Night(server, tmp_path, known=known).read()
    assert outcomes(scans) == ["read", expected, *["read"] * 6]
    broken = scans[1].reading
    assert not broken.complete
    assert broken.reason
    assert broken.source == "instaloader"
    assert "dinas" not in broken.reason, "the same cause has the same words, so that readers see one line"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("wait401", "unread blocked"),
        ("rate429", "unread rate_limit"),
        ("server_error", "unread network"),
        ("drop", "unread network"),
        ("no_data", "unread format"),
        ("not_found404", "unread unproven"),
        ("execution_error", "unread format"),
    ],
)
def test_a_visitor_meets_the_same_reasons(server: InstagramServer, tmp_path: Path, fault: str, expected: str) -> None:
    endpoint = "post" if fault == "execution_error" else "profile_page"
    server.fail(fault, account=VICTIM, endpoint=endpoint)
    assert outcomes(Night(server, tmp_path, signed_in=False).read()) == ["read", expected, *["read"] * 6]


def test_a_silent_answer_ends_at_the_time_limit(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("stall", account=VICTIM)
    scans = Night(server, tmp_path, timeout_s=0.3).read()
    assert outcomes(scans) == ["read", "unread network", *["read"] * 6]
    assert "tidak menjawab" in scans[1].reading.reason


@pytest.mark.parametrize("fault", ["drop", "server_error", "broken_off", "truncated", "stall"])
def test_a_single_broken_line_is_tried_again_and_loses_nothing(
    server: InstagramServer, tmp_path: Path, fault: str
) -> None:
    server.fail(fault, endpoint="timeline", first=3, times=1)
    scans = Night(server, tmp_path, timeout_s=0.5).read()
    assert outcomes(scans) == ["read"] * 8
    assert server.count("timeline") == 9


@pytest.mark.parametrize(
    ("fault", "kind", "word"),
    [
        ("checkpoint", "blocked", "checkpoint"),
        ("challenge", "blocked", "checkpoint"),
        ("feedback", "blocked", "checkpoint"),
        ("challenge_page", "blocked", "checkpoint"),
        ("code_page", "blocked", "checkpoint"),
        ("suspended", "blocked", "checkpoint"),
        ("login", "token", "sesi"),
        ("login_relative", "token", "sesi"),
        ("login_required403", "token", "sesi"),
        ("logged_out_web", "token", "sesi"),
    ],
)
def test_a_hard_refusal_stops_instagram_for_the_night_with_one_reason(
    server: InstagramServer, tmp_path: Path, fault: str, kind: str, word: str
) -> None:
    server.fail(fault, endpoint="timeline", first=3)
    scans = Night(server, tmp_path).read()
    assert outcomes(scans) == ["read", "read", *[f"unread {kind}"] * 6]
    assert len({scan.reading.reason for scan in scans[2:]}) == 1
    assert word in scans[2].reading.reason
    assert server.count("timeline") == 3, "going on gets the account locked"


@pytest.mark.parametrize("fault", ["checkpoint", "challenge_page", "suspended", "feedback", "login_relative"])
def test_a_hard_refusal_of_the_start_page_costs_one_request(
    server: InstagramServer, tmp_path: Path, fault: str
) -> None:
    server.fail(fault, endpoint="start_page")
    assert len(set(outcomes(Night(server, tmp_path).read()))) == 1
    assert server.count() == 1


def test_stale_tokens_of_the_start_page_are_fetched_anew_once(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("stale_tokens", endpoint="timeline", first=4, times=1)
    assert outcomes(Night(server, tmp_path).read()) == ["read"] * 8
    assert server.count("start_page") == 2


def test_a_session_that_expired_on_the_server_is_a_matter_of_the_token(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    collector = night.collector()
    server.cookies["sessionid"] = "another"
    scans = list(collector.collect(night.targets(), WINDOW))
    assert set(outcomes(scans)) == {"unread token"}
    assert server.count() <= 2


def test_a_missing_session_file_is_said_for_every_account_and_sends_nothing(
    server: InstagramServer, tmp_path: Path
) -> None:
    night = Night(server, tmp_path)
    collector = night.collector()
    (tmp_path / "session.json").unlink()
    scans = list(collector.collect(night.targets(), WINDOW))
    assert outcomes(scans) == ["unread token"] * 8
    assert len({scan.reading.reason for scan in scans}) == 1
    assert server.count() == 0


def test_a_visitor_sent_to_the_login_page_stops_the_source(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("login", endpoint="profile_page", first=2)
    assert outcomes(Night(server, tmp_path, signed_in=False).read()) == ["read", *["unread blocked"] * 7]
    assert server.count("profile_page") == 2


@pytest.mark.parametrize("fault", ["wait401", "execution_error", "server_error", "empty_timeline", "html200"])
def test_accounts_failing_the_same_way_in_a_row_mean_that_the_source_is_down(
    server: InstagramServer, tmp_path: Path, fault: str
) -> None:
    server.fail(fault, endpoint="timeline", first=2)
    scans = Night(server, tmp_path).read()
    assert outcomes(scans)[0] == "read"
    assert len({scan.reading.unread_class for scan in scans[1:]}) == 1
    assert {scan.reading.outcome for scan in scans[1:]} == {"unread"}
    rest = {scan.reading.reason for scan in scans[1 + SAME_FAILURES :]}
    assert len(rest) == 1
    assert "dihentikan" in rest.pop()
    asked = {name for request in server.log for name in request.accounts}
    assert "dinas_contoh_8" not in asked


def test_different_troubles_in_a_row_do_not_stop_the_source(server: InstagramServer, tmp_path: Path) -> None:
    for number, fault in enumerate(["wait401", "execution_error", "drop", "wait401", "html200", "drop"], 1):
        server.fail(fault, account=f"dinas_contoh_{number}")
    assert outcomes(Night(server, tmp_path).read())[6:] == ["read", "read"]


def test_an_instagram_that_knows_no_account_at_all_is_down_not_empty(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("not_found404")
    for signed_in, known in ((True, True), (True, False), (False, True), (False, False)):
        scans = Night(server, tmp_path, signed_in=signed_in, known=known).read()
        assert outcomes(scans) == ["unread unproven"] * 8


@pytest.mark.parametrize("shown", [1, 4])
def test_an_instagram_that_stops_showing_accounts_calls_none_of_them_missing(
    server: InstagramServer, tmp_path: Path, shown: int
) -> None:
    """Deleted accounts and an Instagram that shows nobody any more give the same answers."""
    server.fail("not_found404", endpoint="timeline", first=shown + 1)
    server.fail("null_profile")
    scans = Night(server, tmp_path).read()
    assert outcomes(scans) == ["read"] * shown + ["unread unproven"] * (8 - shown)
    server.faults.clear()
    for account in server.accounts[shown:]:
        account.state = "gone"
    asked = server.count()
    assert outcomes(Night(server, tmp_path).read()) == ["read"] * shown + ["missing"] * (8 - shown)
    assert server.count() - asked <= 1 + shown + 2 * (8 - shown) + 2, (
        "a witness is asked again, once per five and at the end"
    )


def test_many_missing_accounts_do_not_stop_a_source_that_works(server: InstagramServer, tmp_path: Path) -> None:
    for account in server.accounts[1:7]:
        account.state = "gone"
    assert outcomes(Night(server, tmp_path).read()) == ["read", *["missing"] * 6, "read"]


@pytest.mark.parametrize("inside", [True, False], ids=["in the register", "outside"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [("execution_error", "format"), ("wait401", "blocked"), ("not_found404", "unproven"), ("empty_timeline", "format")],
)
def test_a_failing_canary_takes_the_whole_source_down_once(
    server: InstagramServer, tmp_path: Path, fault: str, kind: str, inside: bool
) -> None:
    server.fail(fault, account="dinas_contoh_8")
    server.fail(fault, account="1008")
    night = Night(server, tmp_path, canary="dinas_contoh_8")
    targets = night.targets(server.accounts if inside else server.accounts[:7])
    scans = list(night.collector().collect(targets, WINDOW))
    assert outcomes(scans) == [f"unread {kind}"] * len(targets)
    assert len({scan.reading.reason for scan in scans}) == 1
    assert "akun penanda" in scans[0].reading.reason


def test_a_canary_without_any_post_proves_nothing(server: InstagramServer, tmp_path: Path) -> None:
    server.accounts[0].posts.clear()
    scans = Night(server, tmp_path, canary=server.accounts[0].handle).read()
    assert outcomes(scans) == ["unread unproven"] * 8


def test_a_rate_limit_is_waited_out_and_costs_no_account_its_night(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("rate429", endpoint="timeline", first=2, times=1)
    night = Night(server, tmp_path)
    assert outcomes(night.read()) == ["read"] * 8
    assert night.clock.slept_s == [660.0]


def test_a_rate_limit_that_stays_is_asked_about_once_per_pause(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("rate429", endpoint="timeline", first=2)
    night = Night(server, tmp_path)
    assert outcomes(night.read()) == ["read", *["unread rate_limit"] * 7]
    assert server.count("timeline") == 1 + 1 + SAME_FAILURES
    assert night.clock.slept_s == [660.0] * SAME_FAILURES


def test_a_rate_limit_near_the_end_of_the_night_does_not_wait_beyond_it(
    server: InstagramServer, tmp_path: Path
) -> None:
    server.fail("rate429", endpoint="timeline", first=2)
    night = Night(server, tmp_path, deadline_h=0.1)
    assert outcomes(night.read()) == ["read", "unread rate_limit", *["unread deadline"] * 6]
    assert night.clock.slept_s == []


def test_the_deadline_makes_the_rest_unread_and_never_quiet(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path, pause_s=20, deadline_h=0.012)
    scans = night.read()
    kinds = outcomes(scans)
    assert kinds[0] == "read"
    assert kinds[-1] == "unread deadline"
    assert set(kinds) == {"read", "unread deadline"}
    assert len({scan.reading.reason for scan in scans if scan.reading.outcome == "unread"}) == 1
    assert night.clock.now() <= NOW.replace(minute=1)


def test_a_break_between_two_pages_keeps_what_was_read_and_moves_no_watermark(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 2), f"Kabar {n}") for n in range(30)]
    with InstagramServer([office(1, posts)]) as server:
        server.fail("wait401", endpoint="timeline", first=2)
        night = Night(server, tmp_path)
        (scan,) = night.read()
        assert (outcomes([scan]), scan.reading.complete) == (["unread blocked"], False)
        assert texts(scan) == [f"Kabar {n}" for n in range(12)]
        server.faults.clear()
        (scan,) = night.read()
        assert (scan.reading.complete, len(texts(scan))) == (True, 30)


def test_a_post_that_cannot_be_read_is_said_and_the_others_are_kept(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1), "Utuh"), FakeIgPost(hours_ago(2), "Rusak", without=["taken_at"])]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert (outcomes([scan]), texts(scan), scan.reading.complete) == (["unread format"], ["Utuh"], False)
        assert scan.reading.reason.startswith("1 unggahan")


def test_an_unreachable_proxy_is_a_network_reason(tmp_path: Path) -> None:
    with InstagramServer([office(n) for n in range(8)]) as server:
        night = Night(server, tmp_path)
        collector = night.collector()
        targets = night.targets()
    scans = list(collector.collect(targets, WINDOW))
    assert set(outcomes(scans)) == {"unread network"}


def test_a_certificate_that_is_not_trusted_is_a_network_reason(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    session = server.write_session(tmp_path / "s.json")
    pace = Pace(night.clock.now, night.clock.sleep, NOW.replace(hour=20))
    collector = InstagramWebCollector(InstagramSettings(pause_s=0), Network(proxy=server.proxy_url), session, pace)
    assert set(outcomes(list(collector.collect(night.targets(), WINDOW)))) == {"unread network"}
    assert server.count() == 0


def test_a_wrong_certificate_setting_is_named(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    pace = Pace(night.clock.now, night.clock.sleep, NOW.replace(hour=20))
    network = Network(ca_file=str(tmp_path / "tidak-ada.pem"))
    scans = list(InstagramWebCollector(InstagramSettings(), network, None, pace).collect(night.targets(), WINDOW))
    assert set(outcomes(scans)) == {"unread network"}
    assert "network.ca_file" in scans[0].reading.reason


def test_an_answer_that_trickles_in_for_ever_is_cut_off(tmp_path: Path) -> None:
    """Each packet arrives in time, so that no timeout of the socket ever strikes."""
    with socket.create_server(("127.0.0.1", 0)) as listener, InstagramServer([office(1)]) as server:
        clock = SimClock(NOW)
        pause = threading.Event()

        def trickle() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
                for _ in range(200):
                    clock.sleep(5)
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        break
                    pause.wait(0.01)

        threading.Thread(target=trickle, daemon=True).start()
        pace = Pace(clock.now, clock.sleep, NOW.replace(hour=20))
        settings = InstagramSettings(pause_s=0, timeout_s=5)
        context = PantauContext(settings, server.network, pace, RateMemory(None, pace))
        session = context.get_anonymous_session()
        session.proxies = {}
        session.mount("http://", session.get_adapter("https://www.instagram.com"))
        with pytest.raises(OSError, match="too long"):
            session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        context.close()


def test_what_instaloader_prints_goes_to_our_log_and_never_to_the_terminal(
    server: InstagramServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        collector = Night(server, tmp_path).collector()
        context = collector._open()
        context.error("something odd", repeat_at_end=True)
        context.log("a note")
        context.close()
    assert [entry["event"] for entry in logs] == ["instagram.library_error", "instagram.library_note"]
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_no_cookie_of_the_session_reaches_a_log_or_a_reason(server: InstagramServer, tmp_path: Path) -> None:
    for number, fault in enumerate(["wait401", "html200", "drop", "bad_request", "execution_error", "not_found404"], 1):
        server.fail(fault, account=f"dinas_contoh_{number}")
    with structlog.testing.capture_logs() as logs:
        scans = Night(server, tmp_path).read()
    written = str(logs) + str([scan.reading for scan in scans])
    for secret in (server.cookies["sessionid"], "dtsg-token", "lsd-token"):
        assert secret not in written


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_sequence_of_faults_loses_or_doubles_a_post_once_a_normal_night_follows(
    tmp_path: Path, data: st.DataObject
) -> None:
    names = sorted((REPLIES.keys() | CHANGES.keys()) - {"stall"})
    with InstagramServer([office(n) for n in range(6)]) as server:
        night = Night(server, tmp_path, known=data.draw(st.booleans()))
        (tmp_path / "session.json").unlink(missing_ok=True)
        for _ in range(data.draw(st.integers(1, 5))):
            first, times = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 3) | st.none())
            account = data.draw(st.sampled_from(["", "dinas_contoh_1", "dinas_contoh_4"]))
            server.fail(data.draw(st.sampled_from(names)), account=account, first=first, times=times)
        bad = night.read()
        server.faults.clear()
        good = night.read()
    assert [len(bad), len(good)] == [6, 6]
    for scan in bad:
        if scan.reading.complete:
            assert texts(scan), "an account that posted is never called quiet by a complete reading"
    kept = {one.post.post_id for scan in bad for one in scan.posts}
    assert outcomes(good) == ["read"] * 6
    read = [one.post.post_id for scan in good for one in scan.posts]
    assert len(read) == len(set(read)) == 6
    assert kept <= set(read)
