"""A local X: the part of API v2 that Pantau uses, over real sockets, with X's shapes, limits, paging and bill.

    with XServer([FakeXAccount("dinas_x", 11, [FakeXPost("Halo", at)])]) as server:
        settings = XSettings(api_url=server.url)      # token: server.token
        ...
        server.posts_billed, server.users_billed, server.count("search_all")

``now`` is the server's clock (default: the real one). With a clock posts appear when their time has come and times asked for are
checked as X does; without one (``now=None``) every post is visible. Endpoints by name: ``search_all``, ``search_recent``,
``users_by``, ``users``, ``timeline``, ``tweets``, ``usage``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.base import LocalServer, Reply, Request, json_reply
from tests.servers.x_feed import FakeXAccount, FakeXPost, post_object, snowflake_time
from tests.servers.x_problems import (
    bad_request,
    client_not_enrolled,
    partial_error,
    problem,
    rate_limited,
    unauthorized,
)

TOKEN = "uji-token-x-bukan-rahasia"
LIMITS = {
    "search_all": 300,
    "search_recent": 450,
    "users_by": 300,
    "users": 300,
    "timeline": 10_000,
    "tweets": 3_500,
    "usage": 50,
}
"""Requests per 15 minutes."""
WINDOW = timedelta(minutes=15)
_TERM = re.compile(r"from:([A-Za-z0-9_]{1,15})")
_RANGES = {"search_all": (10, 500, 10), "search_recent": (10, 100, 10), "timeline": (5, 100, 10)}


class XServer(LocalServer):
    """See the module. ``short_pages``: pages hold one post fewer than asked for, as X's often do. ``search_reposts=False``: search
    leaves reposts out. ``archive=False``: the app may not use full-archive search. ``paced``: it is refused twice within a second.
    """

    def __init__(
        self,
        accounts: Sequence[FakeXAccount] = (),
        *,
        token: str = TOKEN,
        now: Callable[[], datetime] | None = lambda: datetime.now(UTC),
        limits: dict[str, int] | None = None,
        search_reposts: bool = True,
        short_pages: bool = False,
        archive: bool = True,
        paced: bool = False,
        tls_hosts: Iterable[str] = (),
        direct_tls: bool = False,
    ) -> None:
        super().__init__(tls_hosts, direct_tls)
        self.accounts = list(accounts)
        self.token = token
        self.now = now
        self.limits = LIMITS | (limits or {})
        self.search_reposts = search_reposts
        self.short_pages = short_pages
        self.archive = archive
        self.paced = paced
        self.usage = {
            "project_usage": "11174038",
            "project_cap": "50000000",
            "cap_reset_day": 28,
            "project_id": "123457578435",
        }
        self.posts_returned = 0
        self._posts: set[tuple[str, str]] = set()
        self._users: set[tuple[str, str]] = set()
        self._windows: dict[str, tuple[datetime, int]] = {}
        self._last_archive_at: datetime | None = None
        self._routes: dict[str, Callable[[Request], Reply]] = {
            "search_all": self._search_all,
            "search_recent": self._search_recent,
            "timeline": self._timeline,
            "users_by": lambda request: self._lookup(request, "usernames", re.compile(r"[A-Za-z0-9_]{1,15}")),
            "users": lambda request: self._lookup(request, "ids", re.compile(r"[0-9]{1,19}")),
            "tweets": self._tweets,
            "usage": lambda request: json_reply({"data": self.usage}),
        }

    @property
    def posts_billed(self) -> int:
        """Posts returned, each once per UTC day."""
        return len(self._posts)

    @property
    def users_billed(self) -> int:
        """Users returned, each once per UTC day."""
        return len(self._users)

    def account(self, name: str) -> FakeXAccount | None:
        """The account with this handle or id."""
        return next((a for a in self.accounts if a.handle.lower() == name.lower() or str(a.id) == name), None)

    def endpoint_of(self, request: Request) -> str:
        """The name of the endpoint."""
        names = {
            "/2/tweets/search/all": "search_all",
            "/2/tweets/search/recent": "search_recent",
            "/2/users/by": "users_by",
        }
        names |= {"/2/users": "users", "/2/tweets": "tweets", "/2/usage/tweets": "usage"}
        if re.fullmatch(r"/2/users/[^/]+/tweets", request.path):
            return "timeline"
        return names.get(request.path, request.path)

    def accounts_of(self, request: Request) -> set[str]:
        """Handles and ids that the request names, and those of the accounts behind them."""
        named = {handle.lower() for handle in _TERM.findall(request.first("query"))}
        for parameter in ("usernames", "ids"):
            named |= {name.lower() for name in request.first(parameter).split(",") if name}
        if request.endpoint == "timeline":
            named.add(request.path.split("/")[3])
        known = [account for account in self.accounts if account.handle.lower() in named or str(account.id) in named]
        return named | {account.handle.lower() for account in known} | {str(account.id) for account in known}

    def route(self, request: Request) -> Reply:
        """The token first, then the rate limit, then the answer."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return unauthorized()
        if request.endpoint not in self.limits:
            return problem(404, "Not Found Error", "about:blank", "Not found")
        headers = self._count_down(request.endpoint)
        if headers is None or self._too_fast(request.endpoint):
            return rate_limited(self._reset(request.endpoint))
        reply = self._routes[request.endpoint](request)
        return Reply(reply.status, reply.body, {**reply.headers, **headers})

    # -- endpoints ----------------------------------------------------------------------------------------------------

    def _search_all(self, request: Request) -> Reply:
        return self._search(request, 1024, None) if self.archive else client_not_enrolled()

    def _search_recent(self, request: Request) -> Reply:
        return self._search(request, 512, timedelta(days=7))

    def _search(self, request: Request, query_chars: int, reach: timedelta | None) -> Reply:
        query = request.first("query")
        if len(query) > query_chars:
            return bad_request(
                "query", query, f"query is {len(query)} characters long, at most {query_chars} are allowed"
            )
        handles = _parse_query(query)
        if handles is None or any((a := self.account(handle)) and a.state == "poison" for handle in handles):
            return bad_request(
                "query", query, "There were errors processing your request: invalid value for operator from"
            )
        wrong = self._wrong_times(request, reach)
        if wrong:
            return wrong
        wanted = {handle.lower() for handle in handles}
        no_reposts = "-is:retweet" in query or not self.search_reposts
        found = [
            (account, post)
            for account in self.accounts
            if account.handle.lower() in wanted and account.state == "ok"
            for post in account.posts
            if post.visible(self._clock(), search=True) and not (no_reposts and post.kind == "repost")
        ]
        return self._page(request, found, "next_token")

    def _timeline(self, request: Request) -> Reply:
        user_id = request.path.split("/")[3]
        account = self.account(user_id)
        if account is None or account.state not in ("ok", "poison"):
            state = account.state if account else "missing"
            return json_reply({"errors": [partial_error(state, "id", user_id)]})
        wrong = self._wrong_times(request, None)
        if wrong:
            return wrong
        left_out = set(request.first("exclude").split(","))
        found = [
            (account, post)
            for post in account.posts
            if post.visible(self._clock(), search=False)
            and not ("retweets" in left_out and post.kind == "repost")
            and not ("replies" in left_out and post.kind == "reply")
        ]
        return self._page(request, sorted(found, key=lambda pair: -pair[1].id)[:3200], "pagination_token")

    def _lookup(self, request: Request, parameter: str, shape: re.Pattern[str]) -> Reply:
        names = request.first(parameter).split(",")
        if len(names) > 100 or not all(shape.fullmatch(name) for name in names):
            return bad_request(parameter, ",".join(names), f"{parameter} does not match {shape.pattern}")
        data, errors = [], []
        fields = _fields(request, "user")
        for name in names:
            account = self.account(name)
            state = account.state if account else "missing"
            if account and (account.handle.lower() if parameter == "usernames" else str(account.id)) == name.lower():
                if state in ("ok", "protected", "poison"):
                    data.append(account.user(self._clock(), fields))
                    self._users.add((self._day(), str(account.id)))
                    continue
            else:
                state = "missing"
            errors.append(partial_error(state, parameter, name))
        return json_reply({**({"data": data} if data else {}), **({"errors": errors} if errors else {})})

    def _tweets(self, request: Request) -> Reply:
        data, errors = [], []
        clock = self._clock()
        for wanted in request.first("ids").split(","):
            owned = ((account, post) for account in self.accounts if account.state == "ok" for post in account.posts)
            found = next(
                (pair for pair in owned if wanted in [str(version[0]) for version in pair[1].versions(clock)]), None
            )
            if found and found[1].visible(clock, search=False):
                data.append(post_object(*found, clock, _fields(request, "tweet")))
                self._bill(data[-1])
            else:
                detail = f"Could not find tweet with ids: [{wanted}]."
                errors.append(partial_error("missing", "ids", wanted) | {"resource_type": "tweet", "detail": detail})
        return json_reply({**({"data": data} if data else {}), **({"errors": errors} if errors else {})})

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _clock(self) -> datetime | None:
        return self.now() if self.now else None

    def _day(self) -> str:
        return (self._clock() or datetime.now(UTC)).astimezone(UTC).date().isoformat()

    def _bill(self, item: dict[str, Any]) -> None:
        self.posts_returned += 1
        self._posts.add((self._day(), item["id"]))

    def _page(self, request: Request, found: list[tuple[FakeXAccount, FakeXPost]], token_name: str) -> Reply:
        least, most, default = _RANGES[request.endpoint]
        size = int(request.first("max_results", str(default)))
        if not least <= size <= most:
            return bad_request("max_results", str(size), f"max_results is not between {least} and {most}")
        start, end, since_id = (
            _time(request, "start_time"),
            _time(request, "end_time"),
            int(request.first("since_id", "0")),
        )
        clock = self._clock()
        end = end or (clock - timedelta(seconds=30) if clock and request.endpoint != "timeline" else None)
        rows = []
        for account, post in found:
            newest = post.versions(clock)[-1][0]
            at = snowflake_time(newest)
            if newest > since_id and (not start or at >= start) and (not end or at < end):
                rows.append((newest, account, post))
        rows.sort(key=lambda row: -row[0])
        token = request.first(token_name)
        offset = int(token.removeprefix("b26v"), 36) if token else 0
        step = max(1, size - 1) if self.short_pages else size
        page = rows[offset : offset + step]
        data = [post_object(account, post, clock, _fields(request, "tweet")) for _, account, post in page]
        for item in data:
            self._bill(item)
        meta: dict[str, Any] = {"result_count": len(data)}
        if data:
            meta |= {"newest_id": data[0]["id"], "oldest_id": data[-1]["id"]}
        if offset + step < len(rows):
            meta["next_token"] = "b26v" + _base36(offset + step)
        return json_reply({**({"data": data} if data else {}), "meta": meta})

    def _wrong_times(self, request: Request, reach: timedelta | None) -> Reply | None:
        now = self._clock()
        start, end = _time(request, "start_time"), _time(request, "end_time")
        since_id = request.first("since_id")
        if since_id and (start or end):
            return bad_request(
                "since_id", since_id, "Invalid use of 'since_id' in conjunction with 'start_time' or 'end_time'"
            )
        if start and end and start >= end:
            return bad_request(
                "start_time", request.first("start_time"), "'start_time' must be earlier than 'end_time'"
            )
        if now is None:
            return None
        if end and end > now - timedelta(seconds=10):
            return bad_request(
                "end_time", request.first("end_time"), "'end_time' must be a minimum of 10 seconds prior to the request"
            )
        if start and start > now - timedelta(seconds=10):
            return bad_request(
                "start_time", request.first("start_time"), "'start_time' must be a minimum of 10 seconds prior"
            )
        oldest = start or (snowflake_time(int(since_id)) if since_id else None)
        if reach and oldest and oldest < now - reach:
            return bad_request("start_time", request.first("start_time"), "must be on or after the last 7 days")
        return None

    def _count_down(self, endpoint: str) -> dict[str, str] | None:
        """The rate-limit headers after one more request; None when the window is used up."""
        now = self._clock() or datetime.now(UTC)
        begun, used = self._windows.get(endpoint, (now, 0))
        if now - begun >= WINDOW:
            begun, used = now, 0
        self._windows[endpoint] = (begun, used + 1)
        limit = self.limits[endpoint]
        if used >= limit:
            return None
        reset = int((begun + WINDOW).timestamp())
        return {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(limit - used - 1),
            "x-rate-limit-reset": str(reset),
        }

    def _reset(self, endpoint: str) -> datetime:
        begun, _ = self._windows[endpoint]
        return begun + WINDOW

    def _too_fast(self, endpoint: str) -> bool:
        """Full-archive search takes one request per second (of the server's clock)."""
        now = self._clock()
        if endpoint != "search_all" or now is None or not self.paced:
            return False
        last, self._last_archive_at = self._last_archive_at, now
        return last is not None and now - last < timedelta(seconds=1)


def _parse_query(query: str) -> list[str] | None:
    """The handles of ``from:a OR from:b``, in brackets or not, with ``-is:retweet`` or not; None when X would not understand it."""
    terms = query.removesuffix("-is:retweet").strip().removeprefix("(").removesuffix(")").split(" OR ")
    handles = [match.group(1) for term in terms if (match := _TERM.fullmatch(term.strip()))]
    return handles if len(handles) == len(terms) else None


def _fields(request: Request, kind: str) -> list[str]:
    """The fields asked for; X's new spelling is taken too."""
    names = request.first(f"{kind}.fields") or request.first("post.fields" if kind == "tweet" else "")
    return [name for name in names.split(",") if name]


def _time(request: Request, name: str) -> datetime | None:
    value = request.first(name)
    return datetime.fromisoformat(value) if value else None


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
    return text or "0"
