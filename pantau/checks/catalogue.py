"""The rules as data: what one TOML file of ``rules/`` says, after it was read and validated."""

import hashlib
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Literal, get_args

import msgspec

from pantau.checks.account_findings import RuleHead
from pantau.core.errors import RuleError
from pantau.core.ledgers import Situation
from pantau.core.model import Family, Level, RuleStatus, Strength

Kind = Literal["lexicon", "near", "pattern", "situation", "ledger", "history", "reader", "classifier", "script"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TextField = Literal["text", "image_text"]
TEXT_FIELDS: tuple[TextField, ...] = get_args(TextField)


class WordSet(msgspec.Struct, frozen=True):
    """Phrases of which any may match, as written (``{a|b}`` for alternatives)."""

    words: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    """Phrases that match only as they are spelled here, in the light text."""
    lists: tuple[str, ...] = ()
    """Names of shared lists."""

    def __bool__(self) -> bool:
        return bool(self.words or self.exact or self.lists)


class Context(msgspec.Struct, frozen=True):
    """Words that must be (``require``) or must not be (``cancel``) near a hit.

    ``within_words`` counts words of the same text, neighbours being 1 apart; 0 means anywhere in the post, both texts.
    """

    words: WordSet
    within_words: int = 0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One text on which a rule must fire or must stay silent."""

    name: str
    fires: bool
    text: str = ""
    image_text: str = ""
    quote: str = ""
    """When set, some evidence must be exactly this."""
    strength: Strength | None = None
    posted_at: datetime | None = None
    unit: str = ""
    unit_kind: str = ""
    situation: Situation | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule."""

    id: str
    family: Family
    kind: Kind
    level: Level
    status: RuleStatus
    version: int
    what: str
    why: str
    basis: str
    since: date
    until: date | None = None
    message: str
    false_positives: tuple[str, ...] = ()
    mask: bool = False
    strength: Strength = "flag"
    sets: tuple[WordSet, ...] = ()
    """One set for ``lexicon`` and ``situation``, two or three for ``near``."""
    patterns: tuple[str, ...] = ()
    validate: str = ""
    fields: tuple[TextField, ...] = TEXT_FIELDS
    excepts: WordSet = WordSet()
    within_words: int = 0
    ordered: bool = False
    situations: tuple[str, ...] = ()
    require: tuple[Context, ...] = ()
    cancel: tuple[Context, ...] = ()
    params: dict[str, Any] = {}
    """The ``[history]``, ``[ledger]`` or ``[reader]`` table, or a script rule's ``[match]``, for the code that judges by it."""
    cases: tuple[Case, ...] = ()
    own: bool = False
    """True for a rule of the office (``rules.d``)."""

    def in_season(self, on: date) -> bool:
        """True when the rule is valid on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All rules, sorted by id, with what they share."""

    rules: tuple[Rule, ...]
    lists: dict[str, tuple[str, ...]] = {}
    """The shared word lists that some rule names, by name, and ``place-names``: a hit inside one of those is no hit in any rule."""
    slang: dict[str, str] = {}
    """Slang spelling to the word it stands for."""
    on: date
    """The day for which seasons were judged."""

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def active(self, status: RuleStatus = "aktif") -> tuple[Rule, ...]:
        """Rules with a status that are in season."""
        return tuple(rule for rule in self.rules if rule.status == status and rule.in_season(self.on))

    def without_second_signal(self) -> "Catalogue":
        """The same catalogue with patterns only."""
        return msgspec.structs.replace(
            self,
            rules=tuple(
                msgspec.structs.replace(rule, status="nonaktif") if rule.kind == "classifier" else rule
                for rule in self.rules
            ),
        )

    def heads(self) -> dict[str, RuleHead]:
        """What findings about accounts and ledgers take from their rules, by id; rules that are off or on trial are left out."""
        return {
            rule.id: RuleHead(
                rule_id=rule.id,
                family=rule.family,
                level=rule.level,
                message=rule.message,
                basis=rule.basis,
                version=rule.version,
            )
            for rule in self.active()
        }

    @property
    def version(self) -> str:
        """Hash (12 hex digits) of everything that can change a finding; cases do not count."""
        bare = [msgspec.structs.replace(rule, cases=()) for rule in self.rules]
        model = ""
        if any(rule.kind == "classifier" and rule.status != "nonaktif" for rule in self.rules):
            from pantau.checks.second_signal import shipped_signal

            with suppress(RuleError):
                model = shipped_signal().version
        content = msgspec.json.encode((bare, self.lists, self.slang, model), order="sorted")
        return hashlib.sha256(content).hexdigest()[:12]
