"""An office whose TikTok accounts have logged in to a local TikTok, night after night."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from collectors.base import Pace
from collectors.tiktok import TikTokCollector
from collectors.tiktok_tokens import Shelf, token_of
from pantau.core.model import Account, Scan
from pantau.core.settings import Network
from pantau.core.settings_tiktok import TikTokSettings
from tests.collectors.feed_office import NIGHT, FeedOffice
from tests.fakes import SimClock
from tests.servers.base import (
    Fault,
    Reply,
    broken_off,
    dropped,
    html_reply,
    json_reply,
    redirect_reply,
    stalled,
    truncated,
)
from tests.servers.tiktok_server import (
    CLIENT_KEY,
    CLIENT_SECRET,
    FakeClip,
    FakeTikTok,
    TikTokServer,
    oauth_refused,
    refused,
)


def account(number: int = 1, clips: int = 4) -> FakeTikTok:
    """An account with a video every 30 hours."""
    own = [FakeClip(NIGHT - timedelta(hours=5 + 30 * n), f"Akun {number} video {n}") for n in range(clips)]
    return FakeTikTok(f"desa{number}", own)


def publish(one: FakeTikTok, hours_after: float, title: str) -> None:
    """One more video."""
    one.clips.append(FakeClip(NIGHT + timedelta(hours=hours_after), title))


class TikTokOffice(FeedOffice):
    """``connect`` lets the accounts log in; the server lives by the same clock."""

    def __init__(self, folder: Path, accounts: Sequence[FakeTikTok], *, per_minute: int | None = None) -> None:
        self.server = TikTokServer(accounts, lambda: self.clock.now(), per_minute)
        self.folder = folder / "tiktok"
        self.settings: dict[str, object] = {"timeout_s": 5.0}
        registered = [Account(platform="tiktok", handle=one.handle, unit="u") for one in accounts]
        super().__init__(self.collector, registered, clock=SimClock(NIGHT))

    def collector(self, pace: Pace) -> TikTokCollector:
        """A collector as the registry would build it."""
        chosen = {"client_key": CLIENT_KEY, "client_secret": "env:X", "api_url": self.server.url, **self.settings}
        settings = TikTokSettings(**chosen)  # type: ignore[arg-type]
        return TikTokCollector(settings, Network(), CLIENT_SECRET, Shelf(self.folder), pace)

    def pace(self) -> Pace:
        """The simulated clock with a deadline in four hours."""
        return Pace(self.clock.now, self.clock.sleep, self.clock.now() + timedelta(hours=4))

    def connect(self, *accounts: FakeTikTok) -> None:
        """Let these accounts (default: all) log in."""
        for one in accounts or self.server.accounts:
            token = token_of(self.server.issue(one), one.handle, CLIENT_KEY, self.clock.now())
            Shelf(self.folder).save(token)

    def only(self) -> Scan:
        """The scan of a night with one account."""
        (scan,) = self.night().values()
        return scan


RENAMED = json_reply({"data": {"items": [], "next": 1}, "error": {"code": "ok", "message": "", "log_id": "1"}})
FAULTS: dict[str, tuple[Callable[[], Fault], str]] = {
    "a 429 with a short wait": (lambda: Fault(refused(429, "rate_limit_exceeded", {"retry-after": "9"})), "read"),
    "a 429 without": (lambda: Fault(refused(429, "rate_limit_exceeded")), "read"),
    "429 again and again": (lambda: Fault(refused(429, "rate_limit_exceeded"), times=None), "unread rate_limit"),
    "a 429 for hours": (lambda: Fault(Reply(429, b"", {"retry-after": "9000"}), times=None), "unread rate_limit"),
    "one 401 of the access token": (lambda: Fault(refused(401, "access_token_invalid")), "read"),
    "401 again and again": (lambda: Fault(refused(401, "access_token_invalid"), times=None), "unread token"),
    "a scope taken back": (lambda: Fault(refused(401, "scope_not_authorized"), times=None), "unread"),
    "an internal error": (lambda: Fault(refused(500, "internal_error")), "read"),
    "5xx pages all night": (lambda: Fault(html_reply(503), times=None), "unread network"),
    "a firewall's 403": (lambda: Fault(html_reply(403), times=None), "unread blocked"),
    "one dropped connection": (lambda: Fault(dropped()), "read"),
    "a dead line": (lambda: Fault(dropped(), times=None), "unread network"),
    "silence": (lambda: Fault(stalled(), times=None), "unread network"),
    "a transfer that breaks off": (lambda: Fault(change=broken_off, times=None), "unread network"),
    "half an answer": (lambda: Fault(change=truncated, times=None), "unread format"),
    "HTML with status 200": (lambda: Fault(html_reply(200), times=None), "unread format"),
    "a list instead of an object": (lambda: Fault(json_reply([]), times=None), "unread format"),
    "renamed fields": (lambda: Fault(RENAMED, times=None), "unread format"),
    "a redirect to a login": (
        lambda: Fault(redirect_reply("https://www.tiktok.com/login"), times=None),
        "unread blocked",
    ),
    "parameters no longer known": (lambda: Fault(refused(400, "invalid_params"), times=None), "unread format"),
}
"""Name to the fault on ``list`` and the outcome there. On ``token`` most cost a login more, see the tests."""
TOKEN_FAULTS: dict[str, Callable[[], Fault]] = {
    "5xx before the exchange": lambda: Fault(html_reply(502), endpoint="token", times=None),
    "a dead line before the exchange": lambda: Fault(dropped(), endpoint="token", times=None),
    "the app refused": lambda: Fault(oauth_refused("invalid_client", status=401), endpoint="token", times=None),
    "429 of the token endpoint": lambda: Fault(Reply(429), endpoint="token", times=None),
}
"""Faults that hit before TikTok exchanged anything: the night after them is a normal one."""
