"""Who pages, channels, sites and accounts are now, asked of local servers at least cost and without their posts."""

import json
import socket
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.base import Pace
from collectors.facebook import FacebookCollector
from collectors.instagram import InstagramCollector
from collectors.instagram_graph import HANDED_ON
from collectors.recorded import RecordedCollector, Recording
from collectors.website import WebsiteCollector
from collectors.youtube import YouTubeCollector
from pantau.core.model import Account, Scan
from pantau.core.ports import Collector
from pantau.core.settings import Network, WebsiteSettings, YouTubeSettings
from pantau.core.settings_meta import MetaSettings
from tests.collectors.feed_office import FeedOffice
from tests.collectors.graph_night import GraphNight
from tests.collectors.instagram_night import Night, office
from tests.fakes import SimClock
from tests.servers.graph_pages import FakePage
from tests.servers.graph_server import TOKEN, GraphServer
from tests.servers.instagram_server import FakeIgAccount, InstagramServer
from tests.servers.website_server import WIB, FakeEntry, FakeSite, WebsiteServer
from tests.servers.youtube_server import KEY, FakeChannel, YouTubeServer, channel_id


def pace() -> Pace:
    clock = SimClock()
    return Pace(clock.now, clock.sleep, clock.now() + timedelta(hours=4))


def identities(collector: Collector, accounts: Sequence[Account]) -> list[Scan]:
    """Exactly one scan per account, in the order of the accounts."""
    scans = list(collector.identify(accounts))
    assert sorted(scan.reading.account for scan in scans) == sorted(account.key for account in accounts)
    assert not any(scan.posts for scan in scans)
    found = {scan.reading.account: scan for scan in scans}
    return [found[account.key] for account in accounts]


def outcomes(scans: Iterable[Scan]) -> list[str]:
    return [" ".join(filter(None, (scan.reading.outcome, scan.reading.unread_class))) for scan in scans]


def names(scans: Iterable[Scan]) -> list[tuple[str, str]]:
    return [(scan.platform_id, scan.handle) for scan in scans]


# -- YouTube -----------------------------------------------------------------------------------------------------------


def youtube(server: YouTubeServer, key: str = KEY) -> YouTubeCollector:
    settings = YouTubeSettings(enabled=True, api_url=server.url, rss_url=server.url, timeout_s=5.0)
    return YouTubeCollector(settings, Network(), key, pace())


def channel_account(handle: str, number: int | None = None) -> Account:
    platform_id = "" if number is None else channel_id(number)
    return Account(platform="youtube", handle=handle, unit="u", platform_id=platform_id)


def test_a_thousand_known_channels_cost_twenty_units() -> None:
    with YouTubeServer(FakeChannel(channel_id(n), f"desa{n}") for n in range(1000)) as server:
        scans = identities(youtube(server), [channel_account(f"desa{n}", n) for n in range(1000)])
        assert (server.units, server.count()) == (20, 20)
    assert set(outcomes(scans)) == {"read"}


def test_a_channel_is_found_by_its_number_under_its_new_handle_and_a_new_one_by_its_handle() -> None:
    with YouTubeServer([FakeChannel(channel_id(1), "desabaru"), FakeChannel(channel_id(2), "desadua")]) as server:
        scans = identities(youtube(server), [channel_account("desalama", 1), channel_account("DesaDua")])
    assert names(scans) == [(channel_id(1), "desabaru"), (channel_id(2), "desadua")]


def test_a_channel_is_missing_only_when_api_and_feed_agree() -> None:
    channels = [FakeChannel(channel_id(1), "a", gone=True), FakeChannel(channel_id(2), "b", gone=True, feed_gone=False)]
    with YouTubeServer(channels) as server:
        scans = identities(youtube(server), [channel_account("a", 1), channel_account("b", 2), channel_account("c")])
    assert outcomes(scans) == ["missing", "unread unproven", "missing"]


def test_without_a_key_feeds_say_which_channels_exist_and_nobody_is_called_missing() -> None:
    with YouTubeServer([FakeChannel(channel_id(1), "a"), FakeChannel(channel_id(2), "b", gone=True)]) as server:
        accounts = [channel_account("a", 1), channel_account("b", 2), channel_account("c")]
        scans = identities(youtube(server, key=""), accounts)
    assert outcomes(scans) == ["read", "unread unproven", "unread token"]


# -- Facebook ----------------------------------------------------------------------------------------------------------


def facebook(server: GraphServer) -> FacebookCollector:
    return FacebookCollector(TOKEN, MetaSettings(api_url=server.url), Network(), "", pace())


