"""One request to TikTok's Display API or to its token endpoint, and what a refusal means.

The access token travels in a header, secrets in the body of a form; neither can get into an address, a log or an exception.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import httpx
import msgspec

from collectors.base import CollectorError, Pace
from collectors.http import http_client
from collectors.second_try import Questions, seconds_asked_for
from pantau.core.model import UnreadClass
from pantau.core.settings import Network
from pantau.core.settings_tiktok import TikTokSettings

_MINUTE_S = 61.0
"""TikTok counts requests over a sliding minute."""
_RETRY_S = 5.0
_SCOPES = frozenset({"scope_not_authorized", "scope_permission_missed"})

Kind = Literal["access", "grant", "account", "fields", "other"]


class TikTokError(CollectorError):
    """A refusal.

    ``kind``: the access token (another one may help), the refresh token, something else about this account, the fields asked
    for, or nothing of these.
    """

    def __init__(
        self, reason: str, unread_class: UnreadClass, kind: Kind = "other", *, source_down: bool = False
    ) -> None:
        self.kind = kind
        super().__init__(reason, unread_class, source_down=source_down)


class TikTokClient:
    """``calls`` counts requests by endpoint: ``token``, ``video/list``, ``video/query``, ``user/info``."""

    def __init__(
        self, settings: TikTokSettings, network: Network, client_key: str, client_secret: str, pace: Pace
    ) -> None:
        """Raises ``CollectorError`` when ``network.ca_file`` cannot be used."""
        self.client_key = client_key
        self.calls: Counter[str] = Counter()
        self._secret = client_secret
        self._base = settings.api_url.rstrip("/")
        self._client = http_client(network, settings.timeout_s)
        self._questions = Questions(
            "TikTok", self._client, pace, settings.timeout_s, wait_of=_wait_of, error_of=TikTokError, retry_s=_RETRY_S
        )

    def close(self) -> None:
        """Give up connections."""
        self._client.close()

    def videos(self, access_token: str, fields: str, count: int, cursor: int | None) -> dict[str, Any]:
        """One page of the account's public videos, newest first. Raises ``TikTokError``."""
        body = {"max_count": count} | ({} if cursor is None else {"cursor": cursor})
        return self._data("POST", "video/list", access_token, params={"fields": fields}, json=body)

    def query(self, access_token: str, fields: str, ids: Sequence[str]) -> dict[str, Any]:
        """Those of at most 20 videos that are the account's and can be seen. Raises ``TikTokError``."""
        body = {"filters": {"video_ids": list(ids)}}
        return self._data("POST", "video/query", access_token, params={"fields": fields}, json=body)

    def user(self, access_token: str, fields: str) -> dict[str, Any]:
        """What TikTok says of the account itself. Raises ``TikTokError``."""
        user = self._data("GET", "user/info", access_token, params={"fields": fields}).get("user")
        if not isinstance(user, dict):
            raise _changed("user")
        return user

    def trade(self, grant: Mapping[str, str]) -> dict[str, Any]:
        """A code or a refresh token for new tokens. Raises ``TikTokError``; kind ``grant``: what was sent is not valid."""
        form = {"client_key": self.client_key, "client_secret": self._secret, **grant}
        response = self._ask("POST", "oauth/token", data=form, headers={"Cache-Control": "no-cache"})
        answer = _object(response)
        code = answer.get("error") if answer is not None else None
        if isinstance(code, str) and code:
            raise _oauth_refusal(code)
        if response.status_code != httpx.codes.OK or answer is None:
            raise _refusal(response.status_code, "")
        return answer

    def _data(self, method: str, resource: str, access_token: str, **more: Any) -> dict[str, Any]:
        response = self._ask(method, resource, headers={"Authorization": f"Bearer {access_token}"}, **more)
        answer = _object(response)
        error = answer.get("error") if answer is not None else None
        code = error.get("code") if isinstance(error, dict) else ""
        if response.status_code != httpx.codes.OK or code not in ("ok", ""):
            raise _refusal(response.status_code, code if isinstance(code, str) else "")
        if answer is None:
            raise TikTokError("jawaban TikTok tidak dapat dibaca (bukan JSON yang utuh)", "format")
        data = answer.get("data")
        if not isinstance(data, dict):
            raise _changed("data")
        return data

    def _ask(self, method: str, resource: str, **more: Any) -> httpx.Response:
        name = "token" if resource == "oauth/token" else resource
        count = partial(self.calls.update, (name,))
        return self._questions.ask(count, method, f"{self._base}/v2/{resource}/", **more)


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _changed(what: str) -> TikTokError:
    return TikTokError(f"bentuk jawaban TikTok berubah ({what})", "format")


def _refusal(status: int, code: str) -> TikTokError:
    """What an answer of the API without data means. ``code``: TikTok's own word, if it gave one."""
    said = code if code.replace("_", "").isalnum() else str(status)
    if code in _SCOPES:
        reason = f"akun ini belum mengizinkan Pantau membaca videonya ({said}); hubungkan lagi akun ini"
        return TikTokError(reason, "token", "account")
    if code == "rate_limit_exceeded" or status == httpx.codes.TOO_MANY_REQUESTS:
        return TikTokError("TikTok membatasi laju permintaan", "rate_limit")
    if code == "access_token_invalid" or status == httpx.codes.UNAUTHORIZED:
        return TikTokError(f"TikTok menolak token akun ini ({said}); hubungkan lagi akun ini", "token", "access")
    if code == "internal_error" or status >= 500:
        return TikTokError(f"TikTok sedang bermasalah ({said})", "network")
    if code == "invalid_params":
        return TikTokError("TikTok tidak mengenal permintaan Pantau lagi (invalid_params)", "format", "fields")
    if status in (301, 302, 303, 307, 308, 403, 407, 451):
        return TikTokError(f"TikTok menolak permintaan dari mesin ini ({said})", "blocked")
    return TikTokError(f"jawaban TikTok tidak dikenal ({said})", "format")


def _oauth_refusal(code: str) -> TikTokError:
    if code == "invalid_grant":
        return TikTokError("TikTok menolak token atau kode akun ini (invalid_grant)", "token", "grant")
    if code in ("invalid_client", "unauthorized_client"):
        reason = f"TikTok menolak aplikasi kantor ({code}); periksa collect.tiktok.client_key dan client_secret"
        return TikTokError(reason, "token", source_down=True)
    if code in ("server_error", "temporarily_unavailable", "internal_error"):
        return TikTokError(f"TikTok sedang bermasalah ({code})", "network")
    said = code if code.replace("_", "").isalnum() and len(code) < 60 else "tidak dikenal"
    return TikTokError(f"TikTok menolak penukaran token ({said})", "format", "account")


def _wait_of(response: httpx.Response) -> float:
    """Seconds until a second try; 0: none."""
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return seconds_asked_for(response, _MINUTE_S)
    return _RETRY_S if response.status_code >= 500 else 0.0
