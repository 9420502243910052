"""An office that reads sites or channels night after night as ``jobs`` and the store do: watermarks, first dates, learnt ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from collectors.base import Pace
from pantau.core.model import Account, Collected, Cost, Scan, Target, Window
from pantau.core.ports import Collector
from tests.fakes import SimClock

NIGHT = datetime(2026, 11, 10, 19, 0, tzinfo=UTC)
"""02:00 in Jakarta."""


@dataclass
class FeedOffice:
    """``build`` makes tonight's collector. ``stored``: post id to the first version; ``arrivals``: how often each came as new."""

    build: Callable[[Pace], Collector]
    accounts: list[Account]
    clock: SimClock = field(default_factory=lambda: SimClock(NIGHT))
    first_days: int = 35
    deadline_h: float = 4.0
    stored: dict[str, Collected] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    marks: dict[str, datetime] = field(default_factory=dict)
    costs: tuple[Cost, ...] = ()

    def night(self, *, lose: bool = False) -> dict[str, Scan]:
        """One night up to now. Scans by handle. ``lose``: the process is killed before anything reaches the store."""
        end = self.clock.now()
        window = Window(end - timedelta(days=1), end)
        earliest = end - timedelta(days=self.first_days)
        targets = [Target(account=one, since=self.marks.get(one.handle, earliest)) for one in self.accounts]
        pace = Pace(self.clock.now, self.clock.sleep, end + timedelta(hours=self.deadline_h))
        collector = self.build(pace)
        scans = list(collector.collect(targets, window))
        self.costs = collector.costs()
        by_key = {target.account.key: target.account.handle for target in targets}
        assert sorted(scan.reading.account for scan in scans) == sorted(by_key), "not exactly one scan per target"
        result = {by_key[scan.reading.account]: scan for scan in scans}
        if not lose:
            for handle, scan in result.items():
                self._keep(handle, scan, end)
        return result

    def next_day(self, hours: float = 24) -> None:
        """Let time pass until the next night."""
        self.clock.time += timedelta(hours=hours)

    def texts(self) -> list[str]:
        """First lines of all posts in the store, sorted."""
        return sorted(one.post.text.split("\n")[0] for one in self.stored.values())

    def _keep(self, handle: str, scan: Scan, end: datetime) -> None:
        for item in scan.posts:
            assert item.post.published_at < end, "a post of the next night was delivered"
            old = self.stored.setdefault(item.post.key, item)
            if old.post.text != item.post.text:
                self.edits.append(item.post.key)
                self.stored[item.post.key] = item
        if scan.platform_id:
            self.accounts = [
                msgspec.structs.replace(one, platform_id=scan.platform_id) if one.handle == handle else one
                for one in self.accounts
            ]
        if scan.reading.complete:
            self.marks[handle] = max(self.marks.get(handle, end), min(end, scan.reading.checked_at))


def outcome(scan: Scan) -> str:
    """Outcome and, for unread ones, the class of the reason."""
    return " ".join(filter(None, (scan.reading.outcome, scan.reading.unread_class)))


def outcomes(scans: Sequence[Scan]) -> set[str]:
    """The different outcomes."""
    return {outcome(scan) for scan in scans}
