"""``pantau status``."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from jobs.commands.common import job_of

if TYPE_CHECKING:
    from pantau.store.store import Store


_RECENT_DAYS = 14


def _came_back(store: "Store", now: datetime, zone: ZoneInfo) -> list[str]:
    """When the mailbox was read, and readers whose mail came back lately."""
    last, good = store.inbox.last_reading(), store.inbox.last_reading(good=True)
    lines = []
    if last is not None:
        when = f"{good.at.astimezone(zone):%d-%m-%Y %H:%M}" if good else "belum pernah"
        lines.append(f"Kotak surat terbaca: {when}" + (f" ({last.problem})" if last.problem else ""))
    letters = store.inbox.since(now - timedelta(days=_RECENT_DAYS))
    return lines + [f"Surel kembali: {one.sender}: {one.reason}" for one in letters if one.outcome == "bounce"]


@click.command(name="status")
@click.pass_context
def command(ctx: click.Context) -> int:
    """Last runs, coverage, cost of the month, outbox."""
    from collections import Counter

    from jobs.clock import now_utc
    from jobs.wiring import open_store

    job = job_of(ctx)
    zone = job.settings.zone
    with open_store(job.settings.database_url) as store:
        runs = store.runs.recent(10)
        click.echo("Jalannya terakhir:" if runs else "Belum pernah dijalankan.")
        for run in runs:
            code = "-" if run.exit_code is None else str(run.exit_code)
            click.echo(
                f"  {run.run_id:<28} {run.as_of.astimezone(zone):%d-%m-%Y %H:%M}  {run.status:<8} kode {code}  {run.summary}"
            )
        night = next((run for run in runs if run.kind in ("nightly", "demo")), None)
        if night is not None:
            states = Counter(item.state for item in store.observations.of_run(night.run_id))
            click.echo("Cakupan: " + ", ".join(f"{number} {state}" for state, number in sorted(states.items())))
        today = now_utc().astimezone(zone)
        for cost in store.costs.of_month(today.year, today.month, zone):
            used = f"{cost.requests} permintaan, {cost.posts_billed} unggahan berbayar, USD {cost.usd:.2f}"
            click.echo(f"Bulan ini {cost.platform} ({cost.source}): {used}")
        counts = store.outbox.counts()
        click.echo("Kotak keluar: " + (", ".join(f"{number} {state}" for state, number in counts.items()) or "kosong"))
        for line in _came_back(store, now_utc(), zone):
            click.echo(line)
    return 0
