"""Flags that were answered by a change of the post: what the store needs to know of a night, and what its digest tells."""

from collections.abc import Collection, Iterable, Sequence

from jobs.wiring import Site
from pantau.checks.reader import Outcome
from pantau.checks.reader_effects import is_from_reader
from pantau.core.model import Post, RuleFailure, Run
from pantau.digest.model import CorrectedFlag, VanishedPost
from pantau.store.corrections import NOT_JUDGED
from pantau.store.store import Store


def note_not_judged(
    site: Site, store: Store, run: Run, posts: Iterable[Post], failures: Sequence[RuleFailure], read: Outcome | None
) -> None:
    """Note the flags of edited posts whose rule had no say tonight: its silence is then no sign of a correction."""
    edited = {post.key for post in posts if post.edited_from}
    spoke = {rule.id for rule in site.job.catalogue.active()} - {failure.rule_id for failure in failures}
    by_reader = read.posts if read else frozenset()
    known = {event.detail for event in store.runs.events(run.run_id) if event.name == NOT_JUDGED}
    for finding in store.findings.of_posts(edited):
        unread = is_from_reader(finding) and finding.post not in by_reader
        if finding.strength == "flag" and (unread or finding.rule_id not in spoke) and finding.key not in known:
            store.runs.note(run.run_id, site.now(), NOT_JUDGED, finding.key)


def corrected_flags(
    store: Store, changed: Iterable[VanishedPost], covered: Collection[str]
) -> tuple[CorrectedFlag, ...]:
    """Corrections that became known in the covered runs, of posts found changed in them."""
    runs = [run for run_id in covered if (run := store.runs.get(run_id))]
    since = min(run.as_of for run in runs)
    keys = {key: item.post.key for item in changed for key in item.finding_keys}
    found = store.corrections.of_findings(keys)
    findings = {finding.key: finding for finding in store.findings.of_posts(set(keys.values()))}
    return tuple(
        CorrectedFlag(finding=findings[key], correction=item) for key, item in found.items() if item.noticed_at >= since
    )
