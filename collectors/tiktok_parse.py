"""Turns a video of TikTok's Display API into a post. Knows the shape only, never the network."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from collectors.base import CollectorError
from collectors.text import raw_json, storable
from pantau.core.model import Collected, Media, Post, PostKind

_log = structlog.get_logger(__name__)

FIELDS = "id,create_time,title,video_description,share_url,cover_image_url,duration,like_count,comment_count,share_count,view_count"
FEWER_FIELDS = "id,create_time,title,video_description,share_url"
"""What no video can be judged without; asked for when TikTok no longer knows one of the others."""
_ID = re.compile(r"\d{6,20}", re.ASCII)
_LINK = re.compile(
    r"https://(?:www|m)\.tiktok\.com/@([A-Za-z0-9._]{2,24})/(video|photo)/(\d{6,20})(?=[/?#]|$)", re.ASCII
)
_METRICS = {"view_count": "views", "like_count": "likes", "comment_count": "comments", "share_count": "shares"}
_LATEST_S = 2**33
"""Beyond it a time is not in seconds."""
_APART = timedelta(days=30)
"""A video may be made some days before it is published; more says that one of the two times means something else now."""


def id_time(video_id: str) -> datetime:
    """When an id was given out, to the second: its upper half counts seconds since 1970."""
    return datetime.fromtimestamp(int(video_id) >> 32, UTC)


def link_parts(link: object) -> tuple[str, PostKind, str] | None:
    """Handle, kind and id in the address of a video (or of a series of pictures); None for any other text."""
    found = _LINK.match(link) if isinstance(link, str) else None
    return (found[1], "video" if found[2] == "video" else "post", found[3]) if found else None


def video_address(handle: str, kind: PostKind, video_id: str) -> str:
    """The public address, without the marks that TikTok adds for the app."""
    return f"https://www.tiktok.com/@{handle}/{'video' if kind == 'video' else 'photo'}/{video_id}"


def read_video(item: Mapping[str, Any], account: str, handle: str) -> Collected:
    """The video as a post of ``account`` (an ``Account.key``). Raises ``CollectorError`` (format) without an id or a time."""
    video_id, seconds = item.get("id"), item.get("create_time")
    if not isinstance(video_id, str) or not _ID.fullmatch(video_id):
        raise CollectorError("video tanpa nomor", "format")
    if type(seconds) is not int or not 0 < seconds < _LATEST_S:
        raise CollectorError("video tanpa waktu terbit", "format")
    published = datetime.fromtimestamp(seconds, UTC)
    if abs(id_time(video_id) - published) > _APART:
        _log.warning("tiktok.id_and_time_differ", video=video_id)
    link = link_parts(item.get("share_url"))
    name, kind, linked = link or (handle, "video", video_id)
    if linked != video_id:
        name, kind = handle, "video"
    cover = item.get("cover_image_url")
    pictures = (storable(cover),) if isinstance(cover, str) and cover.startswith("https://") else ()
    raw = raw_json(item)
    post = Post(
        platform="tiktok",
        post_id=video_id,
        account=account,
        kind=kind,
        published_at=published,
        text=_text(item),
        media=tuple(Media(kind="video" if kind == "video" else "image", url=url) for url in pictures),
        url=video_address(name, kind, video_id),
        metrics=_metrics(item),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )
    return Collected(post, raw)


def _text(item: Mapping[str, Any]) -> str:
    """Title and caption; for most videos TikTok gives the caption as both, the title cut short."""
    parts = [storable(part) for key in ("title", "video_description") if isinstance(part := item.get(key), str)]
    title, caption = (*parts, "", "")[:2]
    begun = title.removesuffix("...").removesuffix("…").rstrip()
    if begun in caption:
        return caption
    return title if caption in title else f"{title}\n\n{caption}"


def _metrics(item: Mapping[str, Any]) -> dict[str, int]:
    counts = {name: item.get(key) for key, name in _METRICS.items()}
    return {name: count for name, count in counts.items() if type(count) is int and 0 <= count < 2**53}
