"""``make bench``: one table of everything that the issue of speed asks for. Compare rows of one table, not tables of two machines.

What is compared runs in turns, in this one call; figures are medians. ``--quick`` takes small sizes, to see that it works.
"""

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import engine, rerun, startup
from benchmarks.table import Row, print_rows


def rows(*, quick: bool, keep: Path | None) -> Iterator[Row]:
    """All rows, in the order in which they are measured."""
    yield from startup.rows(rounds=3 if quick else 11)
    yield from engine.rows(quick=quick)
    sizes = rerun.QUICK if quick else rerun.Sizes()
    yield from rerun.all_rows(sizes, os.environ.get("PANTAU_TEST_POSTGRES", ""), keep)


def main() -> int:
    """Print the table; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--keep", type=Path, help="folder in which databases of stored posts stay for the next time")
    options = parser.parse_args()
    quick: bool = options.quick
    load = os.getloadavg()[0]
    found = []
    for row in rows(quick=quick, keep=options.keep):
        print(f"{row.measure}: {row.figure}", file=sys.stderr, flush=True)
        found.append(row)
    day = datetime.now(UTC).date().isoformat()
    print(f"{day}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", end="")
    print(f", load {load:.1f} before and {os.getloadavg()[0]:.1f} after{', small sizes' if quick else ''}\n")
    print_rows(found)
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
