"""An office whose mail goes through a real Postfix and a real Dovecot, and what its people send back."""

import re
import smtplib
import sqlite3
from dataclasses import dataclass

from tests.jobs.office import READERS, Office
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import SERVER_NAME, Postfix
from tests.servers.certificates import Certificates

OWN = "pantau@kantor.example"
BUPATI, HEAD, SECTION, OPERATOR = (f"{name}@kantor.example" for name in ("bupati", "kepala1", "bagian", "operator"))
USERS = (OWN, *READERS, BUPATI, HEAD, SECTION, OPERATOR)

_TRACE = re.compile(rb"(?:Return-Path|Delivered-To|Received): [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")


@dataclass(frozen=True)
class Door:
    """How a program reaches one of the servers; stands where the tests otherwise put a scripted server."""

    port: int
    password: str
    certificates: Certificates
    user: str = OWN
    host: str = "localhost"


def submission(postfix: Postfix, service: str = "submission") -> Door:
    """Where mail is handed in."""
    return Door(postfix.port(service), postfix.dovecot.password, postfix.dovecot.certificates)


def mailbox(dovecot: Dovecot) -> Door:
    """Where our own mailbox is read."""
    return Door(dovecot.imap_port, dovecot.password, dovecot.certificates)


def untraced(raw: bytes) -> bytes:
    """A mail without what servers put in front of it on its way."""
    at = 0
    while found := _TRACE.match(raw, at):
        at = found.end()
    return raw[at:]


def put_in(postfix: Postfix, raw: bytes, sender: str = "warga@luar.example", recipient: str = OWN) -> None:
    """A mail as the world hands it to the office's server."""
    with smtplib.SMTP("localhost", postfix.port("mx"), local_hostname="luar.example") as client:
        client.sendmail(sender, [recipient], raw)


def put_past_postfix(dovecot: Dovecot, raw: bytes) -> None:
    """A mail straight into our own mailbox, for bytes that some servers let through and Postfix mends."""
    with smtplib.LMTP("localhost", dovecot.lmtp_port) as client:
        client.sendmail("penyerang@luar.example", [OWN], raw)


def frozen(office: Office) -> dict[str, bytes]:
    """Every mail in the office's outbox by its Message-ID, as it was frozen."""
    with sqlite3.connect(office.folder / "data" / "pantau.db") as base:
        return dict(base.execute("select message_id, wire from mails"))


def states(office: Office) -> dict[tuple[str, str], str]:
    """What became of each mail, by edition and recipient."""
    with sqlite3.connect(office.folder / "data" / "pantau.db") as base:
        rows = base.execute("select edition, recipient, state from mails order by created_at").fetchall()
    return {(edition, recipient): state for edition, recipient, state in rows}


class RealOffice(Office):
    """The office of the job tests, moved to the real servers."""

    def write(self, first_days: int = 3000) -> None:
        """Write the settings; our server's name for its verdicts stands among them."""
        super().write(first_days)
        text = self.config.read_text("utf-8")
        self.config.write_text(text.replace("[mail]\n", f'[mail]\nauthserv_id = "{SERVER_NAME}"\n', 1), "utf-8")
