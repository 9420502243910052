"""Rules of kind ``near``: two or three sets of words close to each other."""

from bisect import bisect_left
from collections.abc import Iterator

from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.kinds.spans import candidates, distance, longest_first
from pantau.checks.view import PostView, Span, TextView

_LOOK_AROUND = 12
"""How many neighbours of the other set, on each side, are tried for one span."""

_Group = tuple[Span, ...]


def find(rule: CompiledRule, post: PostView) -> list[Hit]:
    """Stretches from the first to the last word of a combination, the shortest one for each place."""
    hits: list[Hit] = []
    for field in rule.fields:
        text = post.texts[field]
        if text is None:
            continue
        groups: list[_Group] = [(span,) for span in candidates(rule, post, 0, field)]
        for number in range(1, len(rule.sets)):
            groups = list(_joined(rule, text, groups, candidates(rule, post, number, field))) if groups else []
        hits += [Hit(field, span) for span in longest_first(_shortest([_stretch(group) for group in groups]))]
    return hits


def _stretch(group: _Group) -> Span:
    return Span(min(span.start for span in group), max(span.end for span in group))


def _joined(rule: CompiledRule, text: TextView, groups: list[_Group], others: list[Span]) -> Iterator[_Group]:
    """Each group with the nearest other span that is close enough and overlaps none of its spans."""
    starts = [span.start for span in others]
    for group in groups:
        stretch = _stretch(group)
        first = max(bisect_left(starts, stretch.start) - _LOOK_AROUND, 0)
        around = others[first : bisect_left(starts, stretch.end) + _LOOK_AROUND]
        if rule.rule.ordered:
            around = [span for span in around if span.start >= stretch.end]
        free = [
            span for span in around if all(span.start >= member.end or span.end <= member.start for member in group)
        ]
        ranked = [
            (distance(text, stretch, span), abs(span.start - stretch.start), span) for span in free[: 4 * _LOOK_AROUND]
        ]
        best = min(ranked, default=None)
        if best is not None and best[0] <= rule.rule.within_words:
            yield (*group, best[2])


def _shortest(spans: list[Span]) -> list[Span]:
    """The spans that hold no other one."""
    chosen: list[Span] = []
    least = None
    for span in sorted(set(spans), key=lambda span: (-span.start, span.end)):
        if least is None or span.end < least:
            chosen.append(span)
            least = span.end
    return chosen
