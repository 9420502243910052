"""``pantau accounts``: the register, and what is known of each account's silence."""

import click

from jobs.commands.common import job_of
from jobs.commands.session import command as session
from jobs.commands.tiktok_login import command as tiktok_login


@click.group(name="accounts")
def command() -> None:
    """The register of units and accounts."""


command.add_command(session)
command.add_command(tiktok_login)


@command.command()
@click.pass_context
def check(ctx: click.Context) -> int:
    """Validate settings, register, side files and rules; nothing is read from outside."""
    from collections import Counter

    from jobs.wiring import watched_platforms

    job = job_of(ctx)
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
            account.key: account.label for account in store.accounts.sync(job.register.accounts, nights[0].as_of.date())
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
