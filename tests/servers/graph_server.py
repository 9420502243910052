"""A local Graph API: business discovery of Instagram, pages, the token's state, with quota headers, paging and refusals.

Shapes: recorded answers under ``tests/fixtures/instagram/pyfacebook_discovery_*``; headers and error bodies as Meta documents them.
Like the service it sends only the fields asked for and refuses unknown ones.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.base import (
    Fault,
    LocalServer,
    Reply,
    Request,
    broken_off,
    dropped,
    html_reply,
    json_reply,
    redirect_reply,
    stalled,
    truncated,
)
from tests.servers.graph_pages import FakePage, feed, page_fields
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost

OUR_USER_ID = "17841400000000001"
TOKEN = "EAAcontohtokenrahasia123"
_PROFILE_FIELDS = {"id", "username", "name", "media_count", "followers_count", "media"}
_MEDIA_FIELDS = {
    "id", "caption", "timestamp", "permalink", "media_type", "media_product_type", "media_url", "thumbnail_url",
    "like_count", "comments_count", "children", "view_count",
}  # fmt: skip
_DISCOVERY = re.compile(r"business_discovery\.username\(([^)]*)\)\{(.*)\}", re.DOTALL)
_MEDIA = re.compile(r"media((?:\.\w+\([^)]*\))*)\{((?:[^{}]|\{[^}]*\})*)\}")


def graph_error(
    code: int, message: str, *, status: int = 400, subcode: int = 0, headers: Mapping[str, str] | None = None
) -> Reply:
    """Meta's error object."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AcontohJejak"}
    return json_reply({"error": error | ({"error_subcode": subcode} if subcode else {})}, status, headers)


def expired_token() -> Reply:
    """190: as Meta words it."""
    said = "Error validating access token: Session has expired on Friday, 20-Nov-26 01:00:00 PST."
    return graph_error(190, said, subcode=463)


def app_limit(minutes: int = 0) -> Reply:
    """4: the quota is spent; with ``minutes`` the header that says for how long."""
    usage = {"x-app-usage": json.dumps({"call_count": 100, "total_time": 25, "total_cputime": 25})}
    if minutes:
        row = {"type": "instagram", "call_count": 100, "total_cputime": 5, "total_time": 5}
        usage["x-business-use-case-usage"] = json.dumps({"99": [row | {"estimated_time_to_regain_access": minutes}]})
    return graph_error(4, "(#4) Application request limit reached", status=403, headers=usage if minutes else None)


REPLIES: dict[str, Reply] = {
    "rate4": app_limit(),
    "rate17": graph_error(17, "(#17) User request limit reached", subcode=2446079),
    "rate32": graph_error(32, "(#32) Page request limit reached", status=403),
    "rate613": graph_error(613, "(#613) Calls to this api have exceeded the rate limit.", status=403),
    "rate80002": graph_error(80002, "(#80002) There have been too many calls to this Instagram account."),
    "rate429": html_reply(429),
    "expired": expired_token(),
    "not_professional": graph_error(110, "Invalid user id", subcode=2207013),
    "not_there": graph_error(24, "The requested resource does not exist", subcode=2207006),
    "no_object": graph_error(100, "Unsupported get request. Object with ID 'x' does not exist, ...", subcode=33),
    "permission": graph_error(10, "(#10) Application does not have permission for this action", status=403),
    "field": graph_error(100, "(#100) Tried accessing nonexisting field (thumbnail_url) on node type (ShadowIGMedia)"),
    "unknown_error": graph_error(1, "An unknown error occurred", status=500),
    "transient": graph_error(2, "An unexpected error has occurred. Please retry your request later.", status=500),
    "no_content_access": graph_error(
        100,
        "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not "
        "support this operation. This endpoint requires the 'pages_read_engagement' permission or the 'Page Public "
        "Content Access' feature.",
    ),
    "odd100": graph_error(100, "(#100) Invalid parameter"),
    "blocked": graph_error(368, "The action attempted has been deemed abusive or is otherwise disallowed", status=403),
    "html503": html_reply(503),
    "html200": html_reply(200),
    "login": redirect_reply("https://www.facebook.com/login.php"),
    "list": json_reply([1]),
    "empty": json_reply({}),
    "null_media": json_reply({"business_discovery": None, "id": OUR_USER_ID}),
    "drop": dropped(),
    "stall": stalled(5),
}


def _wrong_type(reply: Reply) -> Reply:
    """The right data under a wrong content type."""
    return Reply(reply.status, reply.body, {**reply.headers, "content-type": "text/html"})


def _edited(change: Callable[[dict[str, Any]], None]) -> Callable[[Reply], Reply]:
    def apply(reply: Reply) -> Reply:
        body = json.loads(reply.body)
        for post in body.get("business_discovery", {}).get("media", {}).get("data", body.get("data", [])):
            change(post)
        return json_reply(body, reply.status, reply.headers)

    return apply


