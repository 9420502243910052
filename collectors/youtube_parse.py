"""Answers of the YouTube Data API and of a channel's RSS feed as channels, list entries and posts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import msgspec

from collectors.base import CollectorError
from collectors.text import storable
from pantau.core.model import Collected, Media, Post

_SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "yt": "http://www.youtube.com/xml/schemas/2015",
    "media": "http://search.yahoo.com/mrss/",
}
_CHANNEL_ID = re.compile(r"UC[\w-]{1,64}", re.ASCII)
_VIDEO_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,15}")
_ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_SIZES = ("maxres", "standard", "high", "medium", "default")


class Channel(msgspec.Struct, frozen=True):
    """A channel that exists. ``videos`` is YouTube's own count of public videos, -1 when hidden."""

    channel_id: str
    handle: str
    uploads: str
    videos: int


class Upload(msgspec.Struct, frozen=True):
    """One entry of the uploads list. ``digest`` changes with title or description; "" where only RSS has shown it."""

    video_id: str
    published: datetime
    digest: str = ""


def read_channel(item: Mapping[str, Any]) -> Channel:
    """An item of ``channels.list``. Raises ``CollectorError`` (format) for an unknown shape."""
    with _known_shape():
        return _channel(item)


def _channel(item: Mapping[str, Any]) -> Channel:
    channel_id = str(item["id"])
    if not _CHANNEL_ID.fullmatch(channel_id):
        raise ValueError("channel id")
    related = (item.get("contentDetails") or {}).get("relatedPlaylists") or {}
    return Channel(
        channel_id=channel_id,
        handle=str((item.get("snippet") or {}).get("customUrl") or "").removeprefix("@"),
        uploads=str(related.get("uploads") or f"UU{channel_id[2:]}"),
        videos=int((item.get("statistics") or {}).get("videoCount", -1)),
    )


def read_upload(item: Mapping[str, Any]) -> Upload | None:
    """An item of ``playlistItems.list``; None for a private or deleted video. Raises as ``read_channel``."""
    with _known_shape():
        return _upload(item)


def _upload(item: Mapping[str, Any]) -> Upload | None:
    details, snippet = item["contentDetails"], item["snippet"]
    written = details.get("videoPublishedAt")
    if not written:
        return None
    text = f"{snippet['title']}\x1f{snippet.get('description', '')}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Upload(_video_id(details["videoId"]), _instant(written), digest)


def read_video(item: Mapping[str, Any], account: str, published: datetime) -> Collected:
    """An item of ``videos.list`` as a post. Raises as ``read_channel``."""
    with _known_shape():
        return _video(item, account, published)


def _video(item: Mapping[str, Any], account: str, published: datetime) -> Collected:
    snippet = item["snippet"]
    counts = item.get("statistics") or {}
    names = {"viewCount": "views", "likeCount": "likes", "commentCount": "comments"}
    stated = {name: str(counts.get(key, "")) for key, name in names.items()}
    metrics = {name: int(count) for name, count in stated.items() if _COUNT.fullmatch(count)}
    if (live := snippet.get("liveBroadcastContent")) in ("live", "upcoming"):
        metrics[live] = 1
    pictures = snippet.get("thumbnails") or {}
    cover = next((str(pictures[size]["url"]) for size in _SIZES if size in pictures), "")
    post = _post(_video_id(item["id"]), account, published, snippet["title"], snippet.get("description", ""), cover)
    return Collected(msgspec.structs.replace(post, metrics=metrics), msgspec.json.encode(item))


def read_feed(body: bytes, account: str) -> list[tuple[Upload, Collected]]:
    """The entries of a channel's RSS feed, newest first. Raises ``CollectorError`` when it is no whole feed."""
    trouble = CollectorError("umpan YouTube tidak dapat dibaca (bukan XML yang utuh)", "format")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise trouble
    try:
        root = ElementTree.fromstring(body)
        if root.tag != f"{{{_SPACES['atom']}}}feed":
            raise trouble
        return [_entry(entry, account) for entry in root.findall("atom:entry", _SPACES)]
    except (ElementTree.ParseError, *_ODD) as error:
        raise trouble from error


def _entry(entry: ElementTree.Element, account: str) -> tuple[Upload, Collected]:
    def text(path: str) -> str:
        return entry.findtext(path, "", _SPACES)

    video_id, published = _video_id(text("yt:videoId")), _instant(text("atom:published"))
    picture = entry.find("media:group/media:thumbnail", _SPACES)
    cover = picture.get("url", "") if picture is not None else ""
    post = _post(video_id, account, published, text("atom:title"), text("media:group/media:description"), cover)
    raw = {"id": video_id, "published": text("atom:published"), "updated": text("atom:updated"), "text": post.text}
    return Upload(video_id, published), Collected(post, msgspec.json.encode(raw))


def _post(video_id: str, account: str, published: datetime, title: str, description: str, cover: str) -> Post:
    return Post(
        platform="youtube",
        post_id=video_id,
        account=account,
        kind="video",
        published_at=published,
        text=storable(f"{title.strip()}\n\n{description.strip()}".strip()),
        media=(Media(kind="video", url=storable(cover) if cover.startswith("https://") else ""),),
        url=f"https://www.youtube.com/watch?v={video_id}",
    )


def _video_id(value: object) -> str:
    if not isinstance(value, str) or not _VIDEO_ID.fullmatch(value):
        raise ValueError("video id")
    return value


@contextmanager
def _known_shape() -> Iterator[None]:
    """Turns whatever an item of an unknown shape provokes into ``CollectorError`` (format)."""
    try:
        yield
    except _ODD as error:
        raise CollectorError(f"bentuk jawaban YouTube berubah ({type(error).__name__})", "format") from error


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
