"""Makes a catalogue ready for checking: one lexicon for all rules, scanners, and for each literal the rules it calls up."""

from collections.abc import Iterable, Sequence

import numpy as np

from pantau.checks.anchors import anchor_of
from pantau.checks.catalogue import Catalogue
from pantau.checks.fold import Block
from pantau.checks.kinds.compiled import DISGUISED_FAMILIES, CompiledRule, Groups, compile_rule
from pantau.checks.lexicon import Lexicon, Role
from pantau.checks.masked import MaskIndex
from pantau.checks.scan import Engine, Scanner, build_scanner
from pantau.checks.spelling import Mode
from pantau.checks.view import Span, TextView

PLACE_LIST = "place-names"
"""The word list whose names never trigger."""
_MASK_CONTEXT_CHARS = 80


class Compiled:
    """A compiled catalogue."""

    def __init__(self, rules: Sequence[CompiledRule], lexicon: Lexicon, engine: Engine) -> None:
        self.rules = tuple(rules)
        self.lexicon = lexicon
        self.scanner: Scanner = build_scanner(lexicon.literals, engine)
        """Finds all phrases, those of contexts and exceptions included; for single posts."""
        self.masks = MaskIndex(self._disguised_words())
        calls: dict[int, set[int]] = {}
        for number, rule in enumerate(self.rules):
            for trigger in self._triggers(rule):
                calls.setdefault(trigger, set()).add(number)
        chosen = sorted(calls)
        self._calls = [tuple(sorted(calls[number])) for number in chosen]
        self._first = build_scanner([lexicon.literals[number] for number in chosen], engine)
        self._always: list[int] = []
        self._digits: dict[int, list[int]] = {}
        anchors: dict[bytes, set[int]] = {}
        for number, rule in enumerate(self.rules):
            for pattern in rule.rule.patterns:
                anchor = anchor_of(pattern)
                for literal in anchor.literals:
                    anchors.setdefault(literal, set()).add(number)
                if anchor.digits:
                    self._digits.setdefault(anchor.digits, []).append(number)
                elif not anchor.literals:
                    self._always.append(number)
        self._anchored = [tuple(sorted(anchors[literal])) for literal in sorted(anchors)]
        self._anchors = build_scanner(sorted(anchors), engine)

    def _triggers(self, rule: CompiledRule) -> set[int]:
        """Literals of which one is in every post on which the rule can fire: those of its rarest set."""
        options = [self._literals_of(groups) for groups in rule.sets]
        return set(min(options, key=self._commonness, default=[]))

    def _literals_of(self, groups: Groups) -> list[int]:
        found: list[int] = []
        for group in groups:
            found += self.lexicon.by_role.get(Role(group), [])
            for sequence, optional in enumerate(self.lexicon.groups[group].sequences):
                slots = [
                    self.lexicon.by_role.get(Role(group, sequence, slot), [])
                    for slot, may in enumerate(optional)
                    if not may
                ]
                found += min(slots, key=self._commonness)
        return found

    def _commonness(self, literals: Iterable[int]) -> float:
        """A guess at how often texts hold one of the literals: short ones are common."""
        return sum(2.0 ** -len(self.lexicon.literals[literal]) for literal in literals)

    def _disguised_words(self) -> Iterable[str]:
        wanted = {
            group
            for rule in self.rules
            if rule.rule.family in DISGUISED_FAMILIES
            for groups in rule.sets
            for group in groups
        }
        for uses in self.lexicon.uses:
            for form, roles in uses:
                if form.mode is Mode.LOOSE and b" " not in form.text and any(role.group in wanted for role in roles):
                    yield form.text.decode("ascii")

    def nominate(self, block: Block, masked: set[int]) -> dict[int, set[int]]:
        """Numbers of the rules to be tried per text of a block."""
        rules_of: dict[int, set[int]] = {}
        for calls, hits, level in (
            (self._calls, self._first.scan(block.skeleton), "skeleton"),
            (self._anchored, self._anchors.scan(bytes(block.light)), "light"),
        ):
            if hits:
                ends = np.fromiter((end - 1 for _, end in hits), np.int64, len(hits))
                for (literal, _), text in zip(hits, block.text_of(ends, level).tolist(), strict=True):
                    rules_of.setdefault(text, set()).update(calls[literal])
        for digits, rules in self._digits.items():
            for text in _texts_with_digits(block, digits):
                rules_of.setdefault(text, set()).update(rules)
        if self._always:
            for text in range(len(block.bounds("light")) - 1):
                rules_of.setdefault(text, set()).update(self._always)
        for text in masked:
            light = block.light[block.bounds("light")[text] : block.bounds("light")[text + 1] - 1]
            if self.masks.find(bytes(light)):
                rules_of.setdefault(text, set()).update(
                    number
                    for number, rule in enumerate(self.rules)
                    if rule.rule.family in DISGUISED_FAMILIES and rule.sets
                )
        return rules_of

    def add_masked(self, view: TextView) -> None:
        """Add to a view the phrases that its masked words may be part of."""
        for masked in self.masks.find(view.light):
            region = view.light_span(masked.start, masked.end)
            first = max(region.start - _MASK_CONTEXT_CHARS, 0)
            for word in masked.words:
                shown = (
                    view.text[first : region.start] + word + view.text[region.end : region.end + _MASK_CONTEXT_CHARS]
                )
                changed = Span(region.start - first, region.start - first + len(word))
                self._add_alternative(view, shown, changed, first, region)

    def _add_alternative(self, view: TextView, shown: str, changed: Span, first: int, region: Span) -> None:
        other = TextView(shown, Block([shown]), 0, self.scanner, self.lexicon)
        for group in range(len(self.lexicon.groups)):
            if not self.lexicon.groups[group].disguised:
                continue
            for span in other.spans(group):
                if span.start < changed.end and span.end > changed.start:
                    start = region.start if span.start >= changed.start else span.start + first
                    end = region.end if span.end <= changed.end else span.end - changed.end + region.end
                    view.extra.setdefault(group, []).append(Span(start, end))


def _texts_with_digits(block: Block, count: int) -> list[int]:
    """Numbers of the texts with at least ``count`` digits in a row."""
    light = np.frombuffer(bytes(block.light), np.uint8)
    digits = np.flatnonzero((light - np.uint8(0x30)) < 10)
    if digits.size < count:
        return []
    rows = digits[count - 1 :] - digits[: digits.size - count + 1] == count - 1
    return block.texts_at(digits[count - 1 :][rows], "light")


def compile_catalogue(catalogue: Catalogue, engine: Engine = "auto") -> Compiled:
    """Compile the rules that are switched on or on trial and in season."""
    lexicon = Lexicon(catalogue.slang)
    chosen = [rule for rule in catalogue.rules if rule.status != "nonaktif" and rule.in_season(catalogue.on)]
    rules = [
        compile_rule(rule, lexicon, catalogue.lists, PLACE_LIST)
        for rule in chosen
        if rule.kind not in ("history", "ledger")
    ]
    lexicon.compile()
    return Compiled(rules, lexicon, engine)
