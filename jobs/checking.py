"""Second part of a night: check the new posts, then the accounts, and keep what was found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from jobs.corrections import note_not_judged
from jobs.pictures import read_pictures
from jobs.progress import Progress
from jobs.reading import not_read, reader_of, took_part
from jobs.scores import known_signal
from jobs.wiring import Job, Site
from pantau.accounts.norms import holiday_calendar, norm_for
from pantau.checks.catalogue import Catalogue
from pantau.checks.category import categorise
from pantau.checks.engine import CheckReport
from pantau.checks.history import CategoryCounts, RuleHead, account_findings, judge
from pantau.checks.ledger import check_approvals, match_trips
from pantau.checks.picture_text import locate
from pantau.checks.reader import Reader
from pantau.checks.second_signal import SecondSignal
from pantau.core.clock import local_day
from pantau.core.errors import RuleError
from pantau.core.model import (
    Account,
    Category,
    Finding,
    Observation,
    Post,
    RuleFailure,
    RuleStatus,
    Run,
    Unit,
    sort_findings,
)
from pantau.core.pictures import PostPicture
from pantau.store.store import Store

HISTORY_DAYS = 120
"""How far back the silence ledger looks; longer silences read "more than 120 days"."""
CATEGORY_DAYS = 30
NIGHT_KINDS = ("nightly", "demo")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a night's checks gave."""

    posts: dict[str, Post]
    """The posts that were checked, by key."""
    categories: dict[str, Category]
    findings: list[Finding]
    observations: list[Observation]
    failures: tuple[RuleFailure, ...]
    trial_hits: dict[str, int]
    notes: tuple[str, ...]
    reader: str
    """Which language model took part, or that none did."""


def check_posts(
    job: Job,
    posts: Iterable[Post],
    accounts: Sequence[Account],
    reader: Reader | None = None,
    pictures: Mapping[str, Sequence[PostPicture]] | None = None,
    signal: SecondSignal | None = None,
) -> CheckReport:
    """Today's rules over some posts, then the reader, where there is one, then the ledgers.

    ``pictures`` (by post) tell where words on pictures stand and how surely they were read; ``signal`` may know scores already.
    """
    unit_of = {account.key: account.unit for account in accounts}
    held = list(posts)
    checker = job.checker if signal is None else job.checker.scored_by(signal)
    report = checker.check(held, unit_of)
    return weigh(job, held, report, check_book(job, held, accounts), accounts, reader, pictures)


class BookFindings(msgspec.Struct, frozen=True):
    """What the book of approvals says of posts: findings, and those of a rule on trial."""

    active: list[Finding]
    trial: list[Finding]


def check_book(job: Job, posts: Sequence[Post], accounts: Sequence[Account]) -> BookFindings:
    """Posts that the book of approvals knows nothing of."""
    unit_of = {account.key: account.unit for account in accounts}
    book, zone = job.ledgers.approvals, job.settings.zone
    return BookFindings(
        check_approvals(posts, unit_of, book, rule_heads(job.catalogue), zone, accounts),
        check_approvals(posts, unit_of, book, rule_heads(job.catalogue, "uji"), zone, accounts),
    )


def weigh(
    job: Job,
    posts: Sequence[Post],
    report: CheckReport,
    book: BookFindings,
    accounts: Sequence[Account],
    reader: Reader | None,
    pictures: Mapping[str, Sequence[PostPicture]] | None = None,
) -> CheckReport:
    """The report of the rules after the reader and the ledgers had their say; ``posts`` need only be those it is about.

    A reader that reads every post must be given every post.
    """
    if reader is not None:
        report = reader.read(posts, report, {account.key: account.unit for account in accounts})
    by_key = {post.key: post for post in posts}
    heads = rule_heads(job.catalogue)
    findings = match_trips(report.findings, by_key, job.ledgers.trips, job.settings.zone, heads) + book.active
    trial = [*report.trial, *book.trial]
    seen, sure = pictures or {}, job.settings.pictures.sure_score
    return msgspec.structs.replace(report, findings=locate(findings, seen, sure), trial=locate(trial, seen, sure))


