"""One post as the rules see it: where the phrases of a group stand, in code points of the published text."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pantau.checks.fold import GAP, Block
from pantau.checks.lexicon import Entry, Lexicon, Table
from pantau.checks.scan import Hits, Scanner
from pantau.checks.spelling import sentence_ends, spells
from pantau.checks.way_back import WayBack

_FIRST_MARK = "\u0300"
_MAX_MARKS = 8
"""Combining marks after the last letter that a span still takes in."""


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


_Spelled = tuple[int, int, tuple[int, int]]
"""Gap before and gap after a hit in the skeleton, and its places in ``wide``."""


class TextView:
    """One text of a folded block. ``start`` and ``end`` of hits are the gaps around them in the skeleton."""

    def __init__(self, text: str, block: Block, number: int, hits: Hits, lexicon: Lexicon) -> None:
        """``hits`` are those of this text alone, with places counted from its own beginning."""
        self.text = text
        self._block = block
        self._number = number
        self._found = hits
        self._lexicon = lexicon
        self.extra: dict[int, list[Span]] = {}
        """Spans per group that were found in another way (masked words)."""
        self._spans: dict[int, list[Span]] = {}
        self._tables: dict[int, list[_Spelled]] = {}

    @cached_property
    def wide(self) -> bytes:
        """The light text with camel-case hashtags split, a blank or gap at both ends."""
        return self._block.part(self._number, "wide")

    @cached_property
    def marks(self) -> bytes:
        """What each place of ``wide`` became in the skeleton."""
        return self._block.part(self._number, "skeleton_marks")

    @cached_property
    def skeleton(self) -> bytes:
        """The skeleton, a gap at both ends."""
        return self._block.part(self._number, "skeleton")

    @cached_property
    def light(self) -> bytes:
        """The light text, without the blanks around it."""
        return self._block.part(self._number, "light")[1:-1]

    @cached_property
    def _back(self) -> WayBack:
        return self._block.way_back(self._number)

    @cached_property
    def _words(self) -> list[int]:
        """Code point at which each word of the skeleton begins."""
        gaps = (np.frombuffer(self.skeleton, np.uint8) == GAP).nonzero()[0]
        return self._back.points_after(gaps[:-1])

    def word_at(self, point: int) -> int:
        """Number of the word in which a code point lies."""
        return bisect_right(self._words, point) - 1

    def looks_like_other(self, place: int) -> bool:
        """True when the letter at ``place`` of ``wide`` is an ``I`` among small letters or an ``l`` among capitals."""
        point = self._back.wide_point(place)
        letter = self.text[point]
        near = self.text[max(point - 1, 0) : point] + self.text[point + 1 : point + 2]
        return (letter == "I" and any(other.islower() for other in near)) or (
            letter == "l" and any(other.isupper() for other in near)
        )

    def span_of(self, start: int, end: int) -> Span:
        """The span published behind places of ``wide``."""
        return self._grown(self._back.wide_point(start), self._back.wide_point(end - 1) + 1)

    def light_span(self, start: int, end: int) -> Span:
        """The span published behind places of ``light``."""
        return self._grown(self._back.light_point(start + 1), self._back.light_point(end) + 1)

    def _grown(self, start: int, end: int) -> Span:
        limit = min(len(self.text), end + _MAX_MARKS)
        if end < limit and self.text[end] < _FIRST_MARK:
            return Span(start, end)
        while end < limit and unicodedata.category(self.text[end]) in ("Mn", "Me"):
            end += 1
        return Span(start, end)

    @cached_property
    def _ends(self) -> dict[int, list[int]]:
        """Ends of the hits by literal, not yet compared letter by letter."""
        ends: dict[int, list[int]] = {}
        for literal, end in zip(self._found.literals.tolist(), self._found.ends.tolist(), strict=True):
            ends.setdefault(literal, []).append(end)
        return ends

    def spans(self, group: int) -> list[Span]:
        """Where phrases of a group stand, sorted."""
        if group not in self._spans:
            phrases = self._lexicon.groups[group]
            found = set(self.extra.get(group, ()))
            found.update(self.span_of(*places) for _, _, places in self._spelled(phrases.whole))
            entries = {entry for literal in self._ends.keys() & phrases.keys.keys() for entry in phrases.keys[literal]}
            for entry in entries:
                found |= self._chains(phrases.entries[entry])
            self._spans[group] = sorted(found)
        return self._spans[group]

    def _spelled(self, table: Table) -> list[_Spelled]:
        """The hits of a table's literals that are really spelled."""
        found = self._tables.get(table.number)
        if found is None:
            found = self._tables[table.number] = []
            kept = self._back.wide_place
            for literal in self._ends.keys() & table.forms.keys():
                size = len(self._lexicon.literals[literal])
                for end in self._ends[literal]:
                    first, after = kept(end - size + 1), kept(end - 1)
                    for form in table.forms[literal]:
                        places = spells(form, self, first, after)
                        if places is not None:
                            found.append((end - size, end - 1, places))
        return found

    def _chains(self, entry: Entry) -> set[Span]:
        """Stretches in which one hit of each slot follows the other; slots that may stand empty may be passed over."""
        if any(self._ends.keys().isdisjoint(slot.forms) for slot in entry.needed()):
            return set()
        chains: set[tuple[int, int]] = set()
        may_begin = True
        for slot, may in zip(entry.slots, entry.optional, strict=True):
            starts: dict[int, set[int]] = {}
            for start, end, _ in self._spelled(slot):
                starts.setdefault(start, set()).add(end)
            grown = {
                (start, end) for start, middle in chains for end in starts.get(middle, ()) if self._runs_on(middle)
            }
            if may_begin:
                grown |= {(start, end) for start, ends in starts.items() for end in ends}
            chains = grown | chains if may else grown
            may_begin = may_begin and may
        kept = self._back.wide_place
        return {self.span_of(kept(start + 1), kept(end)) for start, end in chains}

    def _runs_on(self, gap: int) -> bool:
        """True when no sentence ends in a gap of the skeleton."""
        return not sentence_ends(self.wide[self._back.wide_place(gap) : self._back.wide_place(gap + 1)])


def view_of(text: str, block: Block, scanner: Scanner, lexicon: Lexicon) -> TextView:
    """The view of the only text of a block."""
    return TextView(text, block, 0, scanner.scan(block.skeleton), lexicon)


class PostView:
    """The texts of one post, by number of the field; a text that is empty is None."""

    def __init__(self, texts: Sequence[TextView | None]) -> None:
        self.texts = tuple(texts)

    def spans(self, groups: Iterable[int], field: int) -> list[Span]:
        """Where phrases of any of the groups stand in one field, sorted."""
        text = self.texts[field]
        if text is None:
            return []
        groups = tuple(groups)
        if len(groups) == 1:
            return text.spans(groups[0])
        return sorted({span for group in groups for span in text.spans(group)})

    def quote(self, field: int, span: Span) -> str:
        """The published words of a span."""
        text = self.texts[field]
        return text.text[span.start : span.end] if text is not None else ""
