"""YouTube by the Data API (with RSS behind it) and, as a variant, by RSS alone."""

from datetime import timedelta
from typing import Any

from pantau.core.model import Account, Reading
from tests.collectors.contract.stage import Case, Item, Stage, State, always, as_html, once, renaming
from tests.servers.base import Reply, Request, dropped, html_reply, redirect_reply, stalled, truncated
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer, channel_id, refused


def _api(request: Request) -> bool:
    return request.endpoint != "feed"


def _renamed_feed(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body.replace(b"yt:videoId", b"yt:videoNumber"), reply.headers)


SHARED_CASES = {
    "429": Case(always(Reply(429, b"slow down")), "unread rate_limit"),
    "429 with reset": Case(once(Reply(429, b"slow down", {"retry-after": "7"})), "read"),
    "429 for hours": Case(always(Reply(429, b"slow down", {"retry-after": "9000"})), "unread rate_limit"),
    "403": Case(always(html_reply(403)), "unread blocked"),
    "5xx html": Case(always(html_reply(503)), "unread network"),
    "html": Case(always(html_reply(200)), "unread format"),
    "drop": Case(always(dropped()), "unread network"),
    "stall": Case(always(stalled(5)), "unread network", stalls=True),
    "truncated": Case(always(change=truncated), "unread format"),
    "wrong content type": Case(always(change=as_html), "read"),
    "login": Case(always(redirect_reply("https://accounts.google.com/ServiceLogin")), "unread blocked"),
    "402": Case(always(Reply(402, b"pay")), "unread format"),
}


class YouTubeStage(Stage):
    """With a key."""

    platform = "youtube"
    variant = "youtube-api"
    overlap = timedelta(days=3)
    secrets = (KEY,)
    key = True
    cases = SHARED_CASES | {
        "401": Case(always(refused(401, "authError"), when=_api), "unread token"),
        "403 key": Case(always(refused(403, "accessNotConfigured"), when=_api), "unread token"),
        "403 quota": Case(always(refused(403, "quotaExceeded"), when=_api), "read", also=("unread budget",)),
        "renamed fields": Case(always(change=renaming("contentDetails"), when=_api), "unread format"),
    }

    def open(self) -> None:
        self.server: YouTubeServer = self.serve(YouTubeServer())

    def populate(self) -> None:
        numbers = range(self.offset, self.offset + self.people)
        self.server.channels = [FakeChannel(channel_id(number + 1), f"kanal{number}") for number in numbers]
        self.server.units = 0

    def table(self) -> dict[str, Any]:
        youtube: dict[str, Any] = {"enabled": True, "api_url": self.server.url, "rss_url": self.server.url}
        youtube["timeout_s"] = self.timeout_s
        if self.key:
            youtube["api_key"] = self.write_secret("youtube.key", KEY)
        return {"collect": {"youtube": youtube}}

    def registered(self, who: int) -> Account:
        number = self.offset + who
        known = "" if who % 2 and self.key else channel_id(number + 1)
        return Account(platform="youtube", handle=f"kanal{number}", unit=f"{self.variant}{who}", platform_id=known)

    def shown(self, serial: str, text: str) -> str:
        return f"{serial}\n\n{text.strip()}"

    def add(self, item: Item) -> FakeVideo:
        video = FakeVideo(f"vid-{item.serial}", item.at, item.serial, item.text)
        self.server.channels[item.who].videos.append(video)
        self.server.channels[item.who].videos.sort(key=lambda one: one.at, reverse=True)
        return video

    def change(self, item: Item, text: str) -> bool:
        item.native.description = text
        return True

    def remove(self, item: Item) -> None:
        self.server.channels[item.who].videos.remove(item.native)

    def become(self, who: int, state: State) -> None:
        self.server.channels[who].gone = state == "gone"

    def renamed(self, who: int, handle: str) -> bool:
        if self.registered(who).platform_id:
            self.server.channels[who].handle = handle.replace(".", "")
            return True
        return False

    def counted(self) -> dict[str, int]:
        feeds = self.server.count("feed")
        return {"youtube-api": self.server.count() - feeds, "youtube-rss": feeds}

    def edit_reach(self, reading: Reading) -> timedelta | None:
        return timedelta(days=2) if reading.source == "youtube-api" else None


class YouTubeFeedStage(YouTubeStage):
    """Without a key: the register needs every channel's id."""

    variant = "youtube-rss"
    key = False
    secrets = ()
    gone_states = ()
    cases = SHARED_CASES | {"renamed fields": Case(always(change=_renamed_feed), "unread format")}
