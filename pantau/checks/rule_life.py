"""The life of a rule: its record with the people who decide, and when it loses the right to speak.

A finding counts for the version of the rule that made it: a changed rule starts anew. Only flags can cost a rule its right to
speak: a review counts against nobody, is expected to be wrong more often, and may be a flag that the travel book lowered.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from pantau.checks.catalogue import Rule
from pantau.core.model import DecisionAction, Strength
from pantau.core.rule_life import RECORD_DAYS, Demotion, Known, Reported

FEW_DECISIONS = 8
"""Under this many decisions a precision is a guess, and said to be one."""
_RIGHT: frozenset[DecisionAction] = frozenset({"confirm", "followed_up"})
"""Following up on a finding says that it was right."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One finding with what people said of it."""

    key: str
    rule_id: str
    rule_version: int
    strength: Strength
    seen: tuple[datetime, ...]
    """The nights that reported it, ascending."""
    verdict: Literal["", "right", "wrong"] = ""
    decided_at: datetime | None = None
    """When Pantau learnt of the verdict."""

    def reported_in(self, start: datetime, end: datetime) -> bool:
        """True when some night from ``start`` on and before ``end`` reported it."""
        place = bisect_left(self.seen, start)
        return place < len(self.seen) and self.seen[place] < end


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a rule's findings."""

    rule_id: str
    rule_version: int
    status: str
    flags: int = 0
    reviews: int = 0
    confirmed: int = 0
    """Flags confirmed or followed up; reviews, where the rule raised no flag."""
    dismissed: int = 0
    undecided: int = 0
    other_decisions: int = 0
    """Decisions that do not count: about an older version, or about reviews of a rule that raises flags."""
    precision: float | None = None
    """``confirmed / (confirmed + dismissed)``; None without any decision."""
    few: bool = False
    """True when there are too few decisions to trust the precision."""


def judged(reports: Iterable[Reported], known: Mapping[str, Known]) -> list[Judged]:
    """One entry per finding and rule, in order of the key. The version judged is the one that people had before them."""
    grouped: dict[tuple[str, str], list[Reported]] = {}
    for report in sorted(reports, key=lambda item: (item.key, item.rule_id, item.at)):
        grouped.setdefault((report.key, report.rule_id), []).append(report)
    return [_join(rows, known.get(key)) for (key, _), rows in sorted(grouped.items())]


def _join(rows: Sequence[Reported], known: Known | None) -> Judged:
    about, verdict, decided_at = rows[-1], "", None
    if known is not None and known.decision.action != "answer":
        verdict, decided_at = "right" if known.decision.action in _RIGHT else "wrong", known.recorded_at
        about = next((row for row in reversed(rows) if row.at <= known.recorded_at), rows[0])
    return Judged(
        key=about.key,
        rule_id=about.rule_id,
        rule_version=about.rule_version,
        strength=about.strength,
        seen=tuple(sorted({row.at for row in rows})),
        verdict=verdict,  # type: ignore[arg-type]
        decided_at=decided_at,
    )


def records(rules: Iterable[Rule], items: Iterable[Judged], few: int = FEW_DECISIONS) -> list[Record]:
    """The record of every rule that found something or was decided about, the worst first; ``few``: see ``Record.few``."""
    by_rule: dict[str, list[Judged]] = {}
    for item in items:
        by_rule.setdefault(item.rule_id, []).append(item)
    found = [_record(rule, by_rule[rule.id], few) for rule in rules if rule.id in by_rule]
    # Worst first: those that can be trusted by precision, then the guesses, then what nobody decided about.
    return sorted(found, key=lambda r: (r.precision is None, r.few, r.precision or 0.0, -r.dismissed, r.rule_id))


def _record(rule: Rule, items: Sequence[Judged], few: int) -> Record:
    current = [item for item in items if item.rule_version == rule.version]
    mine = [item for item in current if item.strength == "flag"] or current
    confirmed = sum(item.verdict == "right" for item in mine)
    dismissed = sum(item.verdict == "wrong" for item in mine)
    decided = confirmed + dismissed
    return Record(
        rule_id=rule.id,
        rule_version=rule.version,
        status=rule.status,
        flags=sum(item.strength == "flag" for item in items),
        reviews=sum(item.strength == "review" for item in items),
        confirmed=confirmed,
        dismissed=dismissed,
        undecided=sum(not item.verdict for item in items),
        other_decisions=sum(bool(item.verdict) for item in items) - decided,
        precision=confirmed / decided if decided else None,
        few=decided < few,
    )


def demotions(
    rules: Iterable[Rule],
    items: Iterable[Judged],
    nights: Sequence[datetime],
    below: float,
    least: int,
    days: int = RECORD_DAYS,
) -> tuple[Demotion, ...]:
    """Rules that only log on the last of ``nights`` (ascending), by id.

    The past is played again night by night: with ``least`` decisions or more about the flags of the ``days`` before it, a
    night is decided by the precision; with fewer, the rule stays what it was. So a demoted rule, which finds nothing new,
    does not come back by itself once its findings are old; undone or later decisions do bring it back. Decisions count
    from the night after Pantau learnt of them.
    """
    by_rule: dict[str, list[Judged]] = {}
    for item in items:
        if item.decided_at is not None:
            by_rule.setdefault(item.rule_id, []).append(item)
    found = []
    for rule in rules:
        own = by_rule.get(rule.id, ())
        mine = [item for item in own if item.strength == "flag" and item.rule_version == rule.version]
        if len(mine) >= least and (demotion := _play(rule, mine, nights, below, least, days)) is not None:
            found.append(demotion)
    return tuple(sorted(found, key=lambda item: item.rule_id))


def _play(
    rule: Rule, mine: Sequence[Judged], nights: Sequence[datetime], below: float, least: int, days: int
) -> Demotion | None:
    demotion: Demotion | None = None
    for night in nights:
        start = night - timedelta(days=days)
        known = [
            item
            for item in mine
            if item.decided_at is not None and item.decided_at < night and item.reported_in(start, night)
        ]
        if len(known) < least:
            continue
        dismissed = sum(item.verdict == "wrong" for item in known)
        if 1 - dismissed / len(known) >= below:
            demotion = None
        elif demotion is None:
            demotion = Demotion(
                rule_id=rule.id,
                rule_version=rule.version,
                since=night,
                dismissed=dismissed,
                decided=len(known),
                days=days,
            )
    return demotion
