"""Phrases as rule writers write them, slang, and the shipped slang list."""

from pathlib import Path

import pytest

from pantau.checks.words import MAX_SPELLINGS, Slang, Slot, all_phrases, parse_entry, read_list, read_slang, tokens
from pantau.core.errors import Problem
from pantau.core.resources import data_dir


def test_alternatives_are_multiplied_out_inside_a_word():
    assert all_phrases("{di|me|}pamer{kan|}") == ["dipamerkan", "dipamer", "mepamerkan", "mepamer", "pamerkan", "pamer"]


def test_alternatives_may_be_nested_and_hold_several_words():
    assert all_phrases("nomor {urut {1|2}|satu}") == ["nomor urut 1", "nomor urut 2", "nomor satu"]


def test_small_entries_are_one_slot_and_large_ones_several():
    assert parse_entry("auto {sultan|kaya}") == (Slot(("auto sultan", "auto kaya"), False),)
    slots = parse_entry("{a|b|c} {d|e|f|} {g|h|i}")
    assert slots == (Slot(("a", "b", "c"), False), Slot(("d", "e", "f"), True), Slot(("g", "h", "i"), False))
    assert len(all_phrases("{a|b|c} {d|e|f|} {g|h|i}")) == 36


@pytest.mark.parametrize("entry", ["{a|b", "a}", "a|b", "{a|{b}", "{}", "{a|}", "{a|} {b|}", "  ", ""])
def test_an_entry_that_is_unbalanced_or_may_be_empty_is_refused(entry):
    with pytest.raises(ValueError, match=r"\w"):
        parse_entry(entry)


def test_an_entry_with_too_many_alternatives_in_one_word_is_refused():
    with pytest.raises(ValueError, match="pilihan"):
        parse_entry("{a|b|c|d|e|f|g|h}" * 4)


def test_a_word_list_skips_comments_and_reports_wrong_lines(tmp_path: Path):
    path = tmp_path / "list.txt"
    path.write_text("# all\nsatu  # one\n\n{dua\ntiga\ntiga\n", "utf-8-sig")
    problems: list[Problem] = []
    assert read_list(path, problems) == ("satu", "{dua", "tiga")
    assert [(problem.where, problem.value) for problem in problems] == [("baris 4", "{dua")]


def test_an_unreadable_list_is_a_problem_and_no_crash(tmp_path: Path):
    problems: list[Problem] = []
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    assert read_list(tmp_path / "latin.txt", problems) == ()
    assert read_list(tmp_path / "none.txt", problems) == ()
    assert len(problems) == 2


def test_slang_lines_are_checked(tmp_path: Path):
    path = tmp_path / "slang.txt"
    path.write_text("gak=tidak\ngak=bukan\nsama=sama\nkosong=\nbiasa\notw=dalam perjalanan\n", "utf-8")
    problems: list[Problem] = []
    assert read_slang(path, problems) == {"gak": "tidak", "otw": "dalam perjalanan"}
    assert [problem.where for problem in problems] == ["baris 2", "baris 3", "baris 4", "baris 5"]


def test_spellings_begin_with_the_phrase_and_replace_whole_groups_of_words():
    slang = Slang({"gak": "tidak", "ga": "tidak", "rs": "rumah sakit"})
    found = list(slang.spellings(("tidak", "ke", "rumah", "sakit")))
    assert found[0] == ("tidak", "ke", "rumah", "sakit")
    assert set(found[1:4]) == {("gak", "ke", "rumah", "sakit"), ("ga", "ke", "rumah", "sakit"), ("tidak", "ke", "rs")}
    assert ("ga", "ke", "rs") in found
    assert len(found) == 6


def test_the_number_of_spellings_is_bounded():
    slang = Slang({f"s{n}": "tidak" for n in range(30)})
    assert len(list(slang.spellings(("tidak",) * 6))) == MAX_SPELLINGS


def test_the_shipped_slang_list_is_large_and_sound():
    problems: list[Problem] = []
    slang = read_slang(data_dir("rules") / "words" / "slang.txt", problems)
    assert not problems
    assert len(slang) >= 400
    assert all(tokens(form) and tokens(formal) for form, formal in slang.items())
    assert {"gak": "tidak", "yg": "yang", "wis": None, "ojo": "aja"}.items() - slang.items() == {("wis", None)}
    assert not [form for form, formal in slang.items() if formal in slang and slang[formal] == form]
