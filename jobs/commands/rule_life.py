"""``pantau rules try`` and ``pantau rules report``: one rule on stored posts, and how all rules fare with the people who decide."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jobs.commands.moments import DayType
from jobs.commands.offices import office_option

if TYPE_CHECKING:
    from jobs.rule_life import Report
    from jobs.trying import Trial
    from jobs.wiring import Job
    from pantau.checks.catalogue import Catalogue, Rule
    from pantau.checks.rule_life import Record
    from pantau.core.model import Finding
    from pantau.core.rule_life import Demotion

_VERDICTS = {"confirm": "benar", "dismiss": "bukan pelanggaran", "followed_up": "ditindaklanjuti"}


@click.command(name="try")
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--from", "first", type=DayType(), required=True, help="first local day")
@click.option("--to", "last", type=DayType(), required=True, help="last local day, included")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="try the rule in this file, wherever it lies; its cases (NAME.cases.toml) lie beside it",
)
@click.option("--exceptions", is_flag=True, help="also list the hits that the rule's exceptions took away")
@office_option()
@click.pass_context
def try_command(
    ctx: click.Context, rule_id: str | None, first: date, last: date, path: Path | None, exceptions: bool
) -> int:
    """What one rule, of whatever status, says of stored posts. Stores nothing, sends nothing."""
    from jobs.commands.common import job_of
    from jobs.logs import configure
    from jobs.trying import try_rule
    from jobs.wiring import open_store

    configure(verbose=False)
    if last < first:
        raise click.UsageError("--to lebih awal daripada --from.")
    job = job_of(ctx)
    catalogue, rule = _chosen(job, rule_id, path)
    days = f"{first:%d-%m-%Y} sampai {last:%d-%m-%Y}"
    with open_store(job.settings.database_url) as store:
        trial = try_rule(job, store, catalogue, rule, first, last)
        span = store.posts.span()
    source = f", dari {path}" if path else ""
    click.echo(f"{rule.id} ({rule.family}, {rule.kind}, {rule.status}, versi {rule.version}{source}); {days}")
    if not (trial.nights if rule.kind == "history" else trial.posts):
        what = "malam" if rule.kind == "history" else "unggahan"
        click.echo(f"Tidak ada {what} tersimpan pada {days}.{_stored(job, span)}")
        return 0
    for finding in trial.hits:
        click.echo(_hit(job, trial, finding))
    if exceptions:
        click.echo("Dibebaskan oleh pengecualian:" if trial.freed else "Tidak ada yang dibebaskan oleh pengecualian.")
        for item in trial.freed:
            click.echo(_hit(job, trial, item.finding, item.by or "di dalam frasa kecuali atau nama"))
    click.echo("\n".join(_totals(trial)))
    for failure in trial.failures:
        click.echo(f"Aturan gagal: {failure.rule_id}: {failure.what}", err=True)
    return 1 if trial.failures else 0


def _chosen(job: "Job", rule_id: str | None, path: Path | None) -> "tuple[Catalogue, Rule]":
    """The rule to try, with the catalogue it belongs to."""
    if path is None:
        if rule_id is None:
            raise click.UsageError("Sebut id aturannya, atau berkasnya dengan --file. Lihat: pantau rules list.")
        catalogue, rule = job.catalogue, named_rule(job.catalogue, rule_id)
    else:
        import msgspec

        from jobs.catalogue import rule_dirs
        from pantau.checks.load import load_rule_file

        alone = load_rule_file(path, rule_dirs(job.settings), job.catalogue.on)
        rule = alone.rules[0]
        if rule_id not in (None, rule.id):
            raise click.UsageError(f"{path} berisi aturan {rule.id!r}, bukan {rule_id!r}.")
        others = tuple(item for item in job.catalogue.rules if item.id != rule.id)
        lists = job.catalogue.lists | alone.lists
        catalogue = msgspec.structs.replace(job.catalogue, rules=(*others, rule), lists=lists)
    if rule.kind == "reader":
        raise click.UsageError(
            f"{rule.id} bekerja lewat model bahasa, bukan lewat kata; yang dapat dicoba hanya aturan tanpa model."
        )
    return catalogue, rule


def named_rule(catalogue: "Catalogue", rule_id: str) -> "Rule":
    """The rule of that id. Raises ``UsageError`` with the nearest ids when there is none."""
    rule = catalogue.rule(rule_id)
    if rule is None:
        import difflib

        near = difflib.get_close_matches(rule_id, [item.id for item in catalogue.rules], 3)
        hint = f" Mungkin: {', '.join(near)}." if near else " Lihat: pantau rules list."
        raise click.UsageError(f"Tidak ada aturan {rule_id!r}.{hint}")
    return rule


def _stored(job: "Job", span: "tuple[object, object] | None") -> str:
    from datetime import datetime

    days = [f"{at.astimezone(job.settings.zone):%d-%m-%Y}" for at in span or () if isinstance(at, datetime)]
    return f" Yang tersimpan: {days[0]} sampai {days[1]}." if days else " Belum ada satu unggahan pun tersimpan."


def _hit(job: "Job", trial: "Trial", finding: "Finding", freed_by: str = "") -> str:
    """One hit on two lines: where, and the words; what can be personal is masked, what can garble a terminal is taken out."""
    from pantau.digest import clean

    at = f"{finding.published_at.astimezone(job.settings.zone):%d-%m-%Y %H:%M}  " if finding.published_at else ""
    unit = next((item.name for item in job.register.units if item.code == finding.unit), finding.unit)
    account = trial.accounts.get(finding.account, finding.account)
    head = "  ".join(clean.line(part) for part in (unit, account, finding.url) if part)
    words = " … ".join(f"“{clean.line(item.quote)}”" for item in finding.evidence)
    words += "".join(f" ({clean.line(item.note)})" for item in finding.evidence[:1] if item.note)
    if freed_by:
        return f"{at}{head}\n    {words}  dibebaskan: {clean.line(freed_by)}"
    strength = "perlu dicek" if finding.strength == "flag" else "untuk dilihat"
    decision = trial.decisions.get(finding.key)
    said = f"  [{_VERDICTS.get(decision.action, decision.action)} oleh {clean.line(decision.by)}]" if decision else ""
    return f"{at}{head}\n    {words}  {strength}  {finding.key}{said}"


def _totals(trial: "Trial") -> list[str]:
    flags = sum(finding.strength == "flag" for finding in trial.hits)
    reviews = len(trial.hits) - flags
    said = [decision.action for decision in trial.decisions.values()]
    right = sum(action in ("confirm", "followed_up") for action in said)
    wrong = said.count("dismiss")
    looked = f"{trial.nights} malam diperiksa" if trial.rule.kind == "history" else f"{trial.posts} unggahan diperiksa"
    rows = [f"{looked}; {len(trial.hits)} kena: {flags} perlu dicek, {reviews} untuk dilihat"]
    if trial.posts:
        rates = [f"{1000 * number / trial.posts:.1f}".replace(".", ",") for number in (flags, reviews)]
        rows.append(f"per 1.000 unggahan: {rates[0]} perlu dicek, {rates[1]} untuk dilihat")
    rows.append(f"sudah diputuskan: {right + wrong} ({right} benar, {wrong} bukan pelanggaran)")
    if trial.rule.kind != "history":
        rows.append(f"dibebaskan oleh pengecualian: {len(trial.freed)} unggahan")
    return rows


@click.command(name="report")
@click.option(
    "--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="days up to the last night, included"
)
@click.option("--json", "as_json", is_flag=True, help="the same as JSON")
@office_option()
@click.pass_context
def report_command(ctx: click.Context, days: int, as_json: bool) -> int:
    """How often each rule spoke and was right by the staff's decisions, the worst first; which were demoted and why."""
    from jobs.clock import now_utc
    from jobs.commands.common import job_of
    from jobs.logs import configure
    from jobs.rule_life import report
    from jobs.wiring import open_store

    configure(verbose=False)
    job = job_of(ctx)
    with open_store(job.settings.database_url) as store:
        found = report(job, store, days, now_utc())
    if as_json:
        click.echo(_as_json(job, found, days))
    elif found is None:
        click.echo("Belum ada malam yang tersimpan, jadi belum ada yang dapat dihitung.")
    else:
        click.echo("\n".join(_table(job, found, days)))
    return 0


