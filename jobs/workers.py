"""Does a piece of work on many tasks in several processes, side by side, and gives the results in the order of the tasks.

The processes are forked, so that they start at once and share what is in memory; that is safe on Linux only, and only while no
connection is open. They die with their parent, however it dies.
"""

import ctypes
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from pantau.core.errors import WorkerLostError

_T = TypeVar("_T")
Begin = Callable[[], Callable[[_T], bytes]]
"""Makes, inside a process of its own, what then works on one task after the other."""
AHEAD = 2
"""Tasks handed out per process; more would only pile up results."""
MOST_WORKERS = 8
_DIE_WITH_PARENT = 1
_begin: Begin[Any] | None = None
_work: Callable[[Any], bytes] | None = None


def can_fork() -> bool:
    """Whether ``side_by_side`` works on this system."""
    return sys.platform == "linux"


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def shared_by(wanted: int, *, large: bool) -> int:
    """How many processes share a piece of work; ``wanted`` 0: as many as there are cores (at most 8) if it is large, else one.

    Threads are not carried into a forked process, but locks they hold are: beside threads nothing is forked unasked.
    """
    if not can_fork():
        return 1
    alone = threading.active_count() == 1
    return wanted or (min(cores(), MOST_WORKERS) if large and alone else 1)


def side_by_side(begin: Begin[_T], tasks: Iterable[_T], workers: int) -> Generator[bytes, None, None]:
    """The results of ``tasks``, in their order. Errors of the work are raised here; what is left is then not done.

    Raises ``WorkerLostError`` when a process dies.
    """
    pool = ProcessPoolExecutor(workers, get_context("fork"), _set_up, (begin,))
    waiting: deque[Future[bytes]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(_do, task))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "Satu proses pemeriksa mati (dimatikan, atau memori mesin habis). Tidak ada hasilnya yang ditulis. Jalankan lagi; "
            "bila terulang, tulis workers = 1 pada [checks] di pantau.toml."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _set_up(begin: Begin[Any]) -> None:
    """Of a new process: it stops only when its parent says so, or dies (the lock of the run is held by both)."""
    global _begin
    _begin = begin
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _do(task: Any) -> bytes:
    global _work
    if _work is None:
        assert _begin is not None, "made by _set_up"
        _work = _begin()
    return _work(task)
