"""Answers of the YouTube Data API and of a channel's RSS feed as channels, list entries and posts."""

import hashlib
from collections.abc import Mapping
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
    """An item of ``channels.list``. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for an unknown shape."""
    channel_id = str(item["id"])
    if not channel_id.startswith("UC"):
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
    details, snippet = item["contentDetails"], item["snippet"]
    written = details.get("videoPublishedAt")
    if not written:
        return None
    text = f"{snippet['title']}\x1f{snippet.get('description', '')}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Upload(str(details["videoId"]), _instant(written), digest)


def read_video(item: Mapping[str, Any], account: str, published: datetime) -> Collected:
    """An item of ``videos.list`` as a post. Raises as ``read_channel``."""
    snippet = item["snippet"]
    counts = item.get("statistics") or {}
    names = {"viewCount": "views", "likeCount": "likes", "commentCount": "comments"}
    metrics = {name: int(counts[key]) for key, name in names.items() if str(counts.get(key, "")).isdigit()}
    if (live := snippet.get("liveBroadcastContent")) in ("live", "upcoming"):
        metrics[live] = 1
    pictures = snippet.get("thumbnails") or {}
    cover = next((str(pictures[size]["url"]) for size in _SIZES if size in pictures), "")
    post = _post(str(item["id"]), account, published, snippet["title"], snippet.get("description", ""), cover)
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
    except (ElementTree.ParseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise trouble from error


def _entry(entry: ElementTree.Element, account: str) -> tuple[Upload, Collected]:
    def text(path: str) -> str:
        return entry.findtext(path, "", _SPACES)

    video_id, published = text("yt:videoId"), _instant(text("atom:published"))
    if not video_id:
        raise ValueError("video id")
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
        media=(Media(kind="video", url=cover),),
        url=f"https://www.youtube.com/watch?v={video_id}",
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
