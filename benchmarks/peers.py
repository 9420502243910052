"""What the engine is measured against: the plain way to do the same, the usual library, and the least that any way must do."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from pantau.checks.catalogue import Catalogue, Rule
from pantau.checks.fold import Block
from pantau.checks.fold_tables import fold_character
from pantau.checks.lexicon import _joined
from tests.checks import oracle

Found = set[tuple[str, int, int]]
"""Findings of a text: rule, start and end in code points."""


def reference() -> type[oracle.Folded]:
    """The fold that goes character by character and keeps the code point of each; every character is looked up once."""
    vars(oracle)["fold_character"] = cache(fold_character)
    return oracle.Folded


class PlainLoop:
    """Post by post: fold it character by character, then try each rule's own ``re`` alternation on it.

    A rule whose words are all there is decided by the reference of the tests, so the findings are the same.
    """

    def __init__(self, book: Catalogue) -> None:
        self._folded = reference()
        self._oracle = oracle.Oracle(book)
        self._rules = [(rule, [self._alternation(rule, n) for n in range(len(rule.sets))]) for rule in book.active()]
        self._patterns = {
            rule.id: [re.compile(pattern, re.ASCII) for pattern in rule.patterns] for rule in book.active()
        }

    def spellings(self, rule: Rule, number: int) -> list[str]:
        """The skeletons under which a set of a rule may stand in a text."""
        group = oracle.group_of(rule.sets[number].words, False, False)
        forms = [form for word in rule.sets[number].words for form in self._oracle.forms(word, False, False)]
        shown = [form.text.decode() for form in (*forms, *_joined(group))]
        return sorted({self._folded(text).skeleton.strip("`") for text in shown})

    def _alternation(self, rule: Rule, number: int) -> re.Pattern[str]:
        listed = sorted(map(re.escape, self.spellings(rule, number)), key=len, reverse=True)
        return re.compile(r"\b(?:" + "|".join(listed) + r")\b")

    def check(self, text: str) -> Found:
        """What the rules find in a text."""
        folded = self._folded(text)
        light = "".join(cell.char for cell in folded.light)
        found: Found = set()
        for rule, sets in self._rules:
            patterns = self._patterns[rule.id]
            if all(words.search(folded.skeleton) for words in sets) and (
                not patterns or any(pattern.search(light) for pattern in patterns)
            ):
                found |= {(rule.id, start, end) for _, start, end in self._oracle._hits(rule, [folded])}
        return found


_LEET = str.maketrans("013457890@$", "oieastbgoas")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\ufe0e"))
_MIXED = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])[\w@$]+")
_STRETCHED = re.compile(r"([a-z])\1+")
_OTHER = re.compile(r"[^a-z0-9]+")


def chain(text: str) -> str:
    """A fold as one would write it with ``re``: nearly the skeleton, without a way back."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_INVISIBLE)
    plain = _MIXED.sub(lambda word: word[0].translate(_LEET), plain)
    return _OTHER.sub(" ", _STRETCHED.sub(r"\1", plain).replace("l", "i"))


class Spacy:
    """A spaCy PhraseMatcher after ``chain``: lexicon rules only, no published places."""

    def __init__(self, book: Catalogue, plain: PlainLoop) -> None:
        import spacy  # type: ignore[import-not-found]
        from spacy.matcher import PhraseMatcher  # type: ignore[import-not-found]

        self._language: Any = spacy.blank("id")
        self._matcher: Any = PhraseMatcher(self._language.vocab)
        for rule in book.active():
            if rule.kind == "lexicon":
                words = [words.replace("`", " ") for words in plain.spellings(rule, 0)]
                self._matcher.add(rule.id, list(self._language.tokenizer.pipe(words)))

    def check(self, text: str) -> int:
        """How many phrases stand in a text."""
        return len(self._matcher(self._language.tokenizer(chain(text))))


def has_spacy() -> bool:
    """True when it can be measured; it is no dependency of anything here."""
    return find_spec("spacy") is not None


def bare_scans(
    blocks: Sequence[Block], literals: Sequence[bytes], patterns: Iterable[bytes]
) -> Callable[[], None] | None:
    """Hyperscan over the folded bytes of blocks, nothing done with what it finds; None where it is not installed."""
    if find_spec("hyperscan") is None:
        return None
    import hyperscan

    databases = []
    for listed in (literals, list(patterns)):
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        database.compile(
            expressions=listed, ids=list(range(len(listed))), elements=len(listed), flags=[0] * len(listed)
        )
        databases.append(database)
    texts = [(bytes(block.skeleton), bytes(block.light)) for block in blocks]

    def ignore(*_: object) -> None:
        return None

    def scan() -> None:
        for pair in texts:
            for database, text in zip(databases, pair, strict=True):
                database.scan(text, match_event_handler=ignore)

    return scan
