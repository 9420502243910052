"""Sums over many nights, as the store makes them and the weekly and monthly editions use them."""

from datetime import date, datetime
from typing import Literal

import msgspec

from pantau.core.model import AccountState, Category, Decision, Finding, Strength

PeriodKind = Literal["week", "month", "span"]
"""A calendar week (Monday to Sunday), a calendar month, or days that somebody chose."""


class PostCount(msgspec.Struct, frozen=True):
    """How many posts of one category an account published; the category is empty for posts without one."""

    account: str
    category: Category | Literal[""]
    posts: int


class StateCount(msgspec.Struct, frozen=True):
    """In how many nights an account was in one state; ``intended``: not read because nobody meant to read it."""

    account: str
    state: AccountState
    intended: bool
    nights: int


class NightSums(msgspec.Struct, frozen=True, kw_only=True):
    """One local day: what its night found, in the measures of the digest's trend. ``None``: the day has no night."""

    day: date
    posts: int
    """Posts published on that day."""
    flagged: int | None = None
    """Posts with a flag."""
    quiet: int | None = None
    unread: int | None = None
    """Watched accounts that could not be read."""


class PeriodFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that some night of the period reported, once, with what became of it so far."""

    finding: Finding
    strength: Strength
    """The strongest that any night of the period gave it."""
    first_at: datetime
    """``as_of`` of the first run ever that reported it."""
    decision: Decision | None = None
    """The last one, if any."""


Change = Literal["removed", "edited"]


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """One flag about a post that was taken down, or edited so that the rule is silent about it; a post may have several flags.

    Pantau looks once a night, so the change lies between two instants: still there, and no longer.
    """

    finding_key: str
    post: str
    unit: str
    change: Change
    flagged_at: datetime
    """``as_of`` of the first run that flagged it: from then on the unit could know."""
    seen_until: datetime
    """When the post was last seen; of one that was edited, when its wording before that was first seen."""
    corrected_by: datetime
    """When it was first seen gone or changed. An upper bound of the true instant."""
    noticed_at: datetime
    """``as_of`` of the run that made it sure: of a removed post the second one that missed it."""

    @property
    def hours(self) -> float:
        """From the flag to ``corrected_by``: at most so many hours it took."""
        return max(0.0, (self.corrected_by - self.flagged_at).total_seconds() / 3600)


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Everything counted over the local days ``first`` to ``last``, both included."""

    first: date
    last: date
    days: tuple[NightSums, ...] = ()
    """Every day of the span in order, also those without a night."""
    posts: tuple[PostCount, ...] = ()
    states: tuple[StateCount, ...] = ()
    findings: tuple[PeriodFinding, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def nights(self) -> int:
        """How many of the days have a night."""
        return sum(day.flagged is not None for day in self.days)
