"""Compiles the phrases of all rules into one list of skeletons to scan for, each with the spellings and places it serves.

Phrases are kept in *groups* (a shared list, or the words of one place in one rule), so that a list named by fifty rules is
compiled once. Slang is resolved here, by adding spellings to the phrases; texts are never rewritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import NamedTuple
from unicodedata import unidata_version

import msgspec
import numpy as np
from numpy.typing import NDArray

from pantau.checks.cache import cached, content_key
from pantau.checks.fold import FOLD_VERSION, fold_light, fold_skeletons
from pantau.checks.spelling import Form, Mode
from pantau.checks.words import Slang, Slot, all_phrases, parse_entry, tokens

_INT = np.dtype("<i4")
_VERSION = "2"
"""Changes whenever the same phrases may compile to something else."""
_SHORT_LETTERS = 3
"""Phrases this short match only as written, unless they may be disguised: their skeletons collide with ordinary words."""
_LONE_SLANG_LETTERS = 4
"""Abbreviations shorter than this stand for a phrase only beside other words: alone, ``sk`` is a decree, not ``suka``."""
_JOINED_LETTERS = 6
"""Phrases from this length on match written as one word too (``#mobilmewah``)."""
_JOINED_PHRASES = 400
_SPLIT_LETTERS = 4
Forms = dict[int, list[Form]]
"""The spellings that a literal may be, by number of the literal."""
Ints = NDArray[np.int64]


class Table:
    """Which literals stand for which spellings: those of the whole entries of a group, or of one slot of an entry."""

    def __init__(self, number: int, literals: Ints, forms: Ints, texts: Sequence[bytes], modes: bytes) -> None:
        self.number = number
        self.literals = literals
        """Numbers of the literals; a literal may stand for several spellings."""
        self._forms = forms
        self._texts = texts
        self._modes = modes

    @cached_property
    def forms(self) -> Forms:
        """Spellings by literal; made when a text with a hit asks for them."""
        found: Forms = {}
        for literal, form in zip(self.literals.tolist(), self._forms.tolist(), strict=True):
            found.setdefault(literal, []).append(Form(self._texts[form], Mode(self._modes[form])))
        return found


class Entry(NamedTuple):
    """An entry of several slots, and which of them may stand empty."""

    slots: tuple[Table, ...]
    optional: tuple[bool, ...]

    def needed(self) -> list[Table]:
        """The slots that may not stand empty."""
        return [slot for slot, may in zip(self.slots, self.optional, strict=True) if not may]


class Group:
    """Phrases that belong together."""

    def __init__(self, texts: tuple[str, ...], *, exact: bool) -> None:
        self.texts = texts
        """The entries as written."""
        self.exact = exact
        self.disguised = False
        """Also find masked, split and mention-like spellings; for insults and gambling words."""
        self.tagged = False
        """Also find phrases written as one word, as in hashtags."""
        self.whole = Table(-1, np.zeros(0, np.int64), np.zeros(0, np.int64), (), b"")
        """Spellings of whole entries."""
        self.entries: list[Entry] = []
        """Entries of several slots."""
        self.rarest: list[Table] = []
        """Per entry the slot that texts hold least often, by a guess."""

    @cached_property
    def keys(self) -> dict[int, list[int]]:
        """Numbers of the entries by literals of their rarest slot."""
        found: dict[int, list[int]] = {}
        for number, slot in enumerate(self.rarest):
            for literal in slot.literals.tolist():
                found.setdefault(literal, []).append(number)
        return found


class _Compiled(msgspec.Struct):
    """A compiled lexicon as it is kept between runs; arrays as little-endian bytes."""

    literals: bytes
    texts: bytes
    modes: bytes
    sizes: list[int]
    """Rows per table."""
    table_literals: bytes
    table_forms: bytes
    groups: list[tuple[int, list[tuple[tuple[int, ...], tuple[bool, ...]]]]]
    """Number of the table of whole entries; per entry of several slots the numbers of their tables and which may stand empty."""


class Lexicon:
    """All groups of a catalogue. Add groups, then ``compile``."""

    def __init__(self, slang: Mapping[str, str]) -> None:
        self.groups: list[Group] = []
        self.literals: list[bytes] = []
        """Skeletons with a gap at both ends, to be scanned for."""
        self._slang = Slang(slang)
        self._known: dict[tuple[tuple[str, ...], bool], int] = {}

    def add(
        self, entries: tuple[str, ...], *, exact: bool = False, disguised: bool = False, tagged: bool = False
    ) -> int:
        """Number of the group with these entries; asked for twice it is one group that does what either asks for."""
        key = (entries, exact)
        if key not in self._known:
            self._known[key] = len(self.groups)
            self.groups.append(Group(entries, exact=exact))
        number = self._known[key]
        self.groups[number].disguised |= disguised
        self.groups[number].tagged |= tagged and not exact
        return number

    def compile(self, cache_dir: Path | None = None) -> None:
        """Fill ``literals`` and the groups; kept in ``cache_dir`` for the next time."""
        spec = [(group.texts, group.exact, group.disguised, group.tagged) for group in self.groups]
        key = content_key(_VERSION, FOLD_VERSION, unidata_version, self._slang.entries, spec)
        data = cached(cache_dir, "lexicon", key, _Compiled, self._build)
        self.literals = [b"`" + skeleton + b"`" for skeleton in data.literals.split(b"\n")] if data.literals else []
        texts = data.texts.split(b"\n")
        literals, forms = np.frombuffer(data.table_literals, _INT), np.frombuffer(data.table_forms, _INT)
        ends = np.cumsum([0, *data.sizes]).tolist()
        tables = [
            Table(number, literals[start:end].astype(np.int64), forms[start:end].astype(np.int64), texts, data.modes)
            for number, (start, end) in enumerate(pairwise(ends))
        ]
        commonness = 2.0 ** -np.fromiter(map(len, self.literals), np.float64, len(self.literals))
        for group, (whole, entries) in zip(self.groups, data.groups, strict=True):
            group.whole = tables[whole]
            group.entries = [Entry(tuple(tables[slot] for slot in slots), optional) for slots, optional in entries]
            group.rarest = [
                min(entry.needed(), key=lambda slot: commonness[slot.literals].sum()) for entry in group.entries
            ]

    def _build(self) -> _Compiled:
        tables: list[list[tuple[int, int]]] = []
        targets: dict[Form, list[int]] = {}
        slots: dict[tuple[object, ...], int] = {}
        groups: list[tuple[int, list[tuple[tuple[int, ...], tuple[bool, ...]]]]] = []
        for group in self.groups:
            whole = len(tables)
            tables.append([])
            entries: list[tuple[tuple[int, ...], tuple[bool, ...]]] = []
            for text in group.texts:
                parts = parse_entry(text)
                if len(parts) == 1:
                    self._note(parts[0], group, whole, targets)
                    continue
                for slot in parts:
                    key = (slot.phrases, group.exact, group.disguised)
                    if key not in slots:
                        slots[key] = len(tables)
                        tables.append([])
                        self._note(slot, group, slots[key], targets)
                chosen = tuple(slots[slot.phrases, group.exact, group.disguised] for slot in parts)
                entries.append((chosen, tuple(slot.optional for slot in parts)))
            for form in _joined(group) if group.tagged else ():
                targets.setdefault(form, []).append(whole)
            groups.append((whole, entries))
        numbers: dict[bytes, int] = {}
        skeletons = fold_skeletons([form.text.decode("ascii") for form in targets])
        for number, (form, skeleton) in enumerate(zip(targets, skeletons, strict=True)):
            if skeleton:
                literal = numbers.setdefault(skeleton, len(numbers))
                for target in targets[form]:
                    tables[target].append((literal, number))
        rows = np.array([row for table in tables for row in table], _INT).reshape(-1, 2)
        return _Compiled(
            literals=b"\n".join(numbers),
            texts=b"\n".join(form.text for form in targets),
            modes=bytes(form.mode for form in targets),
            sizes=[len(table) for table in tables],
            table_literals=rows[:, 0].tobytes(),
            table_forms=rows[:, 1].tobytes(),
            groups=groups,
        )

    def _note(self, slot: Slot, group: Group, table: int, targets: dict[Form, list[int]]) -> None:
        """Note for every spelling of a slot the table in which its literal will be entered."""
        for phrase in slot.phrases:
            words = _light_words(phrase)
            for form in self._forms(words, group) if words else ():
                targets.setdefault(form, []).append(table)

    def _forms(self, phrase: tuple[str, ...], group: Group) -> Iterator[Form]:
        """The spellings of one phrase."""
        if group.exact:
            yield _form(phrase, Mode.EXACT)
            return
        least = _SHORT_LETTERS if group.disguised else _LONE_SLANG_LETTERS
        for number, words in enumerate(self._slang.spellings(phrase)):
            joined = "".join(words) if len(words) > 1 else words[0]
            letters = len(joined)
            if number and letters < least:
                continue
            plain = joined.isalpha() or all(word.isalpha() or word.isdigit() for word in words)
            if not plain or (letters <= _SHORT_LETTERS and not group.disguised):
                yield _form(words, Mode.EXACT)
                continue
            yield _form(words, Mode.LOOSE)
            if group.disguised and len(words) == 1:
                yield from _disguises(joined)


def _joined(group: Group) -> Iterator[Form]:
    """The phrases of several words, written as one (``#mobilmewah``); entries with very many phrases are left out."""
    for entry in group.texts:
        slots = parse_entry(entry)
        if prod(len(slot.phrases) + slot.optional for slot in slots) > _JOINED_PHRASES:
            continue
        for phrase in all_phrases(entry):
            words = _light_words(phrase)
            joined = "".join(words)
            if len(words) > 1 and len(joined) >= _JOINED_LETTERS and joined.isalpha():
                yield _form((joined,), Mode.LOOSE)


def _form(words: tuple[str, ...], mode: Mode) -> Form:
    return Form(" ".join(words).encode("ascii"), mode)


def _disguises(word: str) -> Iterator[Form]:
    if word[0] == "a" and len(word) >= _SHORT_LETTERS:
        yield _form((word[1:],), Mode.MENTION)
    if len(word) >= _SPLIT_LETTERS:
        for cut in range(1, len(word)):
            yield _form((word[:cut], word[cut:]), Mode.SPLIT)


@lru_cache(maxsize=100_000)
def _light_words(phrase: str) -> tuple[str, ...]:
    """The words of a phrase, folded."""
    return tokens(phrase.lower() if phrase.isascii() else fold_light(phrase))
