"""Checks posts by the rules of a catalogue, block by block, so that memory does not grow with their number.

A block is folded and scanned at once; that only *nominates* posts for rules. What a nominated post really holds is decided
on its own (``kinds/``), so that neither the size of blocks nor the engine can change a finding.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from pantau.checks.catalogue import Catalogue
from pantau.checks.compile import Compiled, compile_catalogue
from pantau.checks.fold import Block
from pantau.checks.judge import Cancelled, Judge
from pantau.checks.masked import texts_with_masks
from pantau.checks.scan import Engine
from pantau.checks.view import PostView, TextView
from pantau.core.clock import WIB
from pantau.core.model import Finding, Post, RuleFailure, Situation, Unit, sort_findings

BLOCK_TEXTS = 500
BLOCK_CHARS = 250_000
"""A block ends at so many texts or characters, whichever comes first; it then fits the processor's cache."""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What checking gave."""

    findings: list[Finding] = []
    trial: list[Finding] = []
    """Findings of rules on trial (``uji``): logged and counted, never shown."""
    cancelled: list[Cancelled] = []
    """Hits that their context took away."""
    failures: tuple[RuleFailure, ...] = ()
    posts: int = 0
    """How many posts were checked."""


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
        block_texts: int = BLOCK_TEXTS,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._compiled: Compiled = compile_catalogue(catalogue, engine)
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
        owners: list[tuple[int, int]] = []
        texts: list[str] = []
        for number, post in enumerate(posts):
            for field, text in enumerate((post.text, post.image_text)):
                if text:
                    owners.append((number, field))
                    texts.append(text)
        report = CheckReport(posts=len(posts))
        if texts:
            block = Block(texts)
            by_post: dict[int, set[int]] = {}
            masked = self._masked(block)
            for text_number, rules in self._compiled.nominate(block, masked).items():
                by_post.setdefault(owners[text_number][0], set()).update(rules)
            places = {owner: n for n, owner in enumerate(owners)}
            for number, rules in sorted(by_post.items()):
                view = self._view(posts[number], number, block, places, masked)
                judge.decide(posts[number], view, sorted(rules), unit_of.get(posts[number].account, ""), report)
        return msgspec.structs.replace(report, failures=judge.failures())

    def _masked(self, block: Block) -> set[int]:
        return set(texts_with_masks(block)) if self._compiled.masks else set()

    def _view(
        self, post: Post, number: int, block: Block, places: dict[tuple[int, int], int], masked: set[int]
    ) -> PostView:
        views: list[TextView | None] = []
        for field, text in enumerate((post.text, post.image_text)):
            place = places.get((number, field))
            if place is None:
                views.append(None)
                continue
            view = TextView(text, block, place, self._compiled.scanner, self._compiled.lexicon)
            if place in masked:
                self._compiled.add_masked(view)
            views.append(view)
        return PostView(views)


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
