"""What people decided about findings. Append-only."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pantau.core.model import Decision
from pantau.core.rule_life import Known
from pantau.store import schema
from pantau.store.audit import append_decision
from pantau.store.database import Database

_T = schema.decisions


class Decisions:
    """Decisions; all are kept, the last one is in effect."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision, recorded_at: datetime | None = None) -> bool:
        """Keep a decision; False when the very same one is there already (a mail that was read twice).

        ``recorded_at`` is when Pantau learnt of it, which for mail is later than ``decision.at``; default: the same.
        """
        with self._database.write() as connection:
            return insert_decision(connection, decision, recorded_at or decision.at)

    def latest(self) -> dict[str, Decision]:
        """The decision in effect per finding key.

        The last one wins. ``undo`` takes back the decision before it, whoever made it. An ``answer`` (right of reply)
        does not lift a dismissal: it is in effect only where nothing else is.
        """
        with self._database.read() as connection:
            return in_effect(self._all(connection, sa.true()))

    def known(self, before: datetime | None = None) -> dict[str, Known]:
        """Like ``latest``, with when Pantau learnt of each; ``before``: as of what it knew before that instant."""
        where = sa.true() if before is None else _T.c.recorded_at < before
        query = sa.select(_T).where(where).order_by(_T.c.at, _T.c.id)
        with self._database.read() as connection:
            learnt = {_to_decision(row): row.recorded_at for row in connection.execute(query)}
        effective = in_effect(learnt)
        return {key: Known(decision=item, recorded_at=learnt[item]) for key, item in effective.items()}

    def of_finding(self, finding_key: str) -> list[Decision]:
        """Every decision about a finding, oldest first, taken back or not."""
        with self._database.read() as connection:
            return self._all(connection, _T.c.finding_key == finding_key)

    def answers(self) -> dict[str, list[Decision]]:
        """The replies of units (``answer``) that were not taken back, oldest first, per finding key."""
        with self._database.read() as connection:
            kept = _not_undone(self._all(connection, sa.true()))
        found = {key: [decision for decision in stack if decision.action == "answer"] for key, stack in kept.items()}
        return {key: answers for key, answers in found.items() if answers}

    def since(self, moment: datetime) -> list[Decision]:
        """Decisions that Pantau learnt of at or after ``moment``, oldest first, with those taken back."""
        with self._database.read() as connection:
            return self._all(connection, _T.c.recorded_at >= moment)

    def _all(self, connection: sa.Connection, where: "sa.ColumnElement[bool]") -> list[Decision]:
        query = sa.select(_T).where(where).order_by(_T.c.at, _T.c.id)
        return [_to_decision(row) for row in connection.execute(query)]


def insert_decision(connection: sa.Connection, decision: Decision, recorded_at: datetime) -> bool:
    """``Decisions.add`` inside the caller's transaction."""
    values = {
        "finding_key": decision.finding_key,
        "action": decision.action,
        "decided_by": decision.by,
        "at": decision.at,
        "note": decision.note,
    }
    same = sa.select(_T.c.id).where(*(_T.c[name] == value for name, value in values.items()))
    if connection.scalar(same.limit(1)) is not None:
        return False
    row_id = connection.scalar(_T.insert().values(**values, recorded_at=recorded_at).returning(_T.c.id))
    append_decision(connection, int(row_id or 0), recorded_at)
    return True


def decided(connection: sa.Connection, keys: Iterable[str]) -> dict[str, Decision]:
    """The decision in effect for some findings, inside the caller's transaction."""
    query = sa.select(_T).where(_T.c.finding_key.in_(keys)).order_by(_T.c.at, _T.c.id)
    return in_effect(_to_decision(row) for row in connection.execute(query))


def in_effect(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The decision in effect per finding key, of decisions in order."""
    found: dict[str, Decision] = {}
    for key, stack in _not_undone(decisions).items():
        verdicts = [decision for decision in stack if decision.action != "answer"]
        if stack:
            found[key] = (verdicts or stack)[-1]
    return found


def _not_undone(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    stacks: dict[str, list[Decision]] = {}
    for decision in decisions:
        stack = stacks.setdefault(decision.finding_key, [])
        if decision.action != "undo":
            stack.append(decision)
        elif stack:
            stack.pop()
    return stacks


def _to_decision(row: Any) -> Decision:
    return Decision(finding_key=row.finding_key, action=row.action, by=row.decided_by, at=row.at, note=row.note)
