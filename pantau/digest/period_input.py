"""What ``jobs`` hands over for a weekly or monthly edition."""

from datetime import datetime

import msgspec

from pantau.core.model import Account, Category, Cost, Post, Unit
from pantau.core.periods import PeriodKind, Sums
from pantau.core.settings import DigestSettings, Office


class PeriodInput(msgspec.Struct, frozen=True, kw_only=True):
    """Times are aware; local days are those of ``office.timezone``."""

    kind: PeriodKind
    run_id: str = ""
    """The night that brings this edition; empty for one asked for by hand."""
    invented: bool = False
    """True when the nights are those of the demo."""
    office: Office = Office()
    settings: DigestSettings = DigestSettings()
    readers: tuple[str, ...] = ()
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()
    """All registered accounts, also those on platforms that are not collected."""
    now: Sums
    before: Sums | None = None
    """The period before, of the same length; None when the store reaches back no further."""
    candidates: tuple[Post, ...] = ()
    """Useful posts from which model posts may be taken, best candidates first; none of them has a finding."""
    posts: dict[str, Post] = {}
    """By ``Post.key``: those of ``now.findings`` whose text is still kept."""
    categories: dict[str, Category] = {}
    """By ``Post.key``, of the candidates."""
    costs: tuple[Cost, ...] = ()
    """Of the runs of the period, reruns included."""
    costs_before: tuple[Cost, ...] = ()
    unwatched: tuple[str, ...] = ()
    """Platforms that the register holds but that are not collected."""
    made_at: datetime
