"""``pantau rules``: the catalogue, and checking files without settings, database or network."""

from collections.abc import Iterator
from pathlib import Path

import click

from jobs.catalogue import load_rules, rules_cache
from jobs.clock import now_utc
from jobs.commands.offices import chosen_office, office_option
from jobs.commands.output import emit, output_option
from jobs.commands.rule_life import named_rule, report_command, try_command
from pantau.checks.catalogue import Catalogue
from pantau.core.clock import local_day


@click.group(name="rules")
def command() -> None:
    """The catalogue of rules."""


command.add_command(try_command)
command.add_command(report_command)


def catalogue_of(ctx: click.Context) -> Catalogue:
    """The shipped rules, with the chosen office's own (or what all offices share) when there is a settings file."""
    from pantau.core.settings_offices import load_installation

    config: Path = ctx.obj
    if not config.exists():
        return load_rules(None, local_day(now_utc()))
    installation, office = load_installation(config), chosen_office(ctx)
    return load_rules(installation.office(office) if office else installation.shared, local_day(now_utc()))


@command.command()
@click.argument("posts", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output_option
def check(posts: Path, output: Path | None) -> int:
    """Check a JSONL file of posts; one line out per line in, same order."""
    import msgspec

    from pantau.checks.labelled import check_lines

    catalogue = load_rules(None, local_day(now_utc()))
    lines: Iterator[bytes] = (
        msgspec.json.encode(item) + b"\n" for item in check_lines(catalogue, posts, cache_dir=rules_cache())
    )
    emit(b"".join(lines), output)
    return 0


@command.command(name="eval")
@click.argument("posts", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="figures as JSON")
@click.option("--reader", is_flag=True, help="figures without and with the language model of [reader]")
@click.option("--reader-url", default="", metavar="URL", help="instead of reader.url")
@click.option("--reader-model", default="", metavar="NAME", help="instead of reader.model")
@click.option("--reader-key", default="", metavar="REF", help="instead of reader.api_key: env:NAME or file:PATH")
@click.option("--reader-mode", type=click.Choice(["every", "doubtful"]), help="instead of reader.mode")
@click.pass_context
def evaluate_file(
    ctx: click.Context,
    posts: Path,
    as_json: bool,
    reader: bool,
    reader_url: str,
    reader_model: str,
    reader_key: str,
    reader_mode: str | None,
) -> int:
    """Precision and recall per family on a labelled JSONL file."""
    if reader:
        from jobs.evaluating import evaluate_with_reader, settings_for_reader

        settings = settings_for_reader(ctx.obj, reader_url, reader_model, reader_key, reader_mode or "")
        text, notes = evaluate_with_reader(posts, settings, as_json=as_json)
        click.echo(text)
        for note in notes:
            click.echo(note, err=True)
        return 0
    from pantau.checks.labelled import evaluate, figures_json, figures_table

    figures = evaluate(load_rules(None, local_day(now_utc())), posts)
    click.echo(figures_json(figures) if as_json else figures_table(figures))
    return 0


@command.command(name="list")
@office_option()
@click.pass_context
def list_rules(ctx: click.Context) -> int:
    """One line per rule."""
    for rule in catalogue_of(ctx).rules:
        click.echo(f"{rule.family}  {rule.status:<8} {rule.level:<6} {rule.kind:<10} {rule.id}  v{rule.version}")
    return 0


@command.command()
@click.argument("rule_id")
@office_option()
@click.pass_context
def explain(ctx: click.Context, rule_id: str) -> int:
    """One rule with its reasons, basis, known false alarms and cases."""
    catalogue = catalogue_of(ctx)
    rule = named_rule(catalogue, rule_id)
    rows = [
        f"{rule.id}  (keluarga {rule.family}, {rule.kind}, tingkat {rule.level}, {rule.status}, versi {rule.version})",
        f"Apa       : {rule.what}",
        f"Mengapa   : {rule.why}",
        f"Dasar     : {rule.basis}",
        f"Pesan     : {rule.message}",
        f"Berlaku   : sejak {rule.since}" + (f" sampai {rule.until}" if rule.until else ""),
    ]
    rows += [f"Salah tahu: {item}" for item in rule.false_positives]
    rows += [
        f"{'Kena ' if case.fires else 'Diam '}     : {case.name}\n            {case.text or case.image_text}"
        for case in rule.cases
    ]
    click.echo("\n".join(rows))
    return 0


@command.command(name="test")
@office_option()
@click.pass_context
def test_rules(ctx: click.Context) -> int:
    """Run every case of every rule."""
    from pantau.checks.cases import run_cases

    results = run_cases(catalogue_of(ctx))
    wrong = [result for result in results if not result.ok]
    for result in wrong:
        click.echo(f"SALAH {result.rule_id}: {result.case.name}: {result.problem}", err=True)
    click.echo(f"{len(results) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0
