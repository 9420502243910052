"""Whether the audit log is whole, and whether the database still says what it says.

One pass over the entries, then one over each table they tell of; of the log only hashes and the newest facts are held in memory.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import MailState
from pantau.store import schema
from pantau.store.audit import (
    FORMAT,
    Audit,
    AuditEntry,
    AuditHead,
    bodies_sha256,
    decision_facts,
    old_decisions,
    person_sha256,
    seal,
)
from pantau.store.audit_cut import cut_off
from pantau.store.columns import to_us
from pantau.store.database import Database

NAMED = 100
"""So many differences are named; the rest is counted."""
_FINAL: frozenset[MailState] = frozenset({"sent", "failed", "expired"})


class AuditVerified(msgspec.Struct, frozen=True, kw_only=True):
    """What became of checking the log."""

    head: AuditHead
    broken_at: int = 0
    """Number of the first entry that is not as it was written, or is not there; 0 when the chain is whole."""
    why: str = ""
    found: frozenset[str] = frozenset()
    """Of the seals asked for, those that the log holds."""
    restores: int = 0
    differences: tuple[str, ...] = ()
    """Where the tables contradict the log, in Indonesian; the first hundred."""
    different: int = 0
    """How many they are in all."""
    removed_to: int = 0
    """Number of the last entry that the retention rules removed; 0 when the log begins at its beginning."""


class _Told(msgspec.Struct):
    """What the log says, the newest word on each thing."""

    first: AuditHead = AuditHead()
    begin: dict[str, Any] = {}
    decisions: dict[int, dict[str, Any]] = {}
    letters: dict[str, dict[str, Any]] = {}
    mails: dict[str, str] = {}
    readers: dict[str, str] = {}
    findings: dict[str, str] = {}
    documents: dict[str, dict[str, str]] = {}
    restores: int = 0
    findings_before: datetime | None = None
    decisions_before: datetime | None = None

    def take(self, entry: AuditEntry) -> None:
        """Remember what an entry tells."""
        facts = entry.facts
        if entry.kind in ("begin", "checkpoint"):
            self.begin = facts
        elif entry.kind == "purge":
            self._purged(facts)
        elif entry.kind == "decision":
            self.decisions[facts["row"]] = facts
        elif entry.kind == "letter":
            self.letters[facts["letter"]] = facts
        elif entry.kind == "mail":
            self.mails[facts["mail"]] = facts["state"]
        elif entry.kind == "findings":
            self.findings[entry.run_id] = facts["sha256"]
        elif entry.kind == "frozen":
            self.documents[entry.run_id] = facts["documents"]
            self.readers |= {mail["mail"]: mail["reader_sha256"] for mail in facts["mails"]}
        self.restores += entry.kind == "restore"

    def _purged(self, facts: dict[str, Any]) -> None:
        limits = {name: datetime.fromisoformat(limit) for name, limit in facts["before"].items()}
        for name in ("findings", "decisions"):
            known = getattr(self, f"{name}_before")
            if name in limits and (known is None or limits[name] > known):
                setattr(self, f"{name}_before", limits[name])
        if "old" in facts:
            self.begin = self.begin | facts["old"]


def verify(database: Database, seals: Collection[str] = ()) -> AuditVerified:
    """Check every entry and every table. ``seals``: heads, or beginnings of them, that were printed once and must be there."""
    told, head = _Told(), AuditHead()
    found: set[str] = set()
    missing = set(seals)
    with database.read() as connection:
        cut = AuditHead(*cut_off(connection))
    for entry in Audit(database).entries():
        if not head.n and (entry.n - 1, entry.previous) == (cut.n, cut.sha256):
            head = cut
        why = _fault(entry, head)
        if why:
            return AuditVerified(head=head, broken_at=head.n + 1, why=why, found=frozenset(found))
        head = AuditHead(entry.n, entry.sha256)
        found |= {one for one in missing if entry.sha256.startswith(one)}
        told.take(entry)
    differences: list[str] = []
    different = 0
    with database.read() as connection:
        for difference in _differences(connection, told):
            different += 1
            if len(differences) < NAMED:
                differences.append(difference)
    return AuditVerified(
        head=head,
        found=frozenset(found),
        restores=told.restores,
        differences=tuple(differences),
        different=different,
        removed_to=cut.n,
    )


def _fault(entry: AuditEntry, before: AuditHead) -> str:
    """Why an entry cannot be the one after ``before``; empty when it can."""
    if entry.n != before.n + 1:
        return "tidak ada lagi" if entry.n > before.n + 1 else "nomornya dobel"
    if entry.previous != before.sha256:
        return "tidak menyambung dengan catatan sebelumnya"
    if entry.sha256 != seal(entry.n, entry.at, entry.kind, entry.run_id, entry.body, entry.previous):
        return "isinya bukan yang ditulis waktu itu"
    if entry.n == 1 and (entry.kind != "begin" or entry.facts.get("format") != FORMAT):
        return "bukan permulaan jejak yang dikenal versi Pantau ini"
    return ""


def _differences(connection: Connection, told: _Told) -> Iterator[str]:
    yield from _decisions(connection, told)
    yield from _letters(connection, told)
    yield from _mails(connection, told)
    yield from _findings(connection, told)
    yield from _documents(connection, told)


def _decisions(connection: Connection, told: _Told) -> Iterator[str]:
    if not told.begin:
        return  # nothing was ever written down; a log that was taken away is missed by the heads that digests printed
    up_to = told.begin["up_to"]
    left = dict(told.decisions)
    for row in connection.execute(sa.select(schema.decisions).order_by(schema.decisions.c.id)):
        said = left.pop(row.id, None)
        if said is None and row.id > up_to:
            yield f"keputusan {row.id} tentang {row.finding_key}: ada di basis data, tetapi tidak pernah dicatat"
        elif said is not None and said != decision_facts(row):
            yield f"keputusan {row.id} tentang {row.finding_key}: bukan yang dicatat waktu itu"
    limit = to_us(told.decisions_before) if told.decisions_before else 0
    for number, said in left.items():
        if said["decided_at"] < limit:
            continue  # the purge says so; what it spared because its finding is there stays, and is compared above
        yield f"keputusan {number} tentang {said['finding']}: tidak ada lagi"
    if old_decisions(connection, up_to + 1) != (told.begin["decisions"], told.begin["sha256"]):
        yield "keputusan dari sebelum jejak ini dimulai: berubah"


def _letters(connection: Connection, told: _Told) -> Iterator[str]:
    table = schema.letters
    kept = {row.letter_id: row.outcome for row in connection.execute(sa.select(table.c.letter_id, table.c.outcome))}
    for letter_id, said in told.letters.items():
        if letter_id not in kept:
            yield f"surat {letter_id[:16]}: tidak ada lagi"
        elif kept[letter_id] != said["outcome"]:
            yield f"surat {letter_id[:16]}: hasilnya dulu {said['outcome']}, kini {kept[letter_id]}"


def _mails(connection: Connection, told: _Told) -> Iterator[str]:
    table = schema.mails
    left = dict(told.mails)
    query = sa.select(table.c.message_id, table.c.state, table.c.recipient).order_by(table.c.id)
    for row in connection.execute(query):
        said = left.pop(row.message_id, "")
        if said != row.state and (said in _FINAL or (row.state in _FINAL and row.message_id in told.readers)):
            yield f"surel {row.message_id}: dicatat {said or 'belum dikirim'}, kini {row.state}"
        reader = told.readers.get(row.message_id)
        if reader is not None and reader != person_sha256(row.recipient, row.message_id):
            yield f"surel {row.message_id}: penerimanya berubah"
    for message_id, state in left.items():
        yield f"surel {message_id} ({state}): tidak ada lagi"


def _findings(connection: Connection, told: _Told) -> Iterator[str]:
    table = schema.findings
    left = dict(told.findings)
    query = sa.select(table.c.run_id, table.c.body).order_by(table.c.run_id, table.c.n)
    rows = connection.execute(query, execution_options={"yield_per": 1_000})
    for run_id, own in groupby(rows, key=lambda row: row.run_id):
        said, now = left.pop(run_id, None), bodies_sha256(row.body for row in own)
        if said is not None and said != now:
            yield f"temuan {run_id}: bukan yang dicatat waktu itu"
    nothing, purged = bodies_sha256(()), _purged_runs(connection, told)
    yield from (
        f"temuan {run_id}: tidak ada lagi" for run_id, said in left.items() if said != nothing and run_id not in purged
    )


def _purged_runs(connection: Connection, told: _Told) -> set[str]:
    """Runs whose findings and digests went by the retention rules."""
    if told.findings_before is None:
        return set()
    runs = schema.runs
    return set(connection.scalars(sa.select(runs.c.run_id).where(runs.c.as_of < told.findings_before)))


def _documents(connection: Connection, told: _Told) -> Iterator[str]:
    table, purged = schema.documents, _purged_runs(connection, told)
    for run_id, said in told.documents.items():
        query = sa.select(table.c.edition, table.c.format).where(table.c.run_id == run_id)
        kept = {f"{row.edition} {row.format}": tuple(row) for row in connection.execute(query)}
        for name, sha256 in said.items():
            if name not in kept and run_id in purged:
                continue
            if name not in kept:
                yield f"ringkasan {run_id} ({name}): tidak ada lagi"
            elif _document_sha256(connection, run_id, *kept[name]) != sha256:
                yield f"ringkasan {run_id} ({name}): bukan yang dikirim waktu itu"


def _document_sha256(connection: Connection, run_id: str, edition: str, form: str) -> str:
    """One at a time: a night's documents may weigh megabytes."""
    table = schema.documents
    place: Iterable[sa.ColumnElement[bool]] = (
        table.c.run_id == run_id,
        table.c.edition == edition,
        table.c.format == form,
    )
    return hashlib.sha256(connection.scalar(sa.select(table.c.data).where(*place)) or b"").hexdigest()
