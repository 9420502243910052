"""Accounts and posts of the local X server, as plain data, and the objects that X's API v2 makes of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

EPOCH_MS = 1288834974657
CUT_CHARS = 280

Kind = Literal["post", "reply", "repost", "quote"]
State = Literal["ok", "suspended", "missing", "protected", "poison"]
"""``poison``: a search that names the account is refused with 400; lookups and the timeline work."""


def snowflake(at: datetime, sequence: int = 0) -> int:
    """The id that X would give a post published at ``at`` (millisecond resolution; ``sequence`` below 4,194,304)."""
    return ((int(at.timestamp() * 1000) - EPOCH_MS) << 22) | sequence


def snowflake_time(post_id: int) -> datetime:
    """When the post with this id was published (UTC)."""
    return datetime.fromtimestamp(((post_id >> 22) + EPOCH_MS) / 1000, UTC)


@dataclass
class FakeXPost:
    """One post. ``text`` is what was published (plain ``&``, ``<``, ``>``); over 280 characters it is sent as ``note_tweet``.

    ``edits``: later versions as (time, text). ``deleted_at``: from then on X does not return it. ``indexed_at``: search finds it
    only from then on (timelines at once). ``extra`` overrides members of the object that is sent.
    """

    text: str = "Pelayanan buka seperti biasa"
    at: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    id: int = 0
    kind: Kind = "post"
    edits: Sequence[tuple[datetime, str]] = ()
    deleted_at: datetime | None = None
    indexed_at: datetime | None = None
    media_keys: Sequence[str] = ()
    metrics: dict[str, int] = field(
        default_factory=lambda: {"like_count": 3, "reply_count": 1, "retweet_count": 2, "quote_count": 0}
    )
    extra: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0

    def __post_init__(self) -> None:
        self.id = self.id or snowflake(self.at, self.sequence)

    def versions(self, now: datetime | None) -> list[tuple[int, datetime, str]]:
        """(id, time, text) of the first version and the edits made until ``now`` (None: all)."""
        first = [(self.id, self.at, self.text)]
        later = [(snowflake(at, self.sequence), at, text) for at, text in self.edits if now is None or at <= now]
        return first + later

    def visible(self, now: datetime | None, *, search: bool) -> bool:
        """Whether X returns it at ``now``."""
        if now is None:
            return self.deleted_at is None
        indexed = self.indexed_at if search and self.indexed_at else self.at
        return indexed <= now and (self.deleted_at is None or now < self.deleted_at)


@dataclass
class FakeXAccount:
    """One account. ``state`` and ``handle`` may be changed between nights; ``id`` stays."""

    handle: str
    id: int
    posts: list[FakeXPost] = field(default_factory=list)
    state: State = "ok"
    name: str = ""

    def user(self, now: datetime | None, fields: Iterable[str]) -> dict[str, Any]:
        """The user object, with the fields asked for."""
        shown = [post for post in self.posts if post.visible(now, search=False)]
        full: dict[str, Any] = {
            "protected": self.state == "protected",
            "created_at": "2015-04-01T02:00:00.000Z",
            "public_metrics": {
                "followers_count": 100,
                "following_count": 1,
                "tweet_count": len(shown),
                "listed_count": 0,
            },
        }
        if shown:
            full["most_recent_tweet_id"] = str(max(post.versions(now)[-1][0] for post in shown))
        base = {"id": str(self.id), "name": self.name or self.handle, "username": self.handle}
        return base | {name: full[name] for name in fields if name in full}


def post_object(account: FakeXAccount, post: FakeXPost, now: datetime | None, fields: Iterable[str]) -> dict[str, Any]:
    """The post object of the version current at ``now``, with the fields asked for, as X orders and escapes them."""
    versions = post.versions(now)
    newest, at, text = versions[-1]
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    full: dict[str, Any] = {
        "author_id": str(account.id),
        "created_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "lang": "in",
        "public_metrics": post.metrics,
    }
    if post.kind != "post":
        kind = {"reply": "replied_to", "repost": "retweeted", "quote": "quoted"}[post.kind]
        full["referenced_tweets"] = [{"type": kind, "id": str(post.id - 4096)}]
    if post.kind == "reply":
        full["in_reply_to_user_id"] = "2244994945"
    if post.media_keys:
        full["attachments"] = {"media_keys": list(post.media_keys)}
    if len(text) > CUT_CHARS:
        full["note_tweet"] = {"text": escaped}
        escaped = escaped[: CUT_CHARS - 1] + "…"
    base = {"id": str(newest), "text": escaped, "edit_history_tweet_ids": [str(version[0]) for version in versions]}
    chosen = {name: full[name] for name in fields if name in full}
    return {**chosen, **base, **{name: value for name, value in post.extra.items() if name in base or name in fields}}


def recorded_account(folder: Path, handle: str = "TwitterDev", user_id: int = 2244994945) -> FakeXAccount:
    """An account with the posts recorded in ``timeline_tweets.json``."""
    recorded = json.loads((folder / "timeline_tweets.json").read_text("utf-8"))["data"]
    posts = []
    for item in recorded:
        text = item["text"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        at = datetime.fromisoformat(item["created_at"])
        posts.append(FakeXPost(text=text, at=at, id=int(item["id"]), metrics=item["public_metrics"]))
    return FakeXAccount(handle, user_id, posts)


def generated_accounts(count: int, posts_each: int, start: datetime, end: datetime) -> list[FakeXAccount]:
    """``count`` accounts (handles of 15 characters) with ``posts_each`` posts spread evenly over ``start`` to ``end``.

    The same for the same arguments; ids begin at 5000.
    """
    step = (end - start) / max(1, count * posts_each)
    accounts = []
    for number in range(count):
        account = FakeXAccount(f"unit_contoh{number:04d}", 5000 + number)
        for turn in range(posts_each):
            at = start + step * (turn * count + number)
            at -= timedelta(microseconds=at.microsecond % 1000)
            account.posts.append(FakeXPost(f"Pelayanan {number} hari ini, bagian {turn}", at, sequence=number))
        accounts.append(account)
    return accounts
