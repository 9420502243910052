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

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold_tables import FLAGS, GONE, REGIONAL_A, ascii_table, fold_character
from pantau.checks.way_back import WayBack

FOLD_VERSION = "1"
"""Changes whenever the same text may fold differently."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

GAP = 0x60
"""What stands between words in a skeleton: the backtick, which the light text never holds."""
_SEPARATOR = b" \x00 "
_SAME_BOUNDS = {"light_marks": "raw", "skeleton_marks": "wide"}
_OUTSIDE, _INSIDE, _LOWER, _UPPER = range(4)
_TAG_BYTES = 32
"""Hashtags up to this length are looked at together."""
_TAG = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")
_NEW_WORD = re.compile(rb"(?<=[a-z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])")
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
def _lookup(name: str) -> Bytes:
    """Tables of 256 entries: ``leet`` values; ``kind`` of a byte in a hashtag; ``lead`` bits of the first byte of a character
    and the ``shift`` of its code point when decoded as if it had four bytes."""
    table = np.arange(256, dtype=np.uint8)
    if name == "leet":
        for code, letter in _LEET.items():
            table[code] = letter
    elif name == "kind":
        table[:] = _OUTSIDE
        table[[code for code in range(128) if chr(code).isalnum()] + [ord("_"), *range(128, 256)]] = _INSIDE
        table[ord("A") : ord("Z") + 1] = _UPPER
        table[ord("a") : ord("z") + 1] = _LOWER
    elif name == "lead":
        table[:] = np.where(table < 0xE0, table & 0x1F, np.where(table < 0xF0, table & 0x0F, table & 0x07))
    else:
        table[:] = np.where(table < 0xE0, 12, np.where(table < 0xF0, 6, 0))
    return table


class _CharacterTable:
    """Folded form of each code point, four bytes in one number, filled as characters are met; 0 for one not met yet."""

    def __init__(self) -> None:
        self._packed: NDArray[np.uint32] = np.zeros(0x110000, np.uint32)

    def folded(self, code_points: NDArray[Any]) -> Bytes:
        """A row of four bytes for each code point, ``GONE`` where there is nothing."""
        packed = self._packed[code_points]
        if not packed.all():
            for code_point in set(code_points[packed == 0].tolist()):
                folded = fold_character(chr(code_point)).encode("ascii")
                self._packed[code_point] = np.frombuffer(folded.ljust(4, b"\xff"), np.uint32)[0]
            packed = self._packed[code_points]
        rows: Bytes = packed.view(np.uint8).reshape(-1, 4)
        return rows


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
        codes = source[self.bytes]
        first = codes >= 0xC0
        self.heads: Places = self.bytes[first]
        lead = codes[first]
        value = _lookup("lead")[lead].astype(np.uint32)
        for step in (1, 2, 3):
            value <<= np.uint32(6)
            value |= source.take(self.heads + step, mode="clip") & np.uint8(0x3F)
        self.values: NDArray[np.uint32] = value >> _lookup("shift")[lead]


def _fold_light(raw: bytes, foreign: _Foreign) -> bytearray:
    """UTF-8 to its light form in place; ``GONE`` where nothing is left of a byte."""
    marks = bytearray(raw.translate(ascii_table()))
    if not foreign.heads.size:
        return marks
    out = np.frombuffer(marks, np.uint8)
    heads, value = foreign.heads, foreign.values
    rows = _characters().folded(value)
    out[foreign.bytes] = GONE
    out[heads] = rows[:, 0]
    longer = np.flatnonzero(rows[:, 1] != GONE)
    for step in (1, 2, 3) if longer.size else ():
        longer = longer[rows[longer, step] != GONE]
        out[heads[longer] + step] = rows[longer, step]
    regional = (value - np.uint32(REGIONAL_A)) < 26
    if regional.any():
        _blank_flags(out, heads[regional], value[regional])
    return marks


def _blank_flags(out: Bytes, heads: Places, values: NDArray[Any]) -> None:
    """Regional indicators that pair up as flags are pictures, not letters."""
    starts = np.flatnonzero(np.diff(heads, prepend=-9) != 4)
    letters = (values - np.uint32(REGIONAL_A)).astype(np.uint8)
    lengths = np.diff(starts, append=heads.size)
    pairs = starts[lengths == 2]
    flags = pairs[_flag_table()[letters[pairs], letters[pairs + 1]]]
    out[heads[flags]] = out[heads[flags + 1]] = ord(" ")
    longer = lengths > 2
    for first, size in zip(starts[longer].tolist(), lengths[longer].tolist(), strict=True):
        run = letters[first : first + size]
        if size % 2 == 0 and _flag_table()[run[::2], run[1::2]].all():
            out[heads[first : first + size]] = ord(" ")


@cache
def _flag_table() -> NDArray[np.bool_]:
    table = np.zeros((26, 26), np.bool_)
    for first, second in FLAGS:
        table[ord(first) - ord("A"), ord(second) - ord("A")] = True
    return table


def _camel_places(raw: bytes) -> Places:
    """Places in ``raw`` where a new word begins inside a camel-case hashtag (``#MobilMewah``, ``#ASNHebat``)."""
    source = np.frombuffer(raw, np.uint8)
    first = np.flatnonzero(source == ord("#")) + 1
    if not first.size:
        return first
    fitting = int(np.searchsorted(first, source.size - _TAG_BYTES, "right"))
    first, last = first[:fitting], first[fitting:].tolist()
    if not fitting:
        return np.array([place for start in last for place in _cuts_of_tag(raw, start)], np.int64)
    every: Bytes = np.ndarray((source.size - _TAG_BYTES + 1, _TAG_BYTES), np.uint8, raw, strides=(1, 1))
    windows = every[first]
    kinds = np.frombuffer(windows.tobytes().translate(_lookup("kind").tobytes()), np.uint8)
    outside = (kinds == _OUTSIDE).reshape(-1, _TAG_BYTES)
    length = outside.argmax(axis=1)
    upper, lower = kinds == _UPPER, kinds == _LOWER
    begins = lower[:-1] & upper[1:]
    begins[:-1] |= upper[:-2] & upper[1:-1] & lower[2:]
    tags, places = np.divmod(np.flatnonzero(begins) + 1, _TAG_BYTES)
    whole = outside[np.arange(first.size), length]
    inside = (places > 0) & (places < length[tags]) & whole[tags]
    tags, places = tags[inside], places[inside]
    enough = length >= 3 * (np.bincount(tags, minlength=first.size) + 1)
    found: Places = (first[tags] + places)[enough[tags]]
    others = [place for start in (*first[~whole].tolist(), *last) for place in _cuts_of_tag(raw, start)]
    return np.sort(np.concatenate((found, np.array(others, np.int64)))) if others else found


def _cuts_of_tag(raw: bytes, start: int) -> list[int]:
    """The same for one hashtag, longer than ``_TAG_BYTES`` or at the end of the block."""
    tag = _TAG.match(raw, start)
    end = tag.end() if tag else start
    cuts = [found.start() for found in _NEW_WORD.finditer(raw, start, end)]
    return cuts if end - start >= 3 * (len(cuts) + 1) else []


def _resolve_signs(codes: Bytes, special: Places) -> Places:
    """Turn digits and signs into letters, gaps or plain digits, in place; returns apostrophes inside words."""
    values = codes[special]
    inner: Places = special[values >= _BANG]
    quotes: Places = inner[:0]
    signs = special
    if inner.size:
        near = [codes[inner - 1], codes[inner + 1]]
        both = np.logical_and(*[_is_letter(side) | ((side - np.uint8(0x30)) < 12) for side in near])
        quote = codes[inner] == _QUOTE
        between = _is_letter(near[0]) & _is_letter(near[1])
        quotes = inner[quote & between]
        codes[inner[(~quote & ~both) | (quote & ~between)]] = GAP
        signs = special[(codes[special] - np.uint8(0x30)) < 14]
    if signs.size:
        _resolve_runs(codes, signs)
    return quotes


def _resolve_runs(codes: Bytes, signs: Places) -> None:
    """The same for runs of digits and signs, without those of ``! |`` and apostrophes that are none."""
    cut = np.ones(signs.size + 1, np.bool_)
    cut[1:-1] = signs[1:] - signs[:-1] > 1
    first, last = signs[cut[:-1]], signs[cut[1:]]
    left, right = _is_letter(codes[first - 1]), _is_letter(codes[last + 1])
    beside = np.flatnonzero(left | right)
    alone = signs[codes[signs] >= _AT]
    if not beside.size:
        codes[alone] = GAP
        return
    first, last, left, right = first[beside], last[beside], left[beside], right[beside]
    left_word = left & _is_letter(codes[first - 2])
    right_word = right & _is_letter(codes.take(last + 2, mode="clip"))
    number = (last > first) & ((left_word & ~right) | (right_word & ~left))
    size = last - first + 1
    places = np.arange(size.sum()) + np.repeat(first - (np.cumsum(size) - size), size)
    letters = np.where(np.repeat(number, size), np.uint8(GAP), _lookup("leet")[codes[places]])
    mention = first[~left & (codes[first] == _AT)]
    codes[alone] = GAP
    codes[places] = letters
    codes[mention] = GAP


def _spelled_out(codes: Bytes) -> Places:
    """Gaps between letters that stand alone, at least three of them in a row (``b.o.d.o.h``, ``g o b l o k``), to be closed."""
    gap = codes == GAP
    solo: Places = np.flatnonzero((gap[:-2] & gap[2:]) > gap[1:-1]) + 1
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
        inserted = places + np.arange(places.size)
        wide = np.full(len(self.light) + places.size, GAP, np.uint8)
        kept = np.ones(wide.size, np.bool_)
        kept[inserted] = False
        wide[kept] = np.frombuffer(self.light, np.uint8)
        return wide.tobytes(), inserted

    def part(self, number: int, level: str) -> bytes:
        """One text at a level (``raw light light_marks wide skeleton_marks skeleton``), a blank or gap at both ends."""
        bounds = self.bounds(_SAME_BOUNDS.get(level, level))
        return bytes(getattr(self, level)[bounds[number] : bounds[number + 1] - 1])

    def way_back(self, number: int) -> WayBack:
        """The places of one text."""
        begin, end = self.bounds("wide")[number : number + 2]
        inserted = self._inserted
        cuts = [place - begin for place in inserted[bisect_left(inserted, begin) : bisect_left(inserted, end)]]
        raw, light_marks, skeleton_marks = (
            self.part(number, level) for level in ("raw", "light_marks", "skeleton_marks")
        )
        return WayBack(raw, light_marks, skeleton_marks, cuts)

    @cached_property
    def _inserted(self) -> list[int]:
        inserted: list[int] = self.inserted.tolist()
        return inserted

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
