"""One platform's real collector under observation, within small bounds, for the check of the first day with real keys."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.base import CollectorError, Pace, failed_scan, guarded
from collectors.registry import COLLECTORS
from collectors.shapes import compare, endpoint_of
from collectors.tap import Tap, TappedNetwork
from collectors.x_client import POST_USD, USER_USD
from pantau.core.clock import to_utc
from pantau.core.exchange import Exchange, Look
from pantau.core.model import Scan, Target, Window
from pantau.core.ports import Collector
from pantau.core.settings import Settings

_SMALLEST_PAGE = 10
"""X's search returns at least so many posts when there are so many, even when the budget allows one."""
_QUOTA_UNITS = 300
"""YouTube's units for one probe; ten thousand a day are free."""


def x_accounts_within(limit_usd: float) -> int:
    """How many accounts of X a probe may name, so that looking them up costs half of the limit at most."""
    return int(limit_usd / 2 / USER_USD + 1e-9)


def x_budget(limit_usd: float, targets: Sequence[Target], pace: Pace) -> float:
    """The collector's budget with which the bill stays within ``limit_usd`` whatever X answers.

    The collector notices that the budget is spent only before the next request: a last page of posts can exceed it, and so can a
    second look at accounts that has not been paid for yet (each user costs once per UTC day).
    """
    over_midnight = to_utc(pace.now()).date() != to_utc(pace.deadline).date()
    later = sum(over_midnight or bool(target.account.platform_id) for target in targets)
    return limit_usd - later * USER_USD - (_SMALLEST_PAGE - 1) * POST_USD


def look(
    platform: str,
    settings: Settings,
    pace: Pace,
    targets: Sequence[Target],
    window: Window,
    state_dir: Path,
    x_usd: float,
) -> Look:
    """Read the targets once, and what can be compared a second time. Raises ``SecretError``.

    ``state_dir``: a folder of the probe's own; nothing is read from the office's or written to it, except logins that TikTok
    renews. ``x_usd``: most that X may cost.
    """
    tap, again_tap = Tap(), Tap()
    small = _small(settings, state_dir, x_budget(x_usd, targets, pace))
    collector = _build(platform, small, tap, pace)
    scans = _read(collector, targets, window, pace)
    first, unanswered = tap.exchanges, tap.unanswered
    again: tuple[Scan, ...] = ()
    costs = collector.costs()
    if platform == "website":  # the same collector: it has the validators of what it just read
        later = [msgspec.structs.replace(target, since=window.end) for target in targets]
        again = _read(collector, later, Window(window.end, window.end), pace)
        costs = collector.costs()
    elif platform == "youtube" and small.collect.youtube.api_key:
        feeds = msgspec.structs.replace(small.collect.youtube, api_key="")
        rss = _build(platform, _with(small, youtube=feeds), again_tap, pace)
        again = _read(rss, _known(targets, scans), window, pace)
        costs += tuple(cost for cost in rss.costs() if cost.requests)
    first, second = _named(platform, first), _named(platform, (*tap.exchanges[len(first) :], *again_tap.exchanges))
    return Look(
        scans=scans,
        exchanges=first,
        again_scans=again,
        again=second,
        unanswered=unanswered,
        differences=tuple(compare((*first, *second))),
        costs=costs,
    )


def _named(platform: str, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    return tuple(msgspec.structs.replace(one, endpoint=endpoint_of(platform, one)) for one in exchanges)


def _small(settings: Settings, state_dir: Path, x_budget_usd: float) -> Settings:
    """The settings with bounds for a probe and a state folder of its own."""
    collect = settings.collect
    own_usd = collect.x.budget_usd
    x = msgspec.structs.replace(collect.x, budget_usd=min(x_budget_usd, own_usd) if own_usd else x_budget_usd)
    units = collect.youtube.quota_units
    youtube = msgspec.structs.replace(collect.youtube, quota_units=min(units, _QUOTA_UNITS) if units else _QUOTA_UNITS)
    # A login is no reading: TikTok forgets a token once it is exchanged, so the new one must lie where the nights look for it.
    tiktok = msgspec.structs.replace(collect.tiktok, tokens_dir=str(settings.tiktok_tokens_dir.absolute()))
    files = msgspec.structs.replace(settings.files, state_dir=str(state_dir))
    return msgspec.structs.replace(_with(settings, x=x, youtube=youtube, tiktok=tiktok), files=files)


def _with(settings: Settings, **sections: object) -> Settings:
    return msgspec.structs.replace(settings, collect=msgspec.structs.replace(settings.collect, **sections))


def _build(platform: str, settings: Settings, tap: Tap, pace: Pace) -> Collector:
    network = settings.network
    tapped = TappedNetwork(proxy=network.proxy, ca_file=network.ca_file, tap=tap)
    return COLLECTORS[platform].build(msgspec.structs.replace(settings, network=tapped), pace)


def _read(collector: Collector, targets: Sequence[Target], window: Window, pace: Pace) -> tuple[Scan, ...]:
    """One scan per target, whatever the collector does."""
    scans: list[Scan] = []

    def drain() -> None:
        scans.extend(collector.collect(targets, window))

    reason = "pembaca platform ini berhenti tanpa hasil untuk akun ini"
    try:
        guarded(drain, lambda what: CollectorError(f"pembaca platform ini berhenti ({what})", "format"), "probe.broke")
    except CollectorError as error:
        reason = str(error)
    done = {scan.reading.account for scan in scans}
    left = [target.account for target in targets if target.account.key not in done]
    return (*scans, *(failed_scan(account, "format", reason, pace.now(), "") for account in left))


def _known(targets: Sequence[Target], scans: Sequence[Scan]) -> list[Target]:
    """The targets whose number is known, be it since a moment ago."""
    learnt = {scan.reading.account: scan.platform_id for scan in scans if scan.platform_id}
    known = []
    for target in targets:
        account = target.account
        number = account.platform_id or learnt.get(account.key, "")
        if number:
            known.append(msgspec.structs.replace(target, account=msgspec.structs.replace(account, platform_id=number)))
    return known
