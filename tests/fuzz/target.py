"""One parser under test: seeds, the kind of change, and an oracle; and the watch over time, memory and exceptions."""

import json
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.fuzz.mutations import Shape

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = (ROOT / "tests" / "fixtures", ROOT.parent / "shared" / "payloads")
"""Real and documented answers; the second folder is there on the makers' machines only."""
SECONDS = 2.0
"""Of processor time for one input; more is a finding."""
GROWTH_MB = 200
"""By so much one input may raise the peak of memory."""
POOL = 300
"""Changed inputs that the parser accepted and that are changed further."""


class HungError(BaseException):
    """Raised inside the parser by the alarm; no ``except Exception`` may swallow it."""


class Target(NamedTuple):
    """``check`` gives True for an input that the parser took, False for one that it refused as documented; else it raises."""

    name: str
    shape: Shape
    seeds: Callable[[], Sequence[Any]]
    check: Callable[[Any], bool]
    inputs: int
    """How many the long run tries."""


class Finding(NamedTuple):
    """What went wrong, where, and with which input."""

    kind: str
    where: str
    detail: str
    value: Any


class Watch:
    """Runs one check after the other and keeps the first input of every different trouble."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.inputs = 0
        self.accepted = 0
        self.slowest_s = 0.0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.findings: list[Finding] = []
        self._peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        signal.signal(signal.SIGPROF, _alarm)

    def run(self, value: Any) -> bool:
        """Check one input; whether the parser took it."""
        self.inputs += 1
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        took = False
        try:
            took = self.target.check(value)
        except HungError as error:
            self._keep("hang", error, value)
        except Exception as error:
            self._keep(type(error).__name__, error, value)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.slowest_s = max(self.slowest_s, spent := time.process_time() - begun)
        if spent > SECONDS:
            self._note("hang", "whole check", f"{spent:.1f} s", value)
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if peak_kb > self._peak_kb + GROWTH_MB * 1024:
            self._note("memory", "whole check", f"{(peak_kb - self._peak_kb) // 1024} MB more", value)
        self._peak_kb = max(self._peak_kb, peak_kb)
        self.accepted += took
        return took

    def _keep(self, kind: str, error: BaseException, value: Any) -> None:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(ROOT) in frame.filename]
        ours = [frame for frame in frames if "/tests/" not in frame.filename] or frames
        last = ours[-1]
        if "/tests/" in last.filename or not frames or "/tests/" in frames[-1].filename:
            last = frames[-1]
        where = f"{Path(last.filename).relative_to(ROOT)}:{last.lineno} {last.name}"
        self._note(kind, where, str(error)[:300], value)

    def _note(self, kind: str, where: str, detail: str, value: Any) -> None:
        self.counts[kind, where] += 1
        if self.counts[kind, where] == 1:
            self.findings.append(Finding(kind, where, detail, value))


def _alarm(_number: int, _frame: object) -> None:
    raise HungError(f"more than {SECONDS:g} s")


def drawn(target: Target, random: Random) -> Iterator[Any]:
    """Inputs without end: changed seeds, and changes of what was changed before."""
    seeds = list(target.seeds())
    pool: list[Any] = []
    while True:
        source = pool if pool and random.random() < 0.3 else seeds
        value = target.shape.change(random.choice(source), random)
        keep: bool = yield value
        if keep and random.random() < 0.1 and len(repr(value)) < 20_000:
            pool.append(value)
            if len(pool) > POOL:
                del pool[random.randrange(POOL)]


def fuzz(target: Target, inputs: int, seed: int, until: float = float("inf")) -> Watch:
    """The plain engine: ``inputs`` changed inputs, fewer when ``time.monotonic`` passes ``until``."""
    watch = Watch(target)
    for value in target.seeds():
        watch.run(value)
    found = drawn(target, Random(f"{target.name} {seed}"))
    value = next(found)
    while watch.inputs < inputs and (watch.inputs % 256 or time.monotonic() < until):
        value = found.send(watch.run(value))  # type: ignore[attr-defined]
    return watch


@cache
def recordings(*patterns: str) -> tuple[Any, ...]:
    """The recorded JSON answers whose path matches, each content once."""
    found: dict[str, Any] = {}
    for folder in RECORDINGS:
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                body = json.loads(path.read_bytes())
                found[json.dumps(body, sort_keys=True)] = body
    return tuple(found.values())
