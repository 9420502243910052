"""Words with masked letters."""

import pytest

from pantau.checks.engine import Checker
from pantau.checks.masked import MaskIndex
from tests.checks.material import post, rulebook

INDEX = MaskIndex(["goblok", "anjing", "anjang", "babi", "bodoh", "tolol"])


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (b"g*bl*k", ("goblok",)),
        (b"anj*ng", ("anjang", "anjing")),
        (b"anj**g", ("anjang", "anjing")),
        (b"gob***", ("goblok",)),
        (b"t#l#l", ("tolol",)),
        (b"b*b*", ("babi",)),
        (b"4njing", ()),
        (b"g*bl0k", ("goblok",)),
    ],
)
def test_masks_stand_for_one_letter_each(shown, words):
    found = INDEX.find(b"dasar " + shown + b" kamu")
    assert [item.words for item in found] == ([words] if words else [])


@pytest.mark.parametrize(
    "shown", [b"g*****", b"*oblok", b"*goblok*", b"g*k", b"goblok*", b"a**", b"s*****o", b"g * blok", b"#goblok"]
)
def test_too_little_shown_is_no_word(shown):
    assert INDEX.find(b"dasar " + shown + b" kamu") == []


def test_bold_marks_around_a_masked_word_are_not_part_of_it():
    (found,) = INDEX.find(b"*g*bl*k* ya")
    assert (found.start, found.end) == (1, 7)


def test_a_masked_word_inside_a_phrase_is_quoted_as_published():
    report = Checker(rulebook()).check([post(1, "Wah 🔥 dasar 𝗴*bl*k, vaksin anj*ng")], {})
    insult = next(finding for finding in report.findings if finding.rule_id == "insult")
    assert [item.quote for item in insult.evidence] == ["𝗴*bl*k"]


def test_a_masked_word_is_cancelled_by_its_context_too():
    report = Checker(rulebook()).check([post(1, "Jangan bilang g*bl*k ya")], {})
    assert report.findings == []
    assert [item.evidence.quote for item in report.cancelled] == ["g*bl*k"]


def test_masks_only_hide_words_that_people_hide():
    report = Checker(rulebook()).check([post(1, "koleksi baru: r*lex")], {})
    assert report.findings == []
