"""Do two pictures show the same? A difference hash of 64 bits, and a search among many of them.

Measured on 322 pictures (``docs/decisions.md``): copies that were compressed again, halved, brightened or given a bar differ
by at most 10 bits in 99 of 100 cases; of 51,681 pairs of different pictures none had 12 or fewer, 0.01 % 14 or fewer.
"""

from collections.abc import Iterable

import numpy as np
from PIL import Image

SAME_BITS = 10
"""Up to so many differing bits the pictures show the same."""
ALIKE_BITS = 14
"""Up to so many a person should look."""
_PLAIN_BITS = 6
"""A hash with fewer bits set, or fewer not set, is that of an even surface: it says nothing about sameness."""

_BITS = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)


def difference_hash(image: Image.Image) -> str:
    """16 hex digits: whether each of 8 x 8 cells of the grey picture is brighter than its right neighbour."""
    small = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BILINEAR), np.int16)
    bits = (small[:, :-1] > small[:, 1:]).ravel()
    return f"{int.from_bytes(np.packbits(bits).tobytes(), 'big'):016x}"


def distance(one: str, other: str) -> int:
    """How many bits two hashes differ in."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def is_telling(dhash: str) -> bool:
    """False for the hash of an even surface, which thousands of different posters share."""
    return _PLAIN_BITS <= int(dhash, 16).bit_count() <= 64 - _PLAIN_BITS


class Fingerprints:
    """The hashes of the pictures known so far."""

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        """``known``: name and hash of each picture."""
        pairs = [(name, dhash) for name, dhash in known if is_telling(dhash)]
        self._names = [name for name, _ in pairs]
        self._hashes = np.array([int(dhash, 16) for _, dhash in pairs], np.uint64)
        self._late: list[tuple[str, str]] = []

    def add(self, name: str, dhash: str) -> None:
        """Take in one more picture."""
        if is_telling(dhash):
            self._late.append((name, dhash))

    def near(self, dhash: str) -> list[tuple[int, str]]:
        """Distance and name of the pictures within ``ALIKE_BITS``, nearest first."""
        if not is_telling(dhash):
            return []
        differing = np.bitwise_xor(self._hashes, np.uint64(int(dhash, 16)))
        counts = _BITS[differing.view(np.uint16).reshape(-1, 4)].sum(axis=1)
        found = [(int(counts[place]), self._names[place]) for place in np.flatnonzero(counts <= ALIKE_BITS)]
        found += [(bits, name) for name, other in self._late if (bits := distance(dhash, other)) <= ALIKE_BITS]
        return sorted(found)
