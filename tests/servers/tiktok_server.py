"""A local TikTok: the token endpoint and the Display API v2, with rotating tokens and rate limits.

Shapes after developers.tiktok.com (list videos, video object, get user info, error handling, manage OAuth access tokens, refresh a
user access token, rate limits; state of November 2026), written by hand.
"""

import hashlib
import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.servers.base import LocalServer, Reply, Request, json_reply

CLIENT_KEY = "awkunciuji"
CLIENT_SECRET = "rahasia-aplikasi-uji"
REDIRECT = "https://kominfo.contoh.example/tiktok/"
ALL_SCOPES = "user.info.basic,user.info.profile,video.list,user.info.stats"
_COUNTS = {"like_count": 3, "comment_count": 2, "share_count": 1, "view_count": 120}
_VIDEO_FIELDS = {
    "id",
    "create_time",
    "cover_image_url",
    "share_url",
    "video_description",
    "title",
    "duration",
    *_COUNTS,
}
_VIDEO_FIELDS |= {"height", "width", "embed_html", "embed_link", "is_aigc"}
_USER_FIELDS = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "video_count": "user.info.stats",
}
_ENDPOINTS = {
    "/v2/oauth/token/": "token",
    "/v2/video/list/": "list",
    "/v2/video/query/": "query",
    "/v2/user/info/": "info",
}
_LIFE_S = {"act": 7200, "rft": 180 * 86400}


@dataclass
class FakeClip:
    """One video. ``sequence`` tells apart those of one second, also of different accounts; ``caption`` None: as the title."""

    at: datetime
    title: str
    sequence: int = field(default_factory=itertools.count(1).__next__)
    caption: str | None = None
    photo: bool = False
    id_at: datetime | None = None

    @property
    def video_id(self) -> str:
        """The id, whose upper half is the second of the upload."""
        return str((int((self.id_at or self.at).timestamp()) << 32) + self.sequence)


@dataclass
class FakeTikTok:
    """One account. ``count``: what TikTok states as its number of videos; None: the truth."""

    handle: str
    clips: list[FakeClip] = field(default_factory=list)
    scopes: str = ALL_SCOPES
    count: int | None = None
    pinned: int = 0
    """So many of the oldest videos stand on top of the list."""

    @property
    def open_id(self) -> str:
        """As invented for one app."""
        return f"-000{hashlib.sha256(f'{id(self)}'.encode()).hexdigest()[:20]}"

    @property
    def shown(self) -> list[FakeClip]:
        """Newest first."""
        ordered = sorted(self.clips, key=lambda clip: (clip.at, clip.sequence), reverse=True)
        return ordered[len(ordered) - self.pinned :] + ordered[: len(ordered) - self.pinned]


@dataclass
class _Issued:
    account: FakeTikTok
    kind: str
    until: datetime


