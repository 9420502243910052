"""A mail server, its mailboxes by IMAP and an outbox of small frozen mails."""

from collections.abc import Iterator

import pytest

from pantau.core.settings import MailSettings, Network
from tests.delivery.bench import OWN, Bench
from tests.fakes import SimClock
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_server import SmtpServer


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def smtp(certificates: Certificates) -> Iterator[SmtpServer]:
    with SmtpServer(certificates, user=OWN) as server:
        yield server


@pytest.fixture
def imap(certificates: Certificates, smtp: SmtpServer) -> Iterator[ImapServer]:
    with ImapServer(certificates, smtp.store, user=OWN, address=OWN) as server:
        yield server


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def bench(smtp: SmtpServer, certificates: Certificates, clock: SimClock) -> Bench:
    """Everything to deliver with; ``bench.imap(server)`` adds the look-up."""
    settings = MailSettings(host=smtp.host, port=smtp.port, user=OWN, from_address=OWN, timeout_s=3.0)
    return Bench(smtp, settings, Network(ca_file=str(certificates.ca_file)), clock)
