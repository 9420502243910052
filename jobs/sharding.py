"""Collection by the workers of a cluster: one shard per credential, so that its limits hold; sites are shared out by host.

A shard is read by one worker at a time, whose scans come as they are final and are stored by this process alone. When the worker
dies, another one gets the accounts that are still open.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog

from collectors.base import Pace, failed_scan
from jobs.cluster import Cluster, FarReader, ShardLostError, open_cluster
from jobs.shards import Batch, Order
from jobs.wiring import COLLECTORS, Site
from pantau.core.errors import ClusterError, ClusterLostError, SecretError
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.ports import Collector
from pantau.core.settings import Settings

_log = structlog.get_logger(__name__)
MOST_LOSSES = 3
"""So many workers may die on a shard without one account read in between; then its open accounts are taken for the cause."""
_POLL_S = 0.2
_FIELDS = ("requests", "posts_billed", "users_billed", "usd")


def shared_platforms(settings: Settings) -> tuple[str, ...]:
    """Platforms that workers read: those set up whose credential may be used from any machine."""
    return tuple(
        name for name, source in COLLECTORS.items() if source.is_set_up(settings) and not source.stays_home(settings)
    )


def far_collectors(
    cluster: Cluster, settings: Settings, own: Mapping[str, Collector], pace: Pace
) -> dict[str, Collector]:
    """``own`` collectors, with those of shared platforms replaced by ones that have workers read."""
    limits, shared = settings.collect.deadlines_min, shared_platforms(settings)
    return {
        name: FarCollector(collector, cluster, settings, pace.within(limits.get(name))) if name in shared else collector
        for name, collector in own.items()
    }


@contextmanager
def on_cluster(site: Site) -> Iterator[Site]:
    """The site as it works with the cluster of its settings; the same where there is none. Raises ``ClusterError``."""
    settings = site.job.settings
    with open_cluster(settings, shared_platforms(settings)) as cluster:
        yield with_cluster(site, cluster)


def with_cluster(site: Site, cluster: Cluster | None) -> Site:
    """The site with an open cluster that several offices may share; None: as it is."""
    if cluster is None:
        return site
    build, settings = site.build_collectors, site.job.settings
    return msgspec.structs.replace(
        site, cluster=cluster, build_collectors=lambda pace: far_collectors(cluster, settings, build(pace), pace)
    )


class FarCollector:
    """Reads accounts of one platform by workers. See ``pantau.core.ports.Collector``."""

    def __init__(self, own: Collector, cluster: Cluster, settings: Settings, pace: Pace) -> None:
        """``own`` does here what is too little to be handed on."""
        self.platform = own.platform
        self._own = own
        self._cluster = cluster
        self._pace = pace
        self._folder = settings.shared_dir
        self._shards: list[_Shard] = []

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """See ``Collector``. Raises ``ClusterLostError`` and what broke a collector on its worker."""
        names = COLLECTORS[self.platform].notes
        notes = {name: path.read_bytes() for name in names if (path := self._folder / name).is_file()}
        month_usd = dict(self._pace.month_usd)
        running = []
        for part in self._parts(targets):
            order = Order(
                version=self._cluster.version,
                settings=self._cluster.settings,
                platform=self.platform,
                targets=part,
                window=window,
                deadline=self._pace.deadline,
                month_usd=month_usd,
                notes=notes,
            )
            running.append(_Shard(self._cluster, order, self._pace, self._folder))
        self._shards += running
        while running:
            for shard in tuple(running):
                yield from shard.scans()
            running = [shard for shard in running if not shard.done]
            if running:
                time.sleep(_POLL_S)

    def _parts(self, targets: Sequence[Target]) -> list[tuple[Target, ...]]:
        """The targets of each shard."""
        apart = COLLECTORS[self.platform].apart
        if apart is None or self._cluster.workers < 2:
            return [tuple(targets)] if targets else []
        groups: dict[str, list[Target]] = {}
        for target in targets:
            groups.setdefault(apart(target.account), []).append(target)
        parts: list[list[Target]] = [[] for _ in range(min(self._cluster.workers, len(groups)))]
        for group in sorted(groups.values(), key=len, reverse=True):
            min(parts, key=len).extend(group)
        return [tuple(part) for part in parts]

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """See ``Collector``; asked from this machine."""
        return self._own.identify(accounts)

    def costs(self) -> tuple[Cost, ...]:
        """What workers told of, and what was used here. What a dead worker used after its last word is not in it."""
        return _summed([*self._own.costs(), *(cost for shard in self._shards for cost in shard.costs)])


class _Shard:
    """The accounts of one credential on their way."""

    def __init__(self, cluster: Cluster, order: Order, pace: Pace, folder: Path) -> None:
        self._cluster, self._order, self._pace, self._folder = cluster, order, pace, folder
        self._left = {target.account.key: target for target in order.targets}
        self._reader: FarReader = cluster.read(order)
        self._losses = 0
        self._spent: list[Cost] = []
        """By workers that died."""
        self._now: tuple[Cost, ...] = ()
        self.done = False

    @property
    def costs(self) -> list[Cost]:
        """So far."""
        return [*self._spent, *self._now]

    def scans(self) -> Iterator[Scan]:
        """Those that have come since the last call."""
        try:
            batch = self._reader.take()
        except ShardLostError as error:
            yield from self._begin_again(str(error))
            return
        except ClusterLostError:
            raise
        except (ClusterError, SecretError) as error:  # a worker that came later, and is not as the others
            yield from self._give_up(str(error))
            return
        if batch is not None:
            yield from self._taken(batch)

    def _taken(self, batch: Batch) -> Iterator[Scan]:
        self._now = batch.costs
        for scan in batch.scans:
            if self._left.pop(scan.reading.account, None) is not None:
                self._losses = 0
                yield scan
        if batch.done:
            self.done = True
            for name, content in batch.notes.items():
                merge_notes(self._folder / name, self._order.notes.get(name, b"{}"), content)

    def _begin_again(self, reason: str) -> Iterator[Scan]:
        """Another worker gets what is open; after too many losses in a row it stays unread."""
        self._losses += 1
        self._spent += self._now
        self._now = ()
        place = {"platform": self._order.platform, "left": len(self._left)}
        _log.warning("cluster_worker_lost", reason=reason, in_a_row=self._losses, **place)
        if self._losses < MOST_LOSSES:
            order = msgspec.structs.replace(self._order, targets=tuple(self._left.values()))
            self._reader = self._cluster.read(order)
            return
        yield from self._give_up(f"pekerja cluster mati {MOST_LOSSES} kali berturut-turut saat membaca akun-akun ini")

    def _give_up(self, reason: str) -> Iterator[Scan]:
        self.done = True
        for target in self._left.values():
            yield failed_scan(target.account, "stopped", reason, self._pace.now(), "")


def _summed(costs: Sequence[Cost]) -> tuple[Cost, ...]:
    """One per source."""
    found: dict[tuple[str, str], Cost] = {}
    for cost in costs:
        before = found.get((cost.platform, cost.source))
        if before is not None:
            sums = {name: getattr(before, name) + getattr(cost, name) for name in _FIELDS}
            cost = msgspec.structs.replace(before, **sums)
        found[cost.platform, cost.source] = cost
    return tuple(found.values())


def merge_notes(path: Path, sent: bytes, returned: bytes) -> None:
    """Take over what a worker changed in a file of notes; several workers may have had the same one.

    Notes only save requests, so a file that cannot be read or written is left alone.
    """
    try:
        before, after = _notes(sent), _notes(returned)
        known = _notes(path.read_bytes()) if path.is_file() else {}
        known |= {key: note for key, note in after.items() if before.get(key) != note}
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(known))
        fresh.replace(path)
    except (OSError, msgspec.DecodeError) as error:
        _log.warning("notes.not_saved", file=path.name, error=type(error).__name__)


def _notes(content: bytes) -> dict[str, Any]:
    return msgspec.json.decode(content, type=dict[str, Any])
