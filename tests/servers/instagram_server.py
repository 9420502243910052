"""Instagram's web service as instaloader 4.16 meets it: pages with embedded JSON, GraphQL by ``doc_id``, pins, paging, refusals.

It listens as an HTTPS proxy with a throw-away authority, so that unmodified instaloader reaches it through the product's own settings
``network.proxy`` and ``network.ca_file``:

    bina = FakeIgAccount("dinas_bina", "1001", [FakeIgPost(moment, "caption")])
    with InstagramServer([bina]) as server:
        collector = InstagramWebCollector(settings, server.network, server.write_session(folder / "session.json"), pace)
        server.fail("rate429", account="dinas_bina")
        ... server.count("timeline") ...

Accounts and posts are mutable: change them between nights (edit a caption, rename, lock, delete). Shapes follow the instaloader source
and the recorded payloads in ``tests/fixtures/instagram``; no live service was called.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Literal

from pantau.core.settings import Network
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

HOSTS = ("www.instagram.com", "i.instagram.com")
TIMELINE = "xdt_api__v1__feed__user_timeline_graphql_connection"
PAGE_LENGTH = 12
DOCUMENTS = {
    "29104886249145907": "timeline",
    "27937681195819736": "profile",
    "27128499623469141": "post",
    "28904005159232689": "more",
}
"""The ``doc_id`` that instaloader 4.16 sends, and the name by which faults and counts address it here."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID_EPOCH_MS = 1_314_220_021_721
_LOGIN = "https://www.instagram.com/accounts/login/?next="


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


def media_node(account: FakeIgAccount, post: FakeIgPost) -> dict[str, Any]:
    """The node of a post as a signed-in visitor's timeline lists it."""
    pk, code = account.pk_of(post), account.code_of(post)
    media_type = {"image": 1, "video": 2, "reel": 2, "carousel": 8}[post.kind]
    author_id, author_handle = post.author if post.author[0] else (account.id, account.handle)
    own = _user(account.id, account.handle)
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
        "user": _user(author_id, author_handle),
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


def _user(platform_id: str, handle: str) -> dict[str, Any]:
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


def _refusal(message: str, status: int, **extra: Any) -> Reply:
    return json_reply({"message": message, **extra, "status": "fail"}, status)


def _empty_list(reply: Reply) -> Reply:
    body = json.loads(reply.body)
    body["data"][TIMELINE] = {"edges": [], "page_info": {"has_next_page": False, "end_cursor": None}}
    return json_reply(body)


def _null_list(reply: Reply) -> Reply:
    return json_reply({**json.loads(reply.body), "data": {TIMELINE: None}})


REPLIES: dict[str, Callable[[], Reply]] = {
    "wait401": lambda: _refusal("Please wait a few minutes before you try again.", 401, require_login=True),
    "login_required403": lambda: _refusal("login_required", 403, error_title="You have been logged out"),
    "forbidden403": lambda: html_reply(403),
    "not_found404": lambda: html_reply(404),
    "rate429": lambda: html_reply(429),
    "bad_request": lambda: json_reply({"message": "execution error", "status": "fail"}, 400),
    "checkpoint": lambda: _refusal("checkpoint_required", 400, checkpoint_url="/challenge/1/abc/", lock=False),
    "challenge": lambda: _refusal("challenge_required", 400, challenge={"url": "/challenge/"}),
    "feedback": lambda: _refusal("feedback_required", 400, spam=True, feedback_title="Try Again Later"),
    "login": lambda: redirect_reply(_LOGIN),
    "execution_error": lambda: json_reply(
        {"errors": [{"message": "execution error", "severity": "CRITICAL"}], "data": None, "status": "ok"}
    ),
    "fail200": lambda: _refusal("Sorry, there was a problem with your request.", 200),
    "server_error": lambda: html_reply(502),
    "html200": lambda: html_reply(200),
    "no_data": lambda: html_reply(200, "<html><body><div id='mount'></div></body></html>"),
    "drop": dropped,
    "stall": stalled,
}
"""Faults that replace the answer."""
CHANGES: dict[str, Callable[[Reply], Reply]] = {
    "truncated": truncated,
    "broken_off": broken_off,
    "empty_timeline": _empty_list,
    "null_timeline": _null_list,
}
"""Faults that alter the real answer."""


