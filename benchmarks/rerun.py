"""Reruns of stored posts as a whole: read, folded, matched, compared with what was told, findings and manifest written.

Every measured rerun is a process of its own over the same database; what is compared runs in turns, and must find the same. The
findings of the rerun before are deleted by the next one, which has the same number.

    python -m benchmarks.rerun [--quick] [--keep FOLDER]

With ``PANTAU_TEST_POSTGRES`` (address of a server) the databases are compared too.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.table import Row, print_rows

Taken = dict[str, Any]
"""What a rerun took (``cpu_s``, of that ``own_s`` by the process that asks, ``wall_s``, ``peak_mb``, ``worker_mb``) and found."""


@dataclass(frozen=True)
class Case:
    """One way of running it."""

    url: str
    posts: int
    accounts: int
    workers: int = 1
    every: int = 1
    """Of the rulebook every n-th rule."""


def run(case: Case) -> Taken:
    """The rerun in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.rerun", "--one", json.dumps(asdict(case))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    taken: Taken = json.loads(done.stdout)
    return taken


def one(case: Case) -> Taken:
    """The rerun in this process; imports are not counted."""
    import msgspec

    from benchmarks import corpus, stored
    from jobs.progress import Silent
    from jobs.rerun import rerun
    from jobs.wiring import Job, Site, open_pictures, open_store
    from pantau.accounts.ledgers import Ledgers
    from pantau.accounts.registry import Register
    from pantau.core.clock import WIB, local_day
    from pantau.core.settings import ChecksSettings, Settings

    book = corpus.rulebook()
    book = msgspec.structs.replace(book, rules=book.rules[:: case.every])
    settings = Settings(checks=ChecksSettings(workers=case.workers))
    register = Register(stored.units(), stored.accounts(case.accounts))
    job = Job(settings=settings, register=register, ledgers=Ledgers(), catalogue=book)
    end = stored.end_of(case.posts)
    site = Site(
        job=job,
        now=lambda: end + timedelta(seconds=time.monotonic()),
        sleep=time.sleep,
        build_collectors=lambda _pace: {},
        transport=None,
        open_pictures=lambda: open_pictures(settings),
    )
    began, cpu, own = time.perf_counter(), _cpu_s(), time.process_time()
    with open_store(case.url) as store:
        result = rerun(site, store, local_day(corpus.START, WIB), local_day(end, WIB), Silent())
        wall_s, cpu_s, own_s = time.perf_counter() - began, _cpu_s() - cpu, time.process_time() - own
        peak_mb, worker_mb = _own_peak_mb(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        changes = result.correction.changes
        digest = hashlib.sha256()
        for change in changes:
            digest.update(msgspec.json.encode(change.finding))
        assert not result.failures, result.failures
        assert len(store.findings.of_run(result.run.run_id)) == len(changes)
    return {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "own_s": own_s,
        "peak_mb": peak_mb,
        "worker_mb": worker_mb,
        "posts": result.correction.posts,
        "findings": len(changes),
        "sha256": digest.hexdigest(),
    }


def _cpu_s() -> float:
    """CPU time of this process and of its children that have ended."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def _own_peak_mb() -> float:
    """Of this process alone: ``ru_maxrss`` also holds that of the process that started it."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


class Bench:
    """Databases in a folder, built when first asked for, and reruns over them."""

    def __init__(self, folder: Path, postgres: str = "") -> None:
        self._folder, self._postgres = folder, postgres
        self._built: dict[tuple[int, int, bool], str] = {}

    def url(self, posts: int, accounts: int, *, server: bool = False) -> str:
        """The address of a database of so many posts."""
        from benchmarks import stored

        key = (posts, accounts, server)
        if key not in self._built:
            began = time.perf_counter()
            whole = self._folder / f"{posts}-{accounts}.db"
            self._built[key] = url = self._postgres if server else f"sqlite:///{whole}"
            if server:
                stored.build(url, posts, accounts)
            elif not whole.exists():
                draft = whole.with_suffix(".draft")
                stored.build(f"sqlite:///{draft}", posts, accounts)
                draft.rename(whole)
            print(f"{posts} posts after {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        return self._built[key]

    def case(self, posts: int, accounts: int = 1_000, *, server: bool = False, **more: Any) -> Case:
        """A rerun over all posts of such a database."""
        return Case(self.url(posts, accounts, server=server), posts, accounts, **more)


def in_turns(cases: Mapping[str, Case], rounds: int, *, equal: bool) -> dict[str, Taken]:
    """Medians of each case's figures, rounds interleaved. ``equal``: all of them must find the same, byte for byte."""
    found: dict[str, list[Taken]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            found[name].append(run(case))
    marks = {taken["sha256"] for runs in found.values() for taken in runs}
    if equal and len(marks) != 1:
        raise AssertionError(f"findings differ between {', '.join(cases)}")
    return {name: _median(runs) for name, runs in found.items()}


def _median(runs: list[Taken]) -> Taken:
    numbers = {key: statistics.median(one[key] for one in runs) for key in ("cpu_s", "own_s", "wall_s")}
    largest = {key: max(one[key] for one in runs) for key in ("peak_mb", "worker_mb")}
    return runs[0] | numbers | largest


@dataclass(frozen=True)
class Sizes:
    """How many posts each part of the table takes."""

    whole: int = 1_000_000
    tenth: int = 100_000
    shared: int = 300_000
    compared: int = 100_000
    rounds: int = 3


QUICK = Sizes(whole=20_000, tenth=2_000, shared=40_000, compared=10_000, rounds=1)


def rows(bench: Bench, sizes: Sizes, *, server: bool) -> Iterator[Row]:
    """The rows of the table that are about reruns."""
    yield from _size_rows(bench, sizes)
    yield from _growth_rows(bench, sizes)
    yield _shared_row(bench, sizes)
    yield _server_row(bench, sizes, server=server)


def _size_rows(bench: Bench, sizes: Sizes) -> Iterator[Row]:
    cases = {"tenth": bench.case(sizes.tenth), "whole": bench.case(sizes.whole)}
    cases["shared"] = bench.case(sizes.whole, workers=2)
    found = in_turns(cases, 1, equal=False)
    tenth, whole, shared = found["tenth"], found["whole"], found["shared"]
    if whole["sha256"] != shared["sha256"]:
        raise AssertionError("two processes find otherwise than one")
    for name, taken in (("one process", whole), ("two processes", shared)):
        yield Row(
            f"rerun of {sizes.whole:,} stored posts, {taken['findings']:,} findings written, SQLite, {name}",
            "-",
            f"{taken['wall_s']:.0f} s, {taken['cpu_s']:.0f} s CPU, {1e6 * taken['cpu_s'] / taken['posts']:.1f} µs a post",
            True,
            "opened to written: accounts, posts, rules, comparison with what was told, manifest, findings, audit",
        )
    peak = {n: max(one["peak_mb"], one["worker_mb"]) for n, one in found.items()}
    yield Row(
        "peak memory at any number of posts",
        "<= 150 MB",
        f"{peak['tenth']:.0f} MB ({sizes.tenth:,}), {peak['whole']:.0f} MB ({sizes.whole:,}), "
        f"{shared['peak_mb']:.0f} MB and {shared['worker_mb']:.0f} MB a worker (two)",
        max(peak.values()) <= 150,
        f"{tenth['findings']:,} and {whole['findings']:,} findings, held until they are written",
    )
    growth = whole["cpu_s"] / tenth["cpu_s"]
    yield Row(
        "cost of 10 x more posts", "<= 10.5 x", f"{growth:.2f} x CPU", growth <= 10.5, f"{sizes.tenth:,} posts before"
    )


def _growth_rows(bench: Bench, sizes: Sizes) -> Iterator[Row]:
    few, many = bench.case(sizes.tenth, every=10), bench.case(sizes.tenth)
    found = in_turns({"few": few, "many": many}, sizes.rounds, equal=False)
    growth = found["many"]["cpu_s"] / found["few"]["cpu_s"]
    note = f"39 and 390 rules, {found['few']['findings']:,} and {found['many']['findings']:,} findings"
    yield Row("cost of 10 x more rules", "<= 1.3 x", f"{growth:.2f} x CPU", growth <= 1.3, note)
    posts = sizes.tenth // 10
    found = in_turns({"few": bench.case(posts, 350), "many": bench.case(10 * posts, 3_500)}, sizes.rounds, equal=False)
    growth = found["many"]["cpu_s"] / found["few"]["cpu_s"]
    note = f"350 and 3,500 accounts with {posts / 350:.0f} posts each"
    yield Row("cost of 10 x more accounts", "<= 10.5 x", f"{growth:.2f} x CPU", growth <= 10.5, note)


def _shared_row(bench: Bench, sizes: Sizes) -> Row:
    found = in_turns(
        {"one": bench.case(sizes.shared), "two": bench.case(sizes.shared, workers=2)}, sizes.rounds, equal=True
    )
    one, two = found["one"], found["two"]
    gain = one["wall_s"] / two["wall_s"]
    apart = one["cpu_s"] / (two["own_s"] + (two["cpu_s"] - two["own_s"]) / 2)
    return Row(
        "two workers against one",
        ">= 1.7 x",
        f"{gain:.2f} x wall",
        gain >= 1.7,
        f"{sizes.shared:,} posts, {one['wall_s']:.1f} and {two['wall_s']:.1f} s; same findings; by CPU time at least {apart:.2f} x "
        "(nothing that the asking process does overlapping)",
    )


def _server_row(bench: Bench, sizes: Sizes, *, server: bool) -> Row:
    measure, must = "PostgreSQL against SQLite, same rerun", "<= 1.6 x"
    if not server:
        return Row(measure, must, "-", None, "PANTAU_TEST_POSTGRES names no server")
    cases = {"sqlite": bench.case(sizes.compared), "postgresql": bench.case(sizes.compared, server=True)}
    found = in_turns(cases, sizes.rounds, equal=True)
    ratio = found["postgresql"]["wall_s"] / found["sqlite"]["wall_s"]
    cpu = found["postgresql"]["cpu_s"] / found["sqlite"]["cpu_s"]
    note = f"{sizes.compared:,} posts, server on the same machine; {cpu:.2f} x CPU without the server's; same findings"
    return Row(measure, must, f"{ratio:.2f} x wall", ratio <= 1.6, note)


def all_rows(sizes: Sizes, postgres: str, keep: Path | None = None) -> Iterator[Row]:
    """The rows. ``postgres``: address of a server; empty: that row is not measured.

    ``keep``: folder for the databases, which are then used again by the next call; None: they are removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="pantau-bench-") as folder, _schema(postgres) as url:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        yield from rows(Bench(keep or Path(folder), url), sizes, server=bool(url))


@contextmanager
def _schema(postgres: str) -> Iterator[str]:
    """The address of a schema of its own on the server, dropped at the end; empty when there is no server."""
    if not postgres:
        yield ""
        return
    import psycopg

    name = f"pantau_bench_{os.getpid()}"
    server = postgres.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    try:
        yield f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3D{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


def main() -> int:
    """Print these rows; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rerun")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="folder in which the databases stay for the next time")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(Case(**json.loads(options.one)))))
        return 0
    found = list(
        all_rows(QUICK if options.quick else Sizes(), os.environ.get("PANTAU_TEST_POSTGRES", ""), options.keep)
    )
    print_rows(found)
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
