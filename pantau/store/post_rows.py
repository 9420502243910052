"""Rows of the table of posts as the raw driver gives them."""

from collections.abc import Collection
from typing import Any

import msgspec

from pantau.core.model import Media, Post
from pantau.store.accounts import Directory
from pantau.store.columns import from_us

_NAMES = "key published_at account_id kind text image_text media url metrics edited_from raw_sha256"
COLUMNS = ", ".join(f"p.{name}" for name in _NAMES.split())
"""The columns of a post, in the order in which ``to_post`` expects them; the table is ``p``."""
_MEDIA = msgspec.json.Decoder(tuple[Media, ...])
_METRICS = msgspec.json.Decoder(dict[str, int])


def to_post(row: tuple[Any, ...], keys: dict[int, str]) -> Post:
    """One raw row (the columns above) as a post."""
    key, published_at, account, kind, text, image_text, media, url, metrics, edited_from, raw_sha256 = row
    platform, _, post_id = key.partition(":")
    return Post(
        platform=platform,
        post_id=post_id,
        account=keys[account],
        kind=kind,
        published_at=from_us(published_at),
        text=text,
        image_text=image_text,
        media=_MEDIA.decode(media) if media else (),
        url=url,
        metrics=_METRICS.decode(metrics) if metrics else {},
        edited_from=edited_from,
        raw_sha256=raw_sha256,
    )


def columns_of(known: Directory, accounts: Collection[str]) -> str:
    """The same limited to ``accounts`` (keys): the post's account is the first one when it is wanted, else the lowest that is."""
    wanted = numbers_of(known, accounts)
    other = f"SELECT MIN(s.account_id) FROM sightings s WHERE s.post = p.key AND s.account_id IN ({wanted})"
    account = f"CASE WHEN p.account_id IN ({wanted}) THEN p.account_id ELSE ({other}) END AS account_id"
    return COLUMNS.replace("p.account_id", account)


def numbers_of(known: Directory, accounts: Collection[str]) -> str:
    """Row numbers of accounts for an SQL list."""
    return ",".join(str(number) for number in known.ids_of(accounts)) or "NULL"


def seen_in(numbers: str) -> str:
    """Condition: the post was seen in a timeline of these accounts (row numbers)."""
    seen = f"SELECT 1 FROM sightings s WHERE s.post = p.key AND s.account_id IN ({numbers})"
    return f"(p.account_id IN ({numbers}) OR EXISTS ({seen}))"
