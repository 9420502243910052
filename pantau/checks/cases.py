"""Runs the cases that lie beside each rule."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pantau.checks.catalogue import Case, Catalogue, Rule
from pantau.checks.engine import Checker
from pantau.checks.scan import Engine
from pantau.core.ledgers import Situation
from pantau.core.model import Finding, Post, Unit

_LONG_AGO = datetime(2025, 6, 2, 1, 0, tzinfo=UTC)
"""Publication time of a case that names none."""


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one case came out. ``problem`` is Indonesian and empty when it came out as written."""

    rule_id: str
    case: Case
    quotes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        """True when the rule did what the case says."""
        return not self.problem


def run_cases(catalogue: Catalogue, engine: Engine = "auto", rule_ids: Sequence[str] = ()) -> list[CaseResult]:
    """Every case of every rule (or of ``rule_ids``), whatever the rule's status and season."""
    rules = [
        msgspec.structs.replace(rule, status="aktif", since=catalogue.on, until=None)
        for rule in catalogue.rules
        if rule.cases and (not rule_ids or rule.id in rule_ids)
    ]
    by_score = [rule.kind == "classifier" for rule in rules]
    parts = [
        [rule for rule, scored in zip(rules, by_score, strict=True) if scored == wanted] for wanted in (False, True)
    ]
    return [result for part in parts if part for result in _run(catalogue, part, engine)]


def _run(catalogue: Catalogue, rules: Sequence[Rule], engine: Engine) -> list[CaseResult]:
    """The cases of rules that are tried together: patterns without the second signal, and the second signal alone."""
    checker = Checker(msgspec.structs.replace(catalogue, rules=tuple(rules)), engine)
    pairs = [(rule, case) for rule in rules for case in rule.cases]
    found: dict[int, list[Finding]] = {}
    posts = {number: _post(number, case) for number, (_, case) in enumerate(pairs)}
    plain = [number for number, (_, case) in enumerate(pairs) if case.situation is None]
    groups: list[tuple[list[int], tuple[Situation, ...]]] = [(plain, ())]
    groups += [([number], (case.situation,)) for number, (_, case) in enumerate(pairs) if case.situation is not None]
    for numbers, situations in groups:
        units = {_unit(pairs[number][1]).code: _unit(pairs[number][1]) for number in numbers}
        report = checker.within(situations, units).check(
            [posts[number] for number in numbers],
            {posts[number].account: _unit(pairs[number][1]).code for number in numbers},
        )
        if report.failures:
            failed = {failure.rule_id: failure.what for failure in report.failures}
            raise RuntimeError(f"aturan gagal saat menjalankan contoh: {failed}")
        for finding in report.findings:
            found.setdefault(int(finding.post.rpartition(":")[2]), []).append(finding)
    return [
        _result(rule, case, [finding for finding in found.get(number, []) if finding.rule_id == rule.id])
        for number, (rule, case) in enumerate(pairs)
    ]


def _unit(case: Case) -> Unit:
    code = case.unit or f"unit-{case.unit_kind or 'opd'}"
    return Unit(code=code, name=code, kind=case.unit_kind or "opd")  # type: ignore[arg-type]


def _post(number: int, case: Case) -> Post:
    return Post(
        platform="case",
        post_id=str(number),
        account=f"case:@{number}",
        published_at=case.posted_at or _LONG_AGO,
        text=case.text,
        image_text=case.image_text,
    )


def _result(rule: Rule, case: Case, findings: list[Finding]) -> CaseResult:
    quotes = tuple(evidence.quote for finding in findings for evidence in finding.evidence)
    problem = ""
    if case.fires and not findings:
        problem = "seharusnya menyala, tetapi diam"
    elif not case.fires and findings:
        problem = f"seharusnya diam, tetapi menyala pada: {', '.join(map(repr, quotes))}"
    elif case.fires and case.quote and case.quote not in quotes:
        problem = f"kutipan seharusnya {case.quote!r}, tetapi {', '.join(map(repr, quotes))}"
    elif case.fires and case.strength and findings[0].strength != case.strength:
        problem = f"kekuatan seharusnya {case.strength}, tetapi {findings[0].strength}"
    return CaseResult(rule_id=rule.id, case=case, quotes=quotes, problem=problem)
