"""Looks into our own mailbox by IMAP: a mail that lies there was taken by the server, and the reader's copy with it.

Both copies travel in one SMTP transaction, and that goes ahead only when the reader was accepted. So "found" proves
"delivered", and "not found after a while" proves the opposite, as long as our own copy was accepted.
"""

import imaplib
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Protocol

from imap_tools import A, BaseMailBox, H, ImapToolsError, MailBox, MailboxFolderSelectError, MailBoxStartTls

from pantau.core.errors import DeliveryError, PantauError
from pantau.core.settings import MailSettings, Network
from pantau.delivery.tls import handshake_refused, tls_context, tls_words
from pantau.delivery.transport import shown

_STARTTLS_PORT = 143
"""The port on which IMAP begins in the clear; everything else is spoken inside TLS from the first byte."""


class LookupFailedError(PantauError):
    """Our own mailbox cannot be read right now, so nothing is known about uncertain mails."""


class Lookup(Protocol):
    """Tells which mails have arrived in our own mailbox."""

    def arrived(self, message_ids: Collection[str]) -> frozenset[str]:
        """Those of ``message_ids`` that lie in the mailbox. Raises ``LookupFailedError``."""
        ...


class OwnMailbox:
    """The look-up over IMAP. Reads only: nothing is flagged, moved or marked as seen."""

    def __init__(self, settings: MailSettings, network: Network, password: str) -> None:
        """``password`` is that of the mailbox (``mail.imap_password``, or ``mail.password`` where both are the same)."""
        self._settings = settings
        self._network = network
        self._password = password

    def __repr__(self) -> str:
        return f"OwnMailbox({self._server})"

    @property
    def _server(self) -> str:
        return f"{self._settings.imap_host}:{self._settings.imap_port}"

    @property
    def name(self) -> str:
        """Which mailbox this is: its server and its user."""
        return f"{self._server} {(self._settings.imap_user or self._settings.user).lower()}"

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls_context(self._network)

    def arrived(self, message_ids: Collection[str]) -> frozenset[str]:
        """See ``Lookup``. Searches the inbox first, then every other folder, since filters move mail."""
        missing = set(message_ids)
        found: set[str] = set()
        with self.opened() as box:
            try:
                for folder in _folders(box):
                    if not _opened(box, folder):
                        continue
                    here = {message_id for message_id in missing if _holds(box, message_id)}
                    found |= here
                    missing -= here
                    if not missing:
                        break
            except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
                raise LookupFailedError(
                    f"Kotak surat sendiri di {self._server} tidak dapat dibaca: {shown(str(error), 120)}. "
                    "Periksa server IMAP."
                ) from None
        return frozenset(found)

    @contextmanager
    def opened(self) -> Iterator[BaseMailBox]:
        """The mailbox, logged in, no folder open yet. Raises ``LookupFailedError`` when it cannot be entered."""
        box = self._login()
        try:
            yield box
        finally:
            _logout(box)

    def check(self) -> None:
        """Log in, open the inbox and leave, for ``pantau doctor``. Raises ``DeliveryError`` with what to do."""
        try:
            self.arrived(["<pantau.doctor@invalid>"])
        except LookupFailedError as error:
            raise DeliveryError(str(error)) from None

    def _login(self) -> BaseMailBox:
        """An open mailbox. The reply to LOGIN is never quoted: the libraries' errors there may repeat the command."""
        if not (self._settings.imap_user.isascii() and self._password.isascii()):
            raise LookupFailedError("mail.imap_user atau kata sandinya memuat huruf di luar ASCII. Minta yang baru.")
        try:
            context = self._context
        except DeliveryError as error:
            raise LookupFailedError(str(error)) from None
        kind = MailBoxStartTls if self._settings.imap_port == _STARTTLS_PORT else MailBox
        try:
            box: BaseMailBox = kind(
                self._settings.imap_host,
                self._settings.imap_port,
                timeout=self._settings.timeout_s,
                ssl_context=context,
            )
        except (OSError, UnicodeError, OverflowError, imaplib.IMAP4.error, ImapToolsError) as error:
            if handshake_refused(error):
                raise LookupFailedError(tls_words(error, f"IMAP {self._server}")) from None
            raise LookupFailedError(
                f"Server IMAP {self._server} tidak dapat dihubungi: {shown(str(error), 120)}. "
                "Periksa mail.imap_host, mail.imap_port, dan jaringan."
            ) from None
        try:
            box.login(self._settings.imap_user or self._settings.user, self._password, initial_folder=None)
        except (OSError, imaplib.IMAP4.error, ImapToolsError):
            _logout(box)
            raise LookupFailedError(
                f"Server IMAP {self._server} menolak masuk. Periksa mail.imap_user dan rahasia pada mail.imap_password."
            ) from None
        return box


def _folders(box: BaseMailBox) -> list[str]:
    """Every folder that can be opened, the inbox first."""
    names = [folder.name for folder in box.folder.list() if "\\Noselect" not in folder.flags]
    return ["INBOX", *(name for name in names if name.upper() != "INBOX")]


def _opened(box: BaseMailBox, folder: str) -> bool:
    """Open a folder for reading. One that the server lists but does not open (shared by others) cannot hold our copy."""
    try:
        box.folder.set(folder, readonly=True)
    except MailboxFolderSelectError:
        if folder == "INBOX":
            raise
        return False
    return True


def _holds(box: BaseMailBox, message_id: str) -> bool:
    """True when the open folder has the very mail; the search alone matches parts of a header, so the header is read."""
    uids = box.uids(A(header=H("Message-ID", message_id)), charset=None)
    if not uids:
        return False
    mails = box.fetch(uid_list=uids, mark_seen=False, headers_only=True)
    return any(str(mail.obj.get("Message-ID", "")).strip() == message_id for mail in mails)


def _logout(box: BaseMailBox) -> None:
    with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
        box.logout()
