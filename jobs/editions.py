"""Who gets what: every edition of a night rendered, and frozen together with one mail per reader."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from jobs.attaching import Prepared, prepare
from jobs.wiring import Site
from pantau.core.model import Mail, Run
from pantau.core.settings import Reader
from pantau.digest import mime
from pantau.digest.build import nothing_to_say
from pantau.digest.model import Digest
from pantau.digest.render import Rendered, Renderer
from pantau.store import Document
from pantau.store.store import Store


def freeze(site: Site, store: Store, run: Run, digest: Digest, *, send: bool) -> Rendered:
    """Render the digest, lay it into the run's folder, and freeze documents and mails together, once."""
    settings = site.job.settings
    prepared = prepare(settings, Renderer(), digest, settings.digest.attach)
    rendered = prepared.rendered
    documents = {
        "html": rendered.page.encode(),
        "text": rendered.text.encode(),
        "whatsapp": rendered.whatsapp.encode(),
        "json": msgspec.json.format(msgspec.json.encode(_without_rows(prepared.digest)), indent=1) + b"\n",
        **prepared.documents,
    }
    quiet_night = settings.digest.silent_when_empty and nothing_to_say(digest)
    wanted = send and site.transport is not None and not quiet_night
    mails = mails_of(site, run, prepared) if wanted else []
    if send:
        if not store.freeze(
            run.run_id, [Document(edition="staff", format=f, data=d) for f, d in documents.items()], mails
        ):
            mails = store.outbox.of_run(run.run_id)
        held = {f: store.documents.get(run.run_id, "staff", f) or d for f, d in documents.items()}
    else:
        held, mails = documents, mails_of(site, run, prepared)
    folder = run_folder(site, run)
    write_run_folder(folder, held, mails)
    write_manifest(folder, store, run.run_id)
    return rendered


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


def write_run_folder(folder: Path, documents: dict[str, bytes], mails: Sequence[Mail]) -> None:
    """The digest in every format and one ``.eml`` per reader."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {FILE_NAMES[name]: data for name, data in documents.items()}
    files |= {f"{mail.edition}-{mail.recipient.replace('/', '_')}.eml": mail.wire for mail in mails}
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


def mails_of(site: Site, run: Run, prepared: Prepared) -> list[Mail]:
    """One finished mail per reader; the Message-ID follows from run and reader."""
    settings = site.job.settings.mail
    return [_mail(site, run, prepared, reader) for reader in settings.reader]


def _without_rows(digest: Digest) -> Digest:
    """For the stored JSON: the rows are kept as a workbook."""
    return msgspec.structs.replace(digest, tables=None)


def _mail(site: Site, run: Run, prepared: Prepared, reader: Reader) -> Mail:
    settings, rendered = site.job.settings, prepared.rendered
    sender = settings.mail.from_address or "pantau@localhost.localdomain"
    domain = sender.rpartition("@")[2]
    message_id = mime.message_id(run.run_id, reader.address, domain)
    wire = mime.build_message(
        html=rendered.html,
        text=rendered.text,
        pictures=rendered.pictures,
        attachments=prepared.attachments,
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
        edition=reader.edition,
        recipient=reader.address,
        wire=wire,
        created_at=site.now(),
    )
