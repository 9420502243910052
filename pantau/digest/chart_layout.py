"""Where everything on a chart stands: boxes and words in whole pixels, painted as PNG and as SVG by ``pantau.digest.charts``.

One layout for both, so that the mail, the printed edition and the archive show the same. Meaning is carried by length, tone and
pattern, and every series is named beside its bars. The sheet is drawn at twice its size on the page.
"""

from typing import Literal

import msgspec

from pantau.digest import clean
from pantau.digest.blocks import Chart, Series
from pantau.digest.chart_text import NO_DATA, fitted, known, percents, shown, width, wrapped

SCALE = 2
"""Pixels of the sheet for one on the page."""
WIDTH = 960
MARGIN = 24
USABLE = WIDTH - 2 * MARGIN
TITLE, LABEL, NOTE = 38, 34, 30
"""Sizes of letters. On a telephone of 320 pixels the sheet is 272 wide and the smallest letters are still 8.5 pixels high."""
INK, DARK, MIDDLE, PALE, PAPER = 0, 2, 7, 13, 15
"""Tones: steps of one ramp from ink to paper."""
SERIES_TONES = (DARK, MIDDLE, PALE)
"""The first is solid, the second striped, the third an outline, so that a copier keeps them apart."""

_LONGEST_LABEL_CHARS = 120
_PLOT = 200
_LOWEST_PANEL = 60
_OWN_PANEL = 90
_FLAT = 5
"""A row whose peak is less than a fifth of the highest is flat by its scale."""
_WIDEST_SLOT = 110
_BAR = 34
_STRIPE, _STRIPE_EVERY = 4, 12
_OUTLINE = 4
_LEAST = 4
"""A bar that stands for anything above nought is at least this long."""

Box = tuple[int, int, int, int]
"""Left, top, width, height."""


class Boxes(msgspec.Struct, frozen=True):
    """Filled rectangles of one tone; ``note`` says in words what they stand for."""

    tone: int
    boxes: tuple[Box, ...]
    note: str = ""


class Words(msgspec.Struct, frozen=True):
    """A line of text; ``y`` is its base line."""

    x: int
    y: int
    text: str
    size: int
    anchor: Literal["start", "middle", "end"] = "start"


class Sheet(msgspec.Struct, frozen=True):
    """A finished layout."""

    height: int
    parts: tuple[Boxes | Words, ...]


