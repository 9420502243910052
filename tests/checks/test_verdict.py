"""The table of the second signal: what a score may do to the hits of the rules, and what it never may."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import msgspec
import numpy as np
import pytest

from pantau.checks.catalogue import Catalogue, Context, Rule, WordSet
from pantau.checks.engine import Checker
from pantau.checks.load import load_catalogue
from pantau.checks.second_signal import SecondSignal, shipped_signal
from pantau.checks.verdict import Verdicts
from pantau.core.errors import Problem, RuleError
from pantau.core.model import POST_FAMILIES, Finding
from pantau.core.resources import data_dir
from tests.checks.material import post

DAY = date(2026, 6, 1)
TEXT = "Kata pertama, kata kedua, lalu emas di akhir."


class Scored(SecondSignal):
    """The shipped model with the calibrated scores that a test sets."""

    def __init__(self, fixed: Mapping[str, float]) -> None:
        shipped = shipped_signal()
        super().__init__(shipped._vectoriser, shipped._weights, shipped._offsets, shipped.about)
        self._fixed = [fixed.get(family, 0.0) for family in POST_FAMILIES]

    def scores(self, texts):
        return np.tile(np.array(self._fixed, np.float32), (len(texts), 1))


def rule(rule_id: str, family: str, kind: str = "lexicon", **more) -> Rule:
    base = {
        "level": "sedang", "status": "aktif", "version": 1, "what": "w", "why": "w", "basis": "b",
        "since": date(2025, 1, 1), "message": "Perlu dicek.", "sets": (WordSet(("emas",)),),
    }  # fmt: skip
    return Rule(id=rule_id, family=family, kind=kind, **(base | more))


def classifier(family: str, *cues: str) -> Rule:
    return rule(f"second-signal-{family.lower()}", family, "classifier", sets=(WordSet(cues),), strength="review")


def judged(scores: Mapping[str, float], *rules: Rule, text: str = TEXT, image_text: str = "") -> list[Finding]:
    catalogue = Catalogue(rules=tuple(rules), on=DAY)
    checker = Checker(catalogue)
    checker._verdicts = Verdicts(checker._compiled, Scored(scores))
    return checker.check([post(1, text, image_text)], {}).findings


@pytest.mark.parametrize(
    ("strength", "score", "gives"),
    [("flag", 0.5, "flag"), ("flag", 0.01, "review"), ("review", 0.5, "review"), ("review", 0.99, "flag")],
)
def test_a_score_lifts_a_weak_hit_and_doubts_a_strong_one(strength, score, gives):
    (found,) = judged({"FLX": score}, rule("gold", "FLX", strength=strength), classifier("FLX", "tidak ada"))
    assert (found.rule_id, found.strength) == ("gold", gives)
    assert found.evidence[0].quote == "emas"
    assert ("sinyal kedua" in found.evidence[0].note) == (gives != strength)


@pytest.mark.parametrize("family", ["DPR", "SPM"])
def test_a_low_score_never_lowers_a_number_or_a_code(family):
    number = rule("data", family, "pattern", sets=(), patterns=(r"(?P<hit>\d{6})",))
    (found,) = judged({}, number, classifier(family, "tidak ada"), text="Nomor 123456 untuk Bapak.")
    assert found.strength == "flag"


def test_a_low_score_never_lowers_a_rule_of_the_office():
    (found,) = judged({}, rule("gold", "FLX", own=True), classifier("FLX", "tidak ada"))
    assert found.strength == "flag"


def test_a_cancelled_hit_comes_back_as_a_review_when_the_score_is_high():
    cancelled = rule("gold", "FLX", cancel=(Context(WordSet(("kata kedua",)), 0),))
    assert judged({"FLX": 0.3}, cancelled, classifier("FLX", "tidak ada")) == []
    (found,) = judged({"FLX": 0.9}, cancelled, classifier("FLX", "tidak ada"))
    assert (found.rule_id, found.strength, found.evidence[0].cancelled_by) == ("gold", "review", "kata kedua")


def test_a_score_alone_opens_a_review_and_never_a_flag():
    (found,) = judged({"BHS": 0.999}, classifier("BHS", "tidak ada"))
    assert (found.rule_id, found.strength) == ("second-signal-bhs", "review")
    assert found.evidence
    assert all(item.quote == TEXT[item.start : item.end] for item in found.evidence)
    assert "skor sinyal kedua 1,00" in found.evidence[0].note


@pytest.mark.parametrize("family", ["DPR", "SPM"])
def test_personal_data_and_hijacks_need_a_pattern(family):
    assert judged({family: 0.999}, classifier(family, "tidak ada")) == []
    (found,) = judged({family: 0.999}, classifier(family, "kata kedua"))
    assert found.strength == "review"


def test_a_cue_and_a_high_score_make_a_flag_and_the_cue_is_quoted():
    (found,) = judged({"NTR": 0.99}, classifier("NTR", "kata kedua"))
    assert (found.strength, found.evidence[0].quote) == ("flag", "kata kedua")
    (found,) = judged({"NTR": 0.6}, classifier("NTR", "kata kedua"))
    assert found.strength == "review"


def test_a_score_below_the_review_threshold_says_nothing():
    assert judged({"NTR": 0.3, "BHS": 0.3}, classifier("NTR", "kata kedua"), classifier("BHS", "kata")) == []


def test_words_on_the_picture_are_quoted_from_the_picture():
    boast = "Mobil Alphard baru bapak, harga miliaran, yang iri bilang bos"
    (found,) = judged({"FLX": 0.9}, classifier("FLX", "tidak ada"), text="Selamat pagi.", image_text=boast)
    assert {item.field for item in found.evidence} == {"image_text"}
    assert all(item.quote == boast[item.start : item.end] for item in found.evidence)


@cache
def shipped() -> Catalogue:
    return load_catalogue([data_dir("rules")], {}, DAY)


def test_without_the_second_signal_only_patterns_speak_and_the_version_differs():
    bare = shipped().without_second_signal()
    assert bare.version != shipped().version
    text = "Wong ora mudeng aturan kok nekat protes. Sinau sik kono, ojo isin-isini wong sak desa."
    both = [Checker(catalogue).check([post(1, text)], {}).findings for catalogue in (shipped(), bare)]
    spoken = [[found.rule_id for found in findings if found.rule_id.startswith("second-signal")] for findings in both]
    assert spoken == [["second-signal-bhs"], []]


def test_blocks_of_any_size_give_the_same_findings():
    texts = [
        TEXT,
        "Warga protes terus, tidak tahu diri",
        "",
        "Slot gacor link di bio",
        "Rapat di Hotel Patra Semarang",
    ] * 3
    posts = [post(number, text) for number, text in enumerate(texts)]
    whole = Checker(shipped()).check(posts, {}).findings
    assert Checker(shipped(), block_posts=2).check(posts, {}).findings == whole


def test_a_weak_hit_beside_a_flag_of_its_family_is_not_lifted():
    found = judged({"FLX": 0.99}, rule("gold", "FLX"), rule("hint", "FLX", strength="review"), classifier("FLX", "x"))
    assert sorted((item.rule_id, item.strength) for item in found) == [("gold", "flag"), ("hint", "review")]


def test_a_model_that_read_only_the_beginning_does_not_doubt_a_hit_further_on():
    (found,) = judged({}, rule("gold", "FLX"), classifier("FLX", "tidak ada"), text="kata " * 1_500 + "emas")
    assert found.strength == "flag"


@pytest.mark.parametrize("text", ["😂", "😎😎😎", "!!!"])
def test_a_post_without_words_opens_nothing_since_there_is_nothing_to_quote(text):
    assert judged({"EMP": 0.99}, classifier("EMP", "tidak ada"), text=text) == []


def test_a_second_signal_on_trial_still_doubts_but_never_lifts():
    trial = msgspec.structs.replace(classifier("FLX", "emas"), status="uji")
    (found,) = judged({"FLX": 0.01}, rule("gold", "FLX"), trial)
    assert found.strength == "review"
    (found,) = judged({"FLX": 0.99}, rule("hint", "FLX", strength="review"), trial)
    assert found.strength == "review"


def test_a_crash_of_the_second_signal_is_a_named_failure_and_keeps_the_hits(monkeypatch):
    monkeypatch.setattr(Verdicts, "_weigh", lambda *args, **more: 1 / 0)
    catalogue = Catalogue(rules=(rule("gold", "FLX"), classifier("FLX", "tidak ada")), on=DAY)
    report = Checker(catalogue).check([post(1, TEXT)], {})
    assert [found.rule_id for found in report.findings] == ["gold"]
    assert [failure.rule_id for failure in report.failures] == ["second-signal-flx"]


def test_without_its_model_the_patterns_go_on_and_the_failure_is_named(monkeypatch):
    def broken():
        raise RuleError([Problem("second-signal.npz", "isi", "", "rusak", "Pasang ulang.")])

    monkeypatch.setattr("pantau.checks.engine.shipped_signal", broken)
    catalogue = Catalogue(rules=(rule("gold", "FLX"), classifier("FLX", "tidak ada")), on=DAY)
    report = Checker(catalogue).check([post(1, TEXT)], {})
    assert [found.strength for found in report.findings] == ["flag"]
    assert [failure.rule_id for failure in report.failures] == ["second-signal"]