def page_account(handle: str, platform_id: str = "") -> Account:
    return Account(platform="facebook", handle=handle, unit="u", platform_id=platform_id)


def test_a_page_costs_one_call_and_is_found_by_its_number_under_its_new_name() -> None:
    with GraphServer(pages=[FakePage("desa.baru", "100001"), FakePage("desa.dua", "100002")]) as server:
        scans = identities(facebook(server), [page_account("desa.lama", "100001"), page_account("desa.dua")])
        assert server.count() == 3, "own pages once, then one call per page"
    assert names(scans) == [("", "desa.baru"), ("100002", "desa.dua")]
    assert outcomes(scans) == ["read", "read"]


def test_an_unpublished_page_is_private_and_an_unknown_name_missing_once_the_token_is_proven() -> None:
    with GraphServer(
        pages=[FakePage("desa.satu", "100001"), FakePage("desa.dua", "100002", published=False)]
    ) as server:
        accounts = [page_account("desa.tiada"), page_account("desa.satu"), page_account("desa.dua")]
        assert outcomes(identities(facebook(server), accounts)) == ["missing", "read", "private"]
        assert outcomes(identities(facebook(server), accounts[:1])) == ["unread unproven"]


def test_a_page_hidden_from_our_token_is_not_called_missing() -> None:
    with GraphServer(pages=[FakePage("desa.satu", "100001"), FakePage("desa.dua", "100002", state="hidden")]) as server:
        accounts = [page_account("desa.satu", "100001"), page_account("desa.dua", "100002")]
        assert outcomes(identities(facebook(server), accounts)) == ["read", "unread unproven"]


# -- Instagram ---------------------------------------------------------------------------------------------------------


def ig_account(handle: str, platform_id: str = "") -> Account:
    return Account(platform="instagram", handle=handle, unit="u", platform_id=platform_id)


def test_instaloader_asks_once_per_known_account_and_finds_it_under_its_new_handle(tmp_path: Path) -> None:
    with InstagramServer([office(1), office(2), FakeIgAccount("dinas_baru", "1003")]) as server:
        accounts = [ig_account("dinas_contoh_1", "1001"), ig_account("dinas_contoh_2", "1002")]
        scans = identities(Night(server, tmp_path).collector(), [*accounts, ig_account("dinas_lama", "1003")])
        assert server.count("profile") == 3
        assert server.count("timeline") == 0
    assert names(scans)[2] == ("", "dinas_baru")
    assert outcomes(scans) == ["read"] * 3


def test_instaloader_learns_the_number_of_a_new_account_and_tells_private_missing_and_handed_on_apart(
    tmp_path: Path,
) -> None:
    locked = FakeIgAccount("dinas_kunci", "1002", private=True)
    with InstagramServer([office(1), locked, FakeIgAccount("dinas_ganti", "1999")]) as server:
        accounts = [ig_account("dinas_contoh_1"), ig_account("dinas_kunci", "1002"), ig_account("tiada", "1003")]
        scans = identities(Night(server, tmp_path).collector(), [*accounts, ig_account("dinas_ganti", "1004")])
    assert outcomes(scans) == ["read", "private", "missing", "missing"]
    assert names(scans)[0] == ("1001", "dinas_contoh_1")
    assert names(scans)[3] == ("1999", "dinas_ganti"), "the stranger's number goes with the word that ours is missing"


def graph_office(server: GraphServer, folder: Path) -> GraphNight:
    return GraphNight(server, notes_file=folder / "instagram-graph.json")


def test_the_graph_api_asks_once_per_account_without_posts(tmp_path: Path) -> None:
    with GraphServer([office(1), office(2)], personal=["dinas_contoh_2"]) as server:
        accounts = [ig_account("dinas_contoh_1"), ig_account("dinas_contoh_2")]
        scans = identities(graph_office(server, tmp_path).collector(), accounts)
        assert server.count("discovery") == 2
    assert outcomes(scans) == ["read", "unread unproven"]


def test_a_name_that_changed_hands_at_meta_is_never_read_as_the_account(tmp_path: Path) -> None:
    ours, stranger = office(1), office(1)
    stranger.id = "7777"
    with GraphServer([ours]) as server:
        night = graph_office(server, tmp_path)
        assert outcomes(night.read()) == ["read"]
        server.instagram = [stranger]
        for scan in (night.read()[0], identities(night.collector(), [ig_account("dinas_contoh_1")])[0]):
            assert (scan.reading.outcome, scan.reading.unread_class, scan.posts) == ("unread", "unproven", ())
            assert scan.reading.reason == HANDED_ON
        server.instagram = [ours]
        assert outcomes(night.read()) == ["read"]


