"""Turns answers of X's API v2 into posts and users. No network, no clock.

Both spellings of the fields that X renames are read (``note_tweet`` and ``note_post``, and so on). An answer that lacks what
every post must have is an error: an empty text would hide what stands in it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from collectors.text import raw_json, storable
from collectors.x_errors import format_error
from pantau.core.model import Account, Collected, Media, Post, PostKind

Item = Mapping[str, Any]

_SNOWFLAKE_EPOCH_MS = 1288834974657
"""X's ids carry their time: (id >> 22) + this many milliseconds since 1970."""
_FIRST_SNOWFLAKE = 30_000_000_000
"""Ids below were given out one by one before November 2010 and carry no time."""
_ID = re.compile(r"[0-9]{1,19}")
_METRICS = {
    "like_count": "likes",
    "reply_count": "comments",
    "retweet_count": "reposts",
    "repost_count": "reposts",
    "quote_count": "quotes",
    "impression_count": "views",
    "bookmark_count": "bookmarks",
}


class XUser(msgspec.Struct, frozen=True):
    """A user as looked up: id, handle as spelled now, whether protected, and the time of the newest post if told."""

    user_id: str
    handle: str
    protected: bool = False
    last_post_at: datetime | None = None


class XPost(msgspec.Struct, frozen=True):
    """A parsed post, who wrote it and which version it is (the id of the newest edit)."""

    author_id: str
    version: int
    collected: Collected

    @property
    def post_id(self) -> str:
        """The stable id: that of the first version."""
        return self.collected.post.post_id


def id_time(post_id: str) -> datetime | None:
    """The publication time (UTC) that an id carries; None when it is no such id."""
    if not _ID.fullmatch(post_id) or not _FIRST_SNOWFLAKE <= int(post_id) < 2**63:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(int(post_id) >> 22) + _SNOWFLAKE_EPOCH_MS)


def items(body: Item) -> list[Item]:
    """The ``data`` of an answer as a list; X leaves it out when there is none.

    Raises ``CollectorError`` (format) when it is no list of objects, or when nothing says that it is empty on purpose.
    """
    data, meta = body.get("data"), body.get("meta")
    if data is None:
        if not isinstance(meta, Mapping) or meta.get("result_count") != 0:
            raise format_error("data")
        return []
    if not isinstance(data, list) or not all(isinstance(item, Mapping) for item in data):
        raise format_error("data")
    return data


def next_token(body: Item) -> str:
    """The token of the next page; empty on the last one. A short page is not the last one."""
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, Mapping) else None
    return token if isinstance(token, str) else ""


def parse_post(item: Item, account: Account, handle: str = "") -> XPost:
    """One post object. ``account`` is whose timeline it stands in. Raises ``CollectorError`` (format)."""
    newest = _digits(item.get("id"), "id")
    history = item.get("edit_history_tweet_ids") or item.get("edit_history_post_ids") or [newest]
    if not isinstance(history, list):
        raise format_error("edit_history")
    versions = sorted({int(newest), *(int(_digits(version, "edit_history")) for version in history)})
    post_id = str(versions[0])
    raw = raw_json(item)
    post = Post(
        platform="x",
        post_id=post_id,
        account=account.key,
        kind=_kind(item),
        published_at=_published(item, post_id, edited=len(versions) > 1),
        text=_text(item),
        media=tuple(_media(item)),
        url=f"https://x.com/{handle or account.handle}/status/{post_id}",
        metrics=_metrics(item),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
    )
    return XPost(author_of(item), versions[-1], Collected(post, raw))


def author_of(item: Item) -> str:
    """The numeric id of a post's author. Raises ``CollectorError`` (format)."""
    return _digits(item.get("author_id"), "author_id")


def parse_users(body: Item) -> list[XUser]:
    """The users of a lookup; absent ones are in ``account_problems``. Raises ``CollectorError`` (format)."""
    users = []
    for item in items(body):
        handle = item.get("username")
        if not isinstance(handle, str) or not handle:
            raise format_error("username")
        last = item.get("most_recent_tweet_id") or item.get("most_recent_post_id") or ""
        user_id = _digits(item.get("id"), "id")
        users.append(XUser(user_id, handle, item.get("protected") is True, id_time(str(last))))
    return users


def _digits(value: object, where: str) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 30):
        raise format_error(where)
    return text


def _text(item: Item) -> str:
    """The whole text: posts over 280 characters carry it in ``note_tweet``, and ``text`` is cut."""
    note = item.get("note_tweet") or item.get("note_post")
    text = note.get("text") if isinstance(note, Mapping) else item.get("text")
    if not isinstance(text, str):
        raise format_error("text")
    # X sends exactly these three escaped; what was published is the plain character.
    return storable(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _kind(item: Item) -> PostKind:
    references = item.get("referenced_tweets") or item.get("referenced_posts") or []
    if not isinstance(references, list):
        raise format_error("referenced_tweets")
    kinds = {str(reference.get("type")) for reference in references if isinstance(reference, Mapping)}
    if kinds & {"retweeted", "reposted"}:
        return "repost"
    if "replied_to" in kinds or item.get("in_reply_to_user_id"):
        return "reply"
    return "post"


def _published(item: Item, post_id: str, *, edited: bool) -> datetime:
    """When the first version appeared. ``created_at`` is that of the version shown, so an edited post goes by its first id."""
    from_id = id_time(post_id)
    created = item.get("created_at")
    if isinstance(created, str) and not (edited and from_id):
        try:
            moment = datetime.fromisoformat(created)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            pass  # the id tells the time as well
    if from_id is None:
        raise format_error("created_at")
    return from_id


def _media(item: Item) -> Iterator[Media]:
    """Kinds of the attached media. X bills addresses of media apart, so they are not asked for and ``url`` stays empty."""
    attachments = item.get("attachments")
    keys = attachments.get("media_keys") if isinstance(attachments, Mapping) else None
    for key in keys if isinstance(keys, list) else []:
        yield Media(kind="image" if str(key).startswith("3_") else "video")


def _metrics(item: Item) -> dict[str, int]:
    counts = item.get("public_metrics")
    if not isinstance(counts, Mapping):
        return {}
    known = {_METRICS[name]: count for name, count in counts.items() if name in _METRICS}
    return {name: count for name, count in sorted(known.items()) if type(count) is int and 0 <= count < 2**53}
