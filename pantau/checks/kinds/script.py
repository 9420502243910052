"""Rules of kind ``script``: a text of which a good part is written in letters that the accounts of the region never use."""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pantau.checks.fold import Block
from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.view import PostView, Span

SCRIPTS = {
    "cyrillic": "\u0400-\u052f",
    "thai": "\u0e00-\u0e7f",
    "han": "\u3400-\u4dbf\u4e00-\u9fff",
    "kana": "\u3041-\u30ff",
    "hangul": "\uac00-\ud7af",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "hebrew": "\u05d0-\u05ea",
    "greek": "\u0370-\u03ff",
    "decorated": "\U0001d400-\U0001d7ff\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\U0001f130-\U0001f189"
    "\u1d00-\u1d2b\u0262\u026a\u0274\u0280\u028f\u0299\u029c\u029f\u0430-\u0456",
}
"""Blocks of Unicode by name; ``decorated`` are letters drawn otherwise (bold, circled, small capitals, Cyrillic twins).

Arabic (prayers) and Javanese letters are at home here and cannot be asked for.
"""

_MAX_QUOTE_CHARS = 300
_LETTER = re.compile(r"[^\W\d_]")


@cache
def _table() -> NDArray[np.bool_]:
    table = np.zeros(0x110000, np.bool_)
    for ranges in SCRIPTS.values():
        for first, last in re.findall(r"(.)(?:-(.))?", ranges):
            table[ord(first) : ord(last or first) + 1] = True
    return table


def with_foreign_letters(block: Block) -> list[int]:
    """Cheap test by which texts of a block are handed to rules of this kind: their numbers."""
    return block.texts_with(_table())


def find(rule: CompiledRule, post: PostView) -> list[Hit]:
    """The longest run of such letters, where they make up ``share`` of a text's letters and number ``least_letters``.

    Look-alikes set into Latin words are not a run: single letters between Latin ones count for nothing.
    """
    params = rule.rule.params
    ranges = "".join(SCRIPTS[name] for name in str(params["scripts"]).split())
    one = re.compile(f"[{ranges}]")
    run = re.compile(f"[{ranges}](?:[{ranges}\\W\\d_]*[{ranges}])?")
    hits: list[Hit] = []
    for field in rule.fields:
        view = post.texts[field]
        if view is None:
            continue
        spans = [match.span() for match in run.finditer(view.text)]
        letters = len(one.findall(view.text))
        others = len(_LETTER.findall(one.sub("", view.text)))
        if letters < int(params["least_letters"]) or letters < params["share"] * (letters + others):
            continue
        start, end = max(spans, key=lambda span: (span[1] - span[0], -span[0]))
        hits.append(Hit(field, Span(start, min(end, start + _MAX_QUOTE_CHARS))))
    return hits
