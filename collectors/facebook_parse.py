"""Turns a post of a Facebook page, as the Graph API lists it, into a post. Knows the shape only, never the network."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.base import CollectorError
from collectors.instagram_graph_parse import graph_time
from collectors.text import raw_json, storable
from pantau.core.model import Collected, Media, Post, PostKind

Item = Mapping[str, Any]

_POST_ID = re.compile(r"(\d{1,25})_\d{1,25}", re.ASCII)


def parse_post(item: Item, account: str) -> Collected | None:
    """The post, as seen on page ``account`` (an ``Account.key``), with the item as raw JSON; None for one that is not published.

    The text is what the page wrote: titles and descriptions of what it shares are others' words. Text and pictures may be absent.
    Raises ``CollectorError`` (format) without an id or a time.
    """
    post_id = item.get("id")
    if not isinstance(post_id, str) or not _POST_ID.fullmatch(post_id):
        raise CollectorError("unggahan tanpa nomor", "format")
    published_at = graph_time(item.get("created_time"))
    if item.get("is_published") is False:
        return None
    raw = raw_json(item)
    message, link = item.get("message"), item.get("permalink_url")
    good_link = isinstance(link, str) and link.startswith("https://www.facebook.com/")
    post = Post(
        platform="facebook",
        post_id=post_id,
        account=account,
        kind=_kind(item),
        published_at=published_at,
        text=storable(message) if isinstance(message, str) else "",
        media=tuple(_media(item)),
        url=storable(str(link)) if good_link else f"https://www.facebook.com/{post_id}",
        metrics=_shares(item),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )
    return Collected(post=post, raw=raw)


def page_of(item: Item) -> str:
    """The number of the page that wrote a post, when the author and the first half of the post's number agree; else empty.

    Pages of the new kind can have two numbers, of which only one can be asked for.
    """
    author = item.get("from")
    stated = author.get("id") if isinstance(author, Mapping) else None
    found = _POST_ID.fullmatch(str(item.get("id", "")))
    return found[1] if found and found[1] == stated else ""


def _attachments(item: Item) -> list[Item]:
    return _rows(item.get("attachments"))


def _rows(value: object) -> list[Item]:
    rows = value.get("data") if isinstance(value, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _kind(item: Item) -> PostKind:
    if item.get("status_type") == "added_video" or any(row.get("media_type") == "video" for row in _attachments(item)):
        return "video"
    if item.get("status_type") == "shared_story" and not item.get("message"):
        return "repost"
    return "post"


def _media(item: Item) -> Iterator[Media]:
    """Every picture of an album, or the one full picture; for a video its cover."""
    for row in _attachments(item):
        parts = _rows(row.get("subattachments"))
        if parts:
            for part in parts:
                yield from _picture(_source(part), part.get("media_type"))
            return
    first = next(iter(_attachments(item)), {})
    yield from _picture(item.get("full_picture") or _source(first), first.get("media_type"))


def _source(row: Item) -> object:
    media = row.get("media")
    image = media.get("image") if isinstance(media, Mapping) else None
    return image.get("src") if isinstance(image, Mapping) else None


def _picture(url: object, media_type: object) -> Iterator[Media]:
    if isinstance(url, str) and url.startswith("https://"):
        yield Media(kind="video" if media_type == "video" else "image", url=storable(url))


def _shares(item: Item) -> dict[str, int]:
    shares = item.get("shares")
    count = shares.get("count") if isinstance(shares, Mapping) else None
    return {"shares": count} if type(count) is int and 0 <= count < 2**53 else {}
