"""No password and no mail to a server that cannot prove who it is, and no password in any text."""

import contextlib
import io
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from pantau.core.errors import DeliveryError
from pantau.core.settings import Network
from pantau.delivery.courier import Courier, check_login
from pantau.delivery.reconcile import OwnMailbox
from pantau.delivery.report import DeliveryStoppedError
from tests.delivery.bench import OWN, Bench, mail_to
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_server import SmtpServer

A = "a@kantor.example"
CANARY = "kenari-Rahasia-7731"


def nothing_happened(server: SmtpServer, bench: Bench) -> bool:
    return server.logins == [] and server.transactions == [] and set(bench.outbox.states().values()) == {"ready"}


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_nobody_vouches_for_means_no_password_and_no_mail(
    tmp_path: Path, bench: Bench, security: str
) -> None:
    with SmtpServer(make_certificates(tmp_path), security=security, user=OWN) as server:  # type: ignore[arg-type]
        bench.change(port=server.port, security=security)
        with pytest.raises(DeliveryStoppedError, match=r"tidak dapat dipercaya.*network\.ca_file"):
            bench.deliver(mail_to(A))
        assert nothing_happened(server, bench)


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_of_another_host_is_refused(tmp_path: Path, bench: Bench, security: str) -> None:
    certificates = make_certificates(tmp_path, ("surel.lain.example",))
    bench.network = Network(ca_file=str(certificates.ca_file))
    with SmtpServer(certificates, security=security, user=OWN) as server:  # type: ignore[arg-type]
        bench.change(port=server.port, security=security)
        with pytest.raises(DeliveryStoppedError, match="nama server persis"):
            bench.deliver(mail_to(A))
        assert nothing_happened(server, bench)


def test_a_server_without_starttls_never_sees_the_password(bench: Bench) -> None:
    with SmtpServer(security="none", user=OWN) as server:
        bench.change(port=server.port)
        with pytest.raises(DeliveryStoppedError, match="tidak menawarkan STARTTLS"):
            bench.deliver(mail_to(A))
        assert nothing_happened(server, bench)


def test_a_starttls_port_spoken_to_as_ssl_is_explained(bench: Bench) -> None:
    bench.change(security="ssl")
    with pytest.raises(DeliveryStoppedError, match=r"mail\.security"):
        bench.deliver(mail_to(A))
    assert nothing_happened(bench.smtp, bench)


def test_a_server_that_breaks_off_the_starttls_is_a_bad_moment(bench: Bench) -> None:
    bench.smtp.fault("starttls", code=454)
    bench.smtp.fault("starttls", "drop")
    assert bench.deliver(mail_to(A)).sent == 1
    assert bench.clock.slept_s == [60.0, 300.0]


