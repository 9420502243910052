"""The words of a mail from outside: headers and text as they can be trusted to be shown, whatever the mail is made of."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

from pantau.core.markup import closed
from pantau.core.tokens import without_codes

UNPARSABLE = (RecursionError, LookupError, ValueError, TypeError, AttributeError, AssertionError, HeaderParseError)
"""What the standard library raises on mails that were made to break it."""

NOTE_CHARS = 600
_TEXT_BYTES = 200_000
_HEADER_CHARS = 2_000
_MOST_PARTS = 200
_SAFE_CHARSETS = re.compile(
    r"(utf-?8|us-?ascii|latin-?1|iso-8859-\d+|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|big5)$"
)

_QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_NAMED = re.compile(r"([^<>]*)<([^<>\s]+)>\s*")

_QUOTE_LINE = re.compile(r"^\s*[>|]")
_HISTORY = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|pesan asli|forwarded message|pesan (?:yang )?(?:di)?terus)|_{10,}\s*$"
    r"|(?:on|pada)\s.{0,200}(?:wrote|menulis)\s*:?\s*$|(?:from|dari|sent|dikirim|terkirim)\s*:\s)",
    re.IGNORECASE,
)
_HISTORY_IN_TWO = re.compile(r"^\s*(?:on|pada)\s.{0,200}$", re.IGNORECASE)
_SIGNATURE = re.compile(r"^\s*(?:--\s*$|(?:dikirim|terkirim|kiriman) dari |sent from |get outlook for )", re.IGNORECASE)
_NOTE_LABEL = re.compile(r"^\s*(?:catatan|jawaban unit)\s*:\s*", re.IGNORECASE)


def header(message: Message, name: str) -> str:
    """A header decoded to one line; empty when there is none."""
    value = str(message.get(name, ""))[:_HEADER_CHARS]
    with suppress(*UNPARSABLE):  # else it is shown as it came
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def sender(message: Message) -> str:
    """The one address in the one From header, lower case; empty when that is not perfectly clear."""
    values = message.get_all("From", [])
    raw = " ".join(str(values[0]).split()) if len(values) == 1 else ""
    bare = _QUOTED_STRING.sub("", raw)
    named = _NAMED.fullmatch(bare)
    if named and ("@" in named[1] or "," in named[1] or ";" in named[1]):
        return ""
    address = named[2] if named else bare
    return address.lower() if _ADDRESS.fullmatch(address) else ""


def sent_at(message: Message) -> datetime | None:
    """The instant in the Date header; None when there is none that can be read."""
    try:
        moment = parsedate_to_datetime(str(message.get("Date", ""))[:100])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (*UNPARSABLE, OverflowError):
        return None


def visible_text(message: Message) -> str:
    """The first text part, else the words of the first HTML part; at most 200,000 bytes of it. Raises ``UNPARSABLE``."""
    page = ""
    for count, part in enumerate(message.walk()):
        if count >= _MOST_PARTS:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and (text := _decoded(part)).strip():
            return text
        if kind == "text/html" and not page:
            page = _words(_decoded(part))
    return page


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload[:_TEXT_BYTES] if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset("utf-8"))
    return data.decode(charset if _SAFE_CHARSETS.match(charset) else "utf-8", "replace")


def note(text: str) -> str:
    """What the sender wrote beside the code: without history, quotes, signature and our own words; one line."""
    kept: list[str] = []
    lines = without_codes(text).splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        two = _HISTORY_IN_TWO.match(line) and after.strip().lower().endswith(("wrote:", "menulis:"))
        if _HISTORY.match(line) or _SIGNATURE.match(line) or two:
            break
        if not _QUOTE_LINE.match(line):
            kept.append(_NOTE_LABEL.sub("", line))
    return " ".join(" ".join(kept).split())


def _words(html: str) -> str:
    reader = _Words()
    reader.feed(closed(html))
    reader.close()
    return "".join(reader.found)


class _Words(HTMLParser):
    """The visible words of a page, line by line, without what it quotes."""

    _UNSEEN = frozenset(("style", "script", "head", "title", "template"))
    _BREAKS = frozenset(("br", "p", "div", "tr", "li", "table", "hr", "h1", "h2", "h3"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unseen = 0
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in self._UNSEEN
        self._quotes += tag == "blockquote"
        if tag in self._BREAKS or tag == "blockquote":
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        if tag in self._BREAKS or tag == "blockquote":
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(" ".join(data.split("\n")))

    def _break(self) -> None:
        self.found.append("\n> " if self._quotes else "\n")
