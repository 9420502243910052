"""Time zones and the helpers that turn instants into office days. Nothing here asks what time it is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
"""The readers' time zone unless settings say otherwise (UTC+7, no daylight saving)."""


def to_utc(moment: datetime) -> datetime:
    """The same instant in UTC. Raises ``ValueError`` for a naive datetime, whose instant is unknown."""
    if moment.tzinfo is None:
        raise ValueError(f"waktu tanpa zona: {moment.isoformat()}")
    return moment.astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo = WIB) -> date:
    """The calendar day on which an instant falls for a reader in ``zone``."""
    return to_utc(moment).astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo = WIB) -> datetime:
    """The instant (UTC) at which ``day`` begins in ``zone``."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo = WIB) -> datetime:
    """The instant (UTC) at which ``day`` ends in ``zone`` (exclusive)."""
    return day_start(day + timedelta(days=1), zone)


def days_between(start: date, end: date) -> list[date]:
    """Every day from ``start`` up to and including ``end``; empty when ``end`` is earlier."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]
