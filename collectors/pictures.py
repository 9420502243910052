"""Fetches posted pictures: over HTTP from public hosts, within size and time, or from the office's picture folder."""

import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpx

from collectors.addresses import Address, number, resolve
from collectors.addresses import is_public as _is_public
from collectors.base import CollectorError
from collectors.http import http_client
from collectors.picture_hosts import is_below, media_hosts
from pantau.core.errors import PictureError
from pantau.core.model import Account
from pantau.core.settings import Network
from pantau.core.settings_pictures import PictureSettings

FILE = "file:"
"""Beginning of the address of a picture in the folder; what follows is its name there."""
MAX_REDIRECTS = 3
_HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; Pantau)", "Accept": "image/*", "Accept-Encoding": "identity"}


class PictureFetcher:
    """Implements ``pantau.core.ports.PictureSource``.

    An address is written by strangers, so it is resolved here and connected to as a number that was judged: neither a name
    that points inward nor one that changes its mind between question and connection leads into the office's network. Behind
    a proxy (``network.proxy``) the proxy resolves names; addresses written as numbers are still judged here.
    """

    def __init__(self, settings: PictureSettings, network: Network, folder: Path | None) -> None:
        """Raises ``CollectorError`` when ``network.ca_file`` cannot be used."""
        self._settings = settings
        self._folder = folder
        self._proxied = bool(network.proxy)
        self._max_bytes = int(settings.max_mb * 1_000_000)
        self._inside = frozenset(host.casefold().strip("[]") for host in settings.private_hosts)
        self._client = http_client(
            network,
            settings.timeout_s,
            # Connections are made to numbers; one whose certificate was checked for a name must not serve another.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers=_HEADERS,
        )

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    def fetch_own(self, url: str, account: Account) -> bytes:
        """See ``pantau.core.ports.PictureSource``."""
        return self.fetch(url, media_hosts(account, self._settings.thumbnail_hosts))

    def fetch(self, url: str, hosts: Sequence[str] | None = None) -> bytes:
        """See ``pantau.core.ports.PictureSource``. With ``hosts`` each step must be https and lead to one of them."""
        if not url:
            raise PictureError("platform tidak memberikan alamat gambarnya")
        if url.startswith(FILE):
            return self._from_folder(url.removeprefix(FILE))
        deadline = time.monotonic() + 2 * self._settings.timeout_s
        try:
            for _ in range(MAX_REDIRECTS + 1):
                found = self._get(url, deadline, hosts)
                if isinstance(found, bytes):
                    return found
                url = urljoin(url, found)
        except httpx.TimeoutException as error:
            raise PictureError("server gambar tidak menjawab pada waktunya") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise PictureError(f"sambungan ke server gambar gagal ({type(error).__name__})") from error
        raise PictureError("server gambar mengalihkan terlalu sering")

    def _get(self, url: str, deadline: float, hosts: Sequence[str] | None) -> bytes | str:
        """The picture, or the address it is redirected to."""
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise PictureError("alamat gambarnya bukan http atau https")
        if hosts is not None and (address.scheme != "https" or not is_below(address.hostname, hosts)):
            raise PictureError("alamat gambarnya bukan https di server gambar platformnya")
        target, name = self._target(address)
        headers = {"Host": address.netloc.rpartition("@")[2]}
        extensions = {"sni_hostname": name} if address.scheme == "https" else {}
        with self._client.stream("GET", target, headers=headers, extensions=extensions) as response:
            if response.has_redirect_location:
                return str(response.headers["location"])
            if response.status_code != httpx.codes.OK:
                raise PictureError(f"server gambar menjawab {response.status_code}")
            return self._body(response, deadline)

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._max_bytes:
            raise PictureError(f"berkasnya lebih besar dari {self._settings.max_mb:g} MB")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > self._max_bytes:
                raise PictureError(f"berkasnya lebih besar dari {self._settings.max_mb:g} MB")
            if time.monotonic() > deadline:
                raise PictureError("server gambar terlalu lambat")
        return bytes(body)

    def _target(self, address: SplitResult) -> tuple[str, str]:
        """The address to connect to, with a judged number in place of the name, and the name for the certificate."""
        host = (address.hostname or "").rstrip(".")
        literal = number(host)
        if host.casefold() not in self._inside:
            if literal is not None and not _is_public(literal):
                raise PictureError("alamat gambarnya menunjuk ke jaringan dalam")
            if literal is None and not self._proxied:
                literal = _public_address(host, address.port or (443 if address.scheme == "https" else 80))
        if literal is None or self._proxied:
            return address.geturl(), host
        shown = f"[{literal}]" if literal.version == 6 else str(literal)
        port = f":{address.port}" if address.port else ""
        return address._replace(netloc=shown + port).geturl(), host

    def _from_folder(self, name: str) -> bytes:
        if self._folder is None:
            raise PictureError("folder gambar (pictures.folder) belum disetel")
        try:
            root = self._folder.resolve()
            path = (root / unquote(name)).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                raise PictureError("berkasnya tidak ada di folder gambar")
            if path.stat().st_size > self._max_bytes:
                raise PictureError(f"berkasnya lebih besar dari {self._settings.max_mb:g} MB")
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise PictureError("berkasnya di folder gambar tidak dapat dibuka") from error


def _public_address(host: str, port: int) -> Address:
    """An address of a name all of whose addresses are public. Raises ``PictureError``."""
    try:
        found = resolve(host, port)
    except OSError as error:
        raise PictureError("nama server gambarnya tidak ditemukan") from error
    if not found or not all(_is_public(item) for item in found):
        raise PictureError("alamat gambarnya menunjuk ke jaringan dalam")
    return found[0]


def open_source(settings: PictureSettings, network: Network, folder: Path | None) -> PictureFetcher:
    """The source of the settings. Raises ``PictureError`` when it cannot be set up."""
    try:
        return PictureFetcher(settings, network, folder)
    except CollectorError as error:
        raise PictureError(str(error)) from error
