"""Fetches pages whose address strangers write: https or named http hosts, public addresses only, bounded in size and time."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx
import msgspec

from collectors.addresses import Address, is_public, number, resolve
from collectors.base import CollectorError
from collectors.http import http_client
from pantau.core.settings import Network

MAX_REDIRECTS = 5
NO_NAME = "nama situs tidak ada menurut DNS"
"""Said twice within some seconds: the name itself was answered not to exist, which is no fault of the line."""
WHOLE_ANSWER = 3
"""A whole answer may take this many timeouts, each of which bounds only the silence between two packets."""
_AGENT = "Mozilla/5.0 (compatible; Pantau; pemantau situs resmi)"


class TransientWebError(CollectorError):
    """The line or the server failed in a way that a second try may mend."""


class Page(msgspec.Struct, frozen=True):
    """An answer with the address it came from after redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class WebClient:
    """Thread-safe. A name is resolved and judged here and connected to as a number, so that it cannot lead inward.

    ``plain`` hosts are read over http, ``inside`` hosts may have private addresses. Behind a proxy the proxy resolves names.
    """

    def __init__(
        self,
        network: Network,
        *,
        timeout_s: float,
        max_bytes: int,
        plain: Collection[str] = (),
        inside: Collection[str] = (),
    ) -> None:
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._plain = frozenset(host.casefold() for host in plain)
        self._inside = frozenset(host.casefold() for host in inside)
        self._proxied = bool(network.proxy)
        self._lock = threading.Lock()
        self.requests = 0
        self._client = http_client(
            network,
            timeout_s,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", "Accept": "application/rss+xml, */*;q=0.8"},
        )

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    def address(self, host_and_path: str) -> str:
        """The whole address of a registered site."""
        host = host_and_path.split("/", 1)[0].split(":")[0].casefold()
        return f"{'http' if host in self._plain else 'https'}://{host_and_path}"

    def get(self, url: str, headers: Mapping[str, str], stays: Callable[[str], bool]) -> Page:
        """The page, after redirects to hosts for which ``stays`` is true. Raises ``CollectorError``."""
        deadline = time.monotonic() + WHOLE_ANSWER * self._timeout_s
        try:
            for _ in range(MAX_REDIRECTS + 1):
                page = self._get(url, headers, deadline)
                if not (page.status in (301, 302, 303, 307, 308) and page.headers.get("location")):
                    return page
                url = urljoin(url, page.headers["location"])
                host = urlsplit(url).hostname or ""
                if not stays(host):
                    reason = f"situs mengalihkan pengunjung ke alamat lain ({host[:80]}); periksa situs dan daftar akun"
                    raise CollectorError(reason, "format")
        except httpx.TimeoutException as error:
            raise TransientWebError("situs tidak menjawab pada waktunya", "network") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
            if _is_certificate_error(error):
                reason = "sertifikat keamanan situs tidak sah (https); beri tahu pengelolanya"
                raise CollectorError(reason, "network") from error
            reason = f"sambungan ke situs gagal atau terputus ({type(error).__name__})"
            raise TransientWebError(reason, "network") from error
        raise CollectorError("situs mengalihkan pengunjung berputar-putar", "format")

    def _get(self, url: str, headers: Mapping[str, str], deadline: float) -> Page:
        address = urlsplit(url)
        host = (address.hostname or "").rstrip(".").casefold()
        if address.scheme not in ("https", "http") or not host:
            raise CollectorError("alamat situs bukan https atau http", "format")
        target = self._target(address, host)
        sent = {**headers, "Host": address.netloc.rpartition("@")[2]}
        extensions = {"sni_hostname": host} if address.scheme == "https" else {}
        with self._lock:
            self.requests += 1
        with self._client.stream("GET", target, headers=sent, extensions=extensions) as response:
            body = self._body(response, deadline)
            return Page(url, response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise CollectorError(f"jawaban situs lebih besar dari {self._max_bytes / 1e6:g} MB", "format")
            if time.monotonic() > deadline:
                raise TransientWebError("situs menjawab terlalu lambat", "network")
        return bytes(body)

    def _target(self, address: SplitResult, host: str) -> str:
        """The address to connect to, with a judged number in place of the name."""
        literal = number(host)
        if host not in self._inside:
            if literal is not None and not is_public(literal):
                raise CollectorError("alamat situs menunjuk ke jaringan dalam", "blocked")
            if literal is None and not self._proxied:
                literal = _public_address(host, address.port or (443 if address.scheme == "https" else 80))
        if literal is None or self._proxied:
            return address.geturl()
        shown = f"[{literal}]" if literal.version == 6 else str(literal)
        port = f":{address.port}" if address.port else ""
        return address._replace(netloc=shown + port).geturl()


def _is_certificate_error(error: BaseException) -> bool:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(link):
            return True
        link = link.__cause__ or link.__context__
    return False


def _public_address(host: str, port: int) -> Address:
    """An address of a name all of whose addresses are public. Raises ``CollectorError``."""
    try:
        found = resolve(host, port)
    except OSError as error:
        no_such_name = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
        reason = NO_NAME if no_such_name else "nama situs tidak dapat dicari (DNS terganggu)"
        raise TransientWebError(reason, "network") from error
    if not found or not all(is_public(item) for item in found):
        raise CollectorError("alamat situs menunjuk ke jaringan dalam", "blocked")
    return found[0]
