"""What the trained models see of a text: its words and pieces of words, weighted by how rare they are (TF-IDF).

Pieces of words reach across spellings and affixes, which a small corpus of Indonesian and Javanese needs. Digits all count
as ``0``, so that no number is learnt by heart. Kind of unit, platform and length are left out on purpose: in written sets
they give the answer away.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold import fold
from pantau.checks.fold_tables import GONE
from pantau.core.model import Post

Floats = NDArray[np.float32]
Columns = NDArray[np.int32]

MAX_CHARS = 6_000
"""So much of a text is read by the models; longer ones are cut there (the longest caption of any platform is shorter)."""
_PIECES = (3, 4, 5)
_MIN_WORD_POSTS, _MIN_PIECE_POSTS = 2, 3
_TOKEN = re.compile(r"[a-z0-9]+")
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_WORD, _PIECE = "w", "c"
_NONE = np.zeros(0, np.int32)


class Rows(NamedTuple):
    """Sparse rows, one per text: row n is ``columns[starts[n]:starts[n + 1]]`` with ``values``."""

    starts: NDArray[np.int64]
    columns: Columns
    values: Floats

    def dot(self, weights: Floats) -> Floats:
        """Matrix product with ``weights`` (feature by output); same result for a row whatever rows stand beside it."""
        out = np.zeros((len(self.starts) - 1, weights.shape[1]), np.float32)
        for row, (begin, end) in enumerate(pairwise(self.starts.tolist())):
            part = weights[self.columns[begin:end]] * self.values[begin:end, None]
            out[row] = part.sum(axis=0, dtype=np.float64)
        return out


def text_of(post: Post) -> str:
    """The caption and the words on the picture, as the models read them."""
    return f"{post.text}\n\n{post.image_text}" if post.image_text else post.text


def tokens(texts: Sequence[str]) -> list[list[str]]:
    """Folded words of each text in order. Pictograms are left out: alone they say nothing and would decide short texts."""
    cut = [text[:MAX_CHARS] for text in texts]
    block = fold(cut)
    bounds = block.bounds("wide")
    wide = bytes(block.wide)
    gone = bytes([GONE])
    found: list[list[str]] = []
    for number in range(len(cut)):
        shown = wide[bounds[number] : bounds[number + 1]].replace(gone, b"").translate(_DIGITS)
        found.append(_TOKEN.findall(shown.decode("latin-1")))
    return found


def _pieces(word: str) -> list[str]:
    padded = f" {word} "
    if len(padded) <= _PIECES[0]:
        return [padded]
    return [padded[at : at + size] for size in _PIECES for at in range(len(padded) - size + 1)]


class Vectoriser:
    """Turns tokens into weighted features of a fixed vocabulary."""

    def __init__(self, vocabulary: Sequence[str], rarity: Floats) -> None:
        """``vocabulary``: features by column; ``rarity``: their inverse document frequency."""
        self.vocabulary = list(vocabulary)
        self.rarity = rarity
        self._column = {feature: number for number, feature in enumerate(self.vocabulary)}
        self._of_word: dict[str, tuple[int, Columns]] = {}

    @classmethod
    def fit(cls, texts: Iterable[list[str]]) -> "Vectoriser":
        """The vocabulary of a corpus: words and pairs of words in two texts or more, pieces in three or more."""
        held = list(texts)
        spread: Counter[str] = Counter()
        for words in held:
            seen = {_WORD + word for word in words} | {f"{_WORD}{one} {other}" for one, other in pairwise(words)}
            spread.update(seen | {_PIECE + piece for word in set(words) for piece in _pieces(word)})
        least = {_WORD: _MIN_WORD_POSTS, _PIECE: _MIN_PIECE_POSTS}
        chosen = sorted(feature for feature, count in spread.items() if count >= least[feature[0]])
        counts = np.array([spread[feature] for feature in chosen], np.float64)
        return cls(chosen, (np.log((1 + len(held)) / (1 + counts)) + 1).astype(np.float32))

    def transform(self, texts: Iterable[list[str]]) -> Rows:
        """Weighted features; words and pieces of a text each have length 1."""
        starts: list[int] = [0]
        columns: list[Columns] = [_NONE]
        values: list[Floats] = [np.zeros(0, np.float32)]
        for words in texts:
            size = starts[-1]
            for found in self._found(words):
                if not found.size:
                    continue
                chosen, counts = np.unique(found, return_counts=True)
                weights = (1 + np.log(counts.astype(np.float64))) * self.rarity[chosen]
                columns.append(chosen)
                values.append((weights / np.sqrt((weights**2).sum())).astype(np.float32))
                size += chosen.size
            starts.append(size)
        return Rows(np.array(starts, np.int64), np.concatenate(columns), np.concatenate(values))

    def _found(self, words: list[str]) -> tuple[Columns, Columns]:
        """The columns of words and their pairs, and those of pieces, each as often as it occurs."""
        seen = [self._word(word) for word in words]
        whole = [own for own, _ in seen if own >= 0]
        column = self._column.get
        pairs = (column(f"{_WORD}{one} {other}", -1) for one, other in pairwise(words))
        whole += [number for number in pairs if number >= 0]
        return np.array(whole, np.int32), np.concatenate([pieces for _, pieces in seen]) if seen else _NONE

    def _word(self, word: str) -> tuple[int, Columns]:
        if word not in self._of_word:
            if len(self._of_word) > 200_000:
                self._of_word.clear()
            pieces = (self._column.get(_PIECE + piece, -1) for piece in _pieces(word[:100]))
            known = np.array([number for number in pieces if number >= 0], np.int32)
            self._of_word[word] = self._column.get(_WORD + word, -1), known
        return self._of_word[word]
