"""Who pages, channels, sites and accounts are now, asked of local servers at least cost and without their posts."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from collectors.base import Pace
from collectors.facebook import FacebookCollector
from collectors.youtube import YouTubeCollector
from pantau.core.model import Account, Scan
from pantau.core.ports import Collector
from pantau.core.settings import Network, YouTubeSettings
from pantau.core.settings_meta import MetaSettings
from tests.fakes import SimClock
from tests.servers.graph_pages import FakePage
from tests.servers.graph_server import TOKEN, GraphServer
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
