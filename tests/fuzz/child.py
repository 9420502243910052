"""One target in a process of its own; writes what came of it as JSON. Started by ``__main__``."""

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

_MEMORY_MB = 4096
_NOTE_EVERY = 2000


def main() -> None:
    """Run the target with one of the two engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--engine", choices=("atheris", "plain"), required=True)
    parser.add_argument("--inputs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MB * 1024**2,) * 2)
    if options.engine == "atheris":
        _guided(options)
        return
    from tests.fuzz.catalogue import TARGETS
    from tests.fuzz.exports import clean
    from tests.fuzz.target import fuzz

    watch = fuzz(TARGETS[options.target], options.inputs, options.seed, time.monotonic() + options.seconds)
    _note(watch, options.folder)
    clean()


def _guided(options: argparse.Namespace) -> None:
    """Coverage of our own packages guides which inputs are changed further; the changes are the same as the plain engine's."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["collectors", "pantau"]):
        from tests.fuzz.catalogue import TARGETS
    from tests.fuzz.target import Watch

    target = TARGETS[options.target]
    watch = Watch(target)
    seeds = list(target.seeds())
    corpus = options.folder / "corpus"
    corpus.mkdir()
    for number, value in enumerate(seeds):
        (corpus / str(number)).write_bytes(target.shape.pack(value))
    largest = max(20_000, *(path.stat().st_size for path in corpus.iterdir()))

    def change(data: bytes, most_bytes: int, seed: int) -> bytes:
        random = Random(seed)
        try:
            value = target.shape.unpack(data)
        except (ValueError, RecursionError):
            value = random.choice(seeds)
        try:
            changed = target.shape.pack(target.shape.change(value, random))
        except (ValueError, RecursionError):
            return data
        return changed if len(changed) <= most_bytes else data

    def check(data: bytes) -> None:
        try:
            value: Any = target.shape.unpack(data)
        except (ValueError, RecursionError):
            watch.inputs += 1
        else:
            watch.run(value)
        if watch.inputs % _NOTE_EVERY == 0 or watch.inputs >= options.inputs:
            _note(watch, options.folder)

    arguments = [
        f"-runs={options.inputs}",
        f"-seed={options.seed % 2**31 or 1}",
        f"-max_len={largest}",
        f"-max_total_time={max(1, int(options.seconds))}",
        "-timeout=60",
        "-rss_limit_mb=0",
        "-print_final_stats=1",
        f"-artifact_prefix={options.folder}/",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *arguments], check, custom_mutator=change)
    atheris.Fuzz()


def _note(watch: Any, folder: Path) -> None:
    pack = watch.target.shape.pack
    found = []
    for number, finding in enumerate(watch.findings):
        name = f"finding-{number}"
        try:
            (folder / name).write_bytes(pack(finding.value))
        except (ValueError, RecursionError):
            (folder / name).write_text(repr(finding.value), "utf-8", "backslashreplace")
        times = watch.counts[finding.kind, finding.where]
        found.append(
            {"kind": finding.kind, "where": finding.where, "detail": finding.detail, "times": times, "file": name}
        )
    said = {"inputs": watch.inputs, "accepted": watch.accepted, "slowest_s": watch.slowest_s, "findings": found}
    draft = folder / "result.new"
    draft.write_text(json.dumps(said), "utf-8")
    draft.replace(folder / "result.json")


if __name__ == "__main__":
    main()
