"""What ``jobs`` hands over for the archive: plain data, complete, in the nouns of the store."""

from collections.abc import Callable
from datetime import date, datetime

import msgspec

from pantau.core.model import Account, Category, Decision, Family, Finding, Level, Observation, Post, Unit
from pantau.core.periods import Correction
from pantau.core.settings import Office


class ArchiveRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as its page explains it."""

    id: str
    family: Family
    level: Level
    status: str
    version: int
    what: str = ""
    why: str = ""
    basis: str = ""
    message: str = ""
    since: date | None = None
    until: date | None = None
    false_positives: tuple[str, ...] = ()
    cases: tuple[tuple[bool, str, str], ...] = ()
    """Whether it fires, the name of the case, its text."""


class StoredPage(msgspec.Struct, frozen=True):
    """One digest as readers got it."""

    edition: str
    html: bytes


class ArchiveNight(msgspec.Struct, frozen=True, kw_only=True):
    """One night."""

    run_id: str
    day: date
    window: tuple[datetime, datetime]
    finished: bool
    headline: str = ""
    """First sentence of its digest; empty when it has none."""
    flags: int
    """Posts to be checked, as its digest counted them."""
    reviews: int
    quiet: int
    unread: int
    findings: tuple[Finding, ...]
    observations: tuple[Observation, ...]
    pages: tuple[StoredPage, ...] = ()


class ArchiveRerun(msgspec.Struct, frozen=True, kw_only=True):
    """A range of days that was checked again. ``sent``: readers got its correction notice."""

    run_id: str
    day: date
    window: tuple[datetime, datetime]
    sent: bool
    findings: tuple[Finding, ...]
    pages: tuple[StoredPage, ...] = ()


class ArchiveMonth(msgspec.Struct, frozen=True, kw_only=True):
    """The posts that were published in one local month, oldest first."""

    first: date
    posts: tuple[Post, ...]
    categories: dict[str, Category]
    gone: dict[str, datetime]
    """By ``Post.key``, since when a post is not to be seen any more."""


class ArchiveWorld(msgspec.Struct, frozen=True, kw_only=True):
    """What stands still while the pages are made."""

    office: Office
    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]
    rules: tuple[ArchiveRule, ...]
    decisions: dict[str, tuple[Decision, ...]]
    """Every decision per finding key, oldest first, taken back or not."""
    in_effect: dict[str, Decision]
    corrections: dict[str, Correction] = {}
    """By finding key: flags whose post was taken down or edited."""
    corrected_within_hours: int
    fold: Callable[[str], str]
    """What one character becomes when Pantau compares words."""