def test_the_office_settles_a_name_that_changed_hands_by_writing_the_new_number(tmp_path: Path) -> None:
    stranger = office(1)
    with GraphServer([office(1)]) as server:
        night = graph_office(server, tmp_path)
        night.read()
        stranger.id = "7777"
        server.instagram = [stranger]
        assert outcomes(identities(night.collector(), [ig_account("dinas_contoh_1", "7777")])) == ["read"]


def test_with_instaloader_behind_it_an_account_whose_name_was_taken_is_found_by_its_number(tmp_path: Path) -> None:
    stranger = office(1)
    stranger.id = "7777"
    renamed = FakeIgAccount("dinas_baru", "1001", office(1).posts)
    with GraphServer([office(1)]) as graph, InstagramServer([stranger, renamed]) as web:
        night = graph_office(graph, tmp_path)
        both = InstagramCollector(night.collector(), Night(web, tmp_path).collector())
        known = ig_account("dinas_contoh_1", "1001")
        assert outcomes(identities(both, [known])) == ["read"]
        graph.instagram = [stranger]
        both = InstagramCollector(night.collector(), Night(web, tmp_path).collector())
        assert names(identities(both, [known])) == [("", "dinas_baru")]


# -- Websites ----------------------------------------------------------------------------------------------------------


def websites(folder: Path, at: Pace | None = None) -> WebsiteCollector:
    local = ("127.0.0.1",)
    settings = WebsiteSettings(enabled=True, timeout_s=5.0, http_hosts=local, private_hosts=local)
    return WebsiteCollector(settings, Network(), at or pace(), WIB, folder / "website.json")


def site_account(handle: str) -> Account:
    return Account(platform="website", handle=handle, unit="u")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Names of hosts and the error with which the resolver answers; all others are resolved as always."""
    errors: dict[str, int] = {}
    real = socket.getaddrinfo

    def look_up(host: str, *more: object, **named: object) -> object:
        if host in errors:
            raise socket.gaierror(errors[host], "uji")
        return real(host, *more, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return errors


def test_a_site_says_where_its_feed_is_or_that_it_is_gone(tmp_path: Path) -> None:
    at = SimClock().now() - timedelta(hours=3)
    with WebsiteServer([FakeSite("satu", [FakeEntry(at, "Berita")]), FakeSite("dua", gone=True)]) as server:
        accounts = [site_account(server.handle(name)) for name in ("satu", "dua")]
        scans = identities(websites(tmp_path), accounts)
    assert outcomes(scans) == ["read", "missing"]
    assert scans[0].reading.reason.endswith("/satu/feed/")


def test_a_site_whose_name_no_longer_exists_is_missing_only_while_another_site_can_be_read(
    tmp_path: Path, resolver: dict[str, int]
) -> None:
    resolver |= {"hilang.contoh.go.id": socket.EAI_NONAME, "ragu.contoh.go.id": socket.EAI_AGAIN}
    lost, unsure = site_account("hilang.contoh.go.id"), site_account("ragu.contoh.go.id")
    with WebsiteServer([FakeSite("satu", [FakeEntry(SimClock().now() - timedelta(hours=3), "Berita")])]) as server:
        alive = site_account(server.handle("satu"))
        night = FeedOffice(lambda at: websites(tmp_path, at), [lost, unsure, alive]).night()
        assert outcomes(night[one.handle] for one in (lost, unsure, alive)) == ["missing", "unread network", "read"]
        assert night[lost.handle].reading.source == "dns"
        assert outcomes(identities(websites(tmp_path), [lost, alive])) == ["missing", "read"]
    alone = FeedOffice(lambda at: websites(tmp_path, at), [lost, unsure]).night()
    assert outcomes(alone.values()) == ["unread network", "unread network"]


# -- A recording -------------------------------------------------------------------------------------------------------


def test_a_recording_answers_as_its_last_day_stood() -> None:
    demo = Path(__file__).resolve().parents[2] / "demo"
    failures = json.loads((demo / "outcomes.json").read_text("utf-8"))["accounts"]
    last = max(failure["last"] for failure in failures)
    failed = next(one for one in failures if one["last"] == last and one["account"].startswith("x:@"))
    handle = failed["account"].removeprefix("x:@")
    accounts = [
        Account(platform="x", handle=handle, unit="u"),
        Account(platform="x", handle="tanpa_gangguan", unit="u"),
    ]
    scans = identities(RecordedCollector("x", Recording(demo)), accounts)
    assert [scan.reading.outcome for scan in scans] == [failed["outcome"], "read"]
    assert scans[1].handle == "tanpa_gangguan"
