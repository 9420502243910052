"""Compiles the phrases of all rules into one list of skeletons to scan for, each with the spellings and places it serves.

Phrases are kept in *groups* (a shared list, or the words of one place in one rule), so that a list named by fifty rules is
compiled once. Slang is resolved here, by adding spellings to the phrases; texts are never rewritten.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from pantau.checks.fold import Block, fold_skeletons
from pantau.checks.spelling import Form, Mode
from pantau.checks.words import Slang, parse_entry, tokens

_SHORT_LETTERS = 3
"""Phrases this short match only as written, unless they may be disguised: their skeletons collide with ordinary words."""
_LONE_SLANG_LETTERS = 4
"""Abbreviations shorter than this stand for a phrase only beside other words: alone, ``sk`` is a decree, not ``suka``."""
_JOINED_LETTERS = 6
"""Phrases from this length on match written as one word too (``#mobilmewah``)."""
_SPLIT_LETTERS = 4


class Role(NamedTuple):
    """What a spelling is for: a whole phrase of a group (``sequence`` -1), or one slot of a longer entry."""

    group: int
    sequence: int = -1
    slot: int = 0


class Group(msgspec.Struct):
    """Phrases that belong together, before and after compiling."""

    entries: tuple[str, ...]
    exact: bool = False
    disguised: bool = False
    """Also find masked, split and mention-like spellings; for insults and gambling words."""
    sequences: list[tuple[bool, ...]] = []
    """Per entry of several slots: which slots may stand empty."""


class Lexicon:
    """All groups of a catalogue. Add groups, then ``compile``."""

    def __init__(self, slang: Mapping[str, str]) -> None:
        self.groups: list[Group] = []
        self.literals: list[bytes] = []
        """Skeletons with a gap at both ends, to be scanned for."""
        self.uses: list[tuple[tuple[Form, tuple[Role, ...]], ...]] = []
        """Per literal: the spellings that may be behind it, each with its roles."""
        self.by_role: dict[Role, list[int]] = {}
        """Numbers of the literals per role."""
        self._slang = Slang(slang)
        self._known: dict[tuple[object, ...], int] = {}

    def add(self, entries: tuple[str, ...], *, exact: bool = False, disguised: bool = False) -> int:
        """Number of the group with these entries; a group asked for twice is one group, disguised if either asks for it."""
        key = (entries, exact)
        if key not in self._known:
            self._known[key] = len(self.groups)
            self.groups.append(Group(entries, exact, sequences=[]))
        number = self._known[key]
        self.groups[number].disguised |= disguised
        return number

    def compile(self) -> None:
        """Fill ``literals``, ``uses`` and ``by_role``."""
        wanted: dict[tuple[Form, str], list[Role]] = {}
        phrases = [
            (phrase, role, group) for number, group in enumerate(self.groups) for phrase, role in _roles(number, group)
        ]
        for light, (_, role, group) in zip(_light_tokens(phrase for phrase, _, _ in phrases), phrases, strict=True):
            if light:
                for form, scanned in self._forms(light, group, whole=role.sequence < 0):
                    wanted.setdefault((form, scanned), []).append(role)
        grouped: dict[bytes, list[tuple[Form, tuple[Role, ...]]]] = {}
        for (form, roles), skeleton in zip(
            ((form, tuple(roles)) for (form, _), roles in wanted.items()),
            fold_skeletons([scanned for _, scanned in wanted]),
            strict=True,
        ):
            if skeleton:
                grouped.setdefault(skeleton, []).append((form, roles))
        self.literals = [b"`" + skeleton + b"`" for skeleton in grouped]
        self.uses = [tuple(uses) for uses in grouped.values()]
        for number, uses in enumerate(self.uses):
            for role in {role for _, roles in uses for role in roles}:
                self.by_role.setdefault(role, []).append(number)

    def _forms(self, phrase: tuple[str, ...], group: Group, *, whole: bool) -> Iterable[tuple[Form, str]]:
        """The spellings of one phrase, each with the text whose skeleton is scanned for."""
        if group.exact:
            yield _form(phrase, Mode.EXACT)
            return
        for number, words in enumerate(self._slang.spellings(phrase)):
            letters = sum(map(len, words))
            if number and letters < (_SHORT_LETTERS if group.disguised else _LONE_SLANG_LETTERS):
                continue
            mixed = any(not (word.isalpha() or word.isdigit()) for word in words)
            if mixed or (letters <= _SHORT_LETTERS and not group.disguised):
                yield _form(words, Mode.EXACT)
                continue
            yield _form(words, Mode.LOOSE)
            if whole and number == 0 and len(words) > 1 and letters >= _JOINED_LETTERS:
                yield _form(("".join(words),), Mode.LOOSE)
            if group.disguised and len(words) == 1:
                yield from _disguises(words[0])


def _form(words: tuple[str, ...], mode: Mode) -> tuple[Form, str]:
    text = " ".join(words)
    return Form(text.encode("ascii"), mode), text


def _disguises(word: str) -> Iterable[tuple[Form, str]]:
    if word[0] == "a" and len(word) >= _SHORT_LETTERS:
        yield _form((word[1:],), Mode.MENTION)
    if len(word) >= _SPLIT_LETTERS:
        for cut in range(1, len(word)):
            yield _form((word[:cut], word[cut:]), Mode.SPLIT)


def _roles(number: int, group: Group) -> Iterable[tuple[str, Role]]:
    """Every phrase of a group with its role; notes the group's sequences."""
    for entry in group.entries:
        slots = parse_entry(entry)
        if len(slots) == 1:
            yield from ((phrase, Role(number)) for phrase in slots[0].phrases)
            continue
        sequence = len(group.sequences)
        group.sequences.append(tuple(slot.optional for slot in slots))
        for place, slot in enumerate(slots):
            yield from ((phrase, Role(number, sequence, place)) for phrase in slot.phrases)


def _light_tokens(phrases: Iterable[str]) -> list[tuple[str, ...]]:
    """The words of many phrases, folded."""
    texts = list(phrases)
    return [tokens(part.decode("ascii")) for part in bytes(Block(texts).light).split(b"\0")] if texts else []
