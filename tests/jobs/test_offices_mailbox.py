"""Two regencies with one mail account: real servers, one mailbox, and each reads only what is its own."""

import smtplib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.jobs.regencies import Regencies
from tests.jobs.test_offices import BLORA, NIGHT, POSTS, REMBANG
from tests.servers.certificates import make_certificates
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_server import SmtpServer

BOTH = "pemantau@provinsi.example"


class Mailed:
    """The offices with their servers running."""

    def __init__(self, town: Regencies, smtp: SmtpServer, imap: ImapServer) -> None:
        self.town, self.smtp, self.imap = town, smtp, imap

    def send(self, sender: str, subject: str, text: str, mark: str) -> str:
        """A person writes to the one mailbox."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, self.imap.address, subject
        message["Date"] = format_datetime(NIGHT + timedelta(hours=10))
        message["Message-ID"] = f"<{mark}@orang.example>"
        message.set_content(text)
        context = ssl.create_default_context(cafile=str(self.smtp.certificates.ca_file))  # type: ignore[union-attr]
        with smtplib.SMTP("localhost", self.smtp.port) as client:
            client.starttls(context=context)
            client.login(self.smtp.user, self.smtp.password)
            client.send_message(message)
        return str(message["Message-ID"])

    def click(self, reader: str, action: str, mark: str) -> None:
        """The reader follows the first link of that action in the newest mail."""
        message = message_from_bytes(self.smtp.mails(reader)[-1], policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        words = str(body.get_content()).split()
        parts = urlsplit(next(one for one in words if one.startswith("mailto:") and f"-{action}-" in unquote(one)))
        asked = parse_qs(parts.query)
        self.send(reader, asked["subject"][0], asked["body"][0], mark)


@pytest.fixture
def mailed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailed]:
    certificates = make_certificates(tmp_path / "tls")
    with SmtpServer(certificates) as smtp, ImapServer(certificates, smtp.store) as imap:
        monkeypatch.setenv("PANTAU_MAIL_PASSWORD", smtp.password)
        shared = f"""[network]
ca_file = "{certificates.ca_file}"
[mail]
host = "localhost"
port = {smtp.port}
user = "{smtp.user}"
password = "env:PANTAU_MAIL_PASSWORD"
from_address = "{smtp.user}"
imap_host = "localhost"
imap_port = {imap.port}
imap_user = "{imap.user}"
"""
        blocks = {
            code: f'name = "Kabupaten {code.title()}"\n[[office.mail.reader]]\naddress = "sekda@{code}.example"\n'
            f'[[office.mail.reader]]\naddress = "{BOTH}"\n'
            for code in ("blora", "rembang")
        }
        town = Regencies(tmp_path / "kantor", blocks, {"blora": BLORA, "rembang": REMBANG}, POSTS, shared)
        town.by_server = True
        yield Mailed(town, smtp, imap)


def test_each_office_takes_its_own_letters_out_of_the_shared_mailbox(mailed: Mailed) -> None:
    town = mailed.town
    assert {result.exit_code for result in town.night(NIGHT).values()} == {0}
    ids = {str(message_from_bytes(raw)["Message-ID"]) for raw in mailed.smtp.mails(BOTH)}
    assert len(ids) == len(mailed.smtp.mails(BOTH)) == 2, "a server that drops repeats must not drop the second digest"
    mailed.click("sekda@blora.example", "BP", "tolak")
    stray = mailed.send("camat@orang.example", "Perihal camat Sluke", "Rahasia: camat mundur.", "nyasar")
    assert {result.exit_code for result in town.night(NIGHT + timedelta(days=1)).values()} == {0}
    decisions = {}
    for code in ("blora", "rembang"):
        with town.store(code) as store:
            decisions[code] = [one.by for one in store.decisions.latest().values()]
            letters = [one.sender for one in store.inbox.since(NIGHT) if one.outcome not in ("own", "auto")]
        assert "camat" not in town.digest(code).lower().replace("kecamatan", "")
        assert letters == (["sekda@blora.example"] if code == "blora" else [])
    assert decisions == {"blora": ["sekda@blora.example"], "rembang": []}
    assert "sekda@blora" not in town.digest("rembang")
    assert stray in mailed.smtp.store.message_ids(mailed.imap.address, "INBOX")
    assert "<tolak@orang.example>" in mailed.smtp.store.message_ids(mailed.imap.address, "Diproses")
