"""What came back by mail. A letter and what it decided are kept in one transaction, so that a mail counts exactly once."""

from datetime import datetime

import sqlalchemy as sa

from pantau.core.letters import Letter, LetterOutcome, MailboxReading
from pantau.core.model import Decision
from pantau.store import schema
from pantau.store.audit import append_delivery, append_letter
from pantau.store.database import Database
from pantau.store.decisions import insert_decision
from pantau.store.texts import decode, encode

_T = schema.letters
_R = schema.mailbox_readings
_M = schema.mails
_P = schema.mailbox_marks


class Inbox:
    """Letters, append-only, every attempt to read the mailbox, and how far it has been read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def outcome(self, letter_id: str) -> LetterOutcome | None:
        """What became of a letter; None when it was never read."""
        query = sa.select(_T.c.body).where(_T.c.letter_id == letter_id)
        with self._database.read() as connection:
            body = connection.scalar(query)
        return decode(body, Letter).outcome if body else None

    def used(self, code: str) -> bool:
        """Whether a decision was taken with this code (signature left out)."""
        query = sa.select(_T.c.letter_id).where(_T.c.code == code, _T.c.outcome == "decision")
        with self._database.read() as connection:
            return connection.scalar(query.limit(1)) is not None

    def record(self, letter: Letter, read_at: datetime, decision: Decision | None = None) -> bool:
        """Keep a letter with its decision; False, and nothing changes, when it is there already.

        ``read_at`` is when Pantau learnt of it. A bounce marks the mail that it is about as failed.
        """
        values = {
            "letter_id": letter.letter_id,
            "outcome": letter.outcome,
            "code": letter.code,
            "body": encode(letter),
            "read_at": read_at,
        }
        with self._database.write() as connection:
            insert = self._database.insert(_T).on_conflict_do_nothing().returning(_T.c.letter_id)
            if connection.execute(insert, values).first() is None:
                return False
            if letter.outcome == "bounce":
                self._came_back(connection, letter, read_at)
            append_letter(connection, letter, read_at)
            if decision is not None:
                insert_decision(connection, decision, read_at)
            return True

    def _came_back(self, connection: sa.Connection, letter: Letter, read_at: datetime) -> None:
        detail = f"dikembalikan: {letter.reason}"
        change = _M.update().where(_M.c.message_id == letter.about, _M.c.state == "sent").returning(_M.c.run_id)
        failed = change.values(state="failed", detail=detail, changed_at=read_at)
        if (run_id := connection.scalar(failed)) is not None:
            append_delivery(connection, letter.about, run_id, "failed", read_at, None)

    def since(self, moment: datetime) -> list[Letter]:
        """Letters that Pantau learnt of at or after ``moment``, in the order in which it did."""
        query = sa.select(_T.c.body).where(_T.c.read_at >= moment).order_by(_T.c.read_at, _T.c.letter_id)
        with self._database.read() as connection:
            return [decode(body, Letter) for body in connection.scalars(query)]

    def note(self, reading: MailboxReading) -> None:
        """Keep how an attempt to read the mailbox went."""
        with self._database.write() as connection:
            connection.execute(_R.insert().values(at=reading.at, problem=reading.problem))

    def last_reading(self, *, good: bool = False) -> MailboxReading | None:
        """The last attempt, or with ``good`` the last that went well."""
        query = sa.select(_R.c.at, _R.c.problem).order_by(_R.c.at.desc(), _R.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query.where(_R.c.problem == "") if good else query).first()
        return MailboxReading(row.at, row.problem) if row else None

    def read_until(self, mailbox: str) -> int:
        """The UID up to which a mailbox has been read; 0 for one that never was."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(_P.c.uid).where(_P.c.mailbox == mailbox)) or 0

    def keep_mark(self, mailbox: str, uid: int) -> None:
        """Remember that a mailbox has been read up to ``uid``."""
        insert = self._database.insert(_P).values(mailbox=mailbox, uid=uid)
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["mailbox"], set_={"uid": uid}))
