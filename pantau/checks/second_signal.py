"""The second signal: how much a post resembles hand-written examples of each family, and what a post is for.

Linear models over ``features.py``, trained by ``train.py`` on ``rules/training`` and shipped as numbers. What a score may do is
decided in ``verdict.py``; a score alone never makes a flag.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from pantau.checks.features import MAX_CHARS, Floats, Rows, Vectoriser, tokens
from pantau.checks.fold import FOLD_VERSION
from pantau.core.errors import Problem, RuleError
from pantau.core.model import CATEGORIES, POST_FAMILIES, Category, Family
from pantau.core.resources import data_dir

MODEL_FILE = Path("model") / "second-signal.npz"
_WORD = re.compile(r"\w+(?:[-'.]\w+)*")
_KEPT_TEXTS = 2_000
_MAX_WORDS = 250
"""Words of a text that are tried one by one for an explanation."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Calibrated scores (0 to 1) of one family at which something happens; fitted on held-out folds (``train.py``)."""

    doubt: float
    """A pattern hit below this is put up for review instead of flagged."""
    review: float
    """From here on a post without any hit, or with a cancelled one, is put up for review."""
    flag: float
    """From here on a weak hit (a review, or a cue of the family) is flagged."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What was trained, on what, and how it did on the folds."""

    fold_version: str
    corpus_sha256: str
    corpus_posts: int
    thresholds: dict[Family, Thresholds]
    calibration: dict[Family, tuple[float, float]]
    """Slope and offset that turn a raw score into a probability (Platt's method)."""
    figures: dict[str, float] = {}


class Weight(NamedTuple):
    """A word and how much the score (log-odds) falls without it; ``start`` and ``end`` are its place."""

    start: int
    end: int
    drop: float


class SecondSignal:
    """A trained model."""

    def __init__(self, vectoriser: Vectoriser, weights: Floats, offsets: Floats, about: About) -> None:
        """``weights``: feature by output (families, then categories); ``offsets``: one per output."""
        self.about = about
        self._vectoriser = vectoriser
        self._weights, self._offsets = weights, offsets
        slopes = [about.calibration[family] for family in POST_FAMILIES]
        self._slope = np.array([slope for slope, _ in slopes])
        self._shift = np.array([shift for _, shift in slopes])
        self._kept: dict[str, Floats] = {}

    def raw(self, texts: Sequence[str]) -> Floats:
        """Uncalibrated scores, text by output."""
        return self.rows(texts).dot(self._weights) + self._offsets

    def rows(self, texts: Sequence[str]) -> Rows:
        """The features of texts."""
        return self._vectoriser.transform(tokens(texts))

    def scores(self, texts: Sequence[str]) -> Floats:
        """Calibrated scores of each family (``POST_FAMILIES``), text by family, 0 to 1."""
        raw = self._of_posts(texts)[:, : len(POST_FAMILIES)]
        return np.asarray(1 / (1 + np.exp(-np.clip(self._slope * raw + self._shift, -30, 30))), np.float32)

    def categories(self, texts: Sequence[str]) -> list[Category]:
        """The likeliest category of each text; ties go to the first of ``CATEGORIES``."""
        best = self._of_posts(texts)[:, len(POST_FAMILIES) :].argmax(axis=1)
        return [CATEGORIES[column] for column in best.tolist()]

    def _of_posts(self, texts: Sequence[str]) -> Floats:
        """The same as ``raw``; what was worked out last is kept, since a post has scores and a category."""
        if not texts or len(texts) > _KEPT_TEXTS:
            return self.raw(texts)
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if len(self._kept) + len(new) > _KEPT_TEXTS:
            self._kept.clear()
            new = list(dict.fromkeys(texts))
        self._kept.update(zip(new, self.raw(new), strict=True))
        return np.array([self._kept[text] for text in texts], np.float32).reshape(len(texts), -1)

    def explain(self, text: str, family: Family, most: int = 3) -> list[Weight]:
        """The words without which the score falls most, strongest first, found by leaving out each word in turn."""
        text = text[:MAX_CHARS]
        places = [match.span() for match in _WORD.finditer(text)]
        column = POST_FAMILIES.index(family)
        if len(places) > _MAX_WORDS:
            places = self._likeliest_part(text, places, column)
        changed = [f"{text[:start]} {text[end:]}" for start, end in places]
        scores = self.raw([text, *changed])[:, column].tolist()
        drops = [Weight(*place, scores[0] - score) for place, score in zip(places, scores[1:], strict=True)]
        return sorted((each for each in drops if each.drop > 0), key=lambda each: (-each.drop, each.start))[:most]

    def _likeliest_part(self, text: str, places: list[tuple[int, int]], column: int) -> list[tuple[int, int]]:
        """The stretch of ``_MAX_WORDS`` words with the highest score."""
        begins = range(0, len(places), _MAX_WORDS // 2)
        parts = [places[begin : begin + _MAX_WORDS] for begin in begins]
        scores = self.raw([text[part[0][0] : part[-1][1]] for part in parts])[:, column]
        return parts[int(scores.argmax())]

    @cached_property
    def version(self) -> str:
        """Hash (12 hex digits) of everything that can change a score."""
        content = [msgspec.json.encode(self.about, order="sorted"), self._weights.tobytes(), self._offsets.tobytes()]
        return hashlib.sha256(b"\0".join([*content, FOLD_VERSION.encode()])).hexdigest()[:12]

    def save(self, path: Path) -> None:
        """Write the model; the same model gives the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scale = np.abs(self._weights).max(axis=0) / 32767
        arrays = {
            "weights": np.round(self._weights / scale).astype(np.int16),
            "scale": scale.astype(np.float32),
            "offsets": self._offsets.astype(np.float32),
            "rarity": self._vectoriser.rarity,
            "vocabulary": np.frombuffer("\n".join(self._vectoriser.vocabulary).encode(), np.uint8),
            "about": np.frombuffer(msgspec.json.encode(self.about, order="sorted"), np.uint8),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy", (2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w") as file:
                    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def load_signal(path: Path) -> SecondSignal:
    """Read a model. Raises ``RuleError`` when it is missing, broken or made for another way of folding."""
    try:
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        about = msgspec.json.decode(arrays["about"].tobytes(), type=About)
        vocabulary = arrays["vocabulary"].tobytes().decode().split("\n")
        weights = arrays["weights"].astype(np.float32) * arrays["scale"]
        if weights.shape != (len(vocabulary), len(POST_FAMILIES) + len(CATEGORIES)):
            raise ValueError(f"ukuran {weights.shape}")
        if about.fold_version != FOLD_VERSION:
            raise ValueError(f"dibuat untuk lipatan versi {about.fold_version}, sekarang {FOLD_VERSION}")
        return SecondSignal(Vectoriser(vocabulary, arrays["rarity"]), weights, arrays["offsets"], about)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, msgspec.MsgspecError) as error:
        remedy = "Pasang ulang Pantau, atau latih lagi: make train."
        raise RuleError(
            [Problem(str(path), "isi", "", f"model sinyal kedua tidak terbaca ({error})", remedy)]
        ) from error


@cache
def shipped_signal() -> SecondSignal:
    """The model that ships with Pantau. Raises ``RuleError``."""
    return load_signal(data_dir("rules") / MODEL_FILE)
