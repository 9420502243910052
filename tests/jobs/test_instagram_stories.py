"""Random histories of Instagram accounts and random faults, through the collecting half of nights into a real store.

Beside what every platform is put through (tests/collectors/test_contract_stories.py): collaborations between registered accounts
and with strangers, late ones, handles that strangers take over, and takedowns.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.instagram_web import InstagramWebCollector
from jobs.collecting import collect
from jobs.progress import Silent
from pantau.core.clock import local_day
from pantau.core.model import Account, Post, Reading, Unit, Window
from pantau.core.ports import Collector
from pantau.core.settings import InstagramSettings, Settings
from pantau.store import open_store
from pantau.store.store import Store
from tests.fakes import SimClock
from tests.random_cases import cases
from tests.servers.instagram_server import CHANGES, REPLIES, FakeIgAccount, FakeIgPost, InstagramServer
from tests.servers.instagram_shapes import code_from_pk

PEOPLE = 3
FIRST = SimClock().now()
START = FIRST - timedelta(days=35)
FAULTS = sorted((REPLIES.keys() | CHANGES.keys()) - {"stall"})
DENIALS = {"not_found404", "null_profile"}
"""With these the service itself says that an account is not there."""


class Town:
    """The accounts as they really are, the nights that read them, and what must hold after each."""

    def __init__(self, server: InstagramServer, folder: Path, store: Store) -> None:
        self.server, self.folder, self.store = server, folder, store
        self.clock = SimClock()
        self.skew = timedelta()
        self.accounts = [FakeIgAccount(f"dinas.{n}", str(500 + n)) for n in range(PEOPLE)]
        self.server.accounts[:] = self.accounts
        self.server.faults.clear()
        (folder / "instagram.json").unlink(missing_ok=True)
        self.serial = 0
        self.deleted: set[str] = set()
        self.vanished: list[Post] = []
        for who in range(PEOPLE):
            for day in range(3):
                self.post(who, 24 * day + who + 2)

    # -- the world

    def post(self, who: int, hours: float, author: tuple[str, str] = ("", ""), shared: int | None = None) -> None:
        """Something appears, dated some hours ago; perhaps written by somebody else, perhaps in a second timeline too."""
        self.serial += 1
        at = (self.clock.now() - timedelta(hours=hours)).replace(microsecond=0)
        clock_ms = int((at - timedelta(seconds=90)).timestamp() * 1000) - 1_314_220_021_721
        code = code_from_pk((clock_ms << 23) | self.serial)
        for one in dict.fromkeys((who, who if shared is None else shared)):
            self.accounts[one].posts.append(FakeIgPost(at, f"#{self.serial} versi 0", code=code, author=author))

    def edit(self, who: int, pick: int) -> None:
        """A caption changes, in every timeline that shows the post."""
        if self.accounts[who].posts:
            posts = self.accounts[who].posts
            chosen = posts[pick % len(posts)]
            for copy in self.copies(chosen.code):
                copy.caption = f"{str(chosen.caption).split()[0]} versi {self.serial + pick + 1}"

    def delete(self, who: int, pick: int) -> None:
        """A post is taken down everywhere."""
        if self.accounts[who].posts:
            code = self.accounts[who].posts[pick % len(self.accounts[who].posts)].code
            self.deleted.add(code)
            for account in self.accounts:
                account.posts[:] = [post for post in account.posts if post.code != code]

    def pin(self, who: int, pick: int) -> None:
        """Three posts at most are pinned."""
        posts = self.accounts[who].posts
        if posts and sum(post.pinned for post in posts) < 3:
            posts[pick % len(posts)].pinned = True

    def rename(self, who: int, stranger: bool) -> None:
        """An account takes another handle; perhaps a stranger takes the old one and posts at once."""
        account = self.accounts[who]
        old, self.serial = account.handle, self.serial + 1
        account.handle = f"dinas.{who}.{self.serial}"
        if stranger:
            now = self.clock.now()
            posts = [FakeIgPost(now - timedelta(hours=n + 1), "#orang lain") for n in range(3)]
            self.server.accounts.append(FakeIgAccount(old, str(9000 + self.serial), posts))

    def copies(self, code: str) -> Iterator[FakeIgPost]:
        """The post in every timeline."""
        return (post for account in self.accounts for post in account.posts if post.code == code)

    # -- the nights

    def night(self, faults: Sequence[tuple[str, int, int, int | None]] = ()) -> list[Reading]:
        """One night of the office, whose clock may be wrong; the true clock then stands a day later."""
        for fault, victim, first, times in faults:
            account = self.accounts[victim].handle if victim < PEOPLE else ""
            self.server.fail(fault, account=account, first=first, times=times)
        begun = self.clock.now()
        now = begun + self.skew
        self.clock.time = now
        readings = self.read(now)
        self.server.faults.clear()
        self.clock.time = begun + timedelta(days=1)
        lied = bool(DENIALS & {fault for fault, *_ in faults})
        by_id = {one.id: one for one in self.accounts}
        for reading in readings:
            assert reading.outcome == "read" or not reading.complete
            account = by_id[reading.account.partition(":")[2]]
            if reading.outcome == "missing":
                assert lied or account.state == "gone", reading
            if reading.outcome == "private":
                assert account.private, reading
            if reading.complete and account.posts:
                assert reading.last_post_at is not None, "an account that posted is never called quiet"
        return readings

    def read(self, now: datetime) -> list[Reading]:
        units = [Unit(code=f"u{n}", name=f"u{n}", kind="opd") for n in range(PEOPLE)]
        listed = [
            Account(platform="instagram", handle=f"dinas.{n}", platform_id=str(500 + n), unit=f"u{n}")
            for n in range(PEOPLE)
        ]

        def build(pace: Pace) -> dict[str, Collector]:
            session = self.folder / "session.json"
            notes = self.folder / "instagram.json"
            chosen = InstagramSettings(pause_s=0, timeout_s=10)
            return {"instagram": InstagramWebCollector(chosen, self.server.network, session, pace, notes)}

        job = SimpleNamespace(settings=Settings(), register=SimpleNamespace(units=units), others=())
        site: Any = SimpleNamespace(job=job, now=self.clock.now, sleep=self.clock.sleep, build_collectors=build)
        day = local_day(now, Settings().zone)
        before = self.store.runs.last_finished("nightly", now)
        window = Window(min(before.window.end, now) if before else START, now)
        run = self.store.runs.begin("nightly", f"n-{now:%Y%m%d%H%M%S}", window, now, now)
        readings = collect(site, self.store, run, self.store.accounts.sync(listed, day), Silent())
        self.store.runs.finish(run.run_id, self.clock.now(), 0, "")
        self.vanished += [item.post for item in self.store.posts.vanished(run.run_id)]
        return readings

    def all_is_well(self) -> None:
        """Every post that can be seen is stored once, with its last words and in every timeline; no stranger's is."""
        everything = Window(START - timedelta(days=100), self.clock.now() + timedelta(days=9))
        by_code = {post.post_id: post for post in self.store.posts.in_window(everything)}
        numbers = Counter(post.text.split()[0] for post in by_code.values())
        assert not [number for number, times in numbers.items() if times > 1 or number == "#orang"]
        for account in self.accounts:
            own = {p.post_id for p in self.store.posts.in_window(everything, [f"instagram:{account.id}"])}
            for post in account.timeline()[:12]:
                if post.taken_at < self.clock.now() - timedelta(days=1):
                    assert post.code in own, ("lost", account.handle, post)
                    assert by_code[post.code].text == post.caption, ("old words", account.handle, post)
        shown = {post.code for account in self.accounts for post in account.posts}
        assert not {post.post_id for post in self.vanished} & shown - self.deleted


