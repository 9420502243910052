"""Evidence: the raw answer kept of a post is its own, and hashes to what the post says, whatever the source and its payload."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import CollectorError
from collectors.facebook_parse import parse_post as parse_facebook
from collectors.instagram_graph_parse import parse_media
from collectors.instagram_parse import to_collected
from collectors.strangers import without_strangers
from collectors.website_parse import parse_feed
from collectors.x_parse import parse_post as parse_x
from collectors.youtube_parse import read_feed as read_youtube
from collectors.youtube_parse import read_video
from pantau.core.model import Account, Collected, Reading, Scan, Window
from pantau.store import open_store
from tests.random_cases import cases

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ACCOUNT = Account(platform="x", handle="contoh", unit="u")
AT = datetime(2026, 11, 20, tzinfo=UTC)


def recorded(folder: str) -> list[Any]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((FIXTURES / folder).glob("*.json"))]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a recorded answer."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from objects(part)


def parsed(parse: Any, item: dict[str, Any]) -> Collected | None:
    try:
        found = parse(item)
    except (CollectorError, KeyError, TypeError, ValueError):
        return None
    return getattr(found, "collected", found)


PARSERS: dict[str, tuple[str, Any]] = {
    "x": ("x", lambda item: parse_x(item, ACCOUNT)),
    "facebook": ("facebook", lambda item: parse_facebook(item, "facebook:1")),
    "instagram-graph": ("instagram", lambda item: parse_media(item, "instagram:@a")),
    "instaloader": ("instagram", lambda item: to_collected(item, "instagram:@a")),
}


@pytest.mark.parametrize("source", PARSERS)
def test_each_recorded_post_keeps_its_own_answer_and_its_hash(source: str) -> None:
    folder, parse = PARSERS[source]
    found = [(item, made) for item in objects(recorded(folder)) if (made := parsed(parse, item))]
    assert found, "no recorded payload of this source is a post"
    for item, made in found:
        assert json.loads(made.raw) == without_strangers(item)
        assert made.post.raw_sha256 == hashlib.sha256(made.raw).hexdigest()


EXTRA = st.dictionaries(
    st.text(max_size=8).filter(lambda name: not name.startswith(("id", "text", "edit", "note"))),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3),
    ),
    max_size=4,
)


@pytest.mark.parametrize("source", PARSERS)
@settings(max_examples=cases(20, 300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extra=EXTRA)
def test_whatever_else_stands_in_an_answer_is_kept_with_it(source: str, extra: dict[str, Any]) -> None:
    folder, parse = PARSERS[source]
    item = next(item for item in objects(recorded(folder)) if parsed(parse, item))
    whole = {**extra, **item}
    made = parsed(parse, whole)
    assert made is not None
    assert json.loads(made.raw) == without_strangers(whole)
    assert made.post.raw_sha256 == hashlib.sha256(made.raw).hexdigest()


def test_two_posts_of_one_answer_never_share_a_raw_answer() -> None:
    for folder, parse in PARSERS.values():
        by_key: dict[str, set[str]] = {}
        for item in objects(recorded(folder)):
            if made := parsed(parse, item):
                by_key.setdefault(made.post.raw_sha256, set()).add(made.post.key)
        assert all(len(keys) == 1 for keys in by_key.values())


VIDEO = {"id": "v1", "snippet": {"title": "Panen", "description": "Raya"}, "statistics": {"viewCount": "3"}}
YOUTUBE_FEED = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:yt="http://www.youtube.com/xml/schemas/2015">
<entry><yt:videoId>v1</yt:videoId><title>Panen</title><published>2026-11-19T00:00:00+00:00</published>
<updated>2026-11-19T01:00:00+00:00</updated></entry></feed>"""
SITE_FEED = b"""<rss version="2.0"><channel><title>Desa</title>
<item><title>Panen</title><link>https://desa.example/1</link><description>Raya</description>
<pubDate>Thu, 19 Nov 2026 00:00:00 +0000</pubDate></item></channel></rss>"""


def test_what_a_feed_says_of_a_post_is_kept_with_it() -> None:
    assert json.loads(read_video(VIDEO, "youtube:1", AT).raw) == VIDEO
    ((_, entry),) = read_youtube(YOUTUBE_FEED, "youtube:1")
    assert json.loads(entry.raw) | {"text": "Panen"} == {
        "id": "v1",
        "published": "2026-11-19T00:00:00+00:00",
        "updated": "2026-11-19T01:00:00+00:00",
        "text": "Panen",
    }
    (one,) = parse_feed(SITE_FEED, {}, "https://desa.example/feed", "desa.example", ZoneInfo("Asia/Jakarta")).entries
    raw = json.loads(one.raw)
    assert (raw["title"], raw["link"], raw["summary"]) == ("Panen", "https://desa.example/1", "Raya")
    assert raw["published"] == "Thu, 19 Nov 2026 00:00:00 +0000"


def test_the_store_hands_back_bytes_that_hash_to_what_the_post_says(tmp_path: Path) -> None:
    made = {
        item.post.key: item
        for folder, parse in PARSERS.values()
        for found in objects(recorded(folder))
        if (item := parsed(parse, found))
    }
    made["youtube:v1"] = read_video(VIDEO, "youtube:1", AT)
    with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        store.runs.begin("nightly", "n-1", Window(AT, AT), AT, AT)
        for platform in ("x", "facebook", "instagram", "youtube"):
            account = Account(platform=platform, handle="contoh", unit="u")
            store.accounts.sync([account], AT.date())
            posts = tuple(item for item in made.values() if item.post.platform == platform)
            reading = Reading(account=account.key, outcome="read", checked_at=AT, complete=True, source="uji")
            store.save_scan("n-1", Scan(reading=reading, posts=posts))
        stored = store.posts.get(made)
        assert stored.keys() == made.keys()
        for key, post in stored.items():
            raw = store.posts.raw(key)
            assert raw == made[key].raw
            assert hashlib.sha256(raw or b"").hexdigest() == post.raw_sha256
        assert store.manifests.keep("n-1")
        assert store.manifests.verify("n-1").different == 0
