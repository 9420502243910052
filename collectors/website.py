"""Websites through their feeds: the collector as ``jobs`` knows it.

``website_site`` asks one site, ``website_parse`` reads its feed, ``website_dates`` and ``website_text`` what stands in it,
``web_client`` makes the request. An unchanged feed costs one request that is answered 304.
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path

import msgspec
import structlog

from collectors.base import CollectorError, Pace, failed_scan, guarded, identified, unread_all
from collectors.notes import Notes
from collectors.web_client import NO_NAME, WebClient
from collectors.website_harvest import Harvest
from collectors.website_site import MAX_PAGES, Found, Site, SiteGoneError, SiteNote
from pantau.core.model import Account, Cost, Reading, Scan, Target, Window
from pantau.core.settings import Network, WebsiteSettings

_log = structlog.get_logger(__name__)

SOURCE = "rss"
DNS = "dns"
"""Source of the word that a site's name no longer exists."""
FAILURES_IN_A_ROW = 15
"""So many hosts that cannot be reached before any could mean that the line here is cut, not the sites."""

_LOOK_S = 2.0
_Ask = Callable[[WebClient, Target], Scan]


class WebsiteCollector:
    """Reads sites. ``notes_file`` keeps what saves requests (None: nothing); ``zone`` holds for dates without one."""

    platform = "website"

    def __init__(
        self, settings: WebsiteSettings, network: Network, pace: Pace, zone: tzinfo, notes_file: Path | None = None
    ) -> None:
        self._settings = settings
        self._network = network
        self._pace = pace
        self._zone = zone
        self._notes = Notes(notes_file, SiteNote)
        self._lock = threading.Lock()
        self._requests = 0
        self._reached = False
        self._unreached: set[str] = set()
        self._down: CollectorError | None = None

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """Exactly one scan per target, in the order in which sites answer. Raises nothing.

        Entries dated up to ``overlap_days`` before ``since`` are among the posts, so that a backdated entry is not missed and
        an edited one is noticed; the store drops what it has.
        """
        yield from self._ask_all(targets, partial(self._read, window))

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """Exactly one scan per account: whether the site has a feed, and in the reason where. A site is known by its address."""
        now = self._pace.now()
        yield from self._ask_all([Target(account=account, since=now) for account in accounts], self._find_feed)

    def _ask_all(self, targets: Sequence[Target], ask: _Ask) -> Iterator[Scan]:
        """Sites whose name no longer exists come last, when others have shown that names can be resolved here."""
        self._reached, self._unreached, self._down = False, set(), None
        nameless: list[tuple[Target, Scan]] = []
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(targets, error, self._pace.now(), SOURCE)
            return
        hosts: dict[str, list[Target]] = defaultdict(list)
        for target in targets:
            hosts[target.account.handle.split("/", 1)[0].lower()].append(target)
        arrived: queue.Queue[tuple[Target, Scan]] = queue.Queue()
        pool = ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="website")
        try:
            works = [pool.submit(self._ask_host, client, group, ask, arrived) for group in hosts.values()]
            for _ in targets:
                target, scan = _next_of(arrived, works)
                if scan.reading.reason == NO_NAME:
                    nameless.append((target, scan))
                else:
                    yield scan
            for target, scan in nameless:
                now = self._pace.now()
                gone = failed_scan(target.account, "", f"{NO_NAME}; situs lain terbaca", now, DNS, "missing")
                yield gone if self._reached else scan
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            client.close()
            self._requests += client.requests
            self._notes.save()

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (Cost(platform=self.platform, source=SOURCE, requests=self._requests),)

    def _connect(self) -> WebClient:
        return WebClient(
            self._network,
            timeout_s=self._settings.timeout_s,
            max_bytes=int(self._settings.max_mb * 1_000_000),
            plain=self._settings.http_hosts,
            inside=self._settings.private_hosts,
        )

    def _ask_host(
        self, client: WebClient, targets: Sequence[Target], ask: _Ask, arrived: "queue.Queue[tuple[Target, Scan]]"
    ) -> None:
        """The sites of one host, one after the other, so that no server is asked twice at a time."""
        for target in targets:
            arrived.put((target, ask(client, target)))

    def _find_feed(self, client: WebClient, target: Target) -> Scan:
        try:
            return guarded(partial(self._recognise, client, target), _odd, "website.odd_answer")
        except CollectorError as error:
            return self._not_read(target.account, error)

    def _recognise(self, client: WebClient, target: Target) -> Scan:
        """The scan of a site that has a feed, or that is gone. Raises ``CollectorError``."""
        account = target.account
        known = self._notes.get(account.key) or SiteNote()
        try:
            _, found = self._look(client, target, SiteNote(feed=known.feed))
        except SiteGoneError as gone:
            return self._gone(account, gone)
        scan = identified(account, self._pace.now(), SOURCE)
        reading = msgspec.structs.replace(scan.reading, reason=f"umpannya di {found.url}")
        return msgspec.structs.replace(scan, reading=reading)

    def _read(self, window: Window, client: WebClient, target: Target) -> Scan:
        harvest = Harvest(target, window, self._pace.now(), timedelta(days=self._settings.overlap_days))
        try:
            return guarded(partial(self._harvest, client, harvest), _odd, "website.odd_answer")
        except CollectorError as error:
            return harvest.carried(self._not_read(target.account, error))

    def _harvest(self, client: WebClient, harvest: Harvest) -> Scan:
        """The scan of a site that was read, or that is gone. Raises ``CollectorError``."""
        account = harvest.target.account
        note = self._notes.get(account.key) or SiteNote()
        try:
            site, found = self._look(client, harvest.target, note)
        except SiteGoneError as gone:
            return self._gone(account, gone)
        return self._settle(site, harvest, note, found)

    def _look(self, client: WebClient, target: Target, note: SiteNote) -> tuple[Site, Found]:
        """The site and its feed. Raises ``CollectorError`` or ``SiteGoneError``."""
        if self._down is not None:
            raise self._down
        if self._pace.expired:
            raise CollectorError("waktu pengambilan malam ini habis sebelum situs ini terbaca", "deadline")
        site = Site(client, self._pace, target.account.handle, self._zone)
        found = site.read(note, since=target.since)
        self._judge(target.account.handle, None)
        return site, found

    def _gone(self, account: Account, gone: SiteGoneError) -> Scan:
        self._judge(account.handle, None)
        return failed_scan(account, "", str(gone), self._pace.now(), SOURCE, "missing")

    def _not_read(self, account: Account, error: CollectorError) -> Scan:
        self._judge(account.handle, error)
        _log.info("website.not_read", account=account.key, reason=str(error))
        return failed_scan(account, error.unread_class, str(error), self._pace.now(), SOURCE)

    def _settle(self, site: Site, harvest: Harvest, note: SiteNote, found: Found) -> Scan:
        """The scan of a site that answered. Raises ``CollectorError`` when the answer is not the whole truth."""
        now = self._pace.now()
        if found.feed is None:
            same = self._reading(harvest.target, now, note.last_post_at)
            return Scan(reading=same, shown=note.ids, seen_from=note.seen_from)
        harvest.hear(found.told_at)
        harvest.take(found.feed, note)
        if not found.feed.whole:
            raise CollectorError("umpan situs terputus di tengah atau rusak", "format")
        if not found.feed.entries and note.ids:
            raise CollectorError("umpan situs kosong padahal sebelumnya berisi tulisan", "unproven")
        reason = self._close_gap(site, harvest, note, found)
        harvested = harvest.note(note, found)
        if harvested is not None:
            if reason:
                harvested = msgspec.structs.replace(harvested, seen_from=None)
            with self._lock:
                self._notes.put(harvest.target.account.key, harvested)
        reading = self._reading(harvest.target, now, harvest.last_post_at, reason)
        return Scan(reading=reading, posts=harvest.posts, seen_from=harvest.seen_from if not reason else None)

    def _close_gap(self, site: Site, harvest: Harvest, note: SiteNote, found: Found) -> str:
        """Older pages, as long as posts may be missing before the oldest entry; what still may be missing, in words."""
        feed = found.feed
        assert feed is not None
        if not harvest.has_gap(note):
            return ""
        if feed.is_wordpress:
            for number in range(2, MAX_PAGES + 2):
                older = site.older(found.url, number)
                if older is None or not harvest.take(older, note):
                    return ""
                if not harvest.has_gap(note):
                    return ""
        if not note.ids:
            return ""
        _log.warning("website.gap", account=harvest.target.account.key, entries=len(feed.entries))
        return f"umpan hanya memuat {len(feed.entries)} tulisan terbaru; tulisan sebelumnya mungkin tidak terbaca"

    def _reading(self, target: Target, now: datetime, last_post_at: datetime | None, reason: str = "") -> Reading:
        return Reading(
            account=target.account.key,
            outcome="read",
            reason=reason,
            checked_at=now,
            complete=True,
            last_post_at=last_post_at,
            source=SOURCE,
        )

    def _judge(self, handle: str, error: CollectorError | None) -> None:
        """Stop asking when no site at all can be reached: then it is the line here, said once."""
        with self._lock:
            if error is None or error.unread_class != "network":
                self._reached = self._reached or error is None
                return
            self._unreached.add(handle.split("/", 1)[0].lower())
            if self._down is None and not self._reached and len(self._unreached) >= FAILURES_IN_A_ROW:
                reason = "tidak satu situs pun dapat dicapai; periksa sambungan internet mesin ini"
                self._down = CollectorError(reason, "network", source_down=True)
                _log.error("website.stopped", reason=reason)


def _next_of(arrived: "queue.Queue[tuple[Target, Scan]]", works: "Sequence[Future[None]]") -> tuple[Target, Scan]:
    """The next scan. Raises what stopped a worker when no more can come: it would be waited for in vain."""
    while True:
        try:
            return arrived.get(timeout=_LOOK_S)
        except queue.Empty:
            if all(work.done() for work in works) and arrived.empty():
                for work in works:
                    work.result()
                raise CollectorError("pembaca situs berhenti tanpa hasil", "format") from None


def _odd(what: str) -> CollectorError:
    return CollectorError(f"isi situs tidak dapat diolah ({what})", "format")
