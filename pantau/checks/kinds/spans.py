"""Arithmetic of spans that several kinds of rules need."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from pantau.checks.kinds.compiled import CompiledRule
from pantau.checks.view import PostView, Span, TextView


def longest_first(spans: Iterable[Span]) -> list[Span]:
    """From left to right, the longest at each place, none overlapping another."""
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not chosen or span.start >= chosen[-1].end:
            chosen.append(span)
    return chosen


class SpanIndex:
    """Answers which of many sorted spans overlap, hold or are nearest to another."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._starts = [span.start for span in spans]
        self._reach = list(accumulate((span.end for span in spans), max))

    def first(self) -> Span | None:
        """The span that begins first."""
        return self._spans[0] if self._spans else None

    def overlaps(self, span: Span) -> bool:
        """True when some span shares a character with ``span``."""
        before = bisect_left(self._starts, span.end)
        return before > 0 and self._reach[before - 1] > span.start

    def holds(self, span: Span) -> bool:
        """True when ``span`` lies inside some span."""
        before = bisect_right(self._starts, span.start)
        return before > 0 and self._reach[before - 1] >= span.end

    def near(self, span: Span, text: TextView, within_words: int) -> Span | None:
        """A span at most ``within_words`` words away: an overlapping one or the nearest, earlier ones first; or None."""
        after = bisect_left(self._starts, span.end)
        around = [self._spans[after]] if after < len(self._spans) else []
        if after:
            around.append(self._spans[bisect_left(self._reach, self._reach[after - 1])])
        ranked = [(distance(text, span, other), other) for other in around]
        best = min(ranked, default=None)
        return best[1] if best is not None and best[0] <= within_words else None


def distance(text: TextView, one: Span, other: Span) -> int:
    """Words from one span to the other: neighbours are 1 apart, overlapping ones 0."""
    first, second = sorted((one, other))
    if second.start < first.end:
        return 0
    return text.word_at(second.start) - text.word_at(first.end - 1)


def candidates(rule: CompiledRule, post: PostView, number: int, field: int) -> list[Span]:
    """Spans of the rule's set ``number`` in a field that no exception and no place name takes away."""
    spans = post.spans(rule.sets[number], field)
    if spans and rule.excepts:
        excepts = SpanIndex(post.spans(rule.excepts, field))
        spans = [span for span in spans if not excepts.overlaps(span)]
    if spans and rule.places:
        places = SpanIndex(post.spans(rule.places, field))
        spans = [span for span in spans if not places.holds(span)]
    return spans
