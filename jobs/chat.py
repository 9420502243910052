"""A language model behind an OpenAI-compatible endpoint (``.../chat/completions``), by httpx, within bounds of time and size."""

import json
import queue
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from pantau.checks.reader_chat import ChatError, ChatReply
from pantau.core.errors import Problem, SettingsError
from pantau.core.settings import Network
from pantau.core.settings_reader import ReaderSettings

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_CONNECT_S = 10.0
_LONGEST_WAIT_S = 30.0
"""Longest pause of our own choice; a server may ask for more (Retry-After)."""
_REFUSES_FORM = frozenset({400, 415, 422, 501})
"""Answers with which servers refuse a form of answer they do not know."""
_FINAL = {
    401: "server menolak kuncinya (401)",
    402: "saldo di server habis (402)",
    403: "server menolak aksesnya (403)",
    404: "model atau alamatnya tidak ada di server (404)",
}


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


_Answer = tuple[int, httpx.Headers, bytes]
"""Status, headers and body."""


class _AgainError(Exception):
    """Worth another attempt. ``wait_s``: what the server asked for."""

    def __init__(self, why: str, wait_s: float | None = None, *, final: bool = False) -> None:
        super().__init__(why)
        self.why, self.wait_s, self.final = why, wait_s, final


class HttpChat:
    """One model. Keeps its connection; remembers which form of answer the server takes."""

    def __init__(
        self,
        settings: ReaderSettings,
        network: Network,
        api_key: str = "",
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens nothing yet. Raises ``SettingsError`` when ``network.ca_file`` cannot be used."""
        self.model = settings.model
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        base = settings.url.rstrip("/")
        self._url = base if base.endswith("/chat/completions") else f"{base}/chat/completions"
        self._form = 0
        secure = base.startswith("https:")
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(settings.timeout_s, connect=min(_CONNECT_S, settings.timeout_s)),
            verify=_tls(network) if secure else False,  # plain http: no authorities to read
            proxy=network.proxy if network.proxy and secure else None,
            trust_env=False,
        )

    def ask(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], until: float) -> ChatReply:
        """One answer, no later than ``until`` on the clock. Raises ``ChatError``."""
        attempt = 0
        while True:
            try:
                return self._once(messages, schema, until)
            except _AgainError as error:
                attempt += 1
                wait = min(2.0**attempt / 2, _LONGEST_WAIT_S) if error.wait_s is None else error.wait_s
                if self._clock() + wait >= until:
                    waiting = f"; server minta menunggu {wait:.0f} detik, melewati batas waktu" if error.wait_s else ""
                    raise ChatError(error.why + waiting, final=True) from error
                if attempt > self._settings.retries:
                    raise ChatError(error.why, final=error.final) from error
            self._sleep(wait)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _once(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], until: float) -> ChatReply:
        forms = _forms(schema)
        for form in range(self._form, len(forms)):
            asked = {"model": self.model, "messages": list(messages), "temperature": 0, "stream": False, **forms[form]}
            status, headers, body = self._post(json.dumps(asked).encode(), until)
            if status == 200:
                self._form = form
                return _reply(body)
            if status not in _REFUSES_FORM or form + 1 == len(forms):
                break
        if status == 429:
            raise _AgainError("server membatasi permintaan (429)", _retry_after(headers), final=True)
        if status == 408 or status >= 500:
            raise _AgainError(f"server bermasalah ({status})", _retry_after(headers))
        if status in _FINAL:
            raise ChatError(_FINAL[status], final=True)
        raise ChatError(f"server menolak permintaan ({status})", final=300 <= status < 400)

    def _post(self, content: bytes, until: float) -> _Answer:
        """Send and read the whole answer, within the time limit however it trickles in."""
        limit = max(min(self._settings.timeout_s, until - self._clock()), 0.0)
        end = self._clock() + limit
        arrived: queue.SimpleQueue[_Answer | ChatError | _AgainError] = queue.SimpleQueue()

        def work() -> None:
            try:
                arrived.put(self._exchange(content, end))
            except (ChatError, _AgainError) as error:
                arrived.put(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            answer = arrived.get(timeout=limit)
        except queue.Empty:
            answer = self._slow()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _slow(self) -> ChatError:
        return ChatError(f"tidak menjawab dalam {self._settings.timeout_s:g} detik", billed=True, slow=True)

    def _exchange(self, content: bytes, end: float) -> _Answer:
        """One request. The limits of httpx hold for each packet, ``end`` for the whole body."""
        try:
            with self._client.stream(
                "POST", self._url, content=content, headers={"content-type": "application/json"}
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ChatError("jawabannya terlalu besar", billed=True)
                    if self._clock() > end:
                        raise self._slow()
                return response.status_code, response.headers, bytes(body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _AgainError(f"server tidak dapat dihubungi ({type(error).__name__})", final=True) from error
        except httpx.TimeoutException as error:
            raise self._slow() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _AgainError(f"sambungan terputus ({type(error).__name__})") from error


def _tls(network: Network) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if network.ca_file:
        try:
            context.load_verify_locations(cafile=network.ca_file)
        except (OSError, ssl.SSLError) as error:
            problem = Problem(
                "pantau.toml", "kunci network.ca_file", network.ca_file, "tidak terbaca", "Periksa (PEM)."
            )
            raise SettingsError([problem]) from error
    return context


def _forms(schema: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Ways to ask for JSON, the strictest first."""
    strict = {"name": "answers", "strict": True, "schema": schema}
    return (
        {"response_format": {"type": "json_schema", "json_schema": strict}},
        {"response_format": {"type": "json_object"}},
        {},
    )


def _reply(body: bytes) -> ChatReply:
    """What the model said; nothing when the answer is no completion."""
    try:
        done = msgspec.json.decode(body, type=_Completion)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ChatReply(content="")
    usage = done.usage or _Usage()
    content = (done.choices[0].message.content if done.choices else None) or ""
    return ChatReply(
        content=content, tokens_in=_natural(usage.prompt_tokens), tokens_out=_natural(usage.completion_tokens)
    )


def _natural(number: int | None) -> int | None:
    return None if number is None or number < 0 else number


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds the server asks to wait; None when it names none."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp())
