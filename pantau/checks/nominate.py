"""Which posts of a block may fire which rule: every part of the rule (its sets, what it requires, its patterns) must leave a trace.

Nothing is decided here; a post that is named in vain costs time only, and none that could fire is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pantau.checks.anchors import anchor_of
from pantau.checks.fold import Block
from pantau.checks.kinds.compiled import CompiledRule, Groups
from pantau.checks.lexicon import Forms, Lexicon
from pantau.checks.scan import Engine, Hits, build_scanner

Ints = NDArray[np.int64]


class _Lookup(NamedTuple):
    """Rows of different length in one array: row n is ``values[starts[n] : starts[n + 1]]``."""

    starts: Ints
    values: Ints

    @classmethod
    def of(cls, rows: Mapping[int, Iterable[int]], count: int) -> "_Lookup":
        """``count`` rows, those that are not named being empty."""
        sizes = np.zeros(count + 1, np.int64)
        values: list[int] = []
        for number in sorted(rows):
            row = sorted(rows[number])
            sizes[number + 1] = len(row)
            values += row
        return cls(np.cumsum(sizes), np.array(values, np.int64))

    def expand(self, rows: Ints, beside: Ints) -> tuple[Ints, Ints]:
        """All values of many rows, and ``beside`` repeated to match."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        total = int(sizes.sum())
        places = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(self.starts[rows], sizes)
        return self.values[places], np.repeat(beside, sizes)


