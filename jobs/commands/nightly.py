"""``pantau nightly``."""

import sys
from datetime import datetime

import click

from jobs.commands.common import MomentType, job_of


@click.command(name="nightly")
@click.option("--as-of", type=MomentType(), help="act as if it were this time (WIB)  [default: now]")
@click.option("--dry-run", is_flag=True, help="collect, check and render; freeze nothing, open no mail connection")
@click.option("--no-send", is_flag=True, help="freeze the digest but leave its mails in the outbox for the next run")
@click.pass_context
def command(ctx: click.Context, as_of: datetime | None, dry_run: bool, no_send: bool) -> int:
    """Tonight's run: collect, check, mail the digest."""
    from jobs.delivering import ping, tell_operator
    from jobs.digesting import run_folder
    from jobs.lock import run_lock
    from jobs.nightly import run_night
    from jobs.progress import make_progress
    from jobs.wiring import open_store, site_of

    job = job_of(ctx)
    site = site_of(job)
    with run_lock(job.settings.state_dir), open_store(job.settings.database_url) as store:
        ping(site, "start")
        progress, result = make_progress(), None
        try:
            result = run_night(site, store, as_of or site.now(), progress, dry_run=dry_run, send=not no_send)
        finally:
            progress.stop()
            if result is None:  # whatever ended the night, somebody hears of it; main() turns it into an exit code
                ping(site, "fail")
                what = str(sys.exc_info()[1] or "tidak diketahui")
                tell_operator(site, "pekerjaan malam berhenti", (what,), "Jalankan pantau doctor, lalu pantau nightly.")
        ping(site, "" if result.exit_code == 0 else "fail")
        if result.exit_code == 3 and not dry_run:
            remedy = "Periksa server surel dengan pantau doctor. Berkas .eml ada di folder hasil malam ini."
            tell_operator(
                site, "ringkasan tidak sampai ke semua penerima", (result.summary,), remedy, result.run.run_id
            )
        click.echo(result.summary)
        click.echo(f"Hasil: {run_folder(site, result.run)}", err=True)
        return result.exit_code