def check_night(site: Site, store: Store, run: Run, accounts: list[Account], progress: Progress) -> Checked:
    """Check everything that no digest has covered yet, judge every account, and store the results."""
    job = site.job
    fresh = uncovered_posts(store, run, job.settings.collect.first_days)
    pictures = read_pictures(site, store, fresh, accounts, progress)
    posts = pictures.posts
    reader = reader_of(site, store, run)
    signal = known_signal(site, posts)
    report = check_posts(job, posts, accounts, reader, pictures.pictures, signal)
    outcome = reader.outcome if reader else None
    categories = _categories(posts, signal)
    store.posts.save_categories(run.run_id, categories)
    units = {unit.code: unit for unit in job.register.units}
    observations, notes = _judge(site, store, run, accounts, units)
    counts = category_counts(store, accounts, run.as_of, max(CATEGORY_DAYS, job.settings.norms.useful_days))
    on_trial = rule_heads(job.catalogue, "uji")
    about_accounts = account_findings(
        observations,
        accounts,
        units.values(),
        rule_heads(job.catalogue) | on_trial,
        counts,
        job.settings.norms,
        run.as_of,
        job.settings.zone,
    )
    findings = sort_findings([*report.findings, *(f for f in about_accounts if f.rule_id not in on_trial)])
    logged = [*report.trial, *(f for f in about_accounts if f.rule_id in on_trial)]
    note_not_judged(site, store, run, posts, report.failures, outcome)
    store.findings.save(run.run_id, findings)
    store.observations.save(run.run_id, observations)
    return Checked(
        posts={post.key: post for post in posts},
        categories=categories,
        findings=findings,
        observations=observations,
        failures=report.failures,
        trial_hits=_count(logged),
        notes=(*notes, *_patterns_only(job), *pictures.notes, *not_read(outcome)),
        reader=took_part(outcome),
    )


def _categories(posts: Sequence[Post], signal: SecondSignal | None) -> dict[str, Category]:
    """Categories by post key; none when the model is broken, which the checks report as a failed rule."""
    try:
        return dict(zip((post.key for post in posts), categorise(posts, signal), strict=True))
    except RuleError:
        return {}


def _patterns_only(job: Job) -> tuple[str, ...]:
    """Said in the digest when no score stood beside the patterns."""
    if any(rule.kind == "classifier" for rule in job.catalogue.active()):
        return ()
    return ("Sinyal kedua (skor terlatih) dimatikan; hanya pola kata yang diperiksa, jadi lebih banyak yang terlewat.",)


def uncovered_posts(store: Store, run: Run, first_days: int) -> list[Post]:
    """Posts stored or edited since the last night whose digest was frozen, this run included, oldest first.

    Older posts than ``first_days`` (an import of old exports) are left to a rerun.
    """
    earliest = run.as_of - timedelta(days=first_days)
    found = {post.key: post for run_id in covered_runs(store, run) for post in store.posts.new_in_run(run_id)}
    fresh = [post for post in found.values() if earliest <= post.published_at < run.window.end]
    return sorted(fresh, key=lambda post: (post.published_at, post.key))


def covered_runs(store: Store, run: Run) -> list[str]:
    """The runs of which this run's digest tells: itself, and all since the last night whose digest was frozen, newest first."""
    run_ids = [run.run_id]
    for other in store.runs.recent(1000):
        if other.run_id == run.run_id or other.as_of > run.as_of:
            continue
        if other.kind in NIGHT_KINDS and store.runs.is_frozen(other.run_id):
            break
        run_ids.append(other.run_id)
    return run_ids


def _judge(
    site: Site, store: Store, run: Run, accounts: list[Account], units: Mapping[str, Unit]
) -> tuple[list[Observation], tuple[str, ...]]:
    job, settings = site.job, site.job.settings
    keys = [account.key for account in accounts]
    since = run.as_of - timedelta(days=HISTORY_DAYS)
    calendar = holiday_calendar(local_day(since, settings.zone), local_day(run.as_of, settings.zone))
    before = store.runs.last_finished(site.night_kind, run.as_of)
    previous = store.observations.of_run(before.run_id) if before else []
    observations = judge(
        accounts=accounts,
        units=units.values(),
        readings={reading.account: reading for reading in store.readings.of_run(run.run_id)},
        history=store.readings.history(keys, since, run.as_of),
        post_dates=store.posts.dates(keys, since, run.window.end),
        norms={account.key: norm_for(account, units[account.unit], settings.norms) for account in accounts},
        holidays=calendar.days,
        excuses=job.ledgers.excuses,
        now=run.as_of,
        zone=settings.zone,
        gone_after_nights=settings.collect.gone_after_nights,
        previous={item.account: item for item in previous},
    )
    return observations, calendar.notes


def category_counts(store: Store, accounts: Iterable[Account], as_of: datetime, days: int) -> dict[str, CategoryCounts]:
    """How many posts of each category an account published in the last ``days``."""
    since = as_of - timedelta(days=days)
    rows = store.posts.account_categories([account.key for account in accounts], since, as_of)
    return {key: CategoryCounts.of(items) for key, items in rows.items()}


def _count(findings: Iterable[Finding]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.rule_id] = counts.get(finding.rule_id, 0) + 1
    return dict(sorted(counts.items()))


def rule_heads(catalogue: Catalogue, status: RuleStatus = "aktif") -> dict[str, RuleHead]:
    """What the judgement of accounts needs of the rules of a status."""
    return {
        rule.id: RuleHead(
            rule_id=rule.id,
            family=rule.family,
            level=rule.level,
            message=rule.message,
            basis=rule.basis,
            version=rule.version,
        )
        for rule in catalogue.active(status)
    }
