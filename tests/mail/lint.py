"""Whether a mail is sound, asked of two parsers and of the bytes themselves. An empty list: nothing is wrong."""

import re
import unicodedata
from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import mailparser

_LONGEST_LINE_BYTES = 78
_NO_PLACE_TO_FOLD = b"Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""79 bytes, as every mail program writes it: the one line that may be longer."""
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.\-]+@[a-z0-9.\-]+>")
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|<!--|<!doctype", re.IGNORECASE)
_CID = re.compile(r"""src="cid:([^"]+)\"""")
_MAGIC = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "application/pdf": b"%PDF-"}
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAID = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
    "Content-Language": "id",
    "MIME-Version": "1.0",
}


def faults(wire: bytes) -> list[str]:
    """Everything that is wrong with a mail as it goes over the wire."""
    message = message_from_bytes(wire, policy=default)
    assert isinstance(message, EmailMessage)
    return [*_bytes(wire), *_structure(message), *_second_opinion(wire), *_headers(message), *_contents(message)]


def _bytes(wire: bytes) -> list[str]:
    found = []
    if not wire.isascii() or b"\0" in wire:
        found.append("not 7-bit")
    if re.search(rb"(?<!\r)\n|\r(?!\n)", wire):
        found.append("a bare line end")
    longest = max(len(line) for line in wire.split(b"\r\n") if line != _NO_PLACE_TO_FOLD)
    return [*found, *([f"a line of {longest} bytes"] if longest > _LONGEST_LINE_BYTES else [])]


def _structure(message: EmailMessage) -> list[str]:
    """The standard library's defects, and headers that stand there twice, in every part."""
    found = []
    for part in message.walk():
        found += [f"defect {type(defect).__name__}" for defect in part.defects]
        counted = Counter(name.lower() for name in part)
        found += [f"header {name} {times} times" for name, times in counted.items() if times > 1]
        for name, value in part.items():
            found += [f"header {name}: {type(defect).__name__}" for defect in getattr(value, "defects", ())]
        if part.get_content_type() in ("none/none", "application/octet-stream"):
            found.append(f"part of type {part.get_content_type()}")
    return found


def _second_opinion(wire: bytes) -> list[str]:
    """What mail-parser says, which knows more defects than the standard library reports by itself."""
    parsed = mailparser.parse_from_bytes(wire)
    found = [f"mail-parser: {category}" for category in sorted(parsed.defects_categories)]
    if parsed.has_defects and not found:
        found.append(f"mail-parser: {parsed.defects}")
    if not parsed.text_plain or not "".join(parsed.text_plain).strip():
        found.append("mail-parser sees no text")
    return found


def _headers(message: EmailMessage) -> list[str]:
    """email.md 2.4: who, when, which, and that no machine answers it."""
    found = [f"{name} is {message[name]!r}" for name, wanted in _SAID.items() if message[name] != wanted]
    if not _MESSAGE_ID.fullmatch(str(message["Message-ID"])):
        found.append(f"Message-ID {message['Message-ID']!r}")
    if not re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0700", str(message["Date"])):
        found.append(f"Date {message['Date']!r}")
    if not re.search(r"<pantau\.[a-z0-9.\-]+>$", str(message["List-Id"])):
        found.append(f"List-Id {message['List-Id']!r}")
    if bool(message["In-Reply-To"]) != bool(message["References"]):
        found.append("In-Reply-To and References do not go together")
    for name in ("From", "To"):
        if len(getattr(message[name], "addresses", ())) != 1:
            found.append(f"{name} is {message[name]!r}")
    subject = str(message["Subject"])
    odd = [sign for sign in subject if unicodedata.category(sign) in ("So", "Sk", "Cc", "Cf", "Co", "Cs", "Cn")]
    if odd or not subject.strip() or subject != " ".join(subject.split()):
        found.append(f"Subject {subject!r}")
    return found


def _contents(message: EmailMessage) -> list[str]:
    found = []
    text = message.get_body(("plain",))
    words = str(text.get_content()) if text else ""
    if not words.strip():
        found.append("no text")
    found += [f"tag in the text: {tag}" for tag in _TAG.findall(words)[:3]]
    page = message.get_body(("html",))
    shown = set(_CID.findall(str(page.get_content()))) if page else set()
    carried = [str(part["Content-ID"]).strip("<>") for part in message.walk() if part["Content-ID"]]
    if sorted(carried) != sorted(shown):
        found.append(f"pictures shown {sorted(shown)}, carried {sorted(carried)}")
    for part in message.walk():
        kind, data = part.get_content_type(), part.get_payload(decode=True) if not part.is_multipart() else b""
        assert isinstance(data, bytes)
        if part["Content-ID"] and part.get_content_disposition() != "inline":
            found.append(f"picture {part['Content-ID']} is not inline")
        if kind.startswith(("application/", "image/")) and not data.startswith(
            _MAGIC.get(kind, b"PK" if kind == _SHEET else b"\0")
        ):
            found.append(f"{kind} does not begin like one")
        if kind.startswith("application/") and not (part.get_filename() and part.is_attachment()):
            found.append(f"{kind} without a file name")
    return found
