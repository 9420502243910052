"""``pantau daemon``: the loop of the ``schedule`` library, for hosts without cron."""

import time

import click

from jobs.commands.common import installation_of, job_of


@click.command(name="daemon")
@click.option(
    "--at", default="21:00", show_default=True, metavar="HH:MM", help="time of day, in the office's time zone"
)
@click.option("--once", is_flag=True, help="run what is due now and stop (for trying it out)")
@click.pass_context
def command(ctx: click.Context, at: str, once: bool) -> int:
    """Run every night by itself, for hosts without cron."""
    import schedule

    from jobs import exit_codes
    from jobs.__main__ import run

    installation = installation_of(ctx)
    office = installation.shared.office
    if not installation.several:
        job_of(ctx)  # a mistake in the register shows at once; with several, each night tells each office's own
    last = exit_codes.DONE

    def night() -> None:
        nonlocal last
        last = run(["-c", str(ctx.obj), "nightly"])

    scheduler = schedule.Scheduler()
    try:
        scheduler.every().day.at(at, office.timezone).do(night)
    except schedule.ScheduleValueError as error:
        raise click.UsageError(f"--at {at!r} bukan jam; tulis misalnya 21:00.") from error
    click.echo(f"Menunggu pukul {at} ({office.timezone}). Hentikan dengan Ctrl+C.", err=True)
    if once:
        scheduler.run_all()
        return last
    while True:
        scheduler.run_pending()
        time.sleep(min(60.0, max(1.0, scheduler.idle_seconds or 1.0)))
