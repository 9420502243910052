"""Letters and numbers of charts: what Pillow's own font can draw, how wide it is, and where a line is cut."""

import functools
import math
import unicodedata
from typing import TYPE_CHECKING

from pantau.digest import words

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

NO_DATA = "tidak ada data"
_SIGNS = {"–": "-", "—": "-", "−": "-", "•": "·", "‚": ",", "„": "“"}
_PROBE = 34


@functools.cache
def font(size: int) -> "FreeTypeFont":
    """Pillow's own font: the same letters on every machine, whatever fonts it has."""
    from PIL import ImageFont

    face = ImageFont.load_default(size)
    assert isinstance(face, ImageFont.FreeTypeFont)  # it is whenever a size is asked for
    return face.font_variant(layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def _drawable(char: str) -> bool:
    return char == " " or bytes(font(_PROBE).getmask(char)) != bytes(font(_PROBE).getmask("\ue000"))


def drawable(text: str) -> str:
    """``text`` in signs that ``font`` has: letters without their accents, a question mark for what is left."""
    if text.isascii():
        return text
    spelt = unicodedata.normalize("NFKD", "".join(char if _drawable(char) else _SIGNS.get(char, char) for char in text))
    return "".join(char if _drawable(char) else "?" for char in spelt if not unicodedata.combining(char))


@functools.lru_cache(maxsize=4096)
def width(text: str, size: int) -> int:
    """How wide ``text`` is."""
    return math.ceil(font(size).getlength(drawable(text)))


def fitted(text: str, size: int, room: int) -> str:
    """``text``, cut with an ellipsis where it is wider than ``room``."""
    if width(text, size) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", size) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrapped(text: str, size: int, room: int, lines: int) -> list[str]:
    """``text`` in at most ``lines`` lines, the last one cut."""
    rows: list[str] = []
    for word in text.split(" "):
        if rows and width(f"{rows[-1]} {word}", size) <= room:
            rows[-1] += f" {word}"
        elif len(rows) < lines:
            rows.append(word)
        else:
            rows[-1] += f" {word}"
    return [fitted(row, size, room) for row in rows]


def shown(value: float | None, unit: str) -> str:
    """A value as readers see it."""
    if value is None or not known(value):
        return NO_DATA
    text = words.number(value, 0 if float(value).is_integer() else 1)
    return f"{text} %" if unit == "%" else text


def percents(values: list[float]) -> list[int]:
    """Whole shares of 100 which add up to 100: what rounding leaves over goes to the largest remainders."""
    total = sum(values)
    exact = [100 * value / total for value in values]
    whole = [math.floor(part) for part in exact]
    by_rest = sorted(range(len(values)), key=lambda at: (whole[at] - exact[at], at))
    for at in by_rest[: 100 - sum(whole)]:
        whole[at] += 1
    return whole


def known(value: float | None) -> bool:
    """True for a number; a gap, and what is no finite number, is not."""
    return value is not None and math.isfinite(value)
