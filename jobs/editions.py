"""Who gets what: every edition that a night brings rendered, and frozen together with one mail per edition and reader.

The head of several units gets one mail per unit: each can be passed on to that unit's admins without showing them another's.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from jobs.answering import personal
from jobs.attaching import as_json, prepare, prepare_period
from jobs.periods import EDITIONS, Period, due, period_input
from jobs.wiring import Site
from pantau.core.clock import local_day
from pantau.core.model import Mail, Run
from pantau.core.settings_editions import Reader
from pantau.digest import mime
from pantau.digest.build import nothing_to_say
from pantau.digest.edition_pages import WORKBOOK_POINTER, EditionRenderer
from pantau.digest.editions import UnitEdition, Units, regent
from pantau.digest.mime import Attachment
from pantau.digest.model import Digest, DigestInput
from pantau.digest.period import build as build_period
from pantau.digest.render import Rendered
from pantau.digest.spreadsheet import workbook
from pantau.digest.typesetter import TYPESETTER
from pantau.store import Document
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of a night, ready to be frozen and mailed."""

    code: str
    """``staff``, ``regent``, ``unit:<code>``, ``week:2026-W47`` or ``month:2026-10``."""
    rendered: Rendered
    documents: dict[str, bytes]
    attachments: tuple[Attachment, ...] = ()
    readers: tuple[Reader, ...]


def freeze(site: Site, store: Store, run: Run, data: DigestInput, digest: Digest, *, send: bool) -> tuple[str, ...]:
    """Render every edition, lay those for everybody into the run's folder, and freeze all documents and mails together, once.

    The codes of weekly and monthly editions that could not be made; the next night tries them again.
    """
    renderer = EditionRenderer()
    staff = _staff(site, renderer, digest)
    editions = [staff, *_other_editions(site, renderer, data, digest)]
    failed: list[str] = []
    for period in due(site.job, store, local_day(run.as_of, site.job.settings.zone)) if send else ():
        try:
            editions.append(_period_edition(site, store, run, renderer, data, period))
        except ValueError as error:  # its numbers contradict each other: no reason to hold back tonight's digest
            _log.error("period_not_made", edition=period.code, reason=str(error))
            failed.append(period.code)
    TYPESETTER.close()
    mails = [] if send and site.transport is None else [mail for one in editions for mail in _mails(site, run, one)]
    documents = [
        Document(edition=edition.code, format=form, data=document)
        for edition in editions
        for form, document in edition.documents.items()
    ]
    if send and not store.freeze(run.run_id, documents, mails):
        mails = store.outbox.of_run(run.run_id)
        documents = _frozen(store, run.run_id)
    folder = run_folder(site, run)
    write_run_folder(folder, documents, mails)
    write_manifest(folder, store, run.run_id)
    return tuple(failed)


def _frozen(store: Store, run_id: str) -> list[Document]:
    """The documents that lie in a run's folder, as they were frozen."""
    listed = [(edition, form) for edition, form in store.documents.list(run_id) if file_name(edition, form)]
    found = [(edition, form, store.documents.get(run_id, edition, form)) for edition, form in listed]
    return [Document(edition=edition, format=form, data=data) for edition, form, data in found if data is not None]


def _staff(site: Site, renderer: EditionRenderer, digest: Digest) -> Edition:
    settings = site.job.settings
    prepared = prepare(settings, renderer, digest, settings.digest.attach)
    page = prepared.rendered
    documents = {
        **_pages(page),
        "whatsapp": page.whatsapp.encode(),
        "json": as_json(prepared.page),
        **prepared.documents,
    }
    silent = _silent(site, "staff") and nothing_to_say(digest)
    readers = () if silent else tuple(_readers(site).get("staff", ()))
    return Edition(code="staff", rendered=page, documents=documents, attachments=prepared.attachments, readers=readers)


def _other_editions(site: Site, renderer: EditionRenderer, data: DigestInput, digest: Digest) -> Iterator[Edition]:
    """Editions that somebody gets tonight; no other is made."""
    readers = _readers(site)
    if "regent" in readers and not (_silent(site, "regent") and nothing_to_say(digest)):
        page = renderer.regent(regent(data, digest))
        yield Edition(code="regent", rendered=page, documents=_pages(page), readers=tuple(readers["regent"]))
    heads = _heads(site)
    units = Units(data)
    for unit in data.units:
        chosen = list(readers.get(f"unit:{unit.code}", ()))
        if not chosen and unit.code not in heads:
            continue
        view = units.of(unit.code)
        if view.calm and _silent(site, "unit"):
            chosen = []
        head = heads.get(unit.code)
        wanted = site.job.settings.digest.heads == "nightly" or view.needed
        if head and wanted and head.address.lower() not in {reader.address.lower() for reader in chosen}:
            chosen.append(head)
        if chosen:
            yield _unit(site, renderer, view, tuple(chosen))


def _unit(site: Site, renderer: EditionRenderer, view: UnitEdition, readers: tuple[Reader, ...]) -> Edition:
    """A unit's part. What its page had no room for goes along as a workbook of that unit's rows alone.

    Mail programs do not let a head see the text part, and a head has no command line.
    """
    settings = site.job.settings.digest
    page = renderer.unit(view, settings)
    documents = _pages(page)
    files: tuple[Attachment, ...] = ()
    if WORKBOOK_POINTER in page.html and view.digest.tables:
        book = documents["xlsx"] = workbook(view.digest, view.digest.tables, settings.paper)
        files = (Attachment(f"pantau-{view.digest.run_id}-{view.code}.xlsx", "xlsx", book),)
    return Edition(code=f"unit:{view.code}", rendered=page, documents=documents, attachments=files, readers=readers)


