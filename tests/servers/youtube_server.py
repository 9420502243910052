"""A local YouTube: ``channels``, ``playlistItems`` and ``videos`` of the Data API v3 with quota, and the channels' RSS feeds.

Shapes after developers.google.com/youtube/v3/docs (resources, errors) and the public feed format, written by hand.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

from tests.servers.base import LocalServer, Reply, Request, json_reply

KEY = "kunci-uji-youtube"


@dataclass
class FakeVideo:
    """One video. ``live``: none, live or upcoming. ``private`` ones stay in the list without a date."""

    video_id: str
    at: datetime
    title: str
    description: str = "Keterangan lengkap.\n#desa"
    live: str = "none"
    private: bool = False


@dataclass
class FakeChannel:
    """One channel; ``videos`` newest first."""

    channel_id: str
    handle: str
    videos: list[FakeVideo] = field(default_factory=list)
    gone: bool = False
    feed_gone: bool | None = None
    """None: as ``gone``."""
    list_error: str = ""
    """Reason with which its uploads list is refused."""

    @property
    def public(self) -> list[FakeVideo]:
        """Videos that anybody can see."""
        return [video for video in self.videos if not video.private]


def channel_id(number: int) -> str:
    """An invented id of the right shape."""
    return f"UC{number:022d}"


def stamp(moment: datetime) -> str:
    """As Google writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(status: int, reason: str, message: str = "refused", retry_after: str = "") -> Reply:
    """An error body of Google's."""
    errors = [{"message": message, "domain": "youtube.quota", "reason": reason}]
    headers = {"retry-after": retry_after} if retry_after else {}
    return json_reply({"error": {"code": status, "message": message, "errors": errors}}, status, headers)


