"""``pantau probe``: the check of the first day with real keys."""

from pathlib import Path

import click

from jobs.commands.offices import office_option
from jobs.commands.output import emit, output_option


@click.command(name="probe")
@click.option("--platform", "platform", metavar="P", help="only this platform  [default: all]")
@click.option("--accounts", "count", type=click.IntRange(1, 200), default=20, show_default=True, help="per platform")
@click.option(
    "--x-usd",
    type=click.FloatRange(0.10, 50.0),
    default=0.50,
    show_default=True,
    help="most that X may cost, in US dollars",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="keep the raw answers in this new folder, without secrets and without third persons",
)
@output_option
@office_option()
@click.pass_context
def command(
    ctx: click.Context, platform: str | None, count: int, x_usd: float, record: Path | None, output: Path | None
) -> int:
    """Read a few accounts of each platform and say what differs from what is expected; nothing is stored.

    Exit code 0: all as expected, 1: something failed or differed, 2: settings, or nothing that could be read,
    4: a night is running.
    """
    import time

    from jobs.clock import now_utc
    from jobs.commands.common import job_of
    from jobs.lock import run_lock
    from jobs.probe_report import beforehand, report
    from jobs.probing import exit_code, plan, probe
    from jobs.progress import make_progress
    from jobs.recording import prepare
    from jobs.recording import record as write_recording
    from jobs.wiring import known_platforms
    from pantau.core.errors import PantauError

    known = known_platforms()
    if platform is not None and platform not in known:
        raise click.BadParameter(f"{platform!r} tidak dikenal; pilih {', '.join(known)}", param_hint="--platform")
    job = job_of(ctx)
    if record is not None:
        try:
            prepare(record)
        except PantauError as error:
            raise click.BadParameter(str(error), param_hint="--record") from error
    plans = plan(job, [platform] if platform else known, count, x_usd)
    if before := beforehand(plans, x_usd):
        click.echo(before, err=True)
    with run_lock(
        job.settings.shared_dir
    ):  # beside a night it would use up the same limits and exchange the same logins
        results = probe(job, plans, x_usd, now_utc, time.sleep, make_progress())
    text = report(results, now_utc().astimezone(job.settings.zone), x_usd)
    if record is not None:
        written = write_recording(record, results, job.register.accounts, job.settings)
        text += f"\n{written} jawaban disimpan di {record}. Rahasia dan data pihak lain sudah dibuang; periksa sebelum dibagikan.\n"
    emit(text, output)
    return exit_code(results, named=platform is not None)
