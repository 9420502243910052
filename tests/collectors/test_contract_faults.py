"""The fault switchboard, each fault once on each platform: what it makes of the accounts, and the normal night after it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pantau.store import open_store
from pantau.store.store import Store
from tests.collectors.contract.nights import Nights
from tests.collectors.contract.stage import Stage
from tests.collectors.contract.stages import ALL

CASES = [(kind, name) for kind in ALL for name in kind.cases]


class Theatre:
    """A stage whose accounts have been read, with its store; kept from case to case as long as none fails."""

    def __init__(self, kind: type[Stage], folder: Path) -> None:
        self.stage = kind(folder, people=2)
        self.store: Store = open_store(f"sqlite:///{folder / 'pantau.db'}")
        self.nights = Nights(self.store, [self.stage])
        self.publish("lama")
        assert self.outcomes() == {"read"}
        self.nights.nothing_lost_or_doubled()

    def publish(self, text: str) -> None:
        """A post on each account during the day."""
        for who in range(self.stage.people):
            self.stage.publish(who, text, self.nights.now + timedelta(hours=-7 + who))

    def outcomes(self) -> set[str]:
        """The outcomes of one more night, with their classes."""
        self.readings = self.nights.night()
        return {f"{reading.outcome} {reading.unread_class}".strip() for reading in self.readings}

    def close(self) -> None:
        """Server and store."""
        self.stage.__exit__(None, None, None)
        self.store.close()


@pytest.fixture(scope="module")
def plays() -> Iterator[dict[type[Stage], Theatre]]:
    """What the case before left open; a failed case takes its theatre with it."""
    left: dict[type[Stage], Theatre] = {}
    yield left
    for play in left.values():
        play.close()


@pytest.mark.parametrize(("kind", "name"), CASES, ids=[f"{kind.variant}: {name}" for kind, name in CASES])
def test_a_fault_leaves_accounts_unread_with_its_class_and_a_normal_night_makes_good_for_it(
    kind: type[Stage], name: str, plays: dict[type[Stage], Theatre], tmp_path_factory: pytest.TempPathFactory
) -> None:
    play, case = plays.pop(kind, None) or Theatre(kind, tmp_path_factory.mktemp(kind.variant)), kind.cases[name]
    before = len(play.nights.posts(play.stage))
    play.nights.pass_hours(10)
    play.publish("sebelum gangguan")
    play.stage.switch(name)
    play.stage.timeout_s = 0.1 if case.stalls else 10.0
    found = play.outcomes()
    assert case.expected in found
    assert found <= {case.expected, *case.also}
    assert all(one.reason and not one.complete for one in play.readings if one.outcome == "unread")
    play.stage.heal()
    play.stage.timeout_s = 10.0
    play.nights.pass_hours(10)
    play.publish("sesudah gangguan")
    assert play.outcomes() == {"read"}
    play.nights.nothing_lost_or_doubled()
    assert len(play.nights.posts(play.stage)) == before + 2 * play.stage.people
    plays[kind] = play
