"""How many requests a night costs, how they are spaced, and that a second start goes on counting where the first one stopped."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.instagram_rates import REST_AFTER_REFUSAL_H
from tests.collectors.instagram_night import NOW, WINDOW, Night, hours_ago, office, outcomes
from tests.servers.instagram_server import FakeIgAccount, FakeIgPost, InstagramServer

TIMELINE_QUERY = "29104886249145907"


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    with InstagramServer([office(n) for n in range(1, 9)]) as running:
        yield running


def town(accounts: int) -> list[FakeIgAccount]:
    """Accounts with two new posts each on average, unevenly: some silent for long, some never used, a few with pages of news."""
    offices = []
    for number in range(accounts):
        new = {0: 0, 1: 1, 2: 1, 3: 2, 4: 5}[number % 5] + (20 if number % 100 == 50 else 0)
        posts = [FakeIgPost(hours_ago(1 + n / 2), f"Baru {n}") for n in range(new)]
        posts += [FakeIgPost(hours_ago(30 + 24 * day), f"Arsip {day}") for day in range(14)]
        offices.append(office(number, [] if number % 50 == 20 else posts))
    return offices


def test_three_hundred_accounts_with_known_ids_cost_little_more_than_a_request_each(tmp_path: Path) -> None:
    with InstagramServer(town(300)) as server:
        night = Night(server, tmp_path, canary="dinas_contoh_0")
        targets = night.targets()
        for account in server.accounts[7::75]:
            account.handle = f"pindah_{account.id}"
        collector = night.collector()
        scans = list(collector.collect(targets, WINDOW))
        assert Counter(outcomes(scans)) == {"read": 300}
        assert 585 <= sum(len(scan.posts) for scan in scans) <= 615
        requests = server.count()
        assert requests <= 1.1 * len(scans)
        assert collector.costs()[0].requests == requests
        assert 1 <= len(night.clock.slept_s) <= 2, "200 queries of a kind in 11 minutes, then a pause"
        assert max(night.clock.slept_s) < 667


def test_requests_are_spaced_like_a_persons(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path, pause_s=0.1)
    assert outcomes(night.read()) == ["read"] * 8
    assert len(night.clock.slept_s) == server.count()
    assert len(set(night.clock.slept_s)) == server.count(), "never the same pause twice"


def test_a_killed_night_has_written_down_what_it_asked(tmp_path: Path) -> None:
    with InstagramServer([office(n) for n in range(60)]) as server:
        night = Night(server, tmp_path, notes=True)
        scans = night.collector().collect(night.targets(), WINDOW)
        assert outcomes([next(scans) for _ in range(50)]) == ["read"] * 50  # type: ignore[call-overload]
        sent = json.loads((tmp_path / "instagram.json").read_text())["requests"]["sent"]
        assert 30 <= len(sent[TIMELINE_QUERY]) <= 50
        scans.close()  # type: ignore[attr-defined]
        sent = json.loads((tmp_path / "instagram.json").read_text())["requests"]["sent"]
        assert (len(sent[TIMELINE_QUERY]), len(sent["other"])) == (50, 1)


@pytest.mark.parametrize(("minutes_ago", "waits"), [(5, True), (20, False)])
def test_a_night_that_is_started_again_goes_on_counting(
    server: InstagramServer, tmp_path: Path, minutes_ago: int, waits: bool
) -> None:
    before = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    note = {"sent": {TIMELINE_QUERY: [before] * 195}}
    (tmp_path / "instagram.json").write_text(json.dumps({"requests": note}))
    night = Night(server, tmp_path, notes=True)
    assert outcomes(night.read()) == ["read"] * 8
    assert bool(night.clock.slept_s) == waits, "203 queries in 11 minutes would get the account locked"


def test_without_notes_nothing_is_remembered_and_nothing_is_written(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    night.read()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["session.json"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"requests": 3}', b'{"requests": {"sent": {"other": ["x"]}}}', b"\xff"]
)
def test_a_damaged_memory_costs_nothing_but_the_memory(server: InstagramServer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "instagram.json").write_bytes(content)
    assert outcomes(Night(server, tmp_path, notes=True).read()) == ["read"] * 8


def test_a_clock_that_was_set_back_holds_nobody_up(server: InstagramServer, tmp_path: Path) -> None:
    ahead = (NOW + timedelta(days=3)).timestamp()
    note = {
        "sent": {"other": [ahead] * 300, TIMELINE_QUERY: [ahead] * 300},
        "hold_until": ahead,
        "refused_at": ahead,
    }
    (tmp_path / "instagram.json").write_text(json.dumps({"requests": note}))
    night = Night(server, tmp_path, notes=True)
    assert outcomes(night.read()) == ["read"] * 8
    assert sum(night.clock.slept_s) <= 3600


def test_a_rate_limit_holds_for_the_next_start_too(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("rate429", endpoint="timeline")
    night = Night(server, tmp_path, notes=True, deadline_h=0.1)
    assert outcomes(night.read())[0] == "unread rate_limit"
    server.faults.clear()
    asked = server.count()
    assert outcomes(night.read()) == ["unread deadline"] * 8, "eleven minutes are more than this night has"
    assert server.count() == asked
    night.clock.sleep(660)
    night.deadline_h = 4
    assert outcomes(night.read()) == ["read"] * 8


@pytest.mark.parametrize("fault", ["checkpoint", "feedback", "challenge_page", "suspended"])
def test_after_a_checkpoint_no_second_start_asks_again_until_a_person_acted(
    server: InstagramServer, tmp_path: Path, fault: str
) -> None:
    server.fail(fault, endpoint="timeline", first=2)
    night = Night(server, tmp_path, notes=True)
    reasons = {scan.reading.reason for scan in night.read()[1:]}
    server.faults.clear()
    asked = server.count()
    again = night.read()
    assert outcomes(again) == ["unread blocked"] * 8
    assert {scan.reading.reason for scan in again} == reasons
    assert server.count() == asked
    session = tmp_path / "session.json"
    os.utime(session, ns=(1, session.stat().st_mtime_ns + 1_000_000))  # as an import leaves it
    assert outcomes(night.read()) == ["read"] * 8


def test_the_night_after_a_checkpoint_tries_again_by_itself(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("checkpoint", times=1)
    night = Night(server, tmp_path, notes=True, deadline_h=48)
    assert set(outcomes(night.read())) == {"unread blocked"}
    night.clock.sleep(REST_AFTER_REFUSAL_H * 3600)
    assert outcomes(night.read()) == ["read"] * 8


def test_an_expired_session_may_be_asked_about_again(server: InstagramServer, tmp_path: Path) -> None:
    server.fail("login", times=1)
    night = Night(server, tmp_path, notes=True)
    assert set(outcomes(night.read())) == {"unread token"}
    assert outcomes(night.read()) == ["read"] * 8


def test_one_connection_serves_the_whole_night(
    tmp_path: Path, server: InstagramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handshake per request would double the time of a night."""
    opened: list[object] = []
    listener = server._http
    assert listener is not None
    accept = listener.get_request

    def counted() -> object:
        connection = accept()
        opened.append(connection)
        return connection

    monkeypatch.setattr(listener, "get_request", counted)
    assert outcomes(Night(server, tmp_path).read()) == ["read"] * 8
    assert len(opened) == 1
