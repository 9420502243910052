"""One finished mail per reader: HTML and text, 7-bit on the wire, the same bytes for the same input.

The message is built here, by the standard library; what sends it only carries the bytes.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

import msgspec
import structlog

from pantau.digest import clean, lint
from pantau.digest.blocks import CardPicture

_log = structlog.get_logger(__name__)
_WIRE = SMTP.clone(cte_type="7bit")
_LONGEST_SUBJECT_CHARS = 180
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9.\-]+")
_FALLBACK = (
    "Versi HTML ringkasan ini tidak lolos pemeriksaan dan tidak dikirim; isi di bawah ini lengkap.\n"
    "Kabari pengelola Pantau: {problem}\n\n"
)


class Attachment(msgspec.Struct, frozen=True):
    """A document that goes along with a mail. ``format`` decides its type."""

    name: str
    format: Literal["xlsx", "pdf"]
    data: bytes


TYPES: dict[str, str] = {"xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "pdf"}
"""Subtypes of the documents by format."""


class Composed(msgspec.Struct, frozen=True):
    """A finished mail. ``problems`` says why the HTML was left out; empty when all is well."""

    wire: bytes
    problems: tuple[str, ...] = ()


def message_id(run_id: str, recipient: str, domain: str, kind: str = "d") -> str:
    """``<d.n-20261124.<hash of the recipient>@domain>``: the same for every attempt at one run and reader.

    ``kind`` tells apart several mails about one run to one reader, for example a correction.
    """
    digest = hashlib.sha256(recipient.strip().lower().encode()).hexdigest()[:16]
    local = ".".join(_NOT_IN_AN_ID.sub("-", part).strip(".-") for part in (kind, run_id))
    host = _NOT_IN_AN_ID.sub("-", domain).strip(".-") or "localhost.localdomain"
    return f"<{local}.{digest}@{host}>"


def build_message(
    *,
    html: str,
    text: str,
    subject: str,
    sender: tuple[str, str],
    reader: tuple[str, str],
    message_id: str,
    date: datetime,
    reply_to: str,
    list_id: tuple[str, str],
    references: Sequence[str] = (),
    pictures: Sequence[CardPicture] = (),
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """``compose`` without the report: the message as it goes over the socket."""
    return compose(
        html=html,
        text=text,
        subject=subject,
        sender=sender,
        reader=reader,
        message_id=message_id,
        date=date,
        reply_to=reply_to,
        list_id=list_id,
        references=references,
        pictures=pictures,
        attachments=attachments,
    ).wire


def compose(
    *,
    html: str,
    text: str,
    subject: str,
    sender: tuple[str, str],
    reader: tuple[str, str],
    message_id: str,
    date: datetime,
    reply_to: str,
    list_id: tuple[str, str],
    references: Sequence[str] = (),
    pictures: Sequence[CardPicture] = (),
    attachments: Sequence[Attachment] = (),
) -> Composed:
    """A mail that passed the checks. ``sender`` and ``reader`` are (name, address), ``list_id`` is (name, id).

    ``pictures`` go along inside the mail for the HTML that shows them by ``cid:``.

    ``attachments`` follow the words; a message without HTML keeps them.

    An empty ``html`` makes a plain mail. A message that fails ``lint.problems`` goes out as text that says so: a digest without
    colours is better than none. Raises ``ValueError`` for a naive ``date`` or an address that is none.
    """
    headers = _headers(subject, sender, reader, message_id, date, reply_to, list_id, references)
    wire = wire_of(headers, text, html, message_id, pictures, attachments)
    problems = lint.problems(wire)
    if problems and html:
        _log.error("html_left_out", message_id=message_id, problems=problems)
        wire = wire_of(
            headers, _FALLBACK.format(problem=clean.line(problems[0])) + text, "", message_id, (), attachments
        )
    return Composed(wire, problems)


def _headers(
    subject: str,
    sender: tuple[str, str],
    reader: tuple[str, str],
    message_id: str,
    date: datetime,
    reply_to: str,
    list_id: tuple[str, str],
    references: Sequence[str],
) -> list[tuple[str, str | Address]]:
    if date.tzinfo is None:
        raise ValueError(f"tanggal surel tanpa zona waktu: {date.isoformat()}")
    name, identifier = list_id
    headers: list[tuple[str, str | Address]] = [
        ("From", _address(sender)),
        ("To", _address(reader)),
        ("Subject", clean.shorten(clean.line(subject), _LONGEST_SUBJECT_CHARS)),
        ("Date", format_datetime(date)),
        ("Message-ID", clean.line(message_id)),
    ]
    headers += [("Reply-To", _address(("", reply_to)))] if reply_to else []
    known = [clean.line(reference) for reference in references if clean.line(reference)]
    headers += [("In-Reply-To", known[-1]), ("References", " ".join(known))] if known else []
    headers += [
        ("List-Id", f'"{_ascii(name)}" <{_NOT_IN_AN_ID.sub("-", identifier).strip(".-")}>'),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", "id"),
    ]
    return headers


def _address(person: tuple[str, str]) -> Address:
    name, address = clean.line(person[0]), clean.line(person[1])
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]]+@[^\s@<>,;:\"()\[\]]+", address) or not address.isascii():
        raise ValueError(f"bukan alamat surel: {address!r}. Perbaiki pada bagian [mail] setelan.")
    return Address(display_name=name, addr_spec=address)


def _ascii(name: str) -> str:
    """A phrase for a header that cannot carry other letters: accents dropped, quotes and backslashes out."""
    plain = unicodedata.normalize("NFKD", clean.line(name)).encode("ascii", "ignore").decode()
    return re.sub(r"[\"\\<>]", "", plain)


def wire_of(
    headers: list[tuple[str, str | Address]],
    text: str,
    html: str,
    message_id: str,
    pictures: Sequence[CardPicture],
    attachments: Sequence[Attachment],
) -> bytes:
    """The finished message of headers, words, pictures and documents; the same bytes for the same parts."""
    message = EmailMessage(policy=_WIRE)
    message.set_content(_writable(text), subtype="plain", charset="utf-8", cte="quoted-printable")
    if html:
        message.add_alternative(_writable(html), subtype="html", charset="utf-8", cte="quoted-printable")
        seed = hashlib.sha256(f"{message_id}\n{text}\n{html}".encode("utf-8", "replace")).hexdigest()
        if pictures:
            _add_pictures(message, pictures, f"=_pantau_{seed[32:]}")
        message.set_boundary(f"=_pantau_{seed[:32]}")
    if attachments:
        _attach(message, attachments, message_id)
    # After the content: it would clear headers named Content-* or move them into a part.
    for name, value in headers:
        message[name] = value
    return message.as_bytes()


def _add_pictures(message: EmailMessage, pictures: Sequence[CardPicture], boundary: str) -> None:
    """Put the pictures beside the HTML part, as parts that only it shows."""
    page = list(message.iter_parts())[-1]
    for picture in pictures:
        page.add_related(picture.data, "image", picture.subtype, cid=f"<{picture.cid}>", disposition="inline")
    page.set_boundary(boundary)
    page.set_param("type", "text/html")


def _attach(message: EmailMessage, attachments: Sequence[Attachment], message_id: str) -> None:
    """Put the documents behind the words, in base64; the boundary follows from what they are."""
    for item in attachments:
        message.add_attachment(item.data, "application", TYPES[item.format], filename=_NOT_IN_AN_ID.sub("-", item.name))
    seed = hashlib.sha256(message_id.encode("utf-8", "replace"))
    for item in attachments:
        seed.update(item.data)
    message.set_boundary(f"=_pantau_{seed.hexdigest()[:32]}")


def _writable(text: str) -> str:
    """``text`` without what UTF-8 or a mail cannot carry."""
    return _CONTROLS.sub("", text.encode("utf-8", "replace").decode())
