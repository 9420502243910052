"""The documents beside a mail: the workbook and the printed edition, made once a run, and as many attached as the mail can bear."""

import binascii
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from pantau.core.settings import Settings
from pantau.digest import words
from pantau.digest.budget import encoded_bytes
from pantau.digest.mime import Attachment
from pantau.digest.model import Digest
from pantau.digest.printable import PrintError, letterhead, pdf
from pantau.digest.render import Rendered, Renderer
from pantau.digest.spreadsheet import workbook
from pantau.digest.tables import Tables

_log = structlog.get_logger(__name__)
_DROPPED_FIRST = ("pdf", "xlsx")
_MB = 1_000_000


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An edition with its documents. ``digest`` says what is attached; ``documents`` holds all that were made."""

    digest: Digest
    rendered: Rendered
    documents: dict[str, bytes]
    """By format: xlsx, pdf."""
    attachments: tuple[Attachment, ...]


def prepare(settings: Settings, renderer: Renderer, digest: Digest, attach: Sequence[str]) -> Prepared:
    """Make the documents of ``attach``, drop from the mail what makes it too heavy, and render the digest that says so."""
    documents, problems = _documents(settings, digest, attach) if digest.tables else ({}, [])
    kept = [form for form in attach if form in documents]
    dropped: list[str] = []
    while True:
        shown = msgspec.structs.replace(digest, attached=_sentence(digest, kept, dropped, problems))
        rendered = renderer.render(shown, settings.digest)
        files = tuple(Attachment(_name(digest, form), form, documents[form]) for form in kept)  # type: ignore[arg-type]
        weight = mail_bytes(rendered, files)
        if not kept or weight <= settings.digest.mail_mb * _MB:
            break
        heavy = next(form for form in _DROPPED_FIRST if form in kept)
        _log.warning("attachment_dropped", format=heavy, mail_bytes=weight)
        kept.remove(heavy)
        dropped.append(heavy)
    return Prepared(digest=shown, rendered=rendered, documents=documents, attachments=files)


def mail_bytes(rendered: Rendered, attachments: Sequence[Attachment]) -> int:
    """About how heavy the mail is as sent."""
    binary = [picture.data for picture in rendered.pictures] + [item.data for item in attachments]
    return rendered.html_bytes + encoded_bytes(rendered.text) + sum(_base64_bytes(data) for data in binary)


def _base64_bytes(data: bytes) -> int:
    return -(-len(data) // 57) * (len(binascii.b2a_base64(bytes(57))) + 1) + 300


def _documents(settings: Settings, digest: Digest, attach: Sequence[str]) -> tuple[dict[str, bytes], list[str]]:
    """What could be made, and a sentence on each that could not."""
    made: dict[str, bytes] = {}
    problems: list[str] = []
    tables = digest.tables
    assert tables is not None
    if "xlsx" in attach:
        made["xlsx"] = workbook(digest, tables, settings.digest.paper)
    if "pdf" in attach:
        try:
            made["pdf"] = _pdf(settings, digest, tables)
        except PrintError as error:
            problems.append(str(error))
            _log.warning("pdf_not_made", reason=str(error))
    return made, problems


def _pdf(settings: Settings, digest: Digest, tables: Tables) -> bytes:
    head = letterhead(settings.office, emblem(settings))
    return pdf(digest, head, tables.made_at, settings.digest.paper)


def emblem(settings: Settings) -> bytes:
    """The picture for the letterhead; empty when none is set or it cannot be read (``load_settings`` has checked that)."""
    path = settings.path(settings.office.emblem) if settings.office.emblem else None
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        _log.warning("emblem_unreadable", file=settings.office.emblem, problem=str(error))
        return b""


def _name(digest: Digest, form: str) -> str:
    return f"pantau-{digest.run_id}.{form}"


def _sentence(digest: Digest, kept: Sequence[str], dropped: Sequence[str], problems: Sequence[str]) -> str:
    tables = digest.tables
    parts = []
    if "xlsx" in kept and tables:
        held = words.listed(
            [
                words.counted(len(tables.findings), "temuan"),
                words.counted(len(tables.accounts), "baris akun, termasuk unit tanpa akun"),
                words.counted(len(tables.posts), "unggahan"),
            ]
        )
        parts.append(f"XLSX memuat semuanya, juga yang tidak muat di surel: {held}.")
    if "pdf" in kept:
        parts.append("PDF siap cetak.")
    if dropped:
        forms = words.listed([form.upper() for form in sorted(dropped)])
        parts.append(
            f"{forms} tidak dilampirkan agar surel tidak terlalu berat; tersimpan di mesin Pantau: "
            f"pantau digest show {digest.run_id} --format {dropped[0]} --output BERKAS."
        )
    return " ".join([*parts, *problems])
