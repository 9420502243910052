"""Check a range of days again with today's rules, and say exactly what that changes against what readers were told."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Literal

import msgspec

from jobs.checking import NIGHT_KINDS
from jobs.collecting import read_targets
from jobs.inputs import note_inputs
from jobs.logs import name_run
from jobs.manifesting import keep_manifest
from jobs.memory import give_back
from jobs.progress import Progress
from jobs.reading import keep_unread, not_read, reader_of, took_part
from jobs.rule_life import demoted, hold_back
from jobs.sweeping import read_range, sweep
from jobs.wiring import Site
from pantau.core.clock import day_end, day_start, local_day
from pantau.core.model import Account, Finding, Run, Target, Window, sort_findings
from pantau.digest.correction import Change, Correction
from pantau.store.store import Store

SETTLED = frozenset({"dismiss"})
_CHUNK = 500


class RerunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a rerun gave."""

    run: Run
    correction: Correction
    unread: tuple[str, ...]
    """Accounts of the range that could not be read."""
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    """Which language model took part, and what it did not read."""


def rerun(
    site: Site,
    store: Store,
    first: date,
    last: date,
    progress: Progress,
    *,
    refetch: bool = False,
    only: Sequence[str] = (),
) -> RerunResult:
    """Read what is missing in the local days ``first`` to ``last`` (or everything), check it, compare. Sends nothing."""
    zone = site.job.settings.zone
    window = Window(day_start(first, zone), min(day_end(last, zone), site.now()))
    accounts = store.accounts.sync(site.job.register.accounts, local_day(site.now(), zone))
    wanted = [account for account in accounts if not only or account.unit in only]
    reading = store.runs.begin(
        "rerun", f"c-{first:%Y%m%d}-{last:%Y%m%d}-{site.now():%Y%m%d%H%M%S%f}", window, window.end, site.now()
    )
    name_run(reading.run_id)
    unread = _collect(site, store, reading, wanted, refetch, progress)
    store.runs.finish(reading.run_id, site.now(), 0, f"{len(unread)} akun tidak terbaca")
    accounts = store.accounts.sync(site.job.register.accounts, local_day(site.now(), zone))
    keys = [account.key for account in accounts if not only or account.unit in only]
    told = reported(store, window)
    reader = reader_of(site, store, reading)
    unread_pictures = read_range(site, store, window, accounts, keys, progress)
    swept = sweep(site, store, window, accounts, keys, reader=reader)
    give_back(site.job)
    subjects = _subjects(store, keys, {item.post for item in told.values()})
    told = {key: finding for key, finding in told.items() if finding.post in subjects}
    outcome = reader.outcome if reader else None
    findings = keep_unread(told, swept.findings, subjects, outcome, site.job)
    findings, held = hold_back(findings, told, demoted(site.job, store, site.now()))
    decisions = store.decisions.latest()
    settled = {key for key, decision in decisions.items() if decision.action in SETTLED}
    changes = compare(told, findings, settled)
    run_id = f"r-{first:%Y%m%d}-{last:%Y%m%d}-{_mark(changes)}"
    run = store.runs.begin("rerun", run_id, window, window.end, site.now())
    name_run(run_id)
    note_inputs(site, store, run)
    store.findings.save(run_id, findings)
    correction = Correction(
        office=site.job.settings.office,
        first=first,
        last=last,
        posts=swept.count,
        rules_sha256=site.job.catalogue.version,
        manifest_sha256=keep_manifest(site.job, store, run, reading, swept.count),
        run_id=run_id,
        changes=changes,
        units={unit.code: unit.name for unit in site.job.register.units},
        accounts={account.key: account.label for account in accounts},
        unread=tuple(unread),
    )
    failures = tuple(f"{failure.rule_id}: {failure.what}" for failure in swept.failures)
    notes = (f"Pembaca: {took_part(outcome)}.", *unread_pictures, *not_read(outcome), *held)
    return RerunResult(run=run, correction=correction, unread=tuple(unread), failures=failures, notes=notes)


