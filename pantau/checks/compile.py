"""Makes a catalogue ready for checking: one lexicon and one scanner for all rules."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from pantau.checks.catalogue import Catalogue
from pantau.checks.first_scan import FirstScanner
from pantau.checks.fold import fold
from pantau.checks.kinds.compiled import DISGUISED_FAMILIES, CompiledRule, compile_rule
from pantau.checks.lexicon import Lexicon
from pantau.checks.masked import MaskIndex
from pantau.checks.nominate import Nominator
from pantau.checks.scan import Engine, Scanner, build_scanner
from pantau.checks.spelling import Mode
from pantau.checks.view import Span, TextView, view_of

PLACE_LIST = "place-names"
"""The word list whose names never trigger."""
_UNCHECKED = ("history", "ledger", "reader")
_MASK_CONTEXT_CHARS = 80


class Compiled:
    """A compiled catalogue."""

    def __init__(self, rules: Sequence[CompiledRule], lexicon: Lexicon, engine: Engine) -> None:
        self.classifiers = tuple(rule for rule in rules if rule.rule.kind == "classifier")
        """Rules of the second signal: judged by score, not by a nomination."""
        self.rules = tuple(rule for rule in rules if rule.rule.kind != "classifier")
        self.lexicon = lexicon
        self.scanner: Scanner = (
            FirstScanner(lexicon.literals, engine) if engine == "auto" else build_scanner(lexicon.literals, engine)
        )
        self.nominator = Nominator(self.rules, lexicon, engine)
        self.disguised = [
            number for number, rule in enumerate(self.rules) if rule.rule.family in DISGUISED_FAMILIES and rule.sets
        ]
        """Numbers of the rules whose words may be masked."""
        self.by_script = [number for number, rule in enumerate(self.rules) if rule.rule.kind == "script"]
        """Numbers of the rules that look at letters, not words."""
        chosen = [self.rules[number] for number in self.disguised]
        hidden = {group for rule in chosen for groups in rule.sets for group in groups}
        self._masked_groups = sorted(hidden | {group for rule in chosen for group in (*rule.excepts, *rule.places)})
        self._hidden_groups = sorted(hidden)

    @cached_property
    def masks(self) -> MaskIndex:
        """The words that may be masked; made when a text with masks asks for them."""
        return MaskIndex(self._maskable_words())

    def _maskable_words(self) -> Iterable[str]:
        for group in self._hidden_groups:
            for forms in self.lexicon.groups[group].whole.forms.values():
                for form in forms:
                    if form.mode is Mode.LOOSE and b" " not in form.text:
                        yield form.text.decode("ascii")

    def add_masked(self, view: TextView) -> bool:
        """Add to a view the phrases that its masked words may be part of; True when there are any."""
        for masked in self.masks.find(view.light):
            region = view.light_span(masked.start, masked.end)
            first = max(region.start - _MASK_CONTEXT_CHARS, 0)
            for word in masked.words:
                shown = (
                    view.text[first : region.start] + word + view.text[region.end : region.end + _MASK_CONTEXT_CHARS]
                )
                changed = Span(region.start - first, region.start - first + len(word))
                self._add_alternative(view, shown, changed, first, region)
        return bool(view.extra)

    def _add_alternative(self, view: TextView, shown: str, changed: Span, first: int, region: Span) -> None:
        """Spans of ``shown``, where a word stands for a masked one, brought back to the published text."""
        other = view_of(shown, fold([shown]), self.scanner, self.lexicon)
        for group in self._masked_groups:
            for span in other.spans(group):
                if span.start < changed.end and span.end > changed.start:
                    start = region.start if span.start >= changed.start else span.start + first
                    end = region.end if span.end <= changed.end else span.end - changed.end + region.end
                    view.extra.setdefault(group, []).append(Span(start, end))


def compile_catalogue(catalogue: Catalogue, engine: Engine = "auto", cache_dir: Path | None = None) -> Compiled:
    """Compile the rules that are switched on or on trial and in season. ``cache_dir`` keeps the slow part between runs."""
    lexicon = Lexicon(catalogue.slang)
    chosen = [rule for rule in catalogue.rules if rule.status != "nonaktif" and rule.in_season(catalogue.on)]
    rules = [compile_rule(rule, lexicon, catalogue.lists, PLACE_LIST) for rule in chosen if rule.kind not in _UNCHECKED]
    lexicon.compile(cache_dir)
    return Compiled(rules, lexicon, engine)