class _Entries:
    """Entries of several slots: which literals stand for which slot, and the slots an entry needs."""

    def __init__(self, lexicon: Lexicon, groups: Iterable[int]) -> None:
        slot_ids: dict[int, int] = {}
        literals: dict[int, set[int]] = {}
        keyed: dict[int, set[int]] = {}
        needed: list[list[int]] = []
        self.numbers: dict[tuple[int, int], int] = {}

        def slot_id(slot: Forms) -> int:
            number = slot_ids.setdefault(id(slot), len(slot_ids))
            for literal in slot:
                literals.setdefault(literal, set()).add(number)
            return number

        for group in groups:
            for place, entry in enumerate(lexicon.groups[group].entries):
                number = self.numbers[group, place] = len(self.numbers)
                key = entry.rarest(lexicon.literals)
                keyed.setdefault(slot_id(key), set()).add(number)
                others = {slot_id(slot) for slot, may in zip(entry.slots, entry.optional, strict=True) if not may}
                needed.append(sorted(others - {slot_id(key)}))
        self._count = max(len(slot_ids), 1)
        self._slots = _Lookup.of(literals, len(lexicon.literals))
        self._keyed = _Lookup.of(keyed, len(slot_ids))
        width = max(map(len, needed), default=0)
        self._needed = np.array([row + [-1] * (width - len(row)) for row in needed], np.int64).reshape(
            len(needed), width
        )

    def complete(self, literals: Ints, texts: Ints) -> tuple[Ints, Ints]:
        """``(entries, texts)``: entries of which every needed slot has a hit in a text."""
        if not self.numbers:
            return literals[:0], texts[:0]
        slots, texts = self._slots.expand(literals, texts)
        present = np.unique(texts * self._count + slots)
        entries, texts = self._keyed.expand(present % self._count, present // self._count)
        for column in self._needed.T:
            slot = column[entries]
            wanted = texts * self._count + slot
            place = np.minimum(np.searchsorted(present, wanted), present.size - 1)
            there = (slot < 0) | (present[place] == wanted) if present.size else slot < 0
            entries, texts = entries[there], texts[there]
        return entries, texts


def _complete(parts: Ints, places: Ints, owner: Ints, needed: Ints) -> tuple[Ints, Ints]:
    """``(owners, places)``: owners of which all ``needed`` parts are present at a place."""
    present = np.unique(places * len(owner) + parts)
    pairs, counts = np.unique(present // len(owner) * len(needed) + owner[present % len(owner)], return_counts=True)
    owners = pairs % len(needed)
    whole = counts == needed[owners]
    return owners[whole], pairs[whole] // len(needed)


def _parts(rule: CompiledRule) -> list[Groups]:
    """The sets of words of which each must be present for the rule to fire."""
    return [*rule.sets, *(groups for groups, _ in rule.require)]


class Nominator:
    """The parts of all rules and what calls them up."""

    def __init__(self, rules: Sequence[CompiledRule], lexicon: Lexicon, engine: Engine) -> None:
        self._lexicon = lexicon
        named = {group for rule in rules for groups in _parts(rule) for group in groups}
        self._entries = _Entries(lexicon, sorted(named))
        rule_of: list[int] = []
        self._digits: dict[tuple[int, int], list[int]] = {}
        self._always: list[int] = []
        calls: dict[int, set[int]] = {}
        entry_calls: dict[int, set[int]] = {}
        anchors: dict[bytes, set[int]] = {}
        for number, rule in enumerate(rules):
            for groups in _parts(rule):
                self._add_groups(groups, len(rule_of), calls, entry_calls)
                rule_of.append(number)
            if rule.patterns:
                self._add_patterns(rule.rule.patterns, len(rule_of), anchors)
                rule_of.append(number)
        self._owner = np.array(rule_of, np.int64)
        self._needed = np.bincount(self._owner, minlength=len(rules)) if rule_of else np.zeros(0, np.int64)
        self._calls = _Lookup.of(calls, len(lexicon.literals))
        self._entry_calls = _Lookup.of(entry_calls, len(self._entries.numbers))
        names = sorted(anchors)
        self._anchored = _Lookup.of({n: anchors[name] for n, name in enumerate(names)}, len(names))
        self._anchors = build_scanner(names, engine)

    def _add_groups(
        self, groups: Groups, part: int, calls: dict[int, set[int]], entry_calls: dict[int, set[int]]
    ) -> None:
        for number in groups:
            group = self._lexicon.groups[number]
            for literal in group.whole:
                calls.setdefault(literal, set()).add(part)
            for place in range(len(group.entries)):
                entry_calls.setdefault(self._entries.numbers[number, place], set()).add(part)

    def _add_patterns(self, patterns: Iterable[str], part: int, anchors: dict[bytes, set[int]]) -> None:
        for pattern in patterns:
            anchor = anchor_of(pattern)
            for literal in anchor.literals:
                anchors.setdefault(literal, set()).add(part)
            if anchor.digits:
                self._digits.setdefault((anchor.digits, anchor.width), []).append(part)
            elif not anchor.literals:
                self._always.append(part)

    def nominate(self, block: Block, hits: Hits, texts: Ints, posts: Ints) -> dict[int, list[int]]:
        """Numbers of rules by number of the post. ``texts`` holds the text of each hit, ``posts`` the post of each text."""
        if not self._owner.size:
            return {}
        found = [self._calls.expand(hits.literals, posts[texts])]
        entries, entry_texts = self._entries.complete(hits.literals, texts)
        found.append(self._entry_calls.expand(entries, posts[entry_texts]))
        anchors = self._anchors.scan(bytes(block.light))
        if anchors.ends.size:
            found.append(self._anchored.expand(anchors.literals, posts[block.text_of(anchors.ends - 1, "light")]))
        for (digits, width), parts in self._digits.items():
            with_digits = posts[np.array(_texts_with_digits(block, digits, width), np.int64)]
            found += [(np.full_like(with_digits, part), with_digits) for part in parts]
        found += [(np.full_like(posts, part), posts) for part in self._always]
        parts_found, places = (np.concatenate(column) for column in zip(*found, strict=True))
        rules_of: dict[int, list[int]] = {}
        rules, named = _complete(parts_found, places, self._owner, self._needed)
        for rule, post in zip(rules.tolist(), named.tolist(), strict=True):
            rules_of.setdefault(post, []).append(rule)
        return rules_of


def _texts_with_digits(block: Block, count: int, width: int) -> list[int]:
    """Numbers of the texts with at least ``count`` digits within ``width`` characters."""
    light = np.frombuffer(bytes(block.light), np.uint8)
    digits = np.flatnonzero((light - np.uint8(0x30)) < 10)
    if digits.size < count:
        return []
    close = digits[count - 1 :] - digits[: digits.size - count + 1] < width
    return block.texts_at(digits[count - 1 :][close], "light")
