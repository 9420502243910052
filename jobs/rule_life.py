"""What the decisions in the store say about the rules: their record, and which of them only log tonight."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from jobs.checking import NIGHT_KINDS
from jobs.wiring import Job, Site
from pantau.checks.rule_life import Record, demotions, judged, records
from pantau.core.model import Finding
from pantau.core.rule_life import Demotion
from pantau.store.store import Store

_MOMENT = timedelta(microseconds=1)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The records of all rules over some days."""

    start: datetime
    end: datetime
    """The last night that counts."""
    records: tuple[Record, ...] = ()
    demotions: tuple[Demotion, ...] = ()
    """Rules that only log on the next night."""


def demoted(job: Job, store: Store, night: datetime) -> tuple[Demotion, ...]:
    """Active rules that only log on the night of that ``as_of``, from what Pantau knew before it.

    The office's own ``[rules.status]`` wins: a rule named there is never demoted.
    """
    settings = job.settings.rules
    rules = [rule for rule in job.catalogue.rules if rule.status == "aktif" and rule.id not in settings.status]
    known = store.decisions.known(night)
    if settings.demote_below <= 0 or not known:
        return ()
    items = judged(store.findings.reports(night, keys=known), known)
    nights = sorted({run.as_of for run in store.runs.recent(100_000) if run.kind in NIGHT_KINDS and run.as_of < night})
    return demotions(rules, items, [*nights, night], settings.demote_below, settings.demote_after_decisions)


def with_demotions(site: Site, store: Store, night: datetime) -> Site:
    """The same site, with the rules that were demoted by that night on trial."""
    job = site.job
    found = demoted(job, store, night)
    if not found:
        return site
    lowered = {item.rule_id for item in found}
    rules = tuple(
        msgspec.structs.replace(rule, status="uji") if rule.id in lowered else rule for rule in job.catalogue.rules
    )
    catalogue = msgspec.structs.replace(job.catalogue, rules=rules)
    return msgspec.structs.replace(site, job=msgspec.structs.replace(job, catalogue=catalogue, demotions=found))


def hold_back(
    findings: Iterable[Finding], told: Iterable[str], lowered: Iterable[Demotion]
) -> tuple[list[Finding], tuple[str, ...]]:
    """A rerun's findings without new ones of demoted rules, and a sentence per rule about it.

    What readers were told by a rule before its demotion stands: it is neither withdrawn nor added to.
    """
    known, silent = set(told), {item.rule_id for item in lowered}
    found = list(findings)
    held = [item for item in found if item.rule_id in silent and item.key not in known]
    counts = {rule_id: sum(item.rule_id == rule_id for item in held) for rule_id in sorted(silent)}
    notes = tuple(
        f"Aturan {rule_id} sedang diturunkan ke uji: {count} temuan barunya tidak ditulis. Lihat: pantau rules report."
        for rule_id, count in counts.items()
        if count
    )
    gone = {item.key for item in held}
    return [item for item in found if item.key not in gone], notes


def report(job: Job, store: Store, days: int, now: datetime) -> Report | None:
    """Records over ``days`` up to the last night; None before the first one. All decisions known by now count."""
    nights = [run for run in store.runs.recent(100_000) if run.kind in NIGHT_KINDS]
    if not nights:
        return None
    end = nights[0].as_of
    start = end - timedelta(days=days)
    found = judged(store.findings.reports(end + _MOMENT, since=start), store.decisions.known())
    lowered = demoted(job, store, max(now, end + _MOMENT))
    rules = job.catalogue.rules
    few = job.settings.rules.demote_after_decisions
    rows = records(rules, found, few)
    silent = {item.rule_id for item in lowered} - {row.rule_id for row in rows}
    rows += [
        Record(rule_id=rule.id, rule_version=rule.version, status=rule.status) for rule in rules if rule.id in silent
    ]
    return Report(start=start, end=end, records=tuple(rows), demotions=lowered)
