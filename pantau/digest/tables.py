"""The rows of the workbook: everything that a digest rests on, typed, also what its mail has no room for.

Text is clean and masked as in the digest. Times are those of the office, without a zone: spreadsheets know none.
"""

from datetime import date, datetime

import msgspec

from pantau.digest.blocks import Tone


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of tonight, or an earlier one on which nobody has decided."""

    state: str
    """``perlu dicek`` or ``untuk dilihat``."""
    tone: Tone
    level: str
    family: str
    unit: str
    account: str
    published: datetime | None
    quote: str
    message: str
    details: str
    basis: str
    rule: str
    key: str
    first_day: date
    """Local day of the first digest that showed it."""
    times: int
    """In how many digests it stood so far, tonight included."""
    tonight: bool
    """False: found before, and not again tonight."""
    answer: str
    corrected: str
    """How fast its post was taken down or edited, where it was."""
    url: str


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One registered account, or a unit without one. ``None`` is not known or does not apply."""

    unit_code: str
    unit: str
    kind: str
    platform: str
    account: str
    state: str
    silent_days: int | None
    norm_days: int | None
    grace_days: int | None
    day_unit: str
    last_post: datetime | None
    since: date | None
    """Local day on which the present state began."""
    blind_since: datetime | None
    """For accounts that could not be read: the instant up to which everything is known."""
    reason: str
    excluded: str
    """What was taken out of the count of days."""


class PostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One post of tonight's window."""

    published: datetime
    unit: str
    account: str
    what: str
    category: str
    judged: str
    """``perlu dicek``, ``untuk dilihat`` or empty."""
    text: str
    url: str


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one run."""

    made_at: datetime
    """The run's own time, local and without zone; nothing in the file depends on when it was written."""
    zone: str
    """For example ``WIB``."""
    findings: tuple[FindingRow, ...] = ()
    accounts: tuple[AccountRow, ...] = ()
    posts: tuple[PostRow, ...] = ()
