"""One simulated night against the local Instagram server, shared by the tests of the collector."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from collectors.base import Pace
from collectors.instagram_web import InstagramWebCollector
from pantau.core.model import Account, Scan, Target, Window
from pantau.core.settings import InstagramSettings
from tests.fakes import SimClock
from tests.servers.instagram_server import FakeIgAccount, FakeIgPost, InstagramServer

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
WINDOW = Window(SINCE, NOW)


def hours_ago(hours: float) -> datetime:
    """An instant before the night's beginning."""
    return NOW - timedelta(hours=hours)


def office(number: int, posts: Sequence[FakeIgPost] | None = None) -> FakeIgAccount:
    """An invented account with one post of today and five older ones, unless told otherwise."""
    own = [FakeIgPost(hours_ago(2), f"Layanan {number}")]
    own += [FakeIgPost(hours_ago(30 + 24 * day), f"Arsip {day}") for day in range(5)]
    return FakeIgAccount(f"dinas_contoh_{number}", str(1000 + number), list(own if posts is None else posts))


@dataclass
class Night:
    """Reads accounts of ``server``. ``signed_in`` False: as a visitor. ``known`` False: no numeric ids in the register."""

    server: InstagramServer
    folder: Path
    signed_in: bool = True
    known: bool = True
    canary: str = ""
    deadline_h: float = 4
    timeout_s: float = 5
    pause_s: float = 0.0
    clock: SimClock = field(default_factory=lambda: SimClock(NOW))
    stored: str = ""
    """Newest post id that the store has of each account; empty: it has none."""
    notes: bool = False
    """Remember requests and refusals in a file of ``folder``."""

    def collector(self) -> InstagramWebCollector:
        """A collector as wiring would build it."""
        chosen = InstagramSettings(enabled=True, username="pemantau", canary=self.canary, timeout_s=self.timeout_s)
        chosen = msgspec.structs.replace(chosen, pause_s=self.pause_s)
        session = self.folder / "session.json"
        if self.signed_in and not session.exists():
            self.server.write_session(session)
        pace = Pace(self.clock.now, self.clock.sleep, NOW + timedelta(hours=self.deadline_h))
        notes = self.folder / "instagram.json" if self.notes else None
        return InstagramWebCollector(chosen, self.server.network, session if self.signed_in else None, pace, notes)

    def targets(self, accounts: Sequence[FakeIgAccount] | None = None, since: datetime = SINCE) -> list[Target]:
        """One target per account of the server."""
        return [
            Target(
                account=Account(
                    platform="instagram", handle=one.handle, unit="u", platform_id=one.id if self.known else ""
                ),
                since=since,
                last_post_id=self.stored,
            )
            for one in (self.server.accounts if accounts is None else accounts)
        ]

    def read(self, since: datetime = SINCE) -> list[Scan]:
        """All scans of the night."""
        return list(self.collector().collect(self.targets(since=since), WINDOW))


def texts(scan: Scan) -> list[str]:
    """The captions that a scan brought, newest first."""
    return [one.post.text for one in scan.posts]


def outcomes(scans: Sequence[Scan]) -> list[str]:
    """What became of each account: its outcome, and for unread ones the class of the reason."""
    return [" ".join(filter(None, (scan.reading.outcome, scan.reading.unread_class))) for scan in scans]
