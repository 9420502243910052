"""Sites and channels through the part of a night that collects, into a real store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from collectors.base import Pace
from collectors.website import WebsiteCollector
from collectors.youtube import YouTubeCollector
from jobs.collecting import collect
from jobs.progress import Silent
from pantau.core.clock import local_day
from pantau.core.model import Account, Reading, Unit, Window
from pantau.core.settings import Network, Settings, WebsiteSettings, YouTubeSettings
from pantau.store import open_store
from pantau.store.store import Store
from tests.fakes import SimClock
from tests.servers.website_server import WIB, FakeEntry, FakeSite, WebsiteServer
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer, channel_id

NIGHT = SimClock().now()


class Nights:
    """Runs nights over one site and one channel that the register knows by handle alone."""

    def __init__(self, folder: Path, sites: WebsiteServer, tube: YouTubeServer, store: Store) -> None:
        self.clock = SimClock()
        self.store = store
        self._folder, self._sites, self._tube = folder, sites, tube
        self.accounts = [
            Account(platform="website", handle=sites.handle("desa"), unit="a"),
            Account(platform="youtube", handle="desa1", unit="b"),
        ]

    def build(self, pace: Pace) -> dict[str, object]:
        local = ("127.0.0.1",)
        web = WebsiteSettings(enabled=True, http_hosts=local, private_hosts=local)
        tube = YouTubeSettings(enabled=True, api_url=self._tube.url, rss_url=self._tube.url)
        return {
            "website": WebsiteCollector(web, Network(), pace, WIB, self._folder / "website.json"),
            "youtube": YouTubeCollector(tube, Network(), KEY, pace, self._folder / "youtube.json"),
        }

    def night(self) -> list[Reading]:
        now = self.clock.now()
        day = local_day(now, WIB)
        units = tuple(Unit(code=code, name=f"Desa {code}", kind="desa") for code in "ab")
        job = SimpleNamespace(settings=Settings(), register=SimpleNamespace(units=units), others=())
        site = SimpleNamespace(job=job, now=self.clock.now, sleep=self.clock.sleep, build_collectors=self.build)
        run_id = f"n-{day:%Y%m%d}"
        run = self.store.runs.begin("nightly", run_id, Window(now - timedelta(days=1), now), now, now)
        readings = collect(site, self.store, run, self.store.accounts.sync(self.accounts, day), Silent())
        self.store.runs.finish(run_id, now, 0, "")
        self.last = run_id
        self.clock.time += timedelta(days=1)
        return readings

    def new(self) -> list[str]:
        return sorted(post.text.split("\n")[0] for post in self.store.posts.new_in_run(self.last))


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    entries = [FakeEntry(NIGHT - timedelta(hours=3 + 30 * n), f"Berita {n}") for n in range(4)]
    videos = [FakeVideo(f"v{n}", NIGHT - timedelta(hours=4 + 30 * n), f"Video {n}") for n in range(4)]
    with (
        WebsiteServer([FakeSite("desa", entries)]) as sites,
        YouTubeServer([FakeChannel(channel_id(1), "desa1", videos)]) as tube,
        open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store,
    ):
        yield Nights(tmp_path, sites, tube, store)


def test_what_is_new_is_stored_once_and_a_quiet_night_costs_least(nights: Nights) -> None:
    assert {reading.outcome for reading in nights.night()} == {"read"}
    assert nights.new() == [*(f"Berita {n}" for n in range(4)), *(f"Video {n}" for n in range(4))]
    readings = nights.night()
    assert nights.new() == []
    assert [reading.last_post_at is not None for reading in readings] == [True, True]
    costs = {(cost.platform, cost.source): cost.requests for cost in nights.store.costs.of_run(nights.last)}
    assert costs == {("website", "rss"): 1, ("youtube", "youtube-api"): 2, ("youtube", "youtube-rss"): 0}
    assert nights._sites.unchanged == 1


def test_edits_make_versions_and_a_removed_entry_has_vanished(nights: Nights) -> None:
    nights.night()
    entries = nights._sites.sites["desa"].entries
    entries[0].html = "<p>Isi yang diralat.</p>"
    gone = entries.pop(1)
    nights._tube.channels[0].videos[0].description = "Keterangan baru"
    nights.night()
    assert nights.new() == ["Berita 0", "Video 0"]
    assert len(nights.store.posts.versions("youtube:v0")) == 2
    assert not nights.store.posts.vanished(nights.last)  # one night's word is not enough
    nights.night()
    assert [gone.title in item.post.text for item in nights.store.posts.vanished(nights.last)] == [True]
    nights.night()
    assert nights.new() == []
    assert not nights.store.posts.vanished(nights.last)
