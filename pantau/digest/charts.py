"""Charts as pictures: PNG for mail, where SVG is not shown, and SVG for print and archive. Same input, same bytes.

Both are painted from one layout (``pantau.digest.chart_layout``), an opaque white card that stays readable in dark mode, in
grey and on a telephone.
"""

import functools
import hashlib
from html import escape
from io import BytesIO

import msgspec

from pantau.digest import clean
from pantau.digest.blocks import CardPicture, Chart
from pantau.digest.chart_layout import INK, PAPER, SCALE, WIDTH, Boxes, Sheet, Words, sheet
from pantau.digest.chart_text import drawable, font

_INK_RGB, _PAPER_RGB = (18, 48, 45), (255, 255, 255)
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_LONGEST_FACT_CHARS = 600
_FONTS = "Arial,'Liberation Sans',Helvetica,sans-serif"


def png(chart: Chart) -> CardPicture:
    """The chart as a picture for a mail; its alternative text is the fact, its name in the mail follows from the data."""
    from PIL import Image, ImageDraw

    drawn = sheet(chart)
    image = Image.new("L", (WIDTH, drawn.height), PAPER)
    brush = ImageDraw.Draw(image)
    brush.fontmode = "L"
    for part in drawn.parts:
        if isinstance(part, Boxes):
            for left, top, wide, high in part.boxes:
                brush.rectangle((left, top, left + wide - 1, top + high - 1), fill=part.tone)
        else:
            brush.text(
                (part.x, part.y), drawable(part.text), font=font(part.size), fill=INK, anchor=_ANCHORS[part.anchor]
            )
    image.putpalette([channel for tone in range(PAPER + 1) for channel in _rgb(tone)])
    fact = _fact(chart)
    file = BytesIO()
    image.save(file, "PNG", optimize=True, bits=4)
    return CardPicture(
        data=file.getvalue(),
        width=WIDTH // SCALE,
        height=drawn.height // SCALE,
        alt=fact,
        name=_name(drawn, fact),
    )


def svg(chart: Chart) -> str:
    """The chart as an ``svg`` element that needs nothing besides: no script, no style sheet, no font file."""
    drawn = sheet(chart)
    fact = _fact(chart)
    name = _name(drawn, fact)
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-t" aria-describedby="{name}-d" '
            f'width="{WIDTH // SCALE}" height="{drawn.height // SCALE}" viewBox="0 0 {WIDTH} {drawn.height}" '
            f'font-family="{_FONTS}" fill="{_hex(INK)}">',
            f'<title id="{name}-t">{escape(clean.line(chart.title))}</title><desc id="{name}-d">{escape(fact)}</desc>',
            f'<path fill="{_hex(PAPER)}" d="M0 0h{WIDTH}v{drawn.height}H0z"/>',
            *(_element(part) for part in drawn.parts),
            "</svg>",
        )
    )


def _element(part: Boxes | Words) -> str:
    if isinstance(part, Words):
        anchor = "" if part.anchor == "start" else f' text-anchor="{part.anchor}"'
        return f'<text x="{part.x}" y="{part.y}" font-size="{part.size}"{anchor}>{escape(part.text)}</text>'
    path = "".join(f"M{left} {top}h{wide}v{high}h-{wide}z" for left, top, wide, high in part.boxes)
    note = f"<title>{escape(part.note)}</title>" if part.note else ""
    return (
        f'<path fill="{_hex(part.tone)}" d="{path}">{note}</path>'
        if note
        else f'<path fill="{_hex(part.tone)}" d="{path}"/>'
    )


def _fact(chart: Chart) -> str:
    return clean.line(chart.fact, _LONGEST_FACT_CHARS)


def _name(drawn: Sheet, fact: str) -> str:
    """The same for the same drawing, whatever version of the picture library makes the file."""
    return f"g{hashlib.sha256(msgspec.json.encode((drawn, fact))).hexdigest()[:24]}"


def _rgb(tone: int) -> tuple[int, ...]:
    return tuple(round(ink + (paper - ink) * tone / PAPER) for ink, paper in zip(_INK_RGB, _PAPER_RGB, strict=True))


@functools.cache
def _hex(tone: int) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in _rgb(tone))
