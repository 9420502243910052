"""Texts for the tests of folding and matching: hostile ones, disguises, and a generator that mixes them."""

import random
import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from pantau.checks.catalogue import Catalogue
from pantau.checks.load import load_catalogue
from pantau.core.model import Post

FIXTURES = Path(__file__).parent.parent / "fixtures"
DAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 5, tzinfo=UTC)

BOLD = {chr(97 + n): chr(0x1D41A + n) for n in range(26)} | {chr(65 + n): chr(0x1D400 + n) for n in range(26)}
FULLWIDTH = {chr(n): chr(n + 0xFEE0) for n in range(33, 127)}
CIRCLED = {chr(97 + n): chr(0x24D0 + n) for n in range(26)}
SQUARED = {chr(97 + n): chr(0x1F130 + n) for n in range(26)}
REGIONAL = {chr(97 + n): chr(0x1F1E6 + n) for n in range(26)}
CYRILLIC = dict(zip("abeopcyxkmhti", "авеорсухкмнті", strict=True))
SMALL_CAPS = dict(zip("abcdeghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ", strict=True))
LEET = {"o": "0", "a": "4", "i": "1", "e": "3", "s": "5", "t": "7", "g": "9", "b": "8", "l": "1"}

HOSTILE = {
    "lone surrogates": "go\ud800blok \udfff goblok \ud83d",
    "nul": "gob\0lok \0 goblok\0",
    "controls": "".join(map(chr, range(32))) + "goblok" + "".join(map(chr, range(127, 160))),
    "10,000 combining marks": "gob" + "\u0301" * 10_000 + "lok",
    "right-to-left override": "\u202ekolbog\u202c goblok \u2066x\u2069",
    "replacement characters": "gob\ufffdlok \ufffd\ufffdgoblok\ufffd",
    "markup": "<script>alert('goblok')</script> &lt;b&gt;goblok",
    "only marks": "\u0301" * 500,
    "only gaps": " \t\n" * 500,
    "flags": "🇮🇩🇲🇾 goblok🇮🇩 🇬🇴🇧🇱🇴🇰 🇮",
    "long numbers": "3" * 5_000 + " 3349014507680003",
    "many signs": "@" * 2_000 + "!" * 2_000 + "'" * 2_000,
    "many masks": "a*" * 3_000 + " g*bl*k",
    "single letters": "g o b l o k " * 300,
    "ligatures": "ﬁﬀﬃ ﷺ ½ ⅷ ㎏ Ǆ ß ı İ",
    "empty": "",
}


def post(number: int, text: str, image_text: str = "") -> Post:
    return Post(platform="x", post_id=str(number), account="x:1", published_at=NOON, text=text, image_text=image_text)


@cache
def rulebook() -> Catalogue:
    return load_catalogue([FIXTURES / "rules"], {}, DAY)


def disguise(rng: random.Random, text: str) -> str:
    """One way of hiding a word from a filter."""
    table = rng.choice([BOLD, FULLWIDTH, CIRCLED, SQUARED, REGIONAL, CYRILLIC, SMALL_CAPS])
    ways = [
        lambda: "".join(table.get(c, c) for c in text),
        lambda: "".join(LEET[c] if c in LEET and rng.random() < 0.6 else c for c in text),
        lambda: rng.choice(". -_ ").join(text),
        lambda: "".join(c * rng.choice((1, 1, 3)) for c in text),
        lambda: "".join(c + rng.choice(("", "", "\u200b", "\u0301", "\ufe0f")) for c in text),
        lambda: "".join(rng.choice((c.upper(), c)) for c in text),
        lambda: "#" + text.title().replace(" ", ""),
        lambda: "#" + text.replace(" ", ""),
        lambda: "@" + text[1:],
        lambda: text[: len(text) // 2] + rng.choice("._-* '") + text[len(text) // 2 :],
        lambda: text.replace(" ", rng.choice(("  ", ", ", "\n", ". ", "... ", "\n\n", " 🔥 "))),
        lambda: text + rng.choice(("!", "2", "88", "!!", "nya", "'", "?")),
        lambda: text,
    ]
    return rng.choice(ways)()


WORDS = re.findall(
    r"\S+",
    """goblok tolol tulol bodoh anjing asu babi gg b1 ngelo kutukan desa kalian tidak ngerti ora punya otak tahu diri
    rolex jam tangan mewah mahal auto sultan slot88 mobil yang mewah sekali koleksi baru punya saya lelang barang bukti
    pesta joget karaoke dj banjir rumah sakit rs donasi kami mereka warga contoh nik 3349014507680003 rek bri 123456789012
    rp 2,5 juta si itu x balik baik balk iain lain jangan bilang kata kasar vaksin anjing laut gak yg""",
)
PHRASES = [
    "jam tangan mewah",
    "auto sultan",
    "kalian semua tidak ngerti",
    "situ ora punya otak",
    "mobil yg mewah",
    "kami pesta mereka",
    "anjing laut",
    "rek 1234567890",
    "3349 0145 0768 0003",
    "balik modal",
]


def caption(rng: random.Random, size: int = 14) -> str:
    """An adversarial caption."""
    parts = []
    for _ in range(rng.randint(1, size)):
        word = rng.choice(PHRASES) if rng.random() < 0.25 else rng.choice(WORDS)
        parts.append(disguise(rng, word) if rng.random() < 0.45 else word)
        if rng.random() < 0.05:
            parts.append(
                chr(rng.choice((rng.randrange(0x20, 0x2FFF), rng.randrange(0x1F000, 0x1FAFF), rng.randrange(0x110000))))
            )
    return rng.choice((" ", " ", "\n", "")).join(parts) if rng.random() < 0.2 else " ".join(parts)
