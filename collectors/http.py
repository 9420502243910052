"""HTTP for all collectors: our own client, and sessions of ``requests`` for libraries that bring theirs.

Office proxy, extra authority, bounded answers, another host.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

from collectors.base import CollectorError
from collectors.tap import tap_of
from pantau.core.settings import Network

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Largest answer that is read; the largest page of a search has about 2 MB."""
ANSWER_TIMEOUTS = 4
"""A whole answer may take this many read timeouts, each of which bounds only the silence between two packets."""


def tls_context(network: Network) -> ssl.SSLContext:
    """The machine's authorities plus the office's (``network.ca_file``). Raises ``CollectorError`` when that file is unusable."""
    context = ssl.create_default_context()
    if network.ca_file:
        try:
            context.load_verify_locations(cafile=network.ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = "berkas sertifikat network.ca_file tidak dapat dibaca; periksa letak dan isinya (PEM)"
            raise CollectorError(reason, "network", source_down=True) from error
    return context


def http_client(network: Network, timeout_s: float, **more: Any) -> httpx.Client:
    """A client of our own: office proxy and authorities, no redirect followed, nothing taken from the environment.

    Raises ``CollectorError`` when ``network.ca_file`` is unusable.
    """
    tap = tap_of(network)
    if tap is not None:
        more = {**more, "event_hooks": tap.httpx_hooks()}
    return httpx.Client(
        verify=tls_context(network),
        proxy=network.proxy or None,
        timeout=httpx.Timeout(timeout_s),
        follow_redirects=False,
        trust_env=False,
        **more,
    )


class BoundedAdapter(HTTPAdapter):
    """Sends requests with the given TLS, reads answers within a size and a time, and can lead them to another base address.

    ``base_url`` (empty: as asked) replaces scheme, host and port. ``proxies`` are those of the settings; they also hold for the
    replaced address, for which proxies of the environment were not meant. Raises ``requests.ConnectionError`` beyond the bounds.
    """

    def __init__(
        self,
        network: Network,
        now: Callable[[], datetime],
        read_timeout_s: float,
        base_url: str = "",
    ) -> None:
        self._tls = tls_context(network)
        self._tap = tap_of(network)
        self._proxies = {"https": network.proxy} if network.proxy else {}
        self._now = now
        self._limit = timedelta(seconds=read_timeout_s * ANSWER_TIMEOUTS)
        self._base = urlsplit(base_url) if base_url else None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Direct connections trust the office's authority too."""
        super().init_poolmanager(*args, **{**kwargs, "ssl_context": self._tls})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """So do connections through a proxy. urllib3 would hold back the body of each request there for 40 ms (Nagle)."""
        options = urllib3.connection.HTTPConnection.default_socket_options
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": self._tls, "socket_options": options})

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, then read the whole body here, where it can be bounded."""
        asked_url, begun = request.url or "", time.monotonic()
        if self._tap is not None:
            self._tap.asked()
        chosen = dict(self._proxies or proxies or {})
        if self._base and request.url:
            asked = urlsplit(request.url)
            path = self._base.path.rstrip("/") + asked.path
            request.url = urlunsplit((self._base.scheme, self._base.netloc, path, asked.query, ""))
            chosen = dict(self._proxies)
        response = super().send(request, True, timeout, verify, cert, chosen)
        try:
            response._content = self._read(response.raw)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(error, request=request) from error
        finally:
            response.close()
        response._content_consumed = True
        if self._tap is not None:
            self._tap.keep_requests(request, asked_url, response, time.monotonic() - begun)
        return response

    def _read(self, raw: Any) -> bytes:
        end = self._now() + self._limit
        body = bytearray()
        while chunk := raw.read1(65536, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise urllib3.exceptions.HTTPError("the answer is too large")
            if self._now() > end:
                raise urllib3.exceptions.HTTPError("the answer takes too long")
        return bytes(body)
