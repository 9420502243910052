"""The printed weekly or monthly edition: a tagged PDF with letterhead, charts, page numbers and a signature block."""

from datetime import datetime
from typing import Literal

from pantau.digest import printable
from pantau.digest.period_budget import PRINT, shorten
from pantau.digest.period_model import PeriodEdition
from pantau.digest.typesetter import TYPESETTER

_UNITS_SHOWN = 60
"""A long table takes the typesetter seconds; beyond this the workbook serves better."""


def pdf(
    edition: PeriodEdition, head: printable.Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4"
) -> bytes:
    """The printed edition. The same input gives the same bytes. Raises ``PrintError`` when the machine cannot."""
    return TYPESETTER.typeset(page(edition, head, made_at, paper))


def page(
    edition: PeriodEdition, head: printable.Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4"
) -> str:
    """The HTML behind the PDF."""
    units = edition.usefulness.units
    return printable.fill(
        "period-print.html.j2",
        head,
        made_at,
        paper,
        page=shorten(edition, PRINT),
        units=units[:_UNITS_SHOWN],
        units_hidden=max(0, len(units) - _UNITS_SHOWN),
    )
