"""One request to the YouTube Data API or to a channel's RSS feed, its cost in quota units, and what a refusal means."""

from collections.abc import Mapping
from typing import Any, Literal

import httpx
import msgspec

from collectors.base import CollectorError, Pace
from collectors.http import MAX_ANSWER_BYTES, http_client
from pantau.core.model import UnreadClass
from pantau.core.settings import Network, YouTubeSettings

IDS_PER_CALL = 50
LONGEST_WAIT_S = 120.0
_WAIT_S = 20.0
_RETRY_S = 5.0
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_KEY = frozenset({"keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked", "SERVICE_DISABLED"})
_CHANNEL = frozenset(
    {"playlistNotFound", "playlistItemsNotAccessible", "channelClosed", "channelSuspended", "channelNotFound"}
)


class YouTubeError(CollectorError):
    """A refusal. ``kind`` says whom it concerns: this channel, the quota, or nobody in particular."""

    def __init__(
        self,
        reason: str,
        unread_class: UnreadClass,
        kind: Literal["channel", "spent", "other"] = "other",
        code: str = "",
        *,
        source_down: bool = False,
    ) -> None:
        self.kind = kind
        self.code = code
        super().__init__(reason, unread_class, source_down=source_down)


class YouTubeClient:
    """``key`` is sent as a header and never logged; "" can only ask for RSS. Every call of the API costs one unit."""

    def __init__(self, settings: YouTubeSettings, network: Network, key: str, pace: Pace) -> None:
        """Raises ``CollectorError`` when ``network.ca_file`` cannot be used."""
        self._settings = settings
        self._key = key
        self._pace = pace
        self.units = 0
        self.feeds = 0
        self._client = http_client(network, settings.timeout_s)

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    def ask(self, resource: str, **parameters: str) -> dict[str, Any]:
        """The answer of ``resource.list``. Raises ``YouTubeError`` or ``CollectorError``."""
        url = f"{self._settings.api_url.rstrip('/')}/youtube/v3/{resource}"
        response = self._twice(url, parameters, {"X-Goog-Api-Key": self._key})
        if response.status_code != httpx.codes.OK:
            raise refusal(response)
        try:
            data = msgspec.json.decode(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise YouTubeError("jawaban YouTube tidak dapat dibaca (bukan JSON yang utuh)", "format") from error
        if not isinstance(data, dict) or not isinstance(data.get("items", []), list):
            raise YouTubeError("bentuk jawaban YouTube berubah", "format")
        return data

    def feed(self, channel_id: str) -> bytes | None:
        """The RSS feed of a channel; None when YouTube says 404. Raises ``YouTubeError`` or ``CollectorError``."""
        url = f"{self._settings.rss_url.rstrip('/')}/feeds/videos.xml"
        response = self._twice(url, {"channel_id": channel_id}, {})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code != httpx.codes.OK:
            raise refusal(response)
        return response.content

    def _twice(self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        """The answer, after one second try where a wait may mend the trouble."""
        try:
            response = self._once(url, parameters, headers)
            wait = _wait_of(response)
        except httpx.HTTPError:
            wait = _RETRY_S
        else:
            if not wait:
                return response
        if wait > LONGEST_WAIT_S:
            raise YouTubeError("YouTube membatasi permintaan untuk waktu yang lama", "rate_limit", source_down=True)
        self._pace.wait(wait)
        try:
            return self._once(url, parameters, headers)
        except httpx.TimeoutException as error:
            raise YouTubeError("YouTube tidak menjawab pada waktunya", "network") from error
        except httpx.HTTPError as error:
            raise YouTubeError(f"sambungan ke YouTube gagal ({type(error).__name__})", "network") from error

    def _once(self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        if headers:
            if 0 < self._settings.quota_units <= self.units:
                reason = "jatah kuota YouTube malam ini habis (collect.youtube.quota_units)"
                raise YouTubeError(reason, "budget", "spent")
            self.units += 1
        else:
            self.feeds += 1
        with self._client.stream("GET", url, params=dict(parameters), headers=dict(headers)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise YouTubeError("jawaban YouTube terlalu besar", "format")
        plain = {name: value for name, value in response.headers.items() if name.lower() != "content-encoding"}
        return httpx.Response(response.status_code, headers=plain, content=bytes(body))


def refusal(response: httpx.Response) -> YouTubeError:
    """What an answer other than 200 means."""
    status, code = response.status_code, _code(response)
    if code in _SPENT:
        return YouTubeError("kuota harian YouTube habis", "budget", "spent", code)
    if status == httpx.codes.TOO_MANY_REQUESTS or code in _TOO_FAST:
        return YouTubeError("YouTube membatasi laju permintaan", "rate_limit", code=code)
    if status == httpx.codes.UNAUTHORIZED or code in _KEY or code == "API_KEY_INVALID":
        reason = (
            f"YouTube menolak kunci API ({code or status}); periksa collect.youtube.api_key dan YouTube Data API v3"
        )
        return YouTubeError(reason, "token", code=code, source_down=True)
    if code in _CHANNEL:
        return YouTubeError(f"YouTube menolak menampilkan kanal ini ({code})", "blocked", "channel", code)
    if status >= 500:
        return YouTubeError(f"YouTube sedang bermasalah ({status})", "network", code=code)
    if response.has_redirect_location or status in (403, 407, 451):
        return YouTubeError(f"YouTube menolak permintaan dari mesin ini ({code or status})", "blocked", code=code)
    return YouTubeError(f"jawaban YouTube tidak dikenal ({code or status})", "format", code=code)


def _code(response: httpx.Response) -> str:
    """Google's own word for the error; "" when the body is none of Google's."""
    try:
        error = msgspec.json.decode(response.content)["error"]
        reasons = [str(one.get("reason", "")) for one in [*error.get("details", []), *error.get("errors", [])]]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return ""
    return next((reason for reason in reasons if reason), "")


def _wait_of(response: httpx.Response) -> float:
    """Seconds until a second try; 0: none."""
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or (status == 403 and _code(response) in _TOO_FAST):
        text = response.headers.get("retry-after", "")
        return max(1.0, float(text)) if text.isdigit() else _WAIT_S
    return _RETRY_S if status >= 500 else 0.0
