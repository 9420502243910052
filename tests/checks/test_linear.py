"""Patterns of rules can never hang a run."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.checks.linear import PIECE_CHARS, problem_of


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(\w+\s?)*x",
        r".*.*x",
        r"(?:a?){30}a{30}",
        r"(x+x+)+y",
        r"(.*a){12}",
        r"a{1,1000}a{1,1000}b",
        r"(a|ab|b)*c",
        r"\d+\d+x",
        r"((a?)?)*b",
        r"^(?:a|aa)+$",
        r"(?:[a-z]+ ?)+!",
        r"(?:\d+[.,]?)*x",
    ],
)
def test_a_pattern_that_can_explode_is_refused(pattern):
    assert "waktu" in problem_of(pattern)


def test_a_number_of_thousands_of_digits_is_no_pattern():
    """Found by fuzzing: Python refuses to read it as a number, which is no error of the pattern's reader."""
    assert "bukan pola yang sah" in problem_of("a{" + "9" * 5000 + "}")


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (r"(?=a)b", "look-around"),
        (r"(?<!a)b", "look-around"),
        (r"(a)\1", "rujukan balik"),
        (r"(?P<x>a)(?P=x)", "rujukan balik"),
        (r"(?i)a", "huruf kecil"),
        (r"(?i:a)", "tanda"),
        (r"[A-Z]{2}", "huruf besar"),
        (r"é", "ASCII"),
        (r"(", "bukan pola"),
        (r"a{99999999999}", "bukan pola"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_reason(pattern, word):
    assert word in problem_of(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b\d{16}\b",
        r"(^|[^0-9.])(?P<hit>\d{16})($|[^0-9])",
        r"\w+@\w+",
        r"(?:\W+\w+){0,6}\W+juta",
        r".{0,60}x",
        r"(?:\w+ )*x",
        r"\b(?:no|nomor) ?rekening:? ?\d{6,}",
        r"[^.\n]{0,40}?(?P<hit>(rp\.? ?)?\d{1,4}([.,]\d{3})*)",
        r"\S+ \D",
        r"(?P<hit>([0-9][ .\-]?){10,18})[^0-9\n]{0,4}",
    ],
)
def test_ordinary_patterns_are_accepted(pattern):
    assert problem_of(pattern) == ""


PIECES = st.sampled_from(["a", "b", r"\w", r"\d", ".", "[ab]", "[^b]", " ", "(?:a|b)", "(?:a|ab)", "(?:ba?)"])
PATTERNS = st.lists(
    st.tuples(PIECES, st.sampled_from(["", "", "?", "*", "+", "{0,3}", "{2,9}", "*?"])), min_size=1, max_size=5
).map(lambda parts: "".join(piece + how for piece, how in parts))


@given(PATTERNS, PATTERNS, st.sampled_from(["", "*", "{1,8}"]))
@settings(max_examples=150, deadline=None)
def test_every_accepted_pattern_is_quick_on_nasty_text(one, two, how):
    pattern = f"(?:{one}){how}{two}!"
    if problem_of(pattern):
        return
    compiled = re.compile(pattern.encode())
    for text in (b"a" * PIECE_CHARS, b"ab" * (PIECE_CHARS // 2), b"a1 " * (PIECE_CHARS // 3)):
        began = time.process_time()
        list(compiled.finditer(text))
        assert time.process_time() - began < 4, pattern
