"""``pantau export``."""

from pathlib import Path

import click

from jobs.commands.common import job_of, office_option


@click.command(name="export")
@click.argument("unit")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="folder to make; must not exist")
@office_option()
@click.pass_context
def command(ctx: click.Context, unit: str, output: Path) -> int:
    """All that is held about UNIT (its code), for a request under Law 27/2022.

    Posts with their versions and raw answers, findings with decisions, readings; nothing is masked.
    """
    from jobs.clock import now_utc
    from jobs.exporting import export_unit
    from jobs.wiring import open_store

    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        counts = export_unit(job, store, unit, output, now_utc())
    said = ", ".join(f"{name} {count}" for name, count in counts.items())
    click.echo(f"{output}: {said} baris. Mulai dari BACA-DULU.txt.")
    return 0
