"""The Facebook pages that the local Graph API deals in. See ``graph_server.py``; shapes from ``tests/fixtures/facebook``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tests.servers.base import Reply, Request, json_reply

_POST_FIELDS = {
    "id", "message", "created_time", "permalink_url", "full_picture", "status_type", "is_published", "from", "shares",
    "attachments",
}  # fmt: skip
PAGE_SIZE_LIMIT = 100


@dataclass
class FakeFbPost:
    """One post. ``message`` empty: the key is absent, as on the service. ``without``: keys left out, as in a changed format."""

    created: datetime
    message: str = ""
    kind: Literal["status", "photo", "album", "video", "share"] = "photo"
    published: bool = True
    shares: int = 0
    without: Sequence[str] = ()


@dataclass
class FakePage:
    """One page. ``state`` hidden: the service says "does not exist" though it does (age limit, unpublished, no role).

    ``own_token``: our token has a role there, and the page wants this one. ``gap``: an empty page, with another one after it, comes
    before so many posts, as with time-based paging.
    """

    username: str
    id: str
    posts: list[FakeFbPost] = field(default_factory=list)
    state: Literal["ok", "gone", "hidden"] = "ok"
    published: bool = True
    own_token: str = ""
    gap: int | None = None

    def feed(self) -> list[FakeFbPost]:
        """The newest first."""
        return sorted(self.posts, key=lambda post: -post.created.timestamp())


def page_fields(page: FakePage, request: Request) -> Reply:
    """The page itself."""
    known = {"id": page.id, "is_published": page.published} | ({"username": page.username} if page.username else {})
    return json_reply({name: known[name] for name in request.first("fields").split(",") if name in known})


def feed(page: FakePage, request: Request, url: str, token: str, unknown: set[str]) -> Reply:
    """One page of the page's posts. The next one's address holds the token, as on the service."""
    names = _names(request.first("fields"))
    for name in sorted((names - _POST_FIELDS) | (names & unknown)):
        error = {"message": f"(#100) Tried accessing nonexisting field ({name}) on node type (PagePost)", "code": 100}
        return json_reply({"error": error | {"type": "OAuthException", "fbtrace_id": "A"}}, 400)
    limit = min(int(request.first("limit", "25")), PAGE_SIZE_LIMIT)
    start = int(request.first("after", "0").removeprefix("k"))
    skipped = request.first("__paging_token") == "gap"
    posts = page.feed()
    base = f"{url}{request.path}?access_token={token}&pretty=0&limit={limit}"
    if page.gap is not None and start == 0 and not skipped:
        return json_reply({"data": [], "paging": {"next": f"{base}&until=1600000000&__paging_token=gap"}})
    body: dict[str, Any] = {"data": [_post(page, post, names) for post in posts[start : start + limit]]}
    if posts[start : start + limit]:
        body["paging"] = {"cursors": {"before": f"k{start}", "after": f"k{start + limit}"}}
        if start + limit < len(posts):
            body["paging"]["next"] = f"{base}&after=k{start + limit}"
    return json_reply(body)


def _names(fields: str) -> set[str]:
    names, depth, name = set(), 0, ""
    for letter in fields + ",":
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            names.add(name.split("{")[0])
            name = ""
        else:
            name += letter
    return names


def _post(page: FakePage, post: FakeFbPost, names: set[str]) -> dict[str, Any]:
    number = f"{int(post.created.timestamp() * 1000)}{page.id[-3:]}"
    base = f"https://scontent.example.invalid/{number}"
    status = {"status": "mobile_status_update", "video": "added_video", "share": "shared_story"}
    item: dict[str, Any] = {
        "id": f"{page.id}_{number}",
        "created_time": post.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "permalink_url": f"https://www.facebook.com/{page.id}/posts/{number}",
        "status_type": status.get(post.kind, "added_photos"),
        "is_published": post.published,
        "from": {"name": page.username, "id": page.id},
    }
    if post.message:
        item["message"] = post.message
    if post.shares:
        item["shares"] = {"count": post.shares}
    if post.kind != "status":
        item["full_picture"] = f"{base}.jpg"
        media_type = {"share": "link", "album": "album"}.get(post.kind, post.kind)
        attachment: dict[str, Any] = {"media_type": media_type, "media": {"image": {"src": f"{base}.jpg"}}}
        if post.kind == "share":
            attachment |= {"title": "Kata orang lain", "description": "Kalimat orang lain", "type": "share"}
        if post.kind == "album":
            parts = [{"media_type": "photo", "media": {"image": {"src": f"{base}_{n}.jpg"}}} for n in range(3)]
            attachment["subattachments"] = {"data": parts}
        item["attachments"] = {"data": [attachment]}
    return {name: value for name, value in item.items() if name in names and name not in post.without}
