"""Findings about accounts and units: silence and absence (AKT), and results that do not show (KIN)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from pantau.core.model import (
    USEFUL_CATEGORIES,
    Account,
    AccountState,
    Category,
    Evidence,
    Family,
    Finding,
    Level,
    Observation,
    Unit,
    sort_findings,
)

if TYPE_CHECKING:
    from pantau.core.settings import Norms

_RULE_OF: dict[AccountState, str] = {
    "quiet": "account-quiet",
    "never_posted": "never-posted",
    "unregistered": "unit-without-account",
    "gone": "account-gone",
    "private": "account-private",
}
_NO_USE, _LITTLE_USE = "no-useful-post", "low-useful-share"
_MIN_USELESS_POSTS = 3
"""Fewer posts than this say nothing about an account's habits."""
_PROFILES = {
    "x": "https://x.com/{}",
    "instagram": "https://www.instagram.com/{}/",
    "facebook": "https://www.facebook.com/{}",
    "youtube": "https://www.youtube.com/@{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "website": "https://{}",
}


class RuleHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding takes from its rule."""

    rule_id: str
    family: Family
    level: Level
    message: str
    basis: str
    version: int


class CategoryCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What an account published in the last 30 days, by usefulness to the public. Instants are aware."""

    total: int = 0
    useful: int = 0
    first_at: datetime | None = None
    last_useful_at: datetime | None = None
    since_useful: int = 0
    """Posts after the last useful one; all posts when none was useful."""

    @classmethod
    def of(cls, items: Iterable[tuple[datetime, Category]]) -> "CategoryCounts":
        """Counts of (publication time, category) pairs, in any order."""
        pairs = list(items)
        useful = [at for at, category in pairs if category in USEFUL_CATEGORIES]
        last = max(useful, default=None)
        return cls(
            total=len(pairs),
            useful=len(useful),
            first_at=min((at for at, _ in pairs), default=None),
            last_useful_at=last,
            since_useful=sum(1 for at, _ in pairs if last is None or at > last),
        )


def account_findings(
    observations: Iterable[Observation],
    accounts: Iterable[Account],
    units: Iterable[Unit],
    rules: Mapping[str, RuleHead],
    counts: Mapping[str, CategoryCounts],
    norms: "Norms",
    now: datetime,
    zone: ZoneInfo,
) -> list[Finding]:
    """AKT findings for accounts that are quiet, unused, gone or private and units without one; KIN findings for active ones.

    ``rules``: heads of the active rules by id; a rule that is not there says nothing. Never about unread or excused accounts,
    nor about an unused account that has not yet had its norm and grace since Pantau knows it. The subject of an AKT finding
    is the day on which the state began, that of a KIN finding the month judged: the key then stays the same from night to
    night, and a dismissed share of useful posts is asked about again with next month's posts.
    """
    by_key = {account.key: account for account in accounts}
    known_units = {unit.code for unit in units}
    found = []
    for item in observations:
        rule = rules.get(_RULE_OF.get(item.state, ""))
        waits = item.state == "never_posted" and item.silent_days <= item.limit_days
        if rule is not None and not waits and item.unit in known_units:
            words = _history_words(item, zone)
            subject = item.since.isoformat() if item.since else ""
            found.append(_finding(rule, item, by_key.get(item.account), subject, words, "; ".join(item.excluded)))
        if item.state == "active" and item.account in by_key:
            seen = counts.get(item.account, CategoryCounts())
            found += _performance(item, by_key[item.account], seen, rules, norms, now, zone)
    return sort_findings(found)


def _history_words(item: Observation, zone: ZoneInfo) -> str:
    """The facts behind the finding, one line."""
    if item.state not in ("quiet", "never_posted"):
        return item.reason
    kind = "hari kerja" if item.day_unit == "working" else "hari"
    last = f"{item.last_post_at.astimezone(zone):%d-%m-%Y}" if item.last_post_at else "belum pernah terlihat"
    return f"unggahan terakhir: {last}; {item.silent_days} {kind} terhitung, batas {item.limit_days} {kind}"


def _performance(
    item: Observation,
    account: Account,
    seen: CategoryCounts,
    rules: Mapping[str, RuleHead],
    norms: "Norms",
    now: datetime,
    zone: ZoneInfo,
) -> list[Finding]:
    """At most one of the two KIN rules. A review, never a flag: a category is an estimate."""
    known_from = seen.last_useful_at or seen.first_at
    long_known = known_from is not None and (now - known_from).days >= norms.useful_days
    if long_known and seen.since_useful >= _MIN_USELESS_POSTS:
        rule = rules.get(_NO_USE)
        last = seen.last_useful_at
        span = (
            f"sejak unggahan berguna terakhir, {last.astimezone(zone):%d-%m-%Y}" if last else "dalam 30 hari terakhir"
        )
        words = f"{seen.since_useful} unggahan {span}, tidak satu pun berguna bagi warga"
    elif seen.total >= norms.useful_posts_min and seen.useful < norms.useful_share_min * seen.total:
        rule = rules.get(_LITTLE_USE)
        words = f"{seen.useful} dari {seen.total} unggahan dalam 30 hari berguna bagi warga"
    else:
        return []
    if rule is None:
        return []
    finding = _finding(rule, item, account, f"{now.astimezone(zone):%Y-%m}", words, "")
    return [msgspec.structs.replace(finding, strength="review")]


def _finding(
    rule: RuleHead, item: Observation, account: Account | None, subject: str, words: str, note: str
) -> Finding:
    taken_out = f"tidak dihitung: {note}" if note else ""
    return Finding(
        rule_id=rule.rule_id,
        rule_version=rule.version,
        family=rule.family,
        level=rule.level,
        strength="flag",
        unit=item.unit,
        account="" if item.state == "unregistered" else item.account,
        url="" if account is None else _PROFILES.get(account.platform, "").format(account.handle),
        subject=subject,
        evidence=(Evidence(field="history", end=len(words), quote=words, note=taken_out),),
        message=rule.message,
        basis=rule.basis,
    )
