"""``pantau accounts lookup``: who the registered accounts are now, and what that means for the register.

Nothing here writes the register. A number that belongs to another account than the known one is a warning, never a proposal.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal

import msgspec

from jobs.collecting import NOT_WATCHED, Ask, pace_of_run, side_by_side
from jobs.progress import Progress
from jobs.wiring import Site
from pantau.accounts.proposal import Change
from pantau.accounts.registry import Placed
from pantau.core.clock import local_day
from pantau.core.model import Account, Cost, Scan, Window
from pantau.store.store import Store

State = Literal["found", "handed_on", "twin", "missing", "suspended", "private", "unread", "not_watched"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt of one row of the register. ``account`` is as registered, with its number if any night has learnt it."""

    row: int
    account: Account
    state: State
    reason: str = ""
    changes: tuple[Change, ...] = ()
    """Proposed for this row."""
    platform_id: str = ""
    """The number as known now; for ``handed_on`` that of the stranger."""

    @property
    def learnt(self) -> str:
        """The number that the register does not have yet."""
        return next((change.new for change in self.changes if change.column == "platform_id"), "")

    @property
    def renamed(self) -> str:
        """The new handle."""
        return next((change.new for change in self.changes if change.column == "handle"), "")


class LookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """The answers in the order of the register, and what asking cost."""

    answers: tuple[Answer, ...]
    costs: tuple[Cost, ...]

    @property
    def changes(self) -> list[Change]:
        """All proposals."""
        return [change for answer in self.answers for change in answer.changes]


def look_up(
    site: Site, store: Store, chosen: Sequence[Placed], platforms: Iterable[str], progress: Progress
) -> LookedUp:
    """Ask for the chosen accounts. Numbers learnt are kept in the store as they arrive, and the cost in its ledger."""
    now, watched = site.now(), set(platforms)
    day = local_day(now, site.job.settings.zone)
    synced = dict(zip(site.job.register.accounts, store.accounts.sync(site.job.register.accounts, day), strict=True))
    known = [synced.get(placed.account, placed.account) for placed in chosen]
    run = store.runs.begin("lookup", f"l-{now:%Y%m%d%H%M%S%f}", Window(now, now), now, now)
    collectors = site.build_collectors(pace_of_run(site, store))
    asks = {}
    for platform, collector in collectors.items():
        own = [account for account in known if account.platform == platform and platform in watched]
        asks[platform] = Ask(own, partial(collector.identify, own))
    progress.start("Memeriksa akun", sum(len(ask.accounts) for ask in asks.values()))
    scans: dict[str, Scan] = {}
    try:
        for arrived in side_by_side(asks, now):
            store.save_scans(run.run_id, [(_without_strangers(scan), None) for scan in arrived])
            for scan in arrived:
                scans[scan.reading.account] = scan
                progress.step()
    finally:
        costs = tuple(cost for collector in collectors.values() for cost in collector.costs())
        store.costs.save(run.run_id, costs)
        store.runs.finish(run.run_id, site.now(), 0, f"{len(scans)} akun diperiksa")
    answers = [_answer(*pair, scans.get(pair[1].key)) for pair in zip(chosen, known, strict=True)]
    return LookedUp(answers=tuple(_without_clashes(answers, site.job.register.accounts)), costs=costs)


def _without_strangers(scan: Scan) -> Scan:
    """What may be learnt from a scan: names only of an account that is there."""
    there = scan.reading.outcome in ("read", "private")
    return scan if there else msgspec.structs.replace(scan, platform_id="", handle="")


def _answer(placed: Placed, account: Account, scan: Scan | None) -> Answer:
    """What the scan of one account means for its row."""
    if scan is None:
        return Answer(row=placed.row, account=account, state="not_watched", reason=NOT_WATCHED)
    outcome, reason = scan.reading.outcome, scan.reading.reason
    number = scan.platform_id or account.platform_id
    if account.platform_id and number != account.platform_id:
        return Answer(row=placed.row, account=account, state="handed_on", reason=reason, platform_id=number)
    if outcome in ("missing", "suspended", "unread"):
        return Answer(row=placed.row, account=account, state=outcome, reason=reason, platform_id=account.platform_id)
    changes = []
    if scan.handle and scan.handle.lower() != account.handle.lower() and account.handle != number:
        changes.append(Change(placed.row, "handle", placed.cells.get("handle", ""), scan.handle))
    if number and not placed.cells.get("platform_id") and account.handle != number:
        changes.append(Change(placed.row, "platform_id", "", number))
    state: State = "private" if outcome == "private" else "found"
    return Answer(
        row=placed.row, account=account, state=state, reason=reason, changes=tuple(changes), platform_id=number
    )


def _without_clashes(answers: Sequence[Answer], register: Sequence[Account]) -> list[Answer]:
    """Rows that turned out to be one account, or that would get another row's name, are named and propose nothing."""
    by_number: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.platform_id and answer.state != "handed_on":
            by_number[answer.account.platform, answer.platform_id].append(answer)
    twins = {answer.row: group for group in by_number.values() if len(group) > 1 for answer in group}
    handles = {(account.platform, account.handle.lower()) for account in register}
    result = []
    for answer in answers:
        others = [
            f"baris {other.row} ({other.account.label})" for other in twins.get(answer.row, ()) if other != answer
        ]
        if not others and answer.renamed and (answer.account.platform, answer.renamed.lower()) in handles:
            others = [f"baris lain yang sudah memakai nama @{answer.renamed}"]
        if others:
            reason = f"akun yang sama dengan {', '.join(others)}; hapus salah satu"
            answer = msgspec.structs.replace(answer, state="twin", reason=reason, changes=())
        result.append(answer)
    return result