class YouTubeServer(LocalServer):
    """Endpoints: ``channels``, ``playlistItems``, ``videos``, ``feed``. ``quota``: units left, None: endless."""

    def __init__(self, channels: Iterable[FakeChannel] = (), quota: int | None = None) -> None:
        super().__init__()
        self.channels = list(channels)
        self.quota = quota
        self.units = 0
        self.clock: Callable[[], datetime] | None = None
        """What answers name as the time (header ``Date``); None: they name none."""

    def answer(self, request: Request) -> Reply:
        """As any server's, dated."""
        reply = super().answer(request)
        if self.clock is None:
            return reply
        return replace(reply, headers={**reply.headers, "date": format_datetime(self.clock(), usegmt=True)})

    def endpoint_of(self, request: Request) -> str:
        """The resource's name."""
        return "feed" if request.path == "/feeds/videos.xml" else request.path.rsplit("/", 1)[-1]

    def accounts_of(self, request: Request) -> Iterable[str]:
        """Channel ids the request concerns."""
        named = request.first("playlistId").replace("UU", "UC", 1) or request.first("channel_id")
        return [one.lower() for one in [named, *request.first("id").split(",")] if one.startswith("UC")]

    def route(self, request: Request) -> Reply:
        """One call."""
        if request.endpoint == "feed":
            return self._feed(request)
        if request.headers.get("x-goog-api-key") != KEY or "key" in request.query:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
            error = {
                "code": 400,
                "errors": [{"reason": "badRequest"}],
                "status": "INVALID_ARGUMENT",
                "details": details,
            }
            return json_reply({"error": error}, 400)
        if self.quota is not None and self.units >= self.quota:
            return refused(403, "quotaExceeded", 'exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.')
        self.units += 1
        answer = {"channels": self._channels, "playlistItems": self._items, "videos": self._videos}[request.endpoint]
        return answer(request)

    def _find(self, wanted: str) -> FakeChannel | None:
        return next((one for one in self.channels if one.channel_id == wanted and not one.gone), None)

    def _named(self, name: str) -> list[FakeChannel]:
        return [one for one in self.channels if one.handle.lower() == name and not one.gone]

    def _public(self) -> dict[str, FakeVideo]:
        return {video.video_id: video for channel in self.channels if not channel.gone for video in channel.public}

    def _channels(self, request: Request) -> Reply:
        if name := request.first("forHandle").removeprefix("@").lower():
            found = self._named(name)
        else:
            ids = request.first("id").split(",")
            if len(ids) > 50:
                return refused(400, "invalidFilters")
            found = [one for one in map(self._find, ids) if one]
        items = [
            {
                "kind": "youtube#channel",
                "id": one.channel_id,
                "snippet": {"title": one.handle, "customUrl": f"@{one.handle}"},
                "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{one.channel_id[2:]}"}},
                "statistics": {"videoCount": str(len(one.public)), "hiddenSubscriberCount": False},
            }
            for one in found
        ]
        data: dict[str, Any] = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": len(items)}}
        return json_reply(data | ({"items": items} if items else {}))

    def _items(self, request: Request) -> Reply:
        channel = self._find(request.first("playlistId").replace("UU", "UC", 1))
        if channel and channel.list_error:
            return refused(404 if channel.list_error == "playlistNotFound" else 403, channel.list_error)
        if channel is None or not channel.videos:
            return refused(404, "playlistNotFound", "The playlist identified with the request cannot be found.")
        start = int(request.first("pageToken", "0"))
        size = min(50, int(request.first("maxResults", "5")))
        items = []
        for video in channel.videos[start : start + size]:
            title = "Private video" if video.private else video.title
            details = {"videoId": video.video_id} | ({} if video.private else {"videoPublishedAt": stamp(video.at)})
            snippet = {"publishedAt": stamp(video.at), "title": title, "description": video.description}
            items.append({"kind": "youtube#playlistItem", "snippet": snippet, "contentDetails": details})
        following = {"nextPageToken": str(start + size)} if start + size < len(channel.videos) else {}
        return json_reply({"kind": "youtube#playlistItemListResponse", "items": items, **following})

    def _videos(self, request: Request) -> Reply:
        wanted = request.first("id").split(",")
        if len(wanted) > 50:
            return refused(400, "invalidFilters")
        known = self._public()
        items = [
            {
                "kind": "youtube#video",
                "id": video.video_id,
                "snippet": {
                    "publishedAt": stamp(video.at),
                    "title": video.title,
                    "description": video.description,
                    "liveBroadcastContent": video.live,
                    "thumbnails": {"high": {"url": f"https://i.ytimg.com/vi/{video.video_id}/hqdefault.jpg"}},
                },
                "statistics": {"viewCount": "12", "likeCount": "3"},
                "status": {"privacyStatus": "public"},
            }
            for video in (known.get(one) for one in wanted)
            if video
        ]
        return json_reply({"kind": "youtube#videoListResponse", "items": items})

    def _feed(self, request: Request) -> Reply:
        channel = next((one for one in self.channels if one.channel_id == request.first("channel_id")), None)
        if channel is None or (channel.gone if channel.feed_gone is None else channel.feed_gone):
            return Reply(404, b"<html><title>Error 404 (Not Found)!!1</title></html>", {"content-type": "text/html"})
        entries = "".join(
            f"<entry><id>yt:video:{video.video_id}</id><yt:videoId>{video.video_id}</yt:videoId>"
            f"<title>{escape(video.title)}</title><published>{stamp(video.at)[:-1]}+00:00</published>"
            f"<updated>{stamp(video.at + timedelta(hours=1))[:-1]}+00:00</updated><media:group>"
            f'<media:thumbnail url="https://i4.ytimg.com/vi/{video.video_id}/hqdefault.jpg" width="480" height="360"/>'
            f"<media:description>{escape(video.description)}</media:description></media:group></entry>"
            for video in channel.public[:15]
        )
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
            'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
            f"<title>{escape(channel.handle)}</title>{entries}</feed>\n"
        )
        return Reply(200, body.encode(), {"content-type": "text/xml; charset=UTF-8"})
