"""What the checks found, per run, and since when each thing has been reported."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import Finding, sort_findings
from pantau.core.rule_life import Reported
from pantau.store import schema
from pantau.store.audit import append_findings
from pantau.store.database import Database, chunks
from pantau.store.decisions import Decisions
from pantau.store.records import FirstReport, OpenFinding
from pantau.store.runs import NIGHTS, get_run
from pantau.store.texts import decode, encode

_T = schema.findings
_R = schema.runs
_CLOSED = ("dismiss", "followed_up")
_KEY_START = re.compile(r"[0-9A-F]{1,16}")


class _Version(msgspec.Struct):
    """The one field of a stored finding that has no column."""

    rule_version: int


class Findings:
    """Findings, kept whole. Only nights count as reports; what a rerun finds is kept under the rerun."""

    def __init__(self, database: Database, decisions: Decisions) -> None:
        self._database = database
        self._decisions = decisions

    def save(self, run_id: str, findings: Iterable[Finding]) -> None:
        """Keep all findings of a run, in place of those saved for it before."""
        ordered = sort_findings(findings)
        with self._database.write() as connection:
            run = get_run(connection, run_id)
            connection.execute(_T.delete().where(_T.c.run_id == run_id))
            for rows in chunks(_to_row(run_id, n, finding) for n, finding in enumerate(ordered)):
                connection.execute(_T.insert(), rows)
            append_findings(connection, run_id, run.as_of, ordered)

    def of_run(self, run_id: str) -> list[Finding]:
        """The findings of a run in the defined order."""
        with self._database.read() as connection:
            bodies = connection.scalars(sa.select(_T.c.body).where(_T.c.run_id == run_id)).all()
        return sort_findings(decode(body, Finding) for body in bodies)

    def first_reported(self, keys: Iterable[str], up_to: str = "") -> dict[str, FirstReport]:
        """The first night and the number of nights that reported each finding; keys never reported are absent.

        With ``up_to`` (a run id) only that night and earlier ones count. A night counts as soon as its findings are saved.
        """
        nights: dict[str, dict[str, datetime]] = {}
        with self._database.read() as connection:
            query = sa.select(_T.c.key, _T.c.run_id, _R.c.as_of).select_from(_nights())
            if up_to:
                query = query.where(_R.c.as_of <= get_run(connection, up_to).as_of)
            for chunk in chunks(keys):
                for row in connection.execute(query.where(_T.c.key.in_(chunk)).order_by(_R.c.as_of, _R.c.run_id)):
                    nights.setdefault(row.key, {})[row.run_id] = row.as_of
        return {key: _first(runs) for key, runs in nights.items()}

    def open_before(self, run_id: str) -> list[OpenFinding]:
        """Flags of nights earlier than the run that are neither dismissed nor followed up, in the defined order.

        Each key once, in its newest form; a key that was last reported as ``review`` is not open. A flag about an account
        stays here until somebody decides, even when the account has posted since; the caller knows today's state.
        """
        closed = {key for key, decision in self._decisions.latest().items() if decision.action in _CLOSED}
        nights: dict[str, dict[str, datetime]] = {}
        newest: dict[str, Any] = {}
        with self._database.read() as connection:
            before = get_run(connection, run_id).as_of
            query = sa.select(_T.c.key, _T.c.run_id, _T.c.n, _T.c.strength, _R.c.as_of).select_from(_nights())
            for row in connection.execute(query.where(_R.c.as_of < before).order_by(_R.c.as_of, _R.c.run_id, _T.c.n)):
                nights.setdefault(row.key, {})[row.run_id] = row.as_of
                newest[row.key] = row
            opened = [row for key, row in newest.items() if row.strength == "flag" and key not in closed]
            bodies = {row.key: _body(connection, row.run_id, row.n) for row in opened}
        reports = {
            row.key: OpenFinding(
                finding=bodies[row.key], first=_first(nights[row.key]), last_run=row.run_id, last_at=row.as_of
            )
            for row in opened
        }
        return [reports[finding.key] for finding in sort_findings(bodies.values())]

    def find(self, key_start: str) -> list[Finding]:
        """Findings of all runs whose key begins so (upper or lower case), each in its newest form."""
        start = key_start.upper()
        if not _KEY_START.fullmatch(start):
            return []
        query = sa.select(_T.c.body).join(_R, _R.c.run_id == _T.c.run_id).order_by(_R.c.as_of, _R.c.started_at, _T.c.n)
        with self._database.read() as connection:
            bodies = connection.scalars(query.where(_T.c.key >= start, _T.c.key <= start.ljust(16, "F"))).all()
        newest = {finding.key: finding for finding in (decode(body, Finding) for body in bodies)}
        return sort_findings(newest.values())

    def of_posts(self, posts: Collection[str]) -> list[Finding]:
        """The newest form of every finding ever made about posts (by key), in the defined order."""
        return self._newest(_T.c.post, posts)

    def of_units(self, units: Collection[str]) -> list[Finding]:
        """The newest form of every finding ever made about units (by code), in the defined order."""
        return self._newest(_T.c.unit, units)

    def reports(
        self, before: datetime, since: datetime | None = None, keys: Iterable[str] | None = None
    ) -> list[Reported]:
        """What nights before an instant (their ``as_of``) reported, oldest first; from ``since`` on, and only ``keys``."""
        query = sa.select(_T.c.key, _T.c.rule_id, _T.c.strength, _T.c.body, _R.c.as_of).select_from(_nights())
        query = query.where(_R.c.as_of < before).order_by(_R.c.as_of, _T.c.key)
        if since is not None:
            query = query.where(_R.c.as_of >= since)
        queries = [query] if keys is None else [query.where(_T.c.key.in_(chunk)) for chunk in chunks(keys)]
        with self._database.read() as connection:
            found = [_reported(row) for each in queries for row in connection.execute(each)]
        return sorted(found, key=lambda item: (item.at, item.key, item.rule_id))

    def _newest(self, column: "sa.Column[str]", values: Collection[str]) -> list[Finding]:
        query = sa.select(_T.c.body).join(_R, _R.c.run_id == _T.c.run_id).order_by(_R.c.as_of, _R.c.started_at, _T.c.n)
        newest: dict[str, Finding] = {}
        with self._database.read() as connection:
            for chunk in chunks(values):
                for body in connection.scalars(query.where(column.in_(chunk))):
                    finding = decode(body, Finding)
                    newest[finding.key] = finding
        return sort_findings(newest.values())


def _nights() -> "sa.FromClause":
    return _T.join(_R, sa.and_(_R.c.run_id == _T.c.run_id, _R.c.kind.in_(NIGHTS)))


def _first(nights: dict[str, datetime]) -> FirstReport:
    run_id, moment = next(iter(nights.items()))
    return FirstReport(run_id=run_id, at=moment, times=len(nights))


def _reported(row: Any) -> Reported:
    version = decode(row.body, _Version).rule_version
    return Reported(key=row.key, rule_id=row.rule_id, rule_version=version, strength=row.strength, at=row.as_of)


def _body(connection: Connection, run_id: str, n: int) -> Finding:
    body = connection.execute(sa.select(_T.c.body).where(_T.c.run_id == run_id, _T.c.n == n)).scalar_one()
    return decode(body, Finding)


def _to_row(run_id: str, n: int, finding: Finding) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "n": n,
        "key": finding.key,
        "rule_id": finding.rule_id,
        "strength": finding.strength,
        "unit": finding.unit,
        "post": finding.post,
        "body": encode(finding),
    }
