"""Finds the literals in the first texts without the automaton, which takes longer to build than a hundred posts take to check.

While there is little text, its runs of words are looked up among the literals: both begin and end with a gap. Only then is the
automaton built. Which of the two looked changes no hit.
"""

from collections.abc import Sequence

import numpy as np

from pantau.checks.scan import Engine, Hits, Scanner, build_scanner

WORTH_BYTES = 100_000
"""So much text is looked up in the time that it takes to build the automaton of the shipped rules, or less."""
_GAP = b"`"


class FirstScanner:
    """Looks up, then scans with an automaton."""

    def __init__(self, literals: Sequence[bytes], engine: Engine, worth_bytes: int = WORTH_BYTES) -> None:
        """``literals`` are skeletons with a gap at both ends."""
        self._literals = literals
        self._engine: Engine = engine
        self._left_bytes = worth_bytes
        self._numbers = dict(zip(literals, range(len(literals)), strict=True))
        self._steps = sorted({literal.count(_GAP) - 1 for literal in literals})
        """How many gaps after the first one a literal ends."""
        self._automaton: Scanner | None = None

    def scan(self, text: bytes) -> Hits:
        """All hits in a text."""
        self._left_bytes -= len(text)
        if self._automaton is None and self._left_bytes >= 0:
            return self._looked_up(text)
        if self._automaton is None:
            self._automaton = build_scanner(self._literals, self._engine)
            self._numbers.clear()
        return self._automaton.scan(text)

    def _looked_up(self, text: bytes) -> Hits:
        gaps = np.flatnonzero(np.frombuffer(text, np.uint8) == _GAP[0]).tolist()
        number_of = self._numbers.get
        found: list[tuple[int, int]] = []
        for step in self._steps:
            for start, last in zip(gaps, gaps[step:], strict=False):
                number = number_of(text[start : last + 1])
                if number is not None:
                    found.append((last + 1, number))
        rows = np.array(sorted(found), np.int64).reshape(-1, 2)
        return Hits(rows[:, 1], rows[:, 0])
