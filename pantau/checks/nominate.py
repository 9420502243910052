"""Which posts of a block may fire which rule: every part of the rule (its sets, what it requires, its patterns) must leave a trace.

Nothing is decided here; a post that is named in vain costs time only, and none that could fire is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pantau.checks.anchors import WORD, Needle, anchor_of
from pantau.checks.fold import Block, sorted_unique
from pantau.checks.kinds.compiled import CompiledRule, Groups
from pantau.checks.lexicon import Lexicon, Table
from pantau.checks.scan import Engine, Hits, build_scanner

Ints = NDArray[np.int64]


class _Lookup(NamedTuple):
    """Rows of different length in one array: row n is ``values[starts[n] : starts[n + 1]]``."""

    starts: Ints
    values: Ints

    @classmethod
    def of(cls, rows: Sequence[Ints], values: Sequence[Ints], count: int) -> "_Lookup":
        """``count`` rows from pairs of row and value, each pair once."""
        width = 1 + max((int(part.max()) for part in values if part.size), default=0)
        pairs = sorted_unique(
            np.concatenate(
                [np.zeros(0, np.int64), *(row * width + value for row, value in zip(rows, values, strict=True))]
            )
        )
        starts = np.searchsorted(pairs, np.arange(count + 1) * width)
        return cls(starts, pairs % width)

    def expand(self, rows: Ints, beside: Ints) -> tuple[Ints, Ints]:
        """All values of many rows, and ``beside`` repeated to match."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        total = int(sizes.sum())
        places = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(self.starts[rows], sizes)
        return self.values[places], np.repeat(beside, sizes)


