"""``make train``: fits the second signal on ``rules/training`` and writes its numbers. Needs scikit-learn (extra ``train``).

Deterministic: the same corpus and library versions give the same file. Held-out posts (``rules/training/held-out``) are
never read here. Thresholds are fitted on scores that each post got from a model which had not seen it.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pantau.checks.features import Floats, Rows, Vectoriser, text_of, tokens
from pantau.checks.fold import FOLD_VERSION
from pantau.checks.labelled_file import LabelledPost, read_labelled
from pantau.checks.second_signal import MODEL_FILE, About, SecondSignal, Thresholds
from pantau.core.model import CATEGORIES, POST_FAMILIES, USEFUL_CATEGORIES, Family
from pantau.core.resources import data_dir

FOLDS = 5
STRENGTH = 10.0
"""Inverse regularisation; 3, 10 and 30 gave mean average precision .944, .951 and .952 on dev.jsonl (docs/decisions.md)."""
REVIEW_SHARE = 0.03
"""Share of ordinary posts that the score alone may put up for review, all families together."""
FLAG_PRECISION = 0.95
"""Share of labelled posts among those above the ``flag`` threshold of a family, on the folds ..."""
FLAG_SCORES = (0.80, 0.97)
"""... within these bounds: a fold holds too few posts of a family to be believed further out."""
DOUBT = 0.20
"""A calibrated score below this, fewer than one in five, speaks against a pattern."""

Labels = NDArray[np.bool_]


def main(corpus: Path, output: Path) -> int:
    """Train, write the model and print what the folds gave."""
    posts = read_corpus(corpus)
    model = train(posts, corpus_digest(corpus))
    model.save(output)
    for name, figure in model.about.figures.items():
        sys.stdout.write(f"{name:<28}{figure:.3f}\n")
    sys.stdout.write(f"{len(posts)} posts -> {output} ({output.stat().st_size / 1e6:.1f} MB), {model.version}\n")
    return 0


def corpus_files(folder: Path) -> list[Path]:
    """The files that are trained on, by name; the held-out folder is not among them."""
    return sorted(folder.glob("*.jsonl"))


def read_corpus(folder: Path) -> list[LabelledPost]:
    """All posts that are trained on."""
    return [line for path in corpus_files(folder) for line in read_labelled(path)]


def corpus_digest(folder: Path) -> str:
    """SHA-256 over the files, in order of name."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in corpus_files(folder))).hexdigest()


def train(posts: Sequence[LabelledPost], digest: str) -> SecondSignal:
    """The model of all posts, with calibration and thresholds from folds."""
    words = tokens([text_of(line.post(number)) for number, line in enumerate(posts)])
    labels = np.array([[family in (line.labels or ()) for family in POST_FAMILIES] for line in posts])
    kinds = np.array([CATEGORIES.index(line.category or "kinerja") for line in posts])
    fold = np.array([int(hashlib.sha256(line.id.encode()).hexdigest(), 16) % FOLDS for line in posts])
    raw = np.zeros((len(posts), len(POST_FAMILIES) + len(CATEGORIES)), np.float32)
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        vectoriser, weights, offsets = _fit([words[n] for n in inside], labels[inside], kinds[inside])
        raw[outside] = vectoriser.transform([words[n] for n in outside]).dot(weights) + offsets
    calibration = {family: _calibrate(raw[:, n], labels[:, n]) for n, family in enumerate(POST_FAMILIES)}
    scores = _calibrated(raw, calibration)
    ordinary = np.array([not line.labels and not line.hard for line in posts])
    thresholds = _thresholds(scores, labels, ordinary)
    about = About(
        fold_version=FOLD_VERSION,
        corpus_sha256=digest,
        corpus_posts=len(posts),
        thresholds=thresholds,
        calibration=calibration,
        figures=_figures(scores, labels, raw[:, len(POST_FAMILIES) :], kinds, thresholds),
    )
    return SecondSignal(*_fit(words, labels, kinds), about)


def _fit(words: list[list[str]], labels: Labels, kinds: NDArray[np.int64]) -> tuple[Vectoriser, Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    vectoriser = Vectoriser.fit(words)
    matrix = _matrix(vectoriser.transform(words), len(vectoriser.vocabulary))
    weights, offsets = [], []
    for column in range(labels.shape[1]):
        model: Any = LogisticRegression(
            C=STRENGTH, class_weight="balanced", solver="liblinear", max_iter=3000, random_state=1
        )
        model.fit(matrix, labels[:, column])
        weights.append(model.coef_[0])
        offsets.append(model.intercept_[0])
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=3000)
    model.fit(matrix, kinds)
    weights += list(model.coef_)
    offsets += list(model.intercept_)
    return vectoriser, np.array(weights, np.float32).T.copy(), np.array(offsets, np.float32)


def _matrix(rows: Rows, width: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((rows.values, rows.columns, rows.starts), shape=(len(rows.starts) - 1, width))


def _calibrate(raw: Floats, labels: Labels) -> tuple[float, float]:
    """Slope and offset of Platt's method (Platt 1999), by logistic regression on the score alone."""
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=1e6).fit(raw[:, None], labels)
    return round(float(model.coef_[0][0]), 6), round(float(model.intercept_[0]), 6)


def _calibrated(raw: Floats, calibration: dict[Family, tuple[float, float]]) -> NDArray[np.float64]:
    columns = [calibration[f][0] * raw[:, n] + calibration[f][1] for n, f in enumerate(POST_FAMILIES)]
    return 1 / (1 + np.exp(-np.array(columns, np.float64).T))


def _thresholds(scores: NDArray[np.float64], labels: Labels, ordinary: Labels) -> dict[Family, Thresholds]:
    """Per family; the review threshold is one for all families, since calibrated scores compare."""
    highest = np.sort(scores[ordinary].max(axis=1))
    review = float(highest[-int(REVIEW_SHARE * len(highest)) - 1])
    found: dict[Family, Thresholds] = {}
    for number, family in enumerate(POST_FAMILIES):
        own, is_labelled = scores[:, number], labels[:, number]
        order = np.argsort(-own, kind="stable")
        precision = np.cumsum(is_labelled[order]) / np.arange(1, len(order) + 1)
        enough = np.flatnonzero(precision >= FLAG_PRECISION)
        flag = float(own[order][enough[-1]]) if enough.size else 1.0
        lowest, highest_flag = FLAG_SCORES
        found[family] = Thresholds(
            doubt=min(DOUBT, round(review, 4)),
            review=round(review, 4),
            flag=round(min(max(flag, lowest, review), highest_flag), 4),
        )
    return found


def _figures(
    scores: NDArray[np.float64],
    labels: Labels,
    kinds_raw: Floats,
    kinds: NDArray[np.int64],
    thresholds: dict[Family, Thresholds],
) -> dict[str, float]:
    """What the folds gave; shown by ``make train`` and kept with the model."""
    figures: dict[str, float] = {}
    for number, family in enumerate(POST_FAMILIES):
        held, own = thresholds[family], labels[:, number]
        figures[f"{family} recall at review"] = float((scores[own, number] >= held.review).mean())
        figures[f"{family} recall at flag"] = float((scores[own, number] >= held.flag).mean())
    useful = np.array([category in USEFUL_CATEGORIES for category in CATEGORIES])
    best = kinds_raw.argmax(axis=1)
    figures["category right"] = float((best == kinds).mean())
    figures["useful or not right"] = float((useful[best] == useful[kinds]).mean())
    return {name: round(figure, 4) for name, figure in figures.items()}


if __name__ == "__main__":
    rules = data_dir("rules")
    sys.exit(main(rules / "training", rules / MODEL_FILE))