@pytest.mark.parametrize("content", [None, "bukan PEM"])
def test_an_unusable_authority_file_is_named(bench: Bench, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca-kantor.pem"
    if content is not None:
        path.write_text(content)
    bench.network = Network(ca_file=str(path))
    with pytest.raises(DeliveryStoppedError, match=r"ca-kantor\.pem"):
        bench.deliver(mail_to(A))
    assert bench.smtp.sessions == 0


def test_a_wrong_password_stops_the_delivery_and_says_what_to_check(bench: Bench) -> None:
    bench.password = "salah"
    with pytest.raises(DeliveryStoppedError, match=r"kata sandi \(535\).*mail\.user"):
        bench.deliver(mail_to(A))
    assert bench.smtp.sessions == 1  # no second try: servers lock accounts
    assert set(bench.outbox.states().values()) == {"ready"}


def test_a_server_without_login_is_explained(bench: Bench) -> None:
    bench.smtp.auth_methods = ""
    with pytest.raises(DeliveryStoppedError, match=r"cara masuk.*mail\.port"):
        bench.deliver(mail_to(A))


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_greeting_the_server_dislikes_is_not_called_a_wrong_password(
    certificates: Certificates, bench: Bench, security: str
) -> None:
    with SmtpServer(certificates, security=security, user=OWN) as server:  # type: ignore[arg-type]
        server.fault("ehlo", code=501, text="no such name", times=None)
        bench.change(port=server.port, security=security, retry_min=())
        detail = bench.deliver(mail_to(A)).results[0].detail
    assert "no such name" in detail
    assert "mail.local_hostname" in detail
    assert "kata sandi" not in detail


class TestDoctor:
    def test_a_good_login_is_silent_and_sends_nothing(self, bench: Bench) -> None:
        check_login(bench.settings, bench.network, bench.smtp.password)
        assert (bench.smtp.logins, bench.smtp.transactions) == ([True], [])
        assert bench.smtp.commands[-1].lower() == "quit"

    def test_a_closed_port_is_explained(self, bench: Bench) -> None:
        with SmtpServer(security="none") as server:
            port = server.port
        bench.change(port=port)
        with pytest.raises(DeliveryError, match=r"sambungan ditolak.*mail\.host"):
            check_login(bench.settings, bench.network, "x")

    @pytest.mark.parametrize("host", ["", "surel..kantor", "tidak-ada.invalid"])
    def test_a_host_that_is_no_host_is_explained(self, bench: Bench, host: str) -> None:
        bench.change(host=host)
        with pytest.raises(DeliveryError, match=r"mail\.host"):
            check_login(bench.settings, bench.network, "x")

    def test_a_port_that_is_no_port_is_explained(self, bench: Bench) -> None:
        bench.change(port=5870000)
        with pytest.raises(DeliveryError, match=r"mail\.port"):
            check_login(bench.settings, bench.network, "x")


def leaks(error: BaseException) -> bool:
    """Whether the canary shows in any way in which an error may reach a screen or a log, local variables included."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown.stack[:] = [frame for frame in shown.stack if "tests" not in Path(frame.filename).parts]  # these know it
    texts = ["".join(shown.format()), repr(error), str(error)]
    return any(CANARY in text for text in texts)


def unless_it_leaks(action: Callable[[], object]) -> None:
    """Run it; its own error passes on only when the canary is nowhere in it."""
    try:
        action()
    except DeliveryError as error:
        if leaks(error):
            pytest.fail(f"the password shows in {type(error).__name__}")
        raise


def log_text(bench: Bench) -> io.StringIO:
    """Every structlog event as text, exceptions with locals included."""
    out = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(out))
    logging.getLogger().setLevel(logging.DEBUG)
    return out


@pytest.fixture
def log(bench: Bench) -> object:
    yield log_text(bench)
    structlog.reset_defaults()


def wrong_password(bench: Bench) -> None:
    bench.password = CANARY


def untrusted(bench: Bench) -> None:
    bench.password = bench.smtp.password = CANARY
    bench.network = Network()


def non_ascii(bench: Bench) -> None:
    bench.password = CANARY + "é"


def dropped_login(bench: Bench) -> None:
    bench.password = bench.smtp.password = CANARY
    bench.change(retry_min=())
    bench.smtp.fault("auth", "drop", times=None)


def all_is_well(bench: Bench) -> None:
    bench.password = bench.smtp.password = CANARY
    bench.smtp.fault("dot", code=550, text="5.7.1 spam")


@pytest.mark.parametrize("trouble", [wrong_password, untrusted, non_ascii, dropped_login, all_is_well])
def test_the_password_never_shows(
    bench: Bench,
    trouble: Callable[[Bench], None],
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    trouble(bench)
    caplog.set_level(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="yagmail.log"):
        with contextlib.suppress(DeliveryError):
            assert CANARY not in repr(bench.deliver(mail_to(A)))
        with contextlib.suppress(DeliveryError):
            unless_it_leaks(lambda: check_login(bench.settings, bench.network, bench.password))
            unless_it_leaks(lambda: bench.deliver(mail_to(A)))
    captured = capfd.readouterr()
    assert CANARY not in log.getvalue() + caplog.text + captured.out + captured.err
    assert CANARY not in repr(bench.courier()) + repr(bench.outbox.mails)


def test_the_mailbox_password_never_shows_although_the_server_repeats_it(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    lookup = OwnMailbox(bench.settings, bench.network, CANARY)
    with pytest.raises(DeliveryError) as refused:
        lookup.check()
    assert not leaks(refused.value)
    assert CANARY not in repr(lookup)


def test_making_a_courier_opens_no_connection(bench: Bench) -> None:
    courier = bench.courier()
    courier.close()
    assert isinstance(courier, Courier)
    assert bench.smtp.sessions == 0
