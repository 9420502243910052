"""``pantau restore``."""

from pathlib import Path

import click


@click.command(name="restore")
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="even where data is; what is there is put aside, not deleted")
@click.option("--original-paths", is_flag=True, help="also files that lay outside the folder of the settings")
@click.pass_context
def command(ctx: click.Context, file: Path, replace: bool, original_paths: bool) -> int:
    """Put back what a backup holds, into SQLite or PostgreSQL.

    A settings file that is there stays in force and says where to; that of the backup is then laid beside it.
    """
    from jobs.clock import now_utc
    from jobs.restoring import restore_from
    from pantau.core.clock import WIB

    config: Path = ctx.obj
    done = restore_from(file, config, now_utc(), replace=replace, original_paths=original_paths)
    click.echo(
        f"Dipulihkan: keadaan {done.made_at.astimezone(WIB):%d-%m-%Y %H:%M} WIB, {done.rows} baris, {done.files} berkas."
    )
    for place in done.aside:
        click.echo(f"Yang lama ada di {place}")
    for path in done.left_out:
        click.echo(f"Tidak dipulihkan karena di luar folder setelan (lihat --original-paths): {path}")
    click.echo("Berikutnya: pantau doctor, lalu pantau audit verify.")
    return 0
