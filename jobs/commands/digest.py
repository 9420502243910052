"""``pantau digest``."""

from pathlib import Path

import click

from jobs.commands.common import job_of
from jobs.commands.output import emit, output_option


@click.group(name="digest")
def command() -> None:
    """Past digests."""


@command.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text", "json", "pdf", "xlsx", "whatsapp"]),
    default="text",
    show_default=True,
)
@click.option("--edition", default="staff", show_default=True, help="staff, regent or unit:CODE")
@output_option
@click.pass_context
def show(ctx: click.Context, run_id: str | None, form: str, edition: str, output: Path | None) -> int:
    """A past digest again, byte for byte; the newest one without RUN."""
    from jobs.wiring import open_store

    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        chosen = run_id or next((r.run_id for r in store.runs.recent(1000) if store.documents.list(r.run_id)), "")
        data = store.documents.get(chosen, edition, form) if chosen else None
        if data is None:
            known = [r.run_id for r in store.runs.recent(20) if store.documents.list(r.run_id)]
            hint = f"Yang ada: {', '.join(known)}." if known else "Belum ada ringkasan tersimpan."
            kept = [f"{name} ({kind})" for name, kind in store.documents.list(chosen)] if chosen else []
            hint += f" Milik {chosen}: {', '.join(kept[:20])}." if kept else ""
            raise click.UsageError(f"Tidak ada ringkasan {run_id or ''} edisi {edition} dalam bentuk {form}. {hint}")
        emit(data, output)
    return 0


@command.command()
@click.argument("run_id", metavar="RUN")
@click.option("--fingerprint", default="", help='"Sidik data" as printed in a mailed copy, to compare')
@click.pass_context
def verify(ctx: click.Context, run_id: str, fingerprint: str) -> int:
    """Whether the store still holds what the digest of RUN was made of, word for word."""
    from jobs import exit_codes
    from jobs.verifying import verify as verify_run
    from jobs.wiring import open_store

    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        verdict = verify_run(store, run_id, fingerprint)
    for line in verdict.lines:
        click.echo(line)
    return exit_codes.DONE if verdict.good else exit_codes.INCOMPLETE
