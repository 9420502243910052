"""What time it is by the other side's clock: ours may be slow, and what is fresh then seems to lie in the future."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

CLOCKS_APART = timedelta(days=1)
"""A clock that is further ahead of ours than this is the other side's mistake."""


def told_at(headers: Mapping[str, str]) -> datetime | None:
    """The time that an answer names (header ``date``, any case of the mapping); None when it names none."""
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


class OtherClock:
    """How far a service's clock was ahead of ours when it last answered."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def hear(self, headers: Mapping[str, str], now: datetime) -> None:
        """Take note of an answer that came at ``now`` by our clock."""
        told = told_at(headers)
        if told is not None:
            self._ahead = told - now if timedelta() < told - now <= CLOCKS_APART else timedelta()

    def later(self, now: datetime) -> datetime:
        """The later of ``now`` by our clock and the same instant by the service's."""
        return now + self._ahead
