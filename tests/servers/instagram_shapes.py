"""The accounts, posts and nodes that the local Instagram server deals in. See ``instagram_server.py``."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID_EPOCH_MS = 1_314_220_021_721


@dataclass
class FakeIgPost:
    """One post. ``caption`` None: the service sends ``"caption": null``; ``likes`` None: the key is absent.

    ``author``: id and handle of the account that wrote it, when it is not the account in whose timeline it lies (collaboration).
    ``without``: keys left out of the node, to imitate a changed format. ``code`` is made from time and account unless given.
    """

    taken_at: datetime
    caption: str | None = ""
    kind: Literal["image", "video", "reel", "carousel"] = "image"
    pinned: bool = False
    author: tuple[str, str] = ("", "")
    alt: str = ""
    likes: int | None = 10
    comments: int | None = 2
    views: int | None = None
    code: str = ""
    without: Sequence[str] = ()
    recorded: dict[str, Any] | None = None
    """A node recorded from the service, sent as it is."""


@dataclass
class FakeIgAccount:
    """One account. ``state`` gone: 404 everywhere; ``followed``: a private account that our own follows.

    ``media_count`` None: the number of ``posts``; ``claims_more``: the last page says that another one follows, which is empty.
    """

    handle: str
    id: str
    posts: list[FakeIgPost] = field(default_factory=list)
    private: bool = False
    followed: bool = False
    state: Literal["ok", "gone"] = "ok"
    media_count: int | None = None
    claims_more: bool = False

    @property
    def page_id(self) -> str:
        """The id inside the public page, which is not the account's id."""
        return f"17{int(self.id):014d}"

    def timeline(self) -> list[FakeIgPost]:
        """Posts as listed: pinned ones on top, then the newest first."""
        return sorted(self.posts, key=lambda post: (not post.pinned, -post.taken_at.timestamp()))

    def code_of(self, post: FakeIgPost) -> str:
        """The post's short code; its media id carries a time 90 s before the post appeared, as on the real service."""
        return post.code or code_from_pk(self.pk_of(post))

    def pk_of(self, post: FakeIgPost) -> int:
        """The post's numeric media id."""
        if post.code:
            return pk_from_code(post.code)
        clock_ms = round((post.taken_at - timedelta(seconds=90)).timestamp() * 1000) - _ID_EPOCH_MS
        return (clock_ms << 23) | (zlib.crc32(f"{self.id}/{post.kind}".encode()) & 0x7FFFFF)


def code_from_pk(pk: int) -> str:
    """The short code of a media id."""
    code = ""
    while pk:
        pk, digit = divmod(pk, 64)
        code = _ALPHABET[digit] + code
    return code


def pk_from_code(code: str) -> int:
    """The media id of a short code."""
    pk = 0
    for letter in code:
        pk = pk * 64 + _ALPHABET.index(letter)
    return pk


def recorded_account(folder: Path, names: Sequence[str] = ("carousel", "video")) -> list[FakeIgAccount]:
    """The accounts of the posts recorded in ``pgrimaud_api_v1_media_info_*.json``, one post each."""
    accounts: dict[str, FakeIgAccount] = {}
    for name in names:
        node = json.loads((folder / f"pgrimaud_api_v1_media_info_{name}.json").read_text("utf-8"))["items"][0]
        handle = node["user"]["username"]
        account = accounts.setdefault(handle, FakeIgAccount(handle, str(node["user"]["pk"])))
        taken_at = datetime.fromtimestamp(node["taken_at"], UTC)
        account.posts.append(FakeIgPost(taken_at, code=node["code"], recorded=node))
    return list(accounts.values())


def media_node(account: FakeIgAccount, post: FakeIgPost) -> dict[str, Any]:
    """The node of a post as a signed-in visitor's timeline lists it."""
    if post.recorded is not None:
        return post.recorded
    pk, code = account.pk_of(post), account.code_of(post)
    media_type = {"image": 1, "video": 2, "reel": 2, "carousel": 8}[post.kind]
    author_id, author_handle = post.author if post.author[0] else (account.id, account.handle)
    own = user_node(account.id, account.handle)
    node: dict[str, Any] = {
        "code": code,
        "pk": str(pk),
        "id": f"{pk}_{author_id}",
        "media_type": media_type,
        "product_type": {"reel": "clips", "carousel": "carousel_container"}.get(post.kind, "feed"),
        "taken_at": int(post.taken_at.timestamp()),
        "caption": None if post.caption is None else {"text": post.caption, "pk": str(pk + 1), "has_translation": None},
        "caption_is_edited": False,
        "accessibility_caption": post.alt or None,
        "user": user_node(author_id, author_handle),
        "owner": {"pk": author_id, "username": author_handle},
        "coauthor_producers": [] if author_id == account.id else [own],
        "timeline_pinned_user_ids": [int(account.id)] if post.pinned else [],
        "image_versions2": _picture(code, 0),
        "video_versions": [{"type": 101, "url": f"https://media.invalid/{code}.mp4"}] if media_type == 2 else None,
        "carousel_media": None,
        "like_and_view_counts_disabled": False,
        "has_liked": False,
        "comment_count": post.comments,
        "view_count": post.views,
        "like_count": post.likes,
    }
    if post.kind == "carousel":
        node["carousel_media"] = [
            {
                "id": f"{pk + n}_{author_id}",
                "pk": str(pk + n),
                "media_type": 2 if n == 3 else 1,
                "accessibility_caption": post.alt or None,
                "image_versions2": _picture(code, n),
                "video_versions": [{"url": f"https://media.invalid/{code}_3.mp4"}] if n == 3 else None,
            }
            for n in (1, 2, 3)
        ]
    if post.likes is None:
        del node["like_count"]
    return {name: value for name, value in node.items() if name not in post.without}


def _picture(code: str, number: int) -> dict[str, Any]:
    return {"candidates": [{"url": f"https://media.invalid/{code}_{number}.jpg", "width": 1080, "height": 1350}]}


def user_node(platform_id: str, handle: str) -> dict[str, Any]:
    return {
        "pk": platform_id,
        "id": platform_id,
        "username": handle,
        "full_name": handle.replace("_", " ").title(),
        "is_private": False,
        "is_verified": False,
        "profile_pic_url": f"https://media.invalid/{platform_id}.jpg",
        "friendship_status": {"following": False, "is_restricted": False},
    }
