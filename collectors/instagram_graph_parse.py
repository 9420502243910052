"""Turns a media object of Instagram's Graph API into a post. Knows the shape only, never the network.

The post's id is the short code in its address, as with instaloader: the Graph API's own ids differ from those of the web, the code
does not. So a post has one id whichever source brought it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.base import CollectorError
from collectors.text import raw_json, storable
from pantau.core.model import Collected, Media, Post

Item = Mapping[str, Any]

_PERMALINK = re.compile(r"https://(?:www\.)?instagram\.com/(?:[\w.]+/)?(p|reel|tv)/([\w-]{5,60})/?(?:\?.*)?", re.ASCII)
_COUNTS = {"like_count": "likes", "comments_count": "comments", "view_count": "views"}


def parse_media(item: Item, account: str) -> Collected:
    """The post, as seen in the list of ``account`` (an ``Account.key``), with the item as raw JSON.

    Caption, pictures and counts may be absent. Raises ``CollectorError`` (format) without an address or a time.
    """
    found = _PERMALINK.fullmatch(str(item.get("permalink", "")))
    if found is None:
        raise CollectorError("unggahan tanpa kode alamat", "format")
    raw = raw_json(item)
    caption = item.get("caption")
    post = Post(
        platform="instagram",
        post_id=found[2],
        account=account,
        kind="video" if item.get("media_type") == "VIDEO" else "post",
        published_at=graph_time(item.get("timestamp")),
        text=storable(caption) if isinstance(caption, str) else "",
        media=tuple(_media(item)),
        url=f"https://www.instagram.com/{'reel' if found[1] == 'reel' else 'p'}/{found[2]}/",
        metrics=graph_counts(item, _COUNTS),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )
    return Collected(post=post, raw=raw)


def graph_time(value: object) -> datetime:
    """An instant as the Graph API writes it, ``2021-08-17T19:00:42+0000``. Raises ``CollectorError`` (format)."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise CollectorError("unggahan tanpa waktu terbit yang dapat dibaca", "format")


def graph_counts(item: Item, names: Mapping[str, str]) -> dict[str, int]:
    """The counts that an item states, under our names; hidden ones are absent."""
    counts = {ours: item.get(theirs) for theirs, ours in names.items()}
    return {
        name: count
        for name, count in sorted(counts.items())
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**53
    }


def _media(item: Item) -> Iterator[Media]:
    """Pictures and videos in order; for a video ``url`` is its cover picture. The address can be missing (licensed music)."""
    children = item.get("children")
    parts = children.get("data") if isinstance(children, Mapping) else None
    for part in parts if isinstance(parts, list) and parts else [item]:
        if isinstance(part, Mapping):
            video = part.get("media_type") == "VIDEO"
            url = part.get("thumbnail_url" if video else "media_url")
            safe = isinstance(url, str) and url.startswith("https://")
            yield Media(kind="video" if video else "image", url=storable(str(url)) if safe else "")
