"""How much of a period a page shows. What is left out is counted, and stands in full in the workbook or the text."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from pantau.digest.blocks import Lines
from pantau.digest.budget import encoded_bytes
from pantau.digest.period_model import FlagRows, PeriodEdition, QuietUnit, QuietUnits, UnreadRows

_KIB = 1024
_T = TypeVar("_T")


class PeriodLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of each block are shown."""

    flags: int
    quiet: int
    accounts_each: int
    """Silent accounts of one unit."""
    unread: int
    lines: int

    def tighter(self) -> "PeriodLimits":
        """Two thirds of everything, at least one of each."""
        fewer = {
            name: max(1, getattr(self, name) * 2 // 3)
            for name in ("flags", "quiet", "accounts_each", "unread", "lines")
        }
        return msgspec.structs.replace(self, **fewer)


HTML = PeriodLimits(flags=12, quiet=10, accounts_each=4, unread=8, lines=8)
"""A page is to be read at one sitting."""
TEXT = PeriodLimits(flags=25, quiet=20, accounts_each=8, unread=16, lines=16)
"""Where a workbook comes along; a text much longer than its page looks like advertising to spam filters."""
PRINT = PeriodLimits(flags=40, quiet=30, accounts_each=8, unread=25, lines=20)


def shorten(edition: PeriodEdition, limits: PeriodLimits) -> PeriodEdition:
    """The edition with every block cut to its limit and the number of left-out entries noted."""
    units = tuple(_unit(unit, limits.accounts_each) for unit in edition.quiet.units[: limits.quiet])
    flags, unread = edition.flags.rows, edition.unread.rows
    return msgspec.structs.replace(
        edition,
        flags=FlagRows(flags[: limits.flags], _rest(flags, limits.flags)),
        quiet=QuietUnits(units, _rest(edition.quiet.units, limits.quiet)),
        unread=UnreadRows(unread[: limits.unread], _rest(unread, limits.unread)),
        missing=_lines(edition.missing, limits.lines),
        corrections=_lines(edition.corrections, limits.lines),
        decisions=_lines(edition.decisions, limits.lines),
    )


def _rest(items: tuple[_T, ...], limit: int) -> int:
    return max(0, len(items) - limit)


def _lines(block: Lines, limit: int) -> Lines:
    return Lines(block.entries[:limit], _rest(block.entries, limit))


def _unit(unit: QuietUnit, limit: int) -> QuietUnit:
    return msgspec.structs.replace(unit, accounts=unit.accounts[:limit], hidden=_rest(unit.accounts, limit))


def fit(edition: PeriodEdition, budget_kb: int, draw: Callable[[PeriodEdition], str]) -> tuple[PeriodEdition, str]:
    """The edition as shown and its HTML, at most ``budget_kb`` KiB as sent wherever shortening can achieve that."""
    limits = HTML
    while True:
        shown = shorten(edition, limits)
        html = draw(shown)
        if encoded_bytes(html) <= budget_kb * _KIB or limits == limits.tighter():
            return shown, html
        limits = limits.tighter()