class _Entries:
    """Entries of several slots: which literals stand for which slot, and the slots an entry needs."""

    def __init__(self, lexicon: Lexicon, groups: Iterable[int]) -> None:
        tables: dict[int, Table] = {}
        keyed: list[tuple[int, int]] = []
        needed: list[list[int]] = []
        self.numbers: dict[tuple[int, int], int] = {}
        for group in groups:
            held = lexicon.groups[group]
            for place, (entry, key) in enumerate(zip(held.entries, held.rarest, strict=True)):
                number = self.numbers[group, place] = len(self.numbers)
                keyed.append((key.number, number))
                slots = {slot.number: slot for slot in entry.needed()}
                tables |= slots
                needed.append(sorted(slots.keys() - {key.number}))
        self._count = 1 + max(tables, default=0)
        chosen = [tables[number] for number in sorted(tables)]
        filled = [np.full_like(table.literals, table.number) for table in chosen]
        self._slots = _Lookup.of([table.literals for table in chosen], filled, len(lexicon.literals))
        pairs = np.array(keyed, np.int64).reshape(-1, 2)
        self._keyed = _Lookup.of([pairs[:, 0]], [pairs[:, 1]], self._count)
        width = max(map(len, needed), default=0)
        self._needed = np.array([row + [-1] * (width - len(row)) for row in needed], np.int64).reshape(
            len(needed), width
        )

    def complete(self, literals: Ints, texts: Ints) -> tuple[Ints, Ints]:
        """``(entries, texts)``: entries of which every needed slot has a hit in a text."""
        if not self.numbers:
            return literals[:0], texts[:0]
        slots, texts = self._slots.expand(literals, texts)
        present = sorted_unique(texts * self._count + slots)
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
    present = sorted_unique(places * len(owner) + parts)
    pairs = np.sort(present // len(owner) * len(needed) + owner[present % len(owner)])
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    counts = np.diff(first, append=pairs.size)
    owners = pairs[first] % len(needed)
    whole = counts == needed[owners]
    return owners[whole], pairs[first][whole] // len(needed)


def _columns(pairs: list[tuple[Ints, Ints]]) -> tuple[list[Ints], list[Ints]]:
    return [row for row, _ in pairs], [value for _, value in pairs]


def _parts(rule: CompiledRule) -> list[Groups]:
    """The sets of words of which each must be present for the rule to fire."""
    return [*rule.sets, *(groups for groups, _ in rule.require)]


class _Anchors:
    """The literals of all patterns and the parts they call up."""

    def __init__(self, anchors: Mapping[Needle, set[int]], engine: Engine) -> None:
        needles = sorted(anchors)
        texts = sorted({needle.text for needle in needles})
        self._size = np.fromiter(map(len, texts), np.int64, len(texts))
        self._starts = np.array([needle.starts for needle in needles], np.bool_)
        self._ends = np.array([needle.ends for needle in needles], np.bool_)
        numbers = {text: number for number, text in enumerate(texts)}
        rows = np.array([numbers[needle.text] for needle in needles], np.int64)
        self._needles = _Lookup.of([rows], [np.arange(len(needles))], len(texts))
        pairs = [(number, part) for number, needle in enumerate(needles) for part in anchors[needle]]
        columns = np.array(pairs, np.int64).reshape(-1, 2)
        self._parts = _Lookup.of([columns[:, 0]], [columns[:, 1]], len(needles))
        self._scanner = build_scanner(texts, engine)

    def find(self, block: Block) -> tuple[Ints, Ints]:
        """``(parts, places)``: parts of which a needle stands in the light text, and where it ends."""
        light = bytes(block.light)
        hits = self._scanner.scan(light)
        if not hits.ends.size:
            return hits.literals, hits.ends
        codes = np.frombuffer(light + b" ", np.uint8)
        goes_on = _word_table()[codes[hits.ends]]
        went_on = _word_table()[codes[hits.ends - self._size[hits.literals] - 1]]
        needles, order = self._needles.expand(hits.literals, np.arange(hits.ends.size))
        wrong = (self._ends[needles] & goes_on[order]) | (self._starts[needles] & went_on[order])
        needles, order = needles[~wrong], order[~wrong]
        return self._parts.expand(needles, hits.ends[order] - 1)


@cache
def _word_table() -> NDArray[np.bool_]:
    return np.array(WORD, np.bool_)


class Nominator:
    """The parts of all rules and what calls them up."""

    def __init__(self, rules: Sequence[CompiledRule], lexicon: Lexicon, engine: Engine) -> None:
        named = {group for rule in rules for groups in _parts(rule) for group in groups}
        self._entries = _Entries(lexicon, sorted(named))
        rule_of: list[int] = []
        self._digits: dict[tuple[int, int], list[int]] = {}
        self._always: list[int] = []
        calls: list[tuple[Ints, Ints]] = []
        entry_calls: list[tuple[Ints, Ints]] = []
        anchors: dict[Needle, set[int]] = {}
        for number, rule in enumerate(rules):
            for groups in _parts(rule):
                for group in groups:
                    literals = lexicon.groups[group].whole.literals
                    calls.append((literals, np.full_like(literals, len(rule_of))))
                    count = len(lexicon.groups[group].entries)
                    entries = np.array([self._entries.numbers[group, place] for place in range(count)], np.int64)
                    entry_calls.append((entries, np.full_like(entries, len(rule_of))))
                rule_of.append(number)
            if rule.patterns:
                self._add_patterns(rule.rule.patterns, len(rule_of), anchors)
                rule_of.append(number)
        self._owner = np.array(rule_of, np.int64)
        self._needed = np.bincount(self._owner, minlength=len(rules)) if rule_of else np.zeros(0, np.int64)
        self._calls = _Lookup.of(*_columns(calls), len(lexicon.literals))
        self._entry_calls = _Lookup.of(*_columns(entry_calls), len(self._entries.numbers))
        self._anchors = _Anchors(anchors, engine)

    def _add_patterns(self, patterns: Iterable[str], part: int, anchors: dict[Needle, set[int]]) -> None:
        for pattern in patterns:
            anchor = anchor_of(pattern)
            for needle in anchor.needles:
                anchors.setdefault(needle, set()).add(part)
            if anchor.digits:
                self._digits.setdefault((anchor.digits, anchor.width), []).append(part)
            elif not anchor.needles:
                self._always.append(part)

    def nominate(self, block: Block, hits: Hits, texts: Ints, posts: Ints) -> dict[int, list[int]]:
        """Numbers of rules by number of the post. ``texts`` holds the text of each hit, ``posts`` the post of each text."""
        if not self._owner.size:
            return {}
        found = [self._calls.expand(hits.literals, posts[texts])]
        entries, entry_texts = self._entries.complete(hits.literals, texts)
        found.append(self._entry_calls.expand(entries, posts[entry_texts]))
        called, ends = self._anchors.find(block)
        if ends.size:
            found.append((called, posts[block.text_of(ends, "light")]))
        if self._digits:
            found += self._with_digits(block, posts)
        found += [(np.full_like(posts, part), posts) for part in self._always]
        parts_found, places = (np.concatenate(column) for column in zip(*found, strict=True))
        rules_of: dict[int, list[int]] = {}
        rules, named = _complete(parts_found, places, self._owner, self._needed)
        for rule, post in zip(rules.tolist(), named.tolist(), strict=True):
            rules_of.setdefault(post, []).append(rule)
        return rules_of

    def _with_digits(self, block: Block, posts: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Posts with so many digits within so many characters."""
        places = np.flatnonzero((np.frombuffer(block.light, np.uint8) - np.uint8(0x30)) < 10)
        for (digits, width), parts in self._digits.items():
            close = places[digits - 1 :] - places[: max(places.size - digits + 1, 0)] < width
            named = posts[np.array(block.texts_at(places[digits - 1 :][close], "light"), np.int64)]
            yield from ((np.full_like(named, part), named) for part in parts)
