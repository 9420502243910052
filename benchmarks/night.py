"""``make bench-night``: whole nights over all platforms against instant local servers, measured against the targets of the issue.

Every measured night is a process of its own (its peak memory is its own), the servers are another. Waits (rate limits, pauses, the
gap between two searches) pass at once: the job's clock is turned forward instead. Rules and second signal are part of the night;
pictures are not, since reading one takes as long as everything else about some hundred posts.

    python -m benchmarks.night [--accounts 1000] [--growth 10000] [--rounds 3]
"""

import argparse
import json
import os
import platform as machine
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SECONDS = 120.0
MEGABYTES = 300.0
GROWTH = 0.15


class Clock:
    """Real time, turned forward by every wait. Shared by the threads of a night."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._skipped_s = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return START + timedelta(seconds=time.monotonic() - self._begun + self._skipped_s)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._skipped_s += seconds

    def turn_to(self, moment: datetime) -> None:
        self.sleep(max(0.0, (moment - self.now()).total_seconds()))


def job(folder: Path, accounts: int, nights: int) -> Iterator[dict[str, Any]]:
    """Nights of one office, each in a process of its own as cron starts them; what each took."""
    from jobs.demo_servers import compare, open_town, write_settings
    from jobs.wiring import open_store
    from pantau.core.settings_file import load_settings

    options = ("--accounts", str(accounts), "--extra-instagram", str(accounts), "--at", START.isoformat())
    with open_town(folder, *options, "--limit-s", "9000") as town:
        # Waits are simulated one after the other here, in a real night the platforms wait side by side.
        config = write_settings(folder, town.ready, "[collect]\ndeadline_min = 1000000\n")
        database_url = load_settings(config).database_url
        before: dict[str, dict[str, int]] = {}
        for number in range(nights):
            at = START + timedelta(days=number)
            if number:
                town.ask(f"night {at.isoformat()}")
            command = [sys.executable, "-m", "benchmarks.night", "--night", str(config), at.isoformat()]
            night = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            with open_store(database_url) as store:
                stored = store.posts.new_in_run(night["run"])
            counts = town.ask("counts")
            seen = {
                p: [t for t in times if datetime.fromisoformat(t) > at - timedelta(days=1)]
                for p, times in town.ask("posts").items()
            }
            wanted, once, surplus = compare(seen, stored)
            new = {s: {n: c - before.get(s, {}).get(n, 0) for n, c in row.items()} for s, row in counts.items()}
            yield night | {"posts": wanted, "once": once, "surplus": surplus, "counts": new}
            before = counts


def one_night(config: Path, at: datetime) -> dict[str, Any]:
    """A night in this process; what it took, from the reading of the settings on."""
    began, cpu = time.perf_counter(), time.process_time()
    import msgspec

    from jobs.logs import configure
    from jobs.nightly import run_night
    from jobs.progress import Silent
    from jobs.wiring import load_job, open_store, site_of
    from pantau.core.clock import local_day

    configure(verbose=False)
    clock = Clock()
    clock.turn_to(at)
    loaded = load_job(config, local_day(START))
    site = msgspec.structs.replace(site_of(loaded), now=clock.now, sleep=clock.sleep)
    with open_store(loaded.settings.database_url) as store:
        result = run_night(site, store, at + timedelta(minutes=5), Silent())
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "exit_code": result.exit_code,
        "run": result.run.run_id,
    }


def measure(accounts: int, nights: int) -> list[dict[str, Any]]:
    """The nights of one fresh job in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="pantau-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks.night", "--job", folder, str(accounts), str(nights)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def rows(first: dict[str, Any], second: dict[str, Any], accounts: int) -> Iterator[tuple[str, str, str, bool]]:
    """(measure, target, measured, met) of a first and a second night."""
    k = accounts / 1000
    for name, night in (("first", first), ("second", second)):
        yield (
            f"{name} night: wall time",
            f"<= {SECONDS * max(1, k):.0f} s",
            f"{night['wall_s']:.1f} s",
            night["wall_s"] <= SECONDS * max(1, k),
        )
        yield (
            f"{name} night: peak memory",
            f"<= {MEGABYTES:.0f} MB",
            f"{night['peak_mb']:.0f} MB",
            night["peak_mb"] <= MEGABYTES,
        )
        exact = night["once"] == night["posts"] and not night["surplus"]
        yield (
            f"{name} night: posts stored once",
            "all",
            f"{night['once']} of {night['posts']}, {night['surplus']} surplus",
            exact,
        )
        yield f"{name} night: CPU time of the job", "-", f"{night['cpu_s']:.1f} s", True
        yield f"{name} night: exit code", "0", str(night["exit_code"]), night["exit_code"] == 0
    for name, night in (("first", first), ("second", second)):
        yield from _requests(name, night["counts"], accounts, known=name == "second")


