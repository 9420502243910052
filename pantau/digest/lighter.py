"""The same mail with less in it, for a server that refused its size. Every word stays; a sentence on top says what is missing."""

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape, unescape
from typing import Literal

from pantau.digest import words
from pantau.digest.blocks import CardPicture
from pantau.digest.mime import TYPES, Attachment, wire_of

Dropped = Literal["pdf", "xlsx", "gambar"]
STEPS: tuple[tuple[Dropped, ...], ...] = (("pdf",), ("pdf", "xlsx"), ("pdf", "xlsx", "gambar"))
"""What goes, step by step, until the server takes the mail."""
_LABELS: dict[Dropped, str] = {"pdf": "PDF", "xlsx": "XLSX", "gambar": "gambar"}
_OF_THE_BODY = ("content-type", "content-transfer-encoding", "mime-version")
_PICTURE = re.compile(r'<img(?:\s+[a-z-]+="[^"]*")*\s*/?>')
_ALT = re.compile(r'\salt="([^"]*)"')
_FIRST_ROW = re.compile(r'<td class="st"[^>]*>.*?</td></tr>', re.DOTALL)
_SPOKEN_OF: dict[Dropped, re.Pattern[str]] = {
    "pdf": re.compile(r"\s*\bPDF\s+siap\s+cetak\."),
    "xlsx": re.compile(r"\s*\bXLSX\s+memuat\s+semuanya,\s.*?\.(?=\s|<|$)", re.DOTALL),
}
"""What ``attached`` says of a document that is there. A point inside a number is not the end."""
_POINTER = re.compile(r"(\bdi\s+)lampiran(\s+)XLSX\b")
_NOTHING_ATTACHED = re.compile(r"<p><b>Lampiran\.</b> *</p>\n?|^(?:- )?Lampiran\.\n\n", re.MULTILINE)
_NOTICE = (
    '\n<tr><td class="w" bgcolor="#fff3d6" style="background-color:#fff3d6;padding:8px 12px;color:#4c3600">{}</td></tr>'
)


def lighter(wire: bytes, dropped: Sequence[Dropped], run_id: str) -> bytes | None:
    """The mail without the kinds of ``dropped``, under the same Message-ID; None when it holds none of the last of them."""
    message = message_from_bytes(wire, policy=default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    held = [_kind(part) for part in parts]
    if dropped[-1] not in held:
        return None
    gone = [kind for kind in dropped if kind in held]
    bodies = {part.get_content_subtype(): str(part.get_content()) for part in parts if _kind(part) is None}
    text, html = bodies["plain"].replace("\r\n", "\n"), bodies.get("html", "").replace("\r\n", "\n")
    sentence = _sentence(gone, run_id)
    text, html = _without_mention(text, gone), _without_mention(html, gone)
    return wire_of(
        [(name, str(value)) for name, value in message.items() if name.lower() not in _OF_THE_BODY],
        f"{sentence}\n\n{text}",
        _marked(_PICTURE.sub(_in_words, html) if "gambar" in gone else html, sentence),
        str(message["Message-ID"]),
        [] if "gambar" in gone else _pictures(parts),
        [_document(part) for part in parts if _kind(part) in ("pdf", "xlsx") and _kind(part) not in gone],
    )


def _kind(part: EmailMessage) -> Dropped | None:
    """None for the words themselves."""
    forms: dict[str, Dropped] = {TYPES["pdf"]: "pdf", TYPES["xlsx"]: "xlsx"}
    return "gambar" if part.get_content_maintype() == "image" else forms.get(part.get_content_subtype())


def _pictures(parts: Sequence[EmailMessage]) -> list[CardPicture]:
    """Size and words of a picture stand in the page; only its bytes and its name go along."""
    shown = [part for part in parts if _kind(part) == "gambar"]
    names = [str(part["Content-ID"]).strip("<>").removesuffix("@pantau") for part in shown]
    return [
        CardPicture(data=part.get_content(), width=0, height=0, alt="", name=name)
        for part, name in zip(shown, names, strict=True)
    ]


def _document(part: EmailMessage) -> Attachment:
    form: Literal["pdf", "xlsx"] = "pdf" if _kind(part) == "pdf" else "xlsx"
    return Attachment(part.get_filename() or f"pantau.{form}", form, part.get_content())


def _sentence(gone: Sequence[Dropped], run_id: str) -> str:
    kept = [_LABELS[kind] for kind in gone]
    where = f" Dokumennya tersimpan di mesin Pantau: pantau digest show {run_id}." if gone[0] != "gambar" else ""
    return f"Server surel menolak ukuran surel ini, jadi dikirim tanpa {words.listed(kept)}.{where}"


def _without_mention(body: str, gone: Sequence[Dropped]) -> str:
    """The text or the page without what it says of documents that it no longer brings."""
    for kind in gone:
        if kind in _SPOKEN_OF:
            body = _SPOKEN_OF[kind].sub("", body, count=1)
    if "xlsx" in gone:
        body = _POINTER.sub(r"\1XLSX\2yang tidak ikut", body)
    return _NOTHING_ATTACHED.sub("", body, count=1)


def _in_words(picture: re.Match[str]) -> str:
    told = _ALT.search(picture.group())
    return f"[{escape(unescape(told.group(1)), quote=False)}]" if told else ""


def _marked(html: str, sentence: str) -> str:
    """The page with the sentence under its first row; a page of another build goes without it, its text says the same."""
    return _FIRST_ROW.sub(lambda row: row.group() + _NOTICE.format(escape(sentence, quote=False)), html, count=1)
