"""The trained scores: what they see, that they are the same everywhere, and that they explain themselves."""

import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.checks.features import MAX_CHARS, Vectoriser, tokens
from pantau.checks.labelled_file import read_labelled
from pantau.checks.second_signal import MODEL_FILE, load_signal, shipped_signal
from pantau.checks.train import corpus_digest, corpus_files, train
from pantau.core.errors import RuleError
from pantau.core.model import POST_FAMILIES
from pantau.core.resources import data_dir
from tests.checks.material import HOSTILE
from tests.random_cases import cases

RULES = data_dir("rules")
BOAST = "Alhamdulillah mobil baru bapak sudah turun, Alphard hitam, kuncinya diberi pita. Rezeki anak saleh, yang iri bilang bos!"
REPORT = "Kerja bakti warga Dusun Karangpoh memperbaiki talud 120 meter, dana desa Rp 41 juta."


def test_a_boast_scores_high_and_a_report_low_in_its_family():
    boast, report = shipped_signal().scores([BOAST, REPORT])[:, POST_FAMILIES.index("FLX")]
    assert boast > 0.8
    assert report < 0.05


def test_disguised_letters_score_like_plain_ones():
    plain = "SLOT GACOR HARI INI MAXWIN LINK DI BIO"
    fancy = "".join(chr(0x1D400 + ord(c) - 65) if c.isalpha() else c for c in plain)
    column = POST_FAMILIES.index("SPM")
    scores = shipped_signal().scores([plain, fancy])[:, column]
    assert scores[0] == scores[1] > 0.8


def test_no_number_is_learnt_by_heart():
    assert tokens(["NIK 3316012345678901"]) == tokens(["NIK 9999999999999999"])


@settings(max_examples=cases(15, 300), deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.data())
def test_the_score_of_a_post_does_not_depend_on_its_neighbours(texts, data):
    signal = shipped_signal()
    number = data.draw(st.integers(0, len(texts) - 1))
    assert (signal.raw(texts)[number] == signal.raw([texts[number]])[0]).all()


def test_hostile_texts_get_a_score():
    scores = shipped_signal().scores(list(HOSTILE.values()))
    assert scores.shape == (len(HOSTILE), len(POST_FAMILIES))
    assert np.isfinite(scores).all()


def test_a_text_without_end_is_cut():
    assert len(tokens(["a b " * 500_000])[0]) <= MAX_CHARS


def test_the_explanation_names_the_words_without_which_the_score_falls():
    signal, column = shipped_signal(), POST_FAMILIES.index("FLX")
    weights = signal.explain(BOAST, "FLX", most=50)
    drops = [weight.drop for weight in weights]
    assert drops == sorted(drops, reverse=True)
    assert "mobil" in {BOAST[weight.start : weight.end] for weight in weights[:6]}
    for weight in weights:
        without = f"{BOAST[: weight.start]} {BOAST[weight.end :]}"
        fall = signal.raw([BOAST])[0, column] - signal.raw([without])[0, column]
        assert weight.drop == pytest.approx(float(fall), abs=1e-4)


def test_the_explanation_of_a_long_post_finds_the_sentence_in_its_middle():
    text = f"{REPORT} " * 25 + BOAST + f" {REPORT}" * 25
    places = [weight.start for weight in shipped_signal().explain(text, "FLX")]
    begin = text.index(BOAST)
    assert any(begin <= place < begin + len(BOAST) for place in places)


def test_the_shipped_model_was_trained_on_the_corpus_that_lies_beside_it():
    assert shipped_signal().about.corpus_sha256 == corpus_digest(RULES / "training"), "jalankan: make train"


def test_held_out_posts_are_not_trained_on():
    trained = {line.text for path in corpus_files(RULES / "training") for line in read_labelled(path)}
    held_out = [line for path in (RULES / "training" / "held-out").glob("*.jsonl") for line in read_labelled(path)]
    assert len(held_out) >= 300
    assert not [line.id for line in held_out if line.text in trained]


def test_the_corpus_is_large_and_speaks_javanese():
    lines = [line for path in corpus_files(RULES / "training") for line in read_labelled(path)]
    assert len(lines) >= 2_500
    assert len({line.text for line in lines}) == len(lines)
    for family in POST_FAMILIES:
        assert sum(family in (line.labels or ()) for line in lines) >= 100, family


def test_thresholds_are_in_order():
    for family, held in shipped_signal().about.thresholds.items():
        assert 0 < held.doubt <= held.review <= held.flag < 1, family


def test_training_twice_gives_the_same_bytes(tmp_path: Path):
    lines = [line for line in read_labelled(RULES / "training" / "mixed-a.jsonl") if line.labels is not None]
    lines += read_labelled(RULES / "training" / "violations-a.jsonl")
    pytest.importorskip("sklearn")
    for name in ("one", "two"):
        train(lines, "digest").save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    held = load_signal(tmp_path / "one")
    assert held.about.corpus_posts == len(lines)
    assert (held.scores([BOAST]) == load_signal(tmp_path / "two").scores([BOAST])).all()


@pytest.mark.parametrize("damage", ["missing", "cut", "no zip", "other fold", "pickle"])
def test_a_broken_model_is_named_with_a_remedy(tmp_path: Path, damage: str):
    path = tmp_path / "second-signal.npz"
    whole = (RULES / MODEL_FILE).read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "no zip":
        path.write_bytes(b"bukan model")
    elif damage == "pickle":
        np.savez(path, about=np.array([{"a": 1}], dtype=object))
    elif damage == "other fold":
        signal = load_signal(RULES / MODEL_FILE)
        signal.about = msgspec.structs.replace(signal.about, fold_version="0")
        signal.save(path)
    with pytest.raises(RuleError, match=r"second-signal\.npz.*make train"):
        load_signal(path)


def test_the_model_ships_as_plain_numbers():
    with zipfile.ZipFile(RULES / MODEL_FILE) as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())
    assert (RULES / MODEL_FILE).stat().st_size < 4_000_000


def test_a_vocabulary_keeps_what_two_texts_share():
    vectoriser = Vectoriser.fit(tokens(["panen raya", "panen jagung", "rapat"]))
    assert "wpanen" in vectoriser.vocabulary
    assert "wrapat" not in vectoriser.vocabulary
