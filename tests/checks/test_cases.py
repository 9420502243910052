"""Running the cases beside the rules, and the shipped catalogue."""

from pathlib import Path

import msgspec
import pytest

from pantau.checks.anchors import anchor_of
from pantau.checks.cases import run_cases
from pantau.checks.catalogue import Catalogue
from pantau.checks.load import load_catalogue
from pantau.core.resources import data_dir
from tests.checks.material import DAY, rulebook

POST_KINDS = ("lexicon", "near", "pattern", "situation")


def test_every_case_of_a_sound_catalogue_comes_out_as_written():
    results = run_cases(rulebook())
    assert len(results) > 20
    assert [result for result in results if not result.ok] == []


def test_cases_of_some_rules_can_be_run_alone():
    assert {result.rule_id for result in run_cases(rulebook(), rule_ids=["insult"])} == {"insult"}


def with_case(**changes: object) -> Catalogue:
    rule = rulebook().rule("insult")
    assert rule is not None
    case = msgspec.structs.replace(rule.cases[0], **changes)
    return msgspec.structs.replace(rulebook(), rules=(msgspec.structs.replace(rule, cases=(case,)),))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"text": "Dasar pintar"}, "seharusnya menyala"),
        ({"fires": False}, "seharusnya diam"),
        ({"quote": "dasar"}, "kutipan seharusnya 'dasar'"),
        ({"strength": "review"}, "kekuatan seharusnya review"),
    ],
)
def test_a_case_that_comes_out_otherwise_says_how(changes, problem):
    (result,) = run_cases(with_case(**changes))
    assert not result.ok
    assert problem in result.problem


def test_rules_that_are_off_or_out_of_season_are_tried_too():
    rules = tuple(
        msgspec.structs.replace(rule, status="nonaktif", until=DAY.replace(year=2021)) for rule in rulebook().rules
    )
    assert all(result.ok for result in run_cases(msgspec.structs.replace(rulebook(), rules=rules)))


def test_a_rule_that_crashes_on_its_cases_is_an_error(monkeypatch):
    from pantau.checks.kinds import near

    monkeypatch.setattr(near, "find", lambda *_: 1 / 0)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_cases(rulebook())


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue([data_dir("rules")], {}, DAY)


def test_every_shipped_rule_has_four_cases_of_each_kind(shipped: Catalogue):
    few = [
        rule.id
        for rule in shipped.rules
        if rule.kind in POST_KINDS and min(sum(c.fires for c in rule.cases), sum(not c.fires for c in rule.cases)) < 4
    ]
    assert few == []


def test_every_case_of_the_shipped_catalogue_comes_out_as_written(shipped: Catalogue):
    wrong = [
        f"{result.rule_id} / {result.case.name}: {result.problem}" for result in run_cases(shipped) if not result.ok
    ]
    assert wrong == []


def test_shipped_rules_name_their_basis_and_keep_to_questions(shipped: Catalogue):
    for rule in shipped.rules:
        assert rule.message.startswith(("Perlu dicek", "Perlu dilihat")), rule.id
        assert any(character.isdigit() for character in rule.basis), rule.id
        assert rule.false_positives, rule.id


def test_shipped_rules_that_look_for_personal_numbers_mask_them(shipped: Catalogue):
    numbers = [
        rule for rule in shipped.rules if rule.family == "DPR" and any(anchor_of(p).digits >= 8 for p in rule.patterns)
    ]
    assert numbers
    assert [rule.id for rule in numbers if not rule.mask] == []


def test_shipped_word_lists_are_all_used_and_named_in_kebab_case(shipped: Catalogue):
    used = set(shipped.lists) | {"slang"}
    for path in sorted((data_dir("rules") / "words").glob("*.txt")):
        assert path.stem == path.stem.lower().replace("_", "-")
        assert path.stem in used, f"{path.name} is named by no rule"
    assert Path(data_dir("rules")).is_dir()
