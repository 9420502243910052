"""``pantau accounts session import``: a session that a person obtained in a browser. No password, no value on the screen."""

from pathlib import Path

import click

from jobs import exit_codes

_FILE = click.Path(path_type=Path, dir_okay=False)
_HOW = (
    "Masuk ke instagram.com di peramban dengan akun khusus pemantau, ekspor kuki halaman itu (cookies.txt atau JSON), lalu: "
    "pantau accounts session import --browser-cookies BERKAS"
)


@click.group(name="session")
def command() -> None:
    """The Instagram session that reads where the official API does not."""


@command.command(name="import")
@click.option("--from", "library_file", type=_FILE, help="a session file of instaloader")
@click.option(
    "--browser-cookies", "browser_file", type=_FILE, help="cookies exported by a browser: cookies.txt or JSON"
)
@click.option("--check", "ask", is_flag=True, help="ask Instagram once whether the session answers")
@click.pass_context
def bring(ctx: click.Context, library_file: Path | None, browser_file: Path | None, ask: bool) -> int:
    """Put a session from a browser in place of collect.instagram.session_file, readable by its owner alone.

    One that still holds is replaced only after Instagram answered the new one. Without a file, --check asks about the session
    in place.
    """
    from collectors.base import CollectorError
    from jobs.wiring import session_keeper
    from pantau.core.settings_offices import load_installation

    if library_file and browser_file:
        raise click.UsageError("Pilih salah satu: --from atau --browser-cookies.")
    file = library_file or browser_file
    if file is None and not ask:
        raise click.UsageError(f"Berkas sesinya belum disebut. {_HOW}.")
    settings = load_installation(ctx.obj).shared
    keeper = session_keeper(settings)
    try:
        if file is None:
            session, asked = keeper.check(), True
        else:
            session, asked = keeper.bring(file, from_browser=browser_file is not None, ask=ask)
    except CollectorError as error:
        click.echo(f"{'Sesi tidak diimpor' if file else 'Sesi tidak menjawab'}: {error}", err=True)
        return exit_codes.INCOMPLETE
    place = settings.collect.instagram.session_file
    if file is not None:
        click.echo(f"Sesi Instagram tersimpan di {place} (hanya dapat dibaca pemiliknya).")
        click.echo(f"Hapus {file.name}: isinya sama dengan kunci masuk akun itu.")
    click.echo("Instagram menjawab sesi ini." if asked else "Belum ditanyakan ke Instagram; tambahkan --check.")
    if session.until is not None:
        click.echo(
            f"Berlaku sampai {session.until.astimezone(settings.zone):%d-%m-%Y}, kecuali akun itu dikeluarkan lebih dulu."
        )
    if not settings.collect.instagram.enabled:
        click.echo("Sesi baru dipakai bila enabled = true di [collect.instagram].")
    return exit_codes.DONE
