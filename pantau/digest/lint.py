"""Cheap checks on every real mail: whether it is well-formed, 7-bit, and holds nothing that runs, loads or misleads."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import cast

_LONGEST_LINE_BYTES = 998
_ONCE = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "List-Id",
)
_FORBIDDEN_TAGS = frozenset(
    (
        "script",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "link",
        "base",
        "svg",
        "math",
        "video",
        "audio",
        "form",
        "input",
        "button",
        "textarea",
        "select",
    )
)
_CID = re.compile(r'"cid:([^"]*)"')
_LINK_SCHEMES = ("https://", "mailto:")


def problems(wire: bytes) -> tuple[str, ...]:
    """What is wrong with a message, in Indonesian; empty when nothing is."""
    found = _bytes(wire)
    message = message_from_bytes(wire, policy=default)
    for part in message.walk():
        found += [f"cacat MIME: {type(defect).__name__}" for defect in part.defects]
    for name in _ONCE:
        if len(message.get_all(name, [])) > 1:
            found.append(f"kepala surel ganda: {name}")
    for name, value in message.items():
        found += [f"cacat kepala surel {name}: {type(defect).__name__}" for defect in getattr(value, "defects", ())]
    text = message.get_body(preferencelist=("plain",))
    if text is None or not str(cast(EmailMessage, text).get_content()).strip():
        found.append("bagian teks kosong")
    page = message.get_body(preferencelist=("html",))
    if page is not None:
        html = str(cast(EmailMessage, page).get_content())
        carried = {str(part["Content-ID"]).strip("<>") for part in message.walk() if part["Content-ID"]}
        found += html_problems(html)
        found += ["gambar yang tidak ikut dikirim" for cid in _CID.findall(html) if cid not in carried]
    return tuple(dict.fromkeys(found))


def _bytes(wire: bytes) -> list[str]:
    found = []
    if not wire.isascii() or b"\x00" in wire:
        found.append("ada bita di luar 7-bit")
    if b"\r" in wire.replace(b"\r\n", b"") or b"\n" in wire.replace(b"\r\n", b""):
        found.append("akhir baris bukan CRLF")
    if any(len(row) > _LONGEST_LINE_BYTES for row in wire.split(b"\r\n")):
        found.append("ada baris yang terlalu panjang")
    return found


def html_problems(html: str) -> list[str]:
    """What is wrong with a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    """Collects forbidden elements, attributes and addresses."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in _FORBIDDEN_TAGS:
            self.found.append(f"unsur terlarang: {tag}")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._style(data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.found.append(f"atribut terlarang: {name}")
        elif name == "href" and not value.startswith(_LINK_SCHEMES):
            self.found.append("tautan bukan https atau mailto")
        elif name in ("src", "background", "srcset", "poster") and not value.startswith("cid:"):
            self.found.append(f"gambar dari luar: {tag}")
        elif name == "http-equiv" and value.lower() not in ("content-type", "x-ua-compatible"):
            self.found.append(f"meta terlarang: {value}")
        elif name == "style":
            self._style(value)

    def _style(self, css: str) -> None:
        lowered = css.lower()
        if any(word in lowered for word in ("url(", "@import", "expression(", "javascript:")):
            self.found.append("gaya memuat sesuatu dari luar")
