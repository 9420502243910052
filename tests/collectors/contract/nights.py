"""Nights over stages: through ``jobs.collecting`` into a real store, then judged as a night judges its accounts."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from collectors.base import Pace
from jobs.checking import _judge
from jobs.collecting import collect
from jobs.progress import Silent
from pantau.core.clock import local_day
from pantau.core.model import Account, Observation, Post, Reading, Run, Unit, Window
from pantau.core.ports import Collector
from pantau.core.settings import Settings
from pantau.store.store import Store
from tests.collectors.contract.stage import NIGHT, SERIAL, Stage

_SLACK = timedelta(minutes=1)
"""Services show posts of the last half minute to the next night only."""


class KilledError(BaseException):
    """The process dies here."""


class _Killer(Silent):
    def __init__(self, after: int) -> None:
        self.left = after

    def step(self, parts: int = 1) -> None:
        self.left -= parts
        if self.left <= 0:
            raise KilledError


class Nights:
    """Stages are read one after the other, so that the same story gives the same night; each with its own clock."""

    def __init__(self, store: Store, stages: Sequence[Stage], first_days: int = 10) -> None:
        self.store, self.stages = store, stages
        self.now = NIGHT
        self.settings = Settings(collect=Settings().collect.__class__(first_days=first_days))
        self.start = NIGHT - timedelta(days=first_days)
        self.last: Run | None = None
        self._due = NIGHT
        self.turn(NIGHT)

    def turn(self, moment: datetime) -> None:
        """All clocks to the same instant."""
        self.now = moment
        for stage in self.stages:
            stage.clock.time = moment

    def pass_hours(self, hours: float) -> None:
        """Let time go by."""
        self.turn(self.now + timedelta(hours=hours))

    def register(self) -> list[Account]:
        """The accounts of all stages."""
        return [account for stage in self.stages for account in stage.accounts()]

    def units(self) -> dict[str, Unit]:
        """One agency per account."""
        return {one.unit: Unit(code=one.unit, name=one.unit, kind="opd") for one in self.register()}

    def night(self, kill: tuple[int, int] | None = None, *, resume: bool = False) -> list[Reading]:
        """The next night, or the last one again (``resume``). ``kill``: number of a stage, and after how many of its scans."""
        if not resume:
            self.turn(max(self.now, self._due))
            self._due = self.now + timedelta(days=1)
        day = local_day(self.now, self.settings.zone)
        if resume and self.last is not None:
            run = self.last
        else:
            self._end_unfinished()
            before = self.store.runs.last_finished("nightly", self.now)
            window = Window(before.window.end if before else self.start, self.now)
            run = self.store.runs.begin("nightly", f"n-{day:%Y%m%d}", window, self.now, self.now)
        self.last = run
        readings: list[Reading] = []
        for number, stage in enumerate(self.stages):
            killer = _Killer(kill[1]) if kill and kill[0] == number else Silent()
            try:
                readings += self._read(stage, run, killer)
            except KilledError:
                _outlive(stage.platform)
                self.turn(max(one.clock.time for one in self.stages))
                return readings
        self.store.accounts.sync(self.register(), day)
        self.judged = self._judge(run)
        self.store.runs.finish(run.run_id, self.now, 0, "")
        self.turn(max(one.clock.time for one in self.stages))
        return self.store.readings.of_run(run.run_id)

    def _read(self, stage: Stage, run: Run, progress: Silent) -> list[Reading]:
        known = self.store.accounts.sync(self.register(), local_day(run.as_of, self.settings.zone))
        units = {account.unit for account in stage.accounts()}
        accounts = [account for account in known if account.unit in units]
        self._expect(stage, accounts, run)
        built: list[Collector] = []

        def build(pace: Pace) -> dict[str, Collector]:
            built.append(stage.build(pace))
            return {stage.platform: built[0]}

        readings = collect(self._site(stage, build), self.store, run, accounts, progress)  # type: ignore[arg-type]
        self._note_seen(stage, accounts, readings, run)
        return readings

    def _site(self, stage: Stage | None, build: Any = None) -> SimpleNamespace:
        register = SimpleNamespace(units=tuple(self.units().values()))
        job = SimpleNamespace(settings=self.settings, ledgers=SimpleNamespace(excuses=()), register=register, others=())
        clock = stage.clock if stage else None
        return SimpleNamespace(
            job=job,
            now=clock.now if clock else lambda: self.now,
            sleep=clock.sleep if clock else None,
            build_collectors=build,
            night_kind="nightly",
        )

    def _end_unfinished(self) -> None:
        if self.last is not None and (old := self.store.runs.get(self.last.run_id)) and old.status == "running":
            self.store.runs.finish(old.run_id, self.now, 5, "")

    def _judge(self, run: Run) -> list[Observation]:
        accounts = self.store.accounts.sync(self.register(), local_day(run.as_of, self.settings.zone))
        observations, _ = _judge(self._site(None), self.store, run, accounts, self.units())  # type: ignore[arg-type]
        self.store.observations.save(run.run_id, observations)
        self._nobody_is_wronged(observations, run)
        return observations

    # -- the truth

    def _expect(self, stage: Stage, accounts: Sequence[Account], run: Run) -> None:
        marks = self.store.accounts.watermarks()
        self._since = {
            account.unit: max(marks[account.key].since, self.start) if account.key in marks else self.start
            for account in accounts
        }

    def _note_seen(self, stage: Stage, accounts: Sequence[Account], readings: Sequence[Reading], run: Run) -> None:
        """From a complete reading on, the store must hold what it could see."""
        units = {account.key: account.unit for account in accounts}
        complete = {units[one.account]: one for one in readings if one.complete and one.account in units}
        stored = self.texts(stage)
        for item in stage.items:
            reading = complete.get(f"{stage.variant}{item.who}")
            if reading is None or not item.visible or stage.state[item.who] != "ok":
                continue
            reach = stage.edit_reach(reading)
            since = self._since[f"{stage.variant}{item.who}"]
            if item.at >= run.window.end - _SLACK or item.at < since - (reach or timedelta()):
                continue
            if reach is not None or item.serial not in stored:
                item.must = len(item.versions) - 1

    def _nobody_is_wronged(self, observations: Sequence[Observation], run: Run) -> None:
        """Nobody is called quiet, gone or unused who was not read, who is there, or who has posted since."""
        assert self.last is not None
        outcomes = {one.account: one for one in self.store.readings.of_run(run.run_id)}
        truth = {f"{stage.variant}{who}": (stage, who) for stage in self.stages for who in range(stage.people)}
        for one in observations:
            stage, who = truth[one.unit]
            if one.state in ("quiet", "never_posted", "gone", "private"):
                reading = outcomes.get(one.account)
                assert reading is not None, one
                assert reading.outcome != "unread", (one, reading)
            if one.state == "gone":
                assert stage.state[who] in stage.gone_states, one
            if one.state in ("quiet", "never_posted") and stage.state[who] == "ok":
                shown = [item.at for item in stage.items if item.who == who and item.visible]
                newer = [at for at in shown if self.start <= at < run.window.end - _SLACK]
                newest = max(newer, default=None)
                assert newest is None or (one.last_post_at and one.last_post_at >= newest), (one, newest)

    def posts(self, stage: Stage) -> list[Post]:
        """All stored posts of a stage."""
        span = Window(NIGHT - timedelta(days=400), NIGHT + timedelta(days=400))
        serials = {item.serial for item in stage.items}
        return [post for post in self.store.posts.in_window(span) if post.text[: len(SERIAL)] in serials]

    def texts(self, stage: Stage) -> dict[str, list[str]]:
        """Stored texts by serial."""
        found: dict[str, list[str]] = {}
        for post in self.posts(stage):
            found.setdefault(post.text[: len(SERIAL)], []).append(post.text)
        return found

    def nothing_lost_or_doubled(self) -> None:
        """Every post that is visible now, and was published since the beginning, is stored once, with its last text."""
        assert self.last is not None
        for stage in self.stages:
            stored = self.texts(stage)
            for item in stage.items:
                have = stored.get(item.serial, [])
                assert len(have) <= 1, ("doubled", stage.variant, item, have)
                if not item.visible or item.at < self.start or item.at >= self.last.window.end - _SLACK:
                    continue
                assert have, ("lost", stage.variant, item)
                right = [stage.shown(item.serial, text) for text in item.versions[item.must :]]
                assert have[0] in right, ("old text", stage.variant, item, have[0])


def _outlive(platform: str) -> None:
    """A thread of the killed night goes on here as it would not in life; what it still writes must do no harm either."""
    for thread in threading.enumerate():
        if thread.name == f"collect-{platform}":
            thread.join(60)
