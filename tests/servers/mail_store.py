"""Mailboxes that the local SMTP server fills and the local IMAP server shows, kept in memory."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.parser import BytesHeaderParser


@dataclass
class StoredMail:
    """One message in one folder. ``raw`` is as received, CRLF line ends."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    received: date = field(default_factory=lambda: datetime.now(UTC).date())

    def header(self, name: str) -> str:
        """The first header of that name, unfolded; empty when there is none."""
        value = BytesHeaderParser().parsebytes(self.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").get(name, "")
        return " ".join(str(value).split())


class MailStore:
    """Folders of many addresses. ``dedupe`` drops a Message-ID that a folder already has, as Zimbra and Cyrus do."""

    def __init__(self, *, dedupe: bool = False) -> None:
        self.dedupe = dedupe
        self.lock = threading.RLock()
        self._folders: dict[str, dict[str, list[StoredMail]]] = defaultdict(lambda: {"INBOX": []})
        self._next_uid = 1

    def deliver(self, address: str, raw: bytes, folder: str = "INBOX", flags: set[str] | None = None) -> int:
        """Put a message into a folder; its uid, or 0 when it was dropped as a repeat."""
        with self.lock:
            mails = self._folders[address.lower()].setdefault(folder, [])
            new = StoredMail(self._next_uid, raw, set(flags or ()))
            message_id = new.header("Message-ID")
            if self.dedupe and message_id and any(mail.header("Message-ID") == message_id for mail in mails):
                return 0
            self._next_uid += 1
            mails.append(new)
            return new.uid

    def folder(self, address: str, folder: str = "INBOX") -> list[StoredMail]:
        """The messages of a folder, oldest first (the live list, for the servers)."""
        with self.lock:
            return self._folders[address.lower()].get(folder, [])

    def folders(self, address: str) -> dict[str, list[StoredMail]]:
        """All folders of an address (live)."""
        with self.lock:
            return self._folders[address.lower()]

    def raw(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The messages of a folder as bytes."""
        with self.lock:
            return [mail.raw for mail in self.folder(address, folder)]

    def message_ids(self, address: str, folder: str = "INBOX") -> list[str]:
        """The Message-ID of every copy in a folder; a repeated one stands there twice."""
        with self.lock:
            return [mail.header("Message-ID") for mail in self.folder(address, folder)]
