"""Third part of a night: everything that the digest is made of, from the store and tonight's checks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from jobs.answering import mailbox_down, reply_way
from jobs.auditing import printed_head
from jobs.checking import Checked, covered_runs
from jobs.collecting import INTENDED, unread
from jobs.corrections import corrected_flags
from jobs.pictures import reused_pictures
from jobs.thumbnails import thumbnails
from jobs.wiring import Site
from pantau.core.clock import local_day
from pantau.core.model import Account, Decision, Finding, Post, Run
from pantau.core.settings import Settings
from pantau.digest.model import (
    Absence,
    DayCount,
    DigestInput,
    KnownDecision,
    OpenFinding,
    TextVersion,
    VanishedPost,
)
from pantau.digest.typesetter import TYPESETTER
from pantau.store.store import Store

TREND_NIGHTS = 14
_CLOSING = {"dismiss", "followed_up"}


def digest_input(
    site: Site, store: Store, run: Run, accounts: Sequence[Account], checked: Checked, only: Sequence[str] = ()
) -> DigestInput:
    """Everything that the digest is made of. ``only``: the platforms to which the night was confined."""
    job, settings, zone = site.job, site.job.settings, site.job.settings.zone
    _expect_papers(settings)
    findings = _standing(checked.findings, store.decisions.latest())
    earlier, before = _still_open(store, run, findings, zone), store.runs.last_finished(site.night_kind, run.as_of)
    shown = {f.post for f in findings if f.post} | {item.finding.post for item in earlier if item.finding.post}
    posts = checked.posts | store.posts.get(shown - checked.posts.keys())
    covered, today = covered_runs(store, run), local_day(run.as_of, zone)
    changed, since = _changed_posts(store, covered), before.as_of if before else run.window.start
    return DigestInput(
        run=run,
        only=tuple(only),
        office=settings.office,
        settings=settings.digest,
        readers=tuple(reader.name or reader.address for reader in settings.mail.reader),
        reply_to=settings.mail.reply_to,
        units=job.register.units,
        accounts=tuple(accounts),
        observations=tuple(checked.observations),
        previous_observations=tuple(store.observations.of_run(before.run_id)) if before else (),
        last_read_at={key: mark.since for key, mark in store.accounts.watermarks().items()},
        findings=tuple(findings),
        earlier=earlier,
        posts=posts,
        fresh=frozenset(checked.posts),
        posts_read=len(checked.posts),
        categories=checked.categories,
        decisions=_known(store, store.decisions.since(since)),
        reply=reply_way(site),
        letters=tuple(store.inbox.since(since)),
        mailbox_down=mailbox_down(site, store),
        answers={key: replies[-1].note for key, replies in store.decisions.answers().items()},
        rule_failures=checked.failures,
        trial_hits=checked.trial_hits,
        demoted=job.demotions,
        costs=tuple(store.costs.of_run(run.run_id)),
        month_costs=tuple(store.costs.of_month(today.year, today.month, zone)),
        costs_shared=bool(job.others),
        unwatched=tuple(sorted({account.platform for account in accounts} - _watched(store, run))),
        renamed=store.accounts.renamed(),
        token_warnings=site.token_warnings(site.now()),
        notes=checked.notes,
        reader=checked.reader,
        vanished=changed,
        corrected=corrected_flags(store, changed, covered),
        corrections=store.corrections.of_findings(item.finding.key for item in earlier),
        absent=_absences(store, shown),
        versions=_versions(store, posts.values(), shown),
        reused=reused_pictures(store, shown),
        thumbnails=thumbnails(site, store, run, findings, checked.posts, accounts),
        trend=_trend(store, today, zone),
        undelivered=_undelivered(site, store, run),
        manifest_sha256=store.manifests.keep(run.run_id, covered[1:]),
        rules_sha256=job.catalogue.version,
        audit_head=printed_head(store.audit.head()),
        previous_window_end=before.window.end if before else None,
    )


def _expect_papers(settings: Settings) -> None:
    """Have the typesetter load its libraries while the digest is gathered."""
    if "pdf" in settings.digest.attach:
        TYPESETTER.start()


def _standing(findings: Iterable[Finding], decisions: Mapping[str, Decision]) -> list[Finding]:
    return [finding for finding in findings if not _closed(decisions.get(finding.key))]


def _closed(decision: Decision | None) -> bool:
    return decision is not None and decision.action in _CLOSING


def _still_open(store: Store, run: Run, tonight: Iterable[Finding], zone: ZoneInfo) -> tuple[OpenFinding, ...]:
    """Earlier findings nobody has decided on; those about an account only while tonight's state still says so."""
    present = {finding.key for finding in tonight}
    return tuple(
        OpenFinding(finding=item.finding, first_day=local_day(item.first.at, zone), times=item.first.times)
        for item in store.findings.open_before(run.run_id)
        if item.finding.post or item.finding.key in present
    )


