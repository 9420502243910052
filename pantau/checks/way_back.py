"""From the folded forms of one text back to its code points. Made only for texts with a hit, level by level as it is asked for."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold_tables import GONE

_FIRST_OF_CHARACTER = -64
"""As signed bytes, those from here on begin a character; lower ones go on with it."""
Ints = NDArray[np.int64]


class WayBack:
    """Places of one text, counted from the blank before it; that blank is code point -1."""

    def __init__(self, raw: bytes, light_marks: bytes, skeleton_marks: bytes, cuts: Sequence[int]) -> None:
        """The levels of the text with a blank at both ends; ``cuts``: places of ``wide`` that stand for no character."""
        self._raw = raw
        self._light_marks = light_marks
        self._skeleton_marks = skeleton_marks
        self._cuts = cuts

    @cached_property
    def _kept(self) -> Ints:
        """Place in ``wide`` of each code of the skeleton."""
        kept: Ints = (np.frombuffer(self._skeleton_marks, np.uint8) != GONE).nonzero()[0]
        return kept

    @cached_property
    def _bytes(self) -> Ints | None:
        """Byte behind each place of the light text; None when nothing went away."""
        if GONE not in self._light_marks:
            return None
        kept: Ints = (np.frombuffer(self._light_marks, np.uint8) != GONE).nonzero()[0]
        return kept

    @cached_property
    def _inner(self) -> Ints | None:
        """The bytes that do not begin a character; None when all do."""
        if self._raw.isascii():
            return None
        inner: Ints = (np.frombuffer(self._raw, np.int8) < _FIRST_OF_CHARACTER).nonzero()[0]
        return inner

    def wide_place(self, place: int) -> int:
        """Place in ``wide`` of a code of the skeleton."""
        return int(self._kept[place])

    def light_point(self, place: int) -> int:
        """Code point behind a place of the light text."""
        byte = place if self._bytes is None else int(self._bytes[place])
        return byte - 1 if self._inner is None else byte - 1 - int(self._inner.searchsorted(byte, "right"))

    def wide_point(self, place: int) -> int:
        """The same for ``wide``; a gap put in before a word of a hashtag stands for the character after it."""
        return self.light_point(place - bisect_left(self._cuts, place) if self._cuts else place)

    def points_after(self, places: Ints) -> list[int]:
        """Code points behind the codes that follow places of the skeleton."""
        found = self._kept[places + 1]
        if self._cuts:
            found = found - np.searchsorted(self._cuts, found)
        if self._bytes is not None:
            found = self._bytes[found]
        inner = 0 if self._inner is None else self._inner.searchsorted(found, "right")
        points: list[int] = (found - 1 - inner).tolist()
        return points
