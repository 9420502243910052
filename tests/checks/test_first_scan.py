"""Looking words up and scanning with the automaton are the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pantau.checks.first_scan import FirstScanner
from pantau.checks.scan import Hits, build_scanner

WORDS = st.sampled_from([b"a", b"ab", b"b", b"slot", b"", b"\x00"])
PHRASES = st.lists(WORDS.filter(bool), min_size=1, max_size=3).map(lambda words: b"`" + b"`".join(words) + b"`")


def same(one: Hits, other: Hits) -> bool:
    return bool(np.array_equal(one.literals, other.literals) and np.array_equal(one.ends, other.ends))


@given(st.lists(PHRASES, unique=True, max_size=8), st.lists(WORDS, max_size=30))
def test_looking_up_finds_what_the_automaton_finds(literals: list[bytes], words: list[bytes]) -> None:
    text = b"`".join(words)
    found = FirstScanner(literals, "ac").scan(text)
    assert same(found, build_scanner(literals, "ac").scan(text))
    assert found.literals.dtype == np.int64


def test_the_automaton_takes_over_when_there_is_more_text() -> None:
    literals = [b"`slot`", b"`slot`gacor`"]
    text = b"`ayo`slot`gacor`"
    scanner = FirstScanner(literals, "ac", worth_bytes=2 * len(text))
    hits = [scanner.scan(text) for _ in range(4)]
    assert scanner._automaton is not None
    assert hits[0].ends.tolist() == [10, 16]
    assert all(same(hits[0], other) for other in hits)
