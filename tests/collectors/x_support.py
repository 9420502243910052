"""An office that reads the local X night after night, as ``jobs`` does: watermarks, stored posts, learnt ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from collectors.base import Pace
from collectors.x import XCollector
from pantau.core.model import Account, Collected, Cost, Scan, Target, Window
from pantau.core.settings import Network, XSettings
from tests.servers.x_server import XServer

NIGHT = datetime(2026, 11, 10, 19, 0, tzinfo=UTC)
"""02:00 in Jakarta."""


class Clock:
    """A clock that only moves when somebody sleeps, or by hand. ``slept`` holds the waits."""

    def __init__(self, now: datetime = NIGHT) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


@dataclass
class Mark:
    since: datetime
    last_post_id: str = ""


@dataclass
class Office:
    """``accounts``: what is registered. ``stored``: post id to what was collected last. ``marks``: by handle as registered."""

    server: XServer
    clock: Clock
    accounts: list[Account]
    first_days: int = 35
    settings: dict[str, object] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    stored: dict[str, Collected] = field(default_factory=dict)
    arrivals: dict[str, int] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    cost: Cost = field(default_factory=lambda: Cost(platform="x"))
    deadline_hours: float = 4.0

    def night(self, end: datetime | None = None) -> dict[str, Scan]:
        """One night up to ``end`` (default: now). Scans by handle as registered."""
        end = end or self.clock.now()
        targets = self.targets(end)
        collector = self.collector()
        scans = list(collector.collect(targets, Window(end - timedelta(days=1), end)))
        self.cost = collector.costs()[0]
        by_key = {target.account.key: target for target in targets}
        assert sorted(scan.reading.account for scan in scans) == sorted(by_key), "not exactly one scan per target"
        result = {}
        for scan in scans:
            handle = by_key[scan.reading.account].account.handle
            result[handle] = scan
            self._keep(handle, scan, end)
        return result

    def targets(self, end: datetime) -> list[Target]:
        targets = []
        for account in self.accounts:
            mark = self.marks.get(account.handle) or Mark(end - timedelta(days=self.first_days))
            platform_id = self.ids.get(account.handle, account.platform_id)
            known = Account(platform="x", handle=account.handle, unit=account.unit, platform_id=platform_id)
            targets.append(Target(account=known, since=mark.since, last_post_id=mark.last_post_id))
        return targets

    def collector(self, token: str = "") -> XCollector:
        settings = XSettings(**{"api_url": self.server.url, "read_timeout_s": 5.0, **self.settings})  # type: ignore[arg-type]
        pace = Pace(self.clock.now, self.clock.sleep, self.clock.now() + timedelta(hours=self.deadline_hours))
        return XCollector(settings, self.network, token or self.server.token, pace)

    def _keep(self, handle: str, scan: Scan, end: datetime) -> None:
        mark = self.marks.setdefault(handle, Mark(end - timedelta(days=self.first_days)))
        for collected in scan.posts:
            self.stored[collected.post.post_id] = collected
            self.arrivals[collected.post.post_id] = self.arrivals.get(collected.post.post_id, 0) + 1
            mark.last_post_id = str(max(int(mark.last_post_id or 0), int(collected.post.post_id)))
        if scan.platform_id:
            self.ids[handle] = scan.platform_id
        if scan.reading.complete:
            mark.since = end


def register(server: XServer, *, with_ids: bool = True) -> list[Account]:
    """Every account of the server as the office would register it."""
    return [
        Account(
            platform="x", handle=account.handle, unit=f"U{account.id}", platform_id=str(account.id) if with_ids else ""
        )
        for account in server.accounts
    ]


def open_office(server: XServer, clock: Clock, *, with_ids: bool = True, **settings: object) -> Office:
    """An office that has registered every account of ``server``, whose clock is the server's."""
    server.now = clock.now
    return Office(server, clock, register(server, with_ids=with_ids), settings=settings)


def texts(scans: Sequence[Scan] | dict[str, Scan], handle: str = "") -> list[str]:
    """Texts of the posts of one account or all, oldest first."""
    chosen = (
        [scans[handle]]
        if isinstance(scans, dict) and handle
        else list(scans.values() if isinstance(scans, dict) else scans)
    )
    return [collected.post.text for scan in chosen for collected in scan.posts]