def sheet(chart: Chart) -> Sheet:
    """The layout of ``chart``. Raises ``ValueError`` when a series is not as long as the labels."""
    if any(len(row.values) != len(chart.labels) for row in chart.series):
        raise ValueError(f"chart {chart.title!r}: every series needs as many values as there are labels")
    if len(chart.series) > len(SERIES_TONES):
        raise ValueError(f"chart {chart.title!r}: at most {len(SERIES_TONES)} series can be told apart in grey")
    canvas = _Canvas(chart)
    if not any(known(value) for row in chart.series for value in row.values):
        canvas.line(f"{NO_DATA.capitalize()}.", LABEL)
    elif chart.kind == "trend":
        _trend(canvas, chart)
    elif chart.kind == "comparison":
        _comparison(canvas, chart)
    else:
        _shares(canvas, chart)
    return Sheet((canvas.y + MARGIN) // SCALE * SCALE, tuple(canvas.parts))


class _Canvas:
    """What was put down so far; ``y`` is the next free line."""

    def __init__(self, chart: Chart) -> None:
        self.parts: list[Boxes | Words] = []
        self.y = MARGIN
        title, unit = clean.line(chart.title, 200), clean.line(chart.unit, 40)
        if unit and unit != "%" and unit.lower() not in title.lower():
            title = f"{title} ({unit})"
        for row in wrapped(title, TITLE, USABLE, 2):
            self.line(row, TITLE)
        self.y += 8

    def line(self, text: str, size: int) -> None:
        """A line of text over the whole width."""
        self.text(MARGIN, self.y + size, fitted(text, size, USABLE), size)
        self.y += round(size * 1.3)

    def text(self, x: int, y: int, text: str, size: int, anchor: Literal["start", "middle", "end"] = "start") -> None:
        """Words at a place."""
        self.parts.append(Words(x, y, text, size, anchor))

    def fill(self, tone: int, *boxes: Box, note: str = "") -> None:
        """Boxes of one tone, those without area left out."""
        kept = tuple(box for box in boxes if box[2] > 0 and box[3] > 0)
        if kept:
            self.parts.append(Boxes(tone, kept, note))

    def bar(self, style: int, box: Box, note: str = "", *, lying: bool = False) -> None:
        """A bar in the tone and pattern of series number ``style``; the stripes run across it."""
        left, top, wide, high = box
        if style == 2:
            edge = min(_OUTLINE, max(1, wide // 4), max(1, high // 4))
            self.fill(DARK, box, note=note)
            self.fill(PALE, (left + edge, top + edge, wide - 2 * edge, high - 2 * edge))
            return
        self.fill(SERIES_TONES[style], box, note=note)
        if style == 1 and lying:
            stripes = range(_STRIPE_EVERY, wide - _STRIPE, _STRIPE_EVERY)
            self.fill(PAPER, *((left + at, top, _STRIPE, high) for at in stripes))
        elif style == 1:
            stripes = range(_STRIPE_EVERY, high - _STRIPE, _STRIPE_EVERY)
            self.fill(PAPER, *((left, top + high - at - _STRIPE, wide, _STRIPE) for at in stripes))

    def missing(self, box: Box, note: str) -> None:
        """A dash for what is not known, as long as the box."""
        left, top, wide, high = box
        self.fill(MIDDLE, (left, top + high // 2 - 2, wide, 4), note=note)


def _label(text: str) -> str:
    return clean.line(text, _LONGEST_LABEL_CHARS)


def _trend(canvas: _Canvas, chart: Chart) -> None:
    """A row of columns per series; a day nobody looked at is a pale band with a dash, never a nought.

    The rows share one scale, but for one that would be flat by it: that row has its own, and says so.
    """
    peaks = [_peak(row) for row in chart.series]
    shared = [peak for peak in peaks if peak * _FLAT >= max(peaks)]
    scale = (_PLOT + _LOWEST_PANEL * (len(shared) - 1)) / (sum(shared) or 1)
    for style, (row, peak) in enumerate(zip(chart.series, peaks, strict=True)):
        own = peak not in shared and peak > 0
        if len(chart.series) > 1:
            name = _label(row.label) + (" (skala sendiri)" if own else "")
            canvas.bar(style, (MARGIN, canvas.y + 8, 26, 26))
            canvas.text(MARGIN + 38, canvas.y + LABEL, fitted(name, LABEL, USABLE - 38), LABEL)
            canvas.y += LABEL + 12
        canvas.y += LABEL + 4
        high = max(_LOWEST_PANEL, _OWN_PANEL if own else round(peak * scale))
        _columns(canvas, chart, style, high, high / peak if own else scale)
    _days(canvas, [_label(label) for label in chart.labels])
    if any(not known(value) for row in chart.series for value in row.values):
        canvas.y += 6
        canvas.missing((MARGIN, canvas.y, 26, NOTE + 8), "")
        canvas.text(MARGIN + 38, canvas.y + NOTE, NO_DATA, NOTE)
        canvas.y += NOTE + 8


def _peak(row: Series) -> float:
    return max(0.0, *(value for value in row.values if value is not None and known(value)), 0.0)


def _slots(count: int) -> list[tuple[int, int]]:
    """Left and right edge of each day's place."""
    slot = min(_WIDEST_SLOT, USABLE / count)
    return [(MARGIN + round(at * slot), MARGIN + round((at + 1) * slot)) for at in range(count)]


def _columns(canvas: _Canvas, chart: Chart, style: int, high: int, scale: float) -> None:
    row = chart.series[style]
    base = canvas.y + high
    slots = _slots(len(chart.labels))
    tops: list[int] = []
    for (left, right), label, value in zip(slots, chart.labels, row.values, strict=True):
        wide = max(1, right - left - max(1, (right - left) // 5))
        note = ": ".join(part for part in (_label(row.label), _label(label), shown(value, chart.unit)) if part)
        if value is None or not known(value):
            canvas.fill(PALE, (left, canvas.y, wide, high), note=note)
            canvas.missing((left, base - 20, wide, 8), "")
            tops.append(base)
            continue
        length = max(_LEAST, round(value * scale)) if value > 0 else 0
        canvas.bar(style, (left, base - length, wide, length), note)
        if not length:
            canvas.fill(DARK, (left, base - 2, wide, 2), note=note)
        tops.append(base - length)
    canvas.fill(DARK, (MARGIN, base, slots[-1][1] - MARGIN, 2))
    _numbers(canvas, chart, style, slots, tops)
    canvas.y = base + 8


def _numbers(canvas: _Canvas, chart: Chart, style: int, slots: list[tuple[int, int]], tops: list[int]) -> None:
    """The numbers over the columns: all where they fit, else those of the last and of the highest."""
    values = chart.series[style].values
    said = [at for at, value in enumerate(values) if known(value)]
    if not said:
        return
    wides = {at: width(shown(values[at], chart.unit), LABEL) for at in said}
    narrowest = min(right - left for left, right in slots)
    highest = max(said, key=lambda at: values[at] or 0)
    order = said if max(wides.values()) + 4 <= narrowest else [said[-1], highest]
    taken: list[tuple[int, int]] = []
    for at in dict.fromkeys(order):
        left, right = slots[at]
        start = _inside((left + right - (right - left) // 5 - wides[at]) // 2, wides[at])
        end = start + wides[at]
        if any(start < other_end + 4 and other_start < end + 4 for other_start, other_end in taken):
            continue
        taken.append((start, end))
        top = min(tops[n] for n, (one, other) in enumerate(slots) if one < end and start < other)
        canvas.text(start, top - 8, shown(values[at], chart.unit), LABEL)


def _inside(start: int, wide: int) -> int:
    return max(MARGIN // 2, min(start, WIDTH - MARGIN // 2 - wide))


def _days(canvas: _Canvas, labels: list[str]) -> None:
    """As many days under the columns as fit, from the last one on."""
    slots = _slots(len(labels))
    edge = WIDTH + MARGIN
    for (left, right), label in reversed(list(zip(slots, labels, strict=True))):
        text = fitted(label, LABEL, USABLE // 2)
        wide = width(text, LABEL)
        start = _inside((left + right - (right - left) // 5 - wide) // 2, wide)
        if start + wide + 16 <= edge:
            canvas.text(start, canvas.y + LABEL, text, LABEL)
            edge = start
    canvas.y += LABEL + 10


def _comparison(canvas: _Canvas, chart: Chart) -> None:
    """Bars lying under each label, one per series, with number and name at their ends."""
    names = [_label(row.label) for row in chart.series]
    numbers = [value for row in chart.series for value in row.values if value is not None and known(value)]
    most = max(0.0, *numbers) or 1.0
    ends = [
        [f"{shown(value, chart.unit)} {name}".strip() for value in row.values]
        for row, name in zip(chart.series, names, strict=True)
    ]
    widest = max((width(text, LABEL) for row in ends for text in row), default=0)
    longest = max(USABLE // 3, USABLE - widest - 16)
    for at, label in enumerate(chart.labels):
        canvas.line(_label(label), LABEL)
        for style, row in enumerate(chart.series):
            value = row.values[at]
            note = f"{_label(label)}: {ends[style][at]}"
            length = 0
            if value is None or not known(value):
                length = _BAR
                canvas.missing((MARGIN, canvas.y, length, _BAR), note)
            elif value > 0:
                length = max(_LEAST, round(longest * value / most))
                canvas.bar(style, (MARGIN, canvas.y, length, _BAR), note, lying=True)
            else:
                canvas.fill(DARK, (MARGIN, canvas.y, 2, _BAR), note=note)
            start = MARGIN + length + 12
            canvas.text(start, canvas.y + 29, fitted(ends[style][at], LABEL, WIDTH - MARGIN - start), LABEL)
            canvas.y += _BAR + 6
        canvas.y += 14


def _shares(canvas: _Canvas, chart: Chart) -> None:
    """One bar per label, cut into its shares; below it each share by name, with its pattern."""
    for at, label in enumerate(chart.labels):
        canvas.line(_label(label), LABEL)
        values = [row.values[at] for row in chart.series]
        parts = [max(0.0, value) for value in values if value is not None and known(value)]
        if len(parts) < len(values) or not sum(parts):
            # A whole of which one part is not known has no shares; the known numbers are said all the same.
            canvas.missing((MARGIN, canvas.y, USABLE, _BAR), f"{_label(label)}: {NO_DATA}")
            canvas.y += _BAR + 6
            names = [
                (style, f"{_label(row.label)}: {shown(row.values[at], chart.unit)}")
                for style, row in enumerate(chart.series)
            ]
        else:
            names = _share_bar(canvas, chart, at, parts)
        _share_names(canvas, names)
        canvas.y += 18


def _share_bar(canvas: _Canvas, chart: Chart, at: int, parts: list[float]) -> list[tuple[int, str]]:
    left, total, so_far = MARGIN, sum(parts), 0.0
    names = []
    for style, (row, value, share) in enumerate(zip(chart.series, parts, percents(parts), strict=True)):
        so_far += value
        right = MARGIN + round(USABLE * so_far / total)
        text = f"{_label(row.label)} {share} %"
        if chart.unit != "%":
            text += f" ({shown(value, chart.unit)})"
        canvas.bar(style, (left, canvas.y, right - left, _BAR), f"{_label(chart.labels[at])}: {text}", lying=True)
        names.append((style, text))
        left = right
    canvas.y += _BAR + 6
    return names


def _share_names(canvas: _Canvas, names: list[tuple[int, str]]) -> None:
    """Names with a swatch, side by side while there is room."""
    x = MARGIN
    for style, name in names:
        text = fitted(name, NOTE, USABLE - 36)
        wide = 36 + width(text, NOTE)
        if x > MARGIN and x + wide > WIDTH - MARGIN:
            x = MARGIN
            canvas.y += NOTE + 10
        canvas.bar(style, (x, canvas.y + 6, 26, 26), lying=True)
        canvas.text(x + 36, canvas.y + NOTE, text, NOTE)
        x += wide + 24
    canvas.y += NOTE + 10
