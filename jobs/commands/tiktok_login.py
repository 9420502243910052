"""``pantau accounts tiktok-login``."""

import click

from jobs.commands.common import job_of, office_option


@click.command(name="tiktok-login")
@click.argument("handle")
@office_option()
@click.pass_context
def command(ctx: click.Context, handle: str) -> int:
    """Connect a registered TikTok account to the office's app, once; its operator logs in with a browser."""
    from collectors.base import CollectorError
    from jobs.lock import run_lock
    from jobs.wiring import tiktok_login

    job = job_of(ctx)
    name = handle.removeprefix("@").lower()
    account = next((a for a in job.register.accounts if a.platform == "tiktok" and a.handle.lower() == name), None)
    if account is None:
        raise click.UsageError(f"Tidak ada akun TikTok @{name} di daftar akun; tambahkan dulu barisnya.")
    tiktok = job.settings.collect.tiktok
    if not tiktok.client_secret or not tiktok.redirect_url:
        raise click.UsageError("Isi dulu client_key, client_secret dan redirect_url di bagian [collect.tiktok].")
    login = tiktok_login(job.settings)
    request = login.start()
    click.echo(f"1. Buka alamat ini di peramban, masuk sebagai @{account.handle}, dan setujui semua izin:\n")
    click.echo(f"{request.address}\n")
    click.echo(f"2. Peramban lalu berpindah ke {tiktok.redirect_url} (halamannya boleh gagal terbuka).")
    pasted = click.prompt("3. Tempel seluruh alamat itu di sini, dalam beberapa menit", type=str)
    try:
        with run_lock(job.settings.shared_dir):  # a night must not write the old token over the new one
            token = login.finish(request, pasted, account)
    except CollectorError as error:
        raise click.ClickException(str(error)) from error
    until = (
        f" Izinnya berlaku sampai {token.refresh_until.astimezone(job.settings.zone):%d-%m-%Y}."
        if token.refresh_until
        else ""
    )
    click.echo(f"@{account.handle} terhubung dan dibaca mulai malam ini.{until}")
    if "user.info.stats" not in token.scopes:
        click.echo("Izin user.info.stats tidak diberikan: daftar video yang kosong tidak akan dapat dipastikan.")
    return 0
