"""What became of each mail of a delivery, as plain data for the summary line, the store and the exit code."""

from typing import Literal, get_args

import msgspec

from pantau.core.errors import DeliveryError

Outcome = Literal["sent", "already_sent", "deferred", "failed", "unknown", "expired", "waiting"]
"""``already_sent``: found in our own mailbox after an uncertain attempt. ``waiting``: untouched, delivery stopped before it."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_WORDS: dict[Outcome, str] = {
    "sent": "terkirim",
    "already_sent": "ternyata sudah sampai",
    "deferred": "ditunda",
    "failed": "ditolak",
    "unknown": "tidak pasti",
    "expired": "kedaluwarsa",
    "waiting": "belum dicoba",
}


class MailResult(msgspec.Struct, frozen=True, kw_only=True):
    """One mail's end in this delivery. ``detail`` is Indonesian and holds no secret."""

    message_id: str
    run_id: str
    edition: str
    recipient: str
    outcome: Outcome
    tries: int = 0
    smtp_code: int | None = None
    too_large: bool = False
    """The server takes no mail of this size; a lighter one may go under the same Message-ID, nobody got this one."""
    detail: str = ""


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """All mails that were due, in the order in which they were written."""

    results: tuple[MailResult, ...] = ()

    def of(self, *outcomes: Outcome) -> tuple[MailResult, ...]:
        """The results with one of these outcomes."""
        return tuple(result for result in self.results if result.outcome in outcomes)

    def updated(self, later: "DeliveryReport") -> "DeliveryReport":
        """This report with what became of the same mails later."""
        news = {result.message_id: result for result in later.results}
        return DeliveryReport(results=tuple(news.get(result.message_id, result) for result in self.results))

    def count(self, outcome: Outcome) -> int:
        """How many mails ended so."""
        return len(self.of(outcome))

    @property
    def sent(self) -> int:
        """Mails the server took in this delivery."""
        return self.count("sent")

    @property
    def already_sent(self) -> int:
        """Mails of an earlier uncertain attempt that turned out to have arrived."""
        return self.count("already_sent")

    @property
    def deferred(self) -> int:
        """Mails left to the next run."""
        return self.count("deferred")

    @property
    def failed(self) -> int:
        """Mails refused for good."""
        return self.count("failed")

    @property
    def unknown(self) -> int:
        """Mails of which nobody knows whether they arrived."""
        return self.count("unknown")

    @property
    def expired(self) -> int:
        """Mails given up because they are too old."""
        return self.count("expired")

    @property
    def undelivered(self) -> tuple[MailResult, ...]:
        """Mails whose reader does not have them for certain; any of these means exit code 3."""
        return tuple(result for result in self.results if result.outcome not in ("sent", "already_sent"))

    @property
    def complete(self) -> bool:
        """True when every reader has the mail."""
        return not self.undelivered

    def summary(self) -> str:
        """One Indonesian line, for example ``8 terkirim, 1 ditunda``."""
        parts = [f"{self.count(outcome)} {_WORDS[outcome]}" for outcome in OUTCOMES if self.count(outcome)]
        return ", ".join(parts) or "tidak ada surel yang harus dikirim"


class DeliveryStoppedError(DeliveryError):
    """The server turned out unusable (login, certificate, sender); ``report`` says what had gone out before."""

    def __init__(self, reason: str, report: DeliveryReport) -> None:
        self.report = report
        super().__init__(reason)
