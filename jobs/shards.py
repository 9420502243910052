"""What runs on a worker of the cluster: reading a shard of accounts, the words on a picture, scores of the second signal.

A shard is the accounts of one credential (or of some hosts, where there is none). Workers are handed settings without mail and
database, resolve secrets in their own environment and files, write to no database, and keep nothing: what they read goes back to
the night, which alone stores it. Nothing here needs Dask.
"""

import platform as machine
import queue
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec
import structlog

from collectors.base import CollectorError, Pace
from jobs.clock import now_utc
from jobs.logs import configure
from jobs.wiring import COLLECTORS
from pantau.checks.ocr import TextReader, text_reader
from pantau.checks.pictures import Examined, examine
from pantau.checks.second_signal import shipped_signal
from pantau.core.errors import ClusterError, PantauError, PictureError
from pantau.core.model import Cost, Scan, Target, Window
from pantau.core.settings import Settings

LEASE_S = 60.0
"""A shard that nobody has asked for its scans for so long stops by itself: the night has given it to another worker, or is gone."""
TOGETHER = 100
_WAITING = 4 * TOGETHER
_ocr = Lock()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a worker: the accounts of a shard. Holds references to secrets, no secret."""

    version: str
    """Of Pantau, as ``version()`` gives it; another one on the worker is refused."""
    settings: Settings
    platform: str
    targets: tuple[Target, ...]
    window: Window
    deadline: datetime
    month_usd: dict[str, float]
    notes: dict[str, bytes]
    """The collector's files in the state folder, by name."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What has been read since the last time somebody asked."""

    scans: tuple[Scan, ...] = ()
    costs: tuple[Cost, ...] = ()
    """Since the shard began."""
    notes: dict[str, bytes] = {}
    """The files as the collector left them; only with ``done``."""
    done: bool = False
    """Nothing more will come; then ``scans`` is empty."""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself."""

    version: str
    ocr: str
    """Version of its reader of pictures; empty when it has none."""
    faults: tuple[str, ...]
    """What keeps it from working, in words."""
    at: datetime
    """Its clock."""


class _Lease:
    """Holds as long as somebody asks."""

    def __init__(self) -> None:
        self._until = time.monotonic() + LEASE_S

    def renew(self) -> None:
        self._until = time.monotonic() + LEASE_S

    @property
    def holds(self) -> bool:
        return time.monotonic() < self._until

    def sleep(self, seconds: float) -> None:
        """Sleep, at most as long as the lease holds."""
        until = time.monotonic() + seconds
        while self.holds and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 1.0))


class _LeasedPace(Pace):
    """A pace that ends with the lease, so that no two workers use one credential for long."""

    def __init__(self, lease: _Lease, order: Order) -> None:
        super().__init__(now_utc, lease.sleep, order.deadline, order.month_usd)
        self._lease = lease

    @property
    def expired(self) -> bool:
        """See ``Pace``."""
        return super().expired or not self._lease.holds

    def wait(self, seconds: float) -> None:
        """See ``Pace``."""
        super().wait(seconds)
        if not self._lease.holds:
            raise CollectorError("pekerja cluster ini tidak ditanya lagi", "stopped", source_down=True)


class ShardReader:
    """Reads the accounts of a shard in a thread of its own; ``take`` hands over what there is. A Dask actor."""

    def __init__(self, order: Order) -> None:
        """Raises ``ClusterError`` for another version, ``SecretError`` when a credential is missing here."""
        refuse_other_version(order.version)
        if not structlog.is_configured():
            configure(verbose=False)
        self._folder = TemporaryDirectory(prefix="pantau-")
        self._home = Path(self._folder.name)
        for name, content in order.notes.items():
            (self._home / name).write_bytes(content)
        files = msgspec.structs.replace(order.settings.files, state_dir=str(self._home))
        settings = msgspec.structs.replace(order.settings, files=files)
        self._lease = _Lease()
        self._collector = COLLECTORS[order.platform].build(settings, _LeasedPace(self._lease, order))
        self._names = COLLECTORS[order.platform].notes
        self._costs: tuple[Cost, ...] = ()
        self._arrived: queue.Queue[Scan] = queue.Queue(_WAITING)
        self._pool = ThreadPoolExecutor(1, f"shard-{order.platform}")
        self._work: Future[None] = self._pool.submit(self._read, order)
        self._pool.shutdown(wait=False)

    def _read(self, order: Order) -> None:
        for scan in self._collector.collect(order.targets, order.window):
            self._costs = self._collector.costs()
            while self._lease.holds:
                try:
                    self._arrived.put(scan, timeout=1.0)
                    break
                except queue.Full:
                    continue
            else:
                return
        self._costs = self._collector.costs()

    def take(self) -> Batch:
        """What was read since the last call. Raises what broke the collector, once everything before it was taken."""
        self._lease.renew()
        over = self._work.done()
        scans: list[Scan] = []
        while len(scans) < TOGETHER and not self._arrived.empty():  # nobody else takes from it
            scans.append(self._arrived.get())
        if scans or not over:
            return Batch(scans=tuple(scans), costs=self._costs)
        self._work.result()
        files = {name: self._home / name for name in self._names}
        notes = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
        return Batch(costs=self._costs, notes=notes, done=True)


def version() -> str:
    """Of Pantau, Python and the trained model: what must be the same on all machines of a night."""
    try:
        signal = shipped_signal().version
    except PantauError:
        signal = "-"
    minor = ".".join(machine.python_version_tuple()[:2])
    return f"pantau {metadata.version('pantau')}, Python {minor}, model {signal}"


def refuse_other_version(wanted: str) -> None:
    """Raises ``ClusterError`` on a worker that is not like the machine that asks."""
    if version() != wanted:
        here = f"Pekerja cluster di {machine.node()} memakai {version()}, mesin utama {wanted}"
        raise ClusterError(f"{here}. Samakan pemasangannya, lalu hidupkan ulang pekerja itu.")


def describe(settings: Settings, platforms: Sequence[str]) -> Described:
    """What this worker is and what it lacks for reading ``platforms``."""
    faults: list[str] = []
    pace = Pace(now_utc, time.sleep, now_utc())
    with TemporaryDirectory(prefix="pantau-") as home:
        files = msgspec.structs.replace(settings.files, state_dir=home)
        for name in platforms:
            try:
                COLLECTORS[name].build(msgspec.structs.replace(settings, files=files), pace)
            except PantauError as error:
                faults.append(f"{name}: {error}")
    try:
        ocr = _reader().version
    except PictureError as error:
        ocr = ""
        if settings.pictures.enabled:
            faults.append(f"{error}; pasang dengan: pip install 'pantau[cluster,ocr]'")
    return Described(version=version(), ocr=ocr, faults=tuple(faults), at=now_utc())


@cache
def _reader() -> TextReader:
    return text_reader()


def examine_here(reader_version: str, data: bytes) -> Examined | str:
    """What a picture shows, or why it cannot be read."""
    try:
        reader = _reader()
        if reader.version != reader_version:
            raise ClusterError(f"Pembaca gambar pekerja di {machine.node()} versi {reader.version}; samakan.")
        with _ocr:
            return examine(reader, data)
    except PictureError as error:
        return str(error)


def raw_here(wanted: str, texts: Sequence[str]) -> bytes:
    """The raw scores of texts, as ``KnownSignal`` takes them. Raises ``ClusterError`` for another version."""
    refuse_other_version(wanted)
    return shipped_signal().raw(texts).tobytes()
