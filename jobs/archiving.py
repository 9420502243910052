"""Reads the store for the archive, night by night and month by month, and hands it to the pages."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import msgspec

from jobs.collecting import INTENDED
from jobs.progress import Progress
from jobs.wiring import Job
from pantau.checks.catalogue import Rule
from pantau.checks.fold_tables import fold_character
from pantau.core.clock import day_end, day_start, local_day
from pantau.core.model import Decision, Finding, Observation, Run, Window
from pantau.digest.archive import Archive
from pantau.digest.archive_model import ArchiveMonth, ArchiveNight, ArchiveRerun, ArchiveRule, ArchiveWorld, StoredPage
from pantau.digest.archive_site import Tree
from pantau.store.runs import NIGHTS
from pantau.store.store import Store

_ALL_RUNS = 1_000_000
_BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_NOT_ARCHIVED = ("unit:", "operator")
"""Editions whose content stands on the units' pages, or that are for the operator."""


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What building gave."""

    folder: Path
    nights: int
    posts: int
    written: int
    kept: int
    left_out: int
    """Posts of accounts that no register and no night knows."""


class _Counts(msgspec.Struct):
    """The numbers of a stored digest that the archive repeats."""

    flags: int
    reviews: int
    quiet: int
    never_posted: int
    unread: int


class _StoredDigest(msgspec.Struct):
    headline: str
    counts: _Counts


def build_archive(
    job: Job, store: Store, target: Path, progress: Progress, *, since: date | None = None, public: bool = False
) -> ArchiveReport:
    """Build the site of everything from local day ``since`` on. Raises ``ArchiveError`` and ``StoreError``."""
    zone = job.settings.zone
    start = day_start(since, zone) if since else _BEGINNING
    runs = sorted(store.runs.recent(_ALL_RUNS), key=lambda run: (run.as_of, run.started_at, run.run_id))
    told = [run for run in runs if run.as_of >= start and _is_told(run)]
    posts = nights = 0
    with Tree(target, public=public) as tree:
        archive = Archive(_world(job, store), tree)
        progress.start("Malam", len(told))
        for run in told:
            if run.kind in NIGHTS:
                archive.night(_night(job, store, run))
                nights += 1
            else:
                archive.rerun(_rerun(job, store, run))
            progress.step()
        archive.seal()
        months = _months(job, store, start, archive.months_told())
        progress.start("Bulan", len(months))
        for first in months:
            month = _month(job, store, first, start)
            posts += len(month.posts)
            archive.month(month)
            progress.step()
        archive.finish(store.posts.get)
    return ArchiveReport(
        folder=tree.target,
        nights=nights,
        posts=posts,
        written=tree.written,
        kept=tree.kept,
        left_out=archive.left_out,
    )


def _is_told(run: Run) -> bool:
    """Nights, and reruns that compared; their readings (``c-``) and trials told nobody anything."""
    return run.kind in NIGHTS or (run.kind == "rerun" and run.run_id.startswith("r-"))


def _world(job: Job, store: Store) -> ArchiveWorld:
    decisions: dict[str, list[Decision]] = {}
    for decision in store.decisions.since(_BEGINNING):
        decisions.setdefault(decision.finding_key, []).append(decision)
    return ArchiveWorld(
        office=job.settings.office,
        units=job.register.units,
        accounts=tuple(store.accounts.known(job.register.accounts)),
        rules=tuple(map(_rule, job.catalogue.rules)),
        decisions={key: tuple(listed) for key, listed in decisions.items()},
        in_effect=store.decisions.latest(),
        corrections={item.finding_key: item for item in store.corrections.between(_BEGINNING, _END)},
        corrected_within_hours=job.settings.digest.corrected_within_hours,
        fold=fold_character,
    )


def _rule(rule: Rule) -> ArchiveRule:
    return ArchiveRule(
        id=rule.id,
        family=rule.family,
        level=rule.level,
        status=rule.status,
        version=rule.version,
        what=rule.what,
        why=rule.why,
        basis=rule.basis,
        message=rule.message,
        since=rule.since,
        until=rule.until,
        false_positives=rule.false_positives,
        cases=tuple((case.fires, case.name, case.text or case.image_text) for case in rule.cases),
    )


def _night(job: Job, store: Store, run: Run) -> ArchiveNight:
    findings = store.findings.of_run(run.run_id)
    observations = store.observations.of_run(run.run_id)
    stored = _stored_digest(store, run)
    counts = stored.counts if stored else _counted(findings, observations)
    return ArchiveNight(
        run_id=run.run_id,
        day=local_day(run.as_of, job.settings.zone),
        window=(run.window.start, run.window.end),
        finished=run.status == "finished",
        headline=stored.headline if stored else "",
        flags=counts.flags,
        reviews=counts.reviews,
        quiet=counts.quiet + counts.never_posted,
        unread=counts.unread,
        findings=tuple(findings),
        observations=tuple(observations),
        pages=_pages(store, run),
    )


def _stored_digest(store: Store, run: Run) -> _StoredDigest | None:
    """The numbers that readers were told; None when no digest is kept or an earlier version wrote it otherwise."""
    data = store.documents.get(run.run_id, "staff", "json")
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=_StoredDigest)
    except msgspec.DecodeError:
        return None


def _counted(findings: Sequence[Finding], observations: Sequence[Observation]) -> _Counts:
    """The same numbers for a night without a digest."""
    flagged = {finding.post for finding in findings if finding.post and finding.strength == "flag"}
    looked_at = {finding.post for finding in findings if finding.post} - flagged
    return _Counts(
        flags=len(flagged),
        reviews=len(looked_at),
        quiet=sum(item.state == "quiet" for item in observations),
        never_posted=sum(item.state == "never_posted" for item in observations),
        unread=sum(item.state == "unread" and item.unread_class not in INTENDED for item in observations),
    )


def _rerun(job: Job, store: Store, run: Run) -> ArchiveRerun:
    return ArchiveRerun(
        run_id=run.run_id,
        day=local_day(run.started_at, job.settings.zone),
        window=(run.window.start, run.window.end),
        sent=store.runs.is_frozen(run.run_id),
        findings=tuple(store.findings.of_run(run.run_id)),
        pages=_pages(store, run),
    )


def _pages(store: Store, run: Run) -> tuple[StoredPage, ...]:
    editions = [
        edition
        for edition, form in store.documents.list(run.run_id)
        if form == "html" and not edition.startswith(_NOT_ARCHIVED)
    ]
    return tuple(
        StoredPage(edition, cast(bytes, store.documents.get(run.run_id, edition, "html"))) for edition in editions
    )


def _months(job: Job, store: Store, start: datetime, told: set[date]) -> list[date]:
    """First days of all local months that hold posts or findings, in order."""
    months = set(told)
    span = store.posts.span()
    if span is not None and span[1] >= start:
        first = local_day(max(span[0], start), job.settings.zone).replace(day=1)
        last = local_day(span[1], job.settings.zone)
        while first <= last:
            months.add(first)
            first += timedelta(days=monthrange(first.year, first.month)[1])
    return sorted(months)


def _month(job: Job, store: Store, first: date, start: datetime) -> ArchiveMonth:
    zone = job.settings.zone
    last = first + timedelta(days=monthrange(first.year, first.month)[1] - 1)
    begin, end = max(day_start(first, zone), start), day_end(last, zone)
    posts = tuple(store.posts.in_window(Window(begin, end))) if begin < end else ()
    keys = [post.key for post in posts]
    return ArchiveMonth(
        first=first, posts=posts, categories=store.posts.categories(keys), gone=dict(_gone(store, keys))
    )


def _gone(store: Store, keys: Sequence[str]) -> Iterator[tuple[str, datetime]]:
    for key, trail in store.posts.trail(keys).items():
        if trail.vanished_at is not None:
            yield key, trail.vanished_at
