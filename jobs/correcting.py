"""Mails what a rerun changed: one correction notice per reader, threaded to the digest it corrects."""

from jobs.delivering import deliver_mails
from jobs.rerun import RerunResult
from jobs.wiring import Site
from pantau.core.model import Mail, Run
from pantau.core.settings_editions import Reader
from pantau.delivery.report import DeliveryReport
from pantau.digest import mime
from pantau.digest.correction import CorrectionRenderer
from pantau.digest.render import Rendered
from pantau.store import Document
from pantau.store.store import Store


def send_correction(site: Site, store: Store, result: RerunResult) -> DeliveryReport:
    """Freeze and send the notice; nothing is sent when nothing changed, nor twice for the same changes."""
    if not result.correction.changes:
        return DeliveryReport()
    rendered = CorrectionRenderer().correction(result.correction, site.job.settings.digest)
    original = _original(store, result.run)
    mails = []
    if site.transport is not None:
        mails = [
            _mail(site, result.run, reader, rendered, original)
            for reader in site.job.settings.mail.reader
            if "staff" in reader.chosen
        ]
    documents = [
        Document(edition="staff", format="html", data=rendered.html.encode()),
        Document(edition="staff", format="text", data=rendered.text.encode()),
    ]
    store.freeze(result.run.run_id, documents, mails)
    return deliver_mails(site, store)


def _original(store: Store, run: Run) -> Run | None:
    """The last night of the range that was mailed."""
    nights = [r for r in store.runs.recent(100_000) if r.kind in ("nightly", "demo") and r.as_of > run.window.start]
    return next((r for r in nights if store.runs.is_frozen(r.run_id) and r.window.start < run.window.end), None)


def _mail(site: Site, run: Run, reader: Reader, rendered: Rendered, original: Run | None) -> Mail:
    settings = site.job.settings
    sender = settings.mail.from_address or "pantau@localhost.localdomain"
    domain = sender.rpartition("@")[2]
    message_id = mime.message_id(settings.run_name(run.run_id), reader.address, domain)
    references = (mime.message_id(settings.run_name(original.run_id), reader.address, domain),) if original else ()
    wire = mime.build_message(
        html=rendered.html,
        text=rendered.text,
        subject=rendered.subject,
        sender=(settings.mail.from_name, sender),
        reader=(reader.name, reader.address),
        message_id=message_id,
        date=site.now().astimezone(settings.zone),
        reply_to=settings.mail.reply_to,
        list_id=(settings.office.name, f"pantau.{domain}"),
        references=references,
    )
    return Mail(
        message_id=message_id,
        run_id=run.run_id,
        edition="staff",
        recipient=reader.address,
        wire=wire,
        created_at=site.now(),
    )
