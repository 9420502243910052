"""Measures and prints for ``benchmarks.province`` and ``benchmarks.nation``."""

import argparse
import os
import platform as machine
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from benchmarks.province_collect import Used, read_night
from benchmarks.province_costs import check_wall_s, ocr_s, signal_s
from benchmarks.province_office import two_nights
from benchmarks.province_table import CHECKED, Findings, rows
from benchmarks.province_world import ASSUMED, MIX, residents, texts

CAPTIONS = 2_000


def parser(name: str, offices: int, accounts: int) -> argparse.ArgumentParser:
    """The options that both programs have."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--offices", type=int, default=offices)
    made.add_argument("--accounts", type=int, default=accounts, help="of an office")
    made.add_argument("--sample", type=int, default=1, help="offices read on every platform (X is read for all)")
    made.add_argument("--usd-per-eur", type=float, default=0.0, help="rate of exchange; without it euros are not told")
    made.add_argument(
        "--night", action="store_true", help="instead: one whole night of all offices, checked digest by digest"
    )
    made.add_argument("--no-pictures", action="store_true", help="do not measure the reading of pictures")
    return made


def measure(options: argparse.Namespace, posts: float) -> Findings:
    """Everything; ``posts`` a night and account on average."""
    accounts = options.accounts
    captions = texts(CAPTIONS, options.seed)
    offices, sample = range(options.offices), range(min(options.sample, options.offices))
    used: dict[str, Used] = {}
    for platform in MIX:
        where = offices if platform == "x" else sample
        people = [one for office in where for one in residents(options.seed, office, accounts, posts, 2, (platform,))]
        used[platform] = read_night(people, captions, warm=platform != "x")
    office = list(residents(options.seed, 0, accounts, posts, 2))
    with tempfile.TemporaryDirectory(prefix="pantau-province-") as folder:
        night = two_nights(Path(folder), office, captions)
    postgres = None
    if server := os.environ.get("PANTAU_TEST_POSTGRES"):
        with own_schema(server) as url, tempfile.TemporaryDirectory(prefix="pantau-province-") as folder:
            postgres = two_nights(Path(folder), office, captions, url)
    of_sample = {name: one.posts / (1 if name == "x" else len(sample)) for name, one in used.items()}
    total = sum(count * (1 if name == "x" else len(offices)) for name, count in of_sample.items())
    checked = texts(CHECKED, options.seed + 1)
    return Findings(
        offices=options.offices,
        accounts=options.offices * len(office),
        posts=round(total),
        sampled=len(sample),
        used=used,
        night=night,
        night_postgres=postgres,
        signal_s=signal_s(captions),
        ocr_s=None if options.no_pictures else ocr_s(captions),
        checks_wall_s=[(workers, check_wall_s(checked, workers)) for workers in (1, 2)],
        usd_per_eur=options.usd_per_eur,
    )


@contextmanager
def own_schema(server: str) -> Iterator[str]:
    """The address of a schema of its own on the test server, dropped at the end."""
    import psycopg

    name = f"pantau_province_{uuid4().hex}"
    with psycopg.connect(server.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


def show(options: argparse.Namespace, posts: float, found: Findings) -> None:
    """Print machine, table and what is assumed."""
    today = datetime.now(UTC).date().isoformat()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    print(
        f"{today}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {machine.machine()}, Python {machine.python_version()}, "
        f"seed {options.seed}; {options.accounts:,} accounts an office, {posts:g} posts a night and account on average"
    )
    print("\n| what | value | how |\n|---|---|---|")
    for row in rows(found):
        print(f"| {' | '.join(row)} |")
    print("\nAssumed:\n")
    for what, value in ASSUMED:
        print(f"- {what}: {value}")


def main(name: str, offices: int, accounts: int, posts: float, given: Sequence[str] | None = None) -> int:
    """Measure, print; 1 when a reading was not complete or a post was missed."""
    from jobs.logs import configure

    configure(verbose=False)
    options = parser(name, offices, accounts).parse_args(given)
    if options.night:
        from benchmarks.province_night import night

        return night(options)
    found = measure(options, posts)
    show(options, posts, found)
    silently = [
        one for one in found.used.values() if one.read != one.accounts or (one.found != one.posts and not one.told)
    ]
    return 1 if silently else 0
