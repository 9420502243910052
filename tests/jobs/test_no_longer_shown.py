"""Posts taken down and put back, night after night, through the real collectors and local services into a real store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.facebook import FacebookCollector
from collectors.instagram_graph import InstagramGraphCollector
from collectors.x import XCollector
from collectors.youtube import YouTubeCollector
from pantau.core.clock import local_day
from pantau.core.model import Account, Scan, Target, Window
from pantau.core.ports import Collector
from pantau.core.settings import Network, XSettings, YouTubeSettings
from pantau.core.settings_meta import MetaSettings
from pantau.store import open_store
from pantau.store.store import Store
from tests.fakes import SimClock
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import OUR_USER_ID, TOKEN, GraphServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_server import XServer
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer, channel_id

DAY = timedelta(days=1)
START = SimClock().now()


class Nights:
    """One account, read every night as ``jobs.collecting`` does; each stored post carries an open finding."""

    def __init__(self, store: Store, clock: SimClock, account: Account, build: Callable[[Pace], Collector]) -> None:
        self.store, self.clock, self.account, self.build = store, clock, account, build
        self.last: Scan | None = None

    def read(self, *, recheck: bool = True) -> Scan:
        """One night, up to now."""
        now = self.clock.now()
        run_id = f"n-{local_day(now):%Y%m%d}"
        self.store.runs.begin("nightly", run_id, Window(now - DAY, now), now, now)
        (account,) = self.store.accounts.sync([self.account], local_day(now))
        mark = self.store.accounts.watermarks().get(account.key)
        ids = [post.post_id for post in self.store.posts.in_window(Window(START - 400 * DAY, now))]
        target = Target(
            account=account,
            since=mark.since if mark else now - 35 * DAY,
            last_post_id=mark.last_post_id if mark else "",
            recheck=tuple(ids) if recheck else (),
        )
        pace = Pace(self.clock.now, self.clock.sleep, now + 4 * timedelta(hours=1))
        (scan,) = self.build(pace).collect([target], Window(now - DAY, now))
        span = Window(scan.seen_from, now) if scan.seen_from and scan.seen_from < now else None
        self.store.save_scan(run_id, scan, span)
        self.clock.time += DAY
        return scan

    def gone(self) -> set[str]:
        """Ids of the posts that are called vanished."""
        posts = [post.key for post in self.store.posts.in_window(Window(START - 400 * DAY, self.clock.now()))]
        trails = self.store.posts.trail(posts)
        return {key.partition(":")[2] for key, trail in trails.items() if trail.vanished_at is not None}


class Service:
    """A local service with five posts of one account; ``hide`` takes some down, ``state`` what becomes of the account."""

    ids: tuple[str, ...]

    def hide(self, hidden: set[int]) -> None:
        raise NotImplementedError

    def state(self, state: str) -> None:
        raise NotImplementedError


class OnX(Service):
    def __init__(self, stack: ExitStack, clock: SimClock) -> None:
        self.posts = [FakeXPost(f"Kabar {n}", START - timedelta(hours=30 + 30 * n)) for n in range(5)]
        self.owner = FakeXAccount("dinas_x", 11, list(self.posts))
        self.server = stack.enter_context(XServer([self.owner], now=clock.now))
        self.ids = tuple(str(post.id) for post in self.posts)
        self.account = Account(platform="x", handle="dinas_x", unit="u", platform_id="11")

    def build(self, pace: Pace) -> Collector:
        return XCollector(XSettings(api_url=self.server.url, read_timeout_s=5.0), Network(), self.server.token, pace)

    def hide(self, hidden: set[int]) -> None:
        for n, post in enumerate(self.posts):
            post.deleted_at = START - 300 * DAY if n in hidden else None

    def state(self, state: str) -> None:
        self.owner.state = {"ok": "ok", "hidden": "protected", "gone": "suspended"}[state]  # type: ignore[assignment]


class OnYouTube(Service):
    def __init__(self, stack: ExitStack, clock: SimClock, folder: Path) -> None:
        self.videos = [FakeVideo(f"v{n}", START - timedelta(hours=30 + 30 * n), f"Video {n}") for n in range(5)]
        self.channel = FakeChannel(channel_id(1), "desa1", list(self.videos))
        self.server = stack.enter_context(YouTubeServer([self.channel]))
        self.ids = tuple(video.video_id for video in self.videos)
        self.account = Account(platform="youtube", handle="desa1", unit="u", platform_id=channel_id(1))
        self.folder = folder

    def build(self, pace: Pace) -> Collector:
        chosen = YouTubeSettings(enabled=True, api_url=self.server.url, rss_url=self.server.url, timeout_s=5.0)
        return YouTubeCollector(chosen, Network(), KEY, pace, self.folder / "youtube.json")

    def hide(self, hidden: set[int]) -> None:
        self.channel.videos = [video for n, video in enumerate(self.videos) if n not in hidden]

    def state(self, state: str) -> None:
        self.channel.gone = state == "gone"
        self.channel.list_error = "playlistItemsNotAccessible" if state == "hidden" else ""


class OnFacebook(Service):
    def __init__(self, stack: ExitStack) -> None:
        self.posts = [FakeFbPost(START - timedelta(hours=30 + 30 * n), f"Kabar {n}") for n in range(8)]
        self.page = FakePage("desa.contoh", "100001", list(self.posts))
        self.server = stack.enter_context(GraphServer(pages=[self.page]))
        self.account = Account(platform="facebook", handle="desa.contoh", unit="u", platform_id="100001")
        self.ids = ()

    def build(self, pace: Pace) -> Collector:
        return FacebookCollector(TOKEN, MetaSettings(api_url=self.server.url, read_timeout_s=5), Network(), "", pace)

    def hide(self, hidden: set[int]) -> None:
        self.page.posts = [post for n, post in enumerate(self.posts) if n not in hidden]

    def state(self, state: str) -> None:
        self.page.state = state  # type: ignore[assignment]


class OnInstagram(Service):
    def __init__(self, stack: ExitStack) -> None:
        self.posts = [FakeIgPost(START - timedelta(hours=30 + 30 * n), f"Kabar {n}") for n in range(8)]
        self.owner = FakeIgAccount("dinas.contoh", "1001", list(self.posts))
        self.server = stack.enter_context(GraphServer([self.owner]))
        self.account = Account(platform="instagram", handle="dinas.contoh", unit="u")
        self.ids = ()

    def build(self, pace: Pace) -> Collector:
        meta = MetaSettings(api_url=self.server.url, read_timeout_s=5)
        return InstagramGraphCollector(OUR_USER_ID, TOKEN, meta, Network(), "", pace)

    def hide(self, hidden: set[int]) -> None:
        self.owner.posts = [post for n, post in enumerate(self.posts) if n not in hidden]

    def state(self, state: str) -> None:
        self.server.instagram[:] = [self.owner] if state == "ok" else []


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[tuple[Any, Nights]]:
    clock = SimClock()
    with ExitStack() as stack:
        service: Any = {
            "x": lambda: OnX(stack, clock),
            "youtube": lambda: OnYouTube(stack, clock, folder),
            "facebook": lambda: OnFacebook(stack),
            "instagram": lambda: OnInstagram(stack),
        }[kind]()
        store = stack.enter_context(open_store(f"sqlite:///{folder / 'pantau.db'}"))
        yield service, Nights(store, clock, service.account, service.build)


KINDS = ["x", "youtube", "facebook", "instagram"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_taken_down_is_noticed_on_the_second_night_and_welcomed_back(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as (service, nights):
        assert nights.read().reading.outcome == "read"
        newest_first = sorted(
            nights.store.posts.in_window(Window(START - 400 * DAY, START)),
            key=lambda post: post.published_at,
            reverse=True,
        )
        third = newest_first[2].post_id
        service.hide({2})
        assert nights.read().reading.outcome == "read"
        assert nights.gone() == set()
        nights.read()
        assert nights.gone() == {third}
        service.hide(set())
        nights.read()
        assert nights.gone() == set()


@pytest.mark.parametrize("state", ["hidden", "gone"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_account_that_cannot_be_seen_makes_none_of_its_posts_vanish(kind: str, state: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as (service, nights):
        nights.read()
        service.state(state)
        for _ in range(3):
            assert nights.read().reading.outcome != "read"
        assert nights.gone() == set()


HISTORY = st.lists(
    st.tuples(st.sets(st.integers(0, 4)), st.sampled_from(["ok", "ok", "hidden", "gone"])), min_size=1, max_size=5
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(history=HISTORY)
def test_a_post_that_could_be_seen_last_night_is_never_called_vanished(
    kind: str, history: list[tuple[set[int], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(kind, tmp_path_factory.mktemp(kind)) as (service, nights):
        nights.read()
        order = sorted(
            nights.store.posts.in_window(Window(START - 400 * DAY, START)),
            key=lambda post: post.published_at,
            reverse=True,
        )
        visible: set[int] = set(range(5))
        for hidden, state in history:
            service.hide(hidden)
            service.state(state)
            if nights.read().reading.outcome == "read":
                visible = set(range(5)) - hidden
            assert not nights.gone() & {order[n].post_id for n in visible}


def test_x_bills_only_what_is_still_there_and_takes_no_old_words_for_an_edit(tmp_path: Path) -> None:
    with opened("x", tmp_path) as (service, nights):
        service.posts[0].edits = ((service.posts[0].at + timedelta(minutes=10), "Kabar 0 diralat"),)
        nights.read()
        before = service.server.posts_billed
        service.hide({1, 2, 3, 4})
        nights.read()
        assert service.server.posts_billed - before == 1
        assert len(nights.store.posts.versions(f"x:{service.ids[0]}")) == 1
        assert service.server.count("tweets") == 1


def test_youtube_asks_for_50_old_videos_with_one_unit_and_only_for_those_its_list_does_not_show(tmp_path: Path) -> None:
    with opened("youtube", tmp_path) as (service, nights):
        nights.read()
        before = service.server.units
        nights.read()
        assert service.server.units - before == 2  # channels, list
        service.hide({1, 2})
        before = service.server.units
        nights.read()
        assert service.server.units - before == 3


def test_a_failed_second_look_leaves_the_channel_read(tmp_path: Path) -> None:
    from tests.servers.base import Fault
    from tests.servers.youtube_server import refused

    with opened("youtube", tmp_path) as (service, nights):
        nights.read()
        service.hide({1})
        service.server.faults.add(Fault(refused(403, "forbidden"), endpoint="videos"))
        scan = nights.read()
        assert (scan.reading.outcome, scan.absent) == ("read", ())


def test_an_old_facebook_post_whose_words_change_makes_a_version(tmp_path: Path) -> None:
    with opened("facebook", tmp_path) as (service, nights):
        nights.read()
        nights.read()
        service.posts[3].message = "Kabar 3, diralat"
        nights.read()
        edited = [post for post in nights.store.posts.in_window(Window(START - 400 * DAY, START)) if post.edited_from]
        assert [post.text for post in edited] == ["Kabar 3, diralat"]
        first, second = nights.store.posts.versions(edited[0].key)
        assert nights.store.posts.raw(edited[0].key, first.post.raw_sha256)
        assert nights.store.posts.raw(edited[0].key) != nights.store.posts.raw(edited[0].key, first.post.raw_sha256)
        assert second.post.text == "Kabar 3, diralat"
