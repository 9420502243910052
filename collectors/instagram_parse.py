"""Turns a media node of Instagram's web client into a post. Knows the shape only, never the network.

A node is what the timeline of a signed-in visitor lists (``code``, ``pk``, ``taken_at``, ``media_type``, ``caption``,
``user`` ...), the same shape as ``items[0]`` of the media endpoint.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.base import CollectorError
from collectors.text import raw_json, storable
from pantau.core.model import Collected, Media, Post

Node = Mapping[str, Any]

ID_EPOCH_MS = 1_314_220_021_721
"""Start of the clock inside a media id, in milliseconds since 1970: ``(pk >> 23) + ID_EPOCH_MS``."""
ID_CLOCK_SLACK = timedelta(days=2)
"""A draft or scheduled post gets its id this much before it appears; measured: at most 8,746 s."""
_CODE_CHARS = 11
"""A code of a private account is longer; its first 11 characters hold the media id."""


def published_at(node: Node) -> datetime:
    """When the post appeared (UTC), from ``taken_at`` in seconds. Raises ``CollectorError`` (format)."""
    seconds = _number(node.get("taken_at"))
    if seconds is None or not 0 < seconds < 2**33:
        raise CollectorError("unggahan tanpa waktu terbit yang dapat dibaca", "format")
    return datetime.fromtimestamp(seconds, UTC)


def code_of(node: Node) -> str:
    """The short code in the post's address. Raises ``CollectorError`` (format) when it is missing or not one."""
    code = node.get("code")
    if (
        not isinstance(code, str)
        or not code
        or not code.isascii()
        or not code.replace("-", "").replace("_", "").isalnum()
    ):
        raise CollectorError("unggahan tanpa kode alamat", "format")
    return code


def code_time(code: str) -> datetime:
    """The instant (UTC) at which the media id inside a code was made: never later than the post by more than seconds.

    Raises ``CollectorError`` (format) for something that is not a code.
    """
    padded = "A" + code[:_CODE_CHARS].rjust(_CODE_CHARS, "A")
    try:
        pk = int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True), "big")
        return datetime.fromtimestamp(((pk >> 23) + ID_EPOCH_MS) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise CollectorError("kode alamat unggahan tidak dikenal", "format") from error


def is_pinned(node: Node) -> bool:
    """True when the post is pinned on top of a profile, out of the order of time."""
    return bool(node.get("timeline_pinned_user_ids"))


def author_of(node: Node) -> tuple[str, str]:
    """Numeric id and handle of the account that wrote the post; empty when the node does not say."""
    return _identity(node.get("user"))


def authors_of(node: Node) -> Iterator[str]:
    """Numeric ids of everyone who published the post together (author first), as far as the node says."""
    coauthors = node.get("coauthor_producers")
    for person in [node.get("user"), *(coauthors if isinstance(coauthors, list) else [])]:
        platform_id, _ = _identity(person)
        if platform_id:
            yield platform_id


def to_collected(node: Node, account: str) -> Collected:
    """The post of a node as seen in the timeline of ``account`` (an ``Account.key``), with the node as raw JSON.

    Counts, caption and pictures may be absent. Raises ``CollectorError`` (format) without a code or a time.
    """
    raw = raw_json(node)
    code = code_of(node)
    path = "reel" if node.get("product_type") == "clips" else "p"
    post = Post(
        platform="instagram",
        post_id=code,
        account=account,
        kind="video" if node.get("media_type") == 2 else "post",
        published_at=published_at(node),
        text=caption_of(node),
        media=tuple(_media(node)),
        url=f"https://www.instagram.com/{path}/{code}/",
        metrics=_metrics(node),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )
    return Collected(post=post, raw=raw)


def caption_of(node: Node) -> str:
    """The caption as published, or an empty text."""
    caption = node.get("caption")
    text = caption.get("text") if isinstance(caption, Mapping) else caption
    return storable(text) if isinstance(text, str) else ""


def _media(node: Node) -> Iterator[Media]:
    """Pictures and videos in order; for a video ``url`` is its cover picture, which is what readers see."""
    album = node.get("carousel_media")
    for item in album if isinstance(album, list) and album else [node]:
        if not isinstance(item, Mapping):
            continue
        alt = item.get("accessibility_caption")
        yield Media(
            kind="video" if item.get("media_type") == 2 else "image",
            url=_cover(item),
            alt=storable(alt) if isinstance(alt, str) else "",
        )


def _cover(item: Node) -> str:
    versions = item.get("image_versions2")
    candidates = versions.get("candidates") if isinstance(versions, Mapping) else None
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    url = first.get("url") if isinstance(first, Mapping) else None
    return storable(url) if isinstance(url, str) and url.startswith("https://") else ""


def _metrics(node: Node) -> dict[str, int]:
    """Counts that the node states; a hidden like count is left out rather than taken for a number."""
    names = {"comment_count": "comments", "view_count": "views", "play_count": "plays"}
    if not node.get("like_and_view_counts_disabled"):
        names["like_count"] = "likes"
    counts = {ours: _number(node.get(theirs)) for theirs, ours in names.items()}
    return {name: int(count) for name, count in sorted(counts.items()) if count is not None and 0 <= count < 2**53}


def _identity(person: object) -> tuple[str, str]:
    if not isinstance(person, Mapping):
        return "", ""
    platform_id = person.get("pk") or person.get("id") or ""
    handle = person.get("username")
    return str(platform_id), handle if isinstance(handle, str) else ""


def _number(value: object) -> float | None:
    """A finite number, also when it is written as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**63 else None
