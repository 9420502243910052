"""What carries a frozen mail, and the few ways in which carrying can fail.

The kinds of failure are kept apart by one question: can the reader have the mail? Only ``ReplyLostError`` leaves it open.
"""

import re
from collections.abc import Callable
from email import policy
from email.parser import BytesHeaderParser
from typing import Protocol

import msgspec

from pantau.core.errors import PantauError
from pantau.core.model import Mail

_ADDRESS = re.compile(r"[!-~]+@[!-~]+", re.ASCII)
_FORBIDDEN_IN_ADDRESS = frozenset('<>,;:"()[]\\ ')
_LONGEST_LINE_BYTES = 998
"""RFC 5322 section 2.1.1, without the line end."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The server took responsibility for the mail. ``own_copy``: our own mailbox got a copy in the same transaction."""

    smtp_code: int | None = None
    text: str = ""
    own_copy: bool = False


class Transport(Protocol):
    """Carries mails one by one over at most one open line."""

    def open(self) -> None:
        """Make the line usable; a usable one is kept. Raises ``UnreachableError`` or ``DeliveryError``."""
        ...

    def send(self, mail: Mail, before_handover: Callable[[bool], None]) -> Receipt:
        """Hand the mail over once.

        ``before_handover(own_copy)`` is called at the last moment at which the mail certainly is not delivered; when it
        raises, nothing is handed over. Raises ``RefusedError``, ``LineLostError``, ``ReplyLostError`` or ``DeliveryError``.
        """
        ...

    def close(self) -> None:
        """End the line; safe at any time and more than once."""
        ...


class UnreachableError(PantauError):
    """The server cannot be reached or does not serve right now; trying later is right. Nothing was handed over."""


class LineLostError(PantauError):
    """The line broke before the mail was complete at the server, which then must drop it (RFC 5321 section 4.1.1.4)."""


class ReplyLostError(PantauError):
    """The mail was handed over, but the server's answer never came: delivered or not, nobody here knows."""


class RefusedError(PantauError):
    """The server said no; nobody got the mail. ``code`` 4xx: for now, 5xx: for good.

    ``too_large``: the server takes no mail of this size. ``text`` is what it said, cleaned for display.
    """

    def __init__(self, code: int, text: str, *, too_large: bool = False) -> None:
        self.code = code
        self.text = text
        self.too_large = too_large
        super().__init__(f"server menjawab {code} {text}".strip())

    @property
    def temporary(self) -> bool:
        """True when the same mail may be taken later."""
        return 400 <= self.code < 500


def address_fault(address: str) -> str:
    """Why an envelope address cannot be used, in Indonesian; empty when it can.

    Only ASCII without blanks: anything else fails in the middle of a session or smuggles commands into it.
    """
    if not address.isascii():
        return f"alamat {address!r} memuat huruf di luar ASCII; perbaiki mail.reader di pantau.toml"
    if not _ADDRESS.fullmatch(address) or _FORBIDDEN_IN_ADDRESS & set(address) or len(address) > 254:
        return f"{address!r} bukan alamat surel; perbaiki mail.reader di pantau.toml"
    return ""


def wire_fault(mail: Mail) -> str:
    """Why frozen bytes must not be handed over, in Indonesian; empty when they are sound.

    A bare CR or LF lets one message end inside another at some servers, and without the Message-ID of the outbox an
    uncertain delivery could never be looked up.
    """
    wire = mail.wire
    if not wire.isascii() or b"\0" in wire:
        return "isi surel bukan 7-bit; laporkan kepada pengembang"
    rest = wire.replace(b"\r\n", b"")
    if b"\r" in rest or b"\n" in rest:
        return "isi surel memuat akhir baris yang tidak baku; laporkan kepada pengembang"
    if any(len(line) > _LONGEST_LINE_BYTES for line in wire.split(b"\r\n")):
        return f"isi surel memuat baris lebih dari {_LONGEST_LINE_BYTES} bita; laporkan kepada pengembang"
    if message_id_of(wire) != mail.message_id:
        return "Message-ID di dalam surel berbeda dari catatan kotak keluar; laporkan kepada pengembang"
    return ""


def message_id_of(wire: bytes) -> str:
    """The Message-ID header of a message, with its angle brackets; empty when it has none."""
    head = wire.partition(b"\r\n\r\n")[0]
    return str(BytesHeaderParser(policy=policy.compat32).parsebytes(head + b"\r\n\r\n").get("Message-ID", "")).strip()


def shown(reply: bytes | str, longest_chars: int = 200) -> str:
    """A server's reply on one line, without control characters, for logs and the operator's screen."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= longest_chars else line[: longest_chars - 3] + "..."
