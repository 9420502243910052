"""Only posts that leave a trace of every part of a rule are looked at; none that could fire is left out."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.checks.anchors import Needle, anchor_of
from pantau.checks.engine import Checker
from pantau.checks.fold import fold, sorted_unique
from pantau.checks.linear import problem_of
from pantau.core.model import Post, StoredTexts
from tests.checks.material import post
from tests.checks.test_engine import catalogue, rule
from tests.checks.test_linear import PATTERNS
from tests.random_cases import cases


@pytest.mark.parametrize(
    ("pattern", "literals", "digits"),
    [
        (r"harga \d+", {b"harga "}, 0),
        (r"(?:transfer|kirim) ke", {b"transfer", b"kirim"}, 0),
        (r"(?:rp )?berlaku hingga", {b"berlaku hingga"}, 0),
        (r"\b\d{16}\b", set(), 16),
        (r"\d{6}[ .]\d{6}[ .]\d{4}", set(), 16),
        (r"nik:? ?\d{16}", set(), 16),
        (r"(62|0)8\d{2}[ -]?\d{4}[ -]?\d{3}", set(), 11),
        (r"\w+", set(), 0),
        (r"a?b*", set(), 0),
        (r"no \d{5}", set(), 5),
    ],
)
def test_the_best_condition_of_a_pattern_is_found(pattern, literals, digits):
    anchor = anchor_of(pattern)
    assert (anchor.literals, anchor.digits) == (literals, digits)


def test_a_boundary_beside_a_literal_is_part_of_the_condition():
    assert anchor_of(r"\brp ?(?:juta|ribu)\b").needles == {Needle(b"juta", ends=True), Needle(b"ribu", ends=True)}
    assert anchor_of(r"\b(?:kirim|transfer) \w+").needles == {Needle(b"kirim", True), Needle(b"transfer", True)}
    assert anchor_of(r"\b(?:kirim)+\b").needles == {Needle(b"kirim")}
    assert anchor_of(r"x?\b-- \b").needles == {Needle(b"-- ")}


def test_a_post_is_not_looked_at_for_a_literal_inside_another_word():
    checker = Checker(catalogue(rule(kind="pattern", family="DPR", patterns=(r"\d+ juta\b",))))
    asked: list[str] = []

    def fetch(keys: Sequence[str]) -> dict[str, Post]:
        asked.extend(keys)
        return {key: post(int(key[2:]), texts[int(key[2:])]) for key in keys}

    texts = ["berkelanjutan 5", "bayar 5 juta", "5 juta_an", "5 juta"]
    rows = [StoredTexts(f"x:{n}", text.encode(), b"") for n, text in enumerate(texts)]
    reports = list(checker.check_stored(rows, fetch, {}))
    assert asked == ["x:1", "x:3"]
    assert [finding.post for report in reports for finding in report.findings] == ["x:1", "x:3"]


DIGITS = st.lists(
    st.tuples(
        st.sampled_from([r"\d", r"\b", "[0-9]", "a", "1", " ?", "(?:ab|12)", r"(?:\d )", "no"]),
        st.sampled_from(["", "?", "{2}", "{1,3}", "+"]),
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: "".join(piece + how if how and piece not in (" ?",) else piece for piece, how in parts))


@given(
    st.one_of(PATTERNS, DIGITS),
    st.lists(st.sampled_from(["a", "b", "1", "2", "12", " ", "ab", "no", "n"]), max_size=30),
)
@settings(max_examples=cases(120, 2000), deadline=None)
def test_every_match_fulfils_the_condition(pattern, parts):
    if problem_of(pattern):
        return
    text = "".join(parts)
    if not any(found.group() for found in re.finditer(pattern, text)):
        return
    anchor = anchor_of(pattern)
    if anchor.needles:
        around = [
            rb"(?<!\w)" * needle.starts + re.escape(needle.text) + rb"(?!\w)" * needle.ends for needle in anchor.needles
        ]
        assert any(re.search(needle, text.encode()) for needle in around)
    if anchor.digits:
        places = [n for n, character in enumerate(text) if character.isdigit()]
        assert any(
            last - first < anchor.width for first, last in zip(places, places[anchor.digits - 1 :], strict=False)
        )


@given(st.lists(st.integers(0, 9), max_size=30))
def test_unique_values_come_sorted(values):
    assert sorted_unique(np.array(values, np.int64)).tolist() == sorted(set(values))


def test_every_place_belongs_to_its_text():
    block = fold(["satu dua", "", "tiga"])
    starts = block.bounds("skeleton")
    for number in range(3):
        places = np.arange(starts[number], starts[number + 1] - 1)
        assert block.texts_at(places, "skeleton") == [number]
