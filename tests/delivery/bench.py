"""What the delivery tests deliver with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from pantau.core.model import Mail
from pantau.core.settings import MailSettings, Network
from pantau.delivery.courier import Courier
from pantau.delivery.reconcile import OwnMailbox
from pantau.delivery.report import DeliveryReport
from pantau.delivery.run import deliver
from tests.fakes import MemoryOutbox, SimClock
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_server import SmtpServer

OWN = "pantau@kantor.example"
CREATED = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


def mail_to(recipient: str, number: int = 1, body: str = "Isi ringkasan.\r\n") -> Mail:
    """A frozen mail as the digest stage makes it: 7-bit, CRLF, its own Message-ID."""
    message_id = f"<d-20261124.{number}@kantor.example>"
    head = f"From: Pantau <{OWN}>\r\nTo: {recipient}\r\nSubject: Ringkasan\r\nMessage-ID: {message_id}\r\n\r\n"
    return Mail(
        message_id=message_id,
        run_id="n-20261124",
        edition="staff",
        recipient=recipient,
        wire=(head + body).encode("ascii", "replace"),
        created_at=CREATED,
    )


@dataclass
class Bench:
    """A server, settings for it and a clock."""

    smtp: SmtpServer
    settings: MailSettings
    network: Network
    clock: SimClock
    password: str = ""
    lookup: OwnMailbox | None = None
    data_timeout_s: float = 3.0
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    last_courier: Courier | None = None

    def change(self, **settings: object) -> None:
        """Other mail settings."""
        self.settings = msgspec.structs.replace(self.settings, **settings)

    def imap(self, server: ImapServer) -> None:
        """Look uncertain mails up in the mailbox that this server shows."""
        self.change(imap_host=server.host, imap_port=server.port, imap_user=server.user)
        self.lookup = OwnMailbox(self.settings, self.network, server.password)

    def courier(self) -> Courier:
        """A fresh courier, as a new process would have."""
        password = self.password or self.smtp.password
        return Courier(self.settings, self.network, password, data_timeout_s=self.data_timeout_s)

    def deliver(self, *mails: Mail) -> DeliveryReport:
        """One run over the outbox after freezing ``mails`` in it."""
        for mail in mails:
            self.outbox.add(mail)
        self.last_courier = self.courier()
        return deliver(
            self.outbox,
            self.last_courier,
            self.clock.now,
            self.clock.sleep,
            settings=self.settings,
            lookup=self.lookup,
        )
