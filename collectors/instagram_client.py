"""instaloader set up for an unattended night: paced by the run's deadline, bounded, quiet, through the office's network.

instaloader keeps its hosts and sessions to itself, so that the only places to set a proxy, a certificate authority, a time limit
and a counter without changing it are the methods that make its sessions; they are overridden here and nowhere else.
"""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import structlog
from instaloader.exceptions import AbortDownloadException, LoginRequiredException
from instaloader.instaloadercontext import InstaloaderContext

from collectors.base import CollectorError, Pace
from collectors.http import BoundedAdapter
from collectors.instagram_errors import TransientError
from collectors.instagram_rates import PacedRates, RateMemory
from pantau.core.settings import InstagramSettings, Network

_log = structlog.get_logger(__name__)

_MAX_PAUSE_S = 15.0
_LOGIN_PAGES = ("/accounts/login", "/accounts/emailsignup")
_CHECK_PAGES = ("/challenge", "/auth_platform", "/consent", "/accounts/suspended", "/accounts/disabled")
"""Where Instagram leads a signed-in visitor who has to prove something first."""
_WEB_GUARD = b"for (;;);"
"""Begins the answers with which Meta's web refuses a query as such."""
_WEB_ERROR = re.compile(rb'"error":\s*(\d+)')
_LOGGED_OUT = 1357001


class _LastingAdapter(BoundedAdapter):
    """Counts requests, and outlives the sessions in which it is mounted.

    instaloader makes one session per request, which would be one TLS handshake per request. ``dispose`` closes its connections.
    """

    def __init__(self, network: Network, pace: Pace, timeout_s: float, on_send: Callable[[], None]) -> None:
        super().__init__(network, pace.now, timeout_s)
        self._on_send = on_send

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Count, then send."""
        self._on_send()
        return super().send(request, *args, **kwargs)

    def close(self) -> None:
        """Called whenever a session ends; the connections stay."""

    def dispose(self) -> None:
        """Close all connections."""
        super().close()


class PantauContext(InstaloaderContext):
    """instaloader's context: one attempt per request, no download of media, nothing printed.

    ``fatal_status_codes`` stays empty on purpose: a 401 or 403 can concern one account only, so the collector judges by repetition.
    ``requests_sent`` counts every request that left, redirections included.
    """

    def __init__(self, settings: InstagramSettings, network: Network, pace: Pace, memory: RateMemory) -> None:
        self._settings = settings
        self._pace = pace
        self._proxied = bool(network.proxy)
        self._pages: dict[str, list[dict[str, Any]]] = {}
        self.requests_sent = 0
        self._visitor = _LastingAdapter(network, pace, settings.timeout_s, self._count)
        self._member = _LastingAdapter(network, pace, settings.timeout_s, self._count)
        super().__init__(
            sleep=True,
            quiet=True,
            max_connection_attempts=1,
            request_timeout=settings.timeout_s,
            rate_controller=lambda context: PacedRates(context, pace, memory),
            iphone_support=False,
        )

    def _count(self) -> None:
        self.requests_sent += 1

    def _equip(self, session: requests.Session, adapter: _LastingAdapter) -> requests.Session:
        """Visitors and the signed-in account do not share connections."""
        session.mount("https://", adapter)
        session.trust_env = not self._proxied  # else the environment is searched for proxies at each request
        return session

    def get_anonymous_session(self) -> requests.Session:
        """A visitor's session, equipped."""
        return self._equip(super().get_anonymous_session(), self._visitor)

    def load_session(self, username: str, sessiondata: dict[str, str]) -> None:
        """The session of the imported cookies, equipped."""
        super().load_session(username, sessiondata)  # type: ignore[no-untyped-call]
        self._equip(self._session, self._member)

    @contextmanager
    def _graphql_session(
        self, referer: str | None, csrf: str | None = None, lsd: str | None = None
    ) -> Iterator[requests.Session]:
        with super()._graphql_session(referer, csrf, lsd) as session:
            yield self._equip(session, self._member if self.is_logged_in else self._visitor)

    def do_sleep(self) -> None:
        """A short random pause before each request, like a person's. Raises ``CollectorError`` (deadline)."""
        if self._settings.pause_s > 0:
            self._pace.wait(min(random.expovariate(1 / self._settings.pause_s), _MAX_PAUSE_S))

    def _raise_if_login_redirect(self, resp: requests.Response) -> None:
        """Tell a redirection to the login, or to a check of our account, by the page it leads to, however it is spelt.

        instaloader knows the absolute address of the login alone and follows all others, as if they were answers.
        """
        if not resp.is_redirect:
            return
        page = urlsplit(urljoin(resp.url, resp.headers["location"])).path.rstrip("/") + "/"
        if page.startswith(tuple(f"{known}/" for known in _CHECK_PAGES)):
            raise AbortDownloadException("checkpoint_required: redirected to a check of the account")
        if page.startswith(tuple(f"{known}/" for known in _LOGIN_PAGES)):
            kind = AbortDownloadException if self.is_logged_in else LoginRequiredException
            raise kind("Redirected to login page")

    def _raise_for_status(self, resp: requests.Response) -> None:
        """Also tell the refusals that come as a success. Stale tokens are forgotten, so that a second try fetches them anew."""
        super()._raise_for_status(resp)
        if not resp.content.startswith(_WEB_GUARD):
            return
        code = _WEB_ERROR.search(resp.content)
        number = int(code.group(1)) if code else 0
        if number == _LOGGED_OUT and self.is_logged_in:
            raise AbortDownloadException("login_required")
        self._web_api_tokens_cache.clear()
        raise TransientError(f"Instagram menolak permintaan (kode {number})", "blocked")

    def get_page_data(self, path: str) -> list[dict[str, Any]]:
        """The data embedded in a page; asked again for the same page within one scan, it answers from memory.

        Raises ``CollectorError`` (format) when a profile page came without any profile, which instaloader would take for proof
        that the account does not exist.
        """
        if path not in self._pages:
            data = super().get_page_data(path)
            if not any("xig_user_by_username" in part for part in data):
                raise CollectorError("halaman profil Instagram tidak memuat data profil", "format")
            self._pages = {path: data}
        return self._pages[path]

    def check_session(self) -> None:
        """Ask once, for the start page, whether the loaded session is signed in: only then the page holds a form token of its own.

        instaloader's ``test_login`` asks a query that Instagram also refuses to those who are signed in. Raises ``CollectorError``
        and ``LIBRARY_ERRORS``.
        """
        self._web_api_tokens_cache.clear()
        if self._web_api_tokens().get("av") == "0":
            raise AbortDownloadException("login_required")

    def forget_pages(self) -> None:
        """Forget the remembered page before a new scan."""
        self._pages = {}

    def close(self) -> None:
        """Close the session and every connection; the context stays usable."""
        super().close()  # type: ignore[no-untyped-call]
        self._visitor.dispose()
        self._member.dispose()

    def log(self, *msg: Any, sep: str = "", end: str = "\n", flush: bool = False) -> None:
        """Progress texts go to our log."""
        _log.debug("instagram.library_note", text=sep.join(str(part) for part in msg).strip()[:300])

    def error(self, msg: Any, repeat_at_end: bool = True) -> None:
        """Errors go to our log and are not repeated at the end."""
        _log.warning("instagram.library_error", text=str(msg)[:300])
