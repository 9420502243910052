"""The check of the first day with real keys: a few accounts of each platform are read, nothing is stored, differences are named."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from collectors.base import Pace
from jobs import exit_codes
from jobs.collecting import unread
from jobs.points import Answer, answers
from jobs.progress import Progress
from jobs.wiring import Job, look, watched_platforms, x_accounts_within
from pantau.core.errors import SecretError
from pantau.core.exchange import Look
from pantau.core.model import Account, Target, Unit, Window

PROBE_DAYS = 6
"""How far back is read: enough for some posts of most accounts, and within reach of X's recent search."""
PROBE_MINUTES = 10.0
"""Time for one platform."""

State = Literal["read", "not_set_up", "no_accounts", "no_secret"]


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """One platform. ``look`` is there when ``state`` is ``read``, ``problem`` when a secret could not be."""

    platform: str
    state: State
    registered: int
    accounts: tuple[Account, ...] = ()
    look: Look | None = None
    answers: tuple[Answer, ...] = ()
    problem: str = ""

    @property
    def failed(self) -> int:
        """Accounts that were not read though they should be."""
        return len(unread(scan.reading for scan in self.look.scans)) if self.look else 0

    @property
    def differs(self) -> bool:
        """Whether anything was not as expected; optional fields that did not come are no difference."""
        if self.look is None:
            return False
        odd = any(difference.kind != "absent" for difference in self.look.differences)
        return odd or any(answer.verdict == "refuted" for answer in self.answers)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe is going to do on one platform."""

    platform: str
    state: State
    registered: int
    accounts: tuple[Account, ...] = ()


def plan(job: Job, platforms: Sequence[str], count: int, x_usd: float) -> list[Plan]:
    """Per platform, whether it can be probed and with which accounts; on X never more than the limit of cost allows."""
    units = {unit.code: unit for unit in job.register.units}
    watched = watched_platforms(job.settings)
    plans = []
    for platform in platforms:
        own = [account for account in job.register.accounts if account.platform == platform]
        state: State = "not_set_up" if platform not in watched else "read" if own else "no_accounts"
        most = min(count, x_accounts_within(x_usd)) if platform == "x" else count
        chosen = choose(own, units, most) if state == "read" else ()
        plans.append(Plan(platform=platform, state=state, registered=len(own), accounts=tuple(chosen)))
    return plans


def choose(accounts: Iterable[Account], units: dict[str, Unit], count: int) -> list[Account]:
    """Up to ``count`` accounts, the kinds of units in turn, within a kind the most and the least important in turn.

    The same register always gives the same accounts.
    """
    by_kind: defaultdict[str, list[Account]] = defaultdict(list)
    for account in sorted(accounts, key=lambda one: (-units[one.unit].priority, one.unit, one.handle.lower())):
        by_kind[units[account.unit].kind].append(account)
    queues = [_from_both_ends(by_kind[kind]) for kind in sorted(by_kind)]
    chosen: list[Account] = []
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return chosen


def _from_both_ends(items: list[Account]) -> list[Account]:
    half = (len(items) + 1) // 2
    first, last = items[:half], items[half:][::-1]
    return [one for pair in zip(first, [*last, None], strict=False) for one in pair if one is not None]


def probe(
    job: Job,
    plans: Sequence[Plan],
    x_usd: float,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    progress: Progress,
) -> list[Probed]:
    """Carry the plans out, one platform after the other.

    Nothing goes into the office's database or state folder (but logins that TikTok renews), so that it cannot count as a night.
    """
    progress.start("Membaca platform", len(plans))
    results = []
    for one in plans:
        base = Probed(platform=one.platform, state=one.state, registered=one.registered, accounts=one.accounts)
        results.append(_look(job, base, x_usd, now, sleep) if one.state == "read" else base)
        progress.step()
    progress.stop()
    return results


def _look(job: Job, base: Probed, x_usd: float, now: Callable[[], datetime], sleep: Callable[[float], None]) -> Probed:
    end = now().replace(microsecond=0)
    window = Window(end - timedelta(days=PROBE_DAYS), end)
    targets = [Target(account=account, since=window.start) for account in base.accounts]
    pace = Pace(now, sleep, now() + timedelta(minutes=PROBE_MINUTES))
    try:
        with tempfile.TemporaryDirectory(prefix="pantau-probe-") as folder:
            seen = look(base.platform, job.settings, pace, targets, window, Path(folder), x_usd)
    except SecretError as error:  # the other platforms can be probed all the same
        return msgspec.structs.replace(base, state="no_secret", problem=str(error))
    return msgspec.structs.replace(base, look=seen, answers=tuple(answers(base.platform, seen)))


def exit_code(results: Sequence[Probed], *, named: bool) -> int:
    """0: all as expected; 1: something failed or differed; 2: nothing could be probed, or not the platform asked for by name."""
    read = [result for result in results if result.state == "read"]
    if not read or (named and len(read) < len(results)):
        return exit_codes.BAD_CONFIGURATION
    wrong = any(result.failed or result.differs for result in read) or any(one.problem for one in results)
    return exit_codes.INCOMPLETE if wrong else exit_codes.DONE
