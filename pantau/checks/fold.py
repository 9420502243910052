"""Folding: the two texts on which rules match, made for a block of texts at once, with an exact way back.

*Light* keeps one-to-one what a character shows: lower-case ASCII letters, digits, signs and blanks, without accents,
invisible characters and look-alikes. Regular expressions run on it.

*Skeleton* is for words and phrases. Everything between words is one gap (`` ` ``); digits and signs beside letters are the
letters they stand for; ``l`` is ``i``; equal letters in a row are one; letters spelled out one by one (``b.o.d.o.h``) are one
word; camel-case hashtags are split. It may confuse words, so each hit is checked against the light text (``spelling.py``).

Many texts are folded as one buffer with numpy, in place: a byte that goes away is marked, never moved, so the marks are the
map back to the original and cost nothing until a text has a hit. Texts do not influence each other: any way of cutting the
same texts into blocks gives the same result.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold_tables import FLAGS, GONE, REGIONAL_A, ascii_table, fold_character

FOLD_VERSION = "1"
"""Changes whenever the same text may fold differently."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

GAP = 0x60
"""What stands between words in a skeleton: the backtick, which the light text never holds."""
_SEPARATOR = b" \x00 "
_AT, _DOLLAR, _BANG, _BAR, _QUOTE = 0x3A, 0x3B, 0x3C, 0x3D, 0x3E
_TWO = ord("2")
_LEET = dict(zip(b"0123456789", b"oi`easgtbg", strict=True)) | {
    _AT: ord("a"),
    _DOLLAR: ord("s"),
    _BANG: ord("i"),
    _BAR: ord("i"),
}
"""What a digit or sign stands for beside letters. A 2 marks a repeated word (``mobil2``) and is a gap."""


def sorted_unique(values: Places) -> Places:
    """Each value once, sorted. ``np.unique`` does the same but imports 50 ms of numpy that nothing else needs."""
    ordered = np.sort(values)
    return np.asarray(ordered[np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))], np.int64)


@cache
def _skeleton_table() -> bytes:
    table = bytearray([GAP]) * 256
    for code in b"abcdefghijklmnopqrstuvwxyz0123456789":
        table[code] = code
    table[ord("l")] = ord("i")
    table[0], table[GONE] = 0, GONE
    for sign, code in zip(b"@$!|'", (_AT, _DOLLAR, _BANG, _BAR, _QUOTE), strict=True):
        table[sign] = code
    return bytes(table)


@cache
def _lookup(kind: str) -> Bytes:
    """256-entry tables: ``leet`` values, ``alone`` values, ``word`` (1 for a byte inside a hashtag)."""
    table = np.arange(256, dtype=np.uint8)
    if kind == "leet":
        for code, letter in _LEET.items():
            table[code] = letter
    elif kind == "alone":
        table[[_AT, _DOLLAR, _BANG, _BAR]] = GAP
    else:
        table[:] = [chr(code).isalnum() or code == ord("_") or code >= 0x80 for code in range(128)] + [1] * 128
    return table


class _CharacterTable:
    """Folded form of each code point, four bytes wide, filled as characters are met."""

    def __init__(self) -> None:
        self.known: NDArray[np.bool_] = np.zeros(0x110000, np.bool_)
        self.rows: NDArray[np.uint8] = np.zeros((0x110000, 4), np.uint8)

    def learn(self, code_points: NDArray[Any]) -> None:
        """Add the code points that were not met before."""
        for code_point in set(code_points[~self.known[code_points]].tolist()):
            folded = fold_character(chr(code_point)).encode("ascii")
            self.rows[code_point] = list(folded.ljust(4, b"\xff"))
            self.known[code_point] = True


@cache
def _characters() -> _CharacterTable:
    return _CharacterTable()


def _is_letter(codes: Bytes) -> NDArray[np.bool_]:
    return (codes - np.uint8(ord("a"))) < 26


class _Foreign:
    """The characters beyond ASCII of some UTF-8: where each begins, and its code point."""

    def __init__(self, raw: bytes) -> None:
        source = np.frombuffer(raw, np.uint8)
        self.bytes: Places = np.flatnonzero(source > 0x7F)
        heads = self.bytes[source[self.bytes] >= 0xC0]
        lead = source[heads].astype(np.uint32)
        width = np.uint32(2) + (lead >= 0xE0) + (lead >= 0xF0)
        value = lead & np.where(width == 2, 0x1F, np.where(width == 3, 0x0F, 0x07)).astype(np.uint32)
        for step in (1, 2, 3):
            tail = source[np.minimum(heads + step, source.size - 1)] & np.uint32(0x3F)
            value = np.where(width > step, value << np.uint32(6) | tail, value)
        self.heads: Places = heads
        self.values = value


