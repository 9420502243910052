"""The printed edition: the staff digest as a tagged PDF with letterhead, page numbers and a signature block.

Without the typesetter's libraries there is no PDF, and the digest says so.
"""

import functools
import traceback
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from pantau.core.resources import data_dir
from pantau.core.settings import Office
from pantau.digest import budget, charts, clean
from pantau.digest.blocks import Card, CardPicture, Chart
from pantau.digest.model import Digest
from pantau.digest.typesetter import TYPESETTER, PrintError

_LIMITS = budget.Limits(flags=120, reviews=40, still_open=15, quiet=20, unread_each=15, lines=10, nights=7)
"""A PDF is read on paper; beyond this the workbook serves better."""
_FULL_FLAGS, _FULL_REVIEWS = 8, 4
"""So many have a card of their own, with picture and surroundings; the others follow as rows of a table."""
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_SIZES = {"A4": "210mm 297mm", "F4": "215mm 330mm"}


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """The head and the foot of the office's papers. Text is clean."""

    lines: tuple[str, ...]
    """The names, largest last."""
    address: str
    reach: str
    emblem: bytes = b""
    """PNG or JPEG; empty: none."""
    place: str = ""
    title: str = ""
    name: str = ""
    rank: str = ""
    nip: str = ""

    @property
    def signed(self) -> bool:
        """True when there is somebody to sign."""
        return bool(self.title or self.name)


def letterhead(office: Office, emblem: bytes = b"") -> Letterhead:
    """The letterhead of an office; what is no PNG or JPEG is no emblem."""
    lines = [clean.line(line) for line in office.letterhead] or [
        clean.line(f"Pemerintah {office.name}").upper(),
        clean.line(office.department).upper(),
    ]
    signature = office.signature
    return Letterhead(
        lines=tuple(line for line in lines if line),
        address=clean.line(office.address),
        reach=clean.line(office.reach),
        emblem=emblem if image_type(emblem) else b"",
        place=clean.line(signature.place or office.region),
        title=clean.line(signature.title),
        name=clean.line(signature.name),
        rank=clean.line(signature.rank),
        nip=clean.line(signature.nip),
    )


def image_type(data: bytes) -> str:
    """``image/png`` or ``image/jpeg`` by the first bytes; empty for anything else."""
    return next((kind for start, kind in _IMAGES.items() if data.startswith(start)), "")


def pdf(digest: Digest, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4") -> bytes:
    """The printed edition. The same input gives the same bytes. Raises ``PrintError`` when the machine cannot."""
    return TYPESETTER.typeset(page(digest, head, made_at, paper))


def page(digest: Digest, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4") -> str:
    """The HTML behind the PDF."""
    shown = budget.shorten_digest(digest, _LIMITS)
    full = {"flags": _FULL_FLAGS, "reviews": _FULL_REVIEWS}
    return fill("print.html.j2", head, made_at, paper, digest=shown, full=full, alike=_alike, picture_url=_picture_url)


def _alike(cards: Sequence[Card]) -> list[list[Card]]:
    """Cards found for the same reasons together, so that what they share is printed once; in the order of their first."""
    groups: dict[tuple[tuple[str, str], ...], list[Card]] = {}
    for card in cards:
        groups.setdefault(tuple((reason.level, reason.message) for reason in card.reasons), []).append(card)
    return list(groups.values())


def fill(template: str, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"], **more: Any) -> str:
    """A print template with letterhead and paper; ``more`` is what it is about.

    Raises ``PrintError`` when the template is faulty: the office may edit it, and the digest goes out without a PDF then.
    """
    values = {
        "head": head,
        "emblem": _data_url(head.emblem),
        "size": _SIZES[paper],
        "created": made_at.date().isoformat(),
    }
    try:
        return _environment().get_template(template).render(values | more)
    except (TemplateError, *MISTAKES) as error:
        raise PrintError(
            f"PDF tidak dibuat: templat {_place(error, template)} tidak dapat dipakai ({clean.line(str(error), 160)}). "
            "Perbaiki berkas itu, atau kembalikan yang bawaan."
        ) from error


MISTAKES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What a wrong expression in a template raises, besides jinja's own errors."""


def _place(error: Exception, template: str) -> str:
    """The file with the mistake, which may be one that ``template`` includes, and its line."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or template} baris {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return f"{Path(frames[-1].filename).name} baris {frames[-1].lineno}" if frames else template


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(Path(data_dir("templates"))), encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = _drawing_url
    return environment


def _drawing_url(chart: Chart) -> str:
    """The chart for an ``img``, whose alternative text gets into the PDF; of an ``svg`` element only the title does."""
    return f"data:image/svg+xml;base64,{b64encode(charts.svg(chart).encode()).decode()}"


def _data_url(image: bytes) -> str:
    return f"data:{image_type(image)};base64,{b64encode(image).decode()}" if image else ""


def _picture_url(picture: CardPicture) -> str:
    return _data_url(picture.data)