class TikTokServer(LocalServer):
    """Endpoints ``token``, ``list``, ``query``, ``info``. ``now``: its clock; ``per_minute``: limit of each (None: none)."""

    def __init__(
        self, accounts: Iterable[FakeTikTok], now: Callable[[], datetime], per_minute: int | None = None
    ) -> None:
        super().__init__()
        self.accounts = list(accounts)
        self.now = now
        self.per_minute = per_minute
        self.rotates = True
        """A refresh token is spent once a new one was given for it."""
        self._issued: dict[str, _Issued] = {}
        self._codes: dict[str, tuple[FakeTikTok, str]] = {}
        self._recent: dict[str, deque[datetime]] = {}
        self._number = 0

    def issue(self, account: FakeTikTok) -> dict[str, Any]:
        """New tokens, as the token endpoint answers."""
        pair = {kind: self._new(account, kind) for kind in _LIFE_S}
        return {
            "access_token": pair["act"],
            "expires_in": _LIFE_S["act"],
            "open_id": account.open_id,
            "refresh_expires_in": _LIFE_S["rft"],
            "refresh_token": pair["rft"],
            "scope": account.scopes,
            "token_type": "Bearer",
        }

    def code_for(self, account: FakeTikTok, challenge: str = "") -> str:
        """What a login in the browser leads to."""
        self._number += 1
        self._codes[f"kode{self._number}*0!6410"] = (account, challenge)
        return f"kode{self._number}*0!6410"

    def revoke(self, account: FakeTikTok) -> None:
        """The account takes its permission back."""
        self._issued = {text: one for text, one in self._issued.items() if one.account is not account}

    def endpoint_of(self, request: Request) -> str:
        """The endpoint's short name."""
        return _ENDPOINTS.get(request.path, request.path)

    def accounts_of(self, request: Request) -> Iterable[str]:
        """The handle behind the token."""
        found = self._issued.get(_bearer(request)) or self._issued.get(request.form().get("refresh_token", [""])[0])
        return [found.account.handle.lower()] if found else []

    def route(self, request: Request) -> Reply:
        """One call."""
        if request.endpoint == "token":
            return self._token(request)
        if self._is_too_fast(request.endpoint):
            return refused(429, "rate_limit_exceeded")
        owner = self._issued.get(_bearer(request))
        if owner is None or owner.kind != "act" or owner.until <= self.now():
            return refused(401, "access_token_invalid")
        fields = [one for one in request.first("fields").split(",") if one]
        if request.endpoint == "list" and request.method == "POST":
            return self._list(request, owner.account, fields)
        if request.endpoint == "query" and request.method == "POST":
            return self._query(request, owner.account, fields)
        if request.endpoint == "info" and request.method == "GET":
            return self._info(owner.account, fields)
        return Reply(404, b"Not Found", {"content-type": "text/plain"})

    def _new(self, account: FakeTikTok, kind: str) -> str:
        self._number += 1
        text = f"{kind}.uji{self._number:06}!{hashlib.sha256(str(self._number).encode()).hexdigest()[:12]}"
        self._issued[text] = _Issued(account, kind, self.now() + timedelta(seconds=_LIFE_S[kind]))
        return text

    def _is_too_fast(self, endpoint: str) -> bool:
        if self.per_minute is None:
            return False
        recent = self._recent.setdefault(endpoint, deque())
        while recent and recent[0] <= self.now() - timedelta(minutes=1):
            recent.popleft()
        if len(recent) >= self.per_minute:
            return True
        recent.append(self.now())
        return False

    def _token(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in request.form().items()}
        if request.method != "POST" or "urlencoded" not in request.headers.get("content-type", ""):
            return oauth_refused("invalid_request", "Only `application/x-www-form-urlencoded` is accepted.")
        if (form.get("client_key"), form.get("client_secret")) != (CLIENT_KEY, CLIENT_SECRET):
            return oauth_refused("invalid_client", "Client key or secret is incorrect.", 401)
        if form.get("grant_type") == "refresh_token":
            owner = self._issued.get(form.get("refresh_token", ""))
            if owner is None or owner.kind != "rft" or owner.until <= self.now():
                return oauth_refused("invalid_grant", "Refresh token is invalid or expired.")
            if self.rotates:
                del self._issued[form["refresh_token"]]
            return json_reply(self.issue(owner.account))
        if form.get("grant_type") == "authorization_code":
            account, challenge = self._codes.pop(form.get("code", ""), (None, ""))
            verified = hashlib.sha256(form.get("code_verifier", "").encode()).hexdigest() == challenge
            if account is None or form.get("redirect_uri") is None or (challenge and not verified):
                return oauth_refused("invalid_grant", "Authorization code is expired.")
            return json_reply(self.issue(account))
        return oauth_refused("unsupported_grant_type", "The grant type is not supported.")

    def _list(self, request: Request, account: FakeTikTok, fields: list[str]) -> Reply:
        try:
            body = json.loads(request.body)
            count, cursor = body.get("max_count", 10), body.get("cursor")
        except (ValueError, AttributeError):
            return refused(400, "invalid_params")
        if not fields or not _VIDEO_FIELDS.issuperset(fields) or not 1 <= count <= 20:
            return refused(400, "invalid_params")
        if "video.list" not in account.scopes:
            return refused(401, "scope_not_authorized")
        clips = [clip for clip in account.shown if cursor is None or _ms(clip) < cursor]
        page = clips[:count]
        data = {
            "videos": [
                {name: value for name, value in _video(clip, account).items() if name in fields} for clip in page
            ],
            "cursor": _ms(page[-1]) if page else cursor or 0,
            "has_more": len(clips) > count,
        }
        return json_reply({"data": data, "error": _ok()})

    def _query(self, request: Request, account: FakeTikTok, fields: list[str]) -> Reply:
        try:
            ids = json.loads(request.body)["filters"]["video_ids"]
        except (ValueError, KeyError, TypeError):
            return refused(400, "invalid_params")
        if not fields or not _VIDEO_FIELDS.issuperset(fields) or not 1 <= len(ids) <= 20:
            return refused(400, "invalid_params")
        if "video.list" not in account.scopes:
            return refused(401, "scope_not_authorized")
        found = [_video(clip, account) for clip in account.shown if clip.video_id in ids]
        videos = [{name: value for name, value in video.items() if name in fields} for video in found]
        return json_reply({"data": {"videos": videos}, "error": _ok()})

    def _info(self, account: FakeTikTok, fields: list[str]) -> Reply:
        if not fields or not _USER_FIELDS.keys() >= set(fields):
            return refused(400, "invalid_params")
        if any(_USER_FIELDS[name] not in account.scopes for name in fields):
            return refused(401, "scope_not_authorized")
        user = {
            "open_id": account.open_id,
            "union_id": f"u{account.open_id}",
            "display_name": account.handle.title(),
            "username": account.handle,
            "video_count": len(account.clips) if account.count is None else account.count,
        }
        return json_reply({"data": {"user": {name: user[name] for name in fields}}, "error": _ok()})


def refused(status: int, code: str, headers: dict[str, str] | None = None) -> Reply:
    """An error of the API."""
    error = {"code": code, "message": f"{code}: see the documentation.", "log_id": "20261124190000010245"}
    return json_reply({"data": {}, "error": error}, status, headers)


def oauth_refused(code: str, description: str = "", status: int = 400) -> Reply:
    """An error of the token endpoint."""
    return json_reply({"error": code, "error_description": description, "log_id": "20261124190000010246"}, status)


def _ok() -> dict[str, str]:
    return {"code": "ok", "message": "", "log_id": "20261124190000010244"}


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _ms(clip: FakeClip) -> int:
    return int(clip.at.timestamp()) * 1000


def _video(clip: FakeClip, account: FakeTikTok) -> dict[str, Any]:
    kind = "photo" if clip.photo else "video"
    marks = f"utm_campaign=tt4d_open_api&utm_source={CLIENT_KEY}"
    return {
        "id": clip.video_id,
        "create_time": int(clip.at.timestamp()),
        "title": clip.title,
        "video_description": clip.title if clip.caption is None else clip.caption,
        "share_url": f"https://www.tiktok.com/@{account.handle}/{kind}/{clip.video_id}?{marks}",
        "cover_image_url": f"https://p16-sign-sg.tiktokcdn.com/tos/{clip.video_id}~noop.image?x-expires=1659000367&x-signature=uji",
        "duration": 21,
        **_COUNTS,
    }