def _period_edition(
    site: Site, store: Store, run: Run, renderer: EditionRenderer, data: DigestInput, period: Period
) -> Edition:
    """A weekly or monthly edition, also when nobody reads it: the archive shows it."""
    settings = site.job.settings
    asked = period_input(site.job, store, period, data.accounts, run.as_of, run_id=run.run_id)
    prepared = prepare_period(settings, renderer, build_period(asked), period.code, settings.digest.attach)
    return Edition(
        code=period.code,
        rendered=prepared.rendered,
        documents={**_pages(prepared.rendered), "json": as_json(prepared.page), **prepared.documents},
        attachments=prepared.attachments,
        readers=tuple(_readers(site).get(EDITIONS[period.kind], ())),
    )


def _pages(page: Rendered) -> dict[str, bytes]:
    return {"html": page.page.encode(), "text": page.plain.encode()}


def _silent(site: Site, edition: str) -> bool:
    """Whether an edition without anything to say is left out."""
    choice = site.job.settings.digest.silent_when_empty
    return choice if isinstance(choice, bool) else edition in choice


def _readers(site: Site) -> Mapping[str, Sequence[Reader]]:
    """The readers of the settings by edition."""
    found: dict[str, list[Reader]] = {}
    for reader in site.job.settings.mail.reader:
        for code in reader.codes:
            found.setdefault(code, []).append(reader)
    return found


def _heads(site: Site) -> dict[str, Reader]:
    """The heads of the register by unit, unless the settings leave them out."""
    if site.job.settings.digest.heads == "off":
        return {}
    return {
        unit.code: Reader(address=unit.head_email, name=unit.head_name, edition="unit", unit=unit.code)
        for unit in site.job.register.units
        if unit.head_email
    }


def run_folder(site: Site, run: Run) -> Path:
    """Where a run's digest lies, so that staff can forward it by hand."""
    return site.job.settings.state_dir / "runs" / run.run_id


MANIFEST_NAME = "manifest.jsonl"
FILE_NAMES = {
    "html": "digest.html",
    "text": "digest.txt",
    "whatsapp": "ringkasan-wa.txt",
    "json": "digest.json",
    "xlsx": "digest.xlsx",
    "pdf": "digest.pdf",
}
_PERIOD_NAMES = {"week": "mingguan", "month": "bulanan"}


def file_name(edition: str, form: str) -> str:
    """How a document is called in the run's folder; empty for editions of single readers, which are not laid there."""
    kind, _, period = edition.partition(":")
    if kind in _PERIOD_NAMES:
        return f"{_PERIOD_NAMES[kind]}-{period}.{'txt' if form == 'text' else form}"
    return FILE_NAMES[form] if edition == "staff" else ""


def write_run_folder(folder: Path, documents: Sequence[Document], mails: Sequence[Mail]) -> None:
    """The editions for everybody in every format and one ``.eml`` per reader."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {name: one.data for one in documents if (name := file_name(one.edition, one.format))}
    files |= {f"{mail.edition}-{mail.recipient}.eml".replace("/", "_").replace(":", "-"): mail.wire for mail in mails}
    for name, data in files.items():
        path = folder / name
        path.write_bytes(data)
        path.chmod(0o600)


def write_manifest(folder: Path, store: Store, run_id: str) -> None:
    """The file whose SHA-256 the digest prints."""
    path = folder / MANIFEST_NAME
    with path.open("wb") as file:
        file.writelines(store.manifests.data(run_id))
    path.chmod(0o600)


def _mails(site: Site, run: Run, edition: Edition) -> list[Mail]:
    """One finished mail per reader; the Message-ID follows from run, edition and reader."""
    return [_mail(site, run, edition, reader) for reader in edition.readers]


def _kind(edition: str) -> str:
    """What tells the mails of several editions to one reader apart."""
    return "d" if edition == "staff" else f"e{hashlib.sha256(edition.encode()).hexdigest()[:8]}"


def _mail(site: Site, run: Run, edition: Edition, reader: Reader) -> Mail:
    settings = site.job.settings
    rendered = personal(site, edition.rendered, reader.address, may_decide=reader.may_decide)
    sender = settings.mail.from_address or "pantau@localhost.localdomain"
    domain = sender.rpartition("@")[2]
    message_id = mime.message_id(settings.run_name(run.run_id), reader.address, domain, _kind(edition.code))
    wire = mime.build_message(
        html=rendered.html,
        text=rendered.text,
        pictures=rendered.pictures,
        attachments=edition.attachments,
        subject=rendered.subject,
        sender=(settings.mail.from_name, sender),
        reader=(reader.name, reader.address),
        message_id=message_id,
        date=run.as_of.astimezone(settings.zone),
        reply_to=settings.mail.reply_to,
        list_id=(settings.office.name, f"pantau.{domain}"),
    )
    return Mail(
        message_id=message_id,
        run_id=run.run_id,
        edition=edition.code,
        recipient=reader.address,
        wire=wire,
        created_at=site.now(),
    )
