"""``pantau review``: findings and the decisions about them, at the terminal."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click

from jobs.commands.common import job_of, office_option
from pantau.core.model import DecisionAction, Finding
from pantau.store.store import Store


@click.group(name="review")
def command() -> None:
    """List findings and record decisions about them."""


@contextmanager
def _store(ctx: click.Context) -> Iterator[Store]:
    from jobs.wiring import open_store

    with open_store(job_of(ctx).settings.database_url) as store:
        yield store


def _one(store: Store, key: str) -> Finding:
    found = store.findings.find(key)
    if len(found) != 1:
        problem = "tidak ada temuan dengan kunci itu" if not found else f"{len(found)} temuan berawalan itu"
        raise click.UsageError(f"{key}: {problem}. Lihat kuncinya dengan: pantau review list")
    return found[0]


def _row(finding: Finding) -> str:
    quote = " ".join(finding.evidence[0].quote.split())[:60] if finding.evidence else ""
    grade = f"{finding.strength:<6} {finding.level:<6} {finding.family}"
    return f"{finding.key}  {grade}  {finding.account or finding.unit}  {finding.rule_id}  {quote}"


@command.command(name="list")
@click.option("--run", "run_id", help="run id  [default: the last night]")
@office_option()
@click.pass_context
def list_findings(ctx: click.Context, run_id: str | None) -> int:
    """Findings of a night with their keys."""
    from pantau.digest.corrected import changed_text

    within = job_of(ctx).settings.digest.corrected_within_hours
    with _store(ctx) as store:
        runs = [run.run_id for run in store.runs.recent(1000) if run.kind in ("nightly", "demo")]
        chosen = run_id or (runs[0] if runs else "")
        decisions = store.decisions.latest()
        found = store.findings.of_run(chosen) if chosen else []
        corrections = store.corrections.of_findings(finding.key for finding in found)
        for finding in found:
            decision = decisions.get(finding.key)
            change = f"  [{changed_text(corrections[finding.key], within)}]" if finding.key in corrections else ""
            click.echo(_row(finding) + (f"  [{decision.action} oleh {decision.by}]" if decision else "") + change)
    return 0


@command.command()
@click.argument("key")
@office_option()
@click.pass_context
def show(ctx: click.Context, key: str) -> int:
    """One finding with its words, whether its post was corrected, and every decision about it."""
    from pantau.digest.corrected import changed_text

    within = job_of(ctx).settings.digest.corrected_within_hours
    with _store(ctx) as store:
        finding = _one(store, key)
        click.echo(f"{_row(finding)}\n{finding.message}\nDasar: {finding.basis}\n{finding.url}")
        for evidence in finding.evidence:
            shown = f"  {evidence.field} {evidence.start}-{evidence.end}: {evidence.quote!r} {evidence.note}".rstrip()
            if spot := evidence.spot:
                shown += f" (gambar {spot.picture}, baris {spot.line}, kotak {spot.box}, keyakinan {evidence.score})"
            click.echo(shown)
        for change in store.corrections.of_findings([finding.key]).values():
            click.echo(f"  {changed_text(change, within)}")
        for item in store.decisions.of_finding(finding.key):
            click.echo(f"  {item.at:%Y-%m-%d %H:%M} UTC {item.action} oleh {item.by} {item.note}".rstrip())
    return 0


def _decide(ctx: click.Context, key: str, action: DecisionAction, note: str) -> int:
    from jobs.answering import kept_note
    from jobs.clock import now_utc
    from pantau.core.model import Decision

    with _store(ctx) as store:
        finding = _one(store, key)
        now = now_utc()
        store.decisions.add(
            Decision(finding_key=finding.key, action=action, by=getpass.getuser(), at=now, note=kept_note(note)), now
        )
        click.echo(f"Tercatat: {finding.key} {action}. Muncul di ringkasan berikut.")
    return 0


@command.command()
@click.argument("key")
@office_option()
@click.pass_context
def confirm(ctx: click.Context, key: str) -> int:
    """The finding is right."""
    return _decide(ctx, key, "confirm", "")


@command.command()
@click.argument("key")
@click.option("--reason", required=True, help="why it is no violation")
@office_option()
@click.pass_context
def dismiss(ctx: click.Context, key: str, reason: str) -> int:
    """The finding is wrong; it stays away as long as the text is the same."""
    return _decide(ctx, key, "dismiss", reason)


@command.command()
@click.argument("key")
@click.option("--text", required=True, help="the unit's own words")
@office_option()
@click.pass_context
def answer(ctx: click.Context, key: str, text: str) -> int:
    """The unit's answer, printed beside the finding from then on."""
    return _decide(ctx, key, "answer", text)


@command.command(name="done")
@click.argument("key")
@click.option("--note", default="", help="what was done")
@office_option()
@click.pass_context
def followed_up(ctx: click.Context, key: str, note: str) -> int:
    """The finding was followed up; it leaves the list of open ones."""
    return _decide(ctx, key, "followed_up", note)


@command.command()
@click.argument("key")
@office_option()
@click.pass_context
def undo(ctx: click.Context, key: str) -> int:
    """Take the last decision back."""
    return _decide(ctx, key, "undo", "")
