"""What the office writes down besides the register: situations, excuses, approvals, trips. Local days; all frozen."""

from datetime import date, datetime

import msgspec


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A hardship or season in an area, both days included. ``area_codes`` empty means the whole region."""

    start: date
    end: date
    area_codes: tuple[str, ...]
    kind: str
    title: str


class Excuse(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's accepted reason for silence, both days included."""

    unit: str
    start: date
    end: date
    reason: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A superior's consent before upload."""

    unit: str
    platform: str
    planned_at: datetime | None
    url_or_caption: str
    approved_by: str
    approved_at: datetime


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """A reported trip, both days included."""

    unit: str
    traveller: str
    destination: str
    country: str
    start: date
    end: date
    reported_at: date | None = None
    permit_no: str = ""
