"""The order of a night on YouTube, and what a failure means for the channels that it concerns and for the rest.

Ids of channels that have none; which channels exist, 50 at a time; the uploads list of each; details of new videos, 50 at a time
over all channels. When the quota is gone, the channels still open are read through RSS.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog

from collectors.base import CollectorError, Pace, guarded
from collectors.notes import Notes
from collectors.youtube_client import IDS_PER_CALL, YouTubeClient, YouTubeError
from collectors.youtube_parse import Channel, read_channel, read_feed, read_upload, read_video
from collectors.youtube_seat import API, RSS, ChannelNote, Seat
from pantau.core.model import Outcome, Scan

_log = structlog.get_logger(__name__)

T = TypeVar("T")

FAILURES_IN_A_ROW = 5
"""So many failed calls one after the other mean that the source is down, not the channels."""
MAX_PAGES = 100
RSS_ENTRIES = 15
"""All that a channel's RSS feed holds."""
_CHANNEL_PARTS = "id,snippet,contentDetails,statistics"
_CHANNEL_ID = re.compile(r"UC[\w-]{22}", re.ASCII)


class Night:
    """The state of one ``collect``."""

    def __init__(
        self, client: YouTubeClient, pace: Pace, notes: Notes[ChannelNote], seats: Sequence[Seat], *, has_key: bool
    ) -> None:
        self._client = client
        self._pace = pace
        self._notes = notes
        self._has_key = has_key
        self._open = dict(enumerate(seats))
        self._numbers = {id(seat): number for number, seat in self._open.items()}
        self._waiting: list[tuple[str, Seat]] = []
        self._failures = 0

    def scans(self) -> Iterator[Scan]:
        """The whole night. A fault of the source ends it; the channels still open become unread with that one reason."""
        reason: CollectorError = YouTubeError("kanal ini tidak sempat terbaca malam ini", "stopped")
        source = API if self._has_key else RSS
        try:
            spent: YouTubeError | None = None
            try:
                if self._has_key:
                    yield from self._by_api()
            except YouTubeError as error:
                if error.kind != "spent":
                    raise
                spent = error
                _log.error("youtube.quota_spent", reason=str(error), channels=len(self._open))
            source, self._failures = (RSS, 0) if self._open else (source, 0)
            yield from self._by_rss(spent)
        except CollectorError as error:
            reason = error
            _log.error("youtube.stopped", unread_class=error.unread_class, reason=str(error), channels=len(self._open))
        for seat in list(self._open.values()):
            yield self._close(seat, seat.failed(self._pace.now(), source, reason))

    def _by_api(self) -> Iterator[Scan]:
        for seat in list(self._open.values()):
            if _CHANNEL_ID.fullmatch(seat.target.account.handle) and not seat.channel_id:
                seat.channel_id = seat.target.account.handle
            if not seat.channel_id:
                yield from self._learn_id(seat)
        unseen = [seat for seat in self._open.values() if seat.channel is None]
        yield from self._look_up(unseen)
        absent = [seat for seat in unseen if seat.channel is None and self._is_open(seat)]
        yield from self._look_up(absent)
        for seat in [seat for seat in absent if seat.channel is None and self._is_open(seat)]:
            yield self._refused(seat, "missing", "kanal tidak ditemukan oleh YouTube")
        yield from self._read_channels()

    def _read_channels(self) -> Iterator[Scan]:
        """What is wanted of the channels that exist."""
        for seat in list(self._open.values()):
            yield from self._read_list(seat)
            while len(self._waiting) >= IDS_PER_CALL:
                yield from self._read_details()
        while self._waiting:
            yield from self._read_details()

    def _learn_id(self, seat: Seat) -> Iterator[Scan]:
        """The id behind a handle, once in the channel's life; two ways of asking, so that one silence proves nothing."""
        self._check_deadline()
        name = seat.target.account.handle
        for parameter in ("forHandle", "forUsername"):
            asked = {parameter: f"@{name}" if parameter == "forHandle" else name, "part": _CHANNEL_PARTS}
            found = self._attempt(partial(self._channels, asked))
            if isinstance(found, CollectorError):
                yield self._failed(seat, found)
                return
            if found:
                seat.channel = next(iter(found.values()))
                seat.channel_id = seat.channel.channel_id
                return
        reason = YouTubeError("YouTube tidak mengenal nama kanal ini; periksa daftar akun", "")
        yield self._close(seat, seat.failed(self._pace.now(), API, reason, "missing"))

    def _look_up(self, seats: Sequence[Seat]) -> Iterator[Scan]:
        for at in range(0, len(seats), IDS_PER_CALL):
            self._check_deadline()
            batch = seats[at : at + IDS_PER_CALL]
            ids = ",".join(dict.fromkeys(seat.channel_id for seat in batch))
            asked = {"id": ids, "part": _CHANNEL_PARTS, "maxResults": str(IDS_PER_CALL)}
            found = self._attempt(partial(self._channels, asked))
            for seat in batch:
                if isinstance(found, CollectorError):
                    yield self._failed(seat, found)
                else:
                    seat.channel = found.get(seat.channel_id)

    def _channels(self, asked: dict[str, str]) -> dict[str, Channel]:
        found = map(read_channel, self._client.ask("channels", **asked).get("items", []))
        return {channel.channel_id: channel for channel in found}

    def _read_list(self, seat: Seat) -> Iterator[Scan]:
        """The uploads of a channel back to the watermark. Its new videos join the waiting ones."""
        self._check_deadline()
        channel = seat.channel
        assert channel is not None, "only channels that exist are left"
        result = self._attempt(partial(self._uploads, seat, channel))
        if isinstance(result, YouTubeError) and result.kind == "channel":
            yield self._judge_refusal(seat, channel, result)
        elif isinstance(result, CollectorError):
            yield self._failed(seat, result)
        elif not result and (channel.videos > 0 or (channel.videos < 0 and seat.knew_videos)):
            reason = "daftar video kanal kosong padahal YouTube menghitung ada videonya"
            yield self._failed(seat, YouTubeError(reason, "unproven"))
        else:
            self._waiting += [(video_id, seat) for video_id in (*seat.pending, *seat.recheck())]
            if not seat.pending and not seat.checking:
                yield self._done(seat)

    def _uploads(self, seat: Seat, channel: Channel) -> int:
        """Reads pages until one reaches behind the watermark; how many entries there were."""
        asked = {"part": "snippet,contentDetails", "playlistId": channel.uploads, "maxResults": str(IDS_PER_CALL)}
        total = 0
        for _ in range(MAX_PAGES):
            data = self._client.ask("playlistItems", **asked)
            items = data.get("items", [])
            total += len(items)
            uploads = [upload for upload in map(read_upload, items) if upload]
            for upload in uploads:
                if published := seat.wants(upload):
                    seat.pending[upload.video_id] = published
            following = data.get("nextPageToken")
            if not following or seat.reached(uploads):
                return total
            asked["pageToken"] = str(following)
        raise YouTubeError("kanal ini memuat terlalu banyak video baru untuk satu malam", "budget")

    def _judge_refusal(self, seat: Seat, channel: Channel, error: YouTubeError) -> Scan:
        if error.code == "playlistNotFound" and channel.videos == 0:
            return self._done(seat)  # a channel that never uploaded has no list
        if error.code in ("channelClosed", "channelSuspended"):
            outcome: Outcome = "suspended" if error.code == "channelSuspended" else "missing"
            return self._refused(seat, outcome, "kanal ditutup oleh YouTube atau pemiliknya")
        reason = f"kanalnya ada, tetapi daftar videonya tidak dapat dilihat ({error.code})"
        return self._failed(seat, YouTubeError(reason, "unproven"))

    def _read_details(self) -> Iterator[Scan]:
        """Full text and live status of the next 50 waiting videos."""
        batch, self._waiting = self._waiting[:IDS_PER_CALL], self._waiting[IDS_PER_CALL:]
        batch = [(video_id, seat) for video_id, seat in batch if self._is_open(seat)]
        if not batch:
            return
        self._check_deadline()
        items = self._attempt(partial(self._videos, [video_id for video_id, _ in batch]))
        if isinstance(items, CollectorError):
            yield from self._without_details(batch, items)
            return
        for video_id, seat in batch:
            if not self._is_open(seat):
                continue
            if video_id in seat.checking:
                seat.answer(video_id, there=video_id in items)
                if not seat.pending and not seat.checking:
                    yield self._done(seat)
                continue
            trouble = self._attempt(partial(self._take, seat, video_id, items.get(video_id)))
            if isinstance(trouble, CollectorError):
                yield self._failed(seat, trouble)
            elif not seat.pending and not seat.checking:
                yield self._done(seat)

    def _without_details(self, batch: Sequence[tuple[str, Seat]], error: CollectorError) -> Iterator[Scan]:
        """The channels whose new videos stay unknown; those of which only old videos were asked for are read all the same."""
        for seat in dict.fromkeys(seat for _, seat in batch):
            asked = {video_id for video_id, one in batch if one is seat}
            seat.checking -= asked
            if not asked.isdisjoint(seat.pending):
                yield self._failed(seat, error)
            elif not seat.pending and not seat.checking:
                yield self._done(seat)

    def _videos(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        parts = "snippet,statistics,liveStreamingDetails,status"
        data = self._client.ask("videos", part=parts, id=",".join(ids), maxResults=str(IDS_PER_CALL))
        return {str(item["id"]): item for item in data.get("items", [])}

    def _take(self, seat: Seat, video_id: str, item: dict[str, Any] | None) -> None:
        published = seat.pending[video_id]
        if item is None:
            seat.forget(video_id)  # taken down since the list was read
        else:
            seat.posts.append(read_video(item, seat.target.account.key, published))
        del seat.pending[video_id]

    def _by_rss(self, spent: YouTubeError | None) -> Iterator[Scan]:
        """Whatever is open, by the feeds that need no key."""
        for seat in list(self._open.values()):
            seat.restart()
            if _CHANNEL_ID.fullmatch(seat.target.account.handle) and not seat.channel_id:
                seat.channel_id = seat.target.account.handle
            if not seat.channel_id:
                reason = "nomor kanal (UC...) belum diketahui; isi platform_id, atau setel collect.youtube.api_key"
                yield self._close(seat, seat.failed(self._pace.now(), RSS, spent or YouTubeError(reason, "token")))
                continue
            self._check_deadline()
            entries = self._attempt(partial(self._feed, seat))
            if isinstance(entries, CollectorError):
                yield self._close(seat, seat.failed(self._pace.now(), RSS, entries))
                continue
            yield self._settle_feed(seat, entries, spent)

    def _settle_feed(self, seat: Seat, entries: int, spent: YouTubeError | None) -> Scan:
        """The scan of a channel whose feed has so many entries."""
        reason = ""
        if entries >= RSS_ENTRIES and seat.has_gap:
            reason = (
                f"umpan RSS YouTube hanya memuat {RSS_ENTRIES} video terbaru; yang sebelumnya mungkin tidak terbaca"
            )
        if reason and spent:
            return self._close(seat, seat.failed(self._pace.now(), RSS, YouTubeError(f"{spent}; {reason}", "budget")))
        return self._done(seat, RSS, reason)

    def _feed(self, seat: Seat) -> int:
        body = self._client.feed(seat.channel_id)
        if body is None:
            raise YouTubeError("umpan RSS kanal tidak ditemukan; itu sendiri belum membuktikan apa-apa", "unproven")
        entries = read_feed(body, seat.target.account.key)
        if not entries and seat.knew_videos:
            raise YouTubeError("umpan RSS kanal kosong padahal sebelumnya berisi video", "unproven")
        for upload, collected in entries:
            if published := seat.wants(upload):
                seat.add(collected, published)
        return len(entries)

    def _refused(self, seat: Seat, outcome: Outcome, reason: str) -> Scan:
        """The API says that the channel is not there; only together with its feed's 404 is that more than a fault."""
        body = self._attempt(partial(self._client.feed, seat.channel_id))
        if isinstance(body, CollectorError):
            return self._failed(seat, body)
        if body is not None:
            contradiction = "YouTube bertentangan tentang kanal ini: API tidak menemukannya, umpannya ada"
            return self._failed(seat, YouTubeError(contradiction, "unproven"))
        return self._close(seat, seat.failed(self._pace.now(), API, YouTubeError(reason, ""), outcome))

    def _attempt(self, ask: Callable[[], T]) -> T | CollectorError:
        """``ask()``, or the error that leaves its channels unread. Raises when the quota is gone or the source is down."""
        try:
            result = guarded(ask, _odd, "youtube.odd_answer")
        except YouTubeError as error:
            if error.kind == "spent" or error.source_down:
                raise
            if error.kind == "channel":
                self._failures = 0
                return error
            return self._count(error)
        except CollectorError as error:
            if error.source_down:
                raise
            return self._count(error)
        self._failures = 0
        return result

    def _count(self, error: CollectorError) -> CollectorError:
        self._failures += error.unread_class != "unproven"
        if self._failures >= FAILURES_IN_A_ROW:
            raise CollectorError(str(error), error.unread_class, source_down=True)
        return error

    def _check_deadline(self) -> None:
        if self._pace.expired:
            raise CollectorError("waktu pengambilan malam ini habis sebelum kanal ini terbaca", "deadline")

    def _is_open(self, seat: Seat) -> bool:
        return self._numbers[id(seat)] in self._open

    def _done(self, seat: Seat, source: str = API, reason: str = "") -> Scan:
        note = seat.note()
        if note is not None:
            self._notes.put(seat.channel_id, note)
        return self._close(seat, seat.read(self._pace.now(), source, reason))

    def _failed(self, seat: Seat, error: CollectorError) -> Scan:
        return self._close(seat, seat.failed(self._pace.now(), API, error))

    def _close(self, seat: Seat, scan: Scan) -> Scan:
        del self._open[self._numbers[id(seat)]]
        return scan


def _odd(what: str) -> YouTubeError:
    return YouTubeError(f"bentuk jawaban YouTube berubah ({what})", "format")
