"""Reads our own mailbox by IMAP, mail by mail. What a mail means is ``review``'s matter; here it is fetched and put away.

A mail is moved only after whoever took it has kept it. Killed in between, the next reading finds it again in the inbox,
knows it by its id, and only moves it. What stays in the inbox for a person is not fetched again: a reading that came to its
end leaves a mark, and the next one begins behind it. Putting a mail back into the inbox gives it a new number, and so another
look.
"""

import imaplib
import re
from datetime import date
from email import message_from_bytes
from email.message import Message
from typing import Protocol

import structlog
from imap_tools import A, BaseMailBox, ImapToolsError, MailMessage, U

from pantau.delivery.letter_text import UNPARSABLE
from pantau.delivery.reconcile import LookupFailedError, OwnMailbox
from pantau.delivery.review import BROKEN, letter_id
from pantau.delivery.transport import shown

_log = structlog.get_logger(__name__)

DONE_FOLDER = "Diproses"
MAIL_BYTES = 10_000_000
"""Larger mails are not fetched."""
NIGHT_BYTES = 200_000_000
NIGHT_MAILS = 2_000
"""So much is read in one night, the oldest first; the rest waits for the next."""
_BOUNDARY = re.compile(rb"boundary", re.IGNORECASE)
_MOST_BOUNDARIES = 30
"""The parser asks each line of a mail about each boundary around it: 10 MB within 300 of them take four minutes."""
_MOST_PARTS = 20_000


class Desk(Protocol):
    """Takes what the mailbox holds, and remembers how far it was read."""

    def read_until(self, mailbox: str) -> int:
        """The UID of the last mail that needs no second look; 0 for a mailbox that was never read."""
        ...

    def keep_mark(self, mailbox: str, uid: int) -> None:
        """Remember that for the next reading. ``mailbox`` changes when the server numbers its mails anew."""
        ...

    def seen(self, letter_id: str) -> bool | None:
        """None for a mail never taken before; else whether it is done with and may be moved."""
        ...

    def take(self, message: Message, trouble: str = "") -> bool:
        """Keep the mail for good; True when it is done with, False when it stays in the inbox for a person.

        With ``trouble``, which says why in Indonesian, ``message`` is its headers only.
        """
        ...


class Mailbox:
    """The inbox of our own mailbox."""

    def __init__(self, own: OwnMailbox) -> None:
        self._own = own

    def __repr__(self) -> str:
        return f"Mailbox({self._own!r})"

    def read(self, since: date, desk: Desk) -> int:
        """Hand every mail that arrived on or after ``since`` to ``desk``; how many must wait for the next night.

        Raises ``LookupFailedError`` when the mailbox cannot be read, or not to its end; what was taken stays taken.
        """
        with self._own.opened() as box:
            try:
                return self._read(box, since, desk)
            except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
                raise LookupFailedError(
                    f"Kotak surat tidak terbaca sampai selesai: {shown(str(error), 120)}. Periksa server IMAP."
                ) from None

    def _read(self, box: BaseMailBox, since: date, desk: Desk) -> int:
        box.folder.set("INBOX")
        mailbox = self._numbered(box)
        if not box.folder.exists(DONE_FOLDER):
            box.folder.create(DONE_FOLDER)
        mark = before = desk.read_until(mailbox) if mailbox else 0
        criteria = A(date_gte=since, uid=U(str(mark + 1), "*"))  # "*" is the last mail, however low its number
        uids = sorted(uid for uid in map(int, box.uids(criteria, charset=None)) if uid > before)
        waiting = taken = total_bytes = 0
        for place, uid in enumerate(uids):
            head = _head(box, str(uid))
            if head is not None:  # else moved or deleted by somebody meanwhile
                done = desk.seen(letter_id(head.obj))
                if done is None:
                    size = head.size_rfc822
                    if taken >= NIGHT_MAILS or total_bytes + size > NIGHT_BYTES:
                        waiting = len(uids) - place
                        break
                    done = self._taken(box, str(uid), head, desk)
                    taken, total_bytes = taken + 1, total_bytes + size
                if done:
                    box.move([str(uid)], DONE_FOLDER)
            mark = uid
        if mailbox and mark > before:
            desk.keep_mark(mailbox, mark)
        return waiting

    def _numbered(self, box: BaseMailBox) -> str:
        """A name for the open folder under which its UIDs stay what they are (RFC 3501, UIDVALIDITY); empty without one."""
        validity = box.client.response("UIDVALIDITY")[1][0]
        return f"{self._own.name} {validity.decode('ascii', 'replace')}" if isinstance(validity, bytes) else ""

    def _taken(self, box: BaseMailBox, uid: str, head: MailMessage, desk: Desk) -> bool:
        if head.size_rfc822 > MAIL_BYTES:
            return desk.take(head.obj, "terlalu besar untuk dibaca; kirim tanpa lampiran")
        try:
            mail = _whole(box, uid)
        except UNPARSABLE as error:
            _log.warning("mail_unparsable", uid=uid, reason=type(error).__name__)
            return desk.take(head.obj, BROKEN)
        return desk.take(
            head.obj if mail is None else mail, "hilang dari kotak surat saat dibaca" if mail is None else ""
        )


def _head(box: BaseMailBox, uid: str) -> MailMessage | None:
    """Headers and size of one mail; None when it is gone meanwhile."""
    return next(iter(box.fetch(uid_list=[uid], mark_seen=False, headers_only=True)), None)


def _whole(box: BaseMailBox, uid: str) -> Message | None:
    """One mail; None when it is gone meanwhile. Raises ``UNPARSABLE`` for one that no library can take apart in time."""
    parts = box.client.uid("fetch", uid, "(BODY.PEEK[])")[1]
    raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
    if raw is None:
        return None
    if len(_BOUNDARY.findall(raw)) > _MOST_BOUNDARIES or raw.count(b"\n--") > _MOST_PARTS:
        raise ValueError("too many parts")
    return message_from_bytes(raw)
