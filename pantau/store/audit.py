"""The audit log: who decided what, which rule version flagged, who received what; append-only, each entry sealing the one before.

An entry's seal is the SHA-256 of the JSON array ``[n, at, kind, run_id, body, previous]`` (no blanks, ``at`` in microseconds since
1970, ``previous`` the seal of entry ``n - 1``, empty for the first). Whoever alters, removes or moves an entry breaks every seal
behind it; whoever makes all of them anew, or cuts the end off, contradicts the head printed in every digest.

An entry is written by the transaction that does what it tells of, as that transaction's last statement: so the lock that keeps the
chain single is never waited for by somebody who holds it.

Personal data: who decides does so in office and is named. Who receives, and strangers who write to us, stand in it masked, with a
hash that only somebody who has the mail can repeat; their rows may be erased, and the chain holds. Words are kept as hashes only.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.letters import Letter
from pantau.core.model import Finding, Mail, MailState
from pantau.store import schema
from pantau.store.columns import from_us, to_us
from pantau.store.database import Database
from pantau.store.records import Document
from pantau.store.texts import decode, encode

FORMAT = 1
_T = schema.audit
_LOCK = 7_264_827
"""Key of the PostgreSQL advisory lock under which entries are added; SQLite has one writer anyway."""
_NOBODY: frozenset[str] = frozenset({"auto", "own"})
"""Letters that nobody wrote to us."""
_DECISIONS = schema.decisions


class AuditHead(msgspec.Struct, frozen=True):
    """Number and seal of an entry; 0 and empty for an empty log."""

    n: int = 0
    sha256: str = ""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as it is stored. ``body`` is JSON."""

    n: int
    at: datetime
    kind: str
    run_id: str
    body: str
    previous: str
    sha256: str

    @property
    def facts(self) -> dict[str, Any]:
        """The body, read."""
        facts: dict[str, Any] = decode(self.body, dict)
        return facts


class Audit:
    """Reading the log, and entries about what is done outside the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def inputs(self, run_id: str, at: datetime, hashes: Mapping[str, str]) -> None:
        """By which settings, register and rules a run judges; nothing when that is what its last such entry says."""
        with self._database.write() as connection:
            append_if_new(connection, at, "inputs", run_id, dict(hashes))

    def note(self, at: datetime, kind: str, body: Mapping[str, Any]) -> AuditHead:
        """Something done with the installation as a whole (``backup``, ``restore``); the head after it."""
        with self._database.write() as connection:
            append(connection, at, kind, "", dict(body))
            return last(connection)

    def head(self) -> AuditHead:
        """Number and seal of the newest entry; number 0 when there is none."""
        with self._database.read() as connection:
            return last(connection)

    def latest(self, kind: str) -> datetime | None:
        """When the newest entry of a kind was made; None when there is none."""
        query = sa.select(_T.c.at).where(_T.c.kind == kind).order_by(_T.c.n.desc()).limit(1)
        with self._database.read() as connection:
            at: datetime | None = connection.scalar(query)
        return at

    def entries(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[AuditEntry]:
        """Entries about instants from ``start`` up to ``end``, in their order, a thousand at a time."""
        wanted = {">=": start, "<": end}
        limits = {sign: to_us(moment) for sign, moment in wanted.items() if moment is not None}
        where = " AND ".join(f"at {sign} {limit:d}" for sign, limit in limits.items())
        sql = "SELECT n, at, kind, run_id, body, previous, sha256 FROM audit"
        for row in self._database.stream(f"{sql} {'WHERE ' + where if where else ''} ORDER BY n", ()):
            n, at, kind, run_id, body, previous, sha256 = row
            yield AuditEntry(n=n, at=from_us(at), kind=kind, run_id=run_id, body=body, previous=previous, sha256=sha256)


def seal(n: int, at: datetime, kind: str, run_id: str, body: str, previous: str) -> str:
    """The hash that binds an entry to all before it."""
    return hashlib.sha256(msgspec.json.encode([n, to_us(at), kind, run_id, body, previous])).hexdigest()


def last(connection: Connection) -> AuditHead:
    """The newest entry."""
    row = connection.execute(sa.select(_T.c.n, _T.c.sha256).order_by(_T.c.n.desc()).limit(1)).first()
    return AuditHead(n=row.n, sha256=row.sha256) if row else AuditHead()


def append(connection: Connection, at: datetime, kind: str, run_id: str, body: Mapping[str, Any]) -> None:
    """Add an entry; the last statements of the caller's transaction."""
    _lock(connection)
    head = last(connection)
    if not head.n:
        head = _write(connection, head, at, "begin", "", _before(connection, body))
    _write(connection, head, at, kind, run_id, body)


def append_if_new(connection: Connection, at: datetime, kind: str, run_id: str, body: Mapping[str, Any]) -> None:
    """The same, unless the run's last entry of that kind says just this: a night that was killed tells it once."""
    _lock(connection)
    own = sa.select(_T.c.body).where(_T.c.run_id == run_id, _T.c.kind == kind)
    if connection.scalar(own.order_by(_T.c.n.desc()).limit(1)) != encode(body):
        append(connection, at, kind, run_id, body)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _write(
    connection: Connection, head: AuditHead, at: datetime, kind: str, run_id: str, body: Mapping[str, Any]
) -> AuditHead:
    text, n = encode(body), head.n + 1
    sha256 = seal(n, at, kind, run_id, text, head.sha256)
    values = {"n": n, "at": at, "kind": kind, "run_id": run_id, "body": text}
    connection.execute(_T.insert().values(**values, previous=head.sha256, sha256=sha256))
    return AuditHead(n=n, sha256=sha256)


