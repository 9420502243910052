"""``pantau audit``."""

from datetime import date

import click

from jobs.commands.common import DayType, job_of, office_option


@click.group(name="audit")
def command() -> None:
    """The log of what was decided, flagged and sent. Entries are only ever added."""


@command.command()
@click.option("--head", default="", help='"Sidik jejak" as printed in a mailed copy, to look for (at least 16 signs)')
@office_option()
@click.pass_context
def verify(ctx: click.Context, head: str) -> int:
    """Whether the log is whole, and the database still says what it says. Exit code 1 when not."""
    from jobs import exit_codes
    from jobs.auditing import verify_audit
    from jobs.wiring import open_store

    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        verdict = verify_audit(store, head)
    for line in verdict.lines:
        click.echo(line)
    return exit_codes.DONE if verdict.good else exit_codes.INCOMPLETE


@command.command()
@click.option("--from", "first", type=DayType(), help="first local day  [default: the beginning]")
@click.option("--to", "last", type=DayType(), help="last local day  [default: today]")
@office_option()
@click.pass_context
def show(ctx: click.Context, first: date | None, last: date | None) -> int:
    """The entries of some days, oldest first."""
    from jobs.auditing import told
    from jobs.wiring import open_store
    from pantau.core.clock import day_end, day_start

    job = job_of(ctx)
    zone = job.settings.zone
    start, end = day_start(first, zone) if first else None, day_end(last, zone) if last else None
    with open_store(job.settings.database_url) as store:
        for line in told(store, zone, start, end):
            click.echo(line)
    return 0
