"""The printed edition: the staff digest as a tagged PDF with letterhead, page numbers and a signature block.

WeasyPrint needs Pango, a system library. Without it there is no PDF, and the digest says so.
"""

import functools
import gc
import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pantau.core.errors import PantauError
from pantau.core.resources import data_dir
from pantau.core.settings import Office
from pantau.digest import budget, charts, clean
from pantau.digest.blocks import CardPicture, Chart
from pantau.digest.model import Digest

_log = structlog.get_logger(__name__)
_LIMITS = budget.Limits(flags=200, reviews=60, still_open=60, quiet=120, unread_each=40, lines=40)
"""A PDF is read on paper; beyond this the workbook serves better."""
_FULL_FLAGS, _FULL_REVIEWS = 25, 10
"""So many have a card of their own, as in the mail; the others follow as rows of a table."""
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_SIZES = {"A4": "210mm 297mm", "F4": "215mm 330mm"}


class PrintError(PantauError):
    """A PDF cannot be made on this machine."""


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


def unavailable() -> str:
    """Why no PDF can be made here, in an Indonesian sentence; empty when one can."""
    try:
        import weasyprint  # noqa: F401
        from PIL import ImageFile

        # WeasyPrint has half a picture count as a whole one in the whole process; elsewhere such a picture is unreadable.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    except (ImportError, OSError):  # OSError: a shared library is missing
        return (
            "PDF tidak dibuat: WeasyPrint atau pustaka Pango belum terpasang di mesin ini "
            "(Debian/Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-liberation)."
        )
    return ""


def pdf(digest: Digest, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4") -> bytes:
    """The printed edition. The same input gives the same bytes. Raises ``PrintError`` when the machine cannot."""
    return typeset(page(digest, head, made_at, paper))


def typeset(source: str) -> bytes:
    """The PDF of a page that draws on nothing outside itself. Raises ``PrintError`` when the machine cannot."""
    if problem := unavailable():
        raise PrintError(problem)
    from weasyprint import HTML

    identifier = hashlib.sha256(source.encode()).digest()[:16]
    try:
        with _fixed_font_dates(), _nothing_collected():
            document = HTML(string=source, url_fetcher=_only_data(), base_url=None)
            return bytes(document.write_pdf(pdf_identifier=identifier, pdf_variant="pdf/ua-1"))
    except Exception as error:  # whatever a post makes the typesetter do, the digest still goes out
        _log.error("pdf_failed", exc_info=True)
        raise PrintError(f"PDF tidak dibuat karena galat penyusun halaman ({type(error).__name__}).") from error


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Boxes and styles live until the file is written; looking for cycles among them takes a tenth of the time (10 MB more)."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def _fixed_font_dates() -> Iterator[None]:
    """Font subsets carry the time of their making unless this says otherwise."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = "1767225600"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def page(digest: Digest, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"] = "A4") -> str:
    """The HTML behind the PDF."""
    shown = budget.shorten_digest(digest, _LIMITS)
    full = {"flags": _FULL_FLAGS, "reviews": _FULL_REVIEWS}
    return fill("print.html.j2", head, made_at, paper, digest=shown, full=full, picture_url=_picture_url)


def fill(template: str, head: Letterhead, made_at: datetime, paper: Literal["A4", "F4"], **more: Any) -> str:
    """A print template with letterhead and paper; ``more`` is what it is about."""
    return (
        _environment()
        .get_template(template)
        .render(
            head=head,
            emblem=_data_url(head.emblem),
            size=_SIZES[paper],
            created=made_at.date().isoformat(),
            **more,
        )
    )


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


def _only_data() -> Any:
    """Lets WeasyPrint read pictures that stand in the page, and nothing else: no file, no network."""
    from weasyprint.urls import URLFetcher

    class OnlyData(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if not re.match(r"data:image/(png|jpeg|svg\+xml);base64,", url):
                raise ValueError(f"alamat di luar halaman: {url[:80]}")
            return super().fetch(url, headers)

    return OnlyData(allowed_protocols=["data"], allow_redirects=False)
