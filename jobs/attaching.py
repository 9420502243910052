"""The documents beside a mail: the workbook and the printed edition, made once a run, and as many attached as the mail can bear."""

import binascii
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog

from pantau.core.settings import Settings
from pantau.digest import period_book, period_print, printable, words
from pantau.digest.budget import encoded_bytes
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.mime import Attachment
from pantau.digest.model import Digest
from pantau.digest.period_model import PeriodEdition
from pantau.digest.printable import Letterhead, letterhead
from pantau.digest.render import Rendered, Renderer
from pantau.digest.spreadsheet import workbook
from pantau.digest.typesetter import TYPESETTER, PrintError

_log = structlog.get_logger(__name__)
_MADE_FIRST = ("pdf", "xlsx")
"""The typesetter gets its page before anything else competes for this process."""
_DROPPED_FIRST = ("pdf", "xlsx")
_MB = 1_000_000


_Page = TypeVar("_Page", Digest, PeriodEdition)


class Prepared(msgspec.Struct, Generic[_Page], frozen=True, kw_only=True):
    """An edition with its documents. ``page`` says what is attached; ``documents`` holds all that were made."""

    page: _Page
    rendered: Rendered
    documents: dict[str, bytes]
    """By format: xlsx, pdf."""
    attachments: tuple[Attachment, ...]


class _Papers(msgspec.Struct, frozen=True, kw_only=True):
    """How the documents of an edition are made and spoken of."""

    name: str
    """Of the files, without ending."""
    held: Sequence[str]
    """What the workbook holds, in words."""
    again: str
    """The command that shows the edition again, without the format."""
    make: Mapping[str, Callable[[], Callable[[], bytes]]]
    """By format: what gets everything ready, and then makes it beside other work."""


def prepare(settings: Settings, renderer: Renderer, digest: Digest, attach: Sequence[str]) -> Prepared[Digest]:
    """Make the documents of ``attach``, drop from the mail what makes it too heavy, and render the digest that says so."""
    tables = digest.tables
    if tables is None:
        papers = _Papers(name="", held=(), again="", make={})
    else:
        papers = _Papers(
            name=f"pantau-{digest.run_id}",
            held=(
                words.counted(len(tables.findings), "temuan"),
                words.counted(len(tables.accounts), "baris akun, termasuk unit tanpa akun"),
                words.counted(len(tables.posts), "unggahan"),
            ),
            again=f"pantau digest show {digest.run_id}",
            make={
                "xlsx": lambda: partial(workbook, digest, tables, settings.digest.paper),
                "pdf": lambda: partial(
                    TYPESETTER.typeset, printable.page(digest, head_of(settings), tables.made_at, settings.digest.paper)
                ),
            },
        )
    return _fitted(settings, digest, lambda page: renderer.render(page, settings.digest), papers, attach)


def prepare_period(
    settings: Settings, renderer: EditionRenderer, edition: PeriodEdition, code: str, attach: Sequence[str]
) -> Prepared[PeriodEdition]:
    """The same for a weekly or monthly edition; ``code`` is the one under which it is kept, ``week:2026-W47``."""
    tables = edition.tables
    assert tables is not None
    papers = _Papers(
        name=f"pantau-{code.partition(':')[2]}",
        held=(
            words.counted(len(tables.findings), "temuan"),
            words.counted(len(tables.units), "unit"),
            words.counted(len(tables.accounts), "akun"),
        ),
        again=f"pantau digest show {edition.run_id} --edition {code}",
        make={
            "xlsx": lambda: partial(period_book.workbook, edition, tables, settings.digest.paper),
            "pdf": lambda: partial(
                TYPESETTER.typeset, period_print.page(edition, head_of(settings), tables.made_at, settings.digest.paper)
            ),
        },
    )
    return _fitted(settings, edition, lambda page: renderer.period(page, settings.digest), papers, attach)