def _requests(
    name: str, counts: dict[str, dict[str, int]], accounts: int, *, known: bool
) -> Iterator[tuple[str, str, str, bool]]:
    k = accounts / 1000
    x, graph, web = counts["x"], counts["graph"], counts["instagram"]
    sites, billed = counts["website"], counts["billed"]
    searches, asked, posts = x.get("search_all", 0), sum(x.values()), billed["x posts"]
    # Ids are asked for once in an account's life; the target is that of every night after.
    what, target = (
        (f"{asked} ({searches} searches)", f"<= {26 * k:.0f}")
        if known
        else (f"{searches} searches, {asked - searches} for ids", "-")
    )
    yield f"{name} night: X requests", target, what, not known or asked <= 26 * k
    yield (
        f"{name} night: X posts billed",
        "<= 1.02 x new",
        f"{posts / (2 * accounts):.3f} x",
        posts <= 1.02 * 2 * accounts,
    )
    discoveries, pages, clips = graph["discovery"] / (2 * accounts), graph["posts"] / accounts, counts["tiktok"]
    yield f"{name} night: Instagram Graph, calls per account", "1", f"{discoveries:.3f}", discoveries == 1
    yield f"{name} night: Facebook, calls per page", "1", f"{pages:.3f}", pages == 1
    yield (
        f"{name} night: TikTok, lists per account",
        "<= 1.02",
        f"{clips['list'] / accounts:.3f}",
        clips["list"] <= 1.02 * accounts,
    )
    per_account, most = sum(web.values()) / accounts, 1.1 if known else None
    yield (
        f"{name} night: instaloader, requests per account",
        f"<= {most}" if most else "-",
        f"{per_account:.3f}",
        not most or per_account <= most,
    )
    units = billed["youtube units"]
    yield (
        f"{name} night: YouTube units",
        f"<= {1060 * k:.0f}" if known else "-",
        str(units),
        not known or units <= 1060 * k,
    )
    yield (
        f"{name} night: requests per site",
        "1" if known else "-",
        f"{sum(sites.values()) / accounts:.3f}",
        not known or sum(sites.values()) <= accounts,
    )


def growth(small: int, large: int, rounds: int) -> Iterator[tuple[str, str, str, bool]]:
    """Time and requests per account of ``large`` against ``small``, first and second night; medians of interleaved rounds."""
    found: dict[int, list[list[dict[str, Any]]]] = {small: [], large: []}
    for _ in range(rounds):
        for accounts, measured in found.items():
            measured.append(measure(accounts, 2))
    for night, name in enumerate(("first", "second")):
        for key, label in (("wall_s", "wall time"), ("cpu_s", "CPU time of the job")):
            per = {n: statistics.median(run[night][key] for run in runs) / n for n, runs in found.items()}
            yield (
                f"{name} night: {label} per account, {large} against {small}",
                "<= 1.15",
                f"{per[large] / per[small]:.3f} ({1e3 * per[small]:.2f} and {1e3 * per[large]:.2f} ms)",
                per[large] <= (1 + GROWTH) * per[small],
            )
        per = {n: _asked(runs[0][night]["counts"]) / n for n, runs in found.items()}
        yield (
            f"{name} night: requests per account",
            "<= 1.15",
            f"{per[large] / per[small]:.3f}",
            per[large] <= (1 + GROWTH) * per[small],
        )
        memory = {n: max(run[night]["peak_mb"] for run in runs) for n, runs in found.items()}
        yield (
            f"{name} night: peak memory, {large} against {small}",
            "-",
            f"{memory[large]:.0f} and {memory[small]:.0f} MB",
            True,
        )


def _asked(counts: dict[str, dict[str, int]]) -> int:
    return sum(sum(row.values()) for server, row in counts.items() if server not in ("billed", "mails"))


def show(table: Iterator[tuple[str, str, str, bool]]) -> bool:
    """Print rows as they come; True when all targets are met."""
    good = True
    for what, target, measured, met in table:
        verdict = "" if target == "-" else "met" if met else "NOT MET"
        print(f"| {what} | {target} | {measured} | {verdict} |", flush=True)
        good &= met
    return good


def main() -> int:
    """Print the table; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night")
    parser.add_argument("--accounts", type=int, default=1000, help="per platform and source")
    parser.add_argument("--growth", type=int, default=0, help="also compare with so many accounts")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of the comparison")
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--night", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.night:
        print(json.dumps(one_night(Path(options.night[0]), datetime.fromisoformat(options.night[1]))))
        return 0
    if options.job:
        folder, accounts, nights = options.job
        for night in job(Path(folder), int(accounts), int(nights)):
            print(json.dumps(night), flush=True)
        return 0
    today = datetime.now(UTC).date().isoformat()
    print(f"{today}, {os.cpu_count()} cores, {machine.machine()}, Python {machine.python_version()}")
    print(
        f"{options.accounts} accounts and {2 * options.accounts} new posts a night on each of X, Instagram (Graph API), Instagram "
        "(instaloader), Facebook, YouTube, TikTok and websites\n\n| measure | target | measured | |\n|---|---|---|---|"
    )
    first, second = measure(options.accounts, 2)
    good = show(rows(first, second, options.accounts))
    if options.growth:
        good &= show(growth(options.accounts, options.growth, options.rounds))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
