"""The engine: folding, and checking stored posts by a rulebook of 5,000 phrases, measured against ``peers``.

All candidates in this one process, rounds interleaved, medians of CPU time per post. Slow ones get the first posts only. Whatever
finds something must find the same.

    python -m benchmarks.engine [--quick]
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus, peers, stored
from benchmarks.table import Row, cpu_medians, print_rows
from jobs.sweeping import SLICE_POSTS
from pantau.checks.engine import BLOCK_POSTS, Checker
from pantau.checks.fold import Block, utf8
from pantau.checks.scan import Engine, has_hyperscan
from pantau.core.model import Finding, Window
from pantau.store import open_store
from pantau.store.store import Store

HS, AC, BARE = "rerun, hyperscan", "rerun, ahocorasick_rs", "bare hyperscan scans"
_ACCOUNTS = 1_000
PLAIN, SPACY = "plain re loop", "spaCy PhraseMatcher"
FOLD, REFERENCE = "fold", "fold, character by character"


@dataclass(frozen=True)
class Sizes:
    """How many posts each candidate gets, and how many rounds."""

    posts: int = 20_000
    plain: int = 100
    spacy: int = 1_000
    reference: int = 300
    rounds: int = 5


QUICK = Sizes(posts=2_000, plain=20, spacy=100, reference=50, rounds=1)


class _Bench:
    def __init__(self, store: Store, sizes: Sizes) -> None:
        self.store, self.sizes, self.book = store, sizes, corpus.rulebook()
        self.window = Window(corpus.START, stored.end_of(sizes.posts))
        self.store.runs.begin("rerun", "r-bench", self.window, self.window.end, self.window.end)
        self.texts = [post.text for post in corpus.posts(sizes.posts)]
        self.found: dict[str, dict[str, list[Finding]]] = {}
        self.candidates: dict[str, tuple[Callable[[], object], int]] = {}

    def rerun(self, engine: Engine, name: str) -> None:
        """Read the stored texts, check them, fetch suspects, write what was found."""
        checker = Checker(self.book, engine)
        posts = self.store.posts.of([account.key for account in stored.accounts(_ACCOUNTS)])

        def run() -> None:
            found: list[Finding] = []
            for stretch in posts.stretches(self.window, SLICE_POSTS):
                for report in checker.check_stored(posts.texts(stretch), posts.get, {}):
                    found += report.findings
                    assert not report.failures
            self.store.findings.save("r-bench", found)
            by_post: dict[str, list[Finding]] = {}
            for finding in self.store.findings.of_run("r-bench"):
                by_post.setdefault(finding.post, []).append(finding)
            self.found[name] = by_post

        self.candidates[name] = run, self.sizes.posts
        self.literals = checker._compiled.lexicon.literals

    def add_peers(self) -> None:
        """The candidates of ``peers``, as far as they are installed."""
        sizes, blocks = self.sizes, list(self.blocks())
        patterns = [pattern.encode() for rule in self.book.rules for pattern in rule.patterns]
        bare = peers.bare_scans(blocks, self.literals, patterns)
        if bare is not None:
            self.candidates[BARE] = bare, sizes.posts
        self.candidates[FOLD] = lambda: [block for block in self.blocks() if block.skeleton], sizes.posts
        folded = peers.reference()
        self.candidates[REFERENCE] = lambda: [folded(text) for text in self.texts[: sizes.reference]], sizes.reference
        plain = peers.PlainLoop(self.book)

        def check() -> None:
            self.plain = {number: plain.check(text) for number, text in enumerate(self.texts[: sizes.plain])}

        self.candidates[PLAIN] = check, sizes.plain
        if peers.has_spacy():
            spacy = peers.Spacy(self.book, plain)
            self.candidates[SPACY] = lambda: [spacy.check(text) for text in self.texts[: sizes.spacy]], sizes.spacy
        self._confirm_fold()

    def blocks(self) -> Iterator[Block]:
        """The posts folded as the engine does it."""
        for first in range(0, len(self.texts), BLOCK_POSTS):
            yield Block([utf8(text) for text in self.texts[first : first + BLOCK_POSTS]])

    def _confirm_fold(self) -> None:
        block = Block([utf8(text) for text in self.texts[: self.sizes.plain]])
        folded = peers.reference()
        expected = [folded(text).skeleton for text in self.texts[: self.sizes.plain]]
        assert block.skeleton.decode().split("\0") == expected

    def confirm(self) -> int:
        """Raise unless the findings agree; how many there are."""
        first, *others = self.found.values()
        assert all(other == first for other in others), "the engines disagree"
        keys = [post.key for post in corpus.posts(self.sizes.plain)]
        for number, key in enumerate(keys):
            ours = {(f.rule_id, e.start, e.end) for f in first.get(key, []) for e in f.evidence}
            assert ours == self.plain[number], f"the plain loop disagrees on {key}: {ours} {self.plain[number]}"
        return sum(map(len, first.values()))


def measure(sizes: Sizes) -> tuple[dict[str, float], int]:
    """CPU microseconds a post by candidate, and the number of findings."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'posts.db'}"
        stored.build(url, sizes.posts, _ACCOUNTS)
        with open_store(url) as store:
            bench = _Bench(store, sizes)
            bench.rerun("ac", AC)
            if has_hyperscan():
                bench.rerun("hs", HS)
            bench.add_peers()
            taken = cpu_medians({name: run for name, (run, _) in bench.candidates.items()}, sizes.rounds)
            found = bench.confirm()
    return {name: 1e6 * seconds / bench.candidates[name][1] for name, seconds in taken.items()}, found


def rows(*, quick: bool = False) -> Iterator[Row]:
    """The rows of the table that are about the engine."""
    sizes = QUICK if quick else Sizes()
    taken, found = measure(sizes)
    for name, cost in sorted(taken.items(), key=lambda item: item[1]):
        print(f"{name:<32} {cost:>10.2f} us a post", file=sys.stderr, flush=True)
    whole = f"read, check, fetch, write of {sizes.posts:,} posts, {found} findings, default engine"
    yield _row("rerun / bare hyperscan scans of the same folded bytes", taken, AC, BARE, most=6.5, note=whole)
    yield _row("plain per-rule re loop / rerun", taken, PLAIN, AC, least=400, note=f"loop: first {sizes.plain} posts")
    note = f"first {sizes.spacy} posts, lexicon rules only, no places" if SPACY in taken else "spaCy is not installed"
    yield _row("spaCy PhraseMatcher / rerun", taken, SPACY, AC, least=15, note=note)
    yield _row("fold by characters with offsets / fold", taken, REFERENCE, FOLD, least=40, note="")
    yield _row("default engine / hyperscan, whole job", taken, AC, HS, most=1.5, note="")


def _row(
    measure: str,
    taken: Mapping[str, float],
    above: str,
    below: str,
    *,
    least: float = 0.0,
    most: float = float("inf"),
    note: str,
) -> Row:
    must = f">= {least:g} x" if least else f"<= {most:g} x"
    if above not in taken or below not in taken:
        return Row(measure, must, "-", None, note or "hyperscan is not installed")
    ratio = taken[above] / taken[below]
    shown = f"{ratio:.2f} x ({taken[above]:.1f} / {taken[below]:.1f} us)"
    return Row(measure, must, shown, least <= ratio <= most, note)


def main() -> int:
    """Print the rows; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    found = list(rows(quick=parser.parse_args().quick))
    print_rows(found)
    return 1 if any(row.met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
