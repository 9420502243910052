"""Looks on at a collector's requests and answers, below the libraries that make them; only ``pantau probe`` does.

A ``TappedNetwork`` in place of the settings' ``Network`` reaches every client and adapter of ``collectors.http``.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import requests

from pantau.core.exchange import Exchange
from pantau.core.settings import Network

_BEGUN = "pantau_begun"


class Tap:
    """The exchanges so far, in the order in which the answers were complete. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._asked = 0

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """A copy."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def unanswered(self) -> int:
        """Requests that brought no whole answer: broken lines, silence, refused connections, answers given up as too large."""
        with self._lock:
            return self._asked - len(self._exchanges)

    def asked(self) -> None:
        """Count a request that leaves."""
        with self._lock:
            self._asked += 1

    def keep_requests(
        self, request: requests.PreparedRequest, url: str, response: requests.Response, elapsed_s: float
    ) -> None:
        """An exchange of the ``requests`` library; ``url`` is what was asked before any replacement of the host."""
        sent = request.body or b""
        self._keep(
            Exchange(
                method=request.method or "",
                url=url,
                sent_headers={name.lower(): str(value) for name, value in request.headers.items()},
                sent_body=sent.encode() if isinstance(sent, str) else bytes(sent) if isinstance(sent, bytes) else b"",
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=response.content,
                elapsed_s=elapsed_s,
            )
        )

    def httpx_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """``event_hooks`` for an ``httpx.Client``; answers are copied while the collector reads them, within its own bounds."""
        return {"request": [self._before], "response": [self._after]}

    def _before(self, request: httpx.Request) -> None:
        self.asked()
        request.extensions = {**request.extensions, _BEGUN: time.monotonic()}

    def _after(self, response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Copied(response.stream, lambda raw: self._keep_httpx(response, raw))

    def _keep_httpx(self, response: httpx.Response, raw: bytes) -> None:
        request = response.request
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            body = httpx.Response(200, headers=_coding(headers), content=raw).content
        except httpx.DecodingError:
            body = b""
        self._keep(
            Exchange(
                method=request.method,
                url=str(request.url.copy_with(host=_meant_host(request))),
                sent_headers={name.lower(): value for name, value in request.headers.items()},
                sent_body=request.content,
                status=response.status_code,
                headers=headers,
                body=body,
                elapsed_s=time.monotonic() - request.extensions[_BEGUN],
            )
        )

    def _keep(self, exchange: Exchange) -> None:
        with self._lock:
            self._exchanges.append(exchange)


class TappedNetwork(Network, frozen=True, kw_only=True):
    """Network settings under observation."""

    tap: Tap


def tap_of(network: Network) -> Tap | None:
    """Who looks on at this network's exchanges; nobody, except in a probe."""
    return network.tap if isinstance(network, TappedNetwork) else None


class _Copied(httpx.SyncByteStream):
    """A stream that hands its bytes to ``done`` when it is closed, if it was read to its end."""

    def __init__(self, inner: httpx.SyncByteStream, done: Callable[[bytes], None]) -> None:
        self._inner = inner
        self._done: Callable[[bytes], None] | None = done
        self._parts: list[bytes] = []
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            self._parts.append(part)
            yield part
        self._whole = True

    def close(self) -> None:
        """Close the line, then report."""
        self._inner.close()
        done, self._done = self._done, None
        if done is not None and self._whole:
            done(b"".join(self._parts))


def _coding(headers: dict[str, str]) -> dict[str, str]:
    return {"content-encoding": headers["content-encoding"]} if "content-encoding" in headers else {}


def _meant_host(request: httpx.Request) -> str:
    """The host by name: websites are connected to as a number."""
    name = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
    return name.strip("[]") or request.url.host
