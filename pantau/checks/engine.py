"""Checks posts by the rules of a catalogue, block by block, so that memory does not grow with their number.

A block is folded and scanned at once; that only *nominates* posts for rules. What a nominated post really holds is decided
on its own (``kinds/``), so that neither the size of blocks nor the engine can change a finding.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from pantau.checks.catalogue import Catalogue
from pantau.checks.compile import Compiled, compile_catalogue
from pantau.checks.fold import Block, utf8
from pantau.checks.judge import Cancelled, CheckReport, Judge
from pantau.checks.kinds.script import with_foreign_letters
from pantau.checks.masked import texts_with_masks
from pantau.checks.scan import Engine, Hits
from pantau.checks.second_signal import SecondSignal, shipped_signal
from pantau.checks.verdict import Verdicts
from pantau.checks.view import PostView, TextView
from pantau.core.clock import WIB
from pantau.core.errors import RuleError
from pantau.core.ledgers import Situation
from pantau.core.model import Post, RuleFailure, StoredTexts, Unit, sort_findings

__all__ = ["Cancelled", "CheckReport", "Checker"]

BLOCK_POSTS = 1_000
BLOCK_BYTES = 500_000
"""A block ends at about so many posts or bytes, whichever comes first; it then fits the processor's cache."""
_TEXT_OF, _IMAGE_TEXT_OF = attrgetter("text"), attrgetter("image_text")
_PIECE = 50
"""Posts after which the bytes are counted."""