def _known(store: Store, decisions: Iterable[Decision]) -> tuple[KnownDecision, ...]:
    known = []
    for decision in decisions:
        found = store.findings.find(decision.finding_key)
        known.append(KnownDecision(decision=decision, finding=found[0] if found else None))
    return tuple(known)


def _watched(store: Store, run: Run) -> set[str]:
    readings = store.readings.of_run(run.run_id)
    return {reading.account.partition(":")[0] for reading in readings if reading.unread_class != "not_watched"}


def _changed_posts(store: Store, covered: Sequence[str]) -> tuple[VanishedPost, ...]:
    """Posts found missing for the second time, or edited since they were stored, by the runs that this digest covers."""
    changed: list[VanishedPost] = []
    for run_id in covered:
        changed += [
            VanishedPost(post=item.post, change="removed", noticed_at=item.missed_at, last_seen_at=item.last_seen_at)
            for item in store.posts.vanished(run_id)
        ]
        fresh = store.posts.new_in_run(run_id)
        trails = store.posts.trail(post.key for post in fresh)
        changed += [
            VanishedPost(post=post, change="edited", noticed_at=trails[post.key].changed_at)
            for post in fresh
            if trails[post.key].changed_run == run_id != trails[post.key].first_run
        ]
    keys: dict[str, list[str]] = {}
    for finding in store.findings.of_posts([item.post.key for item in changed]):
        if finding.strength == "flag":
            keys.setdefault(finding.post, []).append(finding.key)
    return tuple(msgspec.structs.replace(item, finding_keys=tuple(keys.get(item.post.key, ()))) for item in changed)


def _absences(store: Store, keys: Iterable[str]) -> dict[str, Absence]:
    """Posts of findings that are not to be seen any more."""
    return {
        key: Absence(last_seen_at=trail.last_seen_at, missed_at=trail.vanished_at)
        for key, trail in store.posts.trail(keys).items()
        if trail.vanished_at is not None
    }


def _versions(store: Store, posts: Iterable[Post], keys: Collection[str]) -> dict[str, tuple[TextVersion, ...]]:
    """Every version of the posts of findings that were edited."""
    return {
        post.key: tuple(TextVersion(post=one.post, seen_at=one.seen_at) for one in store.posts.versions(post.key))
        for post in posts
        if post.edited_from and post.key in keys
    }


def _trend(store: Store, today: date, zone: ZoneInfo) -> tuple[DayCount, ...]:
    """The last nights in the digest's own measures: posts with a flag, accounts quiet, watched accounts unread."""
    days = store.periods.days(today - timedelta(days=TREND_NIGHTS - 1), today, zone)
    return tuple(
        DayCount(day=one.day, posts=one.posts, findings=one.flagged, quiet=one.quiet, unread=one.unread)
        if one.flagged is not None
        else DayCount(day=one.day)
        for one in days
    )


def _undelivered(site: Site, store: Store, run: Run) -> tuple[date, ...]:
    """Nights of the last week whose digest some reader will not get any more."""
    days = set()
    for other in store.runs.recent(50):
        recent = run.as_of - timedelta(days=7) <= other.as_of < run.as_of
        if (
            other.kind == site.night_kind
            and recent
            and any(m.state in ("failed", "expired") for m in store.outbox.of_run(other.run_id))
        ):
            days.add(local_day(other.as_of, site.job.settings.zone))
    return tuple(sorted(days))


def incomplete(checked: Checked, store: Store, run: Run) -> bool:
    """True when some watched account was not read or some rule failed."""
    states = any(o.state == "unread" and o.unread_class not in INTENDED for o in checked.observations)
    return states or bool(checked.failures) or bool(unread(store.readings.of_run(run.run_id)))
