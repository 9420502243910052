"""Rules of kind ``pattern``: regular expressions on the light text, with a named check of what they found."""

from collections.abc import Iterator

from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.kinds.spans import SpanIndex, longest_first
from pantau.checks.linear import PIECE_CHARS
from pantau.checks.personal import VALIDATORS
from pantau.checks.view import PostView, Span, TextView

_OVERLAP_CHARS = 400
"""How much of a long text is searched twice, so that nothing is cut at the end of a piece."""


def find(rule: CompiledRule, post: PostView) -> list[Hit]:
    """Where a pattern matches (its group ``hit``, if it has one) and the named check agrees, exceptions taken out."""
    hits: list[Hit] = []
    for field in rule.fields:
        text = post.texts[field]
        if text is None:
            continue
        excepts = SpanIndex(post.spans(rule.excepts, field))
        spans = {span for span in _matches(rule, text) if not excepts.overlaps(span)}
        hits += [Hit(field, span) for span in longest_first(spans)]
    return hits


def _matches(rule: CompiledRule, text: TextView) -> Iterator[Span]:
    valid = VALIDATORS.get(rule.rule.validate)
    light = text.light
    for pattern in rule.patterns:
        group = "hit" if "hit" in pattern.groupindex else 0
        for begin in range(0, max(len(light) - _OVERLAP_CHARS, 1), PIECE_CHARS - _OVERLAP_CHARS):
            stop = min(begin + PIECE_CHARS, len(light))
            for found in pattern.finditer(light, begin, stop):
                start, end = found.span(group)
                while start < end and light[start : start + 1].isspace():
                    start += 1
                while end > start and light[end - 1 : end].isspace():
                    end -= 1
                cut = found.end() == stop < len(light)
                if start < 0 or start == end or cut:
                    continue
                if valid is None or valid(light[start:end].decode("ascii")):
                    yield text.light_span(start, end)
