"""How accounts are shared out among workers, and what becomes of those on which workers die."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.base import CollectorError, Pace
from jobs import shards
from jobs.cluster import ShardLostError
from jobs.sharding import FarCollector, merge_notes, shared_platforms
from jobs.shards import Batch, Order, ShardReader
from pantau.core.errors import ClusterError, ClusterLostError
from pantau.core.model import Account, Cost, Reading, Scan, Target, Window
from pantau.core.settings import Settings
from pantau.core.settings_file import settings_from

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
WINDOW = Window(AT - timedelta(days=1), AT)


class Workers:
    """Workers that do as ``script`` says at each call: a number of accounts read, "die", "end", or an error."""

    version, settings = "uji", Settings()

    def __init__(self, script: Sequence[object], workers: int = 2) -> None:
        self.workers, self.script, self.orders = workers, list(script), list[Order]()

    def read(self, order: Order) -> "Workers._Reader":
        self.orders.append(order)
        return Workers._Reader(self, order)

    class _Reader:
        def __init__(self, owner: "Workers", order: Order) -> None:
            self._owner, self._left, self._read = owner, list(order.targets), 0

        def take(self) -> Batch:
            step = self._owner.script.pop(0)
            if step == "die":
                raise ShardLostError("KilledWorker")
            if isinstance(step, Exception):
                raise step
            if step == "end":
                return Batch(done=True, costs=self._costs())
            assert isinstance(step, int)
            now, self._left = self._left[:step], self._left[step:]
            self._read += len(now)
            return Batch(scans=tuple(scan(target.account) for target in now), costs=self._costs())

        def _costs(self) -> tuple[Cost, ...]:
            return (Cost(platform="x", source="x-search", requests=self._read),)


class Own:
    """The collector of this machine, which must not be asked to collect."""

    platform = "x"

    def costs(self) -> tuple[Cost, ...]:
        return ()


def scan(account: Account) -> Scan:
    return Scan(reading=Reading(account=account.key, outcome="read", checked_at=AT, complete=True))


def targets(handles: Sequence[str], platform: str = "x") -> list[Target]:
    return [Target(account=Account(platform=platform, handle=one, unit="U"), since=AT) for one in handles]


def collector(workers: Workers, folder: Path, platform: str = "x") -> FarCollector:
    own: Any = Own()
    own.platform = platform
    settings = msgspec.structs.replace(Settings(), base_dir=folder)
    far: Any = workers
    return FarCollector(own, far, settings, Pace(lambda: AT, time.sleep, AT + timedelta(hours=4)))


def test_what_a_dead_worker_had_read_is_not_asked_of_the_next(tmp_path: Path) -> None:
    workers = Workers([2, "die", 3, "end"])
    far = collector(workers, tmp_path)
    read = [one.reading.account for one in far.collect(targets(["a", "b", "c", "d", "e"]), WINDOW)]
    assert read == ["x:@a", "x:@b", "x:@c", "x:@d", "x:@e"]
    assert [[t.account.handle for t in order.targets] for order in workers.orders] == [list("abcde"), list("cde")]
    assert [cost.requests for cost in far.costs()] == [5]


def test_accounts_on_which_every_worker_dies_are_unread_with_the_reason_and_the_others_are_read(tmp_path: Path) -> None:
    far = collector(Workers([1, "die", "die", "die"]), tmp_path)
    found = [one.reading for one in far.collect(targets(["a", "b", "c"]), WINDOW)]
    assert [(one.account, one.outcome, one.unread_class) for one in found] == [
        ("x:@a", "read", ""),
        ("x:@b", "unread", "stopped"),
        ("x:@c", "unread", "stopped"),
    ]
    assert found[1].reason == "pekerja cluster mati 3 kali berturut-turut saat membaca akun-akun ini"


def test_deaths_that_do_not_follow_one_another_are_no_reason_to_give_up(tmp_path: Path) -> None:
    far = collector(Workers(["die", "die", 1, "die", "die", 1, "end"]), tmp_path)
    assert [one.reading.outcome for one in far.collect(targets(["a", "b"]), WINDOW)] == ["read", "read"]


def test_a_lost_cluster_ends_the_reading_and_a_worker_unlike_the_others_costs_its_platform(tmp_path: Path) -> None:
    with pytest.raises(ClusterLostError):
        list(collector(Workers([1, ClusterLostError("hilang")]), tmp_path).collect(targets(["a", "b"]), WINDOW))
    far = collector(Workers([1, ClusterError("versi lain")]), tmp_path)
    assert [one.reading.reason for one in far.collect(targets(["a", "b"]), WINDOW)] == ["", "versi lain"]


def test_sites_are_shared_out_by_host_and_a_credential_is_never_split(tmp_path: Path) -> None:
    sites = targets(["a.id", "b.id/x", "b.id/y", "B.id/z", "c.id", "d.id"], "website")
    workers = Workers([9, 9, "end", "end"])
    assert len(list(collector(workers, tmp_path, "website").collect(sites, WINDOW))) == 6
    hosts = [{target.account.handle.split("/")[0].lower() for target in order.targets} for order in workers.orders]
    assert len(hosts) == 2
    assert not hosts[0] & hosts[1]
    alone = Workers([9, "end"])
    list(collector(alone, tmp_path).collect(targets(["a", "b", "c"]), WINDOW))
    assert len(alone.orders) == 1


def test_what_belongs_to_one_machine_stays_there(tmp_path: Path) -> None:
    table: dict[str, Any] = {
        "x": {"bearer_token": "env:A"},
        "instagram": {"enabled": True, "session_file": "s.json"},
        "tiktok": {"client_key": "k", "client_secret": "env:B", "redirect_url": "http://localhost:3455/callback/"},
        "website": {"enabled": True},
    }
    settings = settings_from({"collect": table}, "pantau.toml", tmp_path)
    assert shared_platforms(settings) == ("x", "website")
    graph = {"graph_token": "env:C", "graph_user_id": "178414"}
    settings = settings_from({"collect": {"instagram": graph}}, "pantau.toml", tmp_path)
    assert shared_platforms(settings) == ("instagram",)


def test_notes_of_two_workers_who_had_the_same_file_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "website.json"
    sent = b'{"a":{"etag":"1"},"b":{"etag":"1"},"c":{"etag":"1"}}'
    path.write_bytes(sent)
    merge_notes(path, sent, b'{"a":{"etag":"2"},"b":{"etag":"1"},"c":{"etag":"1"}}')
    merge_notes(path, sent, b'{"a":{"etag":"1"},"b":{"etag":"3"},"c":{"etag":"1"},"d":{"etag":"4"}}')
    kept = {name: note["etag"] for name, note in msgspec.json.decode(path.read_bytes()).items()}
    assert kept == {"a": "2", "b": "3", "c": "1", "d": "4"}
    merge_notes(path, sent, b"broken")
    assert msgspec.json.decode(path.read_bytes()).keys() == kept.keys()


def test_a_worker_that_nobody_asks_any_more_stops_waiting_and_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "LEASE_S", 0.2)
    order = Order(
        version="uji",
        settings=Settings(),
        platform="x",
        targets=(),
        window=WINDOW,
        deadline=datetime.now(UTC) + timedelta(hours=1),
        month_usd={},
        notes={},
    )
    lease = shards._Lease()
    pace = shards._LeasedPace(lease, order)
    assert not pace.expired
    began = time.monotonic()
    with pytest.raises(CollectorError, match="tidak ditanya lagi"):
        pace.wait(30)
    assert time.monotonic() - began < 5
    assert pace.expired
    lease.renew()
    assert not pace.expired


def test_a_worker_of_another_version_reads_nothing() -> None:
    order = Order(
        version="pantau 1999.1, Python 2.7, model x",
        settings=Settings(),
        platform="x",
        targets=(),
        window=WINDOW,
        deadline=AT,
        month_usd={},
        notes={},
    )
    with pytest.raises(ClusterError, match=r"mesin utama pantau 1999\.1.*Samakan pemasangannya"):
        ShardReader(order)
