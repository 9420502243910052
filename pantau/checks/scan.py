"""Finds many literals at once. Two engines, one interface, the same hits: ahocorasick_rs, and hyperscan where it is installed."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Literal, Protocol

import ahocorasick_rs

Engine = Literal["auto", "ac", "hs"]


class Scanner(Protocol):
    """Finds every occurrence of every literal, overlapping ones included."""

    def scan(self, text: bytes) -> list[tuple[int, int]]:
        """``(number of the literal, end)`` of all hits, sorted by end and number."""
        ...


class AhoCorasickScanner:
    """The default engine: a small wheel without import cost."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        kind = (
            ahocorasick_rs.Implementation.DFA if len(literals) < 2_000 else ahocorasick_rs.Implementation.ContiguousNFA
        )
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(literals), implementation=kind) if literals else None

    def scan(self, text: bytes) -> list[tuple[int, int]]:
        """``(number of the literal, end)`` of all hits, sorted by end and number."""
        if self._automaton is None:
            return []
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return sorted([(number, end) for number, _, end in hits], key=_by_end)


class HyperscanScanner:
    """The faster engine (extra ``hyperscan``); compiling takes longer."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        import hyperscan

        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK) if literals else None
        if self._database is not None:
            count = len(literals)
            escaped = [b"".join(b"\\x%02x" % byte for byte in literal) for literal in literals]
            self._database.compile(expressions=escaped, ids=list(range(count)), elements=count, flags=[0] * count)

    def scan(self, text: bytes) -> list[tuple[int, int]]:
        """``(number of the literal, end)`` of all hits, sorted by end and number."""
        hits: list[tuple[int, int]] = []
        if self._database is not None and text:

            def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
                hits.append((number, end))

            self._database.scan(text, match_event_handler=note)
        return sorted(set(hits), key=_by_end)


def _by_end(hit: tuple[int, int]) -> tuple[int, int]:
    return hit[1], hit[0]


def has_hyperscan() -> bool:
    """True when the optional engine is installed."""
    return find_spec("hyperscan") is not None


def build_scanner(literals: Sequence[bytes], engine: Engine) -> Scanner:
    """A scanner for the literals. ``auto`` is ahocorasick_rs, which starts at once."""
    return HyperscanScanner(literals) if engine == "hs" else AhoCorasickScanner(literals)
