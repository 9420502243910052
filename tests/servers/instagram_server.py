"""Instagram's web service as instaloader 4.16 meets it: pages with embedded JSON, GraphQL by ``doc_id``, pins, paging, refusals.

It listens as an HTTPS proxy with a throw-away authority, so that unmodified instaloader reaches it through the product's own
settings ``network.proxy`` and ``network.ca_file``:

    bina = FakeIgAccount("dinas_bina", "1001", [FakeIgPost(moment, "caption")])
    with InstagramServer([bina]) as server:
        collector = InstagramWebCollector(settings, server.network, server.write_session(folder / "session.json"), pace)
        server.fail("rate429", account="dinas_bina")
        ... server.count("timeline") ...

Accounts and posts are mutable: change them between nights (edit a caption, rename, lock, delete). Shapes follow the source of
instaloader and the recorded payloads in ``tests/fixtures/instagram``; no live service was called.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

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
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost, media_node, user_node

__all__ = ["FakeIgAccount", "FakeIgPost", "InstagramServer"]

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
_LOGIN = "https://www.instagram.com/accounts/login/?next="


def _refusal(message: str, status: int, **extra: Any) -> Reply:
    return json_reply({"message": message, **extra, "status": "fail"}, status)


def _web_refusal(code: int) -> Reply:
    """How Meta's web refuses a query before Instagram sees it: a success whose body is guarded against being run."""
    summary = {"__ar": 1, "error": code, "errorSummary": "Sorry, something went wrong", "payload": None}
    return html_reply(200, f"for (;;);{json.dumps(summary)}")


def _empty_list(reply: Reply) -> Reply:
    body = json.loads(reply.body)
    body["data"][TIMELINE] = {"edges": [], "page_info": {"has_next_page": False, "end_cursor": None}}
    return json_reply(body)


def _null_list(reply: Reply) -> Reply:
    return json_reply({**json.loads(reply.body), "data": {TIMELINE: None}})


def _null_profile(reply: Reply) -> Reply:
    return json_reply({**json.loads(reply.body), "data": {"user": None, "viewer": {}}})


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
    "login_relative": lambda: redirect_reply("/accounts/login/"),
    "challenge_page": lambda: redirect_reply("https://www.instagram.com/challenge/?next=/"),
    "code_page": lambda: redirect_reply("/auth_platform/?apc=1"),
    "suspended": lambda: redirect_reply("https://www.instagram.com/accounts/suspended/?next=%2F"),
    "logged_out_web": lambda: _web_refusal(1357001),
    "stale_tokens": lambda: _web_refusal(1357004),
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
    "null_profile": _null_profile,
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
        if fault == "null_profile":
            endpoint = "profile"
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
            return self._by_id(str(ids[endpoint]))
        return self._by_handle(str(names.get(endpoint, request.path.strip("/"))).lower())

    def _by_id(self, number: str) -> FakeIgAccount | None:
        return next((one for one in self.accounts if number in (one.id, one.page_id)), None)

    def _by_handle(self, handle: str) -> FakeIgAccount | None:
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
        user = {**user_node(account.id, account.handle), "is_private": account.private, "friendship_status": friendship}
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
