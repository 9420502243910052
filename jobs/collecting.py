"""First part of a night: read every account that has not been read in this run, or record why not."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from collectors.base import Pace, failed_scan
from jobs.planning import LOOK_BACK_DAYS, plan_night
from jobs.progress import Progress
from jobs.rechecking import posts_to_look_at_again
from jobs.wiring import Site, open_store
from pantau.accounts.norms import norm_for
from pantau.core.errors import ClusterLostError, StoreError
from pantau.core.model import Account, Cost, Reading, Run, Scan, Target, Unit, Window
from pantau.store.store import Store

_log = structlog.get_logger(__name__)
NOT_WATCHED = "platform ini belum dipantau"
TOGETHER = 100
"""So many scans are kept in one transaction at most; a kill costs those that were not kept yet, and they are read again."""
_LOOK_S = 2.0
"""So long nothing may arrive before it is looked whether the readers are alive."""
INTENDED = frozenset({"not_watched", "rotation"})
"""Classes of unread accounts that are no failure: the office decided so."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has to read, and what decides who comes first."""

    left: Sequence[Account]
    """Accounts without a reading in this run."""
    read: Sequence[Account]
    """Those that have one."""
    units: Mapping[str, Unit]
    history: Mapping[str, Sequence[Reading]]
    """Earlier readings by account key."""
    limit_days: Mapping[str, int]
    """Norm and grace by account key."""
    targets: Mapping[str, Target]
    """How each account is read, by its key."""


class Keeper(Protocol):
    """Keeps what a run reads: the store of an office, or those of several."""

    @property
    def costs(self) -> "CostKeeper":
        """What reading cost."""
        ...

    def save_scans(self, run_id: str, found: Iterable[tuple[Scan, Window | None]]) -> None:
        """See ``Store.save_scans``."""
        ...


class CostKeeper(Protocol):
    """See ``pantau.store.costs.Costs``."""

    def save(self, run_id: str, costs: Iterable[Cost], attempt: str = "") -> None:
        """Keep what this process used."""
        ...

    def of_month(self, year: int, month: int, zone: ZoneInfo) -> list[Cost]:
        """What was used in a calendar month."""
        ...


def collect(site: Site, store: Store, run: Run, accounts: Sequence[Account], progress: Progress) -> list[Reading]:
    """Read the accounts that have no reading in ``run`` yet, each from where its last complete reading ended.

    The most urgent come first; where a platform's accounts take turns, those that wait get a reading that says so.
    """
    return read_wanted(site, store, run, wanted(site, store, run, accounts), progress)


def wanted(site: Site, store: Store, run: Run, accounts: Sequence[Account]) -> Wanted:
    """What of the accounts ``run`` has not read yet, and from when on."""
    settings, register = site.job.settings.collect, site.job.register
    marks = store.accounts.watermarks()
    earliest = run.as_of - timedelta(days=settings.first_days)
    done = {reading.account: reading for reading in store.readings.of_run(run.run_id)}
    left = [account for account in accounts if account.key not in done]
    units = {unit.code: unit for unit in register.units}
    norms = {account.key: norm_for(account, units[account.unit], site.job.settings.norms) for account in left}
    recheck = posts_to_look_at_again(store, run.run_id, settings.recheck_posts)
    targets = {}
    for account in left:
        mark = marks.get(account.key)
        since = min(max(mark.since, earliest), run.window.end) if mark else earliest
        last = mark.last_post_id if mark else ""
        again = recheck.get(account.key, ())
        targets[account.key] = Target(account=account, since=since, last_post_id=last, recheck=again)
    return Wanted(
        left=left,
        read=[a for a in accounts if a.key in done and done[a.key].unread_class != "rotation"],
        units=units,
        history=store.readings.history([a.key for a in left], run.as_of - timedelta(days=LOOK_BACK_DAYS)),
        limit_days={key: norm.days + norm.grace for key, norm in norms.items()},
        targets=targets,
    )


def read_wanted(site: Site, keeper: Keeper, run: Run, want: Wanted, progress: Progress) -> list[Reading]:
    """Read what is wanted, as many as have room tonight."""
    room = site.job.settings.collect.max_accounts
    plan = plan_night(want.left, want.units, want.history, want.limit_days, room, want.read, run.as_of)
    waiting = [failed_scan(account, "rotation", reason, run.as_of, "") for account, reason in plan.postponed]
    keeper.save_scans(run.run_id, [(scan, None) for scan in waiting])
    return read_targets(site, keeper, run, [want.targets[account.key] for account in plan.accounts], progress)


def read_targets(site: Site, store: Keeper, run: Run, targets: Sequence[Target], progress: Progress) -> list[Reading]:
    """Read every target; what has arrived is on disk before more is waited for. The readings in order of arrival.

    Platforms are read side by side, each by its own thread; only this thread writes.
    """
    collectors = site.build_collectors(pace_of_run(site, store))
    by_platform: dict[str, list[Target]] = {platform: [] for platform in collectors}
    unwatched = []
    for target in targets:
        if target.account.platform in collectors:
            by_platform[target.account.platform].append(target)
        else:
            unwatched.append(failed_scan(target.account, "not_watched", NOT_WATCHED, run.as_of, ""))
    store.save_scans(run.run_id, [(scan, None) for scan in unwatched])
    readings = [scan.reading for scan in unwatched]
    progress.start("Membaca akun", len(targets) - len(readings))
    asks = {
        platform: Ask([target.account for target in own], partial(collectors[platform].collect, own, run.window))
        for platform, own in by_platform.items()
    }
    for arrived in side_by_side(asks, run.window.end):
        store.save_scans(run.run_id, [(scan, _span(scan, run.window)) for scan in arrived])
        readings += [scan.reading for scan in arrived]
        for _ in arrived:
            progress.step()
    costs = tuple(cost for collector in collectors.values() for cost in collector.costs())
    store.costs.save(run.run_id, costs, attempt=f"{site.now():%Y%m%d%H%M%S%f}")
    return readings


