"""``pantau rerun``."""

from datetime import date
from pathlib import Path

import click

from jobs import exit_codes
from jobs.commands.common import DayType, job_of
from jobs.commands.output import emit, output_option


@click.command(name="rerun")
@click.option("--from", "first", type=DayType(), required=True, help="first day (WIB), included")
@click.option("--to", "last", type=DayType(), required=True, help="last day (WIB), included")
@click.option("--refetch", is_flag=True, help="read every account again, not only what is missing (may cost money)")
@click.option("--send", is_flag=True, help="mail a correction notice with what changed")
@click.option("--only", multiple=True, metavar="UNIT", help="only these unit codes; repeatable")
@output_option
@click.pass_context
def command(
    ctx: click.Context, first: date, last: date, refetch: bool, send: bool, only: tuple[str, ...], output: Path | None
) -> int:
    """Check a range of days again with today's rules and report exactly what changed."""
    from jobs.correcting import send_correction
    from jobs.lock import run_lock
    from jobs.progress import make_progress
    from jobs.rerun import rerun
    from jobs.wiring import open_store, site_of
    from pantau.digest.correction import CorrectionRenderer

    if last < first:
        raise click.UsageError(f"--to {last} lebih awal daripada --from {first}; tukar keduanya.")
    job = job_of(ctx)
    known = {unit.code for unit in job.register.units}
    unknown = [code for code in only if code not in known]
    if unknown:
        raise click.UsageError(f"--only {', '.join(unknown)}: kode unit tidak ada di daftar akun.")
    site = site_of(job)
    with run_lock(job.settings.state_dir), open_store(job.settings.database_url) as store:
        result = rerun(site, store, first, last, make_progress(), refetch=refetch, only=only)
        code = exit_codes.INCOMPLETE if result.unread or result.failures else exit_codes.DONE
        for note in result.notes:
            click.echo(note, err=True)
        emit(CorrectionRenderer().correction_text(result.correction), output)
        if send:
            report = send_correction(site, store, result)
            click.echo(f"Surel: {report.summary()}", err=True)
            code = code if report.complete else exit_codes.NOT_DELIVERED
        store.runs.finish(result.run.run_id, site.now(), code, f"{len(result.correction.changes)} perubahan")
        return code
