"""Generated accounts and their histories for ``benchmarks.province`` and ``benchmarks.nation``: the same for the same seed.

What is assumed stands here as numbers with a name and is printed under the table; everything else follows from it.
"""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec

from benchmarks.corpus import captions

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
"""End of the first simulated day, 21.00 in Jakarta."""
DAY = timedelta(days=1)
MIX = {"instagram": 0.34, "facebook": 0.29, "website": 0.14, "youtube": 0.09, "x": 0.07, "tiktok": 0.07}
"""Share of the accounts on each platform."""
PERSONAL = 0.3
"""Share of Instagram accounts that are not professional, so that the Graph API does not show them."""
SILENT = 0.15
"""Share of the accounts that have posted nothing for weeks."""
SHAPE = 0.8
"""Of the gamma distribution of posting rates: few accounts make most of the posts."""
PICTURED = {"instagram": 1.0, "facebook": 0.8, "website": 0.0, "youtube": 0.0, "x": 0.0, "tiktok": 0.0}
"""Share of posts with a picture that is read. X tells no addresses; covers of videos are not counted."""
REPEATED = 0.2
"""Share of pictures that are files seen before, which are read once (``docs/decisions.md``, "Pictures")."""
OLDER = 30
"""Posts before the first night in a list, so that a page is as full as a real one."""
ASSUMED = (
    ("share of accounts by platform", ", ".join(f"{name} {share:.0%}" for name, share in MIX.items())),
    ("Instagram accounts that the Graph API does not show", f"{PERSONAL:.0%}"),
    ("accounts silent for weeks", f"{SILENT:.0%}"),
    ("posting rates of the others", f"gamma distributed, shape {SHAPE:g}; posts of a night are Poisson"),
    ("posts with a picture to read", ", ".join(f"{name} {share:.0%}" for name, share in PICTURED.items() if share)),
    ("pictures seen before", f"{REPEATED:.0%}"),
)


class Resident(msgspec.Struct, frozen=True):
    """One account with its history."""

    platform: str
    office: int
    number: int
    """Within its office, over all platforms."""
    personal: bool
    older: tuple[datetime, ...]
    """Posts before the first night, oldest first."""
    nights: tuple[tuple[datetime, ...], ...]
    """Posts of each night, oldest first."""

    @property
    def handle(self) -> str:
        """A name of 15 characters, the longest that X allows."""
        return f"unit_{self.office:03}_{self.number:06}"

    @property
    def site(self) -> str:
        """A name for hosts and channels, which hold no underscore."""
        return self.handle.replace("_", "-")

    @property
    def id(self) -> int:
        """A number of its own among all offices."""
        return 1_000_000_000 + self.office * 1_000_000 + self.number


def residents(
    seed: int, office: int, accounts: int, posts: float, nights: int = 1, only: Sequence[str] = tuple(MIX)
) -> Iterator[Resident]:
    """The accounts of an office, ``posts`` a night and account on average. The history of an account depends on nothing else."""
    first = 0
    for platform, share in MIX.items():
        count = round(accounts * share)
        if platform in only:
            for number in range(first, first + count):
                yield _resident(random.Random(f"{seed}/{office}/{number}"), platform, office, number, posts, nights)
        first += count


def _resident(chance: random.Random, platform: str, office: int, number: int, posts: float, nights: int) -> Resident:
    silent = chance.random() < SILENT
    rate = 0.0 if silent else max(0.02, chance.gammavariate(SHAPE, posts / (1 - SILENT) / SHAPE))
    newest = START - DAY - (DAY * chance.uniform(20, 200) if silent else DAY * min(60, chance.expovariate(rate)))
    step = DAY * (3 if silent else min(10, 1 / rate))
    older = tuple(_whole(newest - step * back) for back in reversed(range(OLDER)))
    found = []
    for night in range(nights):
        end = START + DAY * night
        times = (end - DAY * chance.uniform(0.02, 1) for _ in range(_poisson(chance, rate)))
        found.append(tuple(sorted(set(map(_whole, times)))))  # two posts of a second would have one id on X
    return Resident(platform, office, number, chance.random() < PERSONAL, older, tuple(found))


def _poisson(chance: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count, product = count + 1, product * chance.random()
    return count


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def texts(count: int, seed: int) -> list[str]:
    """Captions to be used in turn."""
    return list(islice(captions(seed), count))
