"""What must or must not stand near a hit."""

from typing import NamedTuple

from pantau.checks.kinds.compiled import CompiledRule, Groups, Hit
from pantau.checks.kinds.spans import SpanIndex
from pantau.checks.view import PostView


class CancelledHit(NamedTuple):
    """A hit that its context took away, with the words that did."""

    hit: Hit
    by: str


def judge(rule: CompiledRule, post: PostView, hits: list[Hit]) -> tuple[list[Hit], list[CancelledHit]]:
    """The hits that stand, and those cancelled. A hit that lacks what the rule requires is neither."""
    near = _Nearby(post)
    kept: list[Hit] = []
    cancelled: list[CancelledHit] = []
    for hit in hits:
        if any(near.quote(groups, within, hit) is None for groups, within in rule.require):
            continue
        by = next(
            (quote for groups, within in rule.cancel if (quote := near.quote(groups, within, hit)) is not None), None
        )
        if by is None:
            kept.append(hit)
        else:
            cancelled.append(CancelledHit(hit, by))
    return kept, cancelled


class _Nearby:
    """Looks for the words of a context around hits of one post."""

    def __init__(self, post: PostView) -> None:
        self._post = post
        self._indexes: dict[tuple[Groups, int], SpanIndex] = {}

    def quote(self, groups: Groups, within_words: int, hit: Hit) -> str | None:
        """The published words of a phrase near the hit, or None. 0 words means anywhere in the post."""
        fields = range(len(self._post.texts)) if within_words == 0 else (hit.field,)
        for field in fields:
            text = self._post.texts[field]
            if text is None:
                continue
            if (groups, field) not in self._indexes:
                self._indexes[groups, field] = SpanIndex(self._post.spans(groups, field))
            index = self._indexes[groups, field]
            span = index.first() if within_words == 0 else index.near(hit.span, text, within_words)
            if span is not None:
                return self._post.quote(field, span)
        return None
