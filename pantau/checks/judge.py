"""Turns the hits of one post into findings; a rule that crashes or takes too long becomes a visible failure."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from pantau.checks.catalogue import TEXT_FIELDS, Rule
from pantau.checks.compile import Compiled
from pantau.checks.kinds import lexicon, near, pattern, script, situation
from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.kinds.context import CancelledHit
from pantau.checks.kinds.context import judge as judge_context
from pantau.checks.personal import mask_digits, mask_personal
from pantau.checks.view import PostView
from pantau.core.clock import local_day
from pantau.core.ledgers import Situation
from pantau.core.model import Evidence, Finding, Post, RuleFailure, Unit

T = TypeVar("T")
MAX_EVIDENCE = 5
BUDGET_S = 3.0
"""Work that one rule may cause in a run, on top of what is usual for each post it was tried on: ``POST_S`` and ``CHARACTER_S``."""
POST_S = 0.002
CHARACTER_S = 0.000_01


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """A hit that its context took away: kept, so that a second signal may still open a review."""

    rule_id: str
    post: str
    evidence: Evidence
    """``cancelled_by`` holds the words that took the hit away."""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What checking gave."""

    findings: list[Finding] = []
    trial: list[Finding] = []
    """Findings of rules on trial (``uji``): logged and counted, never shown."""
    cancelled: list[Cancelled] = []
    """Hits that their context took away."""
    failures: tuple[RuleFailure, ...] = ()
    posts: int = 0
    """How many posts were checked."""


class Judge:
    """Decides posts one by one and keeps count of what rules cost."""

    def __init__(
        self,
        compiled: Compiled,
        situations: Sequence[Situation],
        units: Mapping[str, Unit],
        zone: ZoneInfo,
        timer: Callable[[], float],
    ) -> None:
        self._compiled = compiled
        self._situations = situations
        self._units = units
        self._zone = zone
        self._timer = timer
        self._failed: dict[str, str] = {}
        self._stopped: set[int] = set()
        self._spent_s: dict[int, float] = {}

    def failures(self) -> tuple[RuleFailure, ...]:
        """Rules that failed so far, by id."""
        return tuple(RuleFailure(rule_id, what) for rule_id, what in sorted(self._failed.items()))

    def decide(self, post: Post, view: PostView, numbers: Sequence[int], unit: str, report: CheckReport) -> None:
        """Try rules on a post and add what they give to the report."""
        usual = POST_S + CHARACTER_S * (len(post.text) + len(post.image_text))
        for number in numbers:
            if number in self._stopped:
                continue
            rule = self._compiled.rules[number]
            began = self._timer()
            limit = began + usual + BUDGET_S - self._spent_s.get(number, 0.0)
            try:
                tried = self.attempt(rule.rule.id, post, partial(self._try, rule, post, view, unit, limit))
            except pattern.TooSlowError:
                tried = None
            else:
                if tried is None:
                    continue
            self._watch(number, rule, self._timer() - began - usual)
            if tried is None:
                continue
            evidence, cancelled = tried
            if evidence:
                found = finding_of(rule.rule, post, unit, evidence)
                (report.findings if rule.rule.status == "aktif" else report.trial).append(found)
            if rule.rule.status == "aktif":
                report.cancelled.extend(_cancelled(rule, post, view, item) for item in cancelled[:MAX_EVIDENCE])

    def attempt(self, rule_id: str, post: Post, work: Callable[[], T]) -> T | None:
        """What ``work`` gives; None, and the rule named as failed, when it crashes. Raises ``TooSlowError`` only."""
        try:
            return work()
        except pattern.TooSlowError:
            raise
        except Exception as error:  # one rule must not take the night down; it is named in the digest
            reason = mask_personal(f"{type(error).__name__}: {error}")
            self._failed.setdefault(rule_id, f"gagal pada {post.key}: {reason}")
            return None

    def _try(
        self, rule: CompiledRule, post: Post, view: PostView, unit: str, limit: float
    ) -> tuple[tuple[Evidence, ...], list[CancelledHit]]:
        kept, cancelled = judge_context(rule, view, self._find(rule, post, view, unit, limit))
        return tuple(evidence_of(rule, view, hit) for hit in kept[:MAX_EVIDENCE]), cancelled

    def _find(self, rule: CompiledRule, post: Post, view: PostView, unit: str, limit: float) -> list[Hit]:
        kind = rule.rule.kind
        if kind == "lexicon":
            return lexicon.find(rule, view)
        if kind == "near":
            return near.find(rule, view)
        if kind == "script":
            return script.find(rule, view)
        if kind == "pattern":
            return pattern.find(rule, view, lambda: self._timer() > limit)
        day = local_day(post.published_at, self._zone)
        held = situation.holding(rule.rule.situations, self._situations, self._units.get(unit), self._units, day)
        return situation.find(rule, view, held)

    def _watch(self, number: int, rule: CompiledRule, extra_s: float) -> None:
        """Stop a rule that has used up its time; ``extra_s`` is what a post took beyond the usual."""
        spent = self._spent_s.get(number, 0.0) + max(extra_s, 0.0)
        self._spent_s[number] = spent
        if spent > BUDGET_S:
            self._stopped.add(number)
            self._failed[rule.rule.id] = (
                f"dihentikan: terlalu lambat (lebih dari {BUDGET_S:g} detik); sederhanakan polanya"
            )


def evidence_of(rule: CompiledRule, view: PostView, hit: Hit, cancelled_by: str = "") -> Evidence:
    """The published words of a hit, personal data masked."""
    quote = view.quote(hit.field, hit.span)
    shown = mask_digits(quote) if rule.rule.mask else mask_personal(quote)
    return Evidence(
        field=TEXT_FIELDS[hit.field],
        start=hit.span.start,
        end=hit.span.end,
        quote=shown,
        cancelled_by=mask_personal(cancelled_by),
        note=hit.note,
    )


def finding_of(spec: Rule, post: Post, unit: str, evidence: tuple[Evidence, ...]) -> Finding:
    """What a rule says of a post."""
    return Finding(
        rule_id=spec.id,
        rule_version=spec.version,
        family=spec.family,
        level=spec.level,
        strength=spec.strength,
        unit=unit,
        account=post.account,
        post=post.key,
        published_at=post.published_at,
        url=post.url,
        subject=post.text_sha256,
        evidence=evidence,
        message=spec.message,
        basis=spec.basis,
    )


def _cancelled(rule: CompiledRule, post: Post, view: PostView, item: CancelledHit) -> Cancelled:
    return Cancelled(rule_id=rule.rule.id, post=post.key, evidence=evidence_of(rule, view, item.hit, item.by))
