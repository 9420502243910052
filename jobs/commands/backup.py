"""``pantau backup``."""

from pathlib import Path

import click


@click.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-secrets", is_flag=True, help="also tokens, session cookies and the key of reply codes")
@click.pass_context
def command(ctx: click.Context, file: Path, with_secrets: bool) -> int:
    """Everything of this installation, all its offices, in FILE, also while a night is running.

    Database, state folder, settings, register, side files, rules and templates. FILE is readable by its owner only; it holds
    posts and mails in clear.
    """
    from jobs.backing_up import back_up
    from jobs.clock import now_utc
    from pantau.core.settings_offices import load_installation

    config: Path = ctx.obj
    manifest = back_up(load_installation(config), config, file, now_utc(), with_secrets=with_secrets)
    size_mb = file.stat().st_size / 2**20
    secrets = "dengan rahasia: simpan seperti kata sandi" if with_secrets else "tanpa token, sesi dan kunci balasan"
    click.echo(
        f"{file}: {len(manifest.members)} berkas, {size_mb:.1f} MB, skema {manifest.schema_revision}, {secrets}."
    )
    return 0
