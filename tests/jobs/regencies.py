"""Several regencies with one installation, their accounts recorded: each night is a real one, only the platforms are not."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from collectors.base import Pace
from collectors.recorded import RecordedCollector, Recording
from jobs.offices import OfficeResult, run_offices
from jobs.progress import Silent
from jobs.wiring import Site, bare_site, job_in, open_store, site_of
from pantau.core.clock import local_day
from pantau.core.model import Scan, Target, Window
from pantau.core.ports import Collector
from pantau.core.settings_offices import Installation, load_installation
from pantau.delivery.folder import FolderTransport
from pantau.store.store import Store
from tests.jobs.office import COLUMNS
from tests.jobs.periods_office import Words, _line

PLATFORMS = ("x", "instagram")
Row = tuple[str, ...]
"""Unit code, name, kind, parent, platform, handle, platform_id: as in the register, as many as are needed."""


class Regencies:
    """The installation in a folder. ``blocks`` is the text of each ``[[office]]`` but its code, ``rows`` its register."""

    def __init__(
        self,
        home: Path,
        blocks: Mapping[str, str],
        rows: Mapping[str, Sequence[Row]],
        posts: Sequence[Words],
        shared: str = "",
    ) -> None:
        self.home, self.config, self.posts = home, home / "pantau.toml", list(posts)
        self.asked: Counter[str] = Counter()
        """How often each account was read, by its key."""
        self.by_server = False
        """Mails go through the mail server of the settings, not into a folder."""
        self.spoil: Callable[[Scan], None] = lambda _scan: None
        """Called with each scan before it is kept."""
        home.mkdir(parents=True, exist_ok=True)
        offices = "".join(f'[[office]]\ncode = "{code}"\n{text}\n' for code, text in blocks.items())
        self.config.write_text(f"[digest]\nattach = []\n{shared}\n{offices}", "utf-8")
        for code, listed in rows.items():
            self.register(code, listed)

    def register(self, code: str, rows: Sequence[Row]) -> None:
        """Write the register of an office."""
        lines = [",".join(COLUMNS), *(",".join([*row, *[""] * (len(COLUMNS) - len(row))]) for row in rows)]
        (self.home / code).mkdir(exist_ok=True)
        (self.home / code / "accounts.csv").write_text("\n".join(lines) + "\n", "utf-8")

    @property
    def installation(self) -> Installation:
        """Its settings as they are now."""
        return load_installation(self.config)

    def site(self, code: str, at: datetime) -> Site:
        """One office's surroundings; its mails go into a folder of its own."""
        job = job_in(self.installation, code, self.config, local_day(at))
        site = self._at(site_of(job), at)
        if self.by_server:
            return site
        return msgspec.structs.replace(site, transport=FolderTransport(self.home / "surel" / code))

    def night(self, at: datetime, *codes: str) -> dict[str, OfficeResult]:
        """One night of all offices, or of some."""
        sites = [self.site(code, at) for code in codes or self.installation.codes]
        shared = self._at(bare_site(self.installation.shared), at, build_collectors=self._collectors)
        return {result.code: result for result in run_offices(shared, sites, at, Silent())}

    def _at(self, site: Site, at: datetime, **more: object) -> Site:
        return msgspec.structs.replace(site, now=lambda: at, sleep=lambda _seconds: None, **more)

    def _collectors(self, _pace: Pace) -> dict[str, Collector]:
        (self.home / "posts.jsonl").write_text("".join(_line(n, *one) for n, one in enumerate(self.posts)), "utf-8")
        (self.home / "outcomes.json").write_text('{"accounts": [], "vanished": []}', "utf-8")
        recording = Recording(self.home)
        return {platform: _Counting(platform, recording, self) for platform in PLATFORMS}

    @contextmanager
    def store(self, code: str) -> Iterator[Store]:
        """An office's store."""
        with open_store(self.installation.office(code).database_url) as opened:
            yield opened

    def digest(self, code: str, form: str = "text") -> str:
        """The newest digest of an office."""
        with self.store(code) as store:
            run_id = next(reversed(store.documents.runs_with("staff")))
            return (store.documents.get(run_id, "staff", form) or b"").decode()

    def mails(self, code: str) -> list[Path]:
        """What was mailed for an office."""
        return sorted((self.home / "surel" / code).glob("*.eml"))

    def outputs(self, code: str) -> bytes:
        """Every byte that an office's nights left: digests, mails, run folders, database."""
        folders = [self.installation.office(code).state_dir, self.home / "surel" / code]
        return b"\n".join(path.read_bytes() for one in folders for path in sorted(one.rglob("*")) if path.is_file())


class _Counting(RecordedCollector):
    def __init__(self, platform: str, recording: Recording, town: Regencies) -> None:
        super().__init__(platform, recording)
        self._town = town

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        for scan in super().collect(targets, window):
            self._town.asked[scan.reading.account] += 1
            self._town.spoil(scan)
            yield scan
