"""``make crash``: nights over all platforms, each disturbed at one random moment, then run again; one table.

    python -m tests.crash [--moments 200] [--seed N] [--only MOMENT] [--jobs 2] [--minutes 40] [--nights 30] [--postgres URL]

After every disturbance a normal night must leave what an undisturbed one leaves, with one mail per reader. Needs strace, which
stops the process at a chosen system call: nothing is replaced inside it. Real full and read-only disks need root, to mount them.

``--nights``: faults of the network over all sources instead.
"""

import argparse
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.crash.moments import Verdict, measure, plan_of, try_moment
from tests.crash.nights import simulate
from tests.crash.office import may_mount


def main() -> int:
    """Print the table; exit code 1 when a moment left anything else than the undisturbed night, 2 without strace."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", type=int, help="this moment of the seed alone")
    parser.add_argument(
        "--postgres", default=os.environ.get("PANTAU_TEST_POSTGRES", ""), help="server for db-server moments"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many moments side by side")
    parser.add_argument("--minutes", type=float, default=0, help="begin no moment after so long  [default: no limit]")
    parser.add_argument("--nights", type=int, default=0, help="simulate so many nights of network faults instead")
    options = parser.parse_args()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC).date()}, seed {options.seed}, {machine}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pantau-crash-") as folder:
        if options.nights:
            print(simulate(Path(folder), options.nights, options.seed).table(), flush=True)
            return 0
        if shutil.which("strace") is None:
            print("strace is missing: apt-get install strace", file=sys.stderr)
            return 2
        return _moments(Path(folder), options)


def _moments(folder: Path, options: argparse.Namespace) -> int:
    begun = time.monotonic()
    reference = measure(folder / "undisturbed", datetime.now(UTC).replace(microsecond=0))
    calls = ", ".join(f"{count} {name}" for name, count in reference.calls.items())
    print(f"an undisturbed night: {reference.seconds:.1f} s; most calls of one thread: {calls}", flush=True)
    able = ({"no-room", "mounted-ro"} if may_mount() else set()) | ({"db-server"} if options.postgres else set())
    print(f"kinds that need root or --postgres and can be done here: {', '.join(sorted(able)) or 'none'}", flush=True)

    def judge(number: int) -> Verdict | None:
        if options.minutes and time.monotonic() - begun > options.minutes * 60:
            return None
        plan = plan_of(options.seed, number, reference, able=able)
        try:
            verdict = try_moment(folder / str(number), plan, reference, options.postgres)
        except Exception as error:  # of the servers or of the comparison: told like a moment that went wrong
            verdict = Verdict(plan, 0, False, [f"{type(error).__name__}: {error}"])
        said = [f"  {number}: {plan}: exit {verdict.code}{'' if verdict.hit else ' (not reached)'}"]
        for problem in verdict.problems:
            said.append(f"    FAILED: {problem}\n    again: --seed {options.seed} --only {number}")
        print("\n".join(said), flush=True)
        if not verdict.problems:
            shutil.rmtree(folder / str(number))
        return verdict

    numbers = [options.only] if options.only is not None else range(options.moments)
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = [verdict for verdict in pool.map(judge, numbers) if verdict]
    print(f"{len(verdicts)} of {len(numbers)} moments, {(time.monotonic() - begun) / 60:.0f} minutes", flush=True)
    print(table(verdicts), flush=True)
    return 1 if any(verdict.problems for verdict in verdicts) else 0


def table(verdicts: list[Verdict]) -> str:
    """One row per kind."""
    rows = [
        "| disturbance | moments | took place | exit codes of the disturbed night | not as undisturbed |",
        "|---|---|---|---|---|",
    ]
    for kind in sorted({one.plan.kind for one in verdicts}):
        ours = [one for one in verdicts if one.plan.kind == kind]
        codes = ", ".join(f"{code}: {n}" for code, n in sorted(Counter(one.code for one in ours).items()))
        failed = sum(bool(one.problems) for one in ours)
        rows.append(f"| {kind} | {len(ours)} | {sum(one.hit for one in ours)} | {codes} | {failed} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
