"""A cluster of real processes on loopback: a scheduler and workers, which end by themselves whatever becomes of the test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.certificates import Certificates

if TYPE_CHECKING:
    from distributed import Client

LIMIT_S = 500
_ROOT = Path(__file__).resolve().parents[2]
_RUN = "import signal, sys; signal.alarm(int(sys.argv.pop(1))); from distributed.cli.dask_{part} import main; main(sys.argv[1:])"


class LocalCluster:
    """``address`` is the scheduler's. Every process can be killed by its id."""

    def __init__(self, folder: Path, certificates: Certificates | None = None) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"{'tls' if certificates else 'tcp'}://127.0.0.1:{self.port}"
        self._tls: tuple[str, ...] = ()
        if certificates:
            files = (certificates.ca_file, certificates.cert_file, certificates.key_file)
            self._tls = tuple(map(str, ("--tls-ca-file", files[0], "--tls-cert", files[1], "--tls-key", files[2])))
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self._pids: dict[str, int] = {}

    def start_scheduler(self) -> None:
        self.scheduler = self._start("scheduler", "--host", self.address, "--no-dashboard")
        until(lambda: self._answers() or self.scheduler.poll() is not None)  # type: ignore[union-attr]
        assert self.scheduler.poll() is None, self.logs()

    def start_workers(self, count: int) -> None:
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--death-timeout", "20")
        place = ("--local-directory", str(self._folder))
        self.workers += [self._start("worker", self.address, *options, *place) for _ in range(count)]

    def _start(self, part: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", _RUN.format(part=part), str(LIMIT_S), *arguments, *self._tls]
        with (self._folder / f"{part}-{time.monotonic_ns()}.log").open("wb") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env={**os.environ, "PYTHONPATH": str(_ROOT)}
            )

    def _answers(self) -> bool:
        with socket.socket() as line:
            line.settimeout(0.5)
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def wait_for(self, workers: int) -> None:
        """Until so many workers have reported to the scheduler."""
        from distributed import Client

        with Client(self.address, timeout=10, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=30)

    def logs(self) -> str:
        """What all processes have written so far."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self._folder.glob("*.log")))

    def pid_reading(self, client: "Client", platform: str) -> int:
        """The process that reads a platform now; 0: none yet."""
        self._pids = self._pids or client.run(os.getpid)

        def holders(prefix: str, dask_scheduler: Any) -> list[str]:
            tasks = [one for key, one in dask_scheduler.tasks.items() if str(key).startswith(prefix)]
            return [worker.address for one in tasks for worker in (one.who_has or ())]

        found = client.run_on_scheduler(holders, f"pantau-read-{platform}-")
        return self._pids[found[0]] if found else 0

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait()


def until(ready: Callable[[], object], limit_s: float = 200.0) -> None:
    """Wait for something; fail when it does not come."""
    end = time.monotonic() + limit_s
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def kill(pid: int) -> None:
    """SIGKILL to one process of this test."""
    os.kill(pid, signal.SIGKILL)


@contextmanager
def open_cluster(folder: Path, workers: int = 2) -> Iterator[LocalCluster]:
    """A scheduler and workers, running."""
    cluster = LocalCluster(folder)
    try:
        cluster.start_scheduler()
        cluster.start_workers(workers)
        yield cluster
    finally:
        cluster.close()
