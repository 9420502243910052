"""What a cluster gives and costs: pictures and scores by workers of this machine against one process, and one empty piece of work.

    python -m benchmarks.cluster [--workers 2] [--pictures 24] [--texts 10000]

All machines of this cluster are processes of one, so it shows what sharing costs, not what more machines give.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.cluster import Cluster, open_cluster
from jobs.far_eyes import FarEyes
from jobs.pictures import sent_ahead
from jobs.scores import CHUNK, answers
from jobs.shards import raw_here
from pantau.checks.ocr import text_reader
from pantau.checks.pictures import Desk, Eyes, OwnEyes
from pantau.checks.second_signal import shipped_signal
from pantau.core.settings import PictureSettings, Settings, StoreSettings
from pantau.core.settings_cluster import ClusterSettings
from tests.drawn import drawing, encoded
from tests.jobs.cluster_support import LocalCluster
from tests.jobs.cluster_support import open_cluster as open_processes

_EMPTY = 300


class _Clock:
    """Wall and processor seconds, the latter of this process and of the cluster's."""

    def __init__(self, processes: LocalCluster) -> None:
        self._processes = processes

    def __call__(self, work: Callable[[], object]) -> tuple[float, float]:
        began, used = time.perf_counter(), self._used()
        work()
        return time.perf_counter() - began, self._used() - used

    def _used(self) -> float:
        return time.process_time() + self._processes.cpu_s()


def _pictures(count: int) -> list[bytes]:
    words = ("Posyandu Senin pukul 08.00", "Jalan desa sudah dicor", "Panen bawang 30 kuintal", "Layanan KTP dibuka")
    return [encoded(drawing([f"{words[n % 4]} nomor {n}", "Kabupaten Contoh"])) for n in range(count)]


def _look(eyes: Eyes, files: list[bytes]) -> list[str]:
    desk = Desk(eyes, lambda _sha, _version: None, lambda _sha: None, ())
    arrived = sent_ahead(files, desk, eyes) if isinstance(eyes, FarEyes) else files
    return [line.text for data in arrived if isinstance(data, bytes) for line in desk.look(1, data).picture.lines]


def _texts(count: int) -> list[str]:
    return [
        f"Kegiatan hari ke-{n}: penyuluhan, kerja bakti dan rapat koordinasi di balai desa nomor {n}"
        for n in range(count)
    ]


def _measure(cluster: Cluster, clock: _Clock, pictures: int, texts: int) -> Iterator[str]:
    files, many = _pictures(pictures), _texts(texts)
    own, far = OwnEyes(text_reader()), FarEyes(cluster)
    for eyes in (own, far):
        _look(eyes, _pictures(4))  # models load with the first pictures
    assert _look(own, files) == _look(far, files)
    signal = shipped_signal()
    rows = b"".join(found for _, found in answers(cluster, many))
    assert rows == signal.raw(many).tobytes()
    yield _row(f"{pictures} pictures", clock(lambda: _look(own, files)), clock(lambda: _look(far, files)))
    yield _row(
        f"{texts} texts, {CHUNK} at a time",
        clock(lambda: [signal.raw(many[n : n + CHUNK]) for n in range(0, texts, CHUNK)]),
        clock(lambda: list(answers(cluster, many))),
    )
    yield _row(
        f"{_EMPTY} pieces of one text, one by one",
        clock(lambda: [signal.raw(["a"]) for _ in range(_EMPTY)]),
        clock(lambda: [cluster.call(raw_here, cluster.version, ["a"]).result() for _ in range(_EMPTY)]),
    )


def _row(name: str, alone: tuple[float, float], shared: tuple[float, float]) -> str:
    return f"{name:<40}{alone[0]:>10.2f}{shared[0]:>10.2f}{alone[1]:>12.2f}{shared[1]:>10.2f}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--texts", type=int, default=10_000)
    options = parser.parse_args()
    with TemporaryDirectory() as folder, open_processes(Path(folder) / "cluster", options.workers) as processes:
        settings = Settings(
            store=StoreSettings(url="postgresql://not-used"),
            cluster=ClusterSettings(scheduler=processes.address),
            pictures=PictureSettings(enabled=True),
        )
        processes.wait_for(options.workers)
        with open_cluster(settings, ()) as cluster:
            assert cluster is not None
            print(f"{f'{cluster.workers} workers against one process':<40}{'wall s':>20}{'processor s':>22}")
            print(f"{'':<40}{'one':>10}{'cluster':>10}{'one':>12}{'cluster':>10}")
            for row in _measure(cluster, _Clock(processes), options.pictures, options.texts):
                print(row)


if __name__ == "__main__":
    main()
