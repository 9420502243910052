"""Reads the accounts of several offices in one go: an account in two registers is read once, and kept by both offices.

Every office keeps what it may see in its own database; nothing here writes anything of one office into that of another but the
public posts of an account that stands in both registers.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import structlog

from jobs.collecting import INTENDED, Wanted, read_wanted, wanted
from jobs.night import Night
from jobs.progress import Progress
from jobs.wiring import Site
from pantau.core.errors import PantauError
from pantau.core.model import Account, Collected, Cost, Reading, Run, Scan, Target, Unit, Window

_log = structlog.get_logger(__name__)
MOST_OPEN = 60
"""With more offices than this no database stays connected between two writes: servers and operating systems have a limit."""
_NUMBERS = ("requests", "posts_billed", "users_billed")


class _Asked(msgspec.Struct, frozen=True):
    """One office's wish for an account: whose, and under which key that office knows it."""

    night: int
    account: Account


def collect_together(shared: Site, nights: Sequence[Night], progress: Progress) -> dict[int, PantauError]:
    """Read what the nights have not read yet. All have the same ``as_of``.

    The nights whose database failed meanwhile, by their place; the others have what they need.
    """
    asked, failed = _asked(nights)
    if not asked:
        return failed
    groups = _same_accounts(asked)
    run = _run_of_all([nights[place] for place in asked])
    keeper = _Everybody(nights, groups, failed)
    read_wanted(shared, keeper, run, _merged(nights, asked, groups), progress)
    return keeper.failed


def _asked(nights: Sequence[Night]) -> tuple[dict[int, Wanted], dict[int, PantauError]]:
    asked: dict[int, Wanted] = {}
    failed: dict[int, PantauError] = {}
    for place, night in enumerate(nights):
        try:
            asked[place] = wanted(night.site, night.store, night.run, night.accounts)
        except PantauError as error:
            failed[place] = error
    return asked, failed


def _run_of_all(nights: Sequence[Night]) -> Run:
    """Stands for the offices' runs while they are read; no database knows it."""
    start = min(night.run.window.start for night in nights)
    return msgspec.structs.replace(nights[0].run, window=Window(start, nights[0].run.window.end))


def _same_accounts(asked: Mapping[int, Wanted]) -> dict[str, list[_Asked]]:
    """Who asks for an account, by the key under which it is read.

    Offices may know the same account by its number, by its handle, or by both; numbers that differ are different accounts, as a
    handle can have passed to somebody else.
    """
    numbers: dict[tuple[str, str], str] = {}
    for want in asked.values():
        for account in (*want.left, *want.read):
            if account.platform_id:
                numbers.setdefault((account.platform, account.handle.lower()), account.platform_id)
    groups: dict[str, list[_Asked]] = defaultdict(list)
    for place, want in asked.items():
        for account in want.left:
            number = account.platform_id or numbers.get((account.platform, account.handle.lower()), "")
            groups[msgspec.structs.replace(account, platform_id=number).key].append(_Asked(place, account))
    return groups


def _merged(nights: Sequence[Night], asked: Mapping[int, Wanted], groups: dict[str, list[_Asked]]) -> Wanted:
    """What all want together: from the earliest start, by the strictest norm and the highest priority."""
    units: dict[str, Unit] = {}
    for place, want in asked.items():
        units |= {_unit(nights[place], code): unit for code, unit in want.units.items()}
    left: list[Account] = []
    history: dict[str, Sequence[Reading]] = {}
    limit_days: dict[str, int] = {}
    targets: dict[str, Target] = {}
    for key, wishes in groups.items():
        wants = [(asked[wish.night], wish.account.key) for wish in wishes]
        first = min((want.targets[own] for want, own in wants), key=lambda target: target.since)
        placed = [(_unit(nights[wish.night], wish.account.unit), wish.account) for wish in wishes]
        unit, account = max(placed, key=lambda one: units[one[0]].priority)
        name = key.partition(":")[2]
        account = msgspec.structs.replace(account, unit=unit, platform_id="" if name.startswith("@") else name)
        left.append(account)
        history[key] = [reading for want, own in wants for reading in want.history.get(own, ())]
        limit_days[key] = min(want.limit_days[own] for want, own in wants)
        again = dict.fromkeys(post for want, own in wants for post in want.targets[own].recheck)
        targets[key] = Target(account=account, since=first.since, last_post_id=first.last_post_id, recheck=tuple(again))
    read = {account.key: account for want in asked.values() for account in want.read}
    return Wanted(
        left=left, read=[*read.values()], units=units, history=history, limit_days=limit_days, targets=targets
    )


