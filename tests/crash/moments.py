"""Which moment is drawn, and the judgement on it."""

import random
from collections.abc import Collection
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.demo_servers import READERS
from tests.crash.launch import NOT_LOADED
from tests.crash.office import Night, Office, Plan, moment, mounted_read_only, on_own_disk, open_office, own_database

_WEIGHTS = {
    "kill": 10,
    "term": 2,
    "full": 2,
    "no-room": 2,
    "read-only": 2,
    "mounted-ro": 1,
    "locked": 2,
    "clock": 2,
    "memory": 2,
    "child": 1,
    "db-server": 3,
}
_CODES = {
    "kill": {-9},
    "clock": {-9},
    "term": {5},
    "full": {3, 5},
    "no-room": {3, 5},
    "read-only": {3, 5},
    "mounted-ro": set(),
    "locked": {3, 5},
    "db-server": {3, 5},
    "memory": {3, 5, NOT_LOADED, -5, -6, -11},
    "child": set(),
}
"""How a disturbed night may end; besides with 0 and 1 when all mails are out, and with 2 when nothing was begun."""
_INSTEAD = {"no-room": "full", "mounted-ro": "read-only", "db-server": "kill"}
"""What is drawn where the machine cannot do the kind."""
_TIMED = ("locked", "db-server", "no-room")
_CHILD_LIFE_S = 3.0
"""From its start to its last page the typesetter lives about so long."""
_PRINTED = 0.2
"""Share of moments in nights with papers."""


@dataclass(frozen=True)
class Reference:
    """The undisturbed night."""

    at: datetime
    outcome: dict[str, Any]
    """Of a night without papers."""
    printed: dict[str, Any]
    """Of one with PDF and XLSX."""
    calls: dict[str, int]
    seconds: float
    """How long the one without papers took."""


@dataclass(frozen=True)
class Verdict:
    """What came of a moment."""

    plan: Plan
    code: int
    hit: bool
    problems: list[str] = field(default_factory=list)


def measure(folder: Path, at: datetime, *, papers: bool = True) -> Reference:
    """Undisturbed nights: one counted, one timed; they must agree, or nothing could be compared with them; and one with papers."""
    folder.mkdir(parents=True)
    with open_office(folder / "counted", at) as office:
        calls, first = office.calls(), office.outcome()
    with open_office(folder / "timed", at) as office:
        seconds, second = _undisturbed(office).seconds, office.outcome()
    assert not (differ := differences(first, second)), differ
    if not papers:
        return Reference(at, first, {}, calls, seconds)
    with open_office(folder / "printed", at, papers=True) as office:
        _undisturbed(office)
        return Reference(at, first, office.outcome(), calls, seconds)


def _undisturbed(office: Office) -> Night:
    night = office.night()
    assert night.code == 0, night.output
    return night


def plan_of(seed: int, number: int, reference: Reference, *, able: Collection[str]) -> Plan:
    """The same for the same seed and number (and the same counts). ``able``: kinds of ``_INSTEAD`` that this machine can do."""
    dice = random.Random(f"{seed}-{number}")
    (kind,) = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    share, skew, memory = dice.random(), dice.choice((-1, 1)) * dice.randint(60, 12 * 3600), dice.randint(150, 900)
    papers = dice.random() < _PRINTED
    if kind in _INSTEAD and kind not in able:
        kind = _INSTEAD[kind]
    return Plan(
        kind,
        calls=() if kind in (*_TIMED, "memory", "child", "mounted-ro") else moment(kind, share, reference.calls),
        at_s=share * (reference.seconds if kind in _TIMED else _CHILD_LIFE_S if kind == "child" else 0),
        skew_s=skew if kind == "clock" else 0,
        memory_mb=memory if kind == "memory" else 0,
        papers=papers or kind == "child",
    )


def try_moment(folder: Path, plan: Plan, reference: Reference, postgres: str) -> Verdict:
    """Disturb a night, run a normal one, compare."""
    with ExitStack() as held:
        url = held.enter_context(own_database(postgres if plan.kind == "db-server" else ""))
        if plan.kind in ("no-room", "mounted-ro"):
            held.enter_context(on_own_disk(folder))
        office = held.enter_context(open_office(folder, reference.at, url, papers=plan.papers))
        with mounted_read_only(folder) if plan.kind == "mounted-ro" else nullcontext():
            disturbed = office.night(plan)
        problems = _ended_well(office, plan, disturbed)
        honest_gap = plan.kind == "memory" or (plan.kind == "child" and disturbed.code == 0)
        normal = office.night()
        if normal.code == 3 and "tidak pasti" in normal.output:
            normal = office.night()  # only after a while does our own mailbox prove that a mail did not arrive
        if honest_gap and normal.code == 1:  # what was unread before stays unread in that night's digest
            normal = office.night()
        if normal.code not in ((0, 1) if honest_gap else (0,)):
            problems.append(f"the normal night ended with {normal.code}: {normal.output[-1500:]}")
        else:
            wanted = reference.printed if plan.papers else reference.outcome
            problems += (less if honest_gap else differences)(wanted, office.outcome())
        return Verdict(plan, disturbed.code, disturbed.hit, problems)


def _ended_well(office: Office, plan: Plan, disturbed: Night) -> list[str]:
    """What is wrong with the way in which the disturbed night ended."""
    told, problems = f"{disturbed.code}: {disturbed.output[-1500:]}", []
    nothing_begun = disturbed.code == 2 and not office.started
    if disturbed.hit and disturbed.code not in _CODES[plan.kind] | {0, 1} and not nothing_begun:
        problems.append(f"the disturbed night ended with {told}")
    if disturbed.code in (0, 1) and set(office.copies().values()) != {1}:
        problems.append(f"mails {office.copies()} although the night ended with {told}")
    return problems


def less(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is worse than an honest gap: a night that sent its digest may call accounts unread and leave out papers, no more.

    After the normal night every post is there all the same. What the digest says of the gap is held by tests of its own.
    """
    kept = {name: found[name] for name in ("posts", "mails", "copies")}
    lines = differences({name: wanted[name] for name in kept}, kept)
    unread = {account for account, state in found["states"] if state == "unread"}
    seen = [row for row in wanted["states"] if row[0] not in unread]
    lines += [f"states: {row} is not told" for row in seen if row not in found["states"]]
    lines += [
        f"findings: {key} is new" for key in {k for k, _ in found["findings"]} - {k for k, _ in wanted["findings"]}
    ]
    missing = [row for row in wanted["documents"] if row not in found["documents"] and row[1] not in ("pdf", "xlsx")]
    return lines + [f"documents: {row} is missing" for row in missing]


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