def _collect(
    site: Site, store: Store, run: Run, accounts: Sequence[Account], refetch: bool, progress: Progress
) -> list[str]:
    """Read the accounts whose posts of the window are not all known; the labels of those that could not be read."""
    marks = store.accounts.watermarks()
    targets = []
    for account in accounts:
        mark = marks.get(account.key)
        if refetch or mark is None or mark.since < run.window.end:
            since = run.window.start if refetch or mark is None else min(mark.since, run.window.end)
            targets.append(Target(account=account, since=since))
    scans = read_targets(site, store, run, targets, progress)
    labels = {account.key: account.label for account in accounts}
    failed = [r.account for r in scans if r.outcome != "read" and r.unread_class != "not_watched"]
    return sorted(labels[key] for key in failed)


def reported(store: Store, window: Window) -> dict[str, Finding]:
    """The findings about posts of a window as readers know them: by the digests, corrected by every correction that was sent."""
    told: dict[str, Finding] = {}
    for run in sorted(store.runs.recent(100_000), key=lambda run: (run.as_of, run.started_at)):
        if not store.runs.is_frozen(run.run_id):
            continue
        found = [f for f in store.findings.of_run(run.run_id) if f.published_at and f.published_at in window]
        if run.kind == "rerun":
            told = {
                key: item for key, item in told.items() if not item.published_at or item.published_at not in run.window
            }
        elif run.kind not in NIGHT_KINDS:
            continue
        told |= {finding.key: finding for finding in found}
    return told


def _subjects(store: Store, accounts: Collection[str], posts: Collection[str]) -> dict[str, str]:
    """``text_sha256`` of those among ``posts`` (keys) that the accounts show, some hundred at a time."""
    stored, keys, found = store.posts.of(accounts), iter(sorted(posts)), dict[str, str]()
    while chunk := list(islice(keys, _CHUNK)):
        found |= {key: post.text_sha256 for key, post in stored.get(chunk).items()}
    return found


def compare(told: dict[str, Finding], now: Iterable[Finding], settled: set[str]) -> tuple[Change, ...]:
    """What is new, withdrawn or graded otherwise, in the defined order of findings; dismissed findings stay out."""
    present = {finding.key: finding for finding in now}
    changes: list[Change] = []
    for finding in sort_findings([*present.values(), *(f for key, f in told.items() if key not in present)]):
        before, after = told.get(finding.key), present.get(finding.key)
        kind: Literal["new", "withdrawn", "regraded"]
        if finding.key in settled:
            continue
        if before is None:
            kind = "new"
        elif after is None:
            kind = "withdrawn"
        elif (before.level, before.strength) != (after.level, after.strength):
            kind = "regraded"
        else:
            continue
        versions = (one.rule_version if one is not None else None for one in (before, after))
        reason = _reason(finding.rule_id, *versions)
        changes.append(Change(kind=kind, finding=finding, before=before, reason=reason))
    return tuple(changes)


def _mark(changes: Iterable[Change]) -> str:
    """Eight digits that are the same for the same changes."""
    digest, between = hashlib.sha256(b"["), b""
    for change in changes:
        found = change.finding
        digest.update(between + msgspec.json.encode((change.kind, found.key, found.strength, found.level)))
        between = b","
    digest.update(b"]")
    return digest.hexdigest()[:8]


@lru_cache(maxsize=1_000)
def _reason(rule_id: str, before: int | None, after: int | None) -> str:
    """What the versions of a rule did; one text for all its findings."""
    if before is not None and after is not None:
        return f"aturan {rule_id}: versi {before} menjadi versi {after}"
    if after is not None:
        return f"aturan {rule_id} versi {after} menemukannya sekarang"
    return f"aturan {rule_id} versi {before} tidak lagi menemukannya"