def _table(job: "Job", found: "Report", days: int) -> list[str]:
    zone, settings = job.settings.zone, job.settings.rules
    start, end = (f"{at.astimezone(zone):%d-%m-%Y}" for at in (found.start, found.end))
    rows = [f"{days} hari sampai malam terakhir ({start} sampai {end}). Terburuk di atas."]
    if not found.records:
        return [*rows, "Tidak ada aturan yang berbunyi."]
    width = max(len("aturan"), *(len(record.rule_id) for record in found.records))
    rows.append(f"{'aturan':<{width}}  dicek  dilihat  benar  bukan  belum  ketepatan  keterangan")
    lowered = {item.rule_id: item for item in found.demotions}
    for record in found.records:
        share = "-" if record.precision is None else f"{record.precision:.2f}".replace(".", ",")
        numbers = f"{record.flags:>5}  {record.reviews:>7}  {record.confirmed:>5}  {record.dismissed:>5}"
        notes = "; ".join(_notes(job, record, lowered.get(record.rule_id)))
        rows.append(f"{record.rule_id:<{width}}  {numbers}  {record.undecided:>5}  {share:>9}  {notes}".rstrip())
    rows.append("ketepatan = benar / (benar + bukan pelanggaran); ditindaklanjuti dihitung benar.")
    if settings.demote_below > 0:
        limit = f"{settings.demote_below:g}".replace(".", ",")
        rows.append(
            f"Aturan aktif diturunkan ke uji bila ketepatan temuan 30 hari di bawah {limit} dengan paling sedikit "
            f"{settings.demote_after_decisions} keputusan."
        )
    else:
        rows.append("Penurunan otomatis dimatikan (rules.demote_below = 0).")
    return rows


