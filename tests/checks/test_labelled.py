"""Checking and measuring files of posts."""

import json
from pathlib import Path

import msgspec
import pytest

from pantau.checks.evaluate import FamilyFigures
from pantau.checks.labelled import check_lines, evaluate, figures_json, figures_table, read_labelled
from pantau.core.errors import ImportFileError
from tests.checks.material import FIXTURES, rulebook

FILE = FIXTURES / "labelled.jsonl"


def write(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    )
    return path


def test_one_answer_comes_per_line_in_the_same_order():
    answers = list(check_lines(rulebook(), FILE))
    assert [answer["id"] for answer in answers] == [*(f"t-0{n}" for n in range(1, 9)), "9"]
    assert answers[1]["findings"] == [
        {
            "rule": "insult",
            "family": "BHS",
            "level": "sedang",
            "strength": "flag",
            "message": "Perlu dicek: contoh untuk uji.",
            "evidence": [{"field": "text", "start": 6, "end": 12, "quote": "goblok"}],
        }
    ]
    assert answers[5]["findings"][0]["evidence"][0]["field"] == "image_text"
    assert set(answers[0]) == {"id", "category", "findings"}
    assert answers[3]["findings"] == []


def test_only_id_and_text_are_required_and_ids_may_repeat(tmp_path: Path):
    path = write(
        tmp_path,
        {"id": "a", "text": "goblok"},
        b"",
        {"id": "a", "text": None},
        {"id": 1, "text": "tolol", "extra": [1]},
    )
    answers = list(check_lines(rulebook(), path))
    assert [(answer["id"], len(answer["findings"])) for answer in answers] == [("a", 1), ("a", 0), ("1", 1)]


def test_broken_characters_do_not_stop_a_file(tmp_path: Path):
    path = write(
        tmp_path, b'\xef\xbb\xbf{"id": "a", "text": "gob\\ud800lok goblok"}', b'{"id": "b", "text": "caf\xe9 goblok"}'
    )
    answers = list(check_lines(rulebook(), path))
    assert [answer["findings"][0]["evidence"][0]["quote"] for answer in answers] == ["goblok", "goblok"]
    assert msgspec.json.encode(answers)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"id": "a"}',
        b'{"text": "a"}',
        b'{"id": [], "text": "a"}',
        b'{"id": "a", "text": 5}',
        b'{"id": "a", "text": "a", "labels": ["XXX"]}',
        b'{"id": "a", "text": "a", "category": "lain"}',
        b'{"id": "a", "text": "a", "posted_at": "kemarin"}',
        b'{"id":"a","text":"\\ud800',
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: bytes):
    path = write(tmp_path, {"id": "x", "text": "y"}, line)
    with pytest.raises(ImportFileError) as caught:
        read_labelled(path)
    assert [problem.where for problem in caught.value.problems] == ["baris 2"]


def test_a_missing_file_is_named_and_many_mistakes_are_cut_short(tmp_path: Path):
    with pytest.raises(ImportFileError, match="tidak dapat dibaca"):
        read_labelled(tmp_path / "none.jsonl")
    with pytest.raises(ImportFileError) as caught:
        read_labelled(write(tmp_path, *[b"x"] * 100))
    assert len(caught.value.problems) == 20


def test_more_lines_than_a_chunk_keep_their_order(tmp_path: Path):
    path = write(tmp_path, *[{"id": n, "text": "goblok" if n % 1000 == 7 else "aman"} for n in range(4_500)])
    answers = list(check_lines(rulebook(), path))
    assert [int(answer["id"]) for answer in answers] == list(range(4_500))
    assert [int(answer["id"]) for answer in answers if answer["findings"]] == [7, 1007, 2007, 3007, 4007]


def test_figures_count_posts_per_family():
    figures = evaluate(rulebook(), FILE)
    assert figures.posts == 8
    assert figures.families["BHS"] == FamilyFigures(labelled=3, flagged=2, flagged_right=2, reviewed=1, caught=2)
    assert figures.families["FLX"] == FamilyFigures(labelled=1, flagged=1, flagged_right=1, reviewed=0, caught=1)
    assert figures.families["PRB"] == FamilyFigures(labelled=1)
    assert figures.total == FamilyFigures(labelled=5, flagged=3, flagged_right=3, reviewed=1, caught=3)
    assert (figures.ordinary_posts, figures.ordinary_flags, figures.ordinary_reviews) == (2, 0, 0)
    assert (figures.hard_innocent_posts, figures.hard_innocent_flags, figures.hard_innocent_reviews) == (2, 0, 1)
    assert figures.categorised == 8


def test_figures_print_as_table_and_as_json():
    figures = evaluate(rulebook(), FILE)
    table = figures_table(figures)
    assert "BHS" in table
    assert "66.7%" in table
    assert "per 100 hard innocent posts (2): 0.0 flags, 50.0 reviews" in table
    data = json.loads(figures_json(figures))
    assert data["families"]["BHS"]["recall"] == pytest.approx(2 / 3)
    assert data["families"]["NTR"]["precision"] is None
    assert data["reviews_per_100_hard_innocent"] == 50
    assert 0 <= data["category_accuracy"] <= 1


def test_a_file_without_labels_cannot_be_measured(tmp_path: Path):
    with pytest.raises(ImportFileError, match="tidak ada baris yang berlabel"):
        evaluate(rulebook(), write(tmp_path, {"id": 1, "text": "a"}))
