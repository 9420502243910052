"""Makes text from outside harmless: what is invisible or reorders a line goes, long numbers are masked, links must be https.

Escaping for HTML is the template engine's work; nothing here produces markup.
"""

import re
import unicodedata
from urllib.parse import urlsplit

_MAX_URL_CHARS = 1500
_MAX_MARKS = 6
"""Longest run of combining marks that is kept; scripts such as Javanese need a few, vandals pile up dozens."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # C0 and C1 controls without the ones that are blanks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e007f\U0001bca0-\U0001bca3]"
)
_BLANKS = re.compile(r"[\s\x85\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

_LONG_RUN = re.compile(r"\d{8,}")
_MOBILE = re.compile(r"(?<!\d)(?:\+?\s?62|0)[\s.()\-]{0,2}8(?:[\s.()\-]{0,2}\d){6,12}(?!\d)")
_GROUPED_16 = re.compile(r"(?<!\d)\d(?:[\s.\-]?\d){15}(?!\d)")
_ANY_NUMBER = re.compile(r"\d(?:[\s./()\-]{0,2}\d){7,}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<![\w@])(?:[\w\-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)

MASK = "•"


def line(text: str, limit: int = 300) -> str:
    """One visible line of at most ``limit`` characters: controls, bidirectional and invisible characters out, blanks collapsed.

    No text from outside is without a limit: one endless name could push everything else out of a mail.
    """
    return shorten(visible(text).strip(), limit)


def visible(text: str) -> str:
    """Like ``line``, but a blank at either end stays (as one space): for pieces that are put together again."""
    text = _SURROGATE.sub("\ufffd", text)
    text = _INVISIBLE.sub("", text)
    return _limit_marks(_BLANKS.sub(" ", text))


def _limit_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me", "Mc") else 0
        if run <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def url(address: str) -> str:
    """``address`` when it is a plain https link without user name, blanks or controls; else the empty string."""
    if not address or len(address) > _MAX_URL_CHARS or not address.isascii() or not address.isprintable():
        return ""
    if any(char in address for char in " \"'<>\\`{}|^"):
        return ""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    plain = parts.scheme == "https" and host and "." in host and port in (None, 443)
    return address if plain and "@" not in parts.netloc else ""


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut at a blank where there is one, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    blank = cut.rfind(" ")
    return _whole_sign(cut[:blank] if blank > limit // 2 else cut) + "…"


def _whole_sign(text: str) -> str:
    """Without a joiner at the end, which would glue the ellipsis to half an emoji."""
    return text.rstrip(" \u200d,;:")


def masked(text: str, *, personal: bool = False) -> str:
    """``text`` of the same length with long numbers masked, so that offsets into it still hold.

    Masked are digit runs from 8 on, mobile numbers and 16-digit numbers written in groups; with ``personal`` any number of 8
    digits or more however it is separated (then also sums and dates: in a post with personal data caution wins).
    """
    patterns = (_ANY_NUMBER,) if personal else (_GROUPED_16, _MOBILE, _LONG_RUN)
    for pattern in patterns:
        text = pattern.sub(lambda hit: "".join(MASK if char.isdigit() else char for char in hit.group()), text)
    return text


def defanged(chars: list[str]) -> None:
    """Breaks web addresses in a list of characters (``.`` becomes ``[.]``), so that no mail program makes them a link."""
    for hit in _ADDRESS.finditer("".join(chars)):
        for at in range(hit.start(), hit.end()):
            if chars[at] == ".":
                chars[at] = "[.]"
            elif chars[at] == ":":
                chars[at] = "[:]"


def quoted(text: str, limit: int, *, personal: bool = False) -> str:
    """A short, masked, clean quotation of outside text."""
    return shorten(line(masked(text, personal=personal)), limit)