class InstagramServer(LocalServer):
    """See the module. Endpoints: profile_page, start_page, timeline, profile, post, more, web_profile_info, search, login."""

    def __init__(self, accounts: Iterable[FakeIgAccount] = ()) -> None:
        super().__init__(tls_hosts=HOSTS)
        self.accounts = list(accounts)
        self.cookies = {"sessionid": "70000%3Atest%3A1", "csrftoken": "token", "ds_user_id": "70000", "mid": "m"}
        """The session that is signed in; change ``sessionid`` and the one handed out before has expired."""

    @property
    def network(self) -> Network:
        """Settings with which the product reaches this server."""
        return Network(proxy=self.proxy_url, ca_file=self.ca_file)

    def write_session(self, path: Path) -> Path:
        """Write the signed-in session as a JSON table (mode 0600) and return ``path``."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.cookies), "utf-8")
        return path

    def fail(
        self, fault: str, *, account: str = "", endpoint: str = "", first: int = 1, times: int | None = None
    ) -> Fault:
        """Switch a named fault on (``REPLIES``, ``CHANGES``), for ever unless ``times`` is given."""
        reply = REPLIES[fault]() if fault in REPLIES else None
        if fault in ("empty_timeline", "null_timeline"):
            endpoint = "timeline"
        return self.faults.add(
            Fault(reply=reply, change=CHANGES.get(fault), account=account, endpoint=endpoint, first=first, times=times)
        )

    def endpoint_of(self, request: Request) -> str:
        """The name of what is asked for."""
        if request.method == "POST":
            return DOCUMENTS.get(self._field(request, "doc_id"), "unknown")
        fixed = {"/": "start_page", "/api/v1/users/web_profile_info/": "web_profile_info"}
        fixed |= {"/web/search/topsearch/": "search", "/accounts/login/": "login"}
        return fixed.get(request.path, "profile_page")

    def accounts_of(self, request: Request) -> list[str]:
        """Handle and id of the account that is asked for."""
        account = self._asked(request, self.endpoint_of(request))
        names = [account.handle.lower(), account.id] if account else []
        return [*names, request.path.strip("/").lower()]

    def route(self, request: Request) -> Reply:
        """The faultless answer."""
        endpoint = request.endpoint
        account = self._asked(request, endpoint)
        if account is not None and account.state == "gone":
            account = None
        if endpoint == "start_page":
            return Reply(200, self._start_page(request), {"set-cookie": "csrftoken=token; Path=/", **_HTML})
        if endpoint == "profile_page":
            return self._profile_page(account, self._signed_in(request)) if account else html_reply(404)
        if endpoint == "post":
            return self._post(request)
        if endpoint == "more":
            return self._more(request, account)
        if endpoint == "web_profile_info":
            return self._web_profile_info(account) if account else html_reply(404)
        if endpoint == "search":
            return json_reply({"users": [], "places": [], "hashtags": [], "status": "ok"})
        if endpoint not in ("timeline", "profile"):
            return html_reply(404 if endpoint == "unknown" else 200)
        if not self._signed_in(request):
            return redirect_reply(_LOGIN)
        return self._timeline(request, account) if endpoint == "timeline" else self._profile(account)

    def _asked(self, request: Request, endpoint: str) -> FakeIgAccount | None:
        variables = self._variables(request)
        if endpoint == "post":
            code = variables.get("shortcode", "")
            return next((one for one in self.accounts if any(one.code_of(post) == code for post in one.posts)), None)
        names = {"timeline": variables.get("username"), "web_profile_info": request.first("username")}
        ids = {"profile": variables.get("id"), "more": variables.get("id")}
        if endpoint in ids:
            return next((one for one in self.accounts if ids[endpoint] in (one.id, one.page_id)), None)
        handle = str(names.get(endpoint, request.path.strip("/"))).lower()
        return next((one for one in self.accounts if one.handle.lower() == handle), None)

    def _signed_in(self, request: Request) -> bool:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get("sessionid")
        return cookie is not None and cookie.value == self.cookies["sessionid"]

    def _field(self, request: Request, name: str) -> str:
        return request.form().get(name, [""])[0]

    def _variables(self, request: Request) -> dict[str, Any]:
        text = self._field(request, "variables") if request.method == "POST" else ""
        variables = json.loads(text) if text else {}
        return variables if isinstance(variables, dict) else {}

    def _start_page(self, request: Request) -> bytes:
        tokens = '["LSD",[],{"token":"lsd-token"},323],["X",[],{"IG_USER_EIMU":"70000"}]'
        if self._signed_in(request):
            tokens += ',["DTSGInitialData",[],{"token":"dtsg-token"},258]'
        return f"<html><script>requireLazy([{tokens}])</script></html>".encode()

    def _profile_page(self, account: FakeIgAccount, signed_in: bool) -> Reply:
        """Instagram embeds the data for logged-out visitors only."""
        if signed_in:
            return html_reply(200, "<html><body>app shell</body></html>")
        details = {
            "pk": account.id,
            "id": account.page_id,
            "username": account.handle,
            "full_name": account.handle,
            "is_private": account.private,
            "all_media_count": _media_count(account),
            "follower_count": 120,
            "biography": escape("Akun resmi"),
            "profile_pic_url": "https://media.invalid/p.jpg",
        }
        listed = {"id": account.page_id, "polaris_ordered_timeline_connection": _codes(account, 0)}
        scripts = "".join(_embedded({"xig_user_by_username": part}) for part in (details, listed))
        return html_reply(200, f"<!DOCTYPE html><html><body>{scripts}</body></html>")

    def _timeline(self, request: Request, account: FakeIgAccount | None) -> Reply:
        posts = account.timeline() if account and (not account.private or account.followed) else []
        start = int(self._variables(request).get("after") or 0)
        nodes = [media_node(account, post) for post in posts[start : start + PAGE_LENGTH]] if account else []
        edges = [{"node": node, "cursor": str(start + n)} for n, node in enumerate(nodes, 1)]
        connection = {"edges": edges, "page_info": _page_info(account, posts, start)}
        return json_reply({"data": {TIMELINE: connection}, "extensions": {"is_final": True}})

    def _profile(self, account: FakeIgAccount | None) -> Reply:
        if account is None:
            return json_reply({"data": {"viewer": {}, "user": None}, "status": "ok"})
        friendship = {"following": account.followed, "blocking": False, "incoming_request": False}
        user = {**_user(account.id, account.handle), "is_private": account.private, "friendship_status": friendship}
        user |= {"media_count": _media_count(account), "follower_count": 120, "following_count": 3, "biography": ""}
        return json_reply({"data": {"user": user, "viewer": {}}, "status": "ok"})

    def _post(self, request: Request) -> Reply:
        code = self._variables(request).get("shortcode", "")
        found = [(one, post) for one in self.accounts for post in one.posts if one.code_of(post) == code]
        items = [media_node(account, post) for account, post in found[:1] if account.state == "ok"]
        return json_reply({"data": {"xdt_api__v1__media__shortcode__web_info": {"items": items}}, "status": "ok"})

    def _more(self, request: Request, account: FakeIgAccount | None) -> Reply:
        if account is None:
            return json_reply({"data": {"node": None}})
        connection = _codes(account, int(self._variables(request).get("after") or 0))
        return json_reply({"data": {"node": {"polaris_ordered_timeline_connection": connection}}})

    def _web_profile_info(self, account: FakeIgAccount) -> Reply:
        user = {
            "id": account.id,
            "username": account.handle,
            "is_private": account.private,
            "full_name": account.handle,
        }
        user["edge_owner_to_timeline_media"] = {"count": _media_count(account), "edges": [], "page_info": {}}
        return json_reply({"data": {"user": user}, "status": "ok"})


_HTML = {"content-type": "text/html; charset=utf-8"}


def _media_count(account: FakeIgAccount) -> int:
    return len(account.posts) if account.media_count is None else account.media_count


def _page_info(account: FakeIgAccount | None, posts: Sequence[FakeIgPost], start: int) -> dict[str, Any]:
    more = len(posts) > start + PAGE_LENGTH or bool(account and account.claims_more and start < len(posts))
    return {"has_next_page": more, "end_cursor": str(start + PAGE_LENGTH) if more else None}


def _codes(account: FakeIgAccount, start: int) -> dict[str, Any]:
    posts = [] if account.private else account.timeline()
    page = posts[start : start + PAGE_LENGTH]
    edges = [{"node": {"code": account.code_of(post), "pk": str(account.pk_of(post))}} for post in page]
    return {"edges": edges, "page_info": _page_info(account, posts, start)}


def _embedded(data: dict[str, Any]) -> str:
    inner = {"__bbox": {"complete": True, "result": {"data": data, "extensions": {"is_final": True}}}}
    outer = {"require": [["RelayPrefetchedStreamCache", "next", [], ["adp_query", inner]]]}
    return f'<script type="application/json" data-content-len="1" data-sjs>{json.dumps(outer)}</script>'
