"""Meta's platforms through the part of a night that collects, into a real store: sources change, faults come and go."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from collectors.base import Pace
from collectors.facebook import FacebookCollector
from collectors.instagram import InstagramCollector
from collectors.instagram_graph import InstagramGraphCollector
from collectors.instagram_web import InstagramWebCollector
from jobs.collecting import collect
from jobs.progress import Silent
from pantau.core.clock import local_day
from pantau.core.model import Account, Reading, Unit, Window
from pantau.core.ports import Collector
from pantau.core.settings import InstagramSettings, Network, Settings
from pantau.core.settings_meta import MetaSettings
from pantau.store import open_store
from pantau.store.store import Store
from tests.fakes import SimClock
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import OUR_USER_ID, TOKEN, GraphServer
from tests.servers.instagram_server import FakeIgAccount, FakeIgPost, InstagramServer

NIGHT = SimClock().now()


class Nights:
    """Runs nights over accounts that the register knows by handle alone."""

    def __init__(self, store: Store, accounts: Sequence[Account]) -> None:
        self.clock = SimClock()
        self.store = store
        self.accounts = list(accounts)
        self.last = ""

    def night(self, build: Callable[[Pace], Collector]) -> list[Reading]:
        """One night; the clock then stands at the next."""
        now = self.clock.now()
        day = local_day(now, Settings().zone)

        def collectors(pace: Pace) -> dict[str, Collector]:
            collector = build(pace)
            return {collector.platform: collector}

        units = [Unit(code=account.unit, name=account.unit, kind="opd") for account in self.accounts]
        job = SimpleNamespace(settings=Settings(), register=SimpleNamespace(units=units), others=())
        site = SimpleNamespace(job=job, now=self.clock.now, sleep=self.clock.sleep, build_collectors=collectors)
        self.last = f"n-{day:%Y%m%d}"
        run = self.store.runs.begin("nightly", self.last, Window(now - timedelta(days=1), now), now, now)
        readings = collect(site, self.store, run, self.store.accounts.sync(self.accounts, day), Silent())
        self.store.runs.finish(self.last, now, 0, "")
        self.clock.time = now + timedelta(days=1)
        return readings

    def new(self) -> list[str]:
        """First words of what the last night brought."""
        return sorted(post.text for post in self.store.posts.new_in_run(self.last))


def test_an_account_read_by_changing_sources_brings_each_post_once_and_no_token(tmp_path: Path) -> None:
    posts = [FakeIgPost(NIGHT + timedelta(hours=24 * day - 3), f"Hari {day}") for day in range(5)]
    official = FakeIgAccount("dinas.contoh", "501", [])
    with GraphServer([official]) as graph, InstagramServer([official]) as web:
        session = web.write_session(tmp_path / "session.json")

        def by_graph(pace: Pace) -> InstagramGraphCollector:
            return InstagramGraphCollector(OUR_USER_ID, TOKEN, MetaSettings(api_url=graph.url), Network(), "", pace)

        def by_web(pace: Pace) -> InstagramWebCollector:
            return InstagramWebCollector(InstagramSettings(pause_s=0), web.network, session, pace)

        def by_both(pace: Pace) -> InstagramCollector:
            return InstagramCollector(by_graph(pace), by_web(pace))

        url = f"sqlite:///{tmp_path / 'pantau.db'}"
        with open_store(url) as store:
            nights = Nights(store, [Account(platform="instagram", handle="dinas.contoh", unit="a")])
            seen, sources = [], []
            for day, build in enumerate((by_graph, by_web, by_both, by_both, by_graph)):
                official.posts[:] = posts[: day + 1]
                graph.personal = {"dinas.contoh"} if day == 2 else set()
                if day == 3:
                    graph.fail("expired")
                (reading,) = nights.night(build)
                graph.faults.clear()
                seen.append(nights.new())
                sources.append(f"{reading.outcome} {reading.source}")
    assert sources == [
        "read instagram-graph",
        "read instaloader",
        "read instaloader",
        "unread instagram-graph",
        "read instagram-graph",
    ]
    assert seen == [["Hari 0"], ["Hari 1"], ["Hari 2"], [], ["Hari 3", "Hari 4"]]
    for file in tmp_path.glob("pantau.db*"):
        assert TOKEN.encode() not in file.read_bytes()


def test_an_id_learnt_by_session_saves_the_profile_page_and_finds_edits_and_takedowns(tmp_path: Path) -> None:
    posts = [FakeIgPost(NIGHT - timedelta(hours=5 + 24 * day), f"Hari {day}") for day in range(8)]
    account = FakeIgAccount("dinas.contoh", "501", posts)
    with InstagramServer([account]) as web, open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        session = web.write_session(tmp_path / "session.json")
        nights = Nights(store, [Account(platform="instagram", handle="dinas.contoh", unit="a")])
        asked, vanished = [], []
        for day in range(4):
            if day == 1:
                taken_down, posts[3].caption = posts.pop(0), "Hari 4, disunting"
            before = web.count()
            nights.night(lambda pace: InstagramWebCollector(InstagramSettings(pause_s=0), web.network, session, pace))
            asked.append(web.count() - before)
            vanished.append([item.post.text for item in store.posts.vanished(nights.last)])
        texts = {post.text for post in store.posts.in_window(Window(NIGHT - timedelta(days=40), NIGHT))}
    assert asked == [3, 2, 2, 2], "profile page, start page and list; from the second night on start page and list"
    assert vanished == [[], [], [taken_down.caption], []], "called so on the second night that misses it"
    assert texts == {post.caption for post in (taken_down, *posts)}


def test_a_page_keeps_its_posts_and_its_place_when_it_is_renamed_and_nights_fail(tmp_path: Path) -> None:
    page = FakePage("desa.contoh", "100001", [])
    posts = [FakeFbPost(NIGHT + timedelta(hours=24 * day - 3), f"Hari {day}") for day in range(5)]
    with GraphServer(pages=[page]) as server, open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        nights = Nights(store, [Account(platform="facebook", handle="desa.contoh", unit="a")])
        seen, outcomes = [], []
        for day, fault in enumerate(("", "html503", "expired", "", "")):
            page.posts = posts[: day + 1]
            page.username = "desa.contoh" if day < 4 else "pemdes.contoh"
            if fault:
                server.fail(fault)
            meta = MetaSettings(api_url=server.url)
            (reading,) = nights.night(lambda pace, meta=meta: FacebookCollector(TOKEN, meta, Network(), "", pace))  # type: ignore[misc]
            server.faults.clear()
            seen.append(nights.new())
            outcomes.append(f"{reading.outcome} {reading.unread_class}".strip())
    assert outcomes == ["read", "unread network", "unread token", "read", "read"]
    assert seen == [["Hari 0"], [], [], ["Hari 1", "Hari 2", "Hari 3"], ["Hari 4"]]
    for file in tmp_path.glob("pantau.db*"):
        assert TOKEN.encode() not in file.read_bytes()
