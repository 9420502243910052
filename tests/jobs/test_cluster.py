"""A night on a cluster of real processes ends as one in a single process does, also when one of them is killed."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.cluster import without_other_matters
from jobs.demo_servers import Town, open_town
from pantau.core.settings_file import load_settings
from tests.crash.moments import differences
from tests.crash.office import Office, own_database
from tests.jobs.cluster_support import LocalCluster, kill, open_cluster, until

POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "")
NEEDS_POSTGRES = pytest.mark.skipif(not POSTGRES, reason="PANTAU_TEST_POSTGRES is not set")
INCOMPLETE, INTERRUPTED, NOT_STARTED = 1, 5, 2
"""Exit codes. Some accounts of the town are unreadable on purpose."""
UNITS = 6
Process = subprocess.Popen[str]


class Desk(Office):
    """The office of a troubled town. Its X asks once to wait two seconds, so that a shard is surely under way for so long."""

    def __init__(self, folder: Path, town: Town, at: datetime, database_url: str, more: str) -> None:
        super().__init__(folder, town, at - timedelta(minutes=5), database_url, papers=False)
        self.config.write_text(f"{self.config.read_text('utf-8')}\n[pictures]\nenabled = true\n{more}\n", "utf-8")

    def _command(self, told: dict[str, int], *arguments: str) -> list[str]:
        return [sys.executable, "-m", "jobs", "-c", str(self.config), *arguments]

    def start(self, *arguments: str) -> Process:
        command = self._command({}, *(arguments or ("nightly", "--as-of", self.at.isoformat())))
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def x_searches(self) -> int:
        """How many the server of X has had."""
        return sum(count for name, count in self.town.ask("counts")["x"].items() if name.startswith("search"))

    def requests(self, server: str) -> int:
        """How many a server of the town has had."""
        return sum(self.town.ask("counts")[server].values())


@contextmanager
def desk(folder: Path, at: datetime, more: str = "") -> Iterator[Desk]:
    options = ("--accounts", str(UNITS), "--at", (at - timedelta(minutes=5)).isoformat(), "--troubled")
    with own_database(POSTGRES) as url, open_town(folder, *options) as town:
        yield Desk(folder, town, at, url, more)


def on(cluster: LocalCluster) -> str:
    return f'[cluster]\nscheduler = "{cluster.address}"\nwait_s = 20.0\n'


def ended(process: Process) -> tuple[int, str]:
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


@pytest.fixture(scope="module")
def at() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, at: datetime) -> dict[str, Any]:
    """What a night in one process leaves behind."""
    with desk(tmp_path_factory.mktemp("alone") / "kantor", at) as office:
        code, output = ended(office.start())
        assert code == INCOMPLETE, output
        return office.outcome()


@NEEDS_POSTGRES
@pytest.mark.timeout(600)
def test_a_night_whose_worker_is_killed_leaves_what_a_night_in_one_process_leaves(
    alone: dict[str, Any], at: datetime, tmp_path: Path
) -> None:
    """The scheduler dies as well, so that two starts make the night. Nothing that was read is asked for again."""
    from distributed import Client

    with open_cluster(tmp_path / "cluster") as cluster, desk(tmp_path / "kantor", at, on(cluster)) as office:
        with Client(cluster.address, timeout=10, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
            night = office.start()
            until(lambda: cluster.pid_reading(client, "x") or night.poll() is not None)
            victim = cluster.pid_reading(client, "x")
            until(office.x_searches)
            kill(victim)
            assert victim in [worker.pid for worker in cluster.workers]
        until(lambda: office.requests("pictures") or night.poll() is not None)  # all accounts are read by then
        assert cluster.scheduler is not None
        kill(cluster.scheduler.pid)
        code, output = ended(night)
        assert "cluster_worker_lost" in output
        assert code == INTERRUPTED, output + cluster.logs()
        assert f"Terhenti di tengah jalan. Penjadwal cluster {cluster.address} tidak dapat dihubungi lagi." in output
        assert "jalankan pantau nightly lagi" in output
        assert "Traceback" not in output
        asked = [office.requests(name) for name in ("x", "youtube", "website", "instagram", "tiktok")]
        cluster.start_scheduler()
        cluster.start_workers(1)
        code, rest = ended(office.start())
        assert code == INCOMPLETE, rest + cluster.logs()
        assert [office.requests(name) for name in ("x", "youtube", "website", "instagram", "tiktok")] == asked
        assert not differences(alone, office.outcome())
        secrets = [value for name, value in office.town.ready["secrets"].items() if name != "mail"]
        assert not [secret for secret in secrets if secret in cluster.logs() + output + rest]


def test_what_travels_to_a_worker_names_secrets_and_holds_none(tmp_path: Path) -> None:
    (tmp_path / "kunci").write_text("rahasia-x-123")
    (tmp_path / "pantau.toml").write_text(
        '[collect.x]\nbearer_token = "file:kunci"\n[mail]\nfrom_address = "a@b.example"\nfolder = "surel"\n'
        '[[mail.reader]]\naddress = "sekda@kantor.example"\n[store]\nurl = "postgresql://u@db.example/p"\n'
    )
    sent = pickle.dumps(without_other_matters(load_settings(tmp_path / "pantau.toml")))
    assert b"file:kunci" in sent
    assert not [word for word in (b"rahasia-x-123", b"sekda", b"db.example", b"a@b.example") if word in sent]
