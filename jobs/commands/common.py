"""What several commands share: the job behind ``--config`` and dates as people type them."""

from pathlib import Path

import click

from jobs.clock import now_utc
from jobs.commands.moments import DayType, MomentType
from jobs.wiring import Job, load_job
from pantau.core.clock import local_day
from pantau.core.settings_file import load_settings

__all__ = ["DayType", "MomentType", "job_of"]


def job_of(ctx: click.Context) -> Job:
    """Everything behind ``--config``, validated, as of today in the office's zone. Raises ``ProblemsError``."""
    config: Path = ctx.obj
    return load_job(config, local_day(now_utc(), load_settings(config).zone))
