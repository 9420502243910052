"""What one account brought through the Graph API, page by page, and the order of a night that all of Meta's sources share."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog

from collectors.base import CLOCK_SLACK, CollectorError, Pace
from collectors.graph import Body
from collectors.graph_errors import GraphError, format_error
from pantau.core.model import Collected, Outcome, Reading, Scan, Target, Window

_log = structlog.get_logger(__name__)

_POSSIBLY_PINNED = 3
"""So many posts on top of a list may be pinned; an old one among them does not end it."""
_MOST_PAGES = 400
_INSTANT = timedelta(microseconds=1)
_FAULTS_IN_A_ROW = 3
"""So many accounts in a row that met a fault of line or server, each after its own retries, mean that the source is down."""
_REFUSALS_IN_A_ROW = 5
"""The same for refusals and unknown answers."""
_PAGING = ("after", "until", "__paging_token")
"""The parts of a next page's address that choose the page; another one is the token."""
_CURSOR = re.compile(r"[\w=.:|-]{1,500}", re.ASCII)


class Harvest:
    """Outlives a failure half-way, so that nothing read is lost."""

    def __init__(self, target: Target, window: Window) -> None:
        self.target = target
        self.handle = ""
        self.learnt_id = ""
        self.listed = 0
        self.reached = False
        """True once the list went beyond the wanted span, so that everything newer was seen."""
        self.open_end = False
        """True when a promised page came empty: then the list may go on, and the reading is not complete."""
        self._window = window
        self._unreadable = 0
        self._last_post_at: datetime | None = None
        self._posts: dict[str, Collected] = {}
        self._older: dict[str, Collected] = {}
        self._dates: list[datetime] = []

    @property
    def seen_from(self) -> datetime | None:
        """From where absence from the list says that a post is not there: where the list was read to its end, or stands in order.

        Meaningful only after a complete reading.
        """
        dates = self._dates[_POSSIBLY_PINNED:] if self.reached else self._dates
        if not dates or (self.reached and dates != sorted(dates, reverse=True)):
            return None
        return min(dates) + _INSTANT

    def take(self, items: object, parse: Callable[[Mapping[str, Any], str], Collected | None], service: str) -> None:
        """Keep the wanted posts of one page. ``parse`` gives None for an item that is no published post."""
        if not isinstance(items, list):
            raise format_error(service, "data")
        for item in items:
            place = self.listed
            self.listed += 1
            try:
                collected = parse(item if isinstance(item, Mapping) else {}, self.target.account.key)
            except CollectorError:
                self._unreadable += 1
                continue
            if collected is None:
                continue
            at = collected.post.published_at
            self._last_post_at = max(at, self._last_post_at or at)
            if at < self._window.end:
                kept = self._posts if at >= self.target.since - CLOCK_SLACK else self._older
                kept[collected.post.post_id] = collected
            self._dates.append(at)
            self.reached = self.reached or (at < self.target.since and place >= _POSSIBLY_PINNED)

    def check(self) -> None:
        """Raises ``CollectorError`` when the list holds posts that could not be read."""
        if self._unreadable:
            raise CollectorError(f"{self._unreadable} unggahan di daftar tidak dapat dibaca", "format")

    def scan(self, at: datetime, source: str, error: CollectorError | None = None, outcome: Outcome = "read") -> Scan:
        """The scan that ends the reading. ``outcome`` counts only with an error that the platform's own word stands behind."""
        account = self.target.account
        if error is not None and outcome == "read":
            outcome = "unread"
        reading = Reading(
            account=account.key,
            outcome=outcome,
            unread_class=error.unread_class if error is not None and outcome == "unread" else "",
            reason=str(error or ""),
            checked_at=at,
            complete=error is None and not self.open_end,
            last_post_at=self._last_post_at,
            source=source,
        )
        posts = sorted(self._posts.values(), key=lambda one: one.post.published_at, reverse=True)
        learnt = self.learnt_id if self.learnt_id != account.platform_id else ""
        return Scan(
            reading=reading,
            posts=tuple(posts),
            platform_id=learnt,
            handle=self.handle,
            older=tuple(self._older.values()),
            seen_from=self.seen_from if reading.complete else None,
        )


class Breaker:
    """Judges by repetition when a source is down, and keeps the one reason that all other accounts then have."""

    def __init__(self, service: str, pace: Pace) -> None:
        self.down: CollectorError | None = None
        self._service = service
        self._pace = pace
        self._streak: tuple[str, int] = ("", 0)

    def stopped(self) -> CollectorError | None:
        """The reason not to ask any more, if there is one."""
        if self.down is None and self._pace.expired:
            self._stop(_deadline())
        return self.down

    def count(self, error: CollectorError | None) -> None:
        """Take note of what came of an account: None for success, an error that is not the account's own fault else."""
        if error is None:
            self._streak = ("", 0)
            return
        kind = error.action if isinstance(error, GraphError) else error.unread_class
        self._streak = (kind, self._streak[1] + 1 if self._streak[0] == kind else 1)
        limit = _FAULTS_IN_A_ROW if error.unread_class == "network" else _REFUSALS_IN_A_ROW
        if error.source_down:
            self._stop(error)
        elif self._streak[1] >= limit:
            reason = f"{self._service} dihentikan setelah {limit} akun berturut-turut gagal: {error}"
            self._stop(CollectorError(reason, error.unread_class, source_down=True))

    def _stop(self, error: CollectorError) -> None:
        self.down = error
        _log.error("graph.stopped", service=self._service, unread_class=error.unread_class, reason=str(error))


def _deadline() -> CollectorError:
    return CollectorError("waktu pengambilan malam ini habis sebelum akun ini terbaca", "deadline", source_down=True)


class Cursors:
    """Follows the cursors of one list. Raises ``CollectorError`` where the list does not end, or the night does."""

    def __init__(self, service: str, pace: Pace) -> None:
        self._service = service
        self._pace = pace
        self._seen: set[str] = set()

    def next(self, paging: object) -> str:
        """The cursor of the following page; empty at the end of the list."""
        cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
        after = cursors.get("after") if isinstance(cursors, Mapping) else None
        return self._turn(after) if after else ""

    def next_query(self, paging: object) -> dict[str, str]:
        """The same for lists that name the following page by an address, of which only what pages is taken; {} at the end."""
        address = paging.get("next") if isinstance(paging, Mapping) else None
        if not address:
            return {}
        asked = parse_qs(urlsplit(address).query) if isinstance(address, str) else {}
        query = {name: asked[name][0] for name in _PAGING if name in asked}
        self._turn("|".join(query.values()))
        return query

    def _turn(self, cursor: object) -> str:
        if not isinstance(cursor, str) or not _CURSOR.fullmatch(cursor):
            raise format_error(self._service, "paging")
        if cursor in self._seen or len(self._seen) >= _MOST_PAGES:
            raise format_error(self._service, "halaman tidak berakhir")
        if self._pace.expired:
            raise _deadline()
        self._seen.add(cursor)
        return cursor


def child(body: Body, name: str) -> Body:
    """An object inside an answer; an empty one when it is missing."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}