def _span(scan: Scan, window: Window) -> Window | None:
    """The stretch of time of which the scan shows every post."""
    return Window(scan.seen_from, window.end) if scan.seen_from and scan.seen_from < window.end else None


def pace_of_run(site: Site, store: Keeper) -> Pace:
    """Clock and limits of this run: its deadline, and what the month has cost so far, other offices included."""
    now, zone = site.now(), site.job.settings.zone
    today = now.astimezone(zone)
    costs = store.costs.of_month(today.year, today.month, zone)
    for other in site.job.others:
        try:
            with open_store(other.database_url) as theirs:
                costs += theirs.costs.of_month(today.year, today.month, zone)
        except StoreError as error:  # another office's trouble is no reason to leave this one unread
            _log.warning("costs_of_office_unknown", office=other.code, reason=str(error))
    month_usd: dict[str, float] = {}
    for cost in costs:
        month_usd[cost.platform] = month_usd.get(cost.platform, 0.0) + cost.usd
    deadline = now + timedelta(minutes=site.job.settings.collect.deadline_min)
    return Pace(site.now, site.sleep, deadline, month_usd)


class Ask(NamedTuple):
    """What one platform's thread does: ``scans`` gives one scan per account."""

    accounts: Sequence[Account]
    scans: Callable[[], Iterator[Scan]]


def side_by_side(asks: Mapping[str, Ask], at: datetime) -> Iterator[list[Scan]]:
    """The scans of all platforms as they arrive, one per account whatever a collector does.

    Together come those that have arrived meanwhile, at most ``TOGETHER``. Raises ``ClusterLostError`` when nobody reads any more.
    """
    arrived: queue.Queue[Scan | ClusterLostError | str] = queue.Queue()
    left = {platform: {account.key: account for account in ask.accounts} for platform, ask in asks.items()}
    reading: dict[str, threading.Thread] = {}
    for platform, ask in asks.items():
        work = (platform, ask, left[platform], at, arrived)
        reading[platform] = threading.Thread(target=_ask_platform, args=work, name=f"collect-{platform}", daemon=True)
        with suppress(RuntimeError):  # no room for another thread: one that never lived is a dead one
            reading[platform].start()
    while reading:
        batch = _next_of(arrived)
        for item in batch:
            if isinstance(item, str):
                del reading[item]
        silent = [platform for platform, thread in reading.items() if not (batch or thread.is_alive())]
        if silent and arrived.empty():  # looked at after the thread's end: nothing of it is on its way
            reason = "pembaca platform ini berhenti tanpa keterangan, mungkin karena memori mesin habis"
            batch = [failed_scan(one, "format", reason, at, "") for name in silent for one in left[name].values()]
            reading = {platform: thread for platform, thread in reading.items() if platform not in silent}
            _log.error("collectors_died", platforms=silent)
        if scans := [scan for scan in batch if isinstance(scan, Scan)]:
            yield scans
        for item in batch:
            if isinstance(item, ClusterLostError):
                raise item


def _next_of(arrived: "queue.Queue[Scan | ClusterLostError | str]") -> list[Scan | ClusterLostError | str]:
    """What has arrived, at most ``TOGETHER``; nothing when nothing came for a while."""
    try:
        batch = [arrived.get(timeout=_LOOK_S)]
    except queue.Empty:
        return []
    while len(batch) < TOGETHER and not arrived.empty():  # nobody else takes from it
        batch.append(arrived.get())
    return batch


def _ask_platform(
    platform: str,
    ask: Ask,
    left: dict[str, Account],
    at: datetime,
    arrived: "queue.Queue[Scan | ClusterLostError | str]",
) -> None:
    """Body of a platform's thread. A collector that breaks leaves the rest of its accounts unread, never unmentioned.

    ``left`` are the accounts without a scan so far. The platform's name is put last.
    """
    try:
        for scan in ask.scans():
            left.pop(scan.reading.account, None)
            arrived.put(scan)
        reason = "pembaca platform ini berhenti tanpa hasil untuk akun ini"
    except ClusterLostError as error:  # no fault of these accounts: the next start reads them
        arrived.put(error)
        return
    except Exception as error:  # a collector's own mistake must not cost the other platforms their night
        _log.error("collector_failed", platform=platform, error=type(error).__name__, exc_info=True)
        reason = f"pembaca platform ini berhenti karena kesalahan ({type(error).__name__})"
    for account in left.values():
        arrived.put(failed_scan(account, "format", reason, at, ""))
    arrived.put(platform)


def unread(readings: Iterable[Reading]) -> list[Reading]:
    """Readings that failed, not counting platforms that are not watched and accounts that wait for their turn."""
    return [r for r in readings if r.outcome == "unread" and r.unread_class not in INTENDED]
