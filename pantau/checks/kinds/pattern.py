"""Rules of kind ``pattern``: regular expressions on the light text, with a named check of what they found."""

from collections.abc import Callable, Iterator

from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.kinds.spans import SpanIndex, longest_first
from pantau.checks.linear import PIECE_CHARS
from pantau.checks.personal import VALIDATORS
from pantau.checks.view import PostView, Span, TextView

_OVERLAP_CHARS = 400
"""How much of a long text is searched twice, so that nothing is cut at the end of a piece."""


class TooSlowError(Exception):
    """A rule used up its time in the middle of a post."""


def find(rule: CompiledRule, post: PostView, expired: Callable[[], bool] = lambda: False) -> list[Hit]:
    """Where a pattern matches (its group ``hit``, if it has one) and the named check agrees, exceptions taken out.

    ``expired`` is asked between pieces of a text. Raises ``TooSlowError`` once it says yes.
    """
    hits: list[Hit] = []
    for field in rule.fields:
        text = post.texts[field]
        if text is None:
            continue
        spans = set(_matches(rule, text, expired))
        if spans and rule.excepts:
            excepts = SpanIndex(post.spans(rule.excepts, field))
            spans = {span for span in spans if not excepts.overlaps(span)}
        hits += [Hit(field, span) for span in longest_first(spans)]
    return hits


def _matches(rule: CompiledRule, text: TextView, expired: Callable[[], bool]) -> Iterator[Span]:
    valid = VALIDATORS.get(rule.rule.validate)
    light = text.light
    for pattern in rule.patterns:
        group = "hit" if "hit" in pattern.groupindex else 0
        for begin in range(0, max(len(light) - _OVERLAP_CHARS, 1), PIECE_CHARS - _OVERLAP_CHARS):
            if begin and expired():
                raise TooSlowError
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
