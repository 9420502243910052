"""The silence ledger: from a history of readings and posts to exactly one state per account.

How silence is counted:

* from the day after the newest post ever seen to the last day that is over; today is not over, so it never counts;
* holidays, excused days, days on which we tried and failed, and weekends (norms of working days) are taken out;
* when no post was ever seen, from the day on which Pantau first knew the account (``Account.since``). When a post was seen,
  that post counts even if it is older than ``since``: silence that the platform itself shows is known, not guessed.

What outranks what: a failed reading tonight is ``unread`` and nothing else. Then an excuse without a post since its beginning.
Then what the platform said (private, missing, suspended). Only a complete reading may call an account quiet or never used.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from pantau.checks.account_findings import CategoryCounts, RuleHead, account_findings
from pantau.checks.days import Calendar, Silence, failed_days, nights
from pantau.core.clock import local_day
from pantau.core.ledgers import Excuse
from pantau.core.model import Account, Observation, Outcome, Reading, Unit
from pantau.core.settings import TierNorm

__all__ = ["CategoryCounts", "RuleHead", "account_findings", "judge"]

_LOST: frozenset[Outcome] = frozenset({"missing", "suspended"})
_NOT_READ: frozenset[Outcome] = frozenset({"unread", "missing", "suspended"})
_NO_RESULT = "tidak ada hasil pembacaan malam ini"
_PARTIAL = "hanya terbaca sebagian, sehingga diam atau tidaknya belum dapat dipastikan"
_DAY = timedelta(days=1)


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
    """One observation per account, and one per unit without an account, ordered by ``Observation.account``.

    ``readings`` are tonight's, ``history`` those of earlier nights, ``previous`` last night's observations, all by
    ``Account.key`` (``unit:<code>`` for units). An account without a reading tonight is unread. ``norms`` are already resolved,
    one for each account. ``post_dates`` are publication times of stored posts; those after ``now`` are left aside.
    """
    calendar = Calendar(holidays, excuses)
    read_keys = {key for key, reading in readings.items() if reading.outcome == "read"}
    live_platforms = {account.platform for account in accounts if account.key in read_keys}
    found = []
    for account in accounts:
        reading = readings.get(account.key) or Reading(
            account=account.key, outcome="unread", unread_class="stopped", reason=_NO_RESULT, checked_at=now
        )
        case = _Case(
            account=account,
            tonight=reading,
            earlier=tuple(history.get(account.key, ())),
            norm=norms[account.key],
            calendar=calendar,
            now=now,
            zone=zone,
            last_post_at=_last_post_at(account, reading, history, post_dates, now),
            previous=previous.get(account.key),
        )
        found.append(case.observation(gone_after_nights, account.platform in live_platforms))
    with_account = {account.unit for account in accounts}
    for unit in units:
        if unit.code not in with_account:
            found.append(_unregistered(unit, previous.get(f"unit:{unit.code}"), now, zone))
    return sorted(found, key=lambda item: item.account)


def _last_post_at(
    account: Account,
    tonight: Reading,
    history: Mapping[str, Sequence[Reading]],
    post_dates: Mapping[str, Sequence[datetime]],
    now: datetime,
) -> datetime | None:
    """The newest post ever seen, stored or only mentioned by a reading."""
    seen = list(post_dates.get(account.key, ()))
    seen += [item.last_post_at for item in (*history.get(account.key, ()), tonight) if item.last_post_at]
    return max((moment for moment in seen if moment <= now), default=None)


def _unregistered(unit: Unit, before: Observation | None, now: datetime, zone: ZoneInfo) -> Observation:
    today = local_day(now, zone)
    known = before.since if before is not None and before.state == "unregistered" else None
    return Observation(
        account=f"unit:{unit.code}",
        unit=unit.code,
        state="unregistered",
        reason="belum ada akun yang terdaftar",
        checked_at=now,
        since=min(known or today, today),
    )


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that bears on one account tonight."""

    account: Account
    tonight: Reading
    earlier: tuple[Reading, ...]
    norm: TierNorm
    calendar: Calendar
    now: datetime
    zone: ZoneInfo
    last_post_at: datetime | None
    previous: Observation | None

    @property
    def today(self) -> date:
        return local_day(self.now, self.zone)

    def observation(self, gone_after_nights: int, others_read: bool) -> Observation:
        """The one state of the account."""
        outcome = self.tonight.outcome
        if outcome == "unread":
            return self._unread(self.tonight.reason)
        excused = self._excused()
        if excused is not None:
            return excused
        if outcome == "private":
            return self._state(state="private", reason=self.tonight.reason, since=self._row_start({"private"}))
        if outcome in _LOST:
            return self._lost(gone_after_nights, others_read)
        return self._silence()

    def _excused(self) -> Observation | None:
        """Inside an excuse, unless the account has posted since the excuse began."""
        excuse = self.calendar.excuse(self.account.unit, (self.today - _DAY, self.today))
        if excuse is None:
            return None
        if self.last_post_at is not None and local_day(self.last_post_at, self.zone) >= excuse.start:
            return None
        return self._state(state="excused", reason=excuse.reason, since=excuse.start)

    def _lost(self, gone_after_nights: int, others_read: bool) -> Observation:
        """Gone only after enough nights in a row and a second signal; until then it is merely not known."""
        row = self._lost_row()
        signal = self._second_signal(row)
        if len(row) >= gone_after_nights and signal and others_read:
            reason = f"{self.tonight.reason}, {len(row)} malam berturut-turut"
            return self._state(state="gone", reason=reason, since=self._row_start(_LOST))
        if len(row) < gone_after_nights:
            why = f"malam ke-{len(row)} dari {gone_after_nights} sebelum boleh disebut hilang"
        elif not others_read:
            why = "akun lain di platform ini juga tidak terbaca malam ini"
        else:
            why = f"sudah {len(row)} malam, tetapi belum ada petunjuk kedua bahwa akun ini benar-benar hilang"
        return self._unread(f"{self.tonight.reason}; {why}", unproven=True)

    def _lost_row(self) -> list[Reading]:
        """Newest reading of each night of the unbroken row on which the platform did not show the account, tonight first."""
        row = []
        for night in nights((*self.earlier, self.tonight), self.zone):
            if all(reading.unread_class == "rotation" for reading in night):
                continue  # not its turn: nobody looked, so nobody failed either
            said = {reading.outcome for reading in night} - {"unread"}
            if not said or not said <= _LOST:
                break  # a night on which we failed breaks the row: nobody is called gone over a gap
            row.append(night[0])
        return row

    def _second_signal(self, row: Sequence[Reading]) -> bool:
        """More than one "not found" repeated: the platform says suspended, two sources agree, or it was asked for by its id.

        An account whose id is known is looked up by id before a collector calls it missing. A site's address is its identity; its
        collector asks twice (page and root, or the name while others resolve), but an address never read before may be mistyped.
        """
        suspended = any(reading.outcome == "suspended" for reading in row)
        known_site = self.account.platform == "website" and self._was_seen
        return suspended or bool(self.account.platform_id) or known_site or len({one.source for one in row}) > 1

    @property
    def _was_seen(self) -> bool:
        gone_before = self.previous is not None and self.previous.state == "gone"
        return self.last_post_at is not None or gone_before or any(one.outcome == "read" for one in self.earlier)

    def _silence(self) -> Observation:
        """Active, quiet or never used, as far as tonight's reading allows the claim."""
        start = self._silent_since()
        failed = failed_days((*self.earlier, self.tonight), self.zone)
        silence = self.calendar.silence(self.account.unit, self.norm, start, self.today - _DAY, failed)
        late = silence.days > self.norm.days + self.norm.grace
        if not self.tonight.complete and (late or self.last_post_at is None):
            return self._unread(_PARTIAL, unproven=True)
        if self.last_post_at is None:
            reason = f"belum ada satu unggahan pun yang terlihat sejak akun dipantau, {start:%d-%m-%Y}"
            return self._state(silence, state="never_posted", reason=reason, since=start)
        if late:
            kind = "hari kerja" if self.norm.unit == "working" else "hari"
            limit = self.norm.days + self.norm.grace
            reason = f"tidak ada unggahan selama {silence.days} {kind} terhitung; batasnya {limit} {kind}"
            return self._state(silence, state="quiet", reason=reason, since=start)
        before = self.previous.since if self.previous is not None and self.previous.state == "active" else None
        return self._state(
            silence, state="active", reason=self.tonight.reason, since=min(before or self.today, self.today)
        )

    def _silent_since(self) -> date:
        """First day of the silence: the same every night until the account posts."""
        if self.last_post_at is not None:
            return local_day(self.last_post_at, self.zone) + _DAY
        known = [local_day(reading.checked_at, self.zone) for reading in self.earlier]
        if self.previous is not None and self.previous.state == "never_posted" and self.previous.since:
            known.append(self.previous.since)
        return min(self.account.since or min([*known, self.today]), self.today)

    def _unread(self, reason: str, *, unproven: bool = False) -> Observation:
        kind = "unproven" if unproven else (self.tonight.unread_class or "stopped")
        since = self._row_start(_NOT_READ)
        return self._state(state="unread", unread_class=kind, reason=reason or _NO_RESULT, since=since)

    def _row_start(self, outcomes: Collection[Outcome]) -> date:
        """Local day of the first night of the row that ends tonight and saw nothing but ``outcomes`` (or failed)."""
        first = min(local_day(self.tonight.checked_at, self.zone), self.today)
        for night in nights(self.earlier, self.zone):
            if any(reading.outcome not in outcomes and reading.outcome != "unread" for reading in night):
                break
            fitting = [reading for reading in night if reading.outcome in outcomes]
            first = min([first, *(local_day(reading.checked_at, self.zone) for reading in fitting)])
        state = "unread" if "unread" in outcomes else "private" if "private" in outcomes else "gone"
        known = self.previous.since if self.previous is not None and self.previous.state == state else None
        return min(first, known or first)

    def _state(self, silence: Silence | None = None, **fields: object) -> Observation:
        silence = silence or Silence(0, ())
        base = Observation(
            account=self.account.key,
            unit=self.account.unit,
            state="unread",
            checked_at=self.tonight.checked_at,
            last_post_at=self.last_post_at,
            complete=self.tonight.complete,
            silent_days=silence.days,
            excluded=silence.excluded,
            norm_days=self.norm.days,
            limit_days=self.norm.days + self.norm.grace,
            day_unit=self.norm.unit,
        )
        return msgspec.structs.replace(base, **fields)
