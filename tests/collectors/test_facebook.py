"""Facebook pages against a local Graph API: what a night brings, what it costs, and what is said of pages that are not shown."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import CollectorError, Pace
from collectors.facebook import FacebookCollector
from collectors.facebook_night import MISSING, NOT_SHOWN, UNPUBLISHED
from collectors.facebook_parse import page_of, parse_post
from collectors.graph_errors import judge
from pantau.core.model import Account, Scan, Target
from pantau.core.settings import Network
from pantau.core.settings_meta import MetaSettings
from tests.collectors.instagram_night import NOW, SINCE, WINDOW, hours_ago, outcomes, texts
from tests.fakes import SimClock
from tests.random_cases import cases
from tests.servers.base import Fault
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import CHANGES, REPLIES, TOKEN, GraphServer, app_limit, graph_error

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "facebook"
VICTIM = "desa.contoh2"


def village(number: int, posts: list[FakeFbPost] | None = None, **more: object) -> FakePage:
    """An invented page with one post of today and five older ones, unless told otherwise."""
    own = [FakeFbPost(hours_ago(2), f"Kabar {number}")] + [
        FakeFbPost(hours_ago(30 + 24 * n), "Arsip") for n in range(5)
    ]
    return FakePage(f"desa.contoh{number}", str(100000 + number), own if posts is None else posts, **more)  # type: ignore[arg-type]


@dataclass
class FbNight:
    """Reads all pages of ``server``. ``known``: by number; ``stored``: a post of each is in the store."""

    server: GraphServer
    known: bool = False
    stored: bool = False
    token: str = TOKEN
    read_timeout_s: float = 2
    clock: SimClock = field(default_factory=lambda: SimClock(NOW))

    def collector(self) -> FacebookCollector:
        """A collector as the registry would build it."""
        pace = Pace(self.clock.now, self.clock.sleep, NOW + timedelta(hours=4))
        meta = MetaSettings(api_url=self.server.url, read_timeout_s=self.read_timeout_s)
        return FacebookCollector(self.token, meta, Network(), "", pace)

    def targets(self, since: datetime = SINCE) -> list[Target]:
        """One target per page."""
        return [
            Target(
                account=Account(
                    platform="facebook", handle=page.username, unit="u", platform_id=page.id if self.known else ""
                ),
                since=since,
                last_post_id="1_1" if self.stored else "",
            )
            for page in self.server.pages
        ]

    def read(self) -> list[Scan]:
        """All scans, in the order of the pages."""
        scans = {scan.reading.account: scan for scan in self.collector().collect(self.targets(), WINDOW)}
        return [scans[target.account.key] for target in self.targets()]


def test_a_night_brings_the_posts_of_the_window_and_learns_the_number() -> None:
    with GraphServer(pages=[village(1), village(2)]) as server:
        scans = FbNight(server).read()
    assert [texts(scan) for scan in scans] == [["Kabar 1"], ["Kabar 2"]]
    assert [(scan.reading.outcome, scan.reading.complete, scan.platform_id) for scan in scans] == [
        ("read", True, "100001"),
        ("read", True, "100002"),
    ]
    assert scans[0].reading.source == "facebook-graph"
    assert scans[0].reading.last_post_at == hours_ago(2)


def test_three_hundred_pages_with_six_hundred_new_posts_cost_one_call_each_and_one_for_the_tokens() -> None:
    pages = [village(n, [FakeFbPost(hours_ago(2 + k), f"{n}/{k}") for k in range(2)]) for n in range(300)]
    with GraphServer(pages=pages) as server:
        night = FbNight(server, known=True)
        collector = night.collector()
        scans = list(collector.collect(night.targets(), WINDOW))
        assert outcomes(scans) == ["read"] * 300
        assert sum(len(scan.posts) for scan in scans) == 600
        assert server.count("posts") == 300
        assert server.count() == collector.costs()[0].requests == 301


def test_pages_are_turned_only_while_new_posts_remain_and_empty_ones_are_passed_over() -> None:
    posts = [FakeFbPost(hours_ago(1 + n / 10), f"Kabar {n}") for n in range(60)]
    posts += [FakeFbPost(hours_ago(200 + n), "Arsip") for n in range(200)]
    with GraphServer(pages=[village(1, posts, gap=0)]) as server:
        (scan,) = FbNight(server).read()
        assert (len(scan.posts), scan.reading.complete) == (60, True)
        assert server.count("posts") == 4
        assert all("access_token" not in request.query for request in server.log)


def test_own_pages_are_read_with_their_own_tokens_and_foreign_ones_need_the_feature() -> None:
    own = [village(n, own_token=f"EAApage{n}") for n in range(150)]
    with GraphServer(pages=[*own, village(900)]) as server:
        server.content_access = False
        scans = FbNight(server, known=True).read()
        assert outcomes(scans) == ["read"] * 150 + ["unread token"]
        assert server.count("accounts") == 2
    assert "EAApage" not in str(scans)


def test_a_token_without_a_person_reads_public_pages() -> None:
    with GraphServer(pages=[village(1)]) as server:
        server.token = "123|rahasia"
        assert outcomes(FbNight(server, token="123|rahasia").read()) == ["read"]


def test_kinds_pictures_and_words_are_those_of_the_page() -> None:
    kinds = ("status", "photo", "album", "video", "share")
    posts = [FakeFbPost(hours_ago(1 + n), "" if kind == "share" else kind, kind=kind) for n, kind in enumerate(kinds)]  # type: ignore[arg-type]
    posts.append(FakeFbPost(hours_ago(9), "belum terbit", published=False))
    with GraphServer(pages=[village(1, posts)]) as server:
        (scan,) = FbNight(server).read()
    got = [(one.post.kind, one.post.text, len(one.post.media)) for one in scan.posts]
    assert got == [
        ("post", "status", 0),
        ("post", "photo", 1),
        ("post", "album", 3),
        ("video", "video", 1),
        ("repost", "", 1),
    ]
    assert scan.posts[3].post.media[0].kind == "video"
    assert scan.posts[0].post.url.startswith("https://www.facebook.com/")


@pytest.mark.parametrize("name", ["feed_fields_p1", "feeds_default_fields_p1", "feeds_default_fields_p2"])
def test_recorded_answers_are_read(name: str) -> None:
    for item in json.loads((FIXTURES / f"pyfacebook_{name}.json").read_text("utf-8"))["data"]:
        collected = parse_post(item, "facebook:1")
        assert collected is not None
        assert (collected.post.post_id, collected.post.text) == (item["id"], item.get("message", ""))
        assert collected.post.published_at.year == 2021
        assert page_of(item) == "", "without an author the number is not learnt"


@pytest.mark.parametrize("name", ["missing", "app_token"])
def test_recorded_refusals_are_a_matter_of_our_rights(name: str) -> None:
    error = judge(400, json.loads((FIXTURES / f"pyfacebook_error_ppca_{name}.json").read_text("utf-8")), "Facebook")
    assert (error.action, error.unread_class) == ("forbidden", "token")


@pytest.mark.parametrize("item", [{}, {"id": "5"}, {"id": "1_2"}, {"id": "1_2", "created_time": "kemarin"}, {"id": 7}])
def test_an_item_without_number_or_time_is_no_post(item: dict[str, object]) -> None:
    with pytest.raises(CollectorError):
        parse_post(item, "facebook:1")


def test_an_unknown_name_is_missing_after_a_second_look_and_only_when_another_page_was_read() -> None:
    with GraphServer(pages=[village(1, state="gone"), village(2)]) as server:
        scans = FbNight(server).read()
        assert outcomes(scans) == ["missing", "read"]
        assert scans[0].reading.reason == MISSING
        assert server.count() == 4
    with GraphServer(pages=[village(1, state="gone")]) as server:
        (scan,) = FbNight(server).read()
        assert (outcomes([scan]), scan.reading.reason) == (["unread unproven"], NOT_SHOWN)


@pytest.mark.parametrize(("stored", "expected"), [(False, "unread unproven"), (True, "missing")])
def test_a_page_that_is_not_shown_counts_as_missing_only_when_it_was_read_before(stored: bool, expected: str) -> None:
    with GraphServer(pages=[village(1, state="hidden"), village(2)]) as server:
        assert outcomes(FbNight(server, known=True, stored=stored).read()) == [expected, "read"]


def test_an_empty_list_is_believed_only_of_a_page_that_exists_and_never_had_posts() -> None:
    with GraphServer(pages=[village(1, []), village(2, [], published=False)]) as server:
        scans = FbNight(server).read()
        assert outcomes(scans) == ["read", "private"]
        assert scans[0].platform_id == "100001"
        assert (scans[1].reading.reason, scans[1].reading.complete) == (UNPUBLISHED, False)
        assert outcomes(FbNight(server, stored=True).read()) == ["unread unproven", "private"]


def test_a_handle_that_would_read_ourselves_or_another_path_is_not_asked_for() -> None:
    with GraphServer(pages=[village(1)]) as server:
        night = FbNight(server)
        names = ["me", "..", "a/b", "desa.contoh1"]
        targets = [Target(account=Account(platform="facebook", handle=name, unit="u"), since=SINCE) for name in names]
        scans = list(night.collector().collect(targets, WINDOW))
        assert outcomes(scans) == ["unread format"] * 3 + ["read"]
        assert server.count("posts") == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("permission", "unread token"),
        ("no_content_access", "unread token"),
        ("odd100", "unread format"),
        ("renamed", "unread format"),
        ("html503", "unread network"),
        ("transient", "unread network"),
        ("drop", "unread network"),
        ("truncated", "unread format"),
        ("html200", "unread format"),
        ("empty", "unread format"),
        ("wrong_type", "read"),
    ],
)
def test_one_broken_page_leaves_the_others_read(fault: str, expected: str) -> None:
    with GraphServer(pages=[village(n) for n in range(1, 6)]) as server:
        server.fail(fault, account=VICTIM)
        scans = FbNight(server).read()
    assert outcomes(scans) == ["read", expected, "read", "read", "read"]
    assert "desa" not in scans[1].reading.reason


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("expired", "token"), ("rate4", "budget"), ("rate32", "budget"), ("rate613", "budget")],
)
@pytest.mark.parametrize("first", [1, 3])
def test_a_hard_refusal_stops_the_source_once(fault: str, kind: str, first: int) -> None:
    with GraphServer(pages=[village(n) for n in range(1, 6)]) as server:
        server.fail(fault, first=first)
        scans = FbNight(server).read()
        assert server.count() == first
    read = max(0, first - 2)
    assert outcomes(scans) == ["read"] * read + [f"unread {kind}"] * (5 - read)
    assert len({scan.reading.reason for scan in scans[read:]}) == 1


def test_a_quota_that_returns_soon_is_waited_for() -> None:
    with GraphServer(pages=[village(n) for n in range(1, 6)]) as server:
        server.faults.add(Fault(app_limit(minutes=5), first=3))
        night = FbNight(server)
        assert outcomes(night.read()) == ["read"] * 5
        assert night.clock.slept_s == [300.0]


def test_a_field_that_meta_no_longer_knows_costs_one_call_and_no_post() -> None:
    with GraphServer(pages=[village(n) for n in range(1, 6)]) as server:
        server.unknown_fields = {"status_type"}
        assert outcomes(FbNight(server).read()) == ["read"] * 5
        assert server.count("posts") == 6


def test_a_promised_page_that_comes_empty_keeps_the_posts_and_moves_no_watermark() -> None:
    posts = [FakeFbPost(hours_ago(1 + n / 5), f"Kabar {n}") for n in range(60)]
    with GraphServer(pages=[village(1, posts)]) as server:
        server.fail("empty_list", endpoint="posts", first=2)
        (scan,) = FbNight(server).read()
    assert (outcomes([scan]), len(scan.posts), scan.reading.complete) == (["read"], 25, False)


def test_a_merged_page_is_not_called_missing() -> None:
    with GraphServer(pages=[village(1), village(2)]) as server:
        moved = graph_error(21, "(#21) Page ID 100002 was migrated to page ID 100009.")
        server.faults.add(Fault(moved, account=VICTIM, times=None))
        assert outcomes(FbNight(server, known=True, stored=True).read()) == ["read", "unread unproven"]


@pytest.mark.parametrize("fault", sorted(REPLIES.keys() | CHANGES.keys()))
def test_no_fault_puts_a_token_into_a_log_a_reason_or_a_raw_answer(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    posts = [FakeFbPost(hours_ago(1 + n / 10), f"Kabar {n}") for n in range(60)]
    with GraphServer(pages=[village(n, posts, own_token="EAApagerahasia") for n in range(3)]) as server:
        server.fail(fault, first=3)
        with structlog.testing.capture_logs() as logs:
            scans = FbNight(server, read_timeout_s=0.2).read()
    written = str(logs) + caplog.text + str(scans)
    assert TOKEN not in written
    assert "EAApagerahasia" not in written


@settings(max_examples=cases(8, 150), deadline=None)
@given(data=st.data())
def test_no_sequence_of_faults_loses_or_doubles_a_post_once_a_normal_night_follows(data: st.DataObject) -> None:
    names = sorted((REPLIES.keys() | CHANGES.keys()) - {"stall"})
    counts = data.draw(st.lists(st.integers(1, 60), min_size=6, max_size=6))
    pages = [village(n, [FakeFbPost(hours_ago(1 + k / 5), f"{n}/{k}") for k in range(c)]) for n, c in enumerate(counts)]
    known = data.draw(st.booleans())
    with GraphServer(pages=pages) as server:
        for _ in range(data.draw(st.integers(1, 5))):
            first, times = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 3) | st.none())
            account = data.draw(st.sampled_from(["", "desa.contoh1", "desa.contoh4"]))
            server.fail(data.draw(st.sampled_from(names)), account=account, first=first, times=times)
        bad = FbNight(server, known=known, stored=True).read()
        server.faults.clear()
        good = FbNight(server, known=known, stored=True).read()
    for scan, count in zip(bad, counts, strict=True):
        assert scan.reading.outcome in ("read", "unread", "missing")
        if scan.reading.complete:
            assert len(scan.posts) == count, "a complete reading holds every post"
    assert outcomes(good) == ["read"] * 6
    read = [one.post.post_id for scan in good for one in scan.posts]
    assert len(read) == len(set(read)) == sum(counts)
    assert {one.post.post_id for scan in bad for one in scan.posts} <= set(read)
