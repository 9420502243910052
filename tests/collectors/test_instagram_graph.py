"""Instagram through the Graph API, against a local server: what a night brings, and what it costs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.base import CollectorError, Pace
from collectors.instagram import InstagramCollector
from collectors.instagram_graph import NOT_SHOWN
from collectors.instagram_graph_parse import parse_media
from collectors.instagram_parse import to_collected
from tests.collectors.graph_night import GraphNight
from tests.collectors.instagram_night import NOW, SINCE, WINDOW, Night, hours_ago, office, outcomes, texts
from tests.servers.graph_server import GraphServer
from tests.servers.instagram_server import FakeIgAccount, FakeIgPost, InstagramServer
from tests.servers.instagram_shapes import media_node

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "instagram"


def test_a_night_brings_the_posts_of_the_window_and_says_that_it_saw_everything() -> None:
    with GraphServer([office(1), office(2), office(3)]) as server:
        scans = GraphNight(server).read()
    assert [texts(scan) for scan in scans] == [["Layanan 1"], ["Layanan 2"], ["Layanan 3"]]
    for scan in scans:
        assert (scan.reading.outcome, scan.reading.complete, scan.reading.source) == ("read", True, "instagram-graph")
        assert scan.reading.last_post_at == hours_ago(2)
        assert scan.handle.startswith("dinas_contoh_")
        assert scan.platform_id == "", "the Graph API's id is not the number by which instaloader knows the account"


def test_three_hundred_accounts_with_six_hundred_new_posts_cost_one_call_each() -> None:
    accounts = [office(n, [FakeIgPost(hours_ago(2 + k), f"{n}/{k}") for k in range(2)]) for n in range(300)]
    with GraphServer(accounts) as server:
        collector = GraphNight(server).collector()
        night = GraphNight(server)
        scans = list(collector.collect(night.targets(), WINDOW))
        assert outcomes(scans) == ["read"] * 300
        assert sum(len(scan.posts) for scan in scans) == 600
        assert server.count() == collector.costs()[0].requests == 300


def test_pages_are_turned_only_while_new_posts_remain() -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 10), f"Kabar {n}") for n in range(30)]
    posts += [FakeIgPost(hours_ago(100 + n), f"Arsip {n}") for n in range(200)]
    with GraphServer([office(1, posts)]) as server:
        (scan,) = GraphNight(server).read()
        assert (len(scan.posts), scan.reading.complete, server.count()) == (30, True, 2)


def test_a_list_whose_posts_are_all_new_is_known_to_be_whole_by_its_count() -> None:
    account = office(1, [FakeIgPost(hours_ago(1 + n / 10), f"Kabar {n}") for n in range(30)])
    account.claims_more = True
    with GraphServer([account]) as server:
        (scan,) = GraphNight(server).read()
        assert (len(scan.posts), scan.reading.complete, server.count()) == (30, True, 2)


def test_posts_are_taken_from_three_hours_before_the_watermark_and_up_to_the_end() -> None:
    slack = timedelta(hours=3)
    posts = [
        FakeIgPost(NOW, "akhir"),
        FakeIgPost(SINCE - slack, "awal"),
        FakeIgPost(SINCE - slack - timedelta(seconds=1), "lama"),
    ]
    with GraphServer([office(1, posts)]) as server:
        (scan,) = GraphNight(server).read()
    assert texts(scan) == ["awal"]


def test_pinned_old_posts_do_not_hide_what_is_new() -> None:
    posts = [FakeIgPost(hours_ago(9000 + n), f"Sematan {n}", pinned=True) for n in range(3)]
    posts += [FakeIgPost(hours_ago(3), "Baru"), FakeIgPost(hours_ago(90), "Lama")]
    with GraphServer([office(1, posts)]) as server:
        (scan,) = GraphNight(server).read()
    assert (texts(scan), scan.reading.complete) == (["Baru"], True)


def test_an_account_without_posts_is_read_and_one_whose_list_is_withheld_is_not() -> None:
    withheld = office(2, [])
    withheld.media_count = 12
    with GraphServer([office(1, []), withheld]) as server:
        scans = GraphNight(server).read()
    assert outcomes(scans) == ["read", "unread format"]
    assert [scan.reading.complete for scan in scans] == [True, False]


def test_every_kind_of_post_has_the_same_id_kind_address_and_text_as_with_instaloader() -> None:
    for number, kind in enumerate(("image", "video", "reel", "carousel")):
        account = office(number, [FakeIgPost(hours_ago(2), "Teks 🙏", kind=kind)])  # type: ignore[arg-type]
        with GraphServer([account]) as server:
            (scan,) = GraphNight(server).read()
        ours = scan.posts[0].post
        theirs = to_collected(media_node(account, account.posts[0]), ours.account).post
        assert (ours.post_id, ours.kind, ours.url, ours.text, ours.published_at) == (
            theirs.post_id, theirs.kind, theirs.url, theirs.text, theirs.published_at
        )  # fmt: skip
        assert ours.metrics == {"comments": 2, "likes": 10}


def test_covers_of_videos_are_pictures_and_a_video_file_is_never_named() -> None:
    posts = [FakeIgPost(hours_ago(1), "a", kind="reel"), FakeIgPost(hours_ago(2), "b", kind="carousel")]
    with GraphServer([office(1, posts)]) as server:
        (scan,) = GraphNight(server).read()
    media = [[(one.kind, one.url[-9:]) for one in item.post.media] for item in scan.posts]
    assert media[0] == [("video", "cover.jpg")]
    assert [kind for kind, _ in media[1]] == ["image", "video"]
    assert media[1][1][1] == ""


@pytest.mark.parametrize("name", ["medias_p1", "medias_p2", "video_medias_p1"])
def test_recorded_answers_are_read(name: str) -> None:
    body = json.loads((FIXTURES / f"pyfacebook_discovery_{name}.json").read_text("utf-8"))
    items = body["business_discovery"]["media"]["data"]
    posts = [parse_media(item, "instagram:@x").post for item in items]
    assert len({post.post_id for post in posts}) == len(items)
    for post, item in zip(posts, items, strict=True):
        assert post.url == item["permalink"]
        assert post.text == item.get("caption", "")
        assert post.published_at.year == 2021
        assert post.metrics["likes"] == item["like_count"]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"permalink": "https://www.instagram.com/p/CSr71Gzlqo4/"},
        {"permalink": "https://www.instagram.com/p/CSr71Gzlqo4/", "timestamp": "2021-08-17T19:00:42"},
        {"permalink": "https://www.instagram.com/p/CSr71Gzlqo4/", "timestamp": 5},
        {"permalink": "https://evil.example/p/CSr71Gzlqo4/", "timestamp": "2021-08-17T19:00:42+0000"},
        {"permalink": None, "timestamp": "2021-08-17T19:00:42+0000"},
    ],
)
def test_an_item_without_address_or_time_is_no_post(item: dict[str, object]) -> None:
    with pytest.raises(CollectorError):
        parse_media(item, "instagram:@x")


def test_an_account_that_is_not_shown_is_unread_with_what_to_do_and_never_missing() -> None:
    with GraphServer([office(n) for n in range(8)], personal={f"dinas_contoh_{n}" for n in range(6)}) as server:
        night = GraphNight(server)
        scans = night.read()
        assert server.count() == 8
    assert outcomes(scans) == ["unread unproven"] * 6 + ["read"] * 2
    assert {scan.reading.reason for scan in scans[:6]} == {NOT_SHOWN}


def test_accounts_that_are_not_shown_are_read_by_instaloader_where_it_is_enabled(tmp_path: Path) -> None:
    accounts = [office(n) for n in range(6)]
    with (
        GraphServer(accounts, personal={"dinas_contoh_1", "dinas_contoh_4"}) as server,
        InstagramServer(accounts) as web,
    ):
        both = InstagramCollector(GraphNight(server).collector(), Night(web, tmp_path).collector())
        scans = list(both.collect(Night(web, tmp_path).targets(), WINDOW))
        asked = {name for request in web.log for name in request.accounts if name.startswith("dinas")}
        costs = {cost.source: cost.requests for cost in both.costs()}
    assert outcomes(scans) == ["read"] * 6
    sources = {scan.reading.account: scan.reading.source for scan in scans}
    assert [key for key, source in sorted(sources.items()) if source == "instaloader"] == [
        "instagram:1001",
        "instagram:1004",
    ]
    assert sorted(texts(scan)[0] for scan in scans) == [f"Layanan {n}" for n in range(6)]
    assert asked <= {"dinas_contoh_1", "dinas_contoh_4"}
    assert costs == {"instagram-graph": 6, "instaloader": 3}


def test_a_failing_graph_api_does_not_send_all_accounts_to_instaloader(tmp_path: Path) -> None:
    accounts = [office(n) for n in range(6)]
    with GraphServer(accounts, personal={"dinas_contoh_0"}) as server, InstagramServer(accounts) as web:
        server.fail("expired", first=3)
        both = InstagramCollector(GraphNight(server).collector(), Night(web, tmp_path).collector())
        scans = list(both.collect(GraphNight(server).targets(), WINDOW))
        assert sorted(outcomes(scans)) == ["read"] * 2 + ["unread token"] * 4
        assert len({request.number for request in web.log}) <= 3


def test_no_post_is_doubled_when_an_account_changes_its_source(tmp_path: Path) -> None:
    accounts = [office(n) for n in range(3)]
    with GraphServer(accounts) as server, InstagramServer(accounts) as web:
        by_graph = [one.post.key for scan in GraphNight(server).read() for one in scan.posts]
        by_web = [one.post.key for scan in Night(web, tmp_path).read() for one in scan.posts]
    assert by_graph == by_web
    assert len(by_graph) == 3


def test_the_proof_of_the_app_secret_is_sent_where_one_is_configured() -> None:
    with GraphServer([office(1)], app_secret="rahasia-aplikasi") as server:
        assert outcomes(GraphNight(server, app_secret="rahasia-aplikasi").read()) == ["read"]
        assert outcomes(GraphNight(server).read())[0].startswith("unread")
        assert all("rahasia-aplikasi" not in str(request) for request in server.log)


def test_a_quota_of_a_hundred_an_hour_reads_five_hundred_accounts_in_six_hours_without_one_refusal() -> None:
    night = GraphNight(GraphServer(), deadline_h=8)
    with GraphServer([office(n) for n in range(500)], per_hour=100, now=night.clock.now) as server:
        night.server = server
        scans = night.read()
        assert outcomes(scans) == ["read"] * 500
        assert server.count() == 500
    assert night.clock.now() - NOW < timedelta(hours=6)


def test_a_night_too_short_for_the_quota_leaves_the_rest_unread_and_never_quiet() -> None:
    night = GraphNight(GraphServer(), deadline_h=1)
    with GraphServer([office(n) for n in range(300)], per_hour=200, now=night.clock.now) as server:
        night.server = server
        scans = night.read()
    kinds = outcomes(scans)
    assert kinds.count("read") >= 180
    assert set(kinds) == {"read", "unread deadline"}
    assert len({scan.reading.reason for scan in scans if scan.reading.outcome == "unread"}) == 1


def test_a_spent_deadline_asks_nothing() -> None:
    with GraphServer([office(1), office(2)]) as server:
        night = GraphNight(server, deadline_h=-1)
        assert outcomes(night.read()) == ["unread deadline"] * 2
        assert server.count() == 0
    assert isinstance(night.pace, Pace)


def test_a_name_that_cannot_be_one_is_said_and_not_asked_for() -> None:
    with GraphServer([office(1)]) as server:
        night = GraphNight(server)
        scans = list(night.collector().collect(night.targets(["a){id}", "dinas_contoh_1"]), WINDOW))
        assert outcomes(scans) == ["unread format", "read"]
        assert server.count() == 1


def test_collaborations_without_likes_or_comments_lose_nothing() -> None:
    account = FakeIgAccount("dinas", "77", [FakeIgPost(hours_ago(1), None, likes=None, comments=None)])
    with GraphServer([account]) as server:
        (scan,) = GraphNight(server).read()
    assert (scan.posts[0].post.text, scan.posts[0].post.metrics) == ("", {})
