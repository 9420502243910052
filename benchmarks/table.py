"""One row of what ``make bench`` prints, and how times are taken: CPU seconds, rounds interleaved, medians."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measure of the issue, what it must be, and what it was."""

    measure: str
    must: str
    figure: str
    met: bool | None
    """None: not measured, ``note`` says why."""
    note: str = ""


def cpu_medians(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of this process per candidate; every round calls all of them once, so that moods hit all alike."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            gc.collect()
            began = time.process_time()
            candidate()
            times[name].append(time.process_time() - began)
    return {name: statistics.median(values) for name, values in times.items()}


def print_rows(rows: list[Row]) -> None:
    """The table as Markdown."""
    print("| measure | must | measured | met | note |\n|---|---|---|---|---|")
    for row in rows:
        met = "not measured" if row.met is None else "yes" if row.met else "**no**"
        print(f"| {row.measure} | {row.must} | {row.figure} | {met} | {row.note} |", flush=True)