def _fold_light(raw: bytes, foreign: _Foreign) -> bytearray:
    """UTF-8 to its light form in place; ``GONE`` where nothing is left of a byte."""
    marks = bytearray(raw.translate(ascii_table()))
    if not foreign.heads.size:
        return marks
    out = np.frombuffer(marks, np.uint8)
    heads, value = foreign.heads, foreign.values
    table = _characters()
    table.learn(value)
    rows = table.rows[value]
    out[foreign.bytes] = GONE
    out[heads] = rows[:, 0]
    for step in (1, 2, 3):
        there = rows[:, step] != GONE
        out[heads[there] + step] = rows[there, step]
    regional = (value - np.uint32(REGIONAL_A)) < 26
    if regional.any():
        _blank_flags(out, heads[regional], value[regional])
    return marks


def _blank_flags(out: Bytes, heads: Places, values: NDArray[Any]) -> None:
    """Regional indicators that pair up as flags are pictures, not letters."""
    starts = np.flatnonzero(np.diff(heads, prepend=-9) != 4).tolist()
    letters = [chr(ord("A") + value - REGIONAL_A) for value in values.tolist()]
    for first, after in pairwise([*starts, heads.size]):
        run = "".join(letters[first:after])
        if len(run) % 2 == 0 and all(run[n : n + 2] in FLAGS for n in range(0, len(run), 2)):
            out[heads[first:after]] = ord(" ")


def _camel_places(raw: bytes) -> Places:
    """Places in ``raw`` where a new word begins inside a camel-case hashtag (``#MobilMewah``, ``#ASNHebat``)."""
    if b"#" not in raw:
        return np.empty(0, np.int64)
    source = np.frombuffer(raw, np.uint8)
    upper = (source - np.uint8(ord("A"))) < 26
    lower = _is_letter(source)
    begins = lower[:-1] & upper[1:]
    begins[:-1] |= upper[:-2] & upper[1:-1] & lower[2:]
    places = np.flatnonzero(begins) + 1
    if not places.size:
        return places
    outside = np.flatnonzero(np.frombuffer(raw.translate(_lookup("word").tobytes()), np.uint8) == 0)
    after = np.searchsorted(outside, places)
    tagged = source[outside[after - 1]] == ord("#")
    places, after = places[tagged], after[tagged]
    length = outside[np.minimum(after, outside.size - 1)] - outside[after - 1] - 1
    cuts = np.searchsorted(after, after, side="right") - np.searchsorted(after, after)
    return np.asarray(places[length >= 3 * (cuts + 1)], np.int64)


def _resolve_signs(codes: Bytes, special: Places) -> Places:
    """Turn digits and signs into letters, gaps or plain digits, in place; returns apostrophes inside words."""
    inner: Places = special[codes[special] >= _BANG]
    quotes: Places = inner[:0]
    if inner.size:
        near = [codes[inner - 1], codes[inner + 1]]
        both = np.logical_and(*[_is_letter(side) | ((side - np.uint8(0x30)) < 12) for side in near])
        quote = codes[inner] == _QUOTE
        between = _is_letter(near[0]) & _is_letter(near[1])
        quotes = inner[quote & between]
        codes[inner[(~quote & ~both) | (quote & ~between)]] = GAP
    signs = special[(codes[special] - np.uint8(0x30)) < 14]
    if not signs.size:
        return quotes
    cuts = np.flatnonzero(np.diff(signs) > 1)
    first = signs[np.concatenate(([0], cuts + 1))]
    last = signs[np.concatenate((cuts, [signs.size - 1]))]
    left, right = _is_letter(codes[first - 1]), _is_letter(codes[last + 1])
    left_word = left & _is_letter(codes[first - 2])
    right_word = right & _is_letter(codes[np.minimum(last + 2, codes.size - 1)])
    number = (last > first) & ((left_word & ~right) | (right_word & ~left))
    how = np.where(number, 2, np.where(left | right, 1, 0))
    how = np.repeat(how, last - first + 1)
    values = codes[signs]
    codes[signs] = np.choose(how, [_lookup("alone")[values], _lookup("leet")[values], np.full_like(values, GAP)])
    mention = first[~left & (values[np.searchsorted(signs, first)] == _AT)]
    codes[mention] = GAP
    return quotes


def _spelled_out(codes: Bytes) -> Places:
    """Gaps between letters that stand alone, at least three of them in a row (``b.o.d.o.h``, ``g o b l o k``), to be closed."""
    gap = codes == GAP
    solo: Places = np.flatnonzero(gap[:-2] & gap[2:] & ~gap[1:-1]) + 1
    solo = solo[(codes[solo] != 0) & (codes[solo] != _TWO)]
    if solo.size < 3:
        return np.empty(0, np.int64)
    letter = _is_letter(codes[solo])
    joined = np.zeros(solo.size + 1, np.bool_)
    joined[1:-1] = (np.diff(solo) == 2) & (letter[:-1] | letter[1:])
    closed = joined[1:-1] & (joined[:-2] | joined[2:])
    before = np.flatnonzero(closed)
    for side in (before, before + 1):
        codes[solo[side]] = _lookup("leet")[codes[solo[side]]]
    gaps: Places = solo[before] + 1
    return gaps


