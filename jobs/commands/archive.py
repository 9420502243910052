"""``pantau archive``: the whole store as a folder of plain pages."""

from datetime import date
from pathlib import Path

import click

from jobs.commands.common import DayType, job_of, office_option


@click.group(name="archive")
def command() -> None:
    """All digests and units as a static site."""


@command.command()
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="folder of the site: a new or empty one, or an earlier archive",
)
@click.option("--since", type=DayType(), help="only nights and posts from this day on  [default: all]")
@click.option(
    "--public-mode",
    is_flag=True,
    help="files that the web server's user can read (0644, folders 0755)  [default: only you, 0600 and 0700]",
)
@office_option()
@click.pass_context
def build(ctx: click.Context, output: Path, since: date | None, public_mode: bool) -> int:
    """Build or renew the site; opens from a disk and behind any web server, asks nothing of the internet."""
    from jobs.archiving import build_archive
    from jobs.lock import lock_at
    from jobs.progress import make_progress
    from jobs.wiring import open_store
    from pantau.digest.archive_site import ArchiveError

    job = job_of(ctx)
    place = output.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    progress = make_progress()
    try:
        with lock_at(place.with_name(f".{place.name}.kunci")), open_store(job.settings.database_url) as store:
            report = build_archive(job, store, output, progress, since=since, public=public_mode)
    except ArchiveError as error:
        raise click.ClickException(str(error)) from error
    finally:
        progress.stop()
    click.echo(f"Arsip   : {report.folder / 'index.html'}")
    click.echo(f"Isi     : {report.nights} malam, {report.posts} unggahan")
    click.echo(f"Berkas  : {report.written} ditulis, {report.kept} tetap seperti semula")
    if report.left_out:
        click.echo(
            f"Di luar : {report.left_out} unggahan dari akun yang tidak ada di daftar dan tidak dikenal malam mana pun"
        )
    return 0