def _unit(night: Night, code: str) -> str:
    """A unit's code as it is unique among all offices."""
    return night.site.job.settings.run_name(code)


class _Everybody:
    """Keeps each scan in the database of every office that asked for its account. See ``collecting.Keeper``."""

    def __init__(
        self, nights: Sequence[Night], groups: Mapping[str, Sequence[_Asked]], failed: Mapping[int, PantauError]
    ) -> None:
        self._nights, self._groups = nights, groups
        self.failed = dict(failed)
        """Nights whose database failed; nothing more is kept for them."""
        self.kept: dict[str, Counter[int]] = defaultdict(Counter)
        """How many accounts were read, by platform and night; one that two offices asked for counts for both."""
        self.costs = _Shares(self)

    def save_scans(self, _run_id: str, found: Iterable[tuple[Scan, Window | None]]) -> None:
        """See ``Store.save_scans``."""
        shares: dict[int, list[tuple[Scan, Window | None]]] = defaultdict(list)
        for scan, span in found:
            for wish in self._groups[scan.reading.account]:
                shares[wish.night].append((_under(scan, wish.account.key), span))
                if scan.reading.unread_class not in INTENDED:
                    self.kept[wish.account.platform][wish.night] += 1
        for place, scans in shares.items():
            self.write(place, partial(_keep_scans, scans))

    def write(self, place: int, change: Callable[[Night], object]) -> None:
        """Write for one office; when its database fails the others go on."""
        night = self._nights[place]
        if place in self.failed:
            return
        try:
            change(night)
            if len(self._nights) > MOST_OPEN:
                night.store.close()
        except PantauError as error:
            _log.error("office_stopped", office=night.site.job.settings.code, reason=str(error))
            self.failed[place] = error

    def costs_of_month(self, year: int, month: int, zone: ZoneInfo) -> Iterator[Cost]:
        """What all of them used in a calendar month."""
        for place, night in enumerate(self._nights):
            if place not in self.failed:
                yield from night.store.costs.of_month(year, month, zone)


class _Shares:
    """Divides what reading cost among the offices, by the accounts that were read for each. See ``collecting.CostKeeper``."""

    def __init__(self, everybody: _Everybody) -> None:
        self._everybody = everybody

    def save(self, _run_id: str, costs: Iterable[Cost], attempt: str = "") -> None:
        """Each office's share goes into its own database."""
        shares: dict[int, list[Cost]] = defaultdict(list)
        for cost in costs:
            for place, share in divided(cost, self._everybody.kept[cost.platform] or {0: 1}).items():
                shares[place].append(share)
        for place, own in shares.items():
            self._everybody.write(place, partial(_keep_costs, own, attempt))

    def of_month(self, year: int, month: int, zone: ZoneInfo) -> list[Cost]:
        """What all offices together used."""
        return list(self._everybody.costs_of_month(year, month, zone))


def _keep_scans(scans: Sequence[tuple[Scan, Window | None]], night: Night) -> None:
    night.store.save_scans(night.run.run_id, scans)


def _keep_costs(costs: Sequence[Cost], attempt: str, night: Night) -> None:
    night.store.costs.save(night.run.run_id, costs, attempt=attempt)


def divided(cost: Cost, weights: Mapping[int, int]) -> dict[int, Cost]:
    """A cost in shares by weight that add up to it exactly (US dollars to a millionth)."""
    parts = {name: _parts(getattr(cost, name), weights) for name in _NUMBERS}
    millionths = _parts(round(cost.usd * 1_000_000), weights)
    return {
        place: msgspec.structs.replace(
            cost, usd=millionths[place] / 1_000_000, **{name: parts[name][place] for name in _NUMBERS}
        )
        for place in weights
    }


def _parts(number: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Whole parts: the largest remainders get what is left over."""
    total = sum(weights.values()) or 1
    parts = {place: number * weight // total for place, weight in weights.items()}
    order = sorted(weights, key=lambda place: (-(number * weights[place] % total), place))
    for place in order[: number - sum(parts.values())]:
        parts[place] += 1
    return parts


def _under(scan: Scan, key: str) -> Scan:
    """The scan as an office keeps it that knows the account under another key."""
    known = scan.reading.account
    if known == key:
        return scan
    return msgspec.structs.replace(
        scan,
        reading=msgspec.structs.replace(scan.reading, account=key),
        posts=tuple(_of(item, known, key) for item in scan.posts),
        older=tuple(_of(item, known, key) for item in scan.older),
    )


def _of(item: Collected, known: str, key: str) -> Collected:
    if item.post.account != known:
        return item
    return msgspec.structs.replace(item, post=msgspec.structs.replace(item.post, account=key))