def _rename_time(post: dict[str, Any]) -> None:
    for name in ("timestamp", "created_time"):
        if name in post:
            post["published"] = post.pop(name)


def _empty_list(reply: Reply) -> Reply:
    body = json.loads(reply.body)
    if "business_discovery" in body:
        body["business_discovery"].pop("media", None)
    else:
        body = {"data": []}
    return json_reply(body, reply.status, reply.headers)


CHANGES: dict[str, Callable[[Reply], Reply]] = {
    "truncated": truncated,
    "broken_off": broken_off,
    "wrong_type": _wrong_type,
    "renamed": _edited(_rename_time),
    "empty_list": _empty_list,
}


class GraphServer(LocalServer):
    """``personal`` names accounts that are not professional; ``per_hour`` is the quota (None: none), counted by ``now``."""

    def __init__(
        self,
        instagram: Sequence[FakeIgAccount] = (),
        *,
        pages: Sequence[FakePage] = (),
        personal: Iterable[str] = (),
        per_hour: int | None = None,
        now: Callable[[], datetime] | None = None,
        app_secret: str = "",
    ) -> None:
        super().__init__()
        self.instagram = list(instagram)
        self.personal = set(personal)
        self.pages = list(pages)
        self.content_access = True
        """The app has Page Public Content Access."""
        self.per_hour = per_hour
        self.token = TOKEN
        self.token_expires: datetime | None = None
        self.unknown_fields: set[str] = set()
        self._now = now or (lambda: datetime.now(UTC))
        self._app_secret = app_secret
        self._calls: list[datetime] = []

    def fail(
        self, name: str, *, account: str = "", endpoint: str = "", first: int = 1, times: int | None = None
    ) -> Fault:
        """Switch on a fault by its name in ``REPLIES`` or ``CHANGES``; for ever unless ``times`` is given."""
        reply, change = REPLIES.get(name), CHANGES.get(name)
        assert reply or change, name
        return self.faults.add(Fault(reply, change, endpoint, account, first=first, times=times))

    def endpoint_of(self, request: Request) -> str:
        """``discovery`` or the last part of the path."""
        if "business_discovery" in request.first("fields"):
            return "discovery"
        return request.path.rstrip("/").rsplit("/", 1)[-1]

    def accounts_of(self, request: Request) -> Iterable[str]:
        """The handle asked for."""
        found = _DISCOVERY.search(request.first("fields"))
        if found:
            return [found[1].lower()]
        page = self._page(request.path.split("/")[2])
        return [page.username.lower(), page.id] if page else []

    def route(self, request: Request) -> Reply:
        """The token first, then the quota, then the data."""
        assert "access_token" not in request.query, "the token belongs into the header"
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.knows(token):
            return graph_error(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        proof = hmac.new(self._app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if self._app_secret and request.first("appsecret_proof") != proof:
            return graph_error(100, "API calls from the server require an appsecret_proof argument")
        used = self._usage()
        if used > 100:
            return app_limit()
        reply = self.data(request, token)
        usage = json.dumps({"call_count": round(used), "total_time": 2, "total_cputime": 1})
        return Reply(reply.status, reply.body, {**reply.headers, "x-app-usage": usage, "facebook-api-version": "v25.0"})

    def knows(self, token: str) -> bool:
        """True for tokens that are accepted."""
        return token == self.token or any(page.own_token == token for page in self.pages if page.own_token)

    def data(self, request: Request, token: str) -> Reply:
        """The answer to an accepted request."""
        if request.endpoint == "debug_token":
            expires = int(self.token_expires.timestamp()) if self.token_expires else 0
            scopes = ["instagram_basic", "pages_read_engagement"]
            return json_reply({"data": {"is_valid": True, "expires_at": expires, "scopes": scopes, "type": "USER"}})
        if request.endpoint == "discovery":
            return self._discovery(request)
        if request.endpoint == "accounts":
            return self._own_pages(request, token)
        return self._page_data(request, token)

    def _profile(self, handle: str) -> FakeIgAccount | None:
        return next((one for one in self.instagram if one.handle.lower() == handle), None)

    def _page(self, name: str) -> FakePage | None:
        return next((page for page in self.pages if name.lower() in (page.id, page.username.lower())), None)

    def _own_pages(self, request: Request, token: str) -> Reply:
        if "|" in token:
            said = "An active access token must be used to query information about the current user."
            return graph_error(2500, said)
        rows = [page for page in self.pages if page.own_token]
        start, limit = int(request.first("after", "0")), int(request.first("limit", "25"))
        found = [{"id": one.id, "username": one.username, "access_token": one.own_token} for one in rows]
        body: dict[str, Any] = {"data": found[start : start + limit]}
        if start + limit < len(rows):
            body["paging"] = {"next": f"{self.url}/v25.0/me/accounts?access_token={token}&after={start + limit}"}
        return json_reply(body)

    def _page_data(self, request: Request, token: str) -> Reply:
        page = self._page(request.path.split("/")[2])
        if page is None or page.state == "gone":
            numeric = request.path.split("/")[2].isdigit()
            said = "(#803) Some of the aliases you requested do not exist"
            return REPLIES["no_object"] if numeric else graph_error(803, said, status=404)
        if page.state == "hidden":
            return REPLIES["no_object"]
        if page.own_token and token != page.own_token:
            return graph_error(190, "A page access token is required", subcode=2069032)
        if not page.own_token and not self.content_access:
            return REPLIES["no_content_access"]
        if request.endpoint == "posts":
            return feed(page, request, self.url, token, self.unknown_fields)
        return page_fields(page, request)

    def _usage(self) -> float:
        if self.per_hour is None:
            return 1.0
        now = self._now()
        self._calls = [at for at in self._calls if at > now - timedelta(hours=1)]
        self._calls.append(now)
        return 100 * len(self._calls) / self.per_hour

    def _discovery(self, request: Request) -> Reply:
        if not request.path.endswith(f"/{OUR_USER_ID}"):
            return REPLIES["no_object"]
        found = _DISCOVERY.fullmatch(request.first("fields"))
        assert found, request.first("fields")
        handle, wanted = found[1].lower(), found[2]
        account = self._profile(handle)
        if account is None or account.state == "gone" or account.private or handle in self.personal:
            return REPLIES["not_professional"]
        media = _MEDIA.search(wanted)
        names = {name for name in _MEDIA.sub("media", wanted).split(",") if name}
        fields = set(re.sub(r"\{[^}]*\}", "", media[2]).split(",")) if media else set()
        for unknown in sorted((names - _PROFILE_FIELDS) | (fields - _MEDIA_FIELDS) | (fields & self.unknown_fields)):
            return graph_error(
                100, f"(#100) Tried accessing nonexisting field ({unknown}) on node type (ShadowIGMedia)"
            )
        count = len(account.posts) if account.media_count is None else account.media_count
        profile: dict[str, Any] = {"id": _graph_id(account), "username": account.handle.lower(), "media_count": count}
        profile = {name: value for name, value in profile.items() if name in names}
        if media and account.posts:
            profile["media"] = _media_page(account, media[1], fields)
        return json_reply({"business_discovery": profile, "id": OUR_USER_ID})


def _graph_id(account: FakeIgAccount) -> str:
    return f"1784{int(account.id):013d}"


def _media_page(account: FakeIgAccount, modifiers: str, fields: set[str]) -> dict[str, Any]:
    limit = int((re.search(r"limit\((\d+)\)", modifiers) or ["", "25"])[1])
    after = re.search(r"after\(([^)]*)\)", modifiers)
    start = int(after[1].removeprefix("QVFI")) if after else 0
    timeline = account.timeline()
    page: dict[str, Any] = {"data": [_media(account, post, fields) for post in timeline[start : start + limit]]}
    if start + limit < len(timeline) or account.claims_more:
        page["paging"] = {"cursors": {"after": f"QVFI{start + limit}"}}
    return page


def _media(account: FakeIgAccount, post: FakeIgPost, fields: set[str]) -> dict[str, Any]:
    code = account.code_of(post)
    video = post.kind in ("video", "reel")
    item: dict[str, Any] = {
        "id": f"1799{abs(hash(code)) % 10**13:013d}",
        "timestamp": post.taken_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "permalink": f"https://www.instagram.com/{'reel' if post.kind == 'reel' else 'p'}/{code}/",
        "media_type": {"image": "IMAGE", "carousel": "CAROUSEL_ALBUM"}.get(post.kind, "VIDEO"),
        "media_product_type": "REELS" if post.kind == "reel" else "FEED",
        "media_url": f"https://scontent.example.invalid/{code}.{'mp4' if video else 'jpg'}",
        "comments_count": post.comments,
    }
    if post.caption:
        item["caption"] = post.caption
    if post.likes is not None:
        item["like_count"] = post.likes
    if video:
        item["thumbnail_url"] = f"https://scontent.example.invalid/{code}_cover.jpg"
    if post.kind == "carousel":
        kinds = (("IMAGE", "jpg"), ("VIDEO", "mp4"))
        parts = [
            {"id": f"{n}", "media_type": k, "media_url": f"https://scontent.example.invalid/{code}_{n}.{e}"}
            for n, (k, e) in enumerate(kinds)
        ]
        item["children"] = {"data": parts}
    return {name: value for name, value in item.items() if name in fields and name not in post.without}
