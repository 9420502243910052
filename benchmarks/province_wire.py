"""Requests of the real collectors answered inside this process: ``requests`` and ``httpx`` down to the wire are the real ones.

Only the last step, sending bytes, is replaced while the block runs, so that half a million accounts need no half a million sockets.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter

from tests.servers.base import Reply, Request


class SimClock:
    """Time that passes by waiting alone; shared by threads."""

    def __init__(self, start: datetime) -> None:
        self._time = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The simulated instant."""
        return self._time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._time += timedelta(seconds=seconds)

    def turn_to(self, moment: datetime) -> None:
        """Forward, never back."""
        with self._lock:
            self._time = max(self._time, moment)


class Wire:
    """Counts what the answering side costs, so that it can be taken out of what is measured."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.requests = 0
        self.answering_s = 0.0
        """CPU seconds of the stand-ins' threads."""

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """One exchange."""
        began = time.thread_time()
        parts = urlsplit(url)
        host = headers.get("host", parts.hostname or "").rsplit(":", 1)[0]
        query = parse_qs(parts.query, keep_blank_values=True)
        reply = self._answer(Request(0, method, host, parts.path, query, headers, body))
        with self._lock:
            self.requests += 1
            self.answering_s += time.thread_time() - began
        return reply


@contextmanager
def connected(answer: Callable[[Request], Reply]) -> Iterator[Wire]:
    """Whoever asks inside the block is answered by ``answer``."""
    wire = Wire(answer)

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body or b""
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        reply = wire.ask(
            request.method or "GET", request.url or "", headers, body if isinstance(body, bytes) else str(body).encode()
        )
        raw = urllib3.HTTPResponse(
            io.BytesIO(reply.body), dict(reply.headers), reply.status, preload_content=False, decode_content=False
        )
        response: requests.Response = adapter.build_response(request, raw)
        return response

    def handle(_transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = wire.ask(request.method, str(request.url), headers, request.read())
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)

    with mock.patch.object(HTTPAdapter, "send", send), mock.patch.object(httpx.HTTPTransport, "handle_request", handle):
        yield wire
