"""Random stories over all platforms at once: faults, kills, posts, edits, removals, renames, accounts that vanish, wrong clocks.

Whatever happens, after a normal night or two every post that can be seen is stored once with its last text, and nobody is ever
called quiet or gone who was not read. ``PANTAU_HYPOTHESIS=long`` tells many more and longer stories.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pantau.store import open_store
from tests.collectors.contract.nights import Nights
from tests.collectors.contract.stage import NIGHT, Stage
from tests.collectors.contract.stages import ALL

LONG = os.environ.get("PANTAU_HYPOTHESIS") == "long"
PEOPLE = 2
settings.register_profile("ci", max_examples=3, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink))
settings.register_profile("long", max_examples=int(os.environ.get("PANTAU_EXAMPLES", "400")))

_stage = st.integers(0, len(ALL) - 1)
_who = st.integers(0, PEOPLE - 1)
_pick = st.integers(0, 30)
_post = st.tuples(st.just("post"), _stage, _who, st.integers(1, 3))
_events = st.one_of(
    st.tuples(st.just("night"), _stage, _pick, st.sampled_from([None, 1, 2, 4]), st.integers(1, 3)),
    st.just(("calm",)),
    _post,
    _post,
    st.tuples(st.just("edit"), _stage, _pick),
    st.tuples(st.just("delete"), _stage, _pick),
    st.tuples(st.just("pin"), _stage, _pick),
    st.tuples(st.just("rename"), _stage, _who),
    st.tuples(st.just("state"), _stage, _who, st.sampled_from(["ok", "gone", "suspended", "private"])),
    st.tuples(st.just("skew"), _stage, st.integers(-8, 8)),
    st.tuples(st.just("kill"), _stage, st.integers(1, PEOPLE), st.booleans(), st.booleans()),
    st.tuples(st.just("pass"), st.integers(1, 30)),
)


class Town:
    """All stages, opened once; every story begins anew with them and with an empty store."""

    def __init__(self, folder: Path, kinds: Sequence[type[Stage]] = tuple(ALL)) -> None:
        self._stack = ExitStack()
        self.stages = [
            self._stack.enter_context(kind(folder / kind.variant, people=PEOPLE, offset=10 * number))
            for number, kind in enumerate(kinds)
        ]
        self.folder = folder
        self._empty = folder / "kosong.db"
        open_store(f"sqlite:///{self._empty}").close()

    def tell(self, story: Sequence[Any]) -> None:
        """A story, then two normal nights, then all must be well."""
        for stage in self.stages:
            stage.clock.time = NIGHT
            shutil.rmtree(stage.settings().state_dir, ignore_errors=True)
            stage.reset()
        base = self.folder / "cerita.db"
        for leftover in self.folder.glob("cerita.db*"):
            leftover.unlink()
        shutil.copy(self._empty, base)
        with open_store(f"sqlite:///{base}") as store:
            nights = Nights(store, self.stages)
            for stage in self.stages:
                for who in range(PEOPLE):
                    stage.publish(who, "sebelum malam pertama", NIGHT - timedelta(days=2, hours=who))
            for event in story:
                self._happen(nights, *event)
                nights.turn(nights.now + timedelta(minutes=1))
            for stage in self.stages:
                stage.skew = timedelta()
                for who in range(PEOPLE):
                    stage.set_state(who, "ok")
            nights.turn(nights.now + timedelta(minutes=30))
            for hours in (0, 72):
                nights.pass_hours(hours)
                # An account that took all its posts down shows an empty list, which no source believes: unread (unproven).
                unread = [one for one in nights.night() if one.outcome != "read" and one.unread_class != "unproven"]
            assert not unread
            nights.nothing_lost_or_doubled()

    def _happen(self, nights: Nights, what: str, *more: Any) -> None:
        stage = self.stages[0 if what in ("pass", "calm") else more[0] % len(self.stages)]
        items = stage.items
        if what == "night":
            name = sorted(case for case in stage.cases if not stage.cases[case].stalls)
            stage.switch(name[more[1] % len(name)], times=more[2], first=more[3])
            nights.night()
            stage.heal()
        elif what == "calm":
            nights.night()
        elif what == "kill":
            self._kill(nights, stage, *more[1:])
        elif what == "pass":
            nights.pass_hours(more[0])
        elif what == "post":
            for number in range(more[2]):
                stage.publish(more[1], f"kabar {number}", nights.now - timedelta(seconds=7 * number))
        elif what == "edit":
            item = items[-1 - more[1] % len(items)]
            stage.edit(item, f"versi {len(item.versions) + 1}")
        elif what == "delete":
            stage.delete(items[-1 - more[1] % len(items)])
        elif what == "pin":
            stage.pin(items[more[1] % len(items)])
        elif what == "rename":
            stage.rename(more[1], f"baru{len(items)}.{stage.offset + more[1]}")
        elif what == "state":
            stage.set_state(more[1], more[2])
        elif what == "skew":
            stage.skew = timedelta(minutes=more[1])

    def _kill(self, nights: Nights, stage: Stage, after: int, resume: bool, lose_notes: bool) -> None:
        """The process dies in the middle of a platform; what a source would have remembered is lost with it, or not."""
        state = stage.settings().state_dir
        notes = {path: path.read_bytes() for path in state.glob("*.json")}
        nights.night(kill=(self.stages.index(stage), after))
        if lose_notes:
            for path in state.glob("*.json"):
                path.unlink()
            for path, content in notes.items():
                path.write_bytes(content)
        if resume:
            nights.night(resume=True)

    def close(self) -> None:
        """All servers."""
        self._stack.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    opened = Town(tmp_path_factory.mktemp("kota"))
    yield opened
    opened.close()


@settings(
    settings.get_profile("long" if LONG else "ci"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(story=st.lists(_events, min_size=1, max_size=24 if LONG else 12))
def test_no_story_loses_or_doubles_a_post_or_wrongs_an_account(town: Town, story: list[Any]) -> None:
    town.tell(story)


EVERYWHERE = range(len(ALL))
STORIES: dict[str, list[Any]] = {
    "the office's clock is fast, so posts of after the night carry a time of before it": [
        *(("skew", stage, -20) for stage in EVERYWHERE),
        ("calm",),
        *(("post", stage, 0, 1) for stage in EVERYWHERE),
    ],
}
"""What random stories found, one by one."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_story_that_once_went_wrong_ends_well(town: Town, story: list[Any]) -> None:
    town.tell(story)
