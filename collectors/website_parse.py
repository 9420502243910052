"""A feed's bytes as entries: encodings, dates, ids and plain text. Whatever is not a feed is told apart by ``version``."""

import hashlib
import io
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit
from xml.sax import SAXException

import feedparser
import msgspec

from collectors.text import storable
from collectors.website_dates import parse_date
from collectors.website_text import read_html, tidy, web_address
from pantau.core.model import Media

MAX_ENTRIES = 500
MAX_TEXT = 50_000
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*$", re.IGNORECASE | re.DOTALL)
_DATED_PATH = re.compile(r"/((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})(?:/|$)")
_ODD = (ValueError, AssertionError, LookupError, TypeError, AttributeError, RecursionError)
"""What feedparser raises on feeds so broken that its second, lenient parser takes over."""
_DATE_KEYS = ("published", "created", "updated")
_RAW_KEYS = ("id", "link", "title", *_DATE_KEYS, "author", "summary")


class Entry(msgspec.Struct, frozen=True):
    """One entry. ``published`` is None when the feed gives no usable date."""

    entry_id: str
    published: datetime | None
    text: str
    url: str
    media: tuple[Media, ...]
    raw: bytes


class Feed(msgspec.Struct, frozen=True):
    """``version`` is empty when the body is no feed. ``whole`` is False when it breaks off."""

    version: str
    whole: bool
    entries: tuple[Entry, ...] = ()
    is_wordpress: bool = False


def parse_feed(body: bytes, headers: Mapping[str, str], url: str, handle: str, zone: tzinfo) -> Feed:
    """Read a body. ``handle`` is the site as registered, ``zone`` holds for dates without one."""
    if b"<!ENTITY" in body:  # no feed needs entities of its own; they are how a small body becomes a huge one
        return Feed("", True)
    # Addresses are completed here, ids never: an id must not change with the address under which the feed was read.
    sent = {"content-type": _content_type(body, headers)}
    try:
        parsed = feedparser.parse(io.BytesIO(body), response_headers=sent, resolve_relative_uris=False)
    except _ODD:
        return Feed("", True)
    broken = bool(parsed.get("bozo")) and isinstance(parsed.get("bozo_exception"), SAXException)
    whole = not broken or bool(_END.search(body[-2000:]))
    entries: dict[str, Entry] = {}
    # Of a feed that breaks off, the last entry may be cut in the middle of its text.
    for item in parsed.entries[: MAX_ENTRIES if whole else -1]:
        entry = _entry(item, url, handle, zone)
        entries.setdefault(entry.entry_id, entry)
    return Feed(
        version=parsed.get("version") or "",
        whole=whole,
        entries=tuple(entries.values()),
        is_wordpress="wordpress" in str(parsed.feed.get("generator", "")).lower(),
    )


def _content_type(body: bytes, headers: Mapping[str, str]) -> str:
    """UTF-8 where the bytes are UTF-8, whatever server and document claim; their word counts only otherwise."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        declared = re.search(r"charset\s*=\s*[\"']?([\w-]+)", headers.get("content-type", ""), re.IGNORECASE)
        lies = declared and declared[1].lower() in ("utf-8", "utf8")
        return f"application/xml; charset={declared[1]}" if declared and not lies else "application/xml"
    return "application/xml; charset=utf-8"


def _entry(item: Any, url: str, handle: str, zone: tzinfo) -> Entry:
    named = str(item.get("link", "") or "")
    link = storable(web_address(url, named)) if named else ""
    title = _plain(item.get("title_detail") or {"value": item.get("title", ""), "type": "text/html"})[0]
    bodies = item.get("content") or ([item["summary_detail"]] if item.get("summary_detail") else [])
    body, pictures = max((_plain(one) for one in bodies), key=lambda pair: len(pair[0]), default=("", []))
    text = title if body in ("", title) else f"{title}\n\n{body}".strip()
    published = _published(item, link, zone)
    written = {key: str(dict.get(item, key)) for key in _RAW_KEYS if dict.get(item, key)}
    written |= {"content": "\n".join(str(one.get("value", "")) for one in item.get("content") or [])}
    return Entry(
        entry_id=_entry_id(str(item.get("id") or "").strip(), link, f"{title}\n{body}", handle),
        published=published,
        text=storable(text[:MAX_TEXT]),
        url=link,
        media=_media(item, pictures, url),
        raw=msgspec.json.encode({key: storable(value) for key, value in written.items()}),
    )


def _plain(detail: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    value = str(detail.get("value") or "")
    if detail.get("type") == "text/plain" and not re.search(r"<[a-zA-Z/!]|&[a-z#]", value):
        return tidy(value), []
    return read_html(value)


def _published(item: Any, link: str, zone: tzinfo) -> datetime | None:
    for key in _DATE_KEYS:
        if moment := parse_date(str(dict.get(item, key) or ""), zone):
            return moment
    if match := _DATED_PATH.search(urlsplit(link).path):
        return parse_date(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}", zone)
    return None


def _entry_id(guid: str, link: str, text: str, handle: str) -> str:
    """The same name for an entry whether the site writes http or https, with or without www; always within the site's own."""
    name = guid or link or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    bare = re.sub(r"^https?://(?:www\.)?", "", storable(name), flags=re.IGNORECASE)
    host = handle.split("/", 1)[0].removeprefix("www.")
    is_own = bare != name and bare.split("/", 1)[0].lower() == host
    bare = host + bare[len(host) :].rstrip("/") if is_own else f"{handle}#{bare}"
    return bare if len(bare) <= 300 else f"{handle}#{hashlib.sha256(bare.encode()).hexdigest()[:32]}"


def _media(item: Any, pictures: list[tuple[str, str]], url: str) -> tuple[Media, ...]:
    named = [(str(one.get("href") or one.get("url") or ""), str(one.get("type") or one.get("medium") or ""), "")
             for key in ("enclosures", "media_content") for one in item.get(key) or []]  # fmt: skip
    named += [(address, "image", alt) for address, alt in pictures]
    found: dict[str, Media] = {}
    for address, kind, alt in named:
        if not address or not kind.startswith(("image", "video")):
            continue
        if whole := web_address(url, address):
            shown = "video" if kind.startswith("video") else "image"
            found.setdefault(whole, Media(kind=shown, url=storable(whole), alt=storable(alt)[:500]))  # type: ignore[arg-type]
    return tuple(found.values())[:20]
