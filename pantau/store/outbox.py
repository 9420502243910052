"""The outbox: mails frozen before the first is sent, with their delivery states. Implements ``core.ports.Outbox``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.core.model import Mail, MailState
from pantau.store import schema
from pantau.store.audit import append_delivery, append_lighter
from pantau.store.database import Database

_T = schema.mails
_UNDECIDED = ("ready", "sending", "unknown")


class Outbox:
    """Frozen mails. A mail once there never changes but for its delivery state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, mails: Sequence[Mail]) -> int:
        """Insert all mails in one transaction; how many were new.

        A mail is left out when its message id is there already, or when the run has a mail of that edition for that
        reader: nobody gets a second copy, even from a digest that was rendered twice. Raises ``StoreError`` when two of
        the mails given are of one edition for one reader, since one of them would be lost.
        """
        with self._database.write() as connection:
            return insert_mails(connection, self._database, mails)

    def due(self, now: datetime) -> list[Mail]:
        """Mails in ``ready``, ``deferred`` (whose time has come), ``sending`` or ``unknown``, oldest first."""
        waited = (_T.c.state == "deferred") & (_T.c.next_at.is_(None) | (_T.c.next_at <= now))
        return self._select(_T.c.state.in_(_UNDECIDED) | waited)

    def of_run(self, run_id: str) -> list[Mail]:
        """Every mail of a run, oldest first."""
        return self._select(_T.c.run_id == run_id)

    def recipient_of(self, message_id: str) -> str | None:
        """To whom a mail goes, in lower case; None for one that is not ours."""
        with self._database.read() as connection:
            found = connection.scalar(sa.select(_T.c.recipient).where(_T.c.message_id == message_id))
        return str(found).lower() if found is not None else None

    def counts(self) -> dict[MailState, int]:
        """How many mails are in each state; states without mails are absent."""
        query = sa.select(_T.c.state, sa.func.count()).group_by(_T.c.state).order_by(_T.c.state)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def mark(
        self,
        message_id: str,
        state: MailState,
        *,
        at: datetime,
        tries: int | None = None,
        next_at: datetime | None = None,
        smtp_code: int | None = None,
        detail: str = "",
        own_copy: bool | None = None,
    ) -> None:
        """Set the state, committed on return; ``tries`` and ``own_copy`` stay when None, the rest is set as given.

        Raises ``StoreError`` for an unknown message id.
        """
        values: dict[str, Any] = {
            "state": state,
            "changed_at": at,
            "next_at": next_at,
            "smtp_code": smtp_code,
            "detail": detail,
        }
        if tries is not None:
            values["tries"] = tries
        if own_copy is not None:
            values["own_copy"] = own_copy
        with self._database.write() as connection:
            change = _T.update().where(_T.c.message_id == message_id).values(**values).returning(_T.c.run_id)
            run_id = connection.scalar(change)
            if run_id is None:
                raise StoreError(f"Surel {message_id} tidak ada di kotak keluar; keadaannya tidak dapat dicatat.")
            under_way = state in ("ready", "sending") or (state == "unknown" and next_at is None)
            if not under_way:
                append_delivery(connection, message_id, run_id, state, at, smtp_code)

    def lighten(self, message_id: str, wire: bytes, at: datetime) -> None:
        """Put a lighter mail in the place of one that was refused for its size, so that it is due again.

        Raises ``StoreError`` for a mail that was not refused: of any other, somebody may have a copy.
        """
        refused = (_T.c.message_id == message_id) & (_T.c.state == "failed")
        change = _T.update().where(refused).values(wire=wire, state="deferred", next_at=at, changed_at=at)
        with self._database.write() as connection:
            run_id = connection.scalar(change.returning(_T.c.run_id))
            if run_id is None:
                raise StoreError(f"Surel {message_id} tidak ditolak server, jadi isinya tidak boleh diganti.")
            append_lighter(connection, message_id, run_id, wire, at)
            append_delivery(connection, message_id, run_id, "deferred", at, None)

    def _select(self, where: "sa.ColumnElement[bool]") -> list[Mail]:
        with self._database.read() as connection:
            return [
                _to_mail(row)
                for row in connection.execute(sa.select(_T).where(where).order_by(_T.c.created_at, _T.c.id))
            ]


def insert_mails(connection: Connection, database: Database, mails: Sequence[Mail]) -> int:
    """Insert the mails that are not there yet, inside the caller's transaction; how many they were."""
    seen: set[tuple[str, str, str]] = set()
    for mail in mails:
        place = (mail.run_id, mail.edition, mail.recipient)
        if place in seen:
            raise StoreError(
                f"Dua surel edisi {mail.edition} untuk {mail.recipient} dalam satu jalannya {mail.run_id}; salah satunya "
                "akan hilang. Periksa daftar penerima di pantau.toml."
            )
        seen.add(place)
    insert = database.insert(_T).on_conflict_do_nothing().returning(_T.c.id)
    names = [column.name for column in _T.c if column.name != "id"]
    rows = [{name: getattr(mail, name) for name in names} for mail in mails]
    return sum(connection.execute(insert, row).first() is not None for row in rows)


def _to_mail(row: Any) -> Mail:
    fields: dict[str, Any] = {name: getattr(row, name) for name in Mail.__struct_fields__}
    return Mail(**fields | {"wire": bytes(row.wire)})
