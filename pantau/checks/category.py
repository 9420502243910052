"""A first, deterministic guess of what a post is for, from weighted cue words (``rules/words/category-cues.toml``)."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold import Block, fold_skeletons, sorted_unique
from pantau.checks.scan import AhoCorasickScanner
from pantau.checks.table import read_toml
from pantau.checks.words import all_phrases
from pantau.core.errors import Problem, RuleError
from pantau.core.model import CATEGORIES, Category, Post
from pantau.core.resources import data_dir

CUES_FILE = "category-cues.toml"
_BLOCK_POSTS = 500


class CategoryCues:
    """Cues compiled for scanning: which phrase speaks with which weight for which category."""

    def __init__(self, tables: dict[str, dict[str, Any]]) -> None:
        """``tables``: per category a ``start`` weight and lists of phrases by weight. Raises ``ValueError`` for others."""
        self._start = np.zeros(len(CATEGORIES))
        weights: dict[bytes, NDArray[np.float64]] = {}
        for category, table in tables.items():
            column = CATEGORIES.index(category)
            self._start[column] = float(table.get("start", 0.0))
            for weight, entries in table.items():
                if weight == "start":
                    continue
                phrases = [phrase for entry in entries for phrase in all_phrases(entry)]
                for skeleton in set(fold_skeletons(phrases)) - {b""}:
                    row = weights.setdefault(b"`" + skeleton + b"`", np.zeros(len(CATEGORIES)))
                    row[column] = max(row[column], float(weight))
        self._weights = np.array(list(weights.values()))
        self._scanner = AhoCorasickScanner(list(weights))

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """One row per text, one column per category (``CATEGORIES``)."""
        scores = np.tile(self._start, (len(texts), 1))
        block = Block(texts)
        hits = self._scanner.scan(block.skeleton)
        if hits.ends.size:
            owners = block.text_of(hits.ends - 1, "skeleton")
            pairs = sorted_unique(owners * len(self._weights) + hits.literals)
            np.add.at(scores, pairs // len(self._weights), self._weights[pairs % len(self._weights)])
        return scores


@cache
def shipped_cues() -> CategoryCues:
    """The cues that ship with Pantau. Raises ``RuleError`` when the file is broken."""
    return read_cues(data_dir("rules") / "words" / CUES_FILE)


def read_cues(path: Path) -> CategoryCues:
    """Cues from a file. Raises ``RuleError``."""
    problems: list[Problem] = []
    tables = read_toml(path, problems)
    if tables is None:
        raise RuleError(problems)
    try:
        return CategoryCues(tables)
    except (ValueError, TypeError, AttributeError) as error:
        remedy = f"Bagian: {', '.join(CATEGORIES)}; kunci: start atau bobot; nilai: daftar frasa."
        raise RuleError([Problem(str(path), "isi", "", f"tidak dapat dipakai ({error})", remedy)]) from error


def categorise(posts: Iterable[Post], cues: CategoryCues | None = None) -> list[Category]:
    """The category of each post, in order; ties go to the one that is named first in ``CATEGORIES``."""
    chosen = cues or shipped_cues()
    texts = [f"{post.text}\n\n{post.image_text}" if post.image_text else post.text for post in posts]
    found: list[Category] = []
    for begin in range(0, len(texts), _BLOCK_POSTS):
        best = chosen.scores(texts[begin : begin + _BLOCK_POSTS]).argmax(axis=1)
        found += [CATEGORIES[column] for column in best.tolist()]
    return found
