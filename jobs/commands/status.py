"""``pantau status``."""

import click

from jobs.commands.common import job_of


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
    return 0
