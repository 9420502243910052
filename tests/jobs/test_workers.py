"""Work shared by several processes: in order, and gone with its parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jobs.workers import can_fork, side_by_side

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not can_fork(), reason="processes are forked on Linux only")


def slow_ones_first() -> Callable[[int], bytes]:
    def work(number: int) -> bytes:
        time.sleep(0.05 if number % 3 == 0 else 0)
        return b"%d %d" % (number, os.getpid())

    return work


def test_results_come_in_the_order_of_the_tasks_from_processes_of_their_own() -> None:
    found = [data.split() for data in side_by_side(slow_ones_first, iter(range(20)), 3)]
    assert [int(number) for number, _ in found] == list(range(20))
    processes = {int(process) for _, process in found}
    assert len(processes) > 1
    assert os.getpid() not in processes


def test_who_stops_listening_leaves_no_process_behind() -> None:
    with closing(side_by_side(slow_ones_first, iter(range(1000)), 2)) as results:
        process = int(next(results).split()[1])
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_processes_die_with_their_parent_however_it_dies() -> None:
    program = """
import os, time
from jobs.workers import side_by_side

def begin():
    def work(task):
        print(os.getpid(), flush=True)
        time.sleep(600)
    return work

list(side_by_side(begin, [1, 2], 2))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    children = [int(parent.stdout.readline()) for _ in range(2)]
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(Path(f"/proc/{child}").exists() for child in children):
        time.sleep(0.02)
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
