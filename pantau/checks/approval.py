"""One unit's book of approvals: which entry belongs to a post, and what is wrong with it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from rapidfuzz import fuzz

from pantau.checks.fold import fold_light
from pantau.core.clock import local_day
from pantau.core.ledgers import Approval
from pantau.core.model import Post

_LIKENESS = 82.0
"""Score (0 to 100, rapidfuzz) from which a planned caption and a published one count as the same."""
_SHORT_LIKENESS = 95.0
_SHORT_CHARS = 25
"""Shorter captions are like many posts by chance, so they must agree almost to the letter."""
_LEAST_CHARS = 8
_COMPARED_CHARS = 600
_AROUND_PLAN = timedelta(days=7)
_BEFORE_CONSENT = timedelta(days=7)
_AFTER_CONSENT = timedelta(days=14)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_TITLES = frozenset(
    {
        "dr",
        "drs",
        "dra",
        "ir",
        "prof",
        "h",
        "hj",
        "kh",
        "r",
        "rr",
        "rm",
        "bapak",
        "ibu",
        "pak",
        "bu",
        "sdr",
        "sdri",
        "st",
    }
)
_SAME_PERSON = 92.0


class Verdict(msgspec.Struct, frozen=True):
    """What is missing, in Indonesian. ``certain`` is false when the post has too little text to compare."""

    words: str
    certain: bool
    score: float | None = None
    """Likeness (0 to 1) of the nearest entry; None when there was nothing to compare."""


class Approvals:
    """The entries of one unit."""

    def __init__(self, rows: Iterable[Approval], zone: ZoneInfo) -> None:
        self._zone = zone
        self._rows = sorted(rows, key=lambda row: (row.approved_at, row.url_or_caption, row.approved_by))
        self._begun = min(local_day(_earliest(row), zone) for row in self._rows)

    def covers(self, post: Post) -> bool:
        """True for posts from the day of the first entry on: before that the unit kept no book."""
        return local_day(post.published_at, self._zone) >= self._begun

    def verdict(self, post: Post, operators: Sequence[str]) -> Verdict | None:
        """None when a superior had agreed before the post appeared; otherwise what is wrong."""
        candidates = [row for row in self._rows if row.platform in ("", post.platform)]
        text = _caption(post.text or post.image_text)
        scored = [(_likeness(post, text, row), row) for row in candidates]
        matches = [row for score, row in scored if score >= 1.0]
        if not matches:
            best = max((score for score, _ in scored), default=None)
            readable = len(text) >= _LEAST_CHARS
            why = "" if readable else " (unggahan hampir tanpa teks, sehingga sukar dicocokkan)"
            return Verdict(f"tidak ada catatan persetujuan yang cocok dengan unggahan ini{why}", readable, best)
        others = [row for row in matches if not _is_one_of(row.approved_by, operators)]
        if not others:
            return Verdict(f"disetujui oleh pengelola akun sendiri: {matches[0].approved_by}", True)
        first = others[0]
        if first.approved_at > post.published_at:
            when = f"{first.approved_at.astimezone(self._zone):%d-%m-%Y %H.%M}"
            return Verdict(f"persetujuan {first.approved_by} baru tercatat {when}, sesudah unggahan terbit", True)
        return None


def _earliest(row: Approval) -> datetime:
    return min(row.approved_at, row.planned_at or row.approved_at)


def _likeness(post: Post, text: str, row: Approval) -> float:
    """How near an entry is to a post, 0 to 1; 1 means that it is the entry of this post."""
    links = _LINK.findall(row.url_or_caption)
    if links:
        if any(_same_link(link, post) for link in links):
            return 1.0
        if len(_caption(row.url_or_caption)) < _LEAST_CHARS:
            return 0.0
    if not _in_time(post.published_at, row):
        return 0.0
    planned = _caption(row.url_or_caption)
    needed = _SHORT_LIKENESS if min(len(planned), len(text)) < _SHORT_CHARS else _LIKENESS
    whole = fuzz.token_sort_ratio(planned, text)
    # A caption is often noted in part; a post much shorter than the note would be "part" of any long note by chance.
    part = fuzz.partial_ratio(planned, text) if len(planned) <= len(text) else fuzz.ratio(planned, text)
    score: float = max(whole, part)
    return 1.0 if score >= needed else min(score / 100, 0.99)


def _in_time(published: datetime, row: Approval) -> bool:
    if row.planned_at is not None and abs(published - row.planned_at) <= _AROUND_PLAN:
        return True
    return row.approved_at - _BEFORE_CONSENT <= published <= row.approved_at + _AFTER_CONSENT


def _caption(text: str) -> str:
    """Folded words without links, cut to a comparable length."""
    folded = fold_light(_LINK.sub(" ", text))
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())[:_COMPARED_CHARS]


def _same_link(link: str, post: Post) -> bool:
    site, name = _link_name(link)
    if not name:
        return False
    return (site, name) == _link_name(post.url) or (name == post.post_id and site in ("", post.platform))


def _link_name(link: str) -> tuple[str, str]:
    """Platform (as far as the host tells it) and the part of the address that names the post."""
    try:
        parts = urlsplit(link.strip().rstrip(".,;)"))
    except ValueError:
        return "", ""
    host = re.sub(r"^(?:www|m|mobile|web)\.", "", parts.netloc.lower())
    site = {"twitter.com": "x", "x.com": "x", "instagram.com": "instagram", "facebook.com": "facebook"}.get(host, host)
    site = {"youtube.com": "youtube", "youtu.be": "youtube", "tiktok.com": "tiktok"}.get(site, site)
    query = parse_qs(parts.query)
    named = next((query[key][0] for key in ("v", "story_fbid", "fbid") if key in query), "")
    segments = [part for part in parts.path.split("/") if part]
    return site, named or (segments[-1] if segments else "")


def _is_one_of(name: str, operators: Sequence[str]) -> bool:
    ours = _person(name)
    return (
        any(fuzz.ratio(ours, _person(other)) >= _SAME_PERSON for other in operators if _person(other))
        if ours
        else False
    )


def _person(name: str) -> str:
    """A name without titles before it, degrees after it, and order."""
    folded = fold_light(name.split(",")[0])
    words = "".join(c if c.isalpha() else " " for c in folded).split()
    return " ".join(sorted(word for word in words if word not in _TITLES))
