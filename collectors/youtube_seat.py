"""One channel during a night: which uploads are wanted, which details are still to come, and the scan that results."""

from datetime import datetime, timedelta

import msgspec

from collectors.base import CollectorError, failed_scan
from collectors.clocks import OtherClock
from collectors.youtube_parse import Channel, Upload
from pantau.core.model import Collected, Outcome, Reading, Scan, Target, Window

API = "youtube-api"
RSS = "youtube-rss"
_CLOCK_TOLERANCE = timedelta(minutes=10)
_INSTANT = timedelta(microseconds=1)
_KEPT = 200


class ChannelNote(msgspec.Struct, frozen=True):
    """What is remembered of a channel. ``known`` (video id to digest) counts only if the reading up to ``until`` was stored."""

    until: datetime | None = None
    last_post_at: datetime | None = None
    known: dict[str, str] = {}


class Seat:
    """The state of one account. ``now`` is the time at which its reading began, ``clock`` that of YouTube."""

    def __init__(
        self,
        target: Target,
        window: Window,
        note: ChannelNote,
        now: datetime,
        overlap: timedelta,
        clock: OtherClock | None = None,
    ) -> None:
        self.target = target
        self.channel_id = target.account.platform_id
        self.channel: Channel | None = None
        self.pending: dict[str, datetime] = {}
        """Videos whose details are to be asked for, with their time of publication."""
        self.checking: set[str] = set()
        """Stored videos that the list did not show, still to be asked for by id."""
        self.absent: list[str] = []
        """Those of them that YouTube does not show."""
        self.posts: list[Collected] = []
        self.last_post_at: datetime | None = None
        self._window = window
        self._note = note
        self._now = now
        self._clock = clock or OtherClock()
        self._wanted_from = target.since - overlap
        stored = note.until is not None and target.since >= note.until
        self._known = note.known if stored else {}
        self._seen: dict[str, str] = {}
        self._listed: dict[str, datetime] = {}
        self._there: list[str] = []
        self._oldest: datetime | None = None

    @property
    def knew_videos(self) -> bool:
        """True when an earlier night saw videos here."""
        return bool(self._note.known)

    @property
    def has_gap(self) -> bool:
        """Whether posts after ``since`` may be missing: all in hand is newer, and nothing of it was known before."""
        return bool(self._oldest and self._oldest > self.target.since and self._seen.keys().isdisjoint(self._known))

    def restart(self) -> None:
        """Begin again with another source; what came already stays."""
        self.pending, self._seen, self._oldest = {}, {}, None
        self._listed, self._there, self.absent = {}, [], []
        self.checking.clear()

    def forget(self, video_id: str) -> None:
        """Ask for this video again when it is listed again."""
        self._seen.pop(video_id, None)
        self._listed.pop(video_id, None)

    def add(self, item: Collected, published: datetime) -> None:
        """Add a post, unless the other source has brought it already."""
        if all(one.post.post_id != item.post.post_id for one in self.posts):
            post = msgspec.structs.replace(item.post, published_at=published)
            self.posts.append(Collected(post, item.raw))

    def wants(self, upload: Upload) -> datetime | None:
        """The time of publication to store, when the upload is a new or altered post of this night; else None."""
        published = upload.published
        self._listed[upload.video_id] = published
        if published > self._clock.later(self._now) + _CLOCK_TOLERANCE:
            published = self._window.end - _INSTANT  # a premiere can be seen before the date that it carries
        if published >= self._window.end:
            return None  # published while the night runs: the next one's
        self.last_post_at = max(self.last_post_at or published, published)
        self._oldest = min(self._oldest or published, published)
        known = self._known.get(upload.video_id)
        self._seen[upload.video_id] = upload.digest or known or ""
        if known is None:
            return published if published >= self._wanted_from else None
        return published if upload.digest and upload.digest != known else None

    def reached(self, uploads: list[Upload]) -> bool:
        """Whether a page of the list reaches back behind ``since``; several entries, since the order is not strictly by date."""
        last = uploads[-3:]
        return bool(last) and all(one.published < self.target.since for one in last)

    def note(self) -> ChannelNote | None:
        """What to remember after a complete reading; None after one of an older window."""
        until = min(self._window.end, self._now)
        if self._note.until is not None and until < self._note.until:
            return None
        known = dict(list(self._seen.items())[:_KEPT])
        return ChannelNote(until=until, last_post_at=self.last_post_at, known=known)

    def read(self, at: datetime, source: str, reason: str = "") -> Scan:
        """The scan of a channel that was read to the end."""
        reading = Reading(
            account=self.target.account.key,
            outcome="read",
            reason=reason,
            checked_at=at,
            complete=True,
            last_post_at=self.last_post_at,
            source=source,
        )
        dates = list(self._listed.values())
        in_order = bool(dates) and dates == sorted(dates, reverse=True)
        return self._with_names(
            Scan(
                reading=reading,
                posts=tuple(self.posts),
                shown=(*self._listed, *self._there),
                seen_from=dates[-1] + _INSTANT if in_order else None,
                absent=tuple(self.absent),
            )
        )

    def recheck(self) -> list[str]:
        """The stored videos to be asked for by id: those that the list has not shown already."""
        self.checking = {video_id for video_id in self.target.recheck if video_id not in self._listed}
        return sorted(self.checking)

    def answer(self, video_id: str, *, there: bool) -> None:
        """What YouTube says of a video that was asked for again."""
        self.checking.discard(video_id)
        if there:
            self._there.append(video_id)
        else:
            self.absent.append(video_id)

    def failed(self, at: datetime, source: str, error: CollectorError, outcome: Outcome = "unread") -> Scan:
        """The scan of a channel that was not read, with the posts that came all the same."""
        kind = error.unread_class if outcome == "unread" else ""
        scan = failed_scan(self.target.account, kind, str(error), at, source, outcome)
        reading = msgspec.structs.replace(scan.reading, last_post_at=self.last_post_at)
        return self._with_names(msgspec.structs.replace(scan, reading=reading, posts=tuple(self.posts)))

    def _with_names(self, scan: Scan) -> Scan:
        account = self.target.account
        learnt = self.channel_id if self.channel_id != account.platform_id else ""
        handle = self.channel.handle if self.channel and not account.handle.startswith("UC") else ""
        return msgspec.structs.replace(scan, platform_id=learnt, handle=handle)
