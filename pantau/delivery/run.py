"""Works through the outbox: every mail is handed over once, and every state is on disk before the next step is taken.

``ready`` -> ``sending`` (before the first byte of the mail) -> ``unknown`` (before the final dot) -> ``sent``. So a mail
found in ``sending`` was certainly not delivered, and one found in ``unknown`` is looked up in our own mailbox before
anything else happens to it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from pantau.core.errors import DeliveryError
from pantau.core.model import Mail, MailState
from pantau.core.ports import Outbox
from pantau.core.settings import MailSettings
from pantau.delivery.reconcile import Lookup, LookupFailedError
from pantau.delivery.report import DeliveryReport, DeliveryStoppedError, MailResult, Outcome
from pantau.delivery.transport import (
    LineLostError,
    Receipt,
    RefusedError,
    ReplyLostError,
    Transport,
    UnreachableError,
    address_fault,
    wire_fault,
)

PROOF_AFTER = timedelta(minutes=15)
"""A mail still absent from our own mailbox so long after its final dot was not delivered (servers queue for a while)."""

_log = structlog.get_logger(__name__)


def deliver(
    outbox: Outbox,
    transport: Transport,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    *,
    settings: MailSettings,
    lookup: Lookup | None = None,
) -> DeliveryReport:
    """Send everything that is due and say what became of each mail.

    Temporary refusals and a silent server are tried again after each of ``settings.retry_min``, then left to the next run.
    ``now`` gives aware datetimes, ``sleep`` takes seconds. Raises ``DeliveryStoppedError`` (a ``DeliveryError``, with the
    report so far) when the server cannot be used at all; the mails not yet sent keep the state they had. The line is always
    closed.
    """
    delivery = _Delivery(outbox, transport, now, settings, lookup)
    try:
        return delivery.work(sleep)
    finally:
        transport.close()


class _Delivery:
    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        now: Callable[[], datetime],
        settings: MailSettings,
        lookup: Lookup | None,
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._now = now
        self._settings = settings
        self._lookup = lookup
        self._pending: dict[str, Mail] = {}
        self._results: dict[str, MailResult] = {}
        self._order: list[str] = []
        self._trouble = ""

    def work(self, sleep: Callable[[float], None]) -> DeliveryReport:
        self._pending = {mail.message_id: mail for mail in self._outbox.due(self._now())}
        self._order = list(self._pending)
        for wait_min in (0.0, *self._settings.retry_min):
            if not any(self._can_move(mail) for mail in self._pending.values()):
                break
            if wait_min:
                self._transport.close()  # servers drop idle lines; a fresh one serves the retry better
                sleep(wait_min * 60)
            self._round()
        self._leave_to_next_run()
        return self._report()

    def _round(self) -> None:
        self._settle_uncertain()
        for mail in list(self._pending.values()):
            if mail.state != "unknown" and not self._attempt(mail):
                break  # the server does not answer: the others wait for the next round untouched

    # One mail ---------------------------------------------------------------------------------------------------------

    def _attempt(self, mail: Mail) -> bool:
        """Try one mail. False when the server cannot be reached at all."""
        fault = address_fault(mail.recipient) or wire_fault(mail)
        if self._now() - mail.created_at >= timedelta(days=self._settings.expire_days):
            self._settle(
                mail, "expired", f"tidak terkirim dalam {self._settings.expire_days} hari. {mail.detail}".strip()
            )
            return True
        if fault:
            self._settle(mail, "failed", fault)
            return True
        try:
            self._transport.open()
        except UnreachableError as error:
            self._trouble = str(error)
            _log.warning("mail_server_unreachable", reason=self._trouble)
            return False
        except DeliveryError as error:
            raise self._stopped(error) from None
        before, mail = mail, msgspec.structs.replace(mail, tries=mail.tries + 1)
        self._outbox.mark(mail.message_id, "sending", at=self._now(), tries=mail.tries, own_copy=False)
        try:
            receipt = self._transport.send(mail, lambda own_copy: self._before_handover(mail, own_copy))
        except RefusedError as error:
            self._refused(mail, error)
        except LineLostError as error:
            self._put_off(mail, str(error), None)
        except ReplyLostError as error:
            self._reply_lost(mail, str(error))
        except DeliveryError as error:
            self._restore(before)
            raise self._stopped(error) from None
        else:
            self._sent(mail, receipt)
        return True

    def _before_handover(self, mail: Mail, own_copy: bool) -> None:
        self._pending[mail.message_id] = msgspec.structs.replace(mail, own_copy=own_copy)
        detail = "surel diserahkan, jawaban server belum tercatat"
        self._outbox.mark(mail.message_id, "unknown", at=self._now(), detail=detail, own_copy=own_copy)

    def _sent(self, mail: Mail, receipt: Receipt) -> None:
        self._outbox.mark(
            mail.message_id,
            "sent",
            at=self._now(),
            smtp_code=receipt.smtp_code,
            detail=receipt.text,
            own_copy=receipt.own_copy,
        )
        self._finish(mail, "sent", receipt.smtp_code, receipt.text)

    def _refused(self, mail: Mail, error: RefusedError) -> None:
        if error.temporary:
            self._put_off(mail, str(error), error.code)
            return
        detail = str(error)
        if error.too_large:
            detail += "; surel terlalu besar: kurangi digest.max_findings atau minta batas ukuran server dinaikkan"
        self._settle(mail, "failed", detail, error.code, too_large=error.too_large)

    def _put_off(self, mail: Mail, reason: str, code: int | None) -> None:
        """Nobody got it; it is due at once, so that a run started after a crash does not have to wait for a time of ours."""
        at = self._now()
        self._outbox.mark(mail.message_id, "deferred", at=at, next_at=at, smtp_code=code, detail=reason, own_copy=False)
        self._keep(mail, state="deferred", next_at=at, smtp_code=code, detail=reason, own_copy=False)
        _log.warning("mail_deferred", message_id=mail.message_id, tries=mail.tries, reason=reason)

    def _reply_lost(self, mail: Mail, reason: str) -> None:
        """``next_at`` is set only here: it tells a lost answer from a run that was killed in that moment."""
        at = self._now()
        self._outbox.mark(mail.message_id, "unknown", at=at, next_at=at + PROOF_AFTER, detail=reason)
        own_copy = self._pending[mail.message_id].own_copy
        self._keep(mail, state="unknown", next_at=at + PROOF_AFTER, detail=reason, own_copy=own_copy, changed_at=at)
        _log.warning("mail_unknown", message_id=mail.message_id, tries=mail.tries, reason=reason)

    def _restore(self, mail: Mail) -> None:
        state: MailState = "ready" if mail.state == "sending" else mail.state
        self._outbox.mark(
            mail.message_id,
            state,
            at=self._now(),
            tries=mail.tries,
            next_at=mail.next_at,
            smtp_code=mail.smtp_code,
            detail=mail.detail,
            own_copy=mail.own_copy,
        )

    # Uncertain mails --------------------------------------------------------------------------------------------------

    def _settle_uncertain(self) -> None:
        uncertain = [mail for mail in self._pending.values() if mail.state in ("sending", "unknown")]
        arrived = self._arrived(uncertain)
        for mail in uncertain:
            if arrived is not None and mail.message_id in arrived:
                self._settle(mail, "already_sent", "ditemukan di kotak surat sendiri")
            elif mail.state == "unknown" and self._may_go_again(mail, asked=arrived is not None):
                self._keep(mail, state="ready")

    def _arrived(self, mails: list[Mail]) -> frozenset[str] | None:
        """Which of these our own mailbox holds; None when nobody can tell."""
        if not mails or self._lookup is None:
            return None
        try:
            return self._lookup.arrived([mail.message_id for mail in mails])
        except LookupFailedError as error:
            self._trouble = str(error)
            _log.warning("mail_lookup_failed", reason=self._trouble)
            return None

    def _may_go_again(self, mail: Mail, *, asked: bool) -> bool:
        """Whether an ``unknown`` mail that was not found goes out once more, under its Message-ID."""
        since = mail.next_at or (mail.changed_at or mail.created_at) + PROOF_AFTER
        if self._now() < since:
            return False
        return asked if self._provable(mail) else self._repeatable(mail)

    def _provable(self, mail: Mail) -> bool:
        """Absence from our own mailbox is proof only where our copy was accepted, and somebody can look."""
        return self._lookup is not None and mail.own_copy

    def _repeatable(self, mail: Mail) -> bool:
        policy = self._settings.resend_uncertain
        return policy == "always" or (policy == "lost_reply" and mail.next_at is not None)

    def _can_move(self, mail: Mail) -> bool:
        """False for a mail that only a person can settle; waiting for that would keep the run alive for nothing."""
        return mail.state != "unknown" or self._lookup is not None or self._repeatable(mail)

    # Book-keeping -----------------------------------------------------------------------------------------------------

    def _keep(self, mail: Mail, **changes: object) -> None:
        self._pending[mail.message_id] = msgspec.structs.replace(mail, **changes)

    def _settle(
        self, mail: Mail, outcome: Outcome, detail: str, code: int | None = None, *, too_large: bool = False
    ) -> None:
        states: dict[Outcome, MailState] = {"already_sent": "sent", "failed": "failed", "expired": "expired"}
        self._outbox.mark(
            mail.message_id, states[outcome], at=self._now(), tries=mail.tries, smtp_code=code, detail=detail
        )
        self._finish(mail, outcome, code, detail, too_large=too_large)

    def _finish(self, mail: Mail, outcome: Outcome, code: int | None, detail: str, *, too_large: bool = False) -> None:
        self._pending.pop(mail.message_id, None)
        self._results[mail.message_id] = _result(mail, outcome, code, detail, too_large=too_large)
        level = _log.info if outcome in ("sent", "already_sent") else _log.error
        level(f"mail_{outcome}", message_id=mail.message_id, tries=mail.tries, smtp_code=code, detail=detail)

    def _leave_to_next_run(self) -> None:
        for mail in list(self._pending.values()):
            if mail.state == "unknown":
                self._leave_unknown(mail)
                continue
            at, detail = self._now(), mail.detail or self._trouble
            self._outbox.mark(mail.message_id, "deferred", at=at, next_at=at, smtp_code=mail.smtp_code, detail=detail)
            self._finish(mail, "deferred", mail.smtp_code, detail)

    def _leave_unknown(self, mail: Mail) -> None:
        if self._now() - mail.created_at >= timedelta(days=self._settings.expire_days):
            self._settle(mail, "expired", f"tidak pasti sampai sejak {self._settings.expire_days} hari")
            return
        advice = (
            "Mungkin sudah sampai, mungkin belum: tanyakan kepada penerima. Bila belum, teruskan berkas surelnya, atau "
            'jalankan lagi dengan mail.resend_uncertain = "always".'
        )
        if self._lookup is None:
            advice += " Isi mail.imap_host agar lain kali Pantau memeriksa sendiri."
        self._finish(mail, "unknown", mail.smtp_code, f"{mail.detail}. {self._trouble} {advice}".replace("  ", " "))

    def _stopped(self, error: DeliveryError) -> DeliveryStoppedError:
        for mail in list(self._pending.values()):
            outcome: Outcome = "unknown" if mail.state == "unknown" else "waiting"
            self._finish(mail, outcome, mail.smtp_code, mail.detail)
        return DeliveryStoppedError(str(error), self._report())

    def _report(self) -> DeliveryReport:
        return DeliveryReport(results=tuple(self._results[message_id] for message_id in self._order))


def _result(mail: Mail, outcome: Outcome, code: int | None, detail: str, *, too_large: bool) -> MailResult:
    return MailResult(
        message_id=mail.message_id,
        run_id=mail.run_id,
        edition=mail.edition,
        recipient=mail.recipient,
        outcome=outcome,
        tries=mail.tries,
        smtp_code=code,
        too_large=too_large,
        detail=detail,
    )
