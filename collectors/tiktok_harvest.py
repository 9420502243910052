"""What one TikTok account brought, page by page, newest first. Outlives a failure half-way, so that nothing read is lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from collectors.base import CLOCK_SLACK, CollectorError
from collectors.tiktok_parse import link_parts, read_video
from pantau.core.model import Collected, Reading, Scan, Target, Window

SOURCE = "tiktok-display"
_POSSIBLY_PINNED = 3
"""So many videos on top of the list may stand out of order."""
_INSTANT = timedelta(seconds=1)
_WHOLE_LIST = timedelta(days=30)
"""How far before the wanted span absence counts when TikTok says that the list is at its end."""


class Harvest:
    """The posts of one account during a night."""

    def __init__(self, target: Target, window: Window) -> None:
        self.target = target
        self.username = ""
        self.listed: set[str] = set()
        """Ids of all videos seen so far, wanted or not."""
        self.reached = False
        """True once a page ended before the wanted span."""
        self.ended = False
        """True once TikTok said that nothing follows."""
        self.unproven = False
        """True when TikTok promised more and gave nothing: then older videos may be missing."""
        self.absent: tuple[str, ...] = ()
        """Ids asked for one by one that TikTok does not show any more."""
        self._window = window
        self._posts: dict[str, Collected] = {}
        self._older: dict[str, Collected] = {}
        self._last_post_at: datetime | None = None
        self._oldest: datetime | None = None
        self._in_order = True
        self._unreadable = 0

    def take(self, items: object) -> int:
        """Keep the posts of one page; how many videos stood on it. Raises ``CollectorError`` for no list."""
        if not isinstance(items, list):
            raise CollectorError("bentuk jawaban TikTok berubah (videos)", "format")
        account = self.target.account
        times = []
        for item in items:
            row: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
            try:
                collected = read_video(row, account.key, account.handle)
            except CollectorError:
                self._unreadable += 1
                continue
            post = collected.post
            times.append(post.published_at)
            if post.post_id in self.listed:
                continue
            self.listed.add(post.post_id)
            self._place(collected)
            if not self.username and (link := link_parts(row.get("share_url"))):
                self.username = link[0]
        self.reached = len(self.listed) > _POSSIBLY_PINNED and all(at < self.target.since for at in times[-3:])
        self.reached = self.reached and bool(times)
        return len(items)

    def _place(self, collected: Collected) -> None:
        at = collected.post.published_at
        if len(self.listed) > _POSSIBLY_PINNED:
            self._in_order = self._in_order and (self._oldest is None or at <= self._oldest)
            self._oldest = at
        if at >= self._window.end:
            return  # published while the night runs: the next one's
        self._last_post_at = max(at, self._last_post_at or at)
        (self._posts if at >= self.target.since - CLOCK_SLACK else self._older)[collected.post.post_id] = collected

    def take_again(self, ids: Sequence[str], items: object) -> None:
        """Keep what TikTok shows of the videos that were asked for by their ids. Raises ``CollectorError`` for no list."""
        if not isinstance(items, list):
            raise CollectorError("bentuk jawaban TikTok berubah (videos)", "format")
        account = self.target.account
        found = [read_video(item, account.key, account.handle) for item in items]
        self._older |= {one.post.post_id: one for one in found if one.post.post_id in ids}
        self.absent = tuple(one for one in ids if one not in self._older)

    def check(self) -> None:
        """Raises ``CollectorError`` when the list holds videos that could not be read."""
        if self._unreadable:
            raise CollectorError(f"{self._unreadable} video di daftar TikTok tidak dapat dibaca", "format")

    @property
    def seen_from(self) -> datetime | None:
        """From when on every public video is in hand; None when that is not proven."""
        if self._unreadable or self.unproven or not self._in_order:
            return None
        if self.ended:
            return min([self.target.since - _WHOLE_LIST, *(item.post.published_at for item in self._older.values())])
        return self._oldest + _INSTANT if self.reached and self._oldest is not None else None

    def scan(self, at: datetime, error: CollectorError | None = None) -> Scan:
        """The scan that ends the reading; with what came all the same when there is an error."""
        reading = Reading(
            account=self.target.account.key,
            outcome="read" if error is None else "unread",
            unread_class=error.unread_class if error is not None else "",
            reason=str(error or ""),
            checked_at=at,
            complete=error is None and not self.unproven,
            last_post_at=self._last_post_at,
            source=SOURCE,
        )
        return Scan(
            reading=reading,
            posts=_newest_first(self._posts),
            older=_newest_first(self._older),
            absent=self.absent,
            handle=self.username,
            seen_from=self.seen_from if error is None else None,
        )


def _newest_first(items: Mapping[str, Collected]) -> tuple[Collected, ...]:
    return tuple(sorted(items.values(), key=lambda one: (one.post.published_at, one.post.post_id), reverse=True))
