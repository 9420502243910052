"""A rule made ready for checking: its words as groups of the lexicon, its patterns as engines."""

import re

import msgspec

from pantau.checks.catalogue import TEXT_FIELDS, Rule, WordSet
from pantau.checks.lexicon import Lexicon
from pantau.checks.view import Span

Groups = tuple[int, ...]

DISGUISED_FAMILIES = frozenset({"BHS", "SPM"})
"""Families whose words are disguised on purpose."""

SPOKEN_FAMILIES = frozenset({"BHS", "EMP"})
"""Families whose phrases are said, not used as hashtags; written as one word they are not looked for."""


class Hit(msgspec.Struct, frozen=True):
    """A place where a rule fires: number of the field and span; ``note`` explains it to readers."""

    field: int
    span: Span
    note: str = ""


class CompiledRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and the numbers of its groups."""

    rule: Rule
    sets: tuple[Groups, ...] = ()
    excepts: Groups = ()
    places: Groups = ()
    """Names of places; empty when the rule itself looks for them."""
    require: tuple[tuple[Groups, int], ...] = ()
    cancel: tuple[tuple[Groups, int], ...] = ()
    patterns: tuple[re.Pattern[bytes], ...] = ()
    fields: tuple[int, ...] = (0, 1)


def compile_rule(rule: Rule, lexicon: Lexicon, lists: dict[str, tuple[str, ...]], place_list: str) -> CompiledRule:
    """Add the rule's words to the lexicon and note where they went."""

    def groups(words: WordSet, *, hidden: bool = False, tagged: bool = False) -> Groups:
        entries = [*(lists[name] for name in words.lists), *([words.words] if words.words else [])]
        found = [lexicon.add(each, disguised=hidden, tagged=tagged) for each in entries]
        if words.exact:
            found.append(lexicon.add(words.exact, exact=True))
        return tuple(found)

    looks_for_places = any(place_list in words.lists for words in rule.sets)
    return CompiledRule(
        rule=rule,
        sets=tuple(
            groups(words, hidden=rule.family in DISGUISED_FAMILIES, tagged=rule.family not in SPOKEN_FAMILIES)
            for words in rule.sets
        ),
        excepts=groups(rule.excepts),
        places=() if looks_for_places or place_list not in lists else (lexicon.add(lists[place_list]),),
        require=tuple((groups(context.words), context.within_words) for context in rule.require),
        cancel=tuple((groups(context.words), context.within_words) for context in rule.cancel),
        patterns=tuple(re.compile(pattern.encode("ascii")) for pattern in rule.patterns),
        fields=tuple(TEXT_FIELDS.index(name) for name in rule.fields),
    )
