"""``pantau nightly``."""

from datetime import datetime
from pathlib import Path

import click

from jobs import exit_codes
from jobs.commands.common import MomentType, chosen_office, installation_of, job_of, office_option
from jobs.commands.moments import in_zone
from pantau.core.settings import Settings

_ONLY = "read only this platform (may be repeated); the digest is only shown, what was read comes into the next one"


@click.command(name="nightly")
@click.option("--as-of", type=MomentType(), help="act as if it were this time (the office's zone)  [default: now]")
@click.option("--dry-run", is_flag=True, help="collect, check and render; freeze nothing, open no mail connection")
@click.option("--no-send", is_flag=True, help="freeze the digest but leave its mails in the outbox for the next run")
@click.option("--only", "platforms", multiple=True, metavar="PLATFORM", help=_ONLY)
@office_option("only this office, where the installation has several  [default: all]")
@click.pass_context
def command(
    ctx: click.Context, as_of: datetime | None, dry_run: bool, no_send: bool, platforms: tuple[str, ...]
) -> int:
    """Tonight's run: collect, check, mail the digest."""
    from contextlib import nullcontext

    from jobs.delivering import tell_operator
    from jobs.editions import run_folder
    from jobs.heartbeat import failure_told, ping, went_well
    from jobs.lock import run_lock
    from jobs.nightly import run_night
    from jobs.progress import make_progress
    from jobs.sharding import on_cluster
    from jobs.wiring import open_store, site_of

    installation = installation_of(ctx)
    only = _watched(installation.shared, platforms)
    if installation.several:
        from jobs.commands.nightly_offices import Wish, night_of_offices

        wish = Wish(as_of=as_of, dry_run=dry_run, send=not no_send, only=tuple(only), office=chosen_office(ctx))
        config: Path = ctx.obj
        return night_of_offices(installation, config, wish)
    job = job_of(ctx)
    site = site_of(job)
    real = not dry_run and not only  # a trial stands for no night: it neither pings nor mails
    with run_lock(job.settings.shared_dir), failure_told(site) if real else nullcontext(), on_cluster(site) as site:
        if real:
            ping(site, "start")
        with open_store(job.settings.database_url) as store:
            progress = make_progress()
            try:
                moment = in_zone(as_of, job.settings.zone) if as_of else site.now()
                result = run_night(site, store, moment, progress, dry_run=dry_run, send=not no_send, only=only)
            finally:
                progress.stop()
            if real:
                ping(site, "" if went_well(store, result.run, result.exit_code) else "fail")
            if result.exit_code == exit_codes.NOT_DELIVERED and real:
                remedy = "Periksa server surel dengan pantau doctor. Berkas .eml ada di folder hasil malam ini."
                tell_operator(
                    site, "ringkasan tidak sampai ke semua penerima", (result.summary,), remedy, result.run.run_id
                )
        click.echo(result.summary)
        click.echo(f"Hasil: {run_folder(site, result.run)}", err=True)
        return result.exit_code


def _watched(settings: Settings, platforms: tuple[str, ...]) -> list[str]:
    """The wanted platforms, each once."""
    from jobs.wiring import watched_platforms

    watched = watched_platforms(settings)
    if unknown := [platform for platform in platforms if platform not in watched]:
        known = ", ".join(sorted(watched)) or "belum ada"
        raise click.UsageError(f"--only {', '.join(unknown)}: tidak dipantau. Menurut setelan dipantau: {known}.")
    return sorted(set(platforms))
