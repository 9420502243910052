"""``pantau demo``: a fortnight of nights in an invented regency, or one night against local stand-ins of all services."""

import shutil
from pathlib import Path

import click


@click.command(name="demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-out"),
    show_default=True,
    help="folder for the results",
)
@click.option(
    "--servers",
    is_flag=True,
    help="one night through the real clients against local servers instead, some accounts faulty on purpose: ends with exit code 1 "
    "(needs a source checkout)",
)
@click.option(
    "--accounts", type=click.IntRange(6, 5000), help="with --servers: accounts on every platform  [default: 12]"
)
def command(out: Path, servers: bool, accounts: int | None) -> int:
    """A whole night on bundled data, without credentials; mails go into a folder."""
    if accounts is not None and not servers:
        raise click.UsageError("--accounts hanya berlaku bersama --servers.")
    home = out / "kantor"
    if home.exists() and not (home / "pantau.toml").is_file():
        raise click.UsageError(f"{home} sudah ada dan bukan hasil demo; pilih folder lain dengan --out.")
    if servers:
        return _servers(home, accounts or 12)
    return _recorded(home, out)


def _recorded(home: Path, out: Path) -> int:
    from jobs.demo import run_demo
    from jobs.progress import make_progress
    from pantau.core.resources import data_dir

    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(data_dir("demo"), home, ignore=shutil.ignore_patterns("*.py", "*.txt", "__pycache__"))
    result = run_demo(home, out, make_progress())
    click.echo(result.summary)
    click.echo(f"Ringkasan : {result.html}")
    click.echo(f"Teks      : {result.text}")
    click.echo(f"Mingguan  : {result.weekly}")
    click.echo(f"Surel     : {result.mails} ({result.mail_count} berkas .eml, satu untuk tiap penerima)")
    click.echo(f"Koreksi   : {result.correction} (rerun setelah satu aturan diubah: {result.changes} perubahan)")
    click.echo(f"Lanjutkan : pantau -c {home / 'pantau.toml'} status")
    return 0


def _servers(home: Path, accounts: int) -> int:
    from jobs.demo_servers import TownError, has_servers, run_servers_demo
    from jobs.progress import make_progress

    if not has_servers():
        raise click.ClickException(
            "--servers memakai server contoh dari folder tests, yang tidak ikut dalam paket terpasang. "
            "Jalankan dari salinan kode sumber (git clone, lalu make demo-servers), atau pakai pantau demo saja."
        )
    shutil.rmtree(home, ignore_errors=True)
    progress = make_progress()
    try:
        result = run_servers_demo(home, accounts, progress)
    except TownError as error:
        raise click.ClickException(str(error)) from error
    finally:
        progress.stop()
    click.echo(result.summary)
    click.echo(f"Ringkasan : {result.folder / 'digest.html'}")
    click.echo(f"Surel     : {result.mails} ({sum(result.received.values())} diterima server surel contoh)")
    more = f", {result.surplus} berlebih" if result.surplus else ""
    click.echo(f"Unggahan  : {result.stored_once} dari {result.visible} di server contoh tersimpan tepat sekali{more}")
    click.echo("Permintaan yang dihitung server contoh:")
    for server, counts in result.requests.items():
        click.echo(f"  {server:<10} " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    click.echo("Gangguan yang disengaja:")
    for trouble in result.troubles:
        click.echo(f"  {trouble}")
    return result.exit_code
