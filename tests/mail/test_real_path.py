"""The courier with yagmail as it is, through a real Postfix into real mailboxes, read back by IMAP."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from pantau.core.settings import MailSettings, Network
from pantau.delivery.reconcile import LookupFailedError, OwnMailbox
from pantau.delivery.report import DeliveryStoppedError
from tests.delivery.bench import Bench, mail_to
from tests.digest import golden
from tests.fakes import SimClock
from tests.jobs.office import READERS
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import SMALL_LIMIT_BYTES, Postfix
from tests.mail.proxy import Line
from tests.mail.real_office import OWN, Door, mailbox, submission, untraced

A, B, C = READERS
NOBODY = "tidakada@kantor.example"


@pytest.fixture
def bench(postfix: Postfix) -> Iterator[Bench]:
    door = submission(postfix)
    settings = MailSettings(host=door.host, port=door.port, user=OWN, from_address=OWN, timeout_s=10.0)
    network = Network(ca_file=str(door.certificates.ca_file))
    made = Bench(door, settings, network, SimClock(), data_timeout_s=30.0)  # type: ignore[arg-type]
    made.imap(mailbox(postfix.dovecot))  # type: ignore[arg-type]
    yield made
    postfix.dovecot.forget_mails()


def large(recipient: str = A, lines: int = 600) -> object:
    return mail_to(recipient, body=("x" * 76 + "\r\n") * lines)


@pytest.mark.parametrize(("service", "security"), [("submission", "starttls"), ("smtps", "ssl")])
def test_what_was_frozen_is_what_is_read_back(bench: Bench, postfix: Postfix, service: str, security: str) -> None:
    bench.change(port=postfix.port(service), security=security)
    page = golden.mail(golden.rendered(sorted(golden.NIGHTS)[0]), address=A)
    message_id = re.search(rb"^Message-ID: (\S+)", page, re.MULTILINE)
    assert message_id
    dots = mail_to(B, 2, body=".\r\n..\r\n.satu\r\ndua\r\n.\r\n")
    dated = dots.wire.replace(
        b"Subject:", b"Date: Tue, 24 Nov 2026 21:00:00 +0700\r\nSubject:"
    )  # else Postfix adds one
    dots = msgspec.structs.replace(dots, wire=dated)
    whole = msgspec.structs.replace(mail_to(A, 1), message_id=message_id[1].decode(), wire=page)
    assert bench.deliver(whole, dots).sent == 2
    for mail in (whole, dots):
        (raw,) = postfix.dovecot.wait_for(mail.recipient, 1)
        assert untraced(raw) == mail.wire
    own = postfix.dovecot.wait_for(OWN, 2)
    assert {untraced(raw) for raw in own} == {whole.wire, dots.wire}
    assert "sasl_method=" in postfix.log.read_text()


def test_an_unknown_reader_fails_alone_and_leaves_no_copy_of_its_mail(bench: Bench, dovecot: Dovecot) -> None:
    report = bench.deliver(mail_to(A, 1), mail_to(NOBODY, 2), mail_to(C, 3))
    assert (report.sent, report.failed) == (2, 1)
    (failed,) = report.of("failed")
    assert (failed.recipient, failed.smtp_code) == (NOBODY, 550)
    assert "User unknown" in failed.detail
    copies = dovecot.wait_for(OWN, 2)
    assert not any(NOBODY.encode() in raw for raw in copies)
    assert [len(dovecot.wait_for(reader, 1)) for reader in (A, C)] == [1, 1]


def test_a_refused_own_copy_costs_the_reader_nothing(bench: Bench, dovecot: Dovecot) -> None:
    bench.change(own_copy=NOBODY)
    assert bench.deliver(mail_to(A)).sent == 1
    assert not bench.outbox.mails[mail_to(A).message_id].own_copy
    dovecot.wait_for(A, 1)


@pytest.mark.parametrize("service", ["small", "small_silent"])
def test_a_mail_over_the_servers_limit_is_said_to_be_too_large(bench: Bench, postfix: Postfix, service: str) -> None:
    bench.change(port=postfix.port(service))
    mail = large()
    assert len(mail.wire) > SMALL_LIMIT_BYTES  # type: ignore[attr-defined]
    report = bench.deliver(mail, mail_to(B, 2))  # type: ignore[arg-type]
    (failed,) = report.of("failed")
    assert (report.sent, failed.recipient, failed.smtp_code, failed.too_large) == (1, A, 552, True)
    postfix.dovecot.wait_for(B, 1)
    assert postfix.dovecot.raw(A) == []


def test_a_server_that_carries_nothing_outside_says_so_for_that_reader(bench: Bench, postfix: Postfix) -> None:
    bench.change(port=postfix.port("inside_only"))
    report = bench.deliver(mail_to("pejabat@gmail.example", 1), mail_to(A, 2))
    (failed,) = report.of("failed")
    assert (report.sent, failed.smtp_code) == (1, 554)
    assert "Relay access denied" in failed.detail
    postfix.dovecot.wait_for(A, 1)


def test_a_wrong_password_sends_nothing(bench: Bench, dovecot: Dovecot) -> None:
    bench.password = "salah"
    with pytest.raises(DeliveryStoppedError, match=r"kata sandi \(535\)"):
        bench.deliver(mail_to(A))
    assert dovecot.raw(A) == []
    assert bench.outbox.states() == {A: "ready"}


def test_an_answer_that_gets_lost_is_looked_up_and_nobody_gets_a_second_copy(bench: Bench, postfix: Postfix) -> None:
    with Line(postfix.port("submission")) as line:
        bench.change(port=line.port)

        def before(message_id: str, state: str) -> None:
            if state == "unknown" and message_id == mail_to(B, 2).message_id and not line.lost:
                line.lose_next_answer()

        bench.outbox.before_mark = before
        # Postfix hands our copy to Dovecot in its own time, which the clock of this test knows nothing of.
        bench.clock.on_sleep = lambda: postfix.dovecot.wait_for(OWN, 3)
        report = bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    assert line.lost == 1
    assert (report.sent, report.already_sent, report.complete) == (2, 1, True)
    assert bench.outbox.states() == {A: "sent", B: "sent", C: "sent"}
    postfix.dovecot.wait_for(OWN, 3)
    assert [len(postfix.dovecot.wait_for(reader, 1)) for reader in READERS] == [1, 1, 1]


@pytest.mark.parametrize(("service", "security"), [("submission", "starttls"), ("smtps", "ssl")])
def test_a_certificate_nobody_vouches_for_means_no_mail_and_no_password(
    bench: Bench, postfix: Postfix, service: str, security: str
) -> None:
    before = len(postfix.log.read_text())
    bench.change(port=postfix.port(service), security=security)
    bench.network = Network()
    with pytest.raises(DeliveryStoppedError, match=r"tidak dapat dipercaya.*network\.ca_file"):
        bench.deliver(mail_to(A))
    said = postfix.log.read_text()[before:]
    assert "connect from" in said
    assert "sasl_" not in said
    assert "auth=" not in said
    assert postfix.dovecot.raw(A) == []


def test_a_mailbox_with_such_a_certificate_is_not_logged_into(bench: Bench, dovecot: Dovecot) -> None:
    door: Door = mailbox(dovecot)
    before = (dovecot.folder / "dovecot.log").read_text().count("Login: user=")
    with pytest.raises(LookupFailedError, match="tidak dapat dipercaya"):
        OwnMailbox(bench.settings, Network(), door.password).arrived(["<a@b>"])
    assert (dovecot.folder / "dovecot.log").read_text().count("Login: user=") == before


def test_doctor_finds_the_real_mailbox_in_order(bench: Bench) -> None:
    assert bench.lookup is not None
    bench.lookup.check()
