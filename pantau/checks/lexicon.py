"""Compiles the phrases of all rules into one list of skeletons to scan for, each with the spellings and places it serves.

Phrases are kept in *groups* (a shared list, or the words of one place in one rule), so that a list named by fifty rules is
compiled once. Slang is resolved here, by adding spellings to the phrases; texts are never rewritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from pathlib import Path
from unicodedata import unidata_version

import msgspec

from pantau.checks.cache import cached, content_key
from pantau.checks.fold import FOLD_VERSION, fold_light, fold_skeletons
from pantau.checks.spelling import Form, Mode
from pantau.checks.words import Slang, Slot, all_phrases, parse_entry, tokens

_VERSION = "1"
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


class Entry(msgspec.Struct, frozen=True):
    """An entry of several slots: the spellings of each, and which may stand empty."""

    slots: tuple[Forms, ...]
    optional: tuple[bool, ...]

    def rarest(self, literals: Sequence[bytes]) -> Forms:
        """The slot that texts hold least often, by a guess: short literals are common."""
        needed = [slot for slot, may in zip(self.slots, self.optional, strict=True) if not may]
        return min(needed, key=lambda slot: sum(2.0 ** -len(literals[literal]) for literal in slot))


class Group(msgspec.Struct):
    """Phrases that belong together."""

    texts: tuple[str, ...]
    """The entries as written."""
    exact: bool = False
    disguised: bool = False
    """Also find masked, split and mention-like spellings; for insults and gambling words."""
    tagged: bool = False
    """Also find phrases written as one word, as in hashtags."""
    whole: Forms = {}
    """Spellings of whole entries."""
    entries: list[Entry] = []
    """Entries of several slots."""
    keys: dict[int, list[int]] = {}
    """Numbers of the entries by literals of their rarest slot."""


_GroupTables = tuple[int, list[tuple[tuple[int, ...], tuple[bool, ...]]]]
"""Number of the table of whole entries; per entry of several slots the numbers of their tables and which may stand empty."""


class _Compiled(msgspec.Struct, array_like=True):
    """A compiled lexicon as it is kept between runs."""

    literals: list[bytes]
    tables: list[Forms]
    groups: list[_GroupTables]


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
            self.groups.append(Group(entries, exact))
        number = self._known[key]
        self.groups[number].disguised |= disguised
        self.groups[number].tagged |= tagged and not exact
        return number

    def compile(self, cache_dir: Path | None = None) -> None:
        """Fill ``literals`` and the groups; kept in ``cache_dir`` for the next time."""
        spec = [(group.texts, group.exact, group.disguised, group.tagged) for group in self.groups]
        key = content_key(_VERSION, FOLD_VERSION, unidata_version, self._slang.entries, spec)
        data = cached(cache_dir, "lexicon", key, _Compiled, self._build)
        self.literals = data.literals
        for group, (whole, entries) in zip(self.groups, data.groups, strict=True):
            group.whole = data.tables[whole]
            group.entries = [Entry(tuple(data.tables[slot] for slot in slots), optional) for slots, optional in entries]
            for number, entry in enumerate(group.entries):
                for literal in entry.rarest(self.literals):
                    group.keys.setdefault(literal, []).append(number)

    def _build(self) -> "_Compiled":
        tables: list[Forms] = []
        targets: dict[Form, list[Forms]] = {}
        slots: dict[tuple[object, ...], int] = {}
        groups: list[_GroupTables] = []
        for group in self.groups:
            whole = len(tables)
            tables.append({})
            entries: list[tuple[tuple[int, ...], tuple[bool, ...]]] = []
            for text in group.texts:
                parts = parse_entry(text)
                if len(parts) == 1:
                    self._note(parts[0], group, tables[whole], targets)
                    continue
                chosen: list[int] = []
                for slot in parts:
                    key = (slot.phrases, group.exact, group.disguised)
                    if key not in slots:
                        slots[key] = len(tables)
                        tables.append({})
                        self._note(slot, group, tables[-1], targets)
                    chosen.append(slots[key])
                entries.append((tuple(chosen), tuple(slot.optional for slot in parts)))
            for form in _joined(group) if group.tagged else ():
                targets.setdefault(form, []).append(tables[whole])
            groups.append((whole, entries))
        numbers: dict[bytes, int] = {}
        for form, skeleton in zip(
            targets, fold_skeletons([form.text.decode("ascii") for form in targets]), strict=True
        ):
            if skeleton:
                number = numbers.setdefault(skeleton, len(numbers))
                for target in targets[form]:
                    target.setdefault(number, []).append(form)
        return _Compiled([b"`" + skeleton + b"`" for skeleton in numbers], tables, groups)

    def _note(self, slot: Slot, group: Group, target: Forms, targets: dict[Form, list[Forms]]) -> None:
        """Note for every spelling of a slot where its literal will be entered."""
        for phrase in slot.phrases:
            words = _light_words(phrase)
            for form in self._forms(words, group) if words else ():
                targets.setdefault(form, []).append(target)

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
