"""Who is read first tonight, and whose turn it is not, from priorities and from how long each account has waited."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

import msgspec

from pantau.core.model import Account, Reading, Unit, UnreadClass

LOOK_BACK_DAYS = 30
"""An account not tried for so long, or never, has waited this long."""
NOT_TRIED: frozenset[UnreadClass] = frozenset(
    {"rotation", "deadline", "budget", "rate_limit", "stopped", "not_watched"}
)
"""Unread for a reason that is not the account's own. Any other was its turn, or broken accounts would be first every night."""
_DAY_S = 86400.0


class Plan(msgspec.Struct, frozen=True):
    """Tonight's accounts, most urgent first, and those for whom there is no place, with the reason for readers."""

    accounts: tuple[Account, ...]
    postponed: tuple[tuple[Account, str], ...]


def plan_night(
    accounts: Sequence[Account],
    units: Mapping[str, Unit],
    history: Mapping[str, Sequence[Reading]],
    limit_days: Mapping[str, int],
    max_accounts: Mapping[str, int],
    read_already: Collection[Account],
    at: datetime,
) -> Plan:
    """The order in which ``accounts`` are read, and which of them wait for a later night.

    Urgency is the days since the account was last tried, times one more than its unit's priority: with room for a third of the
    accounts, one of priority 2 has its turn every night and the others every third; none waits for ever. Of equals the one
    with the shorter limit (``limit_days``, by account key) comes first. ``max_accounts`` limits a platform's accounts per night;
    ``read_already`` are those read in this run before it was interrupted.
    """
    order = sorted(
        accounts,
        key=lambda account: (
            -_urgency(account, units, history.get(account.key, ()), at),
            limit_days[account.key],
            account.key,
        ),
    )
    used = Counter(account.platform for account in read_already)
    total = used + Counter(account.platform for account in accounts)
    chosen: list[Account] = []
    postponed: list[tuple[Account, str]] = []
    for account in order:
        platform, room = account.platform, max_accounts.get(account.platform, 0)
        if room and used[platform] >= room:
            nights = ceil(total[platform] / room)
            postponed.append((account, f"menunggu giliran; tiap akun diperiksa kira-kira tiap {nights} malam"))
            continue
        used[platform] += 1
        chosen.append(account)
    return Plan(tuple(chosen), tuple(postponed))


def _urgency(account: Account, units: Mapping[str, Unit], readings: Sequence[Reading], at: datetime) -> int:
    unit = units.get(account.unit)
    weight = 1 + max(0, unit.priority) if unit else 1
    tried = [reading.checked_at for reading in readings if reading.unread_class not in NOT_TRIED]
    since = max(tried, default=at - timedelta(days=LOOK_BACK_DAYS))
    return max(1, round((at - since).total_seconds() / _DAY_S)) * weight
