"""Mails as people, their programs and their servers send them, for the tests of the mailbox."""

from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP

from pantau.core.model import DecisionAction
from pantau.core.tokens import Code, ReplyKey, unsigned
from pantau.delivery.review import Rules

OWN = "pantau@kantor.example"
SEKDA = "sekda@kantor.example"
STAFF = "staf@kantor.example"
OUTSIDE = "pejabat@gmail.example"
HEAD = "camat@kantor.example"
FINDING, OTHER = "3F9A2C1B5D6E7F80", "0123456789ABCDEF"
UNITS = {FINDING: "KEC-01", OTHER: "OPD-02"}
TODAY = date(2026, 11, 24)
KEY = ReplyKey(b"rahasia kantor contoh")
SERVER = "mx.kantor.example"


def code(
    action: DecisionAction, recipient: str, *, finding: str = FINDING, day: date = TODAY, key: ReplyKey = KEY
) -> str:
    return key.signed(unsigned(day, finding, action, key.key_id), recipient)


def rules(**more: object) -> Rules:
    values: dict[str, object] = {
        "key": KEY,
        "today": TODAY,
        "days": 30,
        "voters": {SEKDA, STAFF, OUTSIDE},
        "heads": {HEAD: {"KEC-01"}},
        "own": [OWN],
        "own_domain": "kantor.example",
        "authserv_id": SERVER,
        "unit_of": UNITS.get,
        "undoable": lambda _code: True,
        "recipient_of": lambda _id: None,
    }
    return Rules(**values | more)  # type: ignore[arg-type]


def mail(
    sender: str = SEKDA,
    text: str = "",
    *,
    subject: str = "Bukan pelanggaran",
    html: str = "",
    message_id: str = "<surat-1@kantor.example>",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    message = EmailMessage(policy=SMTP)
    for name, value in headers:
        message[name] = value
    message["From"] = sender
    message["To"] = OWN
    message["Subject"] = subject
    message["Date"] = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    message["Message-ID"] = message_id
    if html:
        message.set_content(html, subtype="html")
    else:
        message.set_content(text)
    return message.as_bytes()


def clicked(action: DecisionAction = "dismiss", recipient: str = SEKDA, words: str = "", **more: object) -> bytes:
    """The mail that a link opens, sent from ``sender`` (default: the reader the link was made for)."""
    made = code(action, recipient)
    more.setdefault("sender", recipient)
    return mail(text=f"Kode {made}\r\nCatatan: {words}\r\n", subject=f"Bukan pelanggaran [{made}]", **more)  # type: ignore[arg-type]


def bounce(about: str, recipient: str, action: str = "failed", status: str = "5.2.2") -> bytes:
    """A delivery report as Postfix writes it."""
    return (
        "From: MAILER-DAEMON@mx.kantor.example\r\nTo: pantau@kantor.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <dsn-{status}-{action}@mx.kantor.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n--B\r\n'
        "Content-Type: text/plain\r\n\r\nThis is the mail system.\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.kantor.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: pantau@kantor.example\r\nMessage-ID: {about}\r\nSubject: Ringkasan\r\n\r\n--B--\r\n"
    ).encode()


def signature_of(text: str) -> Code:
    parts = text.split("-")
    return Code(parts[0], parts[1], parts[2], parts[3], parts[4])