def _fitted(
    settings: Settings, page: _Page, render: Callable[[_Page], Rendered], papers: _Papers, attach: Sequence[str]
) -> Prepared[_Page]:
    def shown(kept: Sequence[str], dropped: Sequence[str], problems: Sequence[str]) -> _Page:
        return msgspec.structs.replace(page, attached=_sentence(papers, kept, dropped, problems))

    kept = [form for form in attach if form in papers.make]
    with ThreadPoolExecutor(2) as beside:  # the typesetter is another process: the rest is made while it works
        started = {form: _begun(beside, papers.make[form]) for form in _MADE_FIRST if form in kept}
        ready = {tuple(kept): render(shown(kept, (), ()))}  # nearly always as the mail will be
        documents, problems = _documents(started)
    if problems:
        ready.clear()
    kept = [form for form in kept if form in documents]
    dropped: list[str] = []
    while True:
        rendered = ready.get(tuple(kept)) or render(shown(kept, dropped, problems))
        files = tuple(Attachment(f"{papers.name}.{form}", form, documents[form]) for form in kept)  # type: ignore[arg-type]
        weight = mail_bytes(rendered, files)
        if not kept or weight <= settings.digest.mail_mb * _MB:
            break
        heavy = next(form for form in _DROPPED_FIRST if form in kept)
        _log.warning("attachment_dropped", format=heavy, mail_bytes=weight)
        kept.remove(heavy)
        dropped.append(heavy)
    return Prepared(page=shown(kept, dropped, problems), rendered=rendered, documents=documents, attachments=files)


def mail_bytes(rendered: Rendered, attachments: Sequence[Attachment]) -> int:
    """About how heavy the mail is as sent."""
    binary = [picture.data for picture in rendered.pictures] + [item.data for item in attachments]
    return rendered.html_bytes + encoded_bytes(rendered.text) + sum(_base64_bytes(data) for data in binary)


def _base64_bytes(data: bytes) -> int:
    return -(-len(data) // 57) * (len(binascii.b2a_base64(bytes(57))) + 1) + 300


def _begun(beside: ThreadPoolExecutor, ready: Callable[[], Callable[[], bytes]]) -> Future[bytes]:
    """A document in the making; what goes wrong while it is got ready is told where it is waited for."""
    try:
        return beside.submit(ready())
    except PrintError as error:
        failed: Future[bytes] = Future()
        failed.set_exception(error)
        return failed


def _documents(started: Mapping[str, Future[bytes]]) -> tuple[dict[str, bytes], list[str]]:
    """What could be made, and a sentence on each that could not."""
    made: dict[str, bytes] = {}
    problems: list[str] = []
    for form, document in started.items():
        try:
            made[form] = document.result()
        except PrintError as error:
            problems.append(str(error))
            _log.warning("pdf_not_made", reason=str(error))
    return made, problems


def head_of(settings: Settings) -> Letterhead:
    """The letterhead of printed editions."""
    return letterhead(settings.office, emblem(settings))


def emblem(settings: Settings) -> bytes:
    """The picture for the letterhead; empty when none is set or it cannot be read (``load_settings`` has checked that)."""
    path = settings.path(settings.office.emblem) if settings.office.emblem else None
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        _log.warning("emblem_unreadable", file=settings.office.emblem, problem=str(error))
        return b""


def _sentence(papers: _Papers, kept: Sequence[str], dropped: Sequence[str], problems: Sequence[str]) -> str:
    parts = []
    if "xlsx" in kept:
        held = words.listed(list(papers.held))
        parts.append(f"XLSX memuat semuanya, juga yang tidak muat di surel: {held}.")
    if "pdf" in kept:
        parts.append("PDF siap cetak.")
    if dropped:
        forms = words.listed([form.upper() for form in sorted(dropped)])
        parts.append(
            f"{forms} tidak dilampirkan agar surel tidak terlalu berat; tersimpan di mesin Pantau: "
            f"{papers.again} --format {dropped[0]} --output BERKAS."
        )
    return " ".join([*parts, *problems])


def as_json(page: Digest | PeriodEdition) -> bytes:
    """An edition as data, without the rows, which are kept as a workbook."""
    return msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(page, tables=None)), indent=1) + b"\n"
