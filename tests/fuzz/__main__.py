"""``make fuzz``: every parser against inputs that nobody meant; one table.

    python -m tests.fuzz [--target T ...] [--inputs N] [--seed S] [--minutes M] [--engine atheris|plain] [--out DIR]

Seeds are recorded and documented answers. Each input may end only in a result that keeps its promises or in the refusal that
the parser documents, within 2 s of processor time and without a jump of memory. With atheris (installed by hand, see
docs/reliability.md) the coverage of our own code says which inputs are changed further; without it the plain engine changes
seeds and what was accepted before. A finding's input is kept in ``--out``; exit code 1.
"""

import argparse
import importlib.util
import json
import os
import platform
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fuzz.catalogue import TARGETS
from tests.fuzz.target import ROOT, Target

_EDGES = re.compile(r"^#\d+\s+(INITED|DONE).*?\bcov: (\d+)", re.M)


def main() -> int:
    """Print the table; exit code 1 when there is a finding."""
    guided = importlib.util.find_spec("atheris") is not None
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="this one alone; may be repeated")
    parser.add_argument("--inputs", type=int, help="for each target; without it each has a number of its own")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=600.0, help="at most so long for each target")
    parser.add_argument("--engine", choices=("atheris", "plain"), default="atheris" if guided else "plain")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "fuzz", help="where the inputs of findings are kept")
    options = parser.parse_args()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC).date()}, seed {options.seed}, engine {options.engine}, {machine}", flush=True)
    print(
        "| target | inputs | taken by the parser | seconds | edges at first, at last | slowest input, s | findings |",
        flush=True,
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    found = 0
    for name in options.target or TARGETS:
        found += _run(TARGETS[name], options)
    return 1 if found else 0


def _run(target: Target, options: argparse.Namespace) -> int:
    """Run one target in a process of its own and print its row; how many findings."""
    folder = options.out / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{target.name}"
    folder.mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.child",
        target.name,
        "--engine",
        options.engine,
        "--seed",
        str(options.seed),
        "--inputs",
        str(options.inputs or target.inputs),
        "--seconds",
        str(options.minutes * 60),
        "--folder",
        str(folder),
    ]
    begun = time.monotonic()
    with (folder / "log.txt").open("wb") as log:
        code = subprocess.run(
            command, cwd=ROOT, stdout=log, stderr=log, check=False, timeout=options.minutes * 60 + 600
        ).returncode
    seconds = time.monotonic() - begun
    result = folder / "result.json"
    said: dict[str, Any] = (
        json.loads(result.read_bytes())
        if result.exists()
        else {"inputs": 0, "accepted": 0, "slowest_s": 0, "findings": []}
    )
    findings = said["findings"]
    if code:
        findings = [
            *findings,
            {"kind": f"exit code {code}", "where": "child", "detail": "see log.txt", "times": 1, "file": "log.txt"},
        ]
    edges = dict(_EDGES.findall((folder / "log.txt").read_text("utf-8", "replace")))
    shown = f"{edges.get('INITED', '-')}, {edges.get('DONE', '-')}" if edges else "-"
    share = f"{100 * said['accepted'] / max(1, said['inputs']):.0f} %"
    print(
        f"| {target.name} | {said['inputs']:,} | {share} | {seconds:.0f} | {shown} | {said['slowest_s']:.2f} | {len(findings)} |",
        flush=True,
    )
    for one in findings:
        print(
            f"    {one['kind']} at {one['where']} ({one['times']} times): {one['detail']}\n      {folder / one['file']}",
            flush=True,
        )
    if not findings:
        for path in (folder / "corpus").glob("*"):
            path.unlink()
    return len(findings)


if __name__ == "__main__":
    sys.exit(main())
