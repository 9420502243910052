"""Removing the oldest entries of the audit log, so that what is left still proves itself.

First an entry of kind ``checkpoint`` is added at the end: it names the last entry that goes and its seal, to which the first one
that stays refers, and seals anew the decisions of which the entries that go told. Only then the guards are lowered for as long as
the removal takes. A log that begins anywhere without such an entry in it has been cut by somebody else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.store import schema
from pantau.store.audit import FORMAT, append, old_decisions
from pantau.store.texts import decode

_T = schema.audit


def cut(connection: Connection, before: datetime, at: datetime) -> int:
    """Remove the entries at the beginning that are all about instants before ``before``; how many."""
    first_kept = connection.scalar(sa.select(sa.func.min(_T.c.n)).where(_T.c.at >= before))
    newest = connection.scalar(sa.select(sa.func.max(_T.c.n)))
    last = (first_kept if first_kept is not None else (newest or 0) + 1) - 1
    gone = connection.scalar(sa.select(sa.func.count()).where(_T.c.n <= last)) or 0
    if not gone:
        return 0
    append(connection, at, "checkpoint", "", _checkpoint(connection, last))
    with unguarded(connection):
        connection.execute(_T.delete().where(_T.c.n <= last))
    return gone


def cut_off(connection: Connection) -> tuple[int, str]:
    """Number and seal of the last entry that a purge removed, as the newest checkpoint has it; 0 and empty when none did."""
    newest = sa.select(_T.c.body).where(_T.c.kind == "checkpoint").order_by(_T.c.n.desc()).limit(1)
    body = connection.scalar(newest)
    facts: dict[str, Any] = decode(body, dict) if body else {}
    return facts.get("removed_to", 0), facts.get("seal", "")


def _checkpoint(connection: Connection, last: int) -> dict[str, Any]:
    seal = connection.scalar(sa.select(_T.c.sha256).where(_T.c.n == last))
    wanted = _T.c.kind.in_(("begin", "checkpoint", "decision", "purge"))
    query = sa.select(_T.c.body).where(_T.c.n <= last, wanted).order_by(_T.c.n)
    told: list[dict[str, Any]] = [decode(body, dict) for body in connection.scalars(query)]
    up_to = max((int(facts.get("row", facts.get("up_to", 0))) for facts in told), default=0)
    masked = {key: sha256 for facts in told for key, sha256 in facts.get("masked", {}).items()}
    count, sha256 = old_decisions(connection, up_to + 1)
    facts = {"format": FORMAT, "schema": schema.REVISION, "decisions": count, "up_to": up_to, "sha256": sha256}
    return {"removed_to": last, "seal": seal, **facts} | ({"masked": masked} if masked else {})


@contextmanager
def unguarded(connection: Connection) -> Iterator[None]:
    """Lower the guards that let nobody but add entries in order; they stand again before the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        yield
        connection.execute(sa.text("ALTER TABLE audit ENABLE TRIGGER audit_append_only"))
        return
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
    guards = connection.execute(query).all()
    for guard in guards:
        connection.execute(sa.text(f"DROP TRIGGER {guard.name}"))
    yield
    for guard in guards:
        connection.exec_driver_sql(guard.sql)