_who = st.integers(0, PEOPLE - 1)
_pick = st.integers(0, 20)
_fault = st.tuples(st.sampled_from(FAULTS), st.integers(0, PEOPLE), st.integers(1, 6), st.integers(1, 4) | st.none())
_authors = st.sampled_from([("", ""), ("7777", "kecamatan.luar"), ("501", "dinas.1")])
_event = st.one_of(
    st.tuples(st.just("post"), _who, st.floats(0, 20)),
    st.tuples(st.just("post"), _who, st.floats(0, 20), _authors, _who),
    st.tuples(st.just("post"), _who, st.floats(24, 100), _authors, _who),
    st.tuples(st.just("edit"), _who, _pick),
    st.tuples(st.just("delete"), _who, _pick),
    st.tuples(st.just("pin"), _who, _pick),
    st.tuples(st.just("rename"), _who, st.booleans()),
    st.tuples(st.just("state"), _who, st.sampled_from(["ok", "gone", "private"])),
    st.tuples(st.just("skew"), st.integers(-40, 40)),
    st.tuples(st.just("night"), st.lists(_fault, max_size=4)),
    st.tuples(st.just("night"), st.lists(_fault, max_size=4)),
)


@pytest.fixture(scope="module")
def server() -> Iterator[InstagramServer]:
    with InstagramServer() as running:
        yield running


def tell(server: InstagramServer, folder: Path, story: Sequence[tuple[Any, ...]]) -> Town:
    """A story, then three normal nights, then all must be well."""
    server.write_session(folder / "session.json")
    for leftover in folder.glob("cerita.db*"):
        leftover.unlink()
    with open_store(f"sqlite:///{folder / 'cerita.db'}") as store:
        town = Town(server, folder, store)
        town.night()
        for what, *more in story:
            if what == "state":
                account = town.accounts[more[0]]
                account.private, account.state = more[1] == "private", "gone" if more[1] == "gone" else "ok"
            elif what == "skew":
                town.skew = timedelta(minutes=more[0])
            else:
                getattr(town, what)(*more)
        town.skew = timedelta()
        for account in town.accounts:
            account.private, account.state = False, "ok"
        for _ in range(3):
            assert {reading.outcome for reading in town.night()} == {"read"}
        town.all_is_well()
        return town


@settings(max_examples=cases(4, 100), deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.lists(_event, min_size=1, max_size=14))
def test_no_story_of_instagram_loses_doubles_or_misplaces_a_post(
    server: InstagramServer, tmp_path: Path, story: list[tuple[Any, ...]]
) -> None:
    tell(server, tmp_path, story)
