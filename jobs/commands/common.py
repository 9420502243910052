"""What several commands share: the job behind ``--config`` and dates as people type them."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from jobs.clock import now_utc
from jobs.wiring import Job, load_job
from pantau.core.clock import WIB, local_day


class MomentType(click.ParamType[datetime]):
    """``2026-08-26``, ``2026-08-26T21:00`` (WIB) or with an offset. A bare day means its end."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} bukan waktu; tulis misalnya 2026-08-26T21:00", param, ctx)
        if len(value) == 10:
            moment = moment.replace(hour=23, minute=59, second=59)
        return (moment if moment.tzinfo else moment.replace(tzinfo=WIB)).astimezone(UTC)


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


def job_of(ctx: click.Context) -> Job:
    """Everything behind ``--config``, validated. Raises ``ProblemsError``."""
    config: Path = ctx.obj
    return load_job(config, local_day(now_utc()))
