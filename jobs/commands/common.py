"""What several commands share: the job behind ``--config`` and ``--office``, and dates as people type them."""

from collections.abc import Callable
from pathlib import Path

import click

from jobs.clock import now_utc
from jobs.commands.moments import DayType, MomentType
from jobs.commands.offices import chosen_office, office_option
from jobs.endings import ending
from jobs.wiring import Job, job_in
from pantau.core.clock import local_day
from pantau.core.errors import PantauError
from pantau.core.settings_offices import Installation, load_installation

__all__ = ["DayType", "MomentType", "chosen_office", "each_office", "installation_of", "job_of", "office_option"]


def installation_of(ctx: click.Context) -> Installation:
    """The settings of all offices. Raises ``ProblemsError``."""
    config: Path = ctx.obj
    return load_installation(config)


def job_of(ctx: click.Context) -> Job:
    """Everything of the chosen or only office, validated, as of today in its zone.

    Raises ``ProblemsError``, and ``OfficeError`` when there are several and none was chosen.
    """
    return _job(ctx, installation_of(ctx), chosen_office(ctx))


def _job(ctx: click.Context, installation: Installation, code: str) -> Job:
    return job_in(installation, code, ctx.obj, local_day(now_utc(), installation.office(code).zone))


def each_office(ctx: click.Context, act: Callable[[Job], int], *, headings: bool = True) -> int:
    """Do something for the chosen office, or else for each under a heading; the highest of their exit codes.

    What goes wrong with one of several is said, and the others have their turn.
    """
    installation, chosen = installation_of(ctx), chosen_office(ctx)
    if chosen or not installation.several:
        return act(_job(ctx, installation, chosen))
    codes = []
    for settings in installation.offices:
        click.echo(f"== {settings.office.name} ({settings.code})", err=not headings)
        try:
            codes.append(act(_job(ctx, installation, settings.code)))
        except PantauError as error:
            end = ending(error)
            click.echo("\n".join(end.lines), err=True)
            codes.append(end.exit_code)
    return max(codes)
