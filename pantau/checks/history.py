"""The silence ledger: from a history of readings and posts to exactly one state per account, and the findings about it.

Only observed days count against an account: holidays, collective leave, excuses and days on which we failed are taken out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from pantau.core.clock import days_between, local_day
from pantau.core.model import (
    USEFUL_CATEGORIES,
    Account,
    AccountState,
    Category,
    Evidence,
    Excuse,
    Family,
    Finding,
    Level,
    Observation,
    Reading,
    Unit,
    sort_findings,
)
from pantau.core.settings import Norms, TierNorm

_RULE_OF: dict[AccountState, str] = {
    "quiet": "account-quiet",
    "never_posted": "never-posted",
    "unregistered": "unit-without-account",
    "gone": "account-gone",
    "private": "account-private",
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
    """What an account published in the last 30 days."""

    total: int = 0
    useful: int = 0
    first_at: datetime | None = None
    last_useful_at: datetime | None = None

    @classmethod
    def of(cls, items: Iterable[tuple[datetime, Category]]) -> "CategoryCounts":
        """Counts of (publication time, category) pairs."""
        pairs = sorted(items)
        useful = [at for at, category in pairs if category in USEFUL_CATEGORIES]
        return cls(
            total=len(pairs),
            useful=len(useful),
            first_at=pairs[0][0] if pairs else None,
            last_useful_at=useful[-1] if useful else None,
        )


class _Ledger:
    """One night's view of everything that judging one account needs."""

    def __init__(
        self,
        history: Mapping[str, Sequence[Reading]],
        post_dates: Mapping[str, Sequence[datetime]],
        holidays: Collection[date],
        excuses: Iterable[Excuse],
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        self.history, self.post_dates, self.holidays = history, post_dates, frozenset(holidays)
        self.now, self.zone, self.today = now, zone, local_day(now, zone)
        self._excuses: dict[str, list[Excuse]] = {}
        for excuse in excuses:
            self._excuses.setdefault(excuse.unit, []).append(excuse)

    def excuse(self, unit: str, day: date) -> Excuse | None:
        """The unit's excuse that covers a day."""
        return next((item for item in self._excuses.get(unit, ()) if item.start <= day <= item.end), None)

    def last_post_at(self, account: Account, tonight: Reading) -> datetime | None:
        """The newest post ever seen, by ourselves or by a reading."""
        seen = [at for at in self.post_dates.get(account.key, ()) if at <= self.now]
        readings = (*self.history.get(account.key, ()), tonight)
        seen += [reading.last_post_at for reading in readings if reading.last_post_at]
        return max(seen, default=None)

    def failed_days(self, account: Account) -> set[date]:
        """Local days whose every attempt failed."""
        good: set[date] = set()
        bad: set[date] = set()
        for reading in self.history.get(account.key, ()):
            (good if reading.outcome == "read" else bad).add(local_day(reading.checked_at, self.zone))
        return bad - good

    def silent_days(self, account: Account, norm: TierNorm, since: date) -> tuple[int, tuple[str, ...]]:
        """Days after ``since`` up to today that count, and what was taken out, in words."""
        failed = self.failed_days(account)
        count = holidays = unread = excused = 0
        for day in days_between(since + timedelta(days=1), self.today):
            if norm.unit == "working" and day.weekday() >= 5:
                continue
            if day in self.holidays:
                holidays += 1
            elif self.excuse(account.unit, day):
                excused += 1
            elif day in failed:
                unread += 1
            else:
                count += 1
        parts = ((holidays, "hari libur"), (excused, "hari izin"), (unread, "hari tidak terperiksa"))
        return count, tuple(f"{number} {words}" for number, words in parts if number)

    def lost_nights(self, account: Account, tonight: Reading) -> list[Reading]:
        """The newest unbroken row of nights on which the platform said that the account is not there, tonight included."""
        row: dict[date, Reading] = {}
        for reading in reversed((*self.history.get(account.key, ()), tonight)):
            if reading.outcome == "unread":
                continue  # we failed: that night says nothing either way
            if reading.outcome not in ("missing", "suspended"):
                break
            row.setdefault(local_day(reading.checked_at, self.zone), reading)
        return list(row.values())


def judge(
    *,
    accounts: Sequence[Account],
    units: Iterable[Unit],
    readings: Mapping[str, Reading],
    history: Mapping[str, Sequence[Reading]],
    post_dates: Mapping[str, Sequence[datetime]],
    norms: Mapping[str, TierNorm],
    holidays: Collection[date],
    excuses: Iterable[Excuse],
    now: datetime,
    zone: ZoneInfo,
    gone_after_nights: int,
    previous: Mapping[str, Observation],
) -> list[Observation]:
    """One observation per account, and one per unit without an account, ordered by account key.

    ``readings`` are tonight's, ``history`` those of earlier nights (oldest first), ``previous`` last night's observations, all
    by ``Account.key``. An account without a reading tonight is unread. ``norms`` are already resolved per account.
    """
    ledger = _Ledger(history, post_dates, holidays, excuses, now, zone)
    readable = {key.partition(":")[0] for key, reading in readings.items() if reading.outcome == "read"}
    found = []
    for account in accounts:
        reading = readings.get(account.key) or Reading(
            account=account.key,
            outcome="unread",
            unread_class="stopped",
            reason="belum sempat diperiksa",
            checked_at=now,
        )
        judged = _state(ledger, account, reading, norms[account.key], gone_after_nights, account.platform in readable)
        found.append(_with_since(judged, previous.get(account.key), ledger.today))
    with_account = {account.unit for account in accounts}
    for unit in units:
        if unit.code not in with_account:
            alone = Observation(account=f"unit:{unit.code}", unit=unit.code, state="unregistered", checked_at=now)
            found.append(_with_since(alone, previous.get(alone.account), ledger.today))
    return sorted(found, key=lambda item: item.account)


def _with_since(judged: Observation, before: Observation | None, today: date) -> Observation:
    same = before is not None and before.state == judged.state and before.unread_class == judged.unread_class
    return msgspec.structs.replace(judged, since=(before.since if same and before else None) or today)


def _state(
    ledger: _Ledger, account: Account, tonight: Reading, norm: TierNorm, gone_after_nights: int, others_read: bool
) -> Observation:
    last = ledger.last_post_at(account, tonight)
    base = Observation(
        account=account.key,
        unit=account.unit,
        state="active",
        reason=tonight.reason,
        checked_at=tonight.checked_at,
        last_post_at=last,
        complete=tonight.complete,
        norm_days=norm.days,
        limit_days=norm.days + norm.grace,
    )

    def as_(state: AccountState, **changes: object) -> Observation:
        return msgspec.structs.replace(base, state=state, **changes)

    if tonight.outcome == "unread":
        return as_("unread", unread_class=tonight.unread_class or "stopped")
    if tonight.outcome == "private":
        return as_("private")
    if tonight.outcome in ("missing", "suspended"):
        nights = ledger.lost_nights(account, tonight)
        if len(nights) >= gone_after_nights and others_read and _second_signal(account, nights):
            return as_("gone", reason=f"{tonight.reason}, {len(nights)} malam berturut-turut")
        reason = f"{tonight.reason}; malam ke-{len(nights)}, belum cukup bukti untuk disebut hilang"
        return as_("unread", unread_class="unproven", reason=reason)
    if last is None and not tonight.complete:
        return as_("unread", unread_class="format", reason="hanya terbaca sebagian, tanpa satu unggahan pun")
    start = local_day(last, ledger.zone) if last else (account.since or ledger.today) - timedelta(days=1)
    days, excluded = ledger.silent_days(account, norm, start)
    late = days > norm.days + norm.grace
    excuse = ledger.excuse(account.unit, ledger.today)
    if excuse and (last is None or days == 0 or late) and start < ledger.today:
        return as_("excused", reason=excuse.reason, silent_days=days, excluded=excluded)
    if last is None:
        return as_("never_posted", silent_days=days, excluded=excluded)
    return as_("quiet" if late else "active", silent_days=days, excluded=excluded)


def _second_signal(account: Account, nights: Sequence[Reading]) -> bool:
    """More than the same "not found" repeated: the platform says suspended, it was looked up by id, or two sources agree."""
    said = any(reading.outcome == "suspended" for reading in nights)
    return said or bool(account.platform_id) or len({reading.source for reading in nights}) > 1


def account_findings(
    observations: Iterable[Observation],
    accounts: Iterable[Account],
    units: Iterable[Unit],
    rules: Mapping[str, RuleHead],
    counts: Mapping[str, CategoryCounts],
    norms: Norms,
    now: datetime,
    zone: ZoneInfo,
) -> list[Finding]:
    """AKT findings for accounts that are quiet, gone, private or absent, and KIN findings for accounts that post little of use.

    ``rules``: active rules by id; a rule that is not there says nothing. Never about unread or excused accounts. The subject of
    an AKT finding is the day on which the state began, so that its key stays the same from night to night.
    """
    found = []
    handles = {account.key: account for account in accounts}
    for item in observations:
        rule = rules.get(_RULE_OF.get(item.state, ""))
        if rule is not None:
            key = "" if item.state == "unregistered" else item.account
            evidence = Evidence(field="history", quote=_history_words(item, zone), note="; ".join(item.excluded))
            found.append(_finding(rule, item, key, str(item.since), evidence))
        if item.state == "active" and item.account in handles:
            found += _performance(item, counts.get(item.account, CategoryCounts()), rules, norms, now, zone)
    return sort_findings(found)


def _history_words(item: Observation, zone: ZoneInfo) -> str:
    if item.state in ("quiet", "never_posted"):
        last = f"{item.last_post_at.astimezone(zone):%d-%m-%Y}" if item.last_post_at else "tidak pernah terlihat"
        return f"unggahan terakhir {last}; {item.silent_days} hari terhitung, batas {item.limit_days} hari"
    return item.reason


def _performance(
    item: Observation, seen: CategoryCounts, rules: Mapping[str, RuleHead], norms: Norms, now: datetime, zone: ZoneInfo
) -> list[Finding]:
    """At most one of the two KIN rules; always a review, since categories are a guess."""
    month = f"{now.astimezone(zone):%Y-%m}"
    long_known = seen.first_at is not None and (now - seen.first_at).days >= norms.useful_days
    if long_known and (seen.last_useful_at is None or (now - seen.last_useful_at).days >= norms.useful_days):
        rule, words = (
            rules.get("no-useful-post"),
            f"0 dari {seen.total} unggahan berguna dalam {norms.useful_days} hari",
        )
    elif seen.total >= norms.useful_posts_min and seen.useful < norms.useful_share_min * seen.total:
        rule, words = rules.get("low-useful-share"), f"{seen.useful} dari {seen.total} unggahan berguna dalam 30 hari"
    else:
        return []
    if rule is None:
        return []
    finding = _finding(rule, item, item.account, month, Evidence(field="history", quote=words))
    return [msgspec.structs.replace(finding, strength="review")]


def _finding(rule: RuleHead, item: Observation, account: str, subject: str, evidence: Evidence) -> Finding:
    return Finding(
        rule_id=rule.rule_id,
        rule_version=rule.version,
        family=rule.family,
        level=rule.level,
        strength="flag",
        unit=item.unit,
        account=account,
        subject=subject,
        evidence=(evidence,),
        message=rule.message,
        basis=rule.basis,
    )
