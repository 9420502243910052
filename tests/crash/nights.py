"""Simulated nights over all sources, with the faults of every switchboard in random order."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pantau.store import open_store
from tests.collectors.contract.nights import Nights
from tests.collectors.contract.stage import NIGHT, Stage
from tests.collectors.contract.stages import ALL

PEOPLE = 2
_CALM = 0.25
"""Share of sources without a fault in a night."""


@dataclass
class Result:
    """Counted, after all was found to be well."""

    nights: int
    posts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def table(self) -> str:
        """As it stands in docs/reliability.md."""
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        cells = {
            "nights": self.nights,
            "sources": len(ALL),
            "accounts": len(ALL) * PEOPLE,
            "faults switched on": self.faults.total(),
            "different ones": len(self.faults),
            "readings": outcomes,
            "posts": self.posts,
            "lost, doubled, slandered": "none",
        }
        rule = "|---" * len(cells) + "|"
        return "\n".join([f"| {' | '.join(cells)} |", rule, f"| {' | '.join(map(str, cells.values()))} |"])


def simulate(folder: Path, nights: int, seed: int) -> Result:
    """Raises ``AssertionError`` when an account is wrongly called quiet or gone, or a post is lost or doubled in the end."""
    dice, result = random.Random(seed), Result(nights)
    stages = [kind(folder / kind.variant, people=PEOPLE, offset=10 * number) for number, kind in enumerate(ALL)]
    orders = {
        stage.variant: _order(dice, [name for name, case in stage.cases.items() if not case.stalls]) for stage in stages
    }
    with open_store(f"sqlite:///{folder / 'malam.db'}") as store:
        town = Nights(store, stages)
        for stage in stages:
            for who in range(PEOPLE):
                stage.publish(who, "sebelum malam pertama", NIGHT - timedelta(days=2, hours=who))
        for number in range(nights):
            for stage in stages:
                _live(dice, stage, town, number)
                if dice.random() >= _CALM:
                    name = next(orders[stage.variant])
                    stage.switch(name, times=dice.choice([None, 1, 2, 4]), first=dice.randint(1, 3))
                    result.faults[f"{stage.variant}: {name}"] += 1
            readings = town.night()
            result.outcomes.update(one.outcome for one in readings)
            for stage in stages:
                stage.heal()
        for hours in (0.5, 72):  # faults are over; long enough for every pause that a source asked for
            town.pass_hours(hours)
            last = town.night()
        assert all(one.outcome == "read" for one in last), [one for one in last if one.outcome != "read"]
        town.nothing_lost_or_doubled()
        result.posts = sum(len(stage.items) for stage in stages)
    for stage in stages:
        stage.__exit__(None, None, None)
    return result


def _live(dice: random.Random, stage: Stage, town: Nights, number: int) -> None:
    """A day of the accounts: most of them publish."""
    for who in range(PEOPLE):
        if dice.random() < 0.8:
            stage.publish(who, f"kabar malam {number}", town.now - timedelta(seconds=7 * who + 1))


def _order(dice: random.Random, names: Sequence[str]) -> Iterator[str]:
    """All names in random order, again and again."""
    while True:
        yield from dice.sample(names, len(names))
