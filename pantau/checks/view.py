"""One post as the rules see it: where the phrases of a group stand, in code points of the published text."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pantau.checks.fold import GAP, Block, Bytes, Places
from pantau.checks.fold_tables import GONE
from pantau.checks.lexicon import Lexicon, Role
from pantau.checks.scan import Scanner
from pantau.checks.spelling import Form, sentence_ends, spells

MAX_HITS = 5_000
"""Hits of literals that are looked at in one text; more are the work of an attacker."""
_MAX_MARKS = 8
"""Combining marks after the last letter that a span still takes in."""


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


class _Hit(NamedTuple):
    role: Role
    form: Form
    start: int
    end: int


class TextView:
    """One text of a folded block. ``start`` and ``end`` of hits are the gaps around them in the skeleton."""

    def __init__(self, text: str, block: Block, number: int, scanner: Scanner, lexicon: Lexicon) -> None:
        self.text = text
        self._block = block
        self._number = number
        self._scanner = scanner
        self._lexicon = lexicon
        self.skeleton = bytes(self._slice("skeleton", block.skeleton))
        self.wide = bytes(self._slice("wide", block.wide))
        self.marks = bytes(self._slice("wide", block.skeleton_marks))
        self.extra: dict[int, list[Span]] = {}
        """Spans per group that were found in another way (masked words)."""
        self._spans: dict[int, list[Span]] = {}
        self._spelled: dict[tuple[Form, int], tuple[int, int] | None] = {}

    def _slice(self, level: str, whole: bytes | bytearray) -> bytes | bytearray:
        bounds = self._block.bounds(level)
        return whole[bounds[self._number] : bounds[self._number + 1] - 1]

    @cached_property
    def light(self) -> bytes:
        """The light text, without the blanks around it."""
        return bytes(self._slice("light", self._block.light))[1:-1]

    @cached_property
    def _kept(self) -> Places:
        """Place in ``wide`` of each code of the skeleton."""
        return np.flatnonzero(np.frombuffer(self.marks, np.uint8) != GONE)

    @cached_property
    def _light_points(self) -> Places:
        """Code point behind each place of the light text, blanks around it included."""
        raw = np.frombuffer(bytes(self._slice("raw", self._block.raw)), np.uint8)
        marks: Bytes = np.frombuffer(bytes(self._slice("raw", self._block.light_marks)), np.uint8)
        points = np.cumsum((raw & 0xC0) != 0x80) - 2
        return points[np.flatnonzero(marks != GONE)]

    @cached_property
    def _points(self) -> Places:
        """Code point behind each place of ``wide``."""
        bounds = self._block.bounds("wide")
        first, last = np.searchsorted(self._block.inserted, (bounds[self._number], bounds[self._number + 1] - 1))
        if first == last:
            return self._light_points
        inserted = self._block.inserted[first:last] - bounds[self._number]
        places = np.arange(len(self.wide))
        points: Places = self._light_points[places - np.searchsorted(inserted, places)]
        return points

    @cached_property
    def _words(self) -> list[int]:
        """Code point at which each word of the skeleton begins."""
        gaps = np.flatnonzero(np.frombuffer(self.skeleton, np.uint8) == GAP)[:-1]
        begins: list[int] = self._points[self._kept[gaps + 1]].tolist()
        return begins

    def word_at(self, point: int) -> int:
        """Number of the word in which a code point lies."""
        return bisect_right(self._words, point) - 1

    def looks_like_other(self, place: int) -> bool:
        """True when the letter at ``place`` of ``wide`` is an ``I`` among small letters or an ``l`` among capitals."""
        point = int(self._points[place])
        letter = self.text[point]
        near = self.text[max(point - 1, 0) : point] + self.text[point + 1 : point + 2]
        return (letter == "I" and any(other.islower() for other in near)) or (
            letter == "l" and any(other.isupper() for other in near)
        )

    def span_of(self, start: int, end: int) -> Span:
        """The span published behind places of ``wide``."""
        return self._grown(int(self._points[start]), int(self._points[end - 1]) + 1)

    def light_span(self, start: int, end: int) -> Span:
        """The span published behind places of ``light``."""
        return self._grown(int(self._light_points[start + 1]), int(self._light_points[end]) + 1)

    def _grown(self, start: int, end: int) -> Span:
        limit = min(len(self.text), end + _MAX_MARKS)
        while end < limit and unicodedata.category(self.text[end]) in ("Mn", "Me"):
            end += 1
        return Span(start, end)

    @cached_property
    def _hits(self) -> dict[int, list[_Hit]]:
        """Hits of the skeleton per group, not yet compared letter by letter."""
        found: dict[int, list[_Hit]] = {}
        for literal, end in self._scanner.scan(self.skeleton)[:MAX_HITS]:
            start = end - len(self._lexicon.literals[literal])
            for form, roles in self._lexicon.uses[literal]:
                for role in roles:
                    found.setdefault(role.group, []).append(_Hit(role, form, start, end - 1))
        return found

    def _spells(self, hit: _Hit) -> tuple[int, int] | None:
        key = (hit.form, hit.start)
        if key not in self._spelled:
            first, after = int(self._kept[hit.start + 1]), int(self._kept[hit.end])
            self._spelled[key] = spells(hit.form, self, first, after)
        return self._spelled[key]

    def spans(self, group: int) -> list[Span]:
        """Where phrases of a group stand, sorted."""
        if group not in self._spans:
            found = set(self.extra.get(group, ()))
            slots: dict[int, list[_Hit]] = {}
            for hit in self._hits.get(group, ()):
                if hit.role.sequence >= 0:
                    slots.setdefault(hit.role.sequence, []).append(hit)
                elif (places := self._spells(hit)) is not None:
                    found.add(self.span_of(*places))
            for sequence, hits in slots.items():
                found |= self._chains(hits, self._lexicon.groups[group].sequences[sequence])
            self._spans[group] = sorted(found)
        return self._spans[group]

    def _chains(self, hits: Iterable[_Hit], optional: Sequence[bool]) -> set[Span]:
        """Stretches in which one hit of each slot follows the other."""
        by_slot: list[list[_Hit]] = [[] for _ in optional]
        for hit in hits:
            by_slot[hit.role.slot].append(hit)
        if any(not found and not may for found, may in zip(by_slot, optional, strict=True)):
            return set()
        chains: set[tuple[int, int]] | None = None
        for found, may in zip(by_slot, optional, strict=True):
            spelled = {(hit.start, hit.end) for hit in found if self._spells(hit) is not None}
            if chains is None:
                chains = spelled | ({(-1, -1)} if may else set())
                continue
            grown = {
                (start, end)
                for start, middle in chains
                for begin, end in spelled
                if begin == middle and self._runs_on(begin)
            }
            grown |= {hit for hit in spelled if (-1, -1) in chains}
            chains = grown | chains if may else grown
        complete = (chains or set()) - {(-1, -1)}
        return {self.span_of(int(self._kept[start + 1]), int(self._kept[end])) for start, end in complete}

    def _runs_on(self, gap: int) -> bool:
        """True when no sentence ends in a gap of the skeleton."""
        first = int(self._kept[gap])
        return not sentence_ends(self.wide[first : int(self._kept[gap + 1])])


class PostView:
    """The texts of one post, by number of the field; a text that is empty is None."""

    def __init__(self, texts: Sequence[TextView | None]) -> None:
        self.texts = tuple(texts)

    def spans(self, groups: Iterable[int], field: int) -> list[Span]:
        """Where phrases of any of the groups stand in one field, sorted."""
        text = self.texts[field]
        if text is None:
            return []
        return sorted({span for group in groups for span in text.spans(group)})

    def quote(self, field: int, span: Span) -> str:
        """The published words of a span."""
        text = self.texts[field]
        return text.text[span.start : span.end] if text is not None else ""
