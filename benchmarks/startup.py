"""How long a command takes from its start to its end: help, and checking a file of a hundred posts.

Every start is a process of its own; starts of both commands and of a bare Python alternate. Times are of the wall and of the
processor, children included; on a busy machine only the second says something.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.corpus import captions
from benchmarks.table import Row, print_rows

HELP_S, CHECK_S = 0.3, 0.5
POSTS = 100


def taken(command: list[str], cache: Path) -> tuple[float, float]:
    """Seconds of the wall and of the processor."""
    before, began = _children_s(), time.perf_counter()
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - began, _children_s() - before


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rows(rounds: int = 11) -> Iterator[Row]:
    """The rows of the table that are about starting."""
    with tempfile.TemporaryDirectory(prefix="pantau-bench-") as folder:
        posts, cache = Path(folder) / "posts.jsonl", Path(folder) / "cache"
        lines = ({"id": str(n), "text": text} for n, text in enumerate(islice(captions(), POSTS)))
        posts.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        check = [sys.executable, "-m", "jobs", "rules", "check", str(posts)]
        commands = {
            "bare": [sys.executable, "-c", "pass"],
            "help": [sys.executable, "-m", "jobs", "--help"],
            "check": check,
        }
        first = taken(check, cache)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(taken(command, cache))
    wall, cpu = ({n: statistics.median(t[which] for t in each) for n, each in times.items()} for which in (0, 1))
    bare = f"a bare Python {wall['bare']:.3f} s"
    for name, limit, measure, note in (
        ("help", HELP_S, "start of `pantau --help`", bare),
        (
            "check",
            CHECK_S,
            f"start of `pantau rules check` on {POSTS} posts",
            f"{bare}; the first time ever {first[0]:.2f} s",
        ),
    ):
        yield Row(measure, f"<= {limit} s", f"{wall[name]:.2f} s, {cpu[name]:.2f} s CPU", wall[name] <= limit, note)


def main() -> int:
    """Print these rows; exit code 1 when a target is missed."""
    found = list(rows())
    print_rows(found)
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
