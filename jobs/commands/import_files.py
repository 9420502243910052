"""``pantau import``."""

from pathlib import Path
from typing import Literal

import click

from jobs.commands.common import job_of, office_option

FORMATS = ("auto", "jsonl", "x-archive", "instaloader", "meta", "tiktok")


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), default="auto", show_default=True, help="format of the files"
)
@click.option("--account", "owner", metavar="PLATFORM:HANDLE", default="", help="whose an export of Meta or TikTok is")
@office_option()
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    kind: Literal["auto", "jsonl", "x-archive", "instaloader", "meta", "tiktok"],
    owner: str,
) -> int:
    """Take in posts from exported files; they come into the next digest."""
    from jobs.clock import now_utc
    from jobs.lock import run_lock
    from jobs.wiring import open_store, read_export
    from pantau.core.clock import local_day
    from pantau.core.derived_ids import is_derived
    from pantau.core.model import Window

    job = job_of(ctx)
    with run_lock(job.settings.shared_dir), open_store(job.settings.database_url) as store:
        now = now_utc()
        accounts = store.accounts.sync(job.register.accounts, local_day(now, job.settings.zone))
        posts = [item for file in files for item in read_export(file, kind, accounts, owner)]
        run_id = f"i-{now:%Y%m%d%H%M%S%f}"
        store.runs.begin("import", run_id, Window(now, now), now, now)
        saved = store.import_posts(run_id, posts, now)
        store.runs.finish(run_id, now_utc(), 0, f"{saved.new} unggahan baru dari {len(posts)}")
    click.echo(f"{saved.new} unggahan baru, {len(posts) - saved.new} sudah ada.")
    if made := sum(is_derived(item.post.post_id) for item in posts):
        click.echo(f"{made} di antaranya tanpa nomor di dalam berkas; dikenali lagi dari akun, waktu dan kata-katanya.")
    return 0
