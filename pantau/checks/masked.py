"""Words with masked letters (``anj*ng``, ``g*bl*k``): which words of the lexicon they may be."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pantau.checks.fold import Block

_MASKS = b"*#%^~+"
_TOKEN = re.compile(rb"(?<![a-z0-9@$])[a-z][a-z0-9@$]{0,30}(?:[*#%^~+]{1,12}[a-z0-9@$]{0,30}){1,6}(?![*#%^~+a-z0-9@$])")
_TRAILING = re.compile(rb"(?<![*#%^~+])[*#%^~+]$")
"""A single sign at the end closes bold type (``*kata*``) rather than hiding a letter, unless more letters are hidden."""
_LEET = bytes.maketrans(b"0134579@$", b"oieasgtas"[:9])
_MIN_KNOWN = 2
MAX_FOUND = 500
"""Masked words that are tried in one text; a text with more of them has long been found."""


class MaskedWord(NamedTuple):
    """A masked word: places in the light text and the words it may be."""

    start: int
    end: int
    words: tuple[str, ...]


class MaskIndex:
    """Words by length and first letter."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[tuple[int, int], list[bytes]] = {}
        for word in sorted(set(words)):
            code = word.encode("ascii")
            self._words.setdefault((len(code), code[0]), []).append(code)

    def __bool__(self) -> bool:
        return bool(self._words)

    def find(self, light: bytes) -> list[MaskedWord]:
        """The masked words of a light text that may be words of the index."""
        found: list[MaskedWord] = []
        for token in _TOKEN.finditer(light):
            shown = token.group()
            if (
                light[max(token.start() - 1, 0) : token.start()] == b"*"
                or sum(shown.count(sign) for sign in _MASKS) == 1
            ):
                shown = _TRAILING.sub(b"", shown)
            words = self._resolve(shown)
            if words and len(found) < MAX_FOUND:
                found.append(MaskedWord(token.start(), token.start() + len(shown), words))
        return found

    def _resolve(self, shown: bytes) -> tuple[str, ...]:
        known = sum(code not in _MASKS for code in shown)
        if known == len(shown) or known < _MIN_KNOWN or 2 * known < len(shown):
            return ()
        plain = shown.translate(_LEET)
        fitting = (
            word
            for word in self._words.get((len(plain), plain[0]), ())
            if all(have in _MASKS or have == want for have, want in zip(plain, word, strict=True))
        )
        return tuple(word.decode("ascii") for word in fitting)


def texts_with_masks(block: Block) -> list[int]:
    """Numbers of the texts that hold a mask sign between letters, or several after one."""
    light = np.frombuffer(block.light, np.uint8)
    places = [np.flatnonzero(light == sign) for sign in _MASKS if sign in block.light]
    if not places:
        return []
    found = np.concatenate(places)
    before, after = light[found - 1], light[found + 1]
    letter = (before - np.uint8(ord("a"))) < 26
    found, after = found[letter], after[letter]
    runs_on = ((after - np.uint8(ord("a"))) < 26) | ((after - np.uint8(ord("0"))) < 10)
    for sign in _MASKS:
        runs_on |= after == sign
    return block.texts_at(found[runs_on], "light")
