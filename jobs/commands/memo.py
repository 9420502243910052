"""``pantau memo``."""

from datetime import date
from pathlib import Path

import click

from jobs.commands.common import DayType, job_of, office_option


@click.command(name="memo")
@click.argument("key", required=False)
@click.option("--thanks", "unit", metavar="UNIT", help="a letter of thanks to this unit (code or name) instead")
@click.option("--from", "first", type=DayType(), help="with --thanks: first day (WIB), included")
@click.option("--to", "last", type=DayType(), help="with --thanks: last day (WIB), included")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="the DOCX file to write")
@office_option()
@click.pass_context
def command(
    ctx: click.Context, key: str | None, unit: str | None, first: date | None, last: date | None, output: Path
) -> int:
    """Draft a letter (nota dinas): ask the head of a unit about the finding KEY, or thank a unit for good work."""
    from jobs.clock import now_utc
    from jobs.letters import memo_of, thanks_of
    from jobs.wiring import open_store
    from pantau.digest.memo import MemoError

    if (key is None) == (unit is None):
        raise click.UsageError("Sebut satu KODE temuan, atau --thanks UNIT dengan --from dan --to.")
    if unit is not None and (first is None or last is None or last < first):
        raise click.UsageError("--thanks perlu --from dan --to, misalnya --from 2026-11-01 --to 2026-11-30.")
    job = job_of(ctx)
    try:
        with open_store(job.settings.database_url) as store:
            if unit is not None and first is not None and last is not None:
                draft = thanks_of(job, store, unit, first, last, now_utc())
            else:
                draft = memo_of(job, store, key or "", now_utc())
    except MemoError as error:
        raise click.UsageError(str(error)) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(draft)
    click.echo(f"{output}: konsep nota dinas. Isi tanggal, nomor dan tenggat, lalu periksa sebelum ditandatangani.")
    return 0