def _notes(job: "Job", record: "Record", lowered: "Demotion | None") -> list[str]:
    notes = [] if record.status == "aktif" else [record.status]
    if lowered is not None:
        since = f"{lowered.since.astimezone(job.settings.zone):%d-%m-%Y}"
        why = f"{lowered.dismissed} dari {lowered.decided} temuannya dinyatakan bukan pelanggaran"
        notes.append(f"DITURUNKAN ke uji sejak {since}: {why}")
        notes.append(f'aktifkan lagi: naikkan version, atau "{record.rule_id}" = "aktif" di [rules.status]')
    elif record.rule_id in job.settings.rules.status:
        notes.append(f"diatur kantor: {job.settings.rules.status[record.rule_id]}")
    if record.few and record.precision is not None:
        notes.append(f"baru {record.confirmed + record.dismissed} keputusan, belum dapat dipegang")
    if record.other_decisions:
        notes.append(f"{record.other_decisions} keputusan tidak dihitung (versi lama atau untuk dilihat)")
    return notes


def _as_json(job: "Job", found: "Report | None", days: int) -> str:
    import msgspec

    if found is None:
        return msgspec.json.encode({"days": days, "rules": []}).decode()
    lowered = {item.rule_id: item for item in found.demotions}
    rules = []
    for record in found.records:
        row = msgspec.to_builtins(record)
        row["precision"] = None if record.precision is None else round(record.precision, 4)
        row["demoted"] = msgspec.to_builtins(lowered.get(record.rule_id))
        row["notes"] = _notes(job, record, lowered.get(record.rule_id))
        rules.append(row)
    head = {"days": days, "from": found.start, "to": found.end}
    return msgspec.json.format(msgspec.json.encode({**head, "rules": rules}), indent=1).decode()
