"""``pantau accounts``: the register, and what is known of each account's silence."""

import sys
from collections import Counter
from pathlib import Path

import click

from jobs import exit_codes
from jobs.commands.common import each_office, job_of, office_option
from jobs.commands.session import command as session
from jobs.commands.tiktok_login import command as tiktok_login
from jobs.wiring import Job
from pantau.accounts.registry import Placed
from pantau.core.clock import local_day


@click.group(name="accounts")
def command() -> None:
    """The register of units and accounts."""


command.add_command(session)
command.add_command(tiktok_login)


@command.command()
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def check(ctx: click.Context) -> int:
    """Validate settings, register, side files and rules; nothing is read from outside."""
    return each_office(ctx, _check)


def _check(job: Job) -> int:
    from jobs.wiring import watched_platforms

    register = job.register
    with_account = {account.unit for account in register.accounts}
    click.echo(
        f"{len(register.units)} unit, {len(register.accounts)} akun, {len(register.units) - len(with_account)} unit tanpa akun."
    )
    for platform, number in sorted(Counter(account.platform for account in register.accounts).items()):
        state = "dipantau" if platform in watched_platforms(job.settings) else "terdaftar, belum dipantau"
        click.echo(f"  {platform:<12} {number:>5} akun  {state}")
    return 0


@command.command()
@click.argument("unit", required=False)
@office_option()
@click.pass_context
def status(ctx: click.Context, unit: str | None) -> int:
    """The silence ledger: each account's state as of the last night."""
    from jobs.wiring import open_store

    job = job_of(ctx)
    names = {item.code: item.name for item in job.register.units}
    if unit and unit not in names:
        raise click.UsageError(f"Tidak ada unit {unit!r} di daftar akun; pakai kodenya.")
    with open_store(job.settings.database_url) as store:
        nights = [
            run for run in store.runs.recent(1000) if run.kind in ("nightly", "demo") and run.status == "finished"
        ]
        if not nights:
            click.echo("Belum ada malam yang selesai.")
            return 0
        zone = job.settings.zone
        click.echo(f"Menurut {nights[0].run_id} ({nights[0].as_of.astimezone(zone):%d-%m-%Y %H:%M})")
        labels = {
            account.key: account.label
            for account in store.accounts.sync(job.register.accounts, local_day(nights[0].as_of, zone))
        }
        for item in store.observations.of_run(nights[0].run_id):
            if unit and item.unit != unit:
                continue
            last = f"{item.last_post_at.astimezone(zone):%d-%m-%Y}" if item.last_post_at else "-"
            days = f"{item.silent_days}/{item.limit_days} hari" if item.limit_days else ""
            where = labels.get(item.account, "tanpa akun")
            click.echo(
                f"{item.state:<13} {names.get(item.unit, item.unit)}  {where}  terakhir {last}  {days}  {item.reason}".rstrip()
            )
    return 0


@command.command()
@click.argument("platforms", nargs=-1, metavar="[PLATFORM...]")
@click.option("--only", multiple=True, metavar="UNIT", help="only the accounts of these unit codes; repeatable")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="write the register with the proposed changes to this file; the register itself is never changed",
)
@click.option("--yes", is_flag=True, help="do not ask before spending money on X")
@office_option()
@click.pass_context
def lookup(
    ctx: click.Context, platforms: tuple[str, ...], only: tuple[str, ...], output: Path | None, yes: bool
) -> int:
    """Ask the platforms who the registered accounts are now: numbers, changed handles, accounts that are gone.

    Exit code 0: all were checked, 1: some could not be, 2: settings, or not confirmed; nothing was asked.
    """
    from jobs.lock import run_lock
    from jobs.looking_up import look_up
    from jobs.lookup_report import diff, estimate, report
    from jobs.progress import make_progress
    from jobs.wiring import identify_usd, open_store, site_of, watched_platforms
    from pantau.accounts.proposal import proposal
    from pantau.accounts.registry import placed_accounts

    job = job_of(ctx)
    register = job.settings.path(job.settings.files.accounts)
    if output is not None and output.resolve() == register.resolve():
        raise click.UsageError(f"--output {output}: itu daftar akun sendiri. Pilih berkas lain, lalu bandingkan.")
    watched = watched_platforms(job.settings)
    chosen = _chosen(job, placed_accounts(register), platforms, only)
    wanted = [placed.account for placed in chosen if placed.account.platform in watched]
    if not wanted:
        raise click.UsageError("Tidak ada akun yang dapat diperiksa: platformnya belum disetel, atau daftarnya kosong.")
    usd = identify_usd(wanted)
    click.echo(estimate(dict(Counter(account.platform for account in wanted)), usd), err=True)
    if usd and not yes and not _confirmed():
        click.echo("Tidak dijalankan; tambahkan --yes bila biaya itu disetujui.", err=True)
        return exit_codes.BAD_CONFIGURATION
    site, progress = site_of(job), make_progress()
    with run_lock(job.settings.shared_dir), open_store(job.settings.database_url) as store:
        try:
            result = look_up(site, store, chosen, watched, progress)
        finally:
            progress.stop()
    click.echo(report(result, {unit.code: unit.name for unit in job.register.units}))
    click.echo(diff(result.changes), nl=False)
    if output is not None and result.changes:
        output.write_bytes(proposal(register, result.changes))
        click.echo(f"Usulan ditulis ke {output}. Periksa, lalu gantikan {register.name} dengannya.", err=True)
    failed = any(answer.state == "unread" for answer in result.answers)
    return exit_codes.INCOMPLETE if failed else exit_codes.DONE


def _chosen(job: Job, placed: list[Placed], platforms: tuple[str, ...], only: tuple[str, ...]) -> list[Placed]:
    """The accounts asked for. Raises ``click.UsageError`` for a platform or unit that the register does not have."""
    from jobs.wiring import watched_platforms

    watched = watched_platforms(job.settings)
    if unknown := [platform for platform in platforms if platform not in watched]:
        known = ", ".join(sorted(watched)) or "belum ada"
        raise click.UsageError(f"{', '.join(unknown)}: tidak dipantau. Menurut setelan dipantau: {known}.")
    codes = {unit.code for unit in job.register.units}
    if unknown := [code for code in only if code not in codes]:
        raise click.UsageError(f"--only {', '.join(unknown)}: kode unit tidak ada di daftar akun.")
    return [
        one
        for one in placed
        if (not platforms or one.account.platform in platforms) and (not only or one.account.unit in only)
    ]


def _confirmed() -> bool:
    return sys.stdin.isatty() and click.confirm("Lanjutkan?", err=True)