def _fold_skeleton(light: bytes) -> bytearray:
    """Light form to skeleton in place; ``GONE`` where a byte was squeezed out."""
    marks = bytearray(light.translate(_skeleton_table()))
    codes = np.frombuffer(marks, np.uint8)
    special = np.flatnonzero((codes - np.uint8(0x30)) < 15)
    quotes = _resolve_signs(codes, special) if special.size else special
    closed = np.concatenate((_spelled_out(codes), quotes))
    again = closed[codes[closed - 1] == codes[closed + 1]] + 1 if closed.size else closed
    same = codes[1:] == codes[:-1]
    same &= codes[1:] >= GAP
    np.bitwise_or(codes[1:], np.negative(same.view(np.int8)).view(np.uint8), out=codes[1:])
    codes[closed] = GONE
    codes[again] = GONE
    return marks


class Block:
    """Some texts in UTF-8, folded together."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        joined = _SEPARATOR.join(texts)
        if joined.count(b"\0") != len(texts) - 1:
            joined = _SEPARATOR.join(text.replace(b"\0", b"\x01") for text in texts)
        self.raw = b" %b " % joined
        foreign = _Foreign(self.raw)
        self.light_marks = _fold_light(self.raw, foreign)
        self._foreign = foreign
        self.light = self.light_marks.translate(None, b"\xff")
        self.wide, self.inserted = self._split_hashtags()
        self.skeleton_marks = _fold_skeleton(self.wide)
        self.skeleton = bytes(self.skeleton_marks.translate(None, b"\xff"))
        self._bounds: dict[str, list[int]] = {}

    def _split_hashtags(self) -> tuple[bytes, Places]:
        """The light text with a gap before each camel-case word of a hashtag, and where those gaps are."""
        places = _camel_places(self.raw)
        if not places.size:
            return bytes(self.light), places
        gone = np.flatnonzero(np.frombuffer(self.light_marks, np.uint8) == GONE)
        places = places - np.searchsorted(gone, places)
        wide = np.insert(np.frombuffer(self.light, np.uint8), places, GAP).tobytes()
        return wide, places + np.arange(places.size)

    @cached_property
    def _skipped(self) -> dict[str, list[int]]:
        """Per level what must be added to (``skeleton``, ``light``) or taken off (``raw``) a place, as sorted thresholds."""
        squeezed = np.flatnonzero(np.frombuffer(self.skeleton_marks, np.uint8) == GONE)
        gone = np.flatnonzero(np.frombuffer(self.light_marks, np.uint8) == GONE)
        inner = np.flatnonzero(np.frombuffer(self.raw, np.int8) < -64)
        return {
            "skeleton": (squeezed - np.arange(squeezed.size)).tolist(),
            "light": (gone - np.arange(gone.size)).tolist(),
            "wide": self.inserted.tolist(),
            "raw": inner.tolist(),
        }

    def wide_place(self, place: int) -> int:
        """Place in ``wide`` of a code of the skeleton."""
        return place + bisect_right(self._skipped["skeleton"], place)

    def light_point(self, place: int) -> int:
        """Number of the code point behind a place of ``light``, counted from the beginning of the block."""
        byte = place + bisect_right(self._skipped["light"], place)
        return byte - bisect_right(self._skipped["raw"], byte)

    def wide_point(self, place: int) -> int:
        """The same for ``wide``; a gap put in before a word of a hashtag stands for the character after it."""
        return self.light_point(place - bisect_left(self._skipped["wide"], place))

    def bounds(self, level: str) -> list[int]:
        """``[start of text 0, start of text 1, ..., end + 1]`` at a level (``raw light wide skeleton``); text n is
        ``[b[n] : b[n + 1] - 1]`` with a blank or gap at both ends."""
        if level not in self._bounds:
            nulls = np.flatnonzero(np.frombuffer(getattr(self, level), np.uint8) == 0)
            self._bounds[level] = [0, *(nulls + 1).tolist(), len(getattr(self, level)) + 1]
        return self._bounds[level]

    def texts_with(self, characters: NDArray[np.bool_]) -> list[int]:
        """Numbers of the texts that hold one of some characters beyond ASCII, given as a table over all code points."""
        return self.texts_at(self._foreign.heads[characters[self._foreign.values]], "raw")

    def text_of(self, ends: Places, level: str) -> Places:
        """Number of the text in which each place of a level lies."""
        starts = np.asarray(self.bounds(level)[1:-1], np.int64)
        return np.asarray(np.searchsorted(starts, ends, side="right"), np.int64)

    def texts_at(self, places: Places, level: str) -> list[int]:
        """Numbers of the texts that hold some places of a level, each once."""
        return sorted(set(self.text_of(places, level).tolist()))


def utf8(text: str) -> bytes:
    """A text as blocks take it; lone surrogates stay what they are."""
    return text.encode("utf-8", "surrogatepass")


def fold(texts: Sequence[str]) -> Block:
    """A block of some texts."""
    return Block([utf8(text) for text in texts])


def fold_light(text: str) -> str:
    """The light form of one text."""
    return bytes(fold([text]).light[1:-1]).decode("ascii").replace("\0", "")


def fold_skeletons(texts: Sequence[str]) -> list[bytes]:
    """The skeletons of many short texts, without the gaps at their ends."""
    return [part.strip(b"`") for part in fold(texts).skeleton.split(b"\0")] if texts else []
