"""``pantau status``."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from jobs import exit_codes
from jobs.commands.common import chosen_office, each_office, installation_of, office_option

if TYPE_CHECKING:
    from jobs.state import MailboxState, State
    from jobs.wiring import Job


@click.command(name="status")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="one JSON object for monitoring (of several offices a list); keys: docs/panduan.md, chapter 23",
)
@click.option(
    "--fresh-hours",
    type=click.FloatRange(min=0),
    metavar="HOURS",
    help="exit code 1 unless a night ended within so long",
)
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def command(ctx: click.Context, as_json: bool, fresh_hours: float | None) -> int:
    """Last runs, coverage, cost of the month, outbox, audit log, last backup."""
    import msgspec

    states: list[State] = []
    code = each_office(ctx, partial(_status, as_json, fresh_hours, states), headings=not as_json)
    if as_json:
        one = len(states) == 1 and (chosen_office(ctx) or not installation_of(ctx).several)
        click.echo(msgspec.json.format(msgspec.json.encode(states[0] if one else states), indent=2))
    return code


def _status(as_json: bool, fresh_hours: float | None, states: "list[State]", job: "Job") -> int:
    from jobs.clock import now_utc
    from jobs.state import state_of
    from jobs.wiring import open_store

    with open_store(job.settings.database_url) as store:
        state = state_of(job, store, now_utc())
    states.append(state)
    if not as_json:
        click.echo("\n".join(_lines(state, job.settings.zone)))
    if fresh_hours is None or (state.coverage is not None and state.coverage.age_hours <= fresh_hours):
        return exit_codes.DONE
    click.echo(f"Tidak ada malam yang selesai dalam {fresh_hours:g} jam terakhir.", err=True)
    return exit_codes.INCOMPLETE


def _lines(state: "State", zone: ZoneInfo) -> Iterator[str]:
    yield "Jalannya terakhir:" if state.runs else "Belum pernah dijalankan."
    for run in state.runs:
        code = "-" if run.exit_code is None else str(run.exit_code)
        yield f"  {run.run_id:<28} {_moment(run.as_of, zone)}  {run.status:<8} kode {code}  {run.summary}"
    if state.coverage is not None:
        yield "Cakupan: " + ", ".join(f"{number} {name}" for name, number in state.coverage.accounts.items())
    for cost in state.month.costs:
        used = f"{cost.requests} permintaan, {cost.posts_billed} unggahan berbayar, USD {cost.usd:.2f}"
        yield f"Bulan ini {cost.platform} ({cost.source}): {used}"
    if state.month.x_budget_usd:
        yield f"Anggaran X bulan ini: USD {state.month.x_budget_usd:.2f}"
    yield "Kotak keluar: " + (", ".join(f"{number} {name}" for name, number in state.outbox.items()) or "kosong")
    yield from _came_back(state.mailbox, zone)
    yield f"Jejak: {state.audit.entries} catatan" + (f", sidik {state.audit.head}" if state.audit.head else "")
    made = state.backup.made_at
    yield f"Cadangan terakhir: {_moment(made, zone) if made else 'belum pernah (pantau backup BERKAS)'}"


def _came_back(mailbox: "MailboxState", zone: ZoneInfo) -> Iterator[str]:
    """When the mailbox was read, and readers whose mail came back lately."""
    if mailbox.tried_at is not None:
        when = _moment(mailbox.read_at, zone) if mailbox.read_at else "belum pernah"
        yield f"Kotak surat terbaca: {when}" + (f" ({mailbox.problem})" if mailbox.problem else "")
    for one in mailbox.returned:
        yield f"Surel kembali: {one.address}: {one.reason}"


def _moment(when: datetime, zone: ZoneInfo) -> str:
    return f"{when.astimezone(zone):%d-%m-%Y %H:%M}"
