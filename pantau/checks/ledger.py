"""What the office's own books say about posts: trips that were reported, uploads that a superior approved."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from pantau.checks.approval import Approvals
from pantau.checks.fold import fold_light
from pantau.checks.history import RuleHead
from pantau.core.clock import local_day
from pantau.core.ledgers import Approval, Trip
from pantau.core.model import Account, Evidence, Finding, Post, sort_findings

APPROVAL_RULE = "upload-without-approval"
TRIP_RULE = "trip-unreported"
_TRIP_FAMILY = "PJD"
_BEFORE_TRIP = timedelta(days=14)
_AFTER_TRIP = timedelta(days=14)
"""Posts announce a trip some days ahead and report it some days later."""
_KINDS = frozenset(
    {
        "kota",
        "kabupaten",
        "kab",
        "provinsi",
        "prov",
        "kecamatan",
        "desa",
        "kelurahan",
        "hotel",
        "gedung",
        "kantor",
        "dinas",
        "badan",
        "pusat",
        "balai",
        "jalan",
        "republik",
        "negara",
        "daerah",
        "istimewa",
        "khusus",
        "ibukota",
        "dan",
        "atau",
    }
)
"""Words before a name that say what kind of place it is."""
_VAGUE = frozenset(
    {
        "jawa",
        "sumatera",
        "sumatra",
        "kalimantan",
        "sulawesi",
        "papua",
        "nusa",
        "pulau",
        "kepulauan",
        "tengah",
        "timur",
        "barat",
        "selatan",
        "utara",
        "tenggara",
    }
)
"""Words that name no place by themselves: Semarang and Surabaya both lie in some part of Java."""
_MIN_PLACE_CHARS = 4
_UNAPPROVED_KINDS = frozenset({"repost", "comment", "reply"})
"""Answers to citizens and passed-on posts are not planned uploads."""


def match_trips(
    findings: Iterable[Finding],
    posts: Mapping[str, Post],
    trips: Sequence[Trip],
    zone: ZoneInfo,
    rules: Mapping[str, RuleHead] | None = None,
) -> list[Finding]:
    """Hold trip findings (PJD) against the office's travel book; all other findings pass unchanged.

    A trip that stands there (same unit, day near, place named in the post) becomes a review of level ``info`` that says so,
    under the same key. Any other stays flagged, with a note; where ``rules`` hold ``trip-unreported``, the flags of a post
    become one finding of that rule with the same evidence, so that staff decide once. Without a book nothing changes.
    """
    kept = list(findings)
    if not trips:
        return sort_findings(kept)
    rule = (rules or {}).get(TRIP_RULE)
    out: list[Finding] = []
    unreported: dict[str, tuple[list[Finding], str]] = {}
    for finding in kept:
        post = posts.get(finding.post)
        if finding.family != _TRIP_FAMILY or post is None:
            out.append(finding)
            continue
        trip, note = _look_up(finding, post, trips, zone)
        if trip is not None:
            out.append(msgspec.structs.replace(_noted(finding, note), strength="review", level="info"))
        elif rule is not None and finding.strength == "flag":
            unreported.setdefault(finding.post, ([], note))[0].append(finding)
        else:
            out.append(_noted(finding, note))
    out += [_unreported(rule, flags, note) for flags, note in unreported.values() if rule is not None]
    return sort_findings(out)


def _look_up(finding: Finding, post: Post, trips: Sequence[Trip], zone: ZoneInfo) -> tuple[Trip | None, str]:
    """The trip in the book, if it is there, and what the book says, in Indonesian."""
    day = local_day(post.published_at, zone)
    own = [trip for trip in trips if trip.unit == finding.unit]
    near = [trip for trip in own if trip.start - _BEFORE_TRIP <= day <= trip.end + _AFTER_TRIP]
    near.sort(key=lambda trip: (abs((trip.start - day).days), trip.start, trip.end, trip.destination, trip.permit_no))
    text = f" {_plain(f'{post.text} {post.image_text}')} "
    for trip in near:
        if _is_named(trip, text):
            permit = f", izin {trip.permit_no}" if trip.permit_no else ""
            told = f", dilaporkan {trip.reported_at:%d-%m-%Y}" if trip.reported_at else ""
            return trip, f"Sudah tercatat dalam daftar perjalanan: {_words(trip)}{permit}{told}."
    if near:
        return (
            None,
            f"Ada perjalanan tercatat sekitar tanggal itu ({_words(near[0])}), tetapi tempatnya tidak disebut di sini.",
        )
    return None, "Tidak ada catatan perjalanan unit ini sekitar tanggal itu."


def _words(trip: Trip) -> str:
    country = "" if trip.country.casefold() in ("", "indonesia") else f", {trip.country}"
    return f"{trip.destination}{country}, {trip.start:%d-%m-%Y} s.d. {trip.end:%d-%m-%Y}"


def _is_named(trip: Trip, text: str) -> bool:
    """Whether the post names the destination or, abroad, the country; ``text`` is plain words between blanks.

    A part of the destination counts as a whole (``Jawa Tengah``) or by a word that names a place by itself (``Semarang``).
    """
    abroad = trip.country if trip.country.casefold() != "indonesia" else ""
    for part in re.split(r"[,;/()]", f"{trip.destination},{abroad}"):
        words = [word for word in _plain(part).split() if word not in _KINDS]
        telling = [word for word in words if len(word) >= _MIN_PLACE_CHARS and word not in _VAGUE]
        phrases = telling or ([" ".join(words)] if len(words) > 1 else [])
        if any(f" {phrase} " in text for phrase in phrases):
            return True
    return False


def _plain(text: str) -> str:
    """Folded words with single blanks between them, without any sign."""
    return " ".join("".join(c if c.isalnum() else " " for c in fold_light(text)).split())


def _noted(finding: Finding, note: str) -> Finding:
    """The finding with what the book says beside its first words."""
    first, *rest = finding.evidence or (Evidence(field="ledger"),)
    first = msgspec.structs.replace(first, note=f"{first.note} {note}".strip())
    return msgspec.structs.replace(finding, evidence=(first, *rest))


def _unreported(rule: RuleHead, flags: Sequence[Finding], note: str) -> Finding:
    evidence = tuple(dict.fromkeys(item for finding in sort_findings(flags) for item in finding.evidence))
    return _noted(
        msgspec.structs.replace(
            flags[0],
            rule_id=rule.rule_id,
            rule_version=rule.version,
            level=rule.level,
            evidence=evidence,
            message=rule.message,
            basis=rule.basis,
        ),
        note,
    )


def check_approvals(
    posts: Iterable[Post],
    unit_of: Mapping[str, str],
    approvals: Sequence[Approval],
    rules: Mapping[str, RuleHead],
    zone: ZoneInfo,
    accounts: Iterable[Account] = (),
) -> list[Finding]:
    """Posts without a valid approval (PGW), for units that keep the book, from the day of their first entry on.

    Valid means: it names the post (link, else caption and time), was given before the post, and not by the account's own
    ``operator`` or ``deputy`` (known from ``accounts``). Answers, comments and reposts are left out. A post with hardly any
    text cannot be compared with a caption, so it becomes a review instead of a flag.
    """
    rule = rules.get(APPROVAL_RULE)
    if rule is None:
        return []
    by_unit: dict[str, list[Approval]] = {}
    for approval in approvals:
        by_unit.setdefault(approval.unit, []).append(approval)
    books = {unit: Approvals(rows, zone) for unit, rows in by_unit.items()}
    people = {account.key: (account.operator, account.deputy) for account in accounts}
    found = []
    for post in posts:
        unit = unit_of.get(post.account, "")
        book = books.get(unit)
        if book is None or post.kind in _UNAPPROVED_KINDS or not book.covers(post):
            continue
        verdict = book.verdict(post, people.get(post.account, ()))
        if verdict is not None:
            evidence = Evidence(field="ledger", end=len(verdict.words), quote=verdict.words, score=verdict.score)
            found.append(
                Finding(
                    rule_id=rule.rule_id,
                    rule_version=rule.version,
                    family=rule.family,
                    level=rule.level,
                    strength="flag" if verdict.certain else "review",
                    unit=unit,
                    account=post.account,
                    post=post.key,
                    published_at=post.published_at,
                    url=post.url,
                    subject=post.text_sha256,
                    evidence=(evidence,),
                    message=rule.message,
                    basis=rule.basis,
                )
            )
    return sort_findings(found)
