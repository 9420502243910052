"""Mails that came back: delivery reports (RFC 3464) read for the reader, the reason and the mail that they are about."""

from email.message import Message

import msgspec

from pantau.core.tokens import address_form
from pantau.delivery.letter_text import header
from pantau.delivery.transport import shown

_MOST_PARTS = 50
_FINAL = "failed"


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """A report about one mail. ``failed`` is False for one that says delayed, relayed or delivered."""

    recipients: tuple[str, ...]
    message_id: str
    failed: bool
    reason: str


def is_report(message: Message) -> bool:
    """Whether a mail is a delivery report."""
    kind = str(message.get_param("report-type", "")).lower()
    return message.get_content_type() == "multipart/report" and kind in ("delivery-status", "")


def bounce_of(message: Message) -> Bounce | None:
    """The report in a mail; None when it holds none that can be read. Raises ``letter_text.UNPARSABLE``."""
    recipients: list[str] = []
    message_id, reason, failed = "", "", False
    for count, part in enumerate(message.walk()):
        if count >= _MOST_PARTS:
            break
        if part.get_content_type() == "message/delivery-status":
            for block in _blocks(part):
                recipient = _value(block, "Original-Recipient") or _value(block, "Final-Recipient")
                if recipient and _value(block, "Action").lower() == _FINAL:
                    failed = True
                    recipients.append(address_form(recipient))
                    reason = reason or _reason(block)
        elif part is not message and not message_id:
            message_id = _original_id(part)
    return (
        Bounce(recipients=tuple(recipients), message_id=message_id, failed=failed, reason=reason)
        if reason or message_id
        else None
    )


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _value(block: Message, name: str) -> str:
    """A field without its type (``rfc822; a@x``)."""
    text = header(block, name)
    return text.partition(";")[2].strip() if name.endswith("Recipient") else text


def _reason(block: Message) -> str:
    status = header(block, "Status")
    said = header(block, "Diagnostic-Code").partition(";")[2].strip()
    return shown(f"{said} ({status})" if said and status not in said else said or status or "tanpa alasan", 160)


def _original_id(part: Message) -> str:
    """The Message-ID in the returned mail or its headers."""
    if part.get_content_type() == "text/rfc822-headers":
        payload = part.get_payload(decode=True)
        lines = payload[:100_000].decode("ascii", "replace").splitlines() if isinstance(payload, bytes) else []
        return next((row.partition(":")[2].strip() for row in lines if row.lower().startswith("message-id:")), "")
    return str(part.get("Message-ID", "")).strip() if part.get_content_type() != "message/rfc822" else ""
