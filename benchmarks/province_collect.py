"""What a night of reading takes, measured: the real collectors plan and ask, the stand-ins answer, waits pass at once."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from benchmarks.province_town import ProvinceTown, count_posts, handle_of, known_id, last_id
from benchmarks.province_wire import SimClock, connected
from benchmarks.province_world import DAY, START, Resident
from collectors.base import Pace
from jobs.wiring import build_collectors
from pantau.core.model import Account, Target, Window
from pantau.core.settings_file import load_settings

_FAR = timedelta(days=10_000)


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """One platform's night."""

    platform: str
    accounts: int
    personal: int
    """Of them Instagram accounts that the Graph API does not show."""
    posts: int
    """New ones, as generated."""
    found: int
    """New ones that the collector handed over."""
    read: int
    """Accounts read completely."""
    told: int
    """Accounts read of which the collector says that something may be missing: a feed shorter than the night's posts."""
    requests: dict[str, int]
    posts_billed: int
    usd: float
    hours: float
    """Waits for limits of rate with one credential of each kind; answers themselves take no time."""
    cpu_s: float
    """Of the collector, without what answers it."""


def read_night(people: Sequence[Resident], texts: Sequence[str], *, warm: bool = True) -> Used:
    """The second night of accounts of one platform, with the published limits; ids and notes are known from the first one.

    ``warm``: the first night is read too, for platforms whose collectors keep notes that save requests.
    """
    platform = people[0].platform
    clock = SimClock(START + timedelta(minutes=5))
    town = ProvinceTown(people, texts, clock.now, limited=True)
    with tempfile.TemporaryDirectory(prefix="pantau-province-") as folder:
        settings = load_settings(town.write_office(Path(folder)))
        for night in (0, 1) if warm else (1,):
            if not warm:
                town.publish(0)
            if night:
                clock.turn_to(START + DAY + timedelta(minutes=5))
            town.publish(night)
            before, began = town.counts(), clock.now()
            collector = build_collectors(settings, Pace(clock.now, clock.sleep, START + _FAR))[platform]
            end = START + DAY * night
            targets = [_target(one, night) for one in people]
            cpu = time.process_time()
            with connected(town.answer) as wire:
                scans = list(collector.collect(targets, Window(end - DAY, end)))
            cpu = time.process_time() - cpu - wire.answering_s
    costs = collector.costs()
    return Used(
        platform=platform,
        accounts=len(people),
        personal=sum(one.personal for one in people if platform == "instagram"),
        posts=count_posts(people, 1),
        found=sum(item.post.published_at >= START for scan in scans for item in scan.posts),
        read=sum(scan.reading.complete for scan in scans),
        told=sum(scan.reading.outcome == "read" and bool(scan.reading.reason) for scan in scans),
        requests=dict(town.counts() - before),
        posts_billed=sum(cost.posts_billed for cost in costs),
        usd=sum(cost.usd for cost in costs),
        hours=(clock.now() - began).total_seconds() / 3600,
        cpu_s=cpu,
    )


def _target(one: Resident, night: int) -> Target:
    number = known_id(one) if night or one.platform != "youtube" else ""
    account = Account(platform=one.platform, handle=handle_of(one), unit="u", platform_id=number)
    newest = max((*one.older, *(at for times in one.nights[:night] for at in times)))
    return Target(account=account, since=START - DAY * (1 - night), last_post_id=last_id(one, newest))


def requests_of(used: Sequence[Used]) -> Counter[str]:
    """All requests, by ``server.endpoint``."""
    return Counter({name: count for one in used for name, count in one.requests.items()})
