"""The same post under two ids: the platform's, and one that Pantau made because an export names none.

Such posts are the same when one account published them within a minute with the same words (``same_words``), or at the same
address. What is left over may be the same by its second alone: when the export tells no words, and on platforms where the second
names a post, whose caption was then edited in between. Each stored post answers to one other at most, so that two wordless
pictures of one minute stay two.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.clock import to_utc
from pantau.core.derived_ids import is_derived
from pantau.core.model import Collected, Post
from pantau.store import schema
from pantau.store.same_words import plain_words

_P = schema.posts
_S = schema.sightings
APART = timedelta(seconds=60)
"""Exports state when a post was sent, platforms when it appeared."""
_ONE_A_SECOND = frozenset({"tiktok"})
"""Where both state the same second, and an account's posts come one after the other."""


class _Stored(msgspec.Struct, frozen=True):
    key: str
    published_at: datetime
    words: str
    url: str

    @property
    def is_made(self) -> bool:
        """True for an id that Pantau made."""
        return is_derived(self.key.partition(":")[2])


def not_yet_stored(
    connection: Connection, account_id: int, items: Sequence[Collected], known: Collection[str]
) -> list[Collected]:
    """``items`` of an export without those that are stored under the platform's id.

    ``known`` are the keys of stored posts that the export holds too, which answer to nobody else.
    """
    made = [item for item in items if is_derived(item.post.post_id)]
    stored = _stored(connection, account_id, made)
    twins = _pairs(made, (other for other in stored if other.key not in known))
    return [item for item in items if item.post.key not in twins]


def under_stored_ids(connection: Connection, account_id: int, items: Sequence[Collected]) -> list[Collected]:
    """``items`` of a platform, those among them that an export brought before under the id that they have since then."""
    stored = _stored(connection, account_id, items)
    known = {other.key for other in stored}
    own = {item.post.key for item in items}
    made = [other for other in stored if other.is_made and other.key not in own]
    twins = _pairs([item for item in items if item.post.key not in known], made) if made else {}
    return [_renamed(item, twins.get(item.post.key)) for item in items]


def _renamed(item: Collected, key: str | None) -> Collected:
    if key is None:
        return item
    return Collected(msgspec.structs.replace(item.post, post_id=key.partition(":")[2]), item.raw)


def _stored(connection: Connection, account_id: int, items: Sequence[Collected]) -> list[_Stored]:
    """The account's stored posts of the items' time."""
    if not items:
        return []
    moments = [to_utc(item.post.published_at) for item in items]
    query = (
        sa.select(_P.c.key, _P.c.published_at, _P.c.text, _P.c.url)
        .join(_S, sa.and_(_S.c.published_at == _P.c.published_at, _S.c.post == _P.c.key))
        .where(_S.c.account_id == account_id)
        .where(_S.c.published_at >= min(moments) - APART, _S.c.published_at <= max(moments) + APART)
        .order_by(_S.c.published_at, _S.c.post)
    )
    rows = connection.execute(query).all()
    return [_Stored(row.key, row.published_at, plain_words(row.text), row.url) for row in rows]


def _pairs(items: Sequence[Collected], stored: Iterable[_Stored]) -> dict[str, str]:
    """Key of an item to the key of the stored post that it is, the nearest in time first."""
    left = list(stored)
    found: dict[str, str] = {}
    if not left:
        return found
    ordered = sorted(items, key=lambda item: (item.post.published_at, item.post.key))
    for item in ordered:
        alike = [other for other in left if _same(item.post, other)]
        if alike:
            nearest = min(alike, key=lambda other: abs(other.published_at - to_utc(item.post.published_at)))
            found[item.post.key] = nearest.key
            left.remove(nearest)
    over = [item for item in ordered if item.post.key not in found]
    seconds = Counter(to_utc(item.post.published_at) for item in over)
    for item in over:
        moment = to_utc(item.post.published_at)
        same = [other for other in left if other.published_at == moment]
        alone = len(same) == seconds[moment] == 1 and item.post.platform in _ONE_A_SECOND
        if same and (alone or not (plain_words(item.post.text) and same[0].words)):
            found[item.post.key] = same[0].key
            left.remove(same[0])
            seconds[moment] -= 1
    return found


def _same(post: Post, other: _Stored) -> bool:
    if abs(other.published_at - to_utc(post.published_at)) >= APART:
        return False
    return plain_words(post.text) == other.words or bool(post.url and post.url == other.url)
