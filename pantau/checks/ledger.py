"""What the office's own books say about posts: trips that were reported, uploads that a superior approved."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from rapidfuzz import fuzz

from pantau.checks.fold import fold_light
from pantau.checks.history import RuleHead
from pantau.core.clock import local_day
from pantau.core.model import Approval, Evidence, Finding, Post, Trip, sort_findings

APPROVAL_RULE = "upload-without-approval"
TRIP_FAMILY = "PJD"
_TRIP_SLACK = timedelta(days=10)
"""Posts about a trip appear some days before and after it."""
_CAPTION_LIKENESS = 82.0
"""Score (0 to 100) of rapidfuzz from which a planned caption and a published one count as the same."""
_CAPTION_TIME = timedelta(days=7)
_CAPTION_CHARS = 200


def match_trips(
    findings: Iterable[Finding], posts: Mapping[str, Post], trips: Sequence[Trip], zone: ZoneInfo
) -> list[Finding]:
    """Trip findings whose trip stands in the travel book become reviews that say so; all others stay as they are."""
    out = []
    for finding in findings:
        post = posts.get(finding.post)
        trip = _reported(finding, post, trips, zone) if finding.family == TRIP_FAMILY and post else None
        out.append(finding if trip is None else _as_reported(finding, trip))
    return sort_findings(out)


def _reported(finding: Finding, post: Post, trips: Sequence[Trip], zone: ZoneInfo) -> Trip | None:
    day = local_day(post.published_at, zone)
    text = f" {fold_light(post.text + ' ' + post.image_text)} "
    for trip in trips:
        near = trip.start - _TRIP_SLACK <= day <= trip.end + _TRIP_SLACK
        if trip.unit == finding.unit and near and _named(trip, text):
            return trip
    return None


def _named(trip: Trip, text: str) -> bool:
    """Whether the text names the destination, or one of its words of four letters and more."""
    words = [word for word in fold_light(trip.destination).replace(",", " ").split() if len(word) >= 4]
    return any(f" {word}" in text for word in words)


def _as_reported(finding: Finding, trip: Trip) -> Finding:
    permit = f", izin {trip.permit_no}" if trip.permit_no else ""
    note = f"Perjalanan ini tercatat: {trip.destination}, {trip.start:%d-%m-%Y} s.d. {trip.end:%d-%m-%Y}{permit}."
    evidence = tuple(msgspec.structs.replace(item, note=note) for item in finding.evidence)
    return msgspec.structs.replace(finding, strength="review", level="info", evidence=evidence)


def check_approvals(
    posts: Iterable[Post],
    unit_of: Mapping[str, str],
    approvals: Sequence[Approval],
    rules: Mapping[str, RuleHead],
    zone: ZoneInfo,
) -> list[Finding]:
    """Posts without a matching approval, for units that keep the book (at least one row). Reposts and comments are left out."""
    rule = rules.get(APPROVAL_RULE)
    by_unit: dict[str, list[Approval]] = {}
    for approval in approvals:
        by_unit.setdefault(approval.unit, []).append(approval)
    if rule is None or not by_unit:
        return []
    found = []
    for post in posts:
        unit = unit_of.get(post.account, "")
        if post.kind in ("repost", "comment") or unit not in by_unit:
            continue
        problem = _approval_problem(post, by_unit[unit], zone)
        if problem:
            found.append(_approval_finding(rule, post, unit, problem))
    return found


def _approval_problem(post: Post, approvals: Sequence[Approval], zone: ZoneInfo) -> str:
    """What is missing, in Indonesian; empty when a superior had agreed before."""
    matches = [item for item in approvals if item.platform == post.platform and _same_post(post, item)]
    if not matches:
        return "tidak ada persetujuan yang cocok dengan unggahan ini"
    first = min(matches, key=lambda item: item.approved_at)
    if first.approved_at > post.published_at:
        late = first.approved_at.astimezone(zone)
        return f"persetujuan {first.approved_by} baru tercatat {late:%d-%m-%Y %H:%M}, sesudah unggahan terbit"
    return ""


def _same_post(post: Post, approval: Approval) -> bool:
    wanted = approval.url_or_caption.strip()
    if wanted.startswith("http"):
        return bool(post.url) and wanted.rstrip("/") == post.url.rstrip("/")
    planned = approval.planned_at or approval.approved_at
    if abs(planned - post.published_at) > _CAPTION_TIME:
        return False
    ours, theirs = fold_light(post.text)[:_CAPTION_CHARS], fold_light(wanted)[:_CAPTION_CHARS]
    return fuzz.partial_ratio(ours, theirs) >= _CAPTION_LIKENESS


def _approval_finding(rule: RuleHead, post: Post, unit: str, problem: str) -> Finding:
    return Finding(
        rule_id=rule.rule_id,
        rule_version=rule.version,
        family=rule.family,
        level=rule.level,
        strength="flag",
        unit=unit,
        account=post.account,
        post=post.key,
        published_at=post.published_at,
        url=post.url,
        subject=post.text_sha256,
        evidence=(Evidence(field="ledger", quote=problem),),
        message=rule.message,
        basis=rule.basis,
    )
