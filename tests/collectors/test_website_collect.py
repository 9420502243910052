"""Nights over local sites: what is read, what it costs, and that no fault loses or doubles a post."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.website import FAILURES_IN_A_ROW, WebsiteCollector
from pantau.core.model import Account
from pantau.core.settings import Network, WebsiteSettings
from tests.collectors.feed_office import NIGHT, FeedOffice, outcome, outcomes
from tests.random_cases import cases
from tests.servers.base import (
    Fault,
    Reply,
    broken_off,
    dropped,
    html_reply,
    redirect_reply,
    stalled,
    truncated,
)
from tests.servers.website_server import WIB, FakeEntry, FakeSite, WebsiteServer, indonesian

LOCAL = ("127.0.0.1",)


def settings_of(**changes: object) -> WebsiteSettings:
    chosen = {"enabled": True, "timeout_s": 5.0, "http_hosts": LOCAL, "private_hosts": LOCAL, **changes}
    return WebsiteSettings(**chosen)  # type: ignore[arg-type]


def open_office(server: WebsiteServer, folder: Path, network: Network | None = None, **changes: object) -> FeedOffice:
    accounts = [Account(platform="website", handle=server.handle(name), unit=name) for name in server.sites]

    def build(pace: Pace) -> WebsiteCollector:
        return WebsiteCollector(settings_of(**changes), network or Network(), pace, WIB, folder / "website.json")

    return FeedOffice(build, accounts)


def entries(number: int, hours: float = 30.0) -> list[FakeEntry]:
    return [FakeEntry(NIGHT - timedelta(hours=2 + hours * n), f"Berita {n}") for n in range(number)]


def site(name: str = "sukamaju", number: int = 4, **changes: object) -> FakeSite:
    return FakeSite(name, entries(number), **changes)  # type: ignore[arg-type]


def publish(one: FakeSite, at: datetime, title: str) -> None:
    one.entries.insert(0, FakeEntry(at, title))


def test_an_unchanged_feed_costs_one_request_that_is_answered_304(tmp_path: Path) -> None:
    with WebsiteServer(site(f"desa{n}") for n in range(40)) as server:
        office = open_office(server, tmp_path)
        office.night()
        assert len(office.stored) == 40 * 4
        before = server.count()
        office.next_day()
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert (server.count() - before, server.unchanged) == (40, 40)
        assert office.costs[0].requests == 40
        assert all(
            scan.reading.complete and scan.reading.last_post_at == NIGHT - timedelta(hours=2) for scan in scans.values()
        )


def test_changed_feeds_cost_one_request_each(tmp_path: Path) -> None:
    with WebsiteServer(site(f"desa{n}", 2) for n in range(200)) as server:
        office = open_office(server, tmp_path)
        office.night()
        before = server.count()
        office.next_day()
        for one in server.sites.values():
            publish(one, NIGHT + timedelta(hours=5), "Baru")
        office.night()
        assert server.count() - before == 200
        assert office.texts().count("Baru") == 200


def test_validators_are_not_used_when_the_reading_they_belong_to_never_reached_the_store(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.night(lose=True)
        office.next_day(1)
        office.night()
        assert len(office.stored) == 4
        assert server.unchanged == 0


def test_an_entry_published_while_the_night_runs_is_next_nights_although_the_feed_does_not_change(
    tmp_path: Path,
) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        publish(server.sites["sukamaju"], NIGHT + timedelta(minutes=5), "Tengah malam")
        office.night()
        assert "Tengah malam" not in office.texts()
        office.next_day()
        office.night()
        assert office.texts().count("Tengah malam") == 1


@pytest.mark.parametrize("kind", ["wordpress", "opensid", "atom"])
def test_every_kind_of_site_is_found_from_its_front_page_and_asked_directly_afterwards(
    kind: str, tmp_path: Path
) -> None:
    with WebsiteServer([site(kind=kind)]) as server:
        office = open_office(server, tmp_path)
        office.night()
        further = kind == "wordpress"  # the first night also asks for older entries
        assert (server.count("home"), server.count("feed"), len(office.stored)) == (1, 1 + further, 4)
        office.next_day()
        office.night()
        assert server.count("home") == 1


def test_a_feed_address_in_the_register_is_read_as_it_stands(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.accounts = [Account(platform="website", handle=server.handle("sukamaju") + "/feed", unit="u")]
        office.night()
        assert (server.count("home"), len(office.stored)) == (0, 4)


def test_a_site_without_a_feed_is_unread_with_a_reason_never_quiet(tmp_path: Path) -> None:
    with WebsiteServer([site(kind="none")]) as server:
        scan = next(iter(open_office(server, tmp_path).night().values()))
        assert outcome(scan) == "unread format"
        assert "umpan" in scan.reading.reason


def test_older_pages_of_wordpress_close_a_gap_and_another_feed_says_that_one_may_exist(tmp_path: Path) -> None:
    for kind, expected in (("wordpress", 37), ("opensid", 20)):
        with WebsiteServer([FakeSite("desa", entries(10), kind=kind)]) as server:  # type: ignore[arg-type]
            office = open_office(server, tmp_path / kind)
            office.night()
            office.next_day()
            for n in range(27):
                publish(server.sites["desa"], NIGHT + timedelta(minutes=10 * n + 1), f"Baru {n}")
            scan = next(iter(office.night().values()))
            assert len(office.stored) == expected
            assert ("10 tulisan terbaru" in scan.reading.reason) == (kind == "opensid")


def test_an_edited_entry_comes_again_and_a_removed_one_can_be_noticed(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        own = server.sites["sukamaju"].entries
        own[0] = FakeEntry(own[0].at, "Berita 0 (ralat)", own[0].html, guid="x")
        own[1].html = "<p>Isi yang diralat.</p>"
        scan = next(iter(office.night().values()))
        assert len(office.edits) == 1
        assert scan.seen_from is not None
        assert scan.seen_from <= own[1].at


def test_an_entry_without_a_date_keeps_the_day_on_which_it_was_first_seen(tmp_path: Path) -> None:
    with WebsiteServer([FakeSite("desa", [FakeEntry(NIGHT, "Tanpa tanggal", date="")], validators=False)]) as server:
        office = open_office(server, tmp_path)
        office.night()
        for _ in range(3):
            office.next_day()
            scan = next(iter(office.night().values()))
        assert scan.reading.last_post_at == NIGHT - timedelta(microseconds=1)
        assert len(office.stored) == 1


@pytest.mark.parametrize("date", ["Sab, 01 Jan 2050 00:00:00 WIB", "Wed, 11 Nov 2026 08:00:00 +0700"])
def test_an_entry_with_a_future_date_is_read_now_and_is_no_way_to_hide(date: str, tmp_path: Path) -> None:
    with WebsiteServer([FakeSite("desa", [FakeEntry(NIGHT, "Masa depan", date=date)])]) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        office.night()
        assert office.texts() == ["Masa depan"]
        assert next(iter(office.stored.values())).post.published_at == NIGHT - timedelta(microseconds=1)


@pytest.mark.parametrize("validators", [True, False])
def test_with_a_slow_clock_here_an_entry_waits_for_the_next_night_and_keeps_its_own_time(
    validators: bool, tmp_path: Path
) -> None:
    own = FakeSite("desa", [FakeEntry(NIGHT - timedelta(minutes=40), "Baru saja"), *entries(2)], validators=validators)
    with WebsiteServer([own]) as server:
        server.clock = lambda: NIGHT
        office = open_office(server, tmp_path)
        office.next_day(hours=-2)
        office.night()
        assert office.texts() == ["Berita 1"], "two are published later than our clock says it is"
        office.next_day(hours=26)
        office.night()
        assert office.texts() == ["Baru saja", "Berita 0", "Berita 1"]
        assert {one.post.published_at for one in office.stored.values()} == {one.at for one in own.entries}


def test_a_site_whose_clock_is_days_ahead_cannot_hide_an_entry(tmp_path: Path) -> None:
    ahead = "Tue, 17 Nov 2026 08:00:00 +0700"
    with WebsiteServer([FakeSite("desa", [FakeEntry(NIGHT, "Masa depan", date=ahead)])]) as server:
        server.clock = lambda: NIGHT + timedelta(days=8)
        office = open_office(server, tmp_path)
        office.night()
        assert office.texts() == ["Masa depan"]


def test_a_worker_that_finds_no_memory_stops_the_source_and_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(WebsiteCollector, "_ask_host", no_room)
    with WebsiteServer([site()]) as server, pytest.raises(MemoryError):
        open_office(server, tmp_path).night()


def test_a_backdated_entry_is_not_missed(tmp_path: Path) -> None:
    with WebsiteServer([site(write_date=indonesian)]) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        publish(server.sites["sukamaju"], NIGHT - timedelta(days=3), "Tanggal mundur")
        office.night()
        assert "Tanggal mundur" in office.texts()


FAULTS: dict[str, tuple[Callable[[], Fault], str]] = {
    "a 429 that names a short wait": (lambda: Fault(Reply(429, b"", {"retry-after": "7"})), "read"),
    "a 429 that names none": (lambda: Fault(Reply(429)), "read"),
    "a 429 for hours": (lambda: Fault(Reply(429, b"", {"retry-after": "7200"})), "unread rate_limit"),
    "429 again and again": (lambda: Fault(Reply(429), times=2), "unread rate_limit"),
    "a firewall's 403": (lambda: Fault(html_reply(403)), "unread blocked"),
    "one 500": (lambda: Fault(html_reply(500)), "read"),
    "5xx pages all night": (lambda: Fault(html_reply(503), times=None), "unread network"),
    "one dropped connection": (lambda: Fault(dropped()), "read"),
    "a dead line": (lambda: Fault(dropped(), times=None), "unread network"),
    "silence": (lambda: Fault(stalled(), times=None), "unread network"),
    "a transfer that breaks off": (lambda: Fault(change=broken_off, times=None), "unread network"),
    "half an XML document": (lambda: Fault(change=truncated, endpoint="feed"), "unread format"),
    "a redirect to a login form": (lambda: Fault(redirect_reply("/masuk"), times=None), "unread"),
    "a redirect to another host": (lambda: Fault(redirect_reply("https://judi.example/slot")), "unread format"),
    "a redirect to an inner address": (lambda: Fault(redirect_reply("http://192.168.0.1/")), "unread format"),
    "an HTML error page with status 200": (lambda: Fault(html_reply(200), times=None), "unread format"),
    "a gate for machines": (
        lambda: Fault(html_reply(200, "<html><title>Just a moment...</title></html>"), times=None),
        "unread blocked",
    ),
    "an empty answer": (lambda: Fault(Reply(200), times=None), "unread format"),
    "an answer that is too large": (lambda: Fault(Reply(200, b"x" * 300_000)), "unread format"),
    "JSON": (lambda: Fault(Reply(200, b'{"a": 1}', {"content-type": "application/json"}), times=None), "unread format"),
    "a 304 out of the blue": (lambda: Fault(Reply(304), times=None), "unread format"),
    "an unknown status": (lambda: Fault(Reply(418), times=None), "unread format"),
}


@pytest.mark.parametrize("first", [True, False], ids=["first night", "later night"])
@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_followed_by_a_normal_night_loses_or_doubles_a_post(name: str, first: bool, tmp_path: Path) -> None:
    fault, expected = FAULTS[name]
    with WebsiteServer([site(), site("sukamundur")]) as server:
        office = open_office(server, tmp_path, timeout_s=0.5, max_mb=0.2)
        if not first:
            office.night()
            office.next_day()
            publish(server.sites["sukamaju"], office.clock.time - timedelta(hours=3), "Baru")
        switched = fault()
        switched.account = "sukamaju"
        server.faults.add(switched)
        if name.startswith("a redirect to a login"):
            server.faults.add(
                Fault(html_reply(200, '<form><input type="password"></form>'), account="masuk", times=None)
            )
        hurt = office.night()[server.handle("sukamaju")]
        assert switched.hits
        assert outcome(hurt).startswith(expected) or (not first and name == "a 304 out of the blue")
        assert hurt.reading.complete == (hurt.reading.outcome == "read")
        assert hurt.reading.reason or hurt.reading.outcome == "read"
        server.faults.clear()
        office.next_day(1 if first else 24)
        assert outcomes(list(office.night().values())) == {"read"}
        own = [post for key, post in office.stored.items() if "sukamaju" in key]
        assert len(own) == (4 if first else 5)
        assert not office.edits


def test_a_feed_that_is_suddenly_empty_is_unproven(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        server.sites["sukamaju"].entries.clear()
        assert outcome(next(iter(office.night().values()))) == "unread unproven"


def test_a_page_that_is_not_there_is_missing_only_after_a_second_look(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        server.sites["sukamaju"].gone = True
        scan = next(iter(office.night().values()))
        assert outcome(scan) == "missing"
        assert server.count("root") == 1
        server.faults.add(Fault(html_reply(500), endpoint="root", times=None))
        assert outcome(next(iter(office.night().values()))) == "unread network"


def test_private_addresses_are_never_asked(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path, private_hosts=())
        assert outcome(next(iter(office.night().values()))) == "unread blocked"
        assert server.count() == 0


def test_https_is_used_unless_told_otherwise_and_a_bad_certificate_is_named(tmp_path: Path) -> None:
    with WebsiteServer([site()], direct_tls=True) as server:
        office = open_office(server, tmp_path, http_hosts=())
        scan = next(iter(office.night().values()))
        assert outcome(scan) == "unread network"
        assert "sertifikat" in scan.reading.reason
        trusting = open_office(server, tmp_path, Network(ca_file=server.ca_file), http_hosts=())
        assert outcome(next(iter(trusting.night().values()))) == "read"


def test_when_no_site_at_all_can_be_reached_the_rest_is_not_asked_and_the_reason_is_said_once(tmp_path: Path) -> None:
    hosts = tuple(f"127.0.1.{n}" for n in range(1, 60))
    accounts = [Account(platform="website", handle=f"{host}:9", unit=host) for host in hosts]
    changed = settings_of(http_hosts=hosts, private_hosts=hosts, parallel=1)
    office = FeedOffice(lambda pace: WebsiteCollector(changed, Network(), pace, WIB), accounts)
    scans = list(office.night().values())
    assert outcomes(scans) == {"unread network"}
    assert office.costs[0].requests == 2 * FAILURES_IN_A_ROW
    assert sum("tidak satu situs pun" in scan.reading.reason for scan in scans) == 59 - FAILURES_IN_A_ROW


def test_after_the_deadline_sites_are_unread(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.deadline_h = 0
        assert outcome(next(iter(office.night().values()))) == "unread deadline"


def test_a_spoilt_notes_file_only_costs_requests(tmp_path: Path) -> None:
    with WebsiteServer([site()]) as server:
        office = open_office(server, tmp_path)
        office.night()
        (tmp_path / "website.json").write_text("{half")
        office.next_day()
        office.night()
        assert len(office.stored) == 4


_FAULTY = st.sampled_from([None, *(name for name in FAULTS if name not in ("silence", "a 304 out of the blue"))])


@settings(max_examples=cases(5, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.lists(st.tuples(_FAULTY, st.integers(0, 12), st.booleans()), min_size=2, max_size=5))
def test_any_sequence_of_faults_and_posts_ends_with_every_post_once(
    nights: list[tuple[str | None, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("notes")
    with WebsiteServer([site()]) as server:
        office = open_office(server, folder, timeout_s=0.5, max_mb=0.2)
        written = {f"Berita {n}" for n in range(4)}
        for number, (name, posts, lose) in enumerate([*nights, (None, 0, False)]):
            for n in range(posts):
                title = f"Malam {number} tulisan {n}"
                publish(server.sites["sukamaju"], office.clock.time - timedelta(minutes=60 - n), title)
                written.add(title)
            if name:
                server.faults.add(FAULTS[name][0]())
            scan = next(iter(office.night(lose=lose).values()))
            assert scan.reading.outcome in ("read", "unread")
            assert scan.reading.complete == (scan.reading.outcome == "read")
            server.faults.clear()
            office.next_day()
        assert office.texts() == sorted(written)
