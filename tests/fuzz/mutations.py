"""Small changes to an input: of bytes, of text, of lines of TOML and of JSON. The same ``random`` gives the same change."""

import json
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

ODD_TEXTS = (
    "",
    "0",
    "-1",
    "²",
    "٣",
    "9" * 30,
    "9" * 5000,
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud83d",
    "null",
    "UC",
    "https://",
    "https://[",
    "https://x.example/\ud83d",
    "file:../../etc/passwd",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59+0000",
    "2026-02-30T00:00:00Z",
    "2026-11-20T01:30:00",
    "2026-W47-5",
    "24:00",
    "%00%ff",
    "../..",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "&#x110000;&#0;",
    "\u202e\u200b\ufeff",
    "a" * 3000,
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**33,
    2**53,
    2**63,
    2**64,
    10**30,
    -(2**63) - 1,
    0.5,
    -0.0,
    1e308,
    float("inf"),
    float("nan"),
    [],
    {},
    [[]],
    [None],
    [{}],
    {"data": None},
    {"": ""},
    *ODD_TEXTS,
)
ODD_LITERALS = (
    "true",
    "0",
    "-1",
    "9223372036854775808",
    "1e400",
    "nan",
    "inf",
    '""',
    '"\\u0000"',
    '"' + "a" * 500 + '"',
    "'(a+)+$'",
    "[]",
    "[[]]",
    '[""]',
    "{}",
    '{ "" = 0 }',
    "1979-05-27",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "07:32:00",
)
_SIGNS = "\"'<>&;,=[]{}()\\/%#@!|*`-_.:+ \t\n\r\0éI\u0130\u0131ß\u0301\u200b\U0001f1ee\U0001f1e9\U00010000"


def change_bytes(data: bytes, random: Random) -> bytes:
    """Up to four changes: bytes set, dropped, doubled, moved, a number at its edge, or the end cut off."""
    found = bytearray(data or b"\0")
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(found) or 1)
        way = random.randrange(7)
        if way == 0:
            found[at : at + 1] = bytes([random.randrange(256)])
        elif way == 1:
            found[at : at + 1] = bytes([found[at] ^ 1 << random.randrange(8)]) if found else b"\xff"
        elif way == 2:
            del found[at : at + random.randint(1, 20)]
        elif way == 3:
            found[at:at] = found[at : at + random.randint(1, 40)]
        elif way == 4:
            width = random.choice((1, 2, 4, 8))
            found[at : at + width] = random.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) + random.choice(
                (b"\xff", b"\x00")
            ) * (width - 1)
        elif way == 5:
            start = random.randrange(len(found) or 1)
            found[at:at] = found[start : start + random.randint(1, 40)]
        elif random.random() < 0.3:
            del found[at:]
    return bytes(found)


def change_text(text: str, random: Random) -> str:
    """Up to three changes of characters, pieces or lines."""
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice((0, 1, 1, 2, 5, 20)))
        way = random.randrange(8)
        if way == 0:
            text = text[:at] + random.choice(_SIGNS) + text[end:]
        elif way == 1:
            text = text[:at] + chr(random.choice((random.randrange(128), random.randrange(0x110000)))) + text[end:]
        elif way == 2:
            text = text[:at] + text[end:]
        elif way == 3:
            text = text[:at] + text[at:end] * random.choice((2, 3, 40)) + text[end:]
        elif way == 4:
            start = random.randrange(len(text) + 1)
            text = text[:at] + text[start : start + random.choice((1, 4, 30))] + text[end:]
        elif way == 5:
            text = text[:at] + random.choice(ODD_TEXTS) + text[end:]
        elif way == 6:
            text = text[:at] + text[at:end].swapcase() + text[end:]
        elif random.random() < 0.2:
            text = text[:at]
    return text


def change_markup(text: str, random: Random) -> str:
    """A change between, inside or around the tags of XML or HTML, else one of its characters."""
    parts = re.split(r"(<[^>]*>)", text)
    at = random.randrange(len(parts))
    way = random.randrange(6)
    if way == 0:
        parts[at] = random.choice(ODD_TEXTS)
    elif way == 1:
        parts[at] = random.choice(parts)
    elif way == 2:
        parts[at:at] = parts[at : at + random.randint(1, 6)]
    elif way == 3:
        del parts[at : at + random.randint(1, 3)]
    elif way == 4:
        parts[at] = change_text(parts[at], random)
    else:
        return change_text(text, random)
    return "".join(parts)


