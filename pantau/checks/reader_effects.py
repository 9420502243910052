"""What the reader's judgements do to findings, by a table: open a review, confirm one, lower a flag; never erase one.

| rules say | reader: yes | reader: no |
|---|---|---|
| nothing in this family | review of rule ``reader-...`` (``open_review``) | - |
| review (a pattern, a picture, a second signal) | flag (``confirm_review``) | stays |
| flag | stays | review (``lower_flag``), never for personal data: the reader sees it masked |

``unsure`` changes nothing, and neither does a "no" beside an answer of which something had to be dropped.
"""

from collections.abc import Mapping, Sequence

import msgspec

from pantau.checks.catalogue import Rule
from pantau.checks.judge import MAX_EVIDENCE, CheckReport, finding_of
from pantau.checks.personal import mask_digits, mask_personal
from pantau.checks.reader_answer import Answer, locate
from pantau.checks.reader_prompt import NOTHING, Sent
from pantau.core.model import Evidence, Family, Finding, sort_findings
from pantau.core.settings_reader import ReaderSettings

NOTE = "Pembaca"
"""How every note of the reader begins."""
_NEVER_LOWERED: frozenset[Family] = frozenset({"DPR"})


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A post with what the reader said of it."""

    sent: Sent
    answers: tuple[Answer, ...]
    whole: bool = True
    """False when part of the answer had to be dropped, or part of the post was not sent."""


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """The findings afterwards, and how many the reader touched."""

    report: CheckReport
    opened: int = 0
    confirmed: int = 0
    lowered: int = 0


def is_from_reader(finding: Finding) -> bool:
    """True when the reader opened the finding or changed its strength."""
    return any(item.note.startswith(NOTE) or f"; {NOTE}" in item.note for item in finding.evidence)


def apply(
    judged: Sequence[Judged],
    report: CheckReport,
    rules: Mapping[Family, Rule],
    unit_of: Mapping[str, str],
    settings: ReaderSettings,
    signature: str,
) -> Effects:
    """The table above. ``rules`` are the reader's, by family; one on trial (``uji``) opens findings for the log only."""
    by_post: dict[str, list[tuple[int, Finding]]] = {}
    for place, finding in enumerate(report.findings):
        by_post.setdefault(finding.post, []).append((place, finding))
    opened: list[Finding] = []
    trial: list[Finding] = []
    changed: dict[int, Finding] = {}
    """By place in ``report.findings``."""
    for item in judged:
        own = by_post.get(item.sent.post.key, [])
        for family, rule in rules.items():
            places = [(place, finding) for place, finding in own if finding.family == family]
            found = [finding for _, finding in places]
            seen = [answer for answer in item.answers if answer.family == family and answer.verdict == "yes"]
            if seen and not found and settings.open_review:
                unit = unit_of.get(item.sent.post.account, "")
                (opened if rule.status == "aktif" else trial).extend(_opened(item, rule, seen, unit, signature))
            elif rule.status == "aktif":
                for place, finding in places:
                    new = _changed(finding, found, item, seen, rule, settings, signature)
                    if new is not None:
                        changed[place] = new
    findings = [changed.get(place, finding) for place, finding in enumerate(report.findings)]
    return Effects(
        report=msgspec.structs.replace(
            report, findings=sort_findings([*findings, *opened]), trial=sort_findings([*report.trial, *trial])
        ),
        opened=len(opened),
        confirmed=sum(finding.strength == "flag" for finding in changed.values()),
        lowered=sum(finding.strength == "review" for finding in changed.values()),
    )


def _changed(
    finding: Finding,
    found: Sequence[Finding],
    item: Judged,
    seen: Sequence[Answer],
    rule: Rule,
    settings: ReaderSettings,
    signature: str,
) -> Finding | None:
    """The finding with another strength; None when it stays."""
    flagged = any(other.strength == "flag" for other in found)
    if finding.strength == "review" and seen and settings.confirm_review and not flagged:
        quotes = _evidence(item, rule, seen, signature)
        return msgspec.structs.replace(finding, strength="flag", evidence=(*finding.evidence, *quotes))
    if finding.strength == "flag" and settings.lower_flag and _denies(item, finding.family):
        why = next((answer.why for answer in item.answers if answer.family in (finding.family, NOTHING)), "")
        note = f"{NOTE} {signature} tidak melihat pelanggaran" + (f": {why}" if why else "")
        first, *rest = finding.evidence or (Evidence(field="text"),)
        first = msgspec.structs.replace(first, note=f"{first.note}; {note}" if first.note else note)
        return msgspec.structs.replace(finding, strength="review", evidence=(first, *rest))
    return None


def _denies(item: Judged, family: Family) -> bool:
    """True when the whole post was judged and this family ruled out in so many words."""
    about = [answer.verdict for answer in item.answers if answer.family == family]
    named = about or [answer.verdict for answer in item.answers if answer.family == NOTHING]
    return item.whole and family not in _NEVER_LOWERED and bool(named) and set(named) == {"no"}


def _opened(item: Judged, rule: Rule, seen: Sequence[Answer], unit: str, signature: str) -> list[Finding]:
    evidence = _evidence(item, rule, seen, signature)
    post = item.sent.post
    if not evidence:
        return []
    return [msgspec.structs.replace(finding_of(rule, post, unit, evidence), strength="review")]


def _evidence(item: Judged, rule: Rule, seen: Sequence[Answer], signature: str) -> tuple[Evidence, ...]:
    """The quoted words at their places in the published text, masked as for every other rule."""
    found: list[Evidence] = []
    for answer in seen[:MAX_EVIDENCE]:
        place = locate(item.sent, answer.quote)
        if place is None:
            continue
        field, start, end = place
        whole = item.sent.post.text if field == "text" else item.sent.post.image_text
        quote = mask_personal(whole)[start:end]
        note = f"{NOTE} {signature}" + (f": {answer.why}" if answer.why else "")
        found.append(
            Evidence(
                field=field,
                start=start,
                end=end,
                quote=mask_digits(quote) if rule.mask else quote,
                score=None,
                note=note,
            )
        )
    return tuple(sorted(found, key=lambda evidence: (evidence.field != "text", evidence.start, evidence.end)))