Fetch = Callable[[Sequence[str]], Mapping[str, Post]]
"""Gives posts by their keys."""


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
        block_posts: int = BLOCK_POSTS,
        timer: Callable[[], float] = time.thread_time,
    ) -> None:
        """``situations`` and ``units`` (by code) tell where which hardship holds; ``zone`` is that of its days.

        ``cache_dir`` keeps compiled phrases between runs; ``timer`` gives seconds of work done, by which slow rules are stopped.
        """
        self._compiled: Compiled = compile_catalogue(catalogue, engine, cache_dir)
        self._verdicts, self._broken = _verdicts(self._compiled)
        self._block_posts = block_posts
        self._timer = timer
        self._zone = zone
        self._situations, self._units = tuple(situations), dict(units or {})

    def within(self, situations: Sequence[Situation], units: Mapping[str, Unit]) -> "Checker":
        """The same rules in other situations, without compiling again."""
        other: Checker = object.__new__(Checker)
        other.__dict__.update(self.__dict__)
        other._situations, other._units = tuple(situations), dict(units)
        return other

    def scored_by(self, signal: SecondSignal) -> "Checker":
        """The same rules with scores that were worked out beforehand; where there is no second signal there is none now."""
        other = self.within(self._situations, self._units)
        if self._verdicts is not None:
            other._verdicts = Verdicts(self._compiled, signal)
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
        held: dict[str, Post] = {}

        def rows() -> Iterator[StoredTexts]:
            for post in posts:
                held[post.key] = post
                yield StoredTexts(post.key, utf8(post.text), utf8(post.image_text))

        for report in self.check_stored(rows(), lambda keys: held, unit_of):
            yield report
            held.clear()

    def check_stored(
        self, rows: Iterable[StoredTexts], fetch: Fetch, unit_of: Mapping[str, str]
    ) -> Iterator[CheckReport]:
        """The same for posts of which only the texts are at hand: ``fetch`` is asked for those that a rule may fire on.

        A post that ``fetch`` does not give any more is passed over.
        """
        judge = Judge(self._compiled, self._situations, self._units, self._zone, self._timer)
        for block in _blocks(rows, self._block_posts):
            yield self._check_block(block, fetch, unit_of, judge)

    def _check_block(
        self, rows: list[StoredTexts], fetch: Fetch, unit_of: Mapping[str, str], judge: Judge
    ) -> CheckReport:
        report = CheckReport(posts=len(rows))
        folded = _Folded(rows, self._compiled)
        named = folded.nominated()
        asked = range(len(rows)) if self._verdicts is not None else [number for number, _ in named]
        posts = fetch([rows[number].key for number in asked]) if asked else {}
        for number, rules in named:
            post = posts.get(rows[number].key)
            if post is not None:
                judge.decide(post, folded.view(number), rules, unit_of.get(post.account, ""), report)
        if self._verdicts is not None and folded.texts:
            there = [(number, posts[row.key]) for number, row in enumerate(rows) if row.key in posts]
            numbers = [number for number, _ in there]
            report = self._verdicts.apply(
                [post for _, post in there], lambda n: folded.view(numbers[n]), unit_of, report, judge.attempt
            )
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

    def __init__(self, rows: list[StoredTexts], compiled: Compiled) -> None:
        self._compiled = compiled
        self._count = len(rows)
        fields = list(chain.from_iterable(zip(map(_TEXT_OF, rows), map(_IMAGE_TEXT_OF, rows), strict=True)))
        self.texts = list(filter(None, fields))
        """The texts that are not empty, post by post."""
        self._owners = np.flatnonzero(np.fromiter(map(len, fields), np.int64, len(fields)))
        """Per text twice the number of its post, plus one for words on pictures."""
        if not self.texts:
            return
        self._block = Block(self.texts)
        self._hits = compiled.scanner.scan(self._block.skeleton)
        self._hit_texts = self._block.text_of(self._hits.ends - 1, "skeleton")
        self._views: dict[int, TextView] = {}

    @cached_property
    def _texts_of(self) -> list[int]:
        """The first text of each post, and one more."""
        first: list[int] = np.searchsorted(self._owners, 2 * np.arange(self._count + 1)).tolist()
        return first

    @cached_property
    def _hits_of(self) -> list[int]:
        """The first hit of each text, and one more."""
        first: list[int] = np.searchsorted(self._hit_texts, np.arange(len(self.texts) + 1)).tolist()
        return first

    def nominated(self) -> list[tuple[int, list[int]]]:
        """Numbers of the rules to be tried, by number of the post, in order."""
        if not self.texts:
            return []
        posts = self._owners // 2
        found = self._compiled.nominator.nominate(self._block, self._hits, self._hit_texts, posts)
        for text in texts_with_masks(self._block) if self._compiled.disguised else ():
            if self._compiled.add_masked(self._text_view(text)):
                number = int(posts[text])
                found[number] = sorted({*found.get(number, ()), *self._compiled.disguised})
        for text in with_foreign_letters(self._block) if self._compiled.by_script else ():
            number = int(posts[text])
            found[number] = sorted({*found.get(number, ()), *self._compiled.by_script})
        return sorted(found.items())

    def view(self, number: int) -> PostView:
        """A post with all its texts."""
        views: list[TextView | None] = [None, None]
        for text in range(*self._texts_of[number : number + 2]):
            views[self._owners[text] % 2] = self._text_view(text)
        return PostView(views)

    def _text_view(self, text: int) -> TextView:
        if text not in self._views:
            first, after = self._hits_of[text : text + 2]
            begin = self._block.bounds("skeleton")[text]
            hits = Hits(self._hits.literals[first:after], self._hits.ends[first:after] - begin)
            published = self.texts[text].decode("utf-8", "surrogatepass")
            self._views[text] = TextView(published, self._block, text, hits, self._compiled.lexicon)
        return self._views[text]


def _blocks(rows: Iterable[StoredTexts], block_posts: int) -> Iterator[list[StoredTexts]]:
    """Posts in lists of at most ``block_posts``, fewer where texts are long."""
    stream = iter(rows)
    block: list[StoredTexts] = []
    size = 0
    while piece := list(islice(stream, min(_PIECE, block_posts - len(block)))):
        block += piece
        size += sum(map(len, map(_TEXT_OF, piece))) + sum(map(len, map(_IMAGE_TEXT_OF, piece)))
        if len(block) >= block_posts or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