def change_lines(text: str, random: Random) -> str:
    """A change of one line of TOML or of a table: its value, its place, its characters."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    way = random.randrange(7)
    if way <= 2 and "=" in lines[at]:
        lines[at] = f"{lines[at].partition('=')[0]}= {random.choice(ODD_LITERALS)}"
    elif way == 3:
        lines[at:at] = [random.choice(lines)]
    elif way == 4:
        del lines[at]
    elif way == 5:
        lines[at] = f"{lines[at].partition('=')[0]}={random.choice(lines).rpartition('=')[2]}"
    else:
        lines[at] = change_text(lines[at], random)
    return "\n".join(lines)


@cache
def nested(depth: int) -> Any:
    """Lists in lists, as deep as ``json`` itself reads them."""
    try:
        return json.loads("[" * depth + "]" * depth)
    except RecursionError:
        return []


def change_json(value: Any, random: Random) -> Any:
    """Up to three changes somewhere inside; ``value`` itself stays as it is."""
    for _ in range(random.choice((1, 1, 2, 3))):
        value = _changed(value, random)
    return value


def _changed(value: Any, random: Random) -> Any:
    """A copy along one path, at whose end something is different."""
    inner: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inner or random.random() < 0.06:
        return _odd(value, random)
    key = random.choice(inner)
    copy = dict(value) if isinstance(value, dict) else list(value)
    way = random.random()
    if way < 0.05:
        del copy[key]
    elif way < 0.08:
        other = copy[random.choice(inner)]
        copy[key] = other
    elif way < 0.11 and isinstance(copy, dict):
        copy[random.choice((key.upper(), key + "s", random.choice(inner), random.choice(ODD_TEXTS[:12])))] = copy[key]
    elif way < 0.11:
        copy += [copy[key]] * random.choice((1, 2, 60))
    else:
        copy[key] = _changed(value[key], random)
    return copy


def _odd(value: Any, random: Random) -> Any:
    way = random.random()
    if isinstance(value, str) and way < 0.45:
        return change_text(value, random)
    if isinstance(value, str) and way < 0.5 and value.isascii() and value.isdigit() and len(value) < 25:
        return int(value)
    if isinstance(value, int) and way < 0.3:
        return random.choice((value + 1, -value, value * 1000, value * 10**12, str(value), float(value % 2**60)))
    if way < 0.52:
        return [value]
    if way < 0.54:
        return {"data": value}
    if way < 0.545:
        return nested(random.randint(2, 1000))
    return random.choice(ODD_VALUES)


def change_parts(parts: dict[str, str], random: Random) -> dict[str, str]:
    """A change in one of the named texts of a packed document, or of which there are."""
    name = random.choice(sorted(parts)) if parts else "a"
    way = random.random()
    if way < 0.05:
        return {other: text for other, text in parts.items() if other != name}
    if way < 0.1 and parts:
        return {**parts, name: parts[random.choice(sorted(parts))]}
    return {**parts, name: change_markup(parts.get(name, ""), random)}


class Shape:
    """What kind of thing an input is: how it is changed, and how it is written for the coverage-guided engine."""

    def __init__(
        self,
        change: Callable[[Any, Random], Any],
        pack: Callable[[Any], bytes],
        unpack: Callable[[bytes], Any],
    ) -> None:
        self.change = change
        self.pack = pack
        self.unpack = unpack


def _text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass") if b"\xed" in data else data.decode("utf-8", "replace")


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


BYTES = Shape(change_bytes, bytes, bytes)
TEXT = Shape(change_text, _bytes_of, _text_of)
LINES = Shape(change_lines, _bytes_of, _text_of)
MARKUP = Shape(change_markup, _bytes_of, _text_of)
JSON = Shape(change_json, lambda value: json.dumps(value).encode(), json.loads)
PARTS = Shape(change_parts, JSON.pack, JSON.unpack)
