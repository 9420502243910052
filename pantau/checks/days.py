"""Which days count against a silent account, and which night a reading speaks for. Days are local days of the readers."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from pantau.core.clock import days_between, local_day
from pantau.core.ledgers import Excuse
from pantau.core.model import Reading
from pantau.core.settings import TierNorm

_HALF_DAY = timedelta(hours=12)
_SATURDAY = 5


class Silence(msgspec.Struct, frozen=True):
    """Counted days of silence, and what was taken out of the count, in Indonesian words."""

    days: int
    excluded: tuple[str, ...]


class Calendar:
    """Holidays and excuses of all units."""

    def __init__(self, holidays: Collection[date], excuses: Iterable[Excuse]) -> None:
        self._holidays = frozenset(holidays)
        self._excuses: dict[str, list[Excuse]] = {}
        for excuse in sorted(excuses, key=lambda item: (item.unit, item.start, item.end, item.reason)):
            self._excuses.setdefault(excuse.unit, []).append(excuse)

    def excuse(self, unit: str, days: Iterable[date]) -> Excuse | None:
        """The unit's first excuse that covers one of the days."""
        wanted = tuple(days)
        covering = (
            item for item in self._excuses.get(unit, ()) if any(item.start <= day <= item.end for day in wanted)
        )
        return next(covering, None)

    def silence(self, unit: str, norm: TierNorm, first: date, last: date, failed: Collection[date]) -> Silence:
        """The days from ``first`` to ``last`` that count for the unit.

        Weekends do not count where the norm is one of working days; holidays, excused days and ``failed`` days never count.
        A day with several reasons is named once, by the first of these.
        """
        count = holidays = excused = unread = 0
        for day in days_between(first, last):
            if norm.unit == "working" and day.weekday() >= _SATURDAY:
                continue
            if day in self._holidays:
                holidays += 1
            elif self.excuse(unit, (day,)):
                excused += 1
            elif day in failed:
                unread += 1
            else:
                count += 1
        words = []
        words += [f"{holidays} hari libur"] if holidays else []
        words += [f"izin {excused} hari"] if excused else []
        words += [f"{unread} hari tidak terperiksa"] if unread else []
        return Silence(count, tuple(words))


def night_of(moment: datetime, zone: ZoneInfo) -> date:
    """The local day for which a reading speaks: from noon to noon, so that a job at 20:00 and one at 02:00 mean the same day."""
    return local_day(moment - _HALF_DAY, zone)


def failed_days(readings: Iterable[Reading], zone: ZoneInfo) -> frozenset[date]:
    """Days for which every attempt failed or saw only a part. Days without any attempt are not among them, nor those on which it
    was not the account's turn: a complete reading later on proves what happened on them, and nobody was blocked.
    """
    good: set[date] = set()
    bad: set[date] = set()
    for reading in readings:
        if reading.unread_class == "rotation":
            continue
        seen = reading.outcome == "read" and reading.complete
        (good if seen else bad).add(night_of(reading.checked_at, zone))
    return frozenset(bad - good)


def nights(readings: Sequence[Reading], zone: ZoneInfo) -> list[list[Reading]]:
    """Readings grouped by night, newest night first; within a night newest first."""
    grouped: dict[date, list[Reading]] = {}
    for reading in sorted(readings, key=lambda item: item.checked_at, reverse=True):
        grouped.setdefault(night_of(reading.checked_at, zone), []).append(reading)
    return [grouped[night] for night in sorted(grouped, reverse=True)]
