"""What the second signal does to the hits of the rules, family by family, by a table. It never makes a flag alone.

| rules say | score | verdict |
|---|---|---|
| hit | below ``doubt`` | review (not for numbers and codes, scripts, situations and the office's own rules) |
| hit | otherwise | as the rule says |
| weak hit (a review) | ``flag`` or more | flag |
| hit cancelled by its context | ``review`` or more | review, with what cancelled it |
| only a cue of the family (``[match]`` of its classifier rule) | ``flag`` or more | flag (personal data and hijacks: review) |
| nothing, or only a cue | ``review`` or more | review; personal data and hijacks need a cue |
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from pantau.checks.compile import Compiled
from pantau.checks.features import MAX_CHARS, text_of
from pantau.checks.judge import MAX_EVIDENCE, Cancelled, CheckReport, evidence_of, finding_of
from pantau.checks.kinds import lexicon
from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.second_signal import SecondSignal, Weight
from pantau.checks.view import PostView, Span
from pantau.core.model import POST_FAMILIES, Evidence, Family, Finding, Post, Strength

NEEDS_PATTERN: frozenset[Family] = frozenset({"DPR", "SPM"})
"""Families in which a score without any pattern says nothing."""
_NEVER_DOUBTED = frozenset({"situation", "classifier", "script"})
"""Kinds that see what a score cannot: letters, and what holds at the time."""


_Result = tuple[list[Finding], list[Finding]]
Attempt = Callable[[str, Post, Callable[[], _Result]], _Result | None]


class _Judged(NamedTuple):
    """What is known of a post in one family before the score."""

    post: Post
    unit: str
    own: list[Finding]
    cancelled: Cancelled | None


class Verdicts:
    """The table, for one catalogue and one model."""

    def __init__(self, compiled: Compiled, signal: SecondSignal) -> None:
        self._signal = signal
        self._rules: dict[Family, CompiledRule] = {rule.rule.family: rule for rule in compiled.classifiers}
        self._kinds = {rule.rule.id: rule for rule in compiled.rules}

    def apply(
        self,
        posts: Sequence[Post],
        view: Callable[[int], PostView],
        unit_of: Mapping[str, str],
        report: CheckReport,
        attempt: Attempt,
    ) -> CheckReport:
        """The report of a block of posts after the second signal. ``view`` gives a post of the block by its number.

        ``attempt`` runs the work of a rule on a post and gives None when it crashed (``Judge.attempt``).
        """
        scores = self._signal.scores([text_of(post) for post in posts])
        found: dict[tuple[str, Family], list[Finding]] = {}
        for finding in report.findings:
            found.setdefault((finding.post, finding.family), []).append(finding)
        cancelled: dict[tuple[str, Family], Cancelled] = {}
        for item in report.cancelled:
            cancelled.setdefault((item.post, self._kinds[item.rule_id].rule.family), item)
        kept: list[Finding] = []
        trial = list(report.trial)
        for number, post in enumerate(posts):
            for family, rule in self._rules.items():
                own = found.pop((post.key, family), [])
                judged = _Judged(post, unit_of.get(post.account, ""), own, cancelled.get((post.key, family)))
                score = float(scores[number, POST_FAMILIES.index(family)])
                result = attempt(rule.rule.id, post, partial(self._judge, rule, judged, partial(view, number), score))
                standing, opened = (own, []) if result is None else result
                kept += standing
                (kept if rule.rule.status == "aktif" else trial).extend(opened)
        kept += [finding for rest in found.values() for finding in rest]
        return msgspec.structs.replace(report, findings=kept, trial=trial)

    def _judge(self, rule: CompiledRule, item: _Judged, view: Callable[[], PostView], score: float) -> _Result:
        """The findings of one post and family after the score, and those that the score opens."""
        post, own = item.post, item.own
        if own:
            lift = rule.rule.status == "aktif" and all(finding.strength != "flag" for finding in own)
            whole = len(text_of(post)) <= MAX_CHARS
            return [self._weigh(finding, score, lift=lift, doubt=whole) for finding in own], []
        if score < self._signal.about.thresholds[rule.rule.family].review or not (post.text or post.image_text):
            return [], []
        opened = self._open(rule, post, view(), item.unit, score, item.cancelled)
        return [], [opened] if opened is not None and opened.evidence else []

    def _weigh(self, finding: Finding, score: float, *, lift: bool, doubt: bool) -> Finding:
        """A finding of a pattern, lifted or lowered where that is allowed.

        ``lift``: nothing else flags the family in this post. ``doubt``: the model read the whole post.
        """
        limits, rule = self._signal.about.thresholds[finding.family], self._kinds[finding.rule_id].rule
        if lift and finding.strength == "review" and score >= limits.flag:
            return _noted(finding, "flag", f"dikuatkan sinyal kedua, skor {_shown(score)}")
        is_number = rule.kind == "pattern" and finding.family in NEEDS_PATTERN
        steady = rule.own or is_number or rule.kind in _NEVER_DOUBTED
        if doubt and finding.strength == "flag" and score < limits.doubt and not steady:
            return _noted(finding, "review", f"sinyal kedua tidak mendukung, skor {_shown(score)}")
        return finding

    def _open(
        self, rule: CompiledRule, post: Post, view: PostView, unit: str, score: float, cancelled: Cancelled | None
    ) -> Finding | None:
        """A finding on a post without any standing hit; None when the family needs a pattern and there is none."""
        family = rule.rule.family
        cues = lexicon.find(rule, view)
        if cancelled is not None and rule.rule.status == "aktif":
            source = self._kinds[cancelled.rule_id]
            found = finding_of(source.rule, post, unit, (cancelled.evidence,))
            return _noted(found, "review", f"konteksnya meringankan, tetapi skor sinyal kedua {_shown(score)}")
        if not cues and family in NEEDS_PATTERN:
            return None
        strong = cues and family not in NEEDS_PATTERN and score >= self._signal.about.thresholds[family].flag
        evidence = self._evidence(rule, post, view, cues, score)
        found = finding_of(rule.rule, post, unit, evidence)
        return msgspec.structs.replace(found, strength="flag" if strong else "review")

    def _evidence(
        self, rule: CompiledRule, post: Post, view: PostView, cues: list[Hit], score: float
    ) -> tuple[Evidence, ...]:
        """The cues, or else the words without which the score falls most."""
        note = f"skor sinyal kedua {_shown(score)}"
        hits = cues[:MAX_EVIDENCE]
        if not hits:
            weights = self._signal.explain(text_of(post), rule.rule.family)
            hits = _hits(post, weights)
            note += "; tanpa kata-kata ini skornya turun paling jauh"
        return tuple(
            msgspec.structs.replace(evidence_of(rule, view, hit), note=note if hit is hits[0] else "") for hit in hits
        )


def _hits(post: Post, weights: Sequence[Weight]) -> list[Hit]:
    """Places of words in caption or picture text; neighbours become one."""
    hits: list[Hit] = []
    after = len(post.text) + 2
    for start, end, _ in sorted(weights):
        field = int(start >= after)
        shift = after if field else 0
        span = Span(start - shift, end - shift)
        text = post.image_text if field else post.text
        last = hits[-1] if hits else None
        if last is not None and last.field == field and not text[last.span.end : span.start].strip():
            hits[-1] = Hit(field, Span(last.span.start, span.end))
        else:
            hits.append(Hit(field, span))
    return hits


def _noted(finding: Finding, strength: Strength, note: str) -> Finding:
    """The finding with another strength and the reason beside its first quote."""
    first, *rest = finding.evidence
    first = msgspec.structs.replace(first, note=f"{first.note}; {note}" if first.note else note)
    return msgspec.structs.replace(finding, strength=strength, evidence=(first, *rest))


def _shown(score: float) -> str:
    return f"{score:.2f}".replace(".", ",")
