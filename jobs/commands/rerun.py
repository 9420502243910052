"""``pantau rerun``."""

from datetime import date
from functools import partial
from pathlib import Path

import click
import msgspec

from jobs import exit_codes
from jobs.commands.common import DayType, chosen_office, each_office, installation_of, office_option
from jobs.commands.output import emit, output_option
from jobs.wiring import Job


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    first: date
    last: date
    refetch: bool
    send: bool
    only: tuple[str, ...]
    output: Path | None


@click.command(name="rerun")
@click.option("--from", "first", type=DayType(), required=True, help="first day (WIB), included")
@click.option("--to", "last", type=DayType(), required=True, help="last day (WIB), included")
@click.option("--refetch", is_flag=True, help="read every account again, not only what is missing (may cost money)")
@click.option("--send", is_flag=True, help="mail a correction notice with what changed")
@click.option("--only", multiple=True, metavar="UNIT", help="only these unit codes; repeatable")
@output_option
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def command(
    ctx: click.Context, first: date, last: date, refetch: bool, send: bool, only: tuple[str, ...], output: Path | None
) -> int:
    """Check a range of days again with today's rules and report exactly what changed."""
    if last < first:
        raise click.UsageError(f"--to {last} lebih awal daripada --from {first}; tukar keduanya.")
    if (only or output) and not chosen_office(ctx) and installation_of(ctx).several:
        raise click.UsageError(
            "--only dan --output perlu --office KODE: tiap kabupaten punya unit dan koreksinya sendiri."
        )
    wish = _Wish(first=first, last=last, refetch=refetch, send=send, only=only, output=output)
    return each_office(ctx, partial(_rerun, wish))


def _rerun(wish: _Wish, job: Job) -> int:
    from jobs.correcting import send_correction
    from jobs.lock import run_lock
    from jobs.progress import make_progress
    from jobs.rerun import rerun
    from jobs.wiring import open_store, site_of
    from pantau.digest.correction import CorrectionRenderer

    known = {unit.code for unit in job.register.units}
    unknown = [code for code in wish.only if code not in known]
    if unknown:
        raise click.UsageError(f"--only {', '.join(unknown)}: kode unit tidak ada di daftar akun.")
    site = site_of(job)
    with run_lock(job.settings.shared_dir), open_store(job.settings.database_url) as store:
        result = rerun(site, store, wish.first, wish.last, make_progress(), refetch=wish.refetch, only=wish.only)
        code = exit_codes.INCOMPLETE if result.unread or result.failures else exit_codes.DONE
        for note in result.notes:
            click.echo(note, err=True)
        emit(CorrectionRenderer().correction_text(result.correction), wish.output)
        if wish.send:
            report = send_correction(site, store, result)
            click.echo(f"Surel: {report.summary()}", err=True)
            code = code if report.complete else exit_codes.NOT_DELIVERED
        store.runs.finish(result.run.run_id, site.now(), code, f"{len(result.correction.changes)} perubahan")
        return code
