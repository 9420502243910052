"""Checks posts by the rules of a catalogue, block by block, so that memory does not grow with their number.

A block is folded and scanned at once; that only *nominates* posts for rules. What a nominated post really holds is decided
on its own (``kinds/``), so that neither the size of blocks nor the engine can change a finding.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from pantau.checks.catalogue import Catalogue
from pantau.checks.compile import Compiled, compile_catalogue
from pantau.checks.fold import Block
from pantau.checks.judge import Cancelled, CheckReport, Judge
from pantau.checks.kinds.script import uses_foreign_letters
from pantau.checks.masked import texts_with_masks
from pantau.checks.scan import Engine, Hits
from pantau.checks.second_signal import shipped_signal
from pantau.checks.verdict import Verdicts
from pantau.checks.view import PostView, TextView
from pantau.core.clock import WIB
from pantau.core.errors import RuleError
from pantau.core.ledgers import Situation
from pantau.core.model import Post, RuleFailure, Unit, sort_findings

__all__ = ["Cancelled", "CheckReport", "Checker"]

BLOCK_TEXTS = 500
BLOCK_CHARS = 250_000
"""A block ends at so many texts or characters, whichever comes first; it then fits the processor's cache."""


class Checker:
    """A compiled catalogue, ready to check posts."""

    def __init__(
        self,
        catalogue: Catalogue,
        engine: Engine = "auto",
        situations: Sequence[Situation] = (),
        units: Mapping[str, Unit] | None = None,
        zone: ZoneInfo = WIB,
        *,
        cache_dir: Path | None = None,
        block_texts: int = BLOCK_TEXTS,
        timer: Callable[[], float] = time.thread_time,
    ) -> None:
        """``situations`` and ``units`` (by code) tell where which hardship holds; ``zone`` is that of its days.

        ``cache_dir`` keeps compiled phrases between runs; ``timer`` gives seconds of work done, by which slow rules are stopped.
        """
        self._compiled: Compiled = compile_catalogue(catalogue, engine, cache_dir)
        self._verdicts, self._broken = _verdicts(self._compiled)
        self._block_texts = block_texts
        self._timer = timer
        self._zone = zone
        self._situations, self._units = tuple(situations), dict(units or {})

    def within(self, situations: Sequence[Situation], units: Mapping[str, Unit]) -> "Checker":
        """The same rules in other situations, without compiling again."""
        other: Checker = object.__new__(Checker)
        other.__dict__.update(self.__dict__)
        other._situations, other._units = tuple(situations), dict(units)
        return other

    def check(self, posts: Iterable[Post], unit_of: Mapping[str, str]) -> CheckReport:
        """All findings of some posts, sorted. ``unit_of`` gives the unit's code per account key."""
        reports = list(self.check_blocks(posts, unit_of))
        return CheckReport(
            findings=sort_findings(finding for report in reports for finding in report.findings),
            trial=sort_findings(finding for report in reports for finding in report.trial),
            cancelled=[item for report in reports for item in report.cancelled],
            failures=reports[-1].failures if reports else (),
            posts=sum(report.posts for report in reports),
        )

    def check_blocks(self, posts: Iterable[Post], unit_of: Mapping[str, str]) -> Iterator[CheckReport]:
        """One report per block of posts, in order. ``failures`` holds all that failed so far."""
        judge = Judge(self._compiled, self._situations, self._units, self._zone, self._timer)
        for block in _blocks(posts, self._block_texts):
            yield self._check_block(block, unit_of, judge)

    def _check_block(self, posts: list[Post], unit_of: Mapping[str, str], judge: Judge) -> CheckReport:
        report = CheckReport(posts=len(posts))
        owners = [(n, field) for n, post in enumerate(posts) for field in range(2) if _texts(post)[field]]
        if owners:
            folded = _Folded(posts, owners, self._compiled)
            for number, rules in folded.nominated():
                post = posts[number]
                judge.decide(post, folded.view(number), rules, unit_of.get(post.account, ""), report)
            if self._verdicts is not None:
                report = self._verdicts.apply(posts, folded.view, unit_of, report, judge.attempt)
        return msgspec.structs.replace(report, failures=(*judge.failures(), *self._broken))


def _verdicts(compiled: Compiled) -> tuple[Verdicts | None, tuple[RuleFailure, ...]]:
    """The second signal; without its model the patterns go on alone, and that is a visible failure."""
    if not compiled.classifiers:
        return None, ()
    try:
        return Verdicts(compiled, shipped_signal()), ()
    except RuleError as error:
        return None, (RuleFailure("second-signal", f"tidak ikut memeriksa; {error}"),)


class _Folded:
    """A block of posts, folded and scanned."""

    def __init__(self, posts: list[Post], owners: list[tuple[int, int]], compiled: Compiled) -> None:
        self._posts = posts
        self._compiled = compiled
        self._owners = owners
        self._places = {owner: number for number, owner in enumerate(owners)}
        self._block = Block([_texts(posts[number])[field] for number, field in owners])
        self._hits = compiled.scanner.scan(self._block.skeleton)
        self._texts = self._block.text_of(self._hits.ends - 1, "skeleton")
        self._views: dict[int, TextView] = {}

    def nominated(self) -> list[tuple[int, list[int]]]:
        """Numbers of the rules to be tried, by number of the post, in order."""
        posts = np.array([number for number, _ in self._owners], np.int64)
        found = self._compiled.nominator.nominate(self._block, self._hits, self._texts, posts)
        for text in texts_with_masks(self._block) if self._compiled.disguised else ():
            if self._compiled.add_masked(self._text_view(text)):
                number = self._owners[text][0]
                found[number] = sorted({*found.get(number, ()), *self._compiled.disguised})
        for number, field in self._owners if self._compiled.by_script else ():
            if uses_foreign_letters(_texts(self._posts[number])[field]):
                found[number] = sorted({*found.get(number, ()), *self._compiled.by_script})
        return sorted(found.items())

    def view(self, number: int) -> PostView:
        """A post with all its texts."""
        places = [self._places.get((number, field)) for field in range(2)]
        return PostView([None if place is None else self._text_view(place) for place in places])

    def _text_view(self, text: int) -> TextView:
        if text not in self._views:
            number, field = self._owners[text]
            first, after = np.searchsorted(self._texts, (text, text + 1))
            begin = self._block.bounds("skeleton")[text]
            hits = Hits(self._hits.literals[first:after], self._hits.ends[first:after] - begin)
            self._views[text] = TextView(
                _texts(self._posts[number])[field], self._block, text, hits, self._compiled.lexicon
            )
        return self._views[text]


def _texts(post: Post) -> tuple[str, str]:
    """The texts of a post in the order of ``TEXT_FIELDS``."""
    return post.text, post.image_text


def _blocks(posts: Iterable[Post], block_texts: int) -> Iterator[list[Post]]:
    block: list[Post] = []
    texts = chars = 0
    for post in posts:
        block.append(post)
        texts += bool(post.text) + bool(post.image_text)
        chars += len(post.text) + len(post.image_text)
        if texts >= block_texts or chars >= BLOCK_CHARS:
            yield block
            block, texts, chars = [], 0, 0
    if block:
        yield block
