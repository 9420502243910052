"""The only place that asks what time it is."""

from datetime import UTC, datetime


def now_utc() -> datetime:
    """The system clock."""
    return datetime.now(UTC)
