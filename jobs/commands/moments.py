"""Dates and times as people type them; without anything of the job, so that light commands start at once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click


class MomentType(click.ParamType[datetime]):
    """``2026-08-26``, ``2026-08-26T21:00`` (of the office's zone) or with an offset. A bare day means its end."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """What was typed; without an offset as it is, to be placed by ``in_zone`` once the settings are known."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} bukan waktu; tulis misalnya 2026-08-26T21:00", param, ctx)
        if len(value) == 10:
            moment = moment.replace(hour=23, minute=59, second=59)
        return moment


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant in UTC; one typed without an offset is a time of ``zone``."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


class DayType(click.ParamType[date]):
    """``2026-08-26``."""

    name = "date"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The local day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} bukan tanggal; tulis misalnya 2026-08-26", param, ctx)
