"""``pantau digest``."""

from datetime import date
from pathlib import Path
from typing import Literal

import click

from jobs.commands.common import DayType, job_of, office_option
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
@click.option(
    "--edition",
    default="staff",
    show_default=True,
    help="staff, regent, unit:CODE, week:2026-W47 or month:2026-10",
)
@output_option
@office_option()
@click.pass_context
def show(ctx: click.Context, run_id: str | None, form: str, edition: str, output: Path | None) -> int:
    """A past digest again, byte for byte; without RUN the newest one that has the edition."""
    from jobs.wiring import open_store

    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        chosen = run_id or next(reversed(store.documents.runs_with(edition)), "")
        data = store.documents.get(chosen, edition, form) if chosen else None
        if data is None:
            known = [r.run_id for r in store.runs.recent(20) if store.documents.list(r.run_id)]
            hint = f"Yang ada: {', '.join(known)}." if known else "Belum ada ringkasan tersimpan."
            named = chosen or next(iter(known), "")
            kept = [f"{name} ({kind})" for name, kind in store.documents.list(named)] if named else []
            hint += f" Milik {named}: {', '.join(kept[:20])}." if kept else ""
            raise click.UsageError(f"Tidak ada ringkasan {run_id or ''} edisi {edition} dalam bentuk {form}. {hint}")
        emit(data, output)
    return 0


@command.command()
@click.option("--from", "first", type=DayType(), required=True, help="first day (WIB), included")
@click.option("--to", "last", type=DayType(), required=True, help="last day (WIB), included")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text", "json", "pdf", "xlsx"]),
    default="text",
    show_default=True,
)
@output_option
@office_option()
@click.pass_context
def period(
    ctx: click.Context,
    first: date,
    last: date,
    form: Literal["html", "text", "json", "pdf", "xlsx"],
    output: Path | None,
) -> int:
    """A weekly, monthly or any other edition of some days, made now from what is stored; mails nothing, keeps nothing."""
    from jobs.clock import now_utc
    from jobs.periods import period_edition, span_of
    from jobs.wiring import open_store
    from pantau.digest.typesetter import PrintError

    if last < first:
        raise click.UsageError(f"--to {last} lebih awal daripada --from {first}; tukar keduanya.")
    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        if not store.periods.has_night(first, last, job.settings.zone):
            raise click.UsageError(f"Tidak ada malam Pantau dari {first} sampai {last}. Malam yang ada: pantau status.")
        try:
            emit(period_edition(job, store, span_of(first, last), now_utc(), form), output)
        except PrintError as error:
            raise click.ClickException(str(error)) from error
    return 0


@command.command()
@click.argument("run_id", metavar="RUN")
@click.option("--fingerprint", default="", help='"Sidik data" as printed in a mailed copy, to compare')
@office_option()
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
