"""The way to the Dask workers of ``[cluster]``: connecting, what workers say of themselves, work that comes back or says why not.

The only module that needs Dask (extra ``cluster``). What crosses the line is Python's own serialisation, so whoever can speak to
the scheduler can run code on every machine of the cluster and on this one: ``tls://``, or a closed network (docs/cluster.md).
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import uuid4

import structlog

from jobs.clock import now_utc
from jobs.shards import LEASE_S, Batch, Described, Order, ShardReader, describe, version
from pantau.core.errors import ClusterError, ClusterLostError
from pantau.core.settings import Files, Office, Settings

if TYPE_CHECKING:
    from distributed import Client

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
CONNECT_S = 10.0
CLOSE_S = 2.0
DESCRIBE_S = 60.0
"""A worker that has not said what it is by then is at fault."""
SILENCE_S = LEASE_S + 30.0
"""A worker that has not answered for so long is taken for dead; its lease has ended by then."""
_LOOK_S = 2.0
_SKEW = timedelta(minutes=1)


class ShardLostError(Exception):
    """The worker that did a piece of work died, or all that tried it did."""


@contextmanager
def open_cluster(settings: Settings, platforms: Sequence[str]) -> Iterator["Cluster | None"]:
    """The cluster of the settings; None when they name none. ``platforms`` are those that its workers are to read.

    Raises ``ClusterError`` when it cannot be used as it is: nothing has begun then.
    """
    if not settings.cluster.on:
        yield None
        return
    cluster = Cluster(settings, platforms)
    try:
        if faults := cluster.faults():
            raise ClusterError(f"[cluster] {settings.cluster.scheduler}: {'; '.join(faults)}.")
        yield cluster
    finally:
        cluster.close()


class Cluster:
    """An open line to the scheduler."""

    def __init__(self, settings: Settings, platforms: Sequence[str]) -> None:
        """Raises ``ClusterError`` when the scheduler cannot be reached, or the database is none that goes with a cluster."""
        self.address = settings.cluster.scheduler
        if not settings.database_url.startswith("postgresql"):
            where = f"[cluster] {self.address}: hanya dapat dipakai bersama PostgreSQL"
            raise ClusterError(f"{where}. Isi store.url atau store.url_secret, atau kosongkan cluster.scheduler.")
        self.settings = without_other_matters(settings)
        self.version = version()
        self._platforms = tuple(platforms)
        self._wait_s = settings.cluster.wait_s
        self._client = _connect(settings)
        self._lock = Lock()
        self._looked = 0.0
        self._alone_since: float | None = None
        self._described: dict[str, Described] = {}

    @property
    def workers(self) -> int:
        """How many there were at the start."""
        return len(self._described)

    @property
    def ocr(self) -> str:
        """Version of the workers' reader of pictures; empty: they have none."""
        return next(iter(self._described.values())).ocr

    def faults(self) -> list[str]:
        """What keeps the workers from being used, in words. Asks every worker. Raises ``ClusterLostError``."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
            asked = now_utc()
            workers = sorted(self._client.scheduler_info()["workers"])
        except TimeoutError:
            return ["penjadwal menjawab, tetapi tidak punya pekerja. Hidupkan dask worker (docs/cluster.md)"]
        except (OSError, CancelledError) as error:
            raise self.lost() from error
        answers = self._ask_each(workers)
        self._described = {name: one for name, one in answers.items() if isinstance(one, Described)}
        late = now_utc()
        found = []
        for name, one in sorted(answers.items()):
            if not isinstance(one, Described):
                found.append(
                    f"pekerja {name} tidak dapat memakai Pantau ({type(one).__name__}); pasang pantau[cluster]"
                )
                continue
            if one.version != self.version:
                found.append(f"pekerja {name} memakai {one.version}, mesin ini {self.version}; samakan")
            if not asked - _SKEW <= one.at <= late + _SKEW:
                found.append(f"jam pekerja {name} berbeda lebih dari satu menit; nyalakan penyelarasan waktu (NTP)")
            found += [f"pekerja {name}: {fault}" for fault in one.faults]
        if len({one.ocr for one in self._described.values()}) > 1:
            found.append("pembaca gambar para pekerja berlainan versi; samakan")
        return found

    def _ask_each(self, workers: Sequence[str]) -> "dict[str, Described | Exception]":
        """What every worker says of itself, or why it cannot."""
        asked = {
            name: self._client.submit(
                describe,
                self.settings,
                self._platforms,
                workers=[name],
                key=f"pantau-describe-{uuid4().hex}",
                pure=False,
            )
            for name in workers
        }
        until = time.monotonic() + DESCRIBE_S
        for future in asked.values():
            Call[Described](self, future).wait(until)
        silent = ClusterError("tidak menjawab")
        return {
            name: (future.exception() or future.result()) if future.done() else silent for name, future in asked.items()
        }

    def check(self) -> None:
        """Raises ``ClusterLostError`` when the scheduler is gone, or has had no worker for too long."""
        if self._client.status != "running":
            raise self.lost()
        with self._lock:
            now = time.monotonic()
            if now - self._looked < _LOOK_S:
                return
            self._looked = now
            try:
                workers = self._client.scheduler_info()["workers"]
            except (OSError, CancelledError) as error:
                raise self.lost() from error
            if workers:
                self._alone_since = None
            elif self._alone_since is None:
                self._alone_since = now
            elif now - self._alone_since > self._wait_s:
                raise self.lost(f"tidak punya pekerja lagi selama {self._wait_s:g} detik")

    @property
    def alone(self) -> bool:
        """True when there was no worker at the last look."""
        return self._alone_since is not None

    def lost(self, what: str = "tidak dapat dihubungi lagi") -> ClusterLostError:
        """The error for a cluster that ended in the middle of a night."""
        remedy = "Hidupkan penjadwal dan pekerjanya, periksa dengan pantau doctor, lalu jalankan pantau nightly lagi"
        safe = "Yang sudah tersimpan aman dan tidak dibaca ulang."
        return ClusterLostError(f"Penjadwal cluster {self.address} {what}. {remedy}. {safe}")

    def read(self, order: Order) -> "FarReader":
        """Have a worker read a shard."""
        return FarReader(self, self._client, order)

    def call(self, work: Callable[..., _T], *arguments: object) -> "Call[_T]":
        """Have a worker do something; when that worker dies another one does it. ``work`` is a function of ``jobs.shards``."""
        key = f"pantau-{work.__name__}-{uuid4().hex}"
        return Call(self, self._client.submit(work, *arguments, key=key, pure=False))

    def close(self) -> None:
        """Give up the line; what workers still do for this night ends."""
        self._client.close(timeout=CLOSE_S)


class Call(Generic[_T]):
    """A piece of work on its way."""

    def __init__(self, cluster: Cluster, future: Any) -> None:
        self._cluster = cluster
        self._future = future

    def wait(self, until: float = math.inf) -> None:
        """Until it is over, well or not, or until an instant of ``time.monotonic``. Raises ``ClusterLostError``."""
        from distributed import wait

        while not self._future.done() and time.monotonic() < until:
            self._cluster.check()
            try:
                wait(self._future, timeout=1.0)
            except TimeoutError:
                continue
            except (OSError, CancelledError):
                break
        if self._future.status == "cancelled":
            raise self._cluster.lost()

    def result(self) -> _T:
        """What the work gave, or raised. Raises ``ShardLostError`` when every worker that tried it died, ``ClusterLostError``."""
        self.wait()
        if self._future.status == "error":
            raise _reason(self._future)
        try:
            given: _T = self._future.result()
        except (OSError, CancelledError) as error:
            raise self._cluster.lost() from error
        return given


class FarReader:
    """A shard on some worker."""

    def __init__(self, cluster: Cluster, client: "Client", order: Order) -> None:
        self._cluster, self._client, self._order = cluster, client, order
        self._future: Any = None
        self._actor: Any = None
        self._call: Any = None
        self._asked = 0.0

    def take(self) -> Batch | None:
        """What was read since the last time; None: no answer yet. Never waits long.

        Raises ``ShardLostError`` when the worker is gone, ``ClusterLostError``, and what broke the collector.
        """
        self._cluster.check()
        if self._future is None:
            if self._cluster.alone:  # Dask does not promise to keep an actor waiting for a first worker
                return None
            key = f"pantau-read-{self._order.platform}-{uuid4().hex}"
            self._future = self._client.submit(ShardReader, self._order, key=key, pure=False, actor=True)
        status = self._future.status
        if status == "pending":
            return None
        if status == "cancelled":
            raise self._cluster.lost()
        if status != "finished":
            raise _reason(self._future)
        try:
            if self._actor is None:
                self._actor = self._future.result(timeout=CONNECT_S)
            if self._call is None:
                self._asked = time.monotonic()
                self._call = self._actor.take()
            if not self._call.done():
                if time.monotonic() - self._asked > SILENCE_S:
                    raise ShardLostError("silent")
                return None
            call, self._call = self._call, None
            batch: Batch = call.result(timeout=CONNECT_S)
        except (OSError, CancelledError) as error:
            raise ShardLostError(type(error).__name__) from error
        return batch


def _reason(future: Any) -> Exception:
    """Why some work failed: its own exception, or that its workers died."""
    from distributed.scheduler import KilledWorker

    error: Exception = future.exception(timeout=CONNECT_S)
    gone = isinstance(error, KilledWorker) or (type(error) is RuntimeError and "Actor was lost" in str(error))
    return ShardLostError(type(error).__name__) if gone else error


def without_other_matters(settings: Settings) -> Settings:
    """The settings as far as workers need them: no mail, no database, no readers' addresses."""
    return Settings(
        office=Office(timezone=settings.office.timezone),
        files=Files(state_dir=settings.files.state_dir),
        network=settings.network,
        collect=settings.collect,
        pictures=settings.pictures,
        base_dir=settings.base_dir.absolute(),
    )


