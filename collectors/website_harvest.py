"""What one reading of a feed brings: which entries are posts of the night, their dates, and the note for the next night."""

from datetime import datetime, timedelta

import msgspec

from collectors.clocks import CLOCKS_APART
from collectors.website_parse import Entry, Feed
from collectors.website_site import Found, SiteNote
from pantau.core.model import Collected, Post, Scan, Target, Window

_CLOCK_TOLERANCE = timedelta(minutes=10)
_LATE = timedelta(days=1)
"""An entry without a date seen first in a rerun of a window that ended longer ago cannot be placed in it."""
_INSTANT = timedelta(microseconds=1)
_KEPT = 100
"""So many entries are remembered by their ids."""


class Harvest:
    """Collects the posts of one site. ``now`` is the time of the reading."""

    def __init__(self, target: Target, window: Window, now: datetime, overlap: timedelta) -> None:
        self.target = target
        self.last_post_at: datetime | None = None
        self._window = window
        self._now = now
        self._by_any_clock = now
        self._wanted_from = target.since - overlap
        self._posts: dict[str, Collected] = {}
        self._dates: list[datetime] = []
        self._ids: dict[str, None] = {}
        self._sightings: dict[str, datetime] = {}
        self._held = False
        self._guessed = False

    @property
    def posts(self) -> tuple[Collected, ...]:
        """The posts wanted, in the feed's order."""
        return tuple(self._posts.values())

    @property
    def seen_from(self) -> datetime | None:
        """From where absence from the feed says that a post was taken down: only where every entry has its date, newest first."""
        if self._guessed or not self._dates or self._dates != sorted(self._dates, reverse=True):
            return None
        return max(self._dates[-1] + _INSTANT, self._wanted_from)

    def hear(self, told_at: datetime | None) -> None:
        """Take note of the site's clock: what lies in the future by ours alone, which may be slow, has its right date."""
        if told_at is not None and told_at - self._now <= CLOCKS_APART:
            self._by_any_clock = max(self._by_any_clock, told_at)

    def take(self, feed: Feed, note: SiteNote) -> int:
        """Add the entries of a feed or of a further page of it; how many were new."""
        before = len(self._ids)
        for entry in feed.entries:
            if entry.entry_id not in self._ids:
                self._ids[entry.entry_id] = None
                self._add(entry, note)
        return len(self._ids) - before

    def has_gap(self, note: SiteNote) -> bool:
        """Whether posts after ``since`` may be missing: nothing in hand is as old, and nothing is known from last time."""
        stored = note.until is not None and self.target.since >= note.until
        if not self._dates or self._guessed or (stored and not self._ids.keys().isdisjoint(note.ids)):
            return False
        return min(self._dates) > self.target.since

    def note(self, old: SiteNote, found: Found) -> SiteNote | None:
        """What to remember. None when an older window was read, which says nothing about the next night."""
        until = min(self._window.end, self._now)
        if old.until is not None and until < old.until:
            return None
        return SiteNote(
            feed=found.url,
            etag="" if self._held else found.etag,
            modified="" if self._held else found.modified,
            until=until,
            last_post_at=self.last_post_at,
            sightings=self._sightings,
            ids=tuple(self._ids)[:_KEPT],
            seen_from=self.seen_from if len(self._ids) <= _KEPT else None,
        )

    def carried(self, scan: Scan) -> Scan:
        """A failed scan with the posts that came before the failure."""
        reading = msgspec.structs.replace(scan.reading, last_post_at=self.last_post_at)
        return msgspec.structs.replace(scan, reading=reading, posts=self.posts)

    def _add(self, entry: Entry, note: SiteNote) -> None:
        moment = entry.published
        if moment is None or moment > self._by_any_clock + _CLOCK_TOLERANCE:
            # No date, or one that has not come yet although the entry can be read: it counts from when it was first seen.
            self._guessed = True
            moment = note.sightings.get(entry.entry_id)
            if moment is None and self._now - self._window.end > _LATE:
                self._held = True
                return
            moment = moment or min(self._now, self._window.end - _INSTANT)
            self._sightings[entry.entry_id] = moment
        elif entry.entry_id in note.sightings:
            moment = note.sightings[entry.entry_id]
            self._sightings[entry.entry_id] = moment
        self._dates.append(moment)
        if moment >= self._window.end:
            self._held = True  # published while the night runs: next night's, so the feed must be read again then
            return
        self.last_post_at = max(self.last_post_at or moment, moment)
        if moment < self._wanted_from:
            return
        post = Post(
            platform="website",
            post_id=entry.entry_id,
            account=self.target.account.key,
            published_at=moment,
            text=entry.text,
            media=entry.media,
            url=entry.url,
        )
        self._posts[entry.entry_id] = Collected(post, entry.raw)
