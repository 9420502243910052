"""HTML of strangers as plain text, and the addresses it names: pictures of a post, feeds of a page."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from pantau.core.markup import closed

_SKIPPED = frozenset({"script", "style", "template", "noscript", "iframe", "svg", "head"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "dt", "dd", "pre"}
    | {"blockquote", "section", "article", "figure", "figcaption"}
)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})


MAX_HTML = 400_000
"""Longer HTML of one entry is cut here; its text is cut much earlier."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.pictures: list[tuple[str, str]] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "img":
            values = dict(attrs)
            self.pictures.append((values.get("src") or values.get("data-src") or "", values.get("alt") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(data)


def read_html(html: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with one line per block, and the pictures (address, description)."""
    reader = _Reader()
    reader.feed(closed(html[:MAX_HTML]))
    reader.close()
    return tidy("".join(reader.parts)), reader.pictures


def web_address(base: str, address: str) -> str:
    """The whole address of what a page names; empty for one that leads nowhere on the web."""
    try:
        whole = urljoin(base, address)
        return whole if urlsplit(whole).scheme in ("http", "https") else ""
    except ValueError:  # half a bracket of IPv6, or a port that is no number
        return ""


def tidy(text: str) -> str:
    """Single blanks inside lines, no empty lines."""
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


class _Head(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.feeds: list[str] = []
        self.asks_password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            self.base = web_address(self.base, values["href"]) or self.base
        if tag == "input" and values.get("type", "").lower() == "password":
            self.asks_password = True
        if tag != "link" or "alternate" not in values.get("rel", "").lower().split() or not values.get("href"):
            return
        about = f"{values['href']} {values.get('title', '')}".lower()
        is_feed = values.get("type", "").split(";")[0].strip().lower() in _FEED_TYPES
        feed = web_address(self.base, values["href"])
        if feed and is_feed and "comment" not in about and "komentar" not in about:
            self.feeds.append(feed)


def read_head(html: str, url: str) -> tuple[list[str], bool]:
    """Feeds that a page names (not those of comments), and whether it asks for a password."""
    head = _Head(url)
    head.feed(closed(html))
    return list(dict.fromkeys(head.feeds)), head.asks_password