def _connect(settings: Settings) -> "Client":
    cluster = settings.cluster
    try:
        import distributed
    except ImportError as error:
        what = f"[cluster] {cluster.scheduler}: tambahan cluster belum dipasang"
        raise ClusterError(f"{what}. Pasang dengan: pip install 'pantau[cluster]'.") from error
    _with_our_logs()
    security = None
    if cluster.scheduler.startswith("tls://"):
        settings.secret(f"file:{cluster.tls_key}").reveal()  # refused where others can read it
        paths = {
            f"tls_{name}": str(settings.path(getattr(cluster, f"tls_{key}")))
            for name, key in (("ca_file", "ca_file"), ("client_cert", "cert"), ("client_key", "key"))
        }
        security = distributed.Security(require_encryption=True, **paths)
    try:
        return distributed.Client(
            cluster.scheduler, timeout=CONNECT_S, security=security, name="pantau", direct_to_workers=False
        )
    except (OSError, ValueError) as error:
        remedy = "Periksa alamat dan sertifikatnya, hidupkan dask scheduler, atau kosongkan cluster.scheduler"
        what = f"Penjadwal cluster {cluster.scheduler} tidak dapat dihubungi ({type(error).__name__})"
        raise ClusterError(f"{what}. {remedy}; belum ada yang dikerjakan.") from error


def _with_our_logs() -> None:
    """What Dask logs goes the way of every other line; it says what becomes of single workers, which the night counts itself."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.NOTSET)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
