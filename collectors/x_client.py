"""One request to X through unmodified tweepy: set-up, bounded waits, retries, and the bill.

tweepy's own waiting is never used: on a usage cap it would retry for ever.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
import structlog
import tweepy  # type: ignore[import-untyped]

from collectors.base import CollectorError, Pace
from collectors.http import BoundedAdapter
from collectors.x_errors import XError, format_error, judge, network_error
from pantau.core.clock import to_utc
from pantau.core.model import Cost
from pantau.core.settings import Network, XSettings

_log = structlog.get_logger(__name__)

API_HOST = "https://api.twitter.com"
"""Written into tweepy; another ``collect.x.api_url`` is reached by an adapter mounted on this prefix."""
POST_USD = 0.005
USER_USD = 0.010
"""Published prices per resource returned (docs.x.com, pay-per-use, 2026). A resource is billed once per UTC day."""
ARCHIVE_PAGE = 500
RECENT_PAGE = 100
USERS_PER_LOOKUP = 100
POSTS_PER_LOOKUP = 100
_RETRY_WAITS_S = (2.0, 8.0, 30.0)
_RATE_WAITS = 3
_RATE_WINDOW_S = 900.0
_ARCHIVE_GAP_S = 1.0
"""Full-archive search takes one request per second."""
_POST_FIELDS = (
    "created_at,author_id,note_tweet,entities,attachments,referenced_tweets,in_reply_to_user_id,public_metrics,lang"
)
_USER_FIELDS = "most_recent_tweet_id,protected"

Body = Mapping[str, Any]


class Meter:
    """What was used in this process. A resource counts once per UTC day, as X bills it (an estimate: X has the last word)."""

    def __init__(self) -> None:
        self.requests = 0
        self._posts: set[tuple[str, str]] = set()
        self._users: set[tuple[str, str]] = set()

    def add(self, body: Body, at: datetime, *, users: bool = False) -> None:
        """Count the resources of an answer that came at ``at``."""
        data = body.get("data")
        day = to_utc(at).date().isoformat()
        seen = self._users if users else self._posts
        for item in data if isinstance(data, list) else []:
            seen.add((day, str(item.get("id")) if isinstance(item, Mapping) else ""))

    @property
    def usd(self) -> float:
        """The bill so far, in US dollars."""
        return round(len(self._posts) * POST_USD + len(self._users) * USER_USD, 3)

    def cost(self) -> Cost:
        """The same as a ``Cost``."""
        return Cost(
            platform="x",
            source="x-api",
            requests=self.requests,
            posts_billed=len(self._posts),
            users_billed=len(self._users),
            usd=self.usd,
        )


class XClient:
    """The calls that Pantau makes. Each returns the parsed body or raises ``CollectorError`` (often ``XError``).

    So does the constructor when ``network.ca_file`` cannot be used.
    """

    def __init__(self, settings: XSettings, network: Network, token: str, pace: Pace, meter: Meter) -> None:
        self.meter = meter
        self.proven = False
        """True once X answered a request of this run with data: then a later refusal is not the token's fault alone."""
        self._settings = settings
        self._pace = pace
        self._last: requests.Response | None = None
        self._last_archive_at: datetime | None = None
        _keep_token_out_of_logs()
        client = tweepy.Client(token, wait_on_rate_limit=False, return_type=dict)
        session = client.session
        api_url = settings.api_url.rstrip("/")
        base_url = "" if api_url == API_HOST else api_url
        session.mount(API_HOST, BoundedAdapter(network, pace.now, settings.read_timeout_s, base_url))
        timeout = (settings.connect_timeout_s, settings.read_timeout_s)
        proxies = {"https": network.proxy} if network.proxy else None
        send = functools.partial(session.request, timeout=timeout, proxies=proxies, allow_redirects=False)
        session.request = functools.partial(self._send, send)
        self._tweepy = client

    def close(self) -> None:
        """Close all connections."""
        self._last = None  # an answer keeps its connection from being closed
        self._tweepy.session.close()

    def search(self, query: str, start: datetime, end: datetime | None, token: str, *, archive: bool) -> Body:
        """One page of posts that match ``query``, newest first, from ``start`` (inclusive) to ``end`` (exclusive)."""
        size = self._affordable(ARCHIVE_PAGE if archive else RECENT_PAGE, least=10)
        method = self._tweepy.search_all_tweets if archive else self._tweepy.search_recent_tweets
        arguments = _span(start, end) | {"max_results": size, "tweet_fields": _POST_FIELDS}
        if token:
            arguments["next_token"] = token
        body = self._call(lambda: method(query, **arguments), gap=archive)
        self.meter.add(body, self._pace.now())
        return body

    def timeline(self, user_id: str, start: datetime, end: datetime | None, token: str) -> Body:
        """One page of an account's own timeline, reposts included; at most its 3,200 newest posts can be reached."""
        size = self._affordable(RECENT_PAGE, least=5)
        arguments = _span(start, end) | {"max_results": size, "tweet_fields": _POST_FIELDS}
        if token:
            arguments["pagination_token"] = token
        body = self._call(lambda: self._tweepy.get_users_tweets(user_id, **arguments))
        self.meter.add(body, self._pace.now())
        return body

    def posts(self, ids: list[str]) -> Body:
        """Up to 100 posts by id. Those found are billed, the others come as partial errors."""
        asked = ids[: self._affordable(len(ids), least=1)]
        body = self._call(lambda: self._tweepy.get_tweets(asked, tweet_fields="author_id"))
        self.meter.add(body, self._pace.now())
        return body

    def users(self, *, handles: list[str] | None = None, ids: list[str] | None = None) -> Body:
        """Up to 100 users by handle or by id. Those found are billed, the others come as partial errors."""
        self._affordable(1, least=1)
        ask = functools.partial(self._tweepy.get_users, usernames=handles, ids=ids)
        try:
            body = self._call(functools.partial(ask, user_fields=_USER_FIELDS))
        except XError as error:
            if error.action != "query":
                raise
            body = self._call(ask)  # X renames these fields; ids and handles come without them
        self.meter.add(body, self._pace.now(), users=True)
        return body

    def usage(self) -> Body:
        """X's own count of posts read this month (``data.project_usage``, ``project_cap``, ``cap_reset_day``)."""
        return self._call(lambda: self._tweepy.request("GET", "/2/usage/tweets").json())

    def _affordable(self, size: int, *, least: int) -> int:
        """``size``, or less when a budget allows only that. Raises ``XError`` (budget) when one is spent."""
        limits = (
            ("satu malam (collect.x.budget_usd", self._settings.budget_usd, 0.0),
            (
                "satu bulan (collect.x.budget_month_usd",
                self._settings.budget_month_usd,
                self._pace.month_usd.get("x", 0.0),
            ),
        )
        for name, budget, spent_before in limits:
            if not budget:
                continue
            left = budget - spent_before - self.meter.usd
            if left < POST_USD:
                reason = f"anggaran X untuk {name} = {budget:g} dolar) habis sebelum akun ini terbaca"
                raise XError(reason, "budget", "stop")
            size = min(size, int(left / POST_USD))
        return max(least, size)

    def _call(self, ask: Callable[[], Any], *, gap: bool = False) -> Body:
        """Ask until X answers: faults of the moment 3 times more, rate limits 3 times, both within the run's deadline."""
        retries, rate_waits = list(_RETRY_WAITS_S), 0
        while True:
            if self._pace.expired:
                reason = "waktu pengambilan malam ini habis sebelum akun ini terbaca"
                raise CollectorError(reason, "deadline", source_down=True)
            if gap:
                self._keep_gap()
            try:
                body = self._ask(ask)
            except CollectorError as error:
                if isinstance(error, XError) and error.action == "wait":
                    rate_waits += 1
                    self._wait_for_limit(error, rate_waits)
                elif error.unread_class in ("network", "format") and not _is_final(error) and retries:
                    _log.warning("x.retry", reason=str(error))
                    self._pace.wait(retries.pop(0))
                else:
                    raise
            else:
                self.proven = True
                return body

    def _ask(self, ask: Callable[[], Any]) -> Body:
        """One request. tweepy's and requests' ways to fail are turned into ``CollectorError``; the status decides, not the type."""
        self._last = None
        try:
            body = ask()
        except requests.JSONDecodeError:
            raise format_error("bukan JSON") from None
        except requests.RequestException as error:
            raise network_error(type(error).__name__) from error
        except (tweepy.TweepyException, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            # Odd bodies and headers make tweepy itself stumble; what was received is still here to be judged.
            if self._last is None or self._last.status_code < 300:
                raise format_error(type(error).__name__) from error
            raise judge(self._last.status_code, _json(self._last)) from error
        if not isinstance(body, Mapping):
            raise format_error("bukan objek JSON")
        return body

    def _send(self, send: Callable[..., requests.Response], *args: Any, **kwargs: Any) -> requests.Response:
        self.meter.requests += 1
        self._last = send(*args, **kwargs)
        return self._last

    def _wait_for_limit(self, error: XError, waits: int) -> None:
        """Sleep until the limit's window ends. Raises ``XError`` when that takes too long, ``CollectorError`` past the deadline."""
        now = self._pace.now()
        header = self._last.headers.get("x-rate-limit-reset", "") if self._last is not None else ""
        # A window that already ended by our clock means that the clocks differ; then one whole window is waited.
        seconds = int(header) - now.timestamp() + 1 if header.isascii() and header.isdigit() else 0.0
        seconds = seconds if seconds > 0 and waits == 1 else _RATE_WINDOW_S
        if waits > _RATE_WAITS or seconds > self._settings.max_wait_s:
            raise XError(str(error), "rate_limit", "stop") from error
        _log.info("x.rate_limit", wait_s=round(seconds))
        self._pace.wait(seconds)

    def _keep_gap(self) -> None:
        now = self._pace.now()
        if self._last_archive_at is not None:
            passed_s = (now - self._last_archive_at).total_seconds()
            if 0 <= passed_s < _ARCHIVE_GAP_S:
                self._pace.wait(_ARCHIVE_GAP_S - passed_s)
        self._last_archive_at = self._pace.now()


def _is_final(error: CollectorError) -> bool:
    return isinstance(error, XError) and error.action != "retry"


def _span(start: datetime, end: datetime | None) -> dict[str, Any]:
    """Aware times, rounded so that nothing is cut off: tweepy sends whole seconds, downwards."""
    if end is None:
        return {"start_time": start}
    return {"start_time": start, "end_time": end if end.microsecond == 0 else end + timedelta(seconds=1)}


def _json(response: requests.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _keep_token_out_of_logs() -> None:
    """At DEBUG tweepy logs the Authorization header; its loggers are kept above that whatever the root says."""
    for name in ("tweepy", "tweepy.client"):
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
