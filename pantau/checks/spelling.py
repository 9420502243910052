"""Does a stretch of text spell a phrase? Skeletons confuse some words (``balik``, ``baik``); this compares letter by letter."""

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple, Protocol

from pantau.checks.fold import GAP, Block
from pantau.checks.fold_tables import GONE


class Mode(IntEnum):
    """How strictly a form must be spelled."""

    LOOSE = 0
    """Letters may be stretched, replaced by digits or signs, or spelled out."""
    EXACT = 1
    """As written, apart from case and accents."""
    SPLIT = 2
    """Loose, with one separator inside the word (``go-blok``); the form has a blank there."""
    MENTION = 3
    """Loose, with ``@`` for the ``a`` at the beginning; the form is without it."""


class Form(NamedTuple):
    """One spelling of a phrase: light text, words parted by one blank."""

    text: bytes
    mode: Mode


class Stretch(Protocol):
    """The text in which a form may stand, at the level between light and skeleton."""

    @property
    def wide(self) -> bytes:
        """The light text with camel-case hashtags split."""
        ...

    @property
    def marks(self) -> bytes:
        """What each place of ``wide`` became in the skeleton."""
        ...

    def looks_like_other(self, place: int) -> bool:
        """True when the letter at ``place`` is an ``I`` among small letters or an ``l`` among capitals."""
        ...


_SEPARATORS = re.compile(rb"[._~+*\-]")
_SENTENCE_END = re.compile(rb"(?<![.!])[.!]\s|\n\s*\n")
_WILD_I = frozenset(b"1!|")


def spells(form: Form, text: Stretch, start: int, end: int) -> tuple[int, int] | None:
    """Where the form is spelled: places in ``text.wide``, or None. ``start`` and ``end`` are those of the skeleton's hit."""
    if form.mode is Mode.EXACT:
        pattern, lead = _exact(form.text)
        found = pattern.match(text.wide, max(start - lead, 0))
        return found.span() if found else None
    if form.mode is Mode.MENTION:
        if text.wide[start - 1 : start] != b"@":
            return None
        return (start - 1, end) if _letters_agree(form, text, start, end) else None
    if text.wide[start:end] == form.text and form.mode is Mode.LOOSE:
        return start, end
    return (start, end) if _letters_agree(form, text, start, end) else None


@lru_cache(maxsize=20_000)
def _exact(form: bytes) -> tuple[re.Pattern[bytes], int]:
    """The pattern of an exact form, and how many characters stand before its first one that the skeleton keeps."""
    words = [re.escape(word) for word in form.split(b" ")]
    block = Block([form])
    kept = next(place for place, code in enumerate(block.skeleton_marks) if code not in (GAP, GONE, 0))
    return re.compile(rb"(?<![a-z0-9])" + rb"[^a-z0-9]{1,9}".join(words) + rb"(?![a-z0-9])"), kept - 1


class _Run(NamedTuple):
    code: int
    start: int
    chars: bytes


def _runs(wide: bytes, marks: bytes, start: int, end: int) -> list[_Run]:
    """Stretches of one skeleton letter, digit or gap with the light characters that became it."""
    runs: list[_Run] = []
    begin, code, chars = start, -1, bytearray()
    for place in range(start, end):
        mark, character = marks[place], wide[place]
        if mark == GONE:
            if code == GAP or chr(character).isalnum() or character in b"@$!|":
                chars.append(character)
            continue
        if mark != code or mark < GAP:
            runs.append(_Run(code, begin, bytes(chars)))
            begin, code, chars = place, mark, bytearray()
        chars.append(character)
    runs.append(_Run(code, begin, bytes(chars)))
    return runs[1:]


@lru_cache(maxsize=50_000)
def _form_runs(form: bytes) -> tuple[_Run, ...]:
    block = Block([form])
    return tuple(_runs(block.wide, bytes(block.skeleton_marks), 1, len(block.wide) - 1))


def _letters_agree(form: Form, text: Stretch, start: int, end: int) -> bool:
    wanted = _form_runs(form.text)
    found = _runs(text.wide, text.marks, start, end)
    if [run.code for run in wanted] != [run.code for run in found]:
        return False
    for want, have in zip(wanted, found, strict=True):
        if want.code == GAP:
            if not _gap_fits(have.chars, form.mode):
                return False
        elif want.code == ord("i"):
            if not _i_or_l(want.chars, have, text):
                return False
        elif len(have.chars) < len(want.chars):
            return False
    return True


def _gap_fits(gap: bytes, mode: Mode) -> bool:
    """A phrase does not go on over the end of a sentence or paragraph; a split word has one sign inside."""
    if mode is Mode.SPLIT:
        return _SEPARATORS.fullmatch(gap) is not None
    return not sentence_ends(gap)


def sentence_ends(gap: bytes) -> bool:
    """True when a sentence or paragraph ends in the light characters of a gap."""
    return _SENTENCE_END.search(gap) is not None


def _i_or_l(want: bytes, have: _Run, text: Stretch) -> bool:
    """``i`` and ``l`` share a skeleton letter. ``1 ! |`` may be either, and so may an odd capital (``gobIok``)."""
    shown = bytes(
        ord("w") if character in _WILD_I or text.looks_like_other(have.start + n) else character
        for n, character in enumerate(have.chars)
    )
    return _i_pattern(want).fullmatch(shown) is not None


@lru_cache(maxsize=1_000)
def _i_pattern(want: bytes) -> re.Pattern[bytes]:
    groups = re.findall(rb"i+|l+|[^il]+", want)
    return re.compile(b"".join(b"[%cw]{%d,}" % (group[0], len(group)) for group in groups))
