"""Finds many literals at once. Two engines, one interface, the same hits: ahocorasick_rs, and hyperscan where it is installed."""

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import chain
from typing import Literal, NamedTuple, Protocol

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

Engine = Literal["auto", "ac", "hs"]

_DENSE_BELOW = 20_000
"""Up to so many literals the fastest automaton is built (1 kB per literal); a larger one falls out of the processor's cache."""


class Hits(NamedTuple):
    """Numbers of the literals found and where they end, sorted by end and number."""

    literals: NDArray[np.int64]
    ends: NDArray[np.int64]


class Scanner(Protocol):
    """Finds every occurrence of every literal, overlapping ones included."""

    def scan(self, text: bytes) -> Hits:
        """All hits in a text."""
        ...


class AhoCorasickScanner:
    """The default engine: a small wheel without import cost."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        kinds = ahocorasick_rs.Implementation
        kind = kinds.DFA if len(literals) < _DENSE_BELOW else kinds.ContiguousNFA
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(literals), implementation=kind) if literals else None

    def scan(self, text: bytes) -> Hits:
        """All hits in a text."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton is not None else []
        rows = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
        return _sorted(rows[:, 0], rows[:, 2])


class HyperscanScanner:
    """The faster engine (extra ``hyperscan``); compiling takes longer."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        import hyperscan

        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK) if literals else None
        if self._database is not None:
            count = len(literals)
            escaped = [b"".join(b"\\x%02x" % byte for byte in literal) for literal in literals]
            self._database.compile(expressions=escaped, ids=list(range(count)), elements=count, flags=[0] * count)

    def scan(self, text: bytes) -> Hits:
        """All hits in a text."""
        found: list[int] = []
        if self._database is not None and text:

            def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
                found.extend((number, end))

            self._database.scan(text, match_event_handler=note)
        rows = np.array(found, np.int64).reshape(-1, 2)
        return _sorted(rows[:, 0], rows[:, 1])


def _sorted(literals: NDArray[np.int64], ends: NDArray[np.int64]) -> Hits:
    order = np.lexsort((literals, ends))
    return Hits(literals[order], ends[order])


def has_hyperscan() -> bool:
    """True when the optional engine is installed."""
    return find_spec("hyperscan") is not None


def build_scanner(literals: Sequence[bytes], engine: Engine) -> Scanner:
    """A scanner for the literals. ``auto`` is ahocorasick_rs, which starts at once."""
    return HyperscanScanner(literals) if engine == "hs" else AhoCorasickScanner(literals)
