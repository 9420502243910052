"""``pantau purge``."""

from datetime import datetime, timedelta
from functools import partial

import click

from jobs.commands.common import each_office, office_option
from jobs.wiring import Job


@click.command(name="purge")
@click.option("--dry-run", is_flag=True, help="only say what would go")
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def command(ctx: click.Context, dry_run: bool) -> int:
    """Apply the retention rules of the settings."""
    return each_office(ctx, partial(_purge, dry_run=dry_run))


def _purge(job: Job, *, dry_run: bool) -> int:
    from jobs.clock import now_utc
    from jobs.lock import run_lock
    from jobs.run_folders import remove_leftovers, remove_run_folders
    from jobs.wiring import open_store
    from pantau.checks.personal import mask_personal

    settings, now = job.settings, now_utc()
    keep = settings.retention

    def limit(days: int) -> datetime | None:
        return now - timedelta(days=days) if days else None

    with run_lock(settings.shared_dir), open_store(settings.database_url) as store:
        folders = remove_run_folders(settings, store, now, dry_run=dry_run)
        leftovers = remove_leftovers(settings, now, dry_run=dry_run)
        purged = store.purge(
            raw_before=limit(keep.raw_days),
            pictures_before=limit(keep.pictures_days),
            personal_before=limit(keep.personal_days),
            posts_before=limit(keep.posts_days),
            findings_before=limit(keep.findings_days),
            decisions_before=limit(keep.decisions_days),
            audit_before=limit(keep.audit_days),
            wires_before=limit(keep.mails_days),
            mask=mask_personal,
            at=now,
            dry_run=dry_run,
        )
    click.echo(
        f"{'Akan dihapus' if dry_run else 'Dihapus'}: {purged.raws} jawaban mentah, {purged.posts} unggahan, "
        f"{purged.pictures} unggahan tanpa keterangan gambarnya, {purged.findings} temuan, {purged.documents} ringkasan, "
        f"{purged.decisions} keputusan, {purged.audit} catatan jejak, {purged.wires} isi surel, "
        f"{purged.letters} nama penulis surat masuk, {folders} folder malam, {leftovers} salinan lama. "
        f"Nomor warga disamarkan di {purged.personal} unggahan."
    )
    return 0
