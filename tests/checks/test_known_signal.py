"""Scores worked out elsewhere are those of this process, bit for bit, and change no finding."""

from datetime import UTC, date, datetime

import pytest

from jobs.catalogue import load_rules
from pantau.checks.category import categorise
from pantau.checks.engine import Checker
from pantau.checks.features import text_of
from pantau.checks.known_signal import KnownSignal
from pantau.checks.second_signal import shipped_signal
from pantau.core.model import Post
from pantau.core.settings import Settings

TEXTS = (
    "Dasar goblok, matamu picek po? Jalan sudah dicor.",
    "SLOT GACOR maxwin pasti WD, daftar di tautan bio",
    "Jam tangan Rolex baru hadiah istri, bangga sekali #autosultan",
    "Posyandu Selasa pukul 08.00 di balai desa.",
    "",
)
POSTS = [
    Post(platform="x", post_id=str(n), account="x:@a", published_at=datetime(2026, 11, 1, tzinfo=UTC), text=text)
    for n, text in enumerate(TEXTS)
]


def known(count: int) -> KnownSignal:
    texts = [text_of(post) for post in POSTS][:count]
    return KnownSignal(shipped_signal(), texts, shipped_signal().raw(texts).tobytes())


@pytest.mark.parametrize("count", [0, 2, len(TEXTS)])
def test_known_and_unknown_texts_have_the_scores_of_the_model(count: int) -> None:
    own, other = shipped_signal(), known(count)
    texts = [*reversed(TEXTS), "Kata yang belum dikenal", TEXTS[0]]
    assert other.raw(texts).tobytes() == own.raw(texts).tobytes()
    assert other.scores(texts).tobytes() == own.scores(texts).tobytes()
    assert other.explain(TEXTS[0], "BHS") == own.explain(TEXTS[0], "BHS")


def test_findings_and_categories_are_the_same_and_the_known_scores_are_really_used() -> None:
    checker = Checker(load_rules(Settings(), date(2026, 11, 20)))
    plain = checker.check(POSTS, {})
    assert plain.findings
    assert checker.scored_by(known(len(TEXTS))).check(POSTS, {}) == plain
    assert categorise(POSTS, known(len(TEXTS))) == categorise(POSTS)
    texts = [text_of(post) for post in POSTS]
    wrong = KnownSignal(shipped_signal(), texts, (shipped_signal().raw(texts) * 0 - 50).tobytes())
    assert checker.scored_by(wrong).check(POSTS, {}).findings != plain.findings


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="for 2 texts"):
        KnownSignal(shipped_signal(), ["a", "b"], b"\0" * 60)
