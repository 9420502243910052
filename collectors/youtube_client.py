"""One request to the YouTube Data API or to a channel's RSS feed, its cost in quota units, and what a refusal means."""

from typing import Any, Literal

import httpx
import msgspec

from collectors.base import CollectorError, Pace
from collectors.clocks import OtherClock
from collectors.http import http_client
from collectors.second_try import Questions, seconds_asked_for
from pantau.core.model import UnreadClass
from pantau.core.settings import Network, YouTubeSettings

IDS_PER_CALL = 50
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
        self.units = 0
        self.feeds = 0
        self.clock = OtherClock()
        self._pace = pace
        self._client = http_client(network, settings.timeout_s)
        self._questions = Questions(
            "YouTube",
            self._client,
            pace,
            settings.timeout_s,
            wait_of=_wait_of,
            error_of=YouTubeError,
            retry_s=_RETRY_S,
        )

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    def ask(self, resource: str, **parameters: str) -> dict[str, Any]:
        """The answer of ``resource.list``. Raises ``YouTubeError`` or ``CollectorError``."""
        url = f"{self._settings.api_url.rstrip('/')}/youtube/v3/{resource}"
        headers = {"X-Goog-Api-Key": self._key}
        response = self._questions.ask(self._count_unit, "GET", url, params=parameters, headers=headers)
        self.clock.hear(response.headers, self._pace.now())
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
        response = self._questions.ask(self._count_feed, "GET", url, params={"channel_id": channel_id})
        self.clock.hear(response.headers, self._pace.now())
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code != httpx.codes.OK:
            raise refusal(response)
        return response.content

    def _count_unit(self) -> None:
        if 0 < self._settings.quota_units <= self.units:
            reason = "jatah kuota YouTube malam ini habis (collect.youtube.quota_units)"
            raise YouTubeError(reason, "budget", "spent")
        self.units += 1

    def _count_feed(self) -> None:
        self.feeds += 1


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
        return seconds_asked_for(response, _WAIT_S)
    return _RETRY_S if status >= 500 else 0.0
