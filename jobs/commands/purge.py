"""``pantau purge``."""

from datetime import timedelta

import click

from jobs.commands.common import each_office, office_option
from jobs.wiring import Job


@click.command(name="purge")
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def command(ctx: click.Context) -> int:
    """Apply the retention rules of the settings."""
    return each_office(ctx, _purge)


def _purge(job: Job) -> int:
    from jobs.clock import now_utc
    from jobs.lock import run_lock
    from jobs.run_folders import remove_run_folders
    from jobs.wiring import open_store

    keep = job.settings.retention
    now = now_utc()
    with run_lock(job.settings.shared_dir), open_store(job.settings.database_url) as store:
        purged = store.purge(
            raw_before=now - timedelta(days=keep.raw_days) if keep.raw_days else None,
            posts_before=now - timedelta(days=keep.posts_days) if keep.posts_days else None,
            wires_before=now - timedelta(days=keep.mails_days) if keep.mails_days else None,
            at=now,
        )
        folders = remove_run_folders(job.settings, store, now)
    click.echo(
        f"Dihapus: {purged.raws} jawaban mentah, {purged.posts} unggahan, {purged.wires} isi surel, "
        f"{purged.letters} nama penulis surat masuk, {folders} folder malam."
    )
    return 0
