"""Runs one rule over stored posts, as it would speak if it were active; writes nothing."""

from collections.abc import Sequence
from datetime import date

import msgspec

from jobs.checking import CATEGORY_DAYS, NIGHT_KINDS, category_counts, rule_heads
from jobs.sweeping import parts
from jobs.wiring import Job
from pantau.checks.catalogue import Catalogue, Rule, WordSet
from pantau.checks.history import account_findings
from pantau.core.clock import day_end, day_start
from pantau.core.model import Account, Decision, Finding, RuleFailure, Window
from pantau.store.store import Store

_TEXT_KINDS = frozenset({"lexicon", "near", "pattern", "situation"})
"""Kinds with exceptions."""


class Freed(msgspec.Struct, frozen=True, kw_only=True):
    """A post on which the rule would have spoken but for its exceptions."""

    finding: Finding
    by: str = ""
    """The words of the context that took the hit away; empty when it stood inside an exception or a name."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule gave on the posts of some days."""

    rule: Rule
    posts: int = 0
    """How many posts were looked at."""
    nights: int = 0
    """How many nights were looked at, for a rule about accounts."""
    hits: tuple[Finding, ...] = ()
    freed: tuple[Freed, ...] = ()
    failures: tuple[RuleFailure, ...] = ()
    decisions: dict[str, Decision] = {}
    """By finding key, of the hits that people have decided about already."""
    accounts: dict[str, str] = {}
    """Labels by account key."""


def try_rule(job: Job, store: Store, catalogue: Catalogue, rule: Rule, first: date, last: date) -> Trial:
    """The rule, whatever its status and season, over the local days ``first`` to ``last``.

    ``catalogue`` holds the rule and what it needs: its lists, and for a rule of the ledgers the other rules.
    """
    accounts = store.accounts.known(job.register.accounts)
    window = Window(day_start(first, job.settings.zone), day_end(last, job.settings.zone))
    live = msgspec.structs.replace(rule, status="aktif", since=date.min, until=None)
    if rule.kind == "history":
        trial = _over_nights(job, store, live, accounts, window)
    else:
        trial = _over_posts(job, store, _only(catalogue, live), live, accounts, window)
    latest = store.decisions.latest()
    hits = sorted(trial.hits, key=lambda item: (item.published_at or window.start, item.unit, item.account, item.key))
    return msgspec.structs.replace(
        trial,
        rule=rule,
        hits=tuple(hits),
        decisions={item.key: latest[item.key] for item in hits if item.key in latest},
        accounts={account.key: account.label for account in accounts},
    )


def _only(catalogue: Catalogue, live: Rule) -> Catalogue:
    """The catalogue with this rule active, and no other but what it builds on.

    A trip book judges what other rules see; the second signal speaks where the patterns of its family do not.
    """
    needed = {
        rule.id
        for rule in catalogue.rules
        if live.kind == "ledger" or (live.kind == "classifier" and rule.family == live.family)
    }
    kept = [rule for rule in catalogue.rules if rule.id in needed - {live.id} and rule.status == "aktif"]
    return msgspec.structs.replace(catalogue, rules=tuple(sorted([*kept, live], key=lambda rule: rule.id)))


def _over_posts(
    job: Job, store: Store, catalogue: Catalogue, live: Rule, accounts: Sequence[Account], window: Window
) -> Trial:
    trying = msgspec.structs.replace(job, catalogue=catalogue, demotions=())
    bare = msgspec.structs.replace(live, excepts=WordSet(), cancel=())
    loose = None
    if live.kind in _TEXT_KINDS and (live.excepts or live.cancel):
        loose = msgspec.structs.replace(trying, catalogue=_only(catalogue, bare))
    keys = [account.key for account in accounts]
    hits: list[Finding] = []
    freed: list[Freed] = []
    by: dict[str, str] = {}
    failures: dict[str, RuleFailure] = {}
    count = 0
    for part in parts(trying, store, window, accounts, keys):
        count += part.count
        hits += [finding for finding in part.report.findings if finding.rule_id == live.id]
        failures |= {failure.rule_id: failure for failure in part.report.failures if failure.rule_id == live.id}
        for item in part.report.cancelled:
            by.setdefault(item.post, item.evidence.cancelled_by)
    spoken = {finding.post for finding in hits}
    for part in parts(loose, store, window, accounts, keys) if loose is not None else ():
        failures |= {failure.rule_id: failure for failure in part.report.failures}
        freed += [Freed(finding=f, by=by.get(f.post, "")) for f in part.report.findings if f.post not in spoken]
    return Trial(rule=live, posts=count, hits=tuple(hits), freed=tuple(freed), failures=tuple(failures.values()))


def _over_nights(job: Job, store: Store, live: Rule, accounts: Sequence[Account], window: Window) -> Trial:
    """What a rule about accounts says of the states that the nights of those days stored; each finding once."""
    settings = job.settings
    heads = rule_heads(Catalogue(rules=(live,), on=job.catalogue.on))
    nights = [run for run in store.runs.recent(100_000) if run.kind in NIGHT_KINDS]
    nights = [run for run in reversed(nights) if window.start <= run.as_of < window.end]
    found: dict[str, Finding] = {}
    for run in nights:
        counts = category_counts(store, accounts, run.as_of, max(CATEGORY_DAYS, settings.norms.useful_days))
        observations = store.observations.of_run(run.run_id)
        spoken = account_findings(
            observations, accounts, job.register.units, heads, counts, settings.norms, run.as_of, settings.zone
        )
        found |= {finding.key: finding for finding in spoken}
    return Trial(rule=live, nights=len(nights), hits=tuple(found.values()))
