"""Inputs that ``make fuzz`` found or led to: each broke a parser's promise once."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.base import CollectorError
from collectors.facebook_parse import parse_post as parse_facebook
from collectors.files import read_export
from collectors.instagram_graph_parse import parse_media
from collectors.text import raw_json
from collectors.website_parse import parse_feed
from collectors.website_text import read_head
from collectors.x_parse import id_time, parse_users
from collectors.youtube_parse import read_channel, read_feed, read_upload, read_video
from pantau.core.errors import ImportFileError
from tests.fuzz.posts import ACCOUNTS, WEBSITE, YOUTUBE

AT = datetime(2026, 11, 20, tzinfo=UTC)
SNIPPET = {"title": "Panen", "description": "raya", "thumbnails": {"high": {"url": "https://i.ytimg.com/a.jpg"}}}


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-1200"])
def test_a_time_beyond_the_calendar_costs_meta_one_post(written: str) -> None:
    with pytest.raises(CollectorError, match="waktu terbit"):
        parse_media({"permalink": "https://www.instagram.com/p/DAbcdef/", "timestamp": written}, "instagram:1")
    with pytest.raises(CollectorError, match="waktu terbit"):
        parse_facebook({"id": "1_2", "created_time": written}, "facebook:1")


def test_an_id_of_thousands_of_digits_is_no_time() -> None:
    assert id_time("9" * 5000) is None
    users = parse_users({"data": [{"id": "7", "username": "a", "most_recent_tweet_id": "9" * 5000}]})
    assert users[0].last_post_at is None


@pytest.mark.parametrize(
    "changed",
    [{"snippet": "https://"}, {"snippet": {"title": ["a"]}}, {"id": "a\x00b"}, {"id": ["v"]}, {"snippet": None}],
)
def test_an_item_of_youtube_with_another_shape_is_said_to_be_one(changed: dict[str, Any]) -> None:
    good = {"id": "v", "snippet": SNIPPET}
    assert read_video(good, YOUTUBE.key, AT).post.post_id == "v"
    with pytest.raises(CollectorError, match="bentuk jawaban YouTube berubah"):
        read_video({**good, **changed}, YOUTUBE.key, AT)


@pytest.mark.parametrize("details", ["", [], {"videoPublishedAt": "0001-01-01T00:00:00+14:00", "videoId": "v"}])
def test_an_upload_of_youtube_with_another_shape_is_said_to_be_one(details: Any) -> None:
    with pytest.raises(CollectorError, match="bentuk jawaban YouTube berubah"):
        read_upload({"contentDetails": details or [1], "snippet": SNIPPET})
    with pytest.raises(CollectorError, match="bentuk jawaban YouTube berubah"):
        read_channel({"id": "UC\x00", "contentDetails": details})


def test_a_count_of_youtube_that_is_none_is_left_out_and_a_cover_that_leads_nowhere_too() -> None:
    odd = {"thumbnails": {"high": {"url": "javascript:1"}}}
    counts = {"viewCount": "²", "likeCount": "9" * 40, "commentCount": "3"}
    post = read_video({"id": "v", "snippet": {**SNIPPET, **odd}, "statistics": counts}, YOUTUBE.key, AT).post
    assert post.metrics == {"comments": 3}
    assert post.media[0].url == ""


def test_a_time_beyond_the_calendar_makes_a_channels_feed_unreadable_in_words() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:yt="http://www.youtube.com/xml/schemas/2015"><entry>'
        "<yt:videoId>v</yt:videoId><published>0001-01-01T00:00:00+14:00</published></entry></feed>"
    )
    with pytest.raises(CollectorError, match="umpan YouTube"):
        read_feed(feed.encode(), YOUTUBE.key)


def test_half_an_address_costs_a_feed_its_link_and_a_page_its_feed_nothing_else() -> None:
    rss = (
        "<rss version='2.0'><channel><item><title>a</title><link>https://[</link><guid>1</guid></item>"
        "<item><title>b</title><link>/b</link><guid>2</guid><description>&lt;img src='https://['&gt;teks</description></item></channel></rss>"
    )
    entries = parse_feed(rss.encode(), {}, "https://dinas.contoh.example/", WEBSITE.handle, UTC).entries
    assert [(entry.text, entry.url) for entry in entries] == [
        ("a", ""),
        ("b\n\nteks", "https://dinas.contoh.example/b"),
    ]
    page = '<base href="https://["><link rel="alternate" type="application/rss+xml" href="https://["><link rel="alternate" '
    page += 'type="application/rss+xml" href="/umpan">'
    assert read_head(page, "https://dinas.contoh.example/") == (["https://dinas.contoh.example/umpan"], False)


def test_what_is_nested_deeper_than_can_be_written_is_a_fault_of_the_answer() -> None:
    with pytest.raises(CollectorError, match="bersarang"):
        raw_json(nested(5000))


def test_a_date_beyond_the_calendar_is_named_with_its_place_in_an_export_of_tiktok(tmp_path: Path) -> None:
    rows = [{"Date": "0001-01-01T00:00:00+14:00", "Title": "a"}]
    profile = {"Profile Info": {"ProfileMap": {"userName": "desa_contoh"}}}
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(json.dumps({"Post": {"Posts": {"VideoList": rows}}, "Profile And Settings": profile}))
    with pytest.raises(ImportFileError, match="unggahan ke-1: unggahan tanpa tanggal"):
        read_export(path, "auto", ACCOUNTS)


def test_half_an_address_in_a_profile_of_meta_is_no_owner(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "your_posts_1.json").write_text('[{"timestamp": 1763600400, "data": [{"post": "a"}]}]')
    (tmp_path / "profile_information").mkdir()
    profile = tmp_path / "profile_information" / "profile_information.json"
    profile.write_text(json.dumps({"profile_v2": {"profile_uri": "https://["}}))
    with pytest.raises(ImportFileError, match="nama akun pemilik unduhan tidak ditemukan"):
        read_export(tmp_path, "meta", ACCOUNTS)


@pytest.mark.parametrize("piece", ["<a ", "<a='", "<!--", "<![CDATA[", "<!x", "<a <"])
def test_tags_that_never_end_cost_a_title_no_time(piece: str) -> None:
    """A feed of 100 KB took minutes: at each such tag the parser read to the end."""
    title = (piece * 15_000).replace("<", "&lt;")
    rss = f"<rss version='2.0'><channel><item><title>{title}</title><guid>1</guid></item></channel></rss>"
    begun = time.process_time()
    assert len(parse_feed(rss.encode(), {}, "https://dinas.contoh.example/", WEBSITE.handle, UTC).entries) == 1
    read_head(piece * 15_000, "https://dinas.contoh.example/")
    assert time.process_time() - begun < 2


def test_an_unknown_declaration_costs_a_feed_no_entry() -> None:
    rss = "<rss version='2.0'><channel><item><title>a &lt;![CDATguid isi</title><guid>1</guid></item></channel></rss>"
    assert len(parse_feed(rss.encode(), {}, "https://dinas.contoh.example/", WEBSITE.handle, UTC).entries) == 1


def test_a_broken_feed_with_a_character_that_does_not_exist_is_no_feed() -> None:
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>a</title>&#x110000;<content>c</content></entry></fe'
    assert parse_feed(atom.encode(), {}, "https://dinas.contoh.example/", WEBSITE.handle, UTC).version == ""
