"""One simulated night against the local Graph API, shared by the tests of Meta's collectors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from collectors.base import Pace
from collectors.instagram_graph import InstagramGraphCollector
from pantau.core.model import Account, Scan, Target, Window
from pantau.core.settings import Network
from pantau.core.settings_meta import MetaSettings
from tests.collectors.instagram_night import NOW, SINCE, WINDOW
from tests.fakes import SimClock
from tests.servers.graph_server import OUR_USER_ID, GraphServer


@dataclass
class GraphNight:
    """Reads all of Instagram's accounts that ``server`` has, by their names."""

    server: GraphServer
    deadline_h: float = 4
    read_timeout_s: float = 2
    max_wait_s: float = 3600
    app_secret: str = ""
    clock: SimClock = field(default_factory=lambda: SimClock(NOW))
    notes_file: Path | None = None

    @property
    def meta(self) -> MetaSettings:
        """The settings that lead to the local server."""
        return MetaSettings(api_url=self.server.url, read_timeout_s=self.read_timeout_s, max_wait_s=self.max_wait_s)

    @property
    def pace(self) -> Pace:
        """The simulated clock with the night's deadline."""
        return Pace(self.clock.now, self.clock.sleep, NOW + timedelta(hours=self.deadline_h))

    def collector(self) -> InstagramGraphCollector:
        """A collector as the registry would build it."""
        token = self.server.token
        secret = self.app_secret
        return InstagramGraphCollector(OUR_USER_ID, token, self.meta, Network(), secret, self.pace, self.notes_file)

    def targets(self, handles: Sequence[str] = (), since: datetime = SINCE) -> list[Target]:
        """One target per account of the server, or per handle given."""
        names = handles or [one.handle for one in self.server.instagram]
        return [Target(account=Account(platform="instagram", handle=name, unit="u"), since=since) for name in names]

    def read(self, since: datetime = SINCE, window: Window = WINDOW) -> list[Scan]:
        """All scans of the night."""
        return list(self.collector().collect(self.targets(since=since), window))
