"""The index behind the search page: small script files that a page opened from a disk may load, where it may not fetch.

One part per kind of unit and month: the reader's browser loads the newest months first and stops when it has enough, and a
later build rewrites only the months that changed. Words are folded as the rules fold them, and only what a page shows is in
the index.
"""

import re
from collections.abc import Callable

import msgspec

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_WORD = 24
_SNIPPET_CHARS = 110
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Folding(dict[int, str]):
    """A table for ``str.translate``: each character folds once; what was met goes to the browser with the index."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, code: int) -> str:
        folded = self._fold(chr(code)) if code > 0x7F else chr(code).lower()
        self[code] = folded
        return folded

    def words(self, text: str) -> list[str]:
        """The folded words of a text, each once, in order."""
        return list(dict.fromkeys(word[:_LONGEST_WORD] for word in _WORD.findall(text.translate(self))))

    def foreign(self) -> dict[str, str]:
        """The characters beyond ASCII that were met and what they became, sorted."""
        return {
            chr(code): folded
            for code, folded in sorted(self.items())
            if code > 0x7F and folded and _WORD.fullmatch(folded)
        }


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """What the browser shows of one thing found."""

    unit: int
    """Number of the unit in ``pokok.js``."""
    link: str
    """Behind the unit's folder."""
    when: str
    what: str
    snippet: str


class Part:
    """The postings of one part: word to the numbers of its hits, as differences in base 36."""

    def __init__(self, folding: Folding) -> None:
        self._folding = folding
        self._hits: list[Hit] = []
        self._last: dict[str, int] = {}
        self._postings: dict[str, list[str]] = {}

    def add(self, hit: Hit, text: str) -> None:
        """One more thing that can be found by the words of ``text``; things come in the order in which they are to be shown."""
        number = len(self._hits)
        self._hits.append(hit)
        for word in self._folding.words(text):
            self._postings.setdefault(word, []).append(_base36(number - self._last.get(word, 0)))
            self._last[word] = number

    def data(self, name: str) -> bytes:
        """The script file."""
        listed = sorted(self._postings)
        content = {
            "h": self._hits,
            "w": " ".join(listed),
            "p": "|".join(" ".join(self._postings[word]) for word in listed),
        }
        return script("bagian", name, content)


def snippet(text: str) -> str:
    """The beginning of a text."""
    flat = " ".join(text[: 2 * _SNIPPET_CHARS].split())
    return flat if len(flat) <= _SNIPPET_CHARS else flat[: flat.rfind(" ", 40, _SNIPPET_CHARS)] + "…"


def script(call: str, name: str, content: object) -> bytes:
    """A call with data: JSON is a part of JavaScript, and ``<`` never appears in it."""
    inner = msgspec.json.encode(content).replace(b"<", b"\\u003c")
    inner = inner.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")
    return b"pantauArsip." + call.encode() + b"(" + msgspec.json.encode(name) + b"," + inner + b");\n"


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits
