"""Citizens who comment, like or are tagged are counted and never kept, whatever a platform sends along."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collectors import facebook_parse, graph_harvest, instagram_graph, tiktok_parse
from collectors.facebook_parse import parse_post as parse_facebook
from collectors.files import read_export
from collectors.instagram_graph_parse import parse_media
from collectors.instagram_parse import to_collected
from collectors.strangers import without_strangers
from collectors.tiktok_parse import read_video as read_clip
from collectors.website_parse import parse_feed
from collectors.x_parse import parse_post as parse_x
from jobs.demo_servers import CHECKOUT
from pantau.core.model import Account
from tests.collectors.test_raw_answers import FIXTURES, objects, parsed, recorded

WHO, SAID, NUMBER = "warga_wanajati88", "Kapan jalannya diperbaiki, Pak?", "7788990011223344"
PERSON = {"id": NUMBER, "pk": NUMBER, "username": WHO, "full_name": WHO, "name": WHO}
COMMENTS: dict[str, Any] = {
    "comments": {
        "data": [{"id": NUMBER, "from": PERSON, "message": SAID, "text": SAID, "username": WHO}],
        "summary": {"total_count": 13},
    },
    "reactions": {"data": [{**PERSON, "type": "LIKE"}], "summary": {"total_count": 4}},
    "likes": {"data": [PERSON]},
    "with_tags": {"data": [PERSON]},
    "to": {"data": [PERSON]},
    "message_tags": [{**PERSON, "type": "user"}],
    "preview_comments": [{"user": PERSON, "text": SAID}],
    "edge_media_to_parent_comment": {"count": 2, "edges": [{"node": {"owner": PERSON, "text": SAID}}]},
    "edge_media_to_comment": {"count": 2, "edges": [{"node": {"owner": PERSON, "text": SAID}}]},
    "edge_media_preview_like": {"count": 9, "edges": [{"node": PERSON}]},
    "edge_media_to_tagged_user": {"edges": [{"node": {"user": PERSON}}]},
    "usertags": {"in": [{"user": PERSON, "position": [0.1, 0.2]}]},
    "facepile_top_likers": [PERSON],
    "top_likers": [WHO],
    "comment_list": [{"comment": SAID, "user": PERSON}],
}
"""Every place where one of the platforms is known to put them."""
X = Account(platform="x", handle="contoh", unit="u")


def item_of(folder: str, parse: Callable[[Any], Any]) -> dict[str, Any]:
    return next(item for item in objects(recorded(folder)) if parsed(parse, item))


CLIP = {
    "id": "7312345678901234567",
    "create_time": 1763600000,
    "title": "Panen",
    "video_description": "Panen raya",
    "comment_count": 3,
}
SOURCES: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[Any], Any]]] = {
    "x": (lambda: item_of("x", SOURCES["x"][1]), lambda item: parse_x(item, X).collected),
    "facebook": (lambda: item_of("facebook", SOURCES["facebook"][1]), lambda item: parse_facebook(item, "facebook:1")),
    "instagram-graph": (
        lambda: item_of("instagram", SOURCES["instagram-graph"][1]),
        lambda item: parse_media(item, "instagram:@a"),
    ),
    "instaloader": (
        lambda: item_of("instagram", SOURCES["instaloader"][1]),
        lambda item: to_collected(item, "instagram:@a"),
    ),
    "tiktok": (lambda: CLIP, lambda item: read_clip(item, "tiktok:1", "contoh")),
}


@pytest.mark.parametrize("source", SOURCES)
def test_who_commented_liked_or_is_tagged_is_not_in_what_is_kept_of_a_post(source: str) -> None:
    make, parse = SOURCES[source]
    plain = make()
    kept = parse({**plain, **COMMENTS})
    assert kept is not None
    everything = kept.raw.decode() + repr(kept.post)
    for trace in (WHO, SAID, NUMBER):
        assert trace not in everything
    assert json.loads(kept.raw)["comments"]["summary"]["total_count"] == 13, "how many they are stays"


@pytest.mark.parametrize("folder", ["facebook", "instagram", "x"])
def test_of_recorded_answers_nothing_else_is_lost(folder: str) -> None:
    for item in objects(recorded(folder)):
        kept = without_strangers(item)
        assert set(kept) == set(item)
        same = [name for name, value in item.items() if isinstance(value, str | int | float | bool | None)]
        assert [kept[name] for name in same] == [item[name] for name in same]


def test_recorded_likers_are_gone(tmp_path: Path) -> None:
    """A recorded answer of Instagram names people who liked the post."""
    found = [item for item in objects(recorded("instagram")) if item.get("facepile_top_likers")]
    assert found
    for item in found:
        names = [one["username"] for one in item["facepile_top_likers"]]
        assert not [name for name in names if name in json.dumps(without_strangers(item))]


def test_a_feed_brings_the_number_of_comments_at_most() -> None:
    feed = f"""<rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/">
<channel><title>Desa</title><item><title>Panen</title><link>https://desa.example/1</link><description>Raya</description>
<pubDate>Thu, 19 Nov 2026 00:00:00 +0000</pubDate><slash:comments>3</slash:comments>
<wfw:comment>{SAID} {WHO}</wfw:comment><comments>{SAID} {WHO}</comments></item></channel></rss>""".encode()
    (one,) = parse_feed(feed, {}, "https://desa.example/feed", "desa.example", ZoneInfo("Asia/Jakarta")).entries
    assert SAID not in one.raw.decode() + one.text
    assert WHO not in one.raw.decode() + one.text


def test_an_imported_instaloader_file_brings_no_comment(tmp_path: Path) -> None:
    page = json.loads(
        (FIXTURES / "instagram" / "pgrimaud_graphql_edge_owner_to_timeline_media.json").read_text("utf-8")
    )
    post = page["data"]["user"]["edge_owner_to_timeline_media"]["edges"][0]["node"]
    saved = {"node": {**post, **COMMENTS}, "instaloader": {"node_type": "Post", "version": "4.15"}}
    (tmp_path / "2026-11-19_00-00-00_UTC.json").write_text(json.dumps(saved), "utf-8")
    account = Account(platform="instagram", handle="a", platform_id=post["owner"]["id"], unit="u")
    (kept,) = read_export(tmp_path, "instaloader", [account], "")
    for trace in (WHO, SAID, NUMBER):
        assert trace not in kept.raw.decode()


def test_no_request_asks_for_more_than_the_number_of_comments() -> None:
    asked = "".join(
        value
        for module in (facebook_parse, graph_harvest, instagram_graph, tiktok_parse)
        for value in vars(module).values()
        if isinstance(value, str) and "," in value
    )
    assert "comments_count" in asked
    assert "comments{" not in asked
    assert "comments," not in asked.replace("comments_count,", "")
    sources = "".join(path.read_text("utf-8") for path in (CHECKOUT / "collectors").glob("*.py"))
    for call in ("commentThreads", "get_comments", "get_likes", "/comments", "/likes", "liking_users", "comment/list"):
        assert call not in sources
