"""Last part of a night: send what is due, and say when the job itself is in trouble."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from jobs.wiring import Site
from pantau.core.errors import PantauError
from pantau.core.model import Mail
from pantau.core.settings import MailSettings
from pantau.delivery.plain import send_plain
from pantau.delivery.report import DeliveryReport, DeliveryStoppedError, MailResult
from pantau.delivery.run import deliver
from pantau.digest import mime
from pantau.digest.lighter import STEPS, Dropped, lighter
from pantau.digest.render import OperatorFailure, PlainMail, Renderer
from pantau.digest.words import moment
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


def deliver_mails(site: Site, store: Store) -> DeliveryReport:
    """Send every mail that is due, also those of earlier nights; what a server finds too large goes again with less in it."""
    if site.transport is None:
        return DeliveryReport()
    mail = site.job.settings.mail
    report = _deliver(site, store, mail)
    whole = {one.message_id: one for run in {r.run_id for r in _refused(report)} for one in store.outbox.of_run(run)}
    for dropped in STEPS:
        made = [_lighten(site, store, whole[result.message_id], dropped) for result in _refused(report)]
        if any(made):
            report = report.updated(
                _deliver(site, store, msgspec.structs.replace(mail, retry_min=()))
            )  # waits are over
    return report


def _lighten(site: Site, store: Store, mail: Mail, dropped: Sequence[Dropped]) -> bool:
    """Put a lighter mail in its place; False when it holds nothing of what should go."""
    wire = lighter(mail.wire, dropped, mail.run_id)
    if wire is not None:
        _log.warning("mail_made_lighter", message_id=mail.message_id, without=dropped, mail_bytes=len(wire))
        store.outbox.lighten(mail.message_id, wire, site.now())
    return wire is not None


def _refused(report: DeliveryReport) -> list[MailResult]:
    return [result for result in report.results if result.too_large]


def _deliver(site: Site, store: Store, mail: MailSettings) -> DeliveryReport:
    assert site.transport is not None
    try:
        return deliver(store.outbox, site.transport, site.now, site.sleep, settings=mail, lookup=site.lookup)
    except DeliveryStoppedError as error:
        _log.error("delivery_stopped", reason=str(error))
        return error.report


def tell_operator(site: Site, what: str, details: tuple[str, ...], remedy: str, run_id: str = "") -> bool:
    """Mail the operator, and readers of the edition ``operator``, that the job is in trouble; True when all were told.

    Never raises.
    """
    settings = site.job.settings
    readers = [reader.address for reader in settings.mail.reader if "operator" in reader.chosen]
    addresses = dict.fromkeys(address for address in (settings.operator.address, *readers) if address)
    if not addresses or site.transport is None:
        return False
    now = site.now()
    failure = OperatorFailure(
        office_name=settings.office.name,
        when=moment(now, settings.zone),
        run_id=run_id,
        what=what,
        details=details,
        remedy=remedy,
    )
    plain = Renderer().operator_failure(failure)
    told = [_tell(site, address, plain, now) for address in addresses]
    return all(told)


def _tell(site: Site, address: str, plain: PlainMail, now: datetime) -> bool:
    settings = site.job.settings
    sender = settings.mail.from_address or "pantau@localhost.localdomain"
    domain = sender.rpartition("@")[2]
    wire = mime.build_message(
        html="",
        text=plain.text,
        subject=plain.subject,
        sender=(settings.mail.from_name, sender),
        reader=("", address),
        message_id=mime.message_id(settings.run_name(f"op-{now:%Y%m%d%H%M%S}"), address, domain),
        date=now.astimezone(settings.zone),
        reply_to="",
        list_id=(settings.office.name, f"pantau.{domain}"),
    )
    try:
        return site.transport is not None and send_plain(site.transport, address, wire, at=now)
    except PantauError as error:
        _log.error("operator_not_told", reason=str(error))
        return False
