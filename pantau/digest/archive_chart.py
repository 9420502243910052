"""The archive's drawings: charts as the digest draws them, and the silence ledger as a strip of nights.

The strip is plain geometry that the templates draw as inline SVG. Shapes carry its meaning, never colour alone, and its fact is
said in words. Letters stand outside as ordinary text: so they keep their size while it stretches from telephone to paper.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from pantau.core.model import AccountState, Observation
from pantau.digest import charts, clean, words
from pantau.digest.blocks import Chart, Series

_INTENDED = {"not_watched": "platform belum dipantau", "rotation": "menunggu giliran"}
"""Not read on purpose: no failure, and so never called one."""

Mark = str
"""``full`` (active), ``low`` (silent), ``hollow`` (not seen), ``thin`` (excused), ``foot`` (gone or private)."""
_MARKS: dict[AccountState, Mark] = {
    "active": "full",
    "quiet": "low",
    "never_posted": "low",
    "unregistered": "low",
    "gone": "foot",
    "private": "foot",
    "unread": "hollow",
    "excused": "thin",
}


class Drawing(msgspec.Struct, frozen=True):
    """A finished chart, with its fact in words; empty: there is nothing to show."""

    fact: str = ""
    svg: str = ""


def columns(title: str, unit: str, days: Sequence[date], series: tuple[Series, ...], fact: str) -> Drawing:
    """Columns over days; empty where every number is nought or unknown."""
    if not any(value for row in series for value in row.values):
        return Drawing()
    labels = tuple(words.day_short(day) for day in days)
    chart = Chart(kind="trend", title=title, fact=fact, unit=unit, labels=labels, series=series)
    return Drawing(fact, charts.svg(chart))


def state_label(state: AccountState, unread_class: str) -> str:
    """A state in a reader's words."""
    return _INTENDED.get(unread_class, words.STATE_LABELS[state]) if state == "unread" else words.STATE_LABELS[state]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Nights in a row in one state: numbers of the first and the last, and what was said."""

    start: int
    end: int
    state: AccountState
    unread_class: str = ""
    reason: str = ""

    @property
    def nights(self) -> int:
        """How many they are."""
        return self.end - self.start + 1

    @property
    def label(self) -> str:
        """The state in a reader's words."""
        return state_label(self.state, self.unread_class)


class StripPart(msgspec.Struct, frozen=True):
    """A stretch of the strip."""

    x: int
    width: int
    mark: Mark


class StripRow(msgspec.Struct, frozen=True):
    """The same in words."""

    days: str
    nights: str
    state: str
    reason: str


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """State per night: a drawing, one sentence that says it, and the stretches as a table."""

    fact: str
    width: int
    parts: tuple[StripPart, ...]
    first: str
    last: str
    rows: tuple[StripRow, ...]
    """Newest first, without the stretches in which all was well."""


class Ledger:
    """Collects the observations of one account night by night, as stretches: a year of nights is a handful of them."""

    __slots__ = ("last", "spans")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.last: Observation | None = None

    def add(self, number: int, item: Observation) -> None:
        """The state in night ``number``; nights come in order."""
        before = self.spans[-1] if self.spans else None
        if (
            before
            and before.end == number - 1
            and (before.state, before.unread_class) == (item.state, item.unread_class)
        ):
            self.spans[-1] = msgspec.structs.replace(before, end=number, reason=item.reason or before.reason)
        else:
            self.spans.append(
                Span(start=number, end=number, state=item.state, unread_class=item.unread_class, reason=item.reason)
            )
        self.last = item

    def nights(self, *states: AccountState) -> int:
        """How many nights were in one of the states, without those left out on purpose."""
        return sum(span.nights for span in self.spans if span.state in states and span.unread_class not in _INTENDED)


def strip(ledger: Ledger, days: Sequence[date]) -> Strip:
    """The drawing of an account's nights; ``days`` are those of all nights in order."""
    first = ledger.spans[0].start
    last = ledger.spans[-1].end
    parts = tuple(StripPart(span.start - first, span.nights, _MARKS[span.state]) for span in ledger.spans)
    told = [span for span in reversed(ledger.spans) if span.state != "active"]
    return Strip(
        fact=_fact(ledger, last - first + 1),
        width=last - first + 1,
        parts=parts,
        first=words.day_short(days[first]),
        last=words.day_short(days[last]),
        rows=tuple(_row(span, days) for span in told),
    )


def _fact(ledger: Ledger, nights: int) -> str:
    counts: dict[str, int] = {}
    for span in ledger.spans:
        label = span.label
        counts[label] = counts.get(label, 0) + span.nights
    missing = nights - sum(counts.values())
    if missing:
        counts["tanpa catatan"] = missing
    if len(counts) == 1:
        return f"{words.counted(nights, 'malam')}, semuanya {next(iter(counts))}."
    shown = [f"{words.number(count)} {label}" for label, count in sorted(counts.items(), key=lambda p: (-p[1], p[0]))]
    return f"Dari {words.counted(nights, 'malam')}: {words.listed(shown)}."


def _row(span: Span, days: Sequence[date]) -> StripRow:
    first, last = days[span.start], days[span.end]
    shown = words.day_short(first) if first == last else f"{words.day_short(first)} s.d. {words.day_short(last)}"
    label = next((text for code, (text, _) in words.UNREAD_LABELS.items() if code and code == span.unread_class), "")
    reason = clean.quoted(span.reason, 200)
    told = "; ".join(dict.fromkeys(part for part in (label, reason) if part))
    return StripRow(shown, words.counted(span.nights, "malam"), span.label, told)
