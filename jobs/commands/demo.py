"""``pantau demo``: a fortnight of nights in an invented regency, the last one in full, and a rerun with a changed rule."""

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
def command(out: Path) -> int:
    """A whole night on bundled data, without credentials; mails go into a folder."""
    from jobs.demo import run_demo
    from jobs.progress import make_progress
    from pantau.core.resources import data_dir

    home = out / "kantor"
    if home.exists() and not (home / "pantau.toml").is_file():
        raise click.UsageError(f"{home} sudah ada dan bukan hasil demo; pilih folder lain dengan --out.")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(data_dir("demo"), home, ignore=shutil.ignore_patterns("*.py", "*.txt", "__pycache__"))
    result = run_demo(home, out, make_progress())
    click.echo(result.summary)
    click.echo(f"Ringkasan : {result.html}")
    click.echo(f"Teks      : {result.text}")
    click.echo(f"Surel     : {result.mails} ({result.mail_count} berkas .eml, satu untuk tiap penerima)")
    click.echo(f"Koreksi   : {result.correction} (rerun setelah satu aturan diubah: {result.changes} perubahan)")
    click.echo(f"Lanjutkan : pantau -c {home / 'pantau.toml'} status")
    return 0
