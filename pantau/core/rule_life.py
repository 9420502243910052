"""How rules fare with the people who decide about findings: nouns that store, checks, jobs and digest share."""

from datetime import datetime

import msgspec

from pantau.core.model import Decision, Strength

RECORD_DAYS = 30
"""How many days of reports a rule's record looks back."""


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as one night reported it."""

    key: str
    rule_id: str
    rule_version: int
    strength: Strength
    at: datetime
    """The night's ``as_of``."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The decision in effect about a finding, and when Pantau learnt of it."""

    decision: Decision
    recorded_at: datetime


class Demotion(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that only logs because too many of its findings were dismissed."""

    rule_id: str
    rule_version: int
    since: datetime
    """The night (its ``as_of``) from which on it only logs."""
    dismissed: int
    decided: int
    """Findings dismissed, and decided about at all, in the days before ``since``."""
    days: int = RECORD_DAYS
