"""Phrases as rule writers write them: alternatives in braces, shared lists, and the spellings under which a phrase may appear."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from pantau.core.errors import Problem

MAX_PHRASES = 2_000
"""Alternatives that one place of an entry may have."""
MERGED_PHRASES = 4
"""Phrases up to which neighbouring places of an entry are multiplied out."""
MAX_SPELLINGS = 120
"""Slang spellings of one phrase, fewest substitutions first."""
_TOKEN = re.compile(r"[a-z0-9]+")


class Slot(NamedTuple):
    """One place of an entry: the phrases of which one stands there; ``optional`` when it may also stand empty."""

    phrases: tuple[str, ...]
    optional: bool


@lru_cache(maxsize=20_000)
def parse_entry(entry: str) -> tuple[Slot, ...]:
    """The slots of an entry such as ``{kalau|nek} {tidak|ora} suka``, one after the other; alternatives may be nested.

    Neighbouring slots are multiplied out as long as that gives few phrases, so most entries are a single slot. Raises
    ``ValueError`` with an Indonesian text for unbalanced braces, too many alternatives or an entry that may be empty.
    """
    merged: list[list[str]] = []
    for piece in _pieces(entry):
        phrases, _ = _sequence(piece, 0, top=True)
        if merged and len(merged[-1]) * len(phrases) <= MERGED_PHRASES:
            merged[-1] = [f"{left} {right}" for left, right in product(merged[-1], phrases)]
        else:
            merged.append(phrases)
    slots = []
    for phrases in merged:
        clean = dict.fromkeys(" ".join(phrase.split()) for phrase in phrases)
        slots.append(Slot(tuple(phrase for phrase in clean if phrase), "" in clean))
    if all(slot.optional for slot in slots):
        raise ValueError("kosong, atau semua bagiannya boleh kosong")
    return tuple(slots)


def all_phrases(entry: str) -> list[str]:
    """Every phrase that an entry stands for. Raises ``ValueError`` like ``parse_entry``."""
    choices = [(*slot.phrases, "") if slot.optional else slot.phrases for slot in parse_entry(entry)]
    return [" ".join(filter(None, choice)) for choice in product(*choices)]


def _pieces(entry: str) -> list[str]:
    """The entry cut at the blanks outside braces."""
    depth = 0
    pieces = [""]
    for character in entry:
        depth += (character == "{") - (character == "}")
        if character.isspace() and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece for piece in pieces if piece]


def _sequence(entry: str, at: int, *, top: bool) -> tuple[list[str], int]:
    """Phrases from ``at`` up to the end, or up to ``|`` or ``}`` inside braces; and where it stopped."""
    phrases = [""]
    while at < len(entry):
        character = entry[at]
        if character == "{":
            inner, at = _alternatives(entry, at + 1)
            if len(inner) * len(phrases) > MAX_PHRASES:
                raise ValueError(f"lebih dari {MAX_PHRASES} pilihan pada satu kata")
            phrases = [left + right for left, right in product(phrases, inner)]
            continue
        if character in "|}":
            if top:
                raise ValueError(f"tanda {character} di luar kurung kurawal")
            return phrases, at
        phrases = [phrase + character for phrase in phrases] if len(phrases) > 1 else [phrases[0] + character]
        at += 1
    if not top:
        raise ValueError("kurung kurawal tidak ditutup")
    return phrases, at


def _alternatives(entry: str, at: int) -> tuple[list[str], int]:
    found: list[str] = []
    while True:
        phrases, at = _sequence(entry, at, top=False)
        found += phrases
        at += 1
        if entry[at - 1] == "}":
            return found, at


def read_list(path: Path, problems: list[Problem]) -> tuple[str, ...]:
    """The entries of a word list: one a line, ``#`` begins a comment."""
    entries: list[str] = []
    for number, line in enumerate(_lines(path, problems), 1):
        entry = line.split("#", 1)[0].strip()
        if not entry:
            continue
        try:
            parse_entry(entry)
        except ValueError as error:
            problems.append(Problem(str(path), f"baris {number}", entry, str(error), "Perbaiki tanda { | }."))
        entries.append(entry)
    return tuple(dict.fromkeys(entries))


def read_slang(path: Path, problems: list[Problem]) -> dict[str, str]:
    """``slang=formal`` lines; each slang form once. Several words on either side are allowed."""
    slang: dict[str, str] = {}
    for number, line in enumerate(_lines(path, problems), 1):
        entry = line.split("#", 1)[0].strip()
        if not entry:
            continue
        form, equals, formal = (part.strip() for part in entry.partition("="))
        wrong = ""
        if not (equals and form and formal):
            wrong = "harus berbentuk slang=baku"
        elif form in slang:
            wrong = "bentuk ini sudah ada di atas"
        elif form == formal:
            wrong = "kedua sisi sama"
        if wrong:
            problems.append(Problem(str(path), f"baris {number}", entry, wrong, "Perbaiki atau hapus baris ini."))
        else:
            slang[form] = formal
    return slang


def _lines(path: Path, problems: list[Problem]) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(str(path), "berkas", "", f"tidak dapat dibaca ({error})", "Simpan sebagai UTF-8."))
        return []


def tokens(light: str) -> tuple[str, ...]:
    """The words of a light text."""
    return tuple(_TOKEN.findall(light))


class Slang:
    """Slang by the words it stands for; expands phrases, so that texts need not be rewritten."""

    def __init__(self, slang: Mapping[str, str]) -> None:
        self.entries = dict(slang)
        self._forms: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for form, formal in slang.items():
            self._forms.setdefault(tokens(formal), []).append(tokens(form))
        self._longest = max(map(len, self._forms), default=0)
        self._words = {formal[0] for formal in self._forms if formal}

    def spellings(self, phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The phrase itself, then its slang spellings, fewest substitutions first, at most ``MAX_SPELLINGS``."""
        yield phrase
        if self._words.isdisjoint(phrase):
            return
        places = [
            (start, start + length, form)
            for start in range(len(phrase))
            for length in range(1, min(self._longest, len(phrase) - start) + 1)
            for form in self._forms.get(phrase[start : start + length], ())
        ]
        seen = {phrase}
        queue = deque([(phrase, 0, 0)]) if places else deque()
        while queue and len(seen) < MAX_SPELLINGS:
            current, done, shift = queue.popleft()
            for start, end, form in places:
                if start < done:
                    continue
                changed = current[: start + shift] + form + current[end + shift :]
                if changed not in seen:
                    seen.add(changed)
                    yield changed
                    if len(seen) >= MAX_SPELLINGS:
                        return
                queue.append((changed, end, shift + len(form) - (end - start)))
