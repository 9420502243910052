"""instaloader set up for an unattended night: paced by the run's deadline, bounded, quiet, through the office's network.

instaloader keeps its hosts and sessions to itself, so that the only places to set a proxy, a certificate authority, a time limit
and a counter without changing it are the methods that make its sessions; they are overridden here and nowhere else.
"""

import random
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import certifi
import requests
import structlog
import urllib3
from instaloader.instaloadercontext import InstaloaderContext, RateController
from requests.adapters import HTTPAdapter

from collectors.base import CollectorError, Pace
from pantau.core.settings import InstagramSettings, Network

_log = structlog.get_logger(__name__)

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Largest answer that is read; a profile page has about 1 MB."""
ANSWER_TIMEOUTS = 4
"""A whole answer may take this many times ``timeout_s``, which itself bounds only the silence between two packets."""
_MAX_PAUSE_S = 15.0


class BoundedAdapter(HTTPAdapter):
    """Sends one request and reads its answer within a size and a time. Raises ``requests.ConnectionError`` beyond.

    It outlives the sessions in which it is mounted: instaloader makes one session per request, which would be one TLS handshake
    per request. ``dispose`` closes its connections.
    """

    def __init__(self, tls: ssl.SSLContext, pace: Pace, limit_s: float, on_send: Callable[[], None]) -> None:
        self._tls = tls
        self._pace = pace
        self._limit = timedelta(seconds=limit_s)
        self._on_send = on_send
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Direct connections trust the office's authority too."""
        super().init_poolmanager(*args, **{**kwargs, "ssl_context": self._tls})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """So do connections through a proxy. urllib3 would hold back the body of each request there for 40 ms (Nagle)."""
        options = urllib3.connection.HTTPConnection.default_socket_options
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": self._tls, "socket_options": options})

    def close(self) -> None:
        """Called whenever a session ends; the connections stay."""

    def dispose(self) -> None:
        """Close all connections."""
        super().close()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, then read the whole body here, where it can be bounded."""
        self._on_send()
        response = super().send(request, *args, **kwargs)
        try:
            body = self._read(response.raw)
        except urllib3.exceptions.HTTPError as error:
            response.close()
            raise requests.ConnectionError(error, request=request) from error
        response._content = body
        response._content_consumed = True
        return response

    def _read(self, raw: urllib3.BaseHTTPResponse) -> bytes:
        end = self._pace.now() + self._limit
        body = bytearray()
        while chunk := raw.read1(65536, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise urllib3.exceptions.HTTPError("the answer is too large")
            if self._pace.now() > end:
                raise urllib3.exceptions.HTTPError("the answer takes too long")
        return bytes(body)


class PacedRates(RateController):
    """instaloader's own budget (75 pages and 200 queries of a kind in 11 minutes), counted and waited by the run's clock."""

    def __init__(self, context: InstaloaderContext, pace: Pace) -> None:
        super().__init__(context)
        self._pace = pace

    def sleep(self, secs: float) -> None:
        """Wait within the run's deadline. Raises ``CollectorError`` (deadline)."""
        self._pace.wait(secs)

    def wait_before_query(self, query_type: str) -> None:
        """Wait until a request of this kind is within the budget."""
        wait_s = self.query_waittime(query_type, self._pace.now().timestamp())
        if wait_s > 0:
            _log.info("instagram.budget_pause", kind=query_type, seconds=round(wait_s))
            self.sleep(wait_s)
        self._query_timestamps.setdefault(query_type, []).append(self._pace.now().timestamp())


class PantauContext(InstaloaderContext):
    """instaloader's context: one attempt per request, no download of media, nothing printed.

    ``fatal_status_codes`` stays empty on purpose: a 401 or 403 can concern one account only, so the collector judges by repetition.
    ``requests_sent`` counts every request that left, redirections included.
    """

    def __init__(self, settings: InstagramSettings, network: Network, pace: Pace) -> None:
        self._settings = settings
        self._network = network
        self._pace = pace
        self._tls = _tls_context(network)
        self._pages: dict[str, list[dict[str, Any]]] = {}
        self.requests_sent = 0
        limit_s = settings.timeout_s * ANSWER_TIMEOUTS
        self._visitor = BoundedAdapter(self._tls, pace, limit_s, self._count)
        self._member = BoundedAdapter(self._tls, pace, limit_s, self._count)
        super().__init__(
            sleep=True,
            quiet=True,
            max_connection_attempts=1,
            request_timeout=settings.timeout_s,
            rate_controller=lambda context: PacedRates(context, pace),
            iphone_support=False,
        )

    def _count(self) -> None:
        self.requests_sent += 1

    def _equip(self, session: requests.Session, adapter: BoundedAdapter) -> requests.Session:
        """Visitors and the signed-in account do not share connections."""
        session.mount("https://", adapter)
        if self._network.proxy:  # the office's setting wins over proxies named in the environment
            session.trust_env = False
            session.proxies = {"http": self._network.proxy, "https": self._network.proxy}
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


def _tls_context(network: Network) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        if network.ca_file:
            context.load_verify_locations(network.ca_file)
        return context
    except OSError as error:
        reason = (
            f"berkas sertifikat network.ca_file tidak dapat dipakai ({error.strerror or error}). Periksa setelannya"
        )
        raise CollectorError(reason, "network", source_down=True) from error
