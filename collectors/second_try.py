"""A question to a service of ours by httpx: the answer within bounds, asked a second time where a wait may mend the trouble."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import httpx

from collectors.base import CollectorError, Pace
from collectors.http import ANSWER_TIMEOUTS, MAX_ANSWER_BYTES
from pantau.core.model import UnreadClass

LONGEST_WAIT_S = 120.0
"""A service that asks for more is not waited for."""


class ErrorOf(Protocol):
    """The service's own kind of ``CollectorError``."""

    def __call__(self, reason: str, unread_class: UnreadClass, *, source_down: bool = False) -> CollectorError:
        """One error."""
        ...


class Questions:
    """``service`` is its name for readers, ``wait_of`` gives the seconds until a second try (0: none). Raises ``error_of`` only."""

    def __init__(
        self,
        service: str,
        client: httpx.Client,
        pace: Pace,
        timeout_s: float,
        *,
        wait_of: Callable[[httpx.Response], float],
        error_of: ErrorOf,
        retry_s: float,
    ) -> None:
        self._service = service
        self._client = client
        self._pace = pace
        self._longest = timedelta(seconds=timeout_s * ANSWER_TIMEOUTS)
        self._wait_of = wait_of
        self._error_of = error_of
        self._retry_s = retry_s

    def ask(self, before: Callable[[], None], method: str, url: str, **more: Any) -> httpx.Response:
        """The answer. ``before`` counts each request, and may refuse it."""
        try:
            before()
            response = self._once(method, url, more)
            wait_s = self._wait_of(response)
        except httpx.HTTPError:
            wait_s = self._retry_s
        else:
            if not wait_s:
                return response
        if wait_s > LONGEST_WAIT_S:
            reason = f"{self._service} membatasi permintaan untuk waktu yang lama"
            raise self._error_of(reason, "rate_limit", source_down=True)
        self._pace.wait(wait_s)
        before()
        try:
            return self._once(method, url, more)
        except httpx.TimeoutException:  # an httpx error holds the request, and that may hold secrets
            raise self._error_of(f"{self._service} tidak menjawab pada waktunya", "network") from None
        except httpx.HTTPError as error:
            reason = f"sambungan ke {self._service} gagal ({type(error).__name__})"
            raise self._error_of(reason, "network") from None

    def _once(self, method: str, url: str, more: dict[str, Any]) -> httpx.Response:
        end = self._pace.now() + self._longest
        with self._client.stream(method, url, **more) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise self._error_of(f"jawaban {self._service} terlalu besar", "format")
                if self._pace.now() > end:
                    raise httpx.ReadTimeout("the answer takes too long")
        plain = {name: value for name, value in response.headers.items() if name.lower() != "content-encoding"}
        return httpx.Response(response.status_code, headers=plain, content=bytes(body))


def seconds_asked_for(response: httpx.Response, otherwise_s: float) -> float:
    """What ``Retry-After`` says in seconds, at least one; ``otherwise_s`` when it says nothing usable."""
    text = response.headers.get("retry-after", "")
    return max(1.0, float(text)) if text.isascii() and text.isdigit() else otherwise_s
