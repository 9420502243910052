"""Which moment is drawn, and the judgement on it."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.demo_servers import READERS
from tests.crash.office import Plan, moment, open_office, own_database

_WEIGHTS = {
    "kill": 10,
    "term": 2,
    "full": 3,
    "read-only": 2,
    "locked": 2,
    "clock": 2,
    "memory": 2,
    "db-server": 2,
}
_CODES = {
    "kill": {-9},
    "clock": {-9},
    "term": {5},
    "full": {2, 3, 5},
    "read-only": {2, 3, 5},
    "locked": {2, 3, 5},
    "db-server": {0, 2, 3, 5},
    "memory": {1, 2, 3, 5, -6, -11},
}
"""How a disturbed night may end, when the disturbance took place; 0 and 1 also when all mails were out by then."""


@dataclass(frozen=True)
class Reference:
    """The undisturbed night."""

    at: datetime
    outcome: dict[str, Any]
    calls: dict[str, int]
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What came of a moment."""

    plan: Plan
    code: int
    hit: bool
    problems: list[str] = field(default_factory=list)


def measure(folder: Path, at: datetime) -> Reference:
    """Two undisturbed nights: one counted, one timed; they must agree, or nothing could be compared with them."""
    folder.mkdir(parents=True)
    with open_office(folder / "counted", at) as office:
        calls, first = office.calls(), office.outcome()
    with open_office(folder / "timed", at) as office:
        night = office.night()
        assert night.code == 0, night.output
        second = office.outcome()
    assert not (differ := differences(first, second)), differ
    return Reference(at, first, calls, night.seconds)


def plan_of(seed: int, number: int, reference: Reference, *, postgres: bool) -> Plan:
    """The same for the same seed and number (and the same counts)."""
    dice = random.Random(f"{seed}-{number}")
    (kind,) = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    share, skew, memory = dice.random(), dice.choice((-1, 1)) * dice.randint(60, 12 * 3600), dice.randint(150, 900)
    if kind == "db-server" and not postgres:
        kind = "kill"
    timed = kind in ("locked", "db-server")
    return Plan(
        kind,
        calls=() if timed or kind == "memory" else moment(kind, share, reference.calls),
        at_s=share * reference.seconds if timed else 0,
        skew_s=skew if kind == "clock" else 0,
        memory_mb=memory if kind == "memory" else 0,
    )


def try_moment(folder: Path, plan: Plan, reference: Reference, postgres: str) -> Verdict:
    """Disturb a night, run a normal one, compare."""
    with (
        own_database(postgres if plan.kind == "db-server" else "") as url,
        open_office(folder, reference.at, url) as office,
    ):
        disturbed = office.night(plan)
        problems = []
        if disturbed.hit and disturbed.code not in _CODES[plan.kind] | {0, 1}:
            problems.append(f"the disturbed night ended with {disturbed.code}: {disturbed.output[-1500:]}")
        if disturbed.code in (0, 1) and set(office.copies().values()) != {1}:
            problems.append(f"exit code {disturbed.code}, but mails {office.copies()}: {disturbed.output[-1500:]}")
        normal = office.night()
        if normal.code != 0:
            problems.append(f"the normal night ended with {normal.code}: {normal.output[-1500:]}")
        else:
            problems += differences(reference.outcome, office.outcome())
        return Verdict(plan, disturbed.code, disturbed.hit, problems)


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """In words, part by part."""
    lines = []
    for name, value in wanted.items():
        if found[name] == value:
            continue
        if isinstance(value, dict):
            parts = [f"{key}: {value.get(key)!r:.200} became {found[name].get(key)!r:.200}" for key in value]
            lines.append(
                f"{name}: "
                + "; ".join(p for p, key in zip(parts, value, strict=True) if value[key] != found[name].get(key))
            )
        else:
            gone, new = [r for r in value if r not in found[name]], [r for r in found[name] if r not in value]
            lines.append(f"{name}: {len(value)} became {len(found[name])}; missing {gone!r:.300}; new {new!r:.300}")
    if len(found["copies"]) != len(READERS):
        lines.append(f"copies: {found['copies']}")
    return lines
