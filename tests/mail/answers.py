"""What people's mail programs make of a link in a digest."""

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from tests.mail.real_office import OWN


def text_of(wire: bytes) -> str:
    """The plain part of a digest."""
    body = message_from_bytes(wire, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(wire: bytes, action: str, words: str) -> str:
    """The first link of that action beside the finding that shows these words."""
    text = text_of(wire)
    after = text[text.index(words) :]
    return next(word for word in after.split() if word.startswith("mailto:") and f"-{action}-" in unquote(word))


def code_in(mailto: str) -> str:
    """The code that a link carries."""
    return parse_qs(urlsplit(mailto).query)["subject"][0].rpartition("[")[2].rstrip("]")


def _begun(sender: str, subject: str, message_id: str, at: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = OWN
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    return message


def gmail(sender: str, mailto: str, note: str, digest: bytes, message_id: str, at: datetime) -> bytes:
    """Text and page, the note below the code, the digest quoted under it with all its links."""
    asked = parse_qs(urlsplit(mailto).query)
    message = _begun(f'"Sekda" <{sender}>', asked["subject"][0], message_id, at)
    quoted = "\n".join(f"> {line}" for line in text_of(digest).splitlines())
    words = f"{asked['body'][0]}{note}"
    message.set_content(f"{words}\n\nPada Sel, 24 Nov 2026 pukul 08.00 Pantau <{OWN}> menulis:\n\n{quoted}\n")
    page = words.replace("\r\n", "<br>")
    message.add_alternative(f'<div dir="ltr">{page}</div><blockquote>{quoted}</blockquote>', subtype="html")
    return message.as_bytes()


def outlook(sender: str, mailto: str, note: str, message_id: str, at: datetime) -> bytes:
    """A page and nothing else, in quoted-printable, with a subject that its sender wrote anew."""
    body = parse_qs(urlsplit(mailto).query)["body"][0]
    paragraphs = "".join(f'<p class="MsoNormal">{line}&nbsp;</p>' for line in [*body.splitlines(), note])
    message = _begun(sender, "RE: jawaban dari kami – tolong dicek", message_id, at)
    page = f"<html><head><style>p {{margin: 0}}</style></head><body>{paragraphs}</body></html>"
    message.set_content(page, subtype="html", charset="windows-1252", cte="quoted-printable")
    return message.as_bytes()


def quoted_printable(sender: str, mailto: str, note: str, message_id: str, at: datetime) -> bytes:
    """Plain text whose lines, and so the code, are broken softly; the subject is lost."""
    body = parse_qs(urlsplit(mailto).query)["body"][0]
    message = _begun(sender, "jawaban", message_id, at)
    message.set_content("Yth. pengelola, mohon dicatat ini: " * 2 + body + note, cte="quoted-printable")
    return message.as_bytes()


def forged(sender: str, mailto: str, message_id: str, at: datetime, results: Sequence[str]) -> bytes:
    """A link's own mail, with verdicts that its sender wrote into it."""
    asked = parse_qs(urlsplit(mailto).query)
    message = _begun(sender, asked["subject"][0], message_id, at)
    for said in results:
        message["Authentication-Results"] = said
    message.set_content(asked["body"][0])
    return message.as_bytes()