def _before(connection: Connection, first: Mapping[str, Any]) -> dict[str, Any]:
    """What the first entry says of decisions taken before there was a log: so these cannot be altered later either."""
    until = first.get("row", _ROWS_END) if "finding" in first else _ROWS_END
    count, sha256 = old_decisions(connection, until)
    newest = connection.scalar(sa.select(sa.func.max(_DECISIONS.c.id)).where(_DECISIONS.c.id < until)) or 0
    return {"format": FORMAT, "schema": schema.REVISION, "decisions": count, "up_to": newest, "sha256": sha256}


_ROWS_END = 2**31 - 1


def old_decisions(connection: Connection, until: int) -> tuple[int, str]:
    """Number and hash of the decisions with a smaller row number."""
    digest, count = hashlib.sha256(), 0
    query = sa.select(_DECISIONS).where(_DECISIONS.c.id < until).order_by(_DECISIONS.c.id)
    for row in connection.execute(query):
        digest.update(msgspec.json.encode(decision_facts(row)))
        count += 1
    return count, digest.hexdigest()


def decision_facts(row: Any) -> dict[str, Any]:
    """What is told of a row of ``decisions``."""
    return {
        "row": row.id,
        "finding": row.finding_key,
        "action": row.action,
        "by": row.decided_by,
        "decided_at": to_us(row.at),
        "note_sha256": sha256_of(row.note) if row.note else "",
    }


def append_decision(connection: Connection, row_id: int, recorded_at: datetime) -> None:
    """A decision, also one that takes another back."""
    row = connection.execute(sa.select(_DECISIONS).where(_DECISIONS.c.id == row_id)).one()
    append(connection, recorded_at, "decision", "", decision_facts(row))


def append_letter(connection: Connection, letter: Letter, read_at: datetime) -> None:
    """A mail that came to us and what became of it, also one that was refused."""
    if letter.outcome in _NOBODY:
        return
    body = {
        "letter": letter.letter_id,
        "outcome": letter.outcome,
        "finding": letter.finding_key,
        **_person("sender", letter.sender, letter.letter_id),
    }
    append(connection, read_at, "letter", "", body | ({"about": letter.about} if letter.about else {}))


def append_findings(connection: Connection, run_id: str, at: datetime, findings: Sequence[Finding]) -> None:
    """Which version of which rule flagged what in a run."""
    rules: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for finding in findings:
        rules[f"{finding.rule_id}@{finding.rule_version}"].setdefault(finding.strength, []).append(finding.key)
    digest = bodies_sha256(encode(finding) for finding in findings)
    body = {"count": len(findings), "sha256": digest, "rules": dict(sorted(rules.items()))}
    append_if_new(connection, at, "findings", run_id, body)


def append_freeze(
    connection: Connection, run_id: str, at: datetime, documents: Sequence[Document], mails: Sequence[Mail]
) -> None:
    """What a run told, and for whom: the hash of every document, and of every mail with its reader masked."""
    told = {f"{one.edition} {one.format}": hashlib.sha256(one.data).hexdigest() for one in documents}
    letters = [
        {
            "mail": mail.message_id,
            "edition": mail.edition,
            **_person("reader", mail.recipient, mail.message_id),
            "wire_sha256": hashlib.sha256(mail.wire).hexdigest(),
        }
        for mail in mails
    ]
    append(connection, at, "frozen", run_id, {"documents": dict(sorted(told.items())), "mails": letters})


def append_delivery(
    connection: Connection, message_id: str, run_id: str, state: MailState, at: datetime, code: int | None
) -> None:
    """What became of a mail. The caller leaves out the moments in which it is under way."""
    append(connection, at, "mail", run_id, {"mail": message_id, "state": state, "code": code})


def append_lighter(connection: Connection, message_id: str, run_id: str, wire: bytes, at: datetime) -> None:
    """That a mail refused for its size was replaced by one with less in it."""
    append(connection, at, "lighter", run_id, {"mail": message_id, "wire_sha256": hashlib.sha256(wire).hexdigest()})


def bodies_sha256(bodies: Iterable[str]) -> str:
    """Hash of findings as they are stored, in their order."""
    digest = hashlib.sha256()
    for body in bodies:
        digest.update(body.encode() + b"\n")
    return digest.hexdigest()


def person_sha256(address: str, salt: str) -> str:
    """To be repeated only by somebody who knows the address and has the mail whose id is the salt."""
    return sha256_of(f"{salt}\n{address.strip().lower()}")


def sha256_of(text: str) -> str:
    """Of text as UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _person(role: str, address: str, salt: str) -> dict[str, str]:
    if not address:
        return {}
    name, at, domain = address.rpartition("@")
    return {
        role: f"{(name or domain)[:1]}***{at + domain if name else ''}",
        f"{role}_sha256": person_sha256(address, salt),
    }
