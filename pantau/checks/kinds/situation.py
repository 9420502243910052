"""Rules of kind ``situation``: words that offend only while people of that area are in hardship or in an election season."""

from collections.abc import Iterable, Mapping
from datetime import date

from pantau.checks.kinds import lexicon
from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.view import PostView
from pantau.core.ledgers import Situation
from pantau.core.model import Unit

_WHOLE_REGION = frozenset({"opd", "bumd", "pejabat", "rsud"})
"""Kinds of units that serve the whole region: what happens anywhere in it happens in their area."""


def find(rule: CompiledRule, post: PostView, situation: Situation | None) -> list[Hit]:
    """Like ``lexicon`` while ``situation`` holds, nothing otherwise; the hits say which situation it was."""
    if situation is None:
        return []
    title = situation.title or situation.kind
    note = f"Keadaan saat unggahan terbit: {title} ({situation.start:%d-%m-%Y} s.d. {situation.end:%d-%m-%Y})"
    return [Hit(hit.field, hit.span, note) for hit in lexicon.find(rule, post)]


def holding(
    kinds: Iterable[str], situations: Iterable[Situation], unit: Unit | None, units: Mapping[str, Unit], day: date
) -> Situation | None:
    """The first situation of one of the kinds that holds in the unit's area on a day."""
    wanted = set(kinds)
    for situation in situations:
        if situation.kind in wanted and situation.start <= day <= situation.end and _concerns(situation, unit, units):
            return situation
    return None


def _concerns(situation: Situation, unit: Unit | None, units: Mapping[str, Unit]) -> bool:
    """True when the situation's area and the unit's area share ground. An unknown unit counts as the whole region."""
    if not situation.area_codes or unit is None or unit.kind in _WHOLE_REGION:
        return True
    own = _chain(unit.code, units)
    return any(
        any(code == area or code.startswith(f"{area}.") for code in own)
        or area.startswith(f"{unit.code}.")
        or unit.code in _chain(area, units)
        for area in situation.area_codes
    )


def _chain(code: str, units: Mapping[str, Unit]) -> list[str]:
    """A unit's code and those of the units above it."""
    chain = [code]
    while code in units and units[code].parent and units[code].parent not in chain:
        code = units[code].parent
        chain.append(code)
    return chain
