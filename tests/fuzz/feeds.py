"""Targets: feeds and pages of sites, the feed of a YouTube channel, and dates as sites write them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from collectors.base import CollectorError
from collectors.website_dates import parse_date
from collectors.website_parse import parse_feed
from collectors.website_text import read_head, read_html
from collectors.youtube_parse import read_feed
from pantau.core.model import Collected, Post
from tests.fuzz.mutations import MARKUP, TEXT
from tests.fuzz.posts import WEBSITE, YOUTUBE, hold
from tests.fuzz.target import ROOT, Target

WIB = ZoneInfo("Asia/Jakarta")
_DATES = (
    "Fri, 20 Nov 2026 08:30:00 +0700",
    "Jum, 20 November 2026 08:30:00 WIB",
    "2026-11-20T08:30:00+07:00",
    "20/11/2026 08.30",
    "November 20, 2026 8:30 pm",
    "20 Nop 26 08:30 (WITA)",
    "2026-11-20",
)
_RSS = """<?xml version="1.0"?><rss version="2.0"><channel><generator>https://wordpress.org/?v=6</generator>
<item><title>Jalan &amp; jembatan</title><link>https://dinas.contoh.example/2026/11/20/a</link>
<pubDate>Fri, 20 Nov 2026 08:30:00 +0700</pubDate><guid>https://dinas.contoh.example/?p=1</guid>
<description><![CDATA[<p>Isi <b>berita</b><img src="/a.jpg" alt="x"></p>]]></description></item></channel></rss>"""
_ENCODED = """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>a</title>
<content:encoded><![CDATA[<p>Isi panjang</p>]]></content:encoded>
<enclosure url="https://a/b.mp4" type="video/mp4"/></item></channel></rss>"""
_OPENSID = """<rss version="2.0"><channel><item><title>Musyawarah</title><link>index.php/artikel/1</link>
<pubDate>Jum, 20 November 2026 08:30:00 WIB</pubDate><description>Pendek</description></item></channel></rss>"""
_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:contoh,2026:1</id><title type="html">a&amp;lt;b</title>
<updated>2026-11-20T08:30:00Z</updated><link href="/a"/><content type="xhtml"><div>c</div></content></entry></feed>"""
_PAGE = """<!doctype html><html><head><base href="/x/"><link rel="alternate" type="application/rss+xml" title="Berita" href="feed/">
<title>t</title></head><body><form><input type="password"></form><p>satu<br>dua</p><script>x()</script>
<img data-src="/a.png" alt="b"></body></html>"""


def check_feed(text: str) -> bool:
    """A body as a feed: never an exception, and entries that make posts."""
    body = text.encode("utf-8", "surrogatepass")
    feed = parse_feed(
        body, {"content-type": "text/xml; charset=latin-1"}, "https://dinas.contoh.example/feed", WEBSITE.handle, WIB
    )
    for entry in feed.entries:
        assert len(entry.entry_id) <= 300 + len(WEBSITE.handle) + 40, "an id without end"
        moment = entry.published
        assert moment is None or moment.utcoffset() == timedelta(0), "not in UTC"
        assert entry.url == "" or entry.url.startswith(("https://", "http://")), "no address"
        if moment is not None:
            post = Post(
                platform="website",
                post_id=entry.entry_id,
                account=WEBSITE.key,
                published_at=moment,
                text=entry.text,
                media=entry.media,
                url=entry.url,
            )
            hold(Collected(post, entry.raw), WEBSITE)
    return bool(feed.version and feed.entries)


def check_youtube_feed(text: str) -> bool:
    """The feed of a channel."""
    try:
        entries = read_feed(text.encode("utf-8", "surrogatepass"), YOUTUBE.key)
    except CollectorError:
        return False
    for upload, collected in entries:
        assert upload.published == collected.post.published_at
        hold(collected, YOUTUBE)
    return bool(entries)


def check_page(text: str) -> bool:
    """A page of a stranger: its words and the feeds that it names."""
    words, pictures = read_html(text)
    assert "\r" not in words
    assert all(isinstance(part, str) for pair in pictures for part in pair)
    feeds, _password = read_head(text, "https://dinas.contoh.example/")
    return bool(words and feeds)


def check_date(text: str) -> bool:
    """A date of a site."""
    moment = parse_date(text, WIB)
    assert moment is None or moment.utcoffset() == timedelta(0), "not in UTC"
    return moment is not None


def _channel_feeds() -> list[str]:
    return [(ROOT / "tests" / "fixtures" / "documented" / "youtube.feed.xml").read_text("utf-8")]


TARGETS = (
    Target("feed", MARKUP, lambda: [_RSS, _ENCODED, _OPENSID, _ATOM], check_feed, 1_000_000),
    Target("youtube-feed", MARKUP, _channel_feeds, check_youtube_feed, 1_000_000),
    Target("page", MARKUP, lambda: [_PAGE, _RSS], check_page, 300_000),
    Target("dates", TEXT, lambda: _DATES, check_date, 1_000_000),
)
