"""``kill -9`` in every phase of a delivery, then an ordinary run: one copy for every reader."""

import contextlib
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import msgspec
import pytest

from tests.delivery.bench import Bench, mail_to
from tests.delivery.crash_child import Job, run
from tests.fakes import MemoryOutbox
from tests.servers.imap_server import ImapServer

READERS = [f"r{n}@kantor.example" for n in range(4)]
VICTIM = READERS[1]


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.delivery.crash_child"])


class Child:
    """The delivering process; ``kill`` ends it without a word."""

    def __init__(self, bench: Bench, folder: Path, *, look_up: bool = True, kill_before: str = "") -> None:
        job = Job(
            settings=bench.settings,
            ca_file=bench.network.ca_file,
            password=bench.smtp.password,
            outbox=str(folder / "outbox.json"),
            look_up=look_up,
            kill_before=kill_before,
        )
        self._process = FORKS.Process(target=run, args=(msgspec.json.encode(job),), daemon=True)

    def start(self) -> "Child":
        self._process.start()
        return self

    def kill(self) -> None:
        """Called from the server's thread as soon as the child talks, so the parent may not know the process id yet."""
        while not self._process.pid:
            time.sleep(0.001)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def end(self) -> int | None:
        self._process.join(30)
        return self._process.exitcode


def one_copy_each(bench: Bench, folder: Path) -> None:
    """What an ordinary run makes of the outbox that the dead process left."""
    bench.outbox = MemoryOutbox(path=folder / "outbox.json")
    assert bench.deliver().complete
    copies = {reader: len(bench.smtp.mails(reader)) for reader in READERS}
    assert copies == dict.fromkeys(READERS, 1)
    assert set(bench.outbox.states().values()) == {"sent"}


@pytest.fixture
def filled(tmp_path: Path, bench: Bench, imap: ImapServer) -> Bench:
    bench.imap(imap)
    MemoryOutbox([mail_to(reader, n) for n, reader in enumerate(READERS)], path=tmp_path / "outbox.json")
    return bench


@pytest.mark.parametrize(
    "stage", ["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "stored", "rset", "quit"]
)
def test_a_process_killed_while_the_server_is_at_work_leaves_one_copy_each(
    filled: Bench, tmp_path: Path, stage: str
) -> None:
    child = Child(filled, tmp_path)
    about = VICTIM if stage in ("rcpt", "data", "body", "dot", "stored") else ""
    fault = filled.smtp.fault(stage, "call", call=child.kill, about=about)  # type: ignore[arg-type]
    assert child.start().end() == -signal.SIGKILL
    assert fault.hits == 1
    one_copy_each(filled, tmp_path)


@pytest.mark.parametrize("state", ["sending", "unknown", "sent"])
def test_a_process_killed_before_it_could_write_a_state_down_leaves_one_copy_each(
    filled: Bench, tmp_path: Path, state: str
) -> None:
    assert Child(filled, tmp_path, kill_before=state).start().end() == -signal.SIGKILL
    assert "sent" in MemoryOutbox(path=tmp_path / "outbox.json").states().values()
    one_copy_each(filled, tmp_path)


def test_a_process_killed_at_the_dot_while_the_server_fails_too_still_delivers_once(
    filled: Bench, tmp_path: Path
) -> None:
    child = Child(filled, tmp_path)
    filled.smtp.fault("dot", "call", call=child.kill, about=VICTIM)
    filled.smtp.fault("stored", "drop", about=VICTIM)
    filled.smtp.fault("dot", "drop", about=READERS[2])
    assert child.start().end() == -signal.SIGKILL
    one_copy_each(filled, tmp_path)


def test_without_a_look_up_a_process_killed_at_random_never_leaves_two_copies(tmp_path: Path, bench: Bench) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    MemoryOutbox([mail_to(reader, n) for n, reader in enumerate(READERS)], path=tmp_path / "outbox.json")
    for _ in range(6):
        bench.smtp.sessions = 0
        child = Child(bench, tmp_path, look_up=False).start()
        while child.alive and bench.smtp.sessions == 0:
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.05))
        child.kill()
        child.end()
    bench.outbox = MemoryOutbox(path=tmp_path / "outbox.json")
    report = bench.deliver()
    copies = {reader: len(bench.smtp.mails(reader)) for reader in READERS}
    open_ones = {result.recipient for result in report.of("unknown")}
    assert all(count == 1 or (count == 0 and reader in open_ones) for reader, count in copies.items()), copies
