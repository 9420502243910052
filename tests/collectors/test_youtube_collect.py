"""Nights over a local YouTube: what is read, what it costs, and that no fault loses or doubles a video."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.youtube import YouTubeCollector
from pantau.core.model import Account, Scan
from pantau.core.settings import Network, YouTubeSettings
from tests.collectors.feed_office import NIGHT, FeedOffice, outcome, outcomes
from tests.random_cases import cases
from tests.servers.base import (
    Fault,
    Reply,
    broken_off,
    dropped,
    html_reply,
    json_reply,
    redirect_reply,
    stalled,
    truncated,
)
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer, channel_id, refused


def channel(number: int = 1, videos: int = 4) -> FakeChannel:
    own = [
        FakeVideo(f"v{number}x{n}", NIGHT - timedelta(hours=2 + 30 * n), f"Kanal {number} video {n}")
        for n in range(videos)
    ]
    return FakeChannel(channel_id(number), f"desa{number}", own)


def publish(one: FakeChannel, hours_after: float, title: str) -> None:
    one.videos.insert(0, FakeVideo(f"id-{title}".replace(" ", "_"), NIGHT + timedelta(hours=hours_after), title))


def open_office(
    server: YouTubeServer, folder: Path, *, key: str = KEY, ids: bool = True, **changes: object
) -> FeedOffice:
    accounts = [
        Account(platform="youtube", handle=one.handle, unit="u", platform_id=one.channel_id if ids else "")
        for one in server.channels
    ]
    chosen = {"enabled": True, "api_url": server.url, "rss_url": server.url, "timeout_s": 5.0, **changes}

    def build(pace: Pace) -> YouTubeCollector:
        settings = YouTubeSettings(**chosen)  # type: ignore[arg-type]
        return YouTubeCollector(settings, Network(), key, pace, folder / "youtube.json")

    return FeedOffice(build, accounts)


def only(scans: dict[str, Scan]) -> Scan:
    return next(iter(scans.values()))


def test_three_hundred_channels_with_six_hundred_new_videos_cost_318_units(tmp_path: Path) -> None:
    with YouTubeServer(channel(n, 3) for n in range(300)) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        for one in server.channels:
            publish(one, 3, f"{one.handle} pagi")
            publish(one, 9, f"{one.handle} siang")
        before = server.units
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert sum(len(scan.posts) for scan in scans.values()) == 600
        assert server.units - before == 318
        assert [(cost.source, cost.requests) for cost in office.costs] == [("youtube-api", 318), ("youtube-rss", 0)]
        office.next_day()
        before = server.units
        assert sum(len(scan.posts) for scan in office.night().values()) == 0
        assert server.units - before == 306


def test_ids_are_learnt_once_and_kept(tmp_path: Path) -> None:
    with YouTubeServer([channel(1), channel(2)]) as server:
        office = open_office(server, tmp_path, ids=False)
        office.night()
        assert {account.platform_id for account in office.accounts} == {channel_id(1), channel_id(2)}
        before = server.count("channels")
        assert before == 2
        office.next_day()
        office.night()
        assert server.count("channels") - before == 1
        assert len(office.stored) == 8


def test_a_post_holds_the_full_text_the_live_status_and_the_cover(tmp_path: Path) -> None:
    with YouTubeServer([channel(1, 1)]) as server:
        server.channels[0].videos[0].live = "live"
        post = only(open_office(server, tmp_path).night()).posts[0].post
        assert (post.kind, post.post_id, post.published_at) == ("video", "v1x0", NIGHT - timedelta(hours=2))
        assert post.text == "Kanal 1 video 0\n\nKeterangan lengkap.\n#desa"
        assert post.metrics == {"views": 12, "likes": 3, "live": 1}
        assert post.media[0].url.endswith("/v1x0/hqdefault.jpg")
        assert post.url == "https://www.youtube.com/watch?v=v1x0"


def test_paging_goes_back_to_the_watermark_and_no_further(tmp_path: Path) -> None:
    with YouTubeServer([channel(1, 0)]) as server:
        own = server.channels[0].videos
        own += [FakeVideo(f"n{n}", NIGHT - timedelta(hours=5 * n + 1), f"N {n}") for n in range(400)]
        office = open_office(server, tmp_path)
        office.night()
        assert len(office.stored) == 35 * 24 // 5 + 15  # first days and the overlap before them
        assert server.count("playlistItems") == 4


def test_an_edited_title_comes_again_and_costs_one_unit(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path)
        office.night()
        office.next_day()
        server.channels[0].videos[2].title = "Judul baru"
        assert [item.post.post_id for item in only(office.night()).posts] == ["v1x2"]
        assert office.edits == ["youtube:v1x2"]
        assert server.count("videos") == 2


@pytest.mark.parametrize("key", [KEY, ""])
def test_with_a_slow_clock_here_a_video_waits_for_the_next_night_and_keeps_its_own_time(
    key: str, tmp_path: Path
) -> None:
    one = channel(videos=2)
    publish(one, -0.5, "baru saja")
    with YouTubeServer([one]) as server:
        server.clock = lambda: NIGHT
        office = open_office(server, tmp_path, key=key)
        office.next_day(hours=-2)
        office.night()
        assert len(office.stored) == 1, "two are published later than our clock says it is"
        office.next_day(hours=26)
        office.night()
        assert {item.post.published_at for item in office.stored.values()} == {video.at for video in one.videos}


def test_a_late_video_and_a_premiere_are_not_missed(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path)
        premiere = FakeVideo("prem", NIGHT + timedelta(days=4), "Perdana", live="upcoming")
        server.channels[0].videos.insert(0, premiere)
        office.night()
        assert "Perdana" in office.texts()
        office.next_day()
        server.channels[0].videos.insert(3, FakeVideo("late", NIGHT - timedelta(days=2), "Terlambat"))
        office.night()
        office.next_day(96)
        office.night()
        assert office.texts().count("Perdana") == office.texts().count("Terlambat") == 1


def test_without_a_key_channels_are_read_through_rss_which_is_said(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path, key="")
        scan = only(office.night())
        assert (outcome(scan), scan.reading.source, len(scan.posts)) == ("read", "youtube-rss", 4)
        assert (server.units, server.count("feed")) == (0, 1)
        unknown = open_office(server, tmp_path, key="", ids=False)
        assert outcome(only(unknown.night())) == "unread token"


def test_a_change_from_rss_to_the_api_and_back_makes_no_edit_and_loses_none(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        by_api, by_rss = open_office(server, tmp_path), open_office(server, tmp_path, key="")
        office = by_api
        for number, build in enumerate([by_rss.build, by_api.build, by_rss.build, by_api.build]):
            office.build = build
            publish(server.channels[0], 24 * number - 1, f"Malam {number}")
            office.night()
            office.next_day()
        assert len(office.stored) == 8
        assert not office.edits


@pytest.mark.parametrize("own_limit", [True, False])
def test_when_the_quota_is_gone_the_rest_is_read_through_rss_and_the_api_is_asked_no_more(
    own_limit: bool, tmp_path: Path
) -> None:
    with YouTubeServer([channel(n) for n in range(10)], quota=None if own_limit else 5) as server:
        office = open_office(server, tmp_path, quota_units=5 if own_limit else 0)
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert server.units == 5
        assert server.count() - server.count("feed") == 5 + (not own_limit)
        assert len(office.stored) == 40


def test_a_channel_that_rss_cannot_serve_whole_is_unread_for_budget_and_read_the_next_night(tmp_path: Path) -> None:
    with YouTubeServer([channel(1, 0)], quota=0) as server:
        server.channels[0].videos += [FakeVideo(f"n{n}", NIGHT - timedelta(hours=n + 1), f"N {n}") for n in range(40)]
        office = open_office(server, tmp_path)
        scan = only(office.night())
        assert (outcome(scan), len(scan.posts)) == ("unread budget", 15)
        server.quota = None
        office.next_day(1)
        office.night()
        assert len(office.stored) == 40


def test_when_the_quota_is_gone_a_channel_without_an_id_is_unread_for_budget(tmp_path: Path) -> None:
    with YouTubeServer([channel()], quota=0) as server:
        assert outcome(only(open_office(server, tmp_path, ids=False).night())) == "unread budget"


def test_a_channel_is_missing_only_when_api_and_feed_agree(tmp_path: Path) -> None:
    with YouTubeServer([channel(1), channel(2), channel(3)]) as server:
        office = open_office(server, tmp_path)
        office.night()
        server.channels[0].gone = True
        server.channels[1].gone, server.channels[1].feed_gone = True, False
        office.next_day()
        scans = office.night()
        assert [outcome(scans[f"desa{n}"]) for n in (1, 2, 3)] == ["missing", "unread unproven", "read"]
        assert server.count("channels") == 3


@pytest.mark.parametrize(
    ("error", "feed_gone", "expected"),
    [
        ("playlistNotFound", False, "unread unproven"),
        ("playlistItemsNotAccessible", False, "unread unproven"),
        ("channelSuspended", True, "suspended"),
        ("channelSuspended", False, "unread unproven"),
        ("channelClosed", True, "missing"),
    ],
)
def test_a_refused_list_means_what_a_second_signal_confirms(
    error: str, feed_gone: bool, expected: str, tmp_path: Path
) -> None:
    with YouTubeServer([channel()]) as server:
        server.channels[0].list_error, server.channels[0].feed_gone = error, feed_gone
        assert outcome(only(open_office(server, tmp_path).night())) == expected


def test_a_channel_that_never_uploaded_is_read_and_an_unknown_handle_is_missing(tmp_path: Path) -> None:
    with YouTubeServer([channel(1, 0)]) as server:
        office = open_office(server, tmp_path)
        office.accounts.append(Account(platform="youtube", handle="tidakada", unit="u"))
        scans = office.night()
        assert (outcome(scans["desa1"]), outcome(scans["tidakada"])) == ("read", "missing")
        assert scans["desa1"].reading.last_post_at is None


def test_a_renamed_channel_is_read_by_its_id_and_its_new_handle_is_reported(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path)
        server.channels[0].handle = "desa_baru"
        scan = only(office.night())
        assert (outcome(scan), scan.handle) == ("read", "desa_baru")


def test_private_videos_are_passed_over_and_a_list_of_nothing_else_is_unproven_when_youtube_counts_some(
    tmp_path: Path,
) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path)
        server.channels[0].videos[1].private = True
        assert len(only(office.night()).posts) == 3
        empty = json_reply({"kind": "youtube#playlistItemListResponse", "items": []})
        server.faults.add(Fault(empty, endpoint="playlistItems"))
        assert outcome(only(office.night())) == "unread unproven"


def test_a_refused_key_stops_the_source_with_one_reason_and_is_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with YouTubeServer([channel(n) for n in range(120)]) as server:
        scans = list(open_office(server, tmp_path, key="salah-rahasia").night().values())
        assert outcomes(scans) == {"unread token"}
        assert len({scan.reading.reason for scan in scans}) == 1
        assert server.count() == 1
        assert "salah-rahasia" not in capsys.readouterr().out + scans[0].reading.reason


def test_the_source_is_down_after_some_failures_in_a_row(tmp_path: Path) -> None:
    with YouTubeServer([channel(n) for n in range(30)]) as server:
        server.faults.add(Fault(html_reply(502), endpoint="playlistItems", times=None))
        scans = list(open_office(server, tmp_path).night().values())
        assert outcomes(scans) == {"unread network"}
        assert server.count("playlistItems") == 10


def test_after_the_deadline_channels_are_unread(tmp_path: Path) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path)
        office.deadline_h = 0
        assert outcome(only(office.night())) == "unread deadline"


FAULTS: dict[str, tuple[Callable[[], Fault], str]] = {
    "a 429 with a short wait": (lambda: Fault(Reply(429, b"", {"retry-after": "9"})), "read"),
    "a 429 without": (lambda: Fault(Reply(429)), "read"),
    "429 again and again": (lambda: Fault(Reply(429), times=None), "unread rate_limit"),
    "a 429 for hours": (lambda: Fault(refused(429, "rateLimitExceeded", retry_after="9000")), "unread rate_limit"),
    "a 403 of the rate": (lambda: Fault(refused(403, "userRateLimitExceeded")), "read"),
    "a 403 of the quota": (lambda: Fault(refused(403, "quotaExceeded"), times=None), "unread"),
    "a 403 of a switched-off API": (lambda: Fault(refused(403, "accessNotConfigured"), times=None), "unread token"),
    "a firewall's 403": (lambda: Fault(html_reply(403)), "unread blocked"),
    "one 500": (lambda: Fault(html_reply(500)), "read"),
    "5xx pages all night": (lambda: Fault(html_reply(503), times=None), "unread network"),
    "one dropped connection": (lambda: Fault(dropped()), "read"),
    "a dead line": (lambda: Fault(dropped(), times=None), "unread network"),
    "silence": (lambda: Fault(stalled(), times=None), "unread network"),
    "a transfer that breaks off": (lambda: Fault(change=broken_off, times=None), "unread network"),
    "half an answer": (lambda: Fault(change=truncated), "unread format"),
    "HTML with status 200": (lambda: Fault(html_reply(200)), "unread format"),
    "a list instead of an object": (lambda: Fault(json_reply([])), "unread format"),
    "items of a new shape": (lambda: Fault(json_reply({"items": [{"neu": 1}]})), "unread format"),
    "a redirect to a login": (lambda: Fault(redirect_reply("https://accounts.google.com/")), "unread blocked"),
}


@pytest.mark.parametrize("endpoint", ["channels", "playlistItems", "videos", "feed"])
@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_followed_by_a_normal_night_loses_or_doubles_a_video(name: str, endpoint: str, tmp_path: Path) -> None:
    fault, expected = FAULTS[name]
    with YouTubeServer([channel(1), channel(2)]) as server:
        office = open_office(server, tmp_path, key="" if endpoint == "feed" else KEY, timeout_s=0.5)
        office.night()
        office.next_day()
        publish(server.channels[0], 20, "Baru 1")
        publish(server.channels[1], 21, "Baru 2")
        switched = fault()
        switched.endpoint = endpoint
        server.faults.add(switched)
        scans = list(office.night().values())
        assert switched.hits
        for scan in scans:
            assert scan.reading.outcome in ("read", "unread")
            assert scan.reading.complete == (scan.reading.outcome == "read")
            assert scan.reading.reason or scan.reading.outcome == "read"
        spent = name == "a 403 of the quota"
        if not (spent and endpoint != "feed"):
            assert any(outcome(scan).startswith(expected) for scan in scans)
        server.faults.clear()
        office.next_day()
        assert outcomes(list(office.night().values())) == {"read"}
        assert office.texts().count("Baru 1") == office.texts().count("Baru 2") == 1
        assert len(office.stored) == 10
        assert not office.edits


_FAULTY = st.tuples(
    st.sampled_from([None, *(name for name in FAULTS if name != "silence")]),
    st.sampled_from(["channels", "playlistItems", "videos"]),
)


@settings(max_examples=cases(6, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.lists(st.tuples(_FAULTY, st.integers(0, 14), st.booleans()), min_size=2, max_size=5))
def test_any_sequence_of_faults_and_videos_ends_with_every_video_once(
    nights: list[tuple[tuple[str | None, str], int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with YouTubeServer([channel()]) as server:
        office = open_office(server, tmp_path_factory.mktemp("notes"), timeout_s=0.5)
        written = {f"Kanal 1 video {n}" for n in range(4)}
        for number, ((name, endpoint), videos, lose) in enumerate([*nights, ((None, ""), 0, False)]):
            for n in range(videos):
                title = f"Malam {number} video {n}"
                publish(server.channels[0], 24 * number - 1 + n / 60, title)
                written.add(title)
            if name:
                fault = FAULTS[name][0]()
                fault.endpoint = endpoint
                server.faults.add(fault)
            scan = only(office.night(lose=lose))
            assert scan.reading.outcome in ("read", "unread")
            assert scan.reading.complete == (scan.reading.outcome == "read")
            server.faults.clear()
            office.next_day()
        assert office.texts() == sorted(written)
        assert not office.edits
