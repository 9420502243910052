"""Mails over real sockets, with yagmail as it is."""

import time
from datetime import timedelta

import msgspec
import pytest
import yagmail

from pantau.delivery.report import DeliveryStoppedError
from tests.delivery.bench import OWN, Bench, mail_to
from tests.servers.certificates import Certificates
from tests.servers.smtp_server import SmtpServer

A, B, C = "a@kantor.example", "b@kantor.example", "c@kantor.example"


def test_yagmail_still_has_what_the_courier_uses() -> None:
    assert yagmail.__version__ == "0.16.0"
    assert all(hasattr(yagmail.Client, name) for name in ("login", "close", "connection"))


def test_every_reader_gets_one_copy_and_our_own_mailbox_one_of_each(bench: Bench) -> None:
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    assert (report.sent, report.complete, report.summary()) == (3, True, "3 terkirim")
    assert [len(bench.smtp.mails(reader)) for reader in (A, B, C)] == [1, 1, 1]
    assert len(bench.smtp.mails(OWN)) == 3
    assert all(mail.own_copy and mail.tries == 1 and mail.smtp_code == 250 for mail in bench.outbox.mails.values())


def test_the_frozen_bytes_arrive_unchanged_even_with_lines_that_begin_with_a_dot(bench: Bench) -> None:
    mail = mail_to(A, body=".\r\n..\r\n.satu\r\ndua\r\n.\r\n")
    bench.deliver(mail)
    assert bench.smtp.mails(A) == [mail.wire]


def test_a_mail_without_a_last_line_end_is_still_ended_properly(bench: Bench) -> None:
    mail = mail_to(A, body="tanpa akhir baris")
    assert bench.deliver(mail).sent == 1
    assert bench.smtp.mails(A) == [mail.wire + b"\r\n"]


def test_one_line_serves_all_mails_and_is_ended_politely(bench: Bench) -> None:
    bench.deliver(*(mail_to(f"r{n}@kantor.example", n) for n in range(10)))
    assert bench.last_courier is not None  # still alive, so that it was not yagmail's destructor that said goodbye
    assert bench.smtp.sessions == 1
    assert bench.smtp.commands[-1].lower() == "quit"


def test_a_second_run_the_same_night_sends_nothing_and_opens_nothing(bench: Bench) -> None:
    bench.deliver(mail_to(A))
    again = bench.deliver()
    assert again.results == ()
    assert again.complete
    assert again.summary() == "tidak ada surel yang harus dikirim"
    assert bench.smtp.sessions == 1
    assert len(bench.smtp.mails(A)) == 1


def test_the_state_is_on_disk_before_each_step(bench: Bench) -> None:
    seen: list[tuple[str, str]] = []
    mail = mail_to(A)
    for stage in ("mail", "rcpt", "data", "dot", "stored"):
        bench.smtp.fault(
            stage, "call", call=lambda stage=stage: seen.append((stage, bench.outbox.states()[A])), times=None
        )
    bench.deliver(mail)
    assert dict(seen) == {
        "mail": "sending",
        "rcpt": "sending",
        "data": "sending",
        "dot": "unknown",
        "stored": "unknown",
    }
    assert bench.outbox.states()[A] == "sent"


def test_implicit_tls_works_as_well_as_starttls(certificates: Certificates, bench: Bench) -> None:
    with SmtpServer(certificates, security="ssl", user=OWN) as server:
        bench.change(port=server.port, security="ssl")
        assert bench.deliver(mail_to(A)).sent == 1
        assert len(server.mails(A)) == 1


def test_the_login_name_need_not_be_an_address(certificates: Certificates, bench: Bench) -> None:
    with SmtpServer(certificates, user="pantau") as server:  # yagmail alone would log in as pantau@gmail.com
        bench.change(port=server.port, user="pantau")
        assert bench.deliver(mail_to(A)).sent == 1
        assert server.transactions[0].sender == OWN


def test_an_own_copy_address_of_its_own_is_used(bench: Bench) -> None:
    bench.change(own_copy="arsip@kantor.example")
    bench.deliver(mail_to(A))
    assert len(bench.smtp.mails("arsip@kantor.example")) == 1
    assert bench.smtp.mails(OWN) == []


def test_a_reader_who_is_our_own_mailbox_gets_one_copy(bench: Bench) -> None:
    bench.deliver(mail_to(OWN))
    assert len(bench.smtp.mails(OWN)) == 1
    assert bench.outbox.mails[mail_to(OWN).message_id].own_copy


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_a_temporary_refusal_is_tried_again_after_a_minute(bench: Bench, stage: str) -> None:
    bench.smtp.fault(stage, code=450, about=B if stage != "mail" else "")
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert report.sent == 2
    assert bench.clock.slept_s == [60.0]
    assert [len(bench.smtp.mails(reader)) for reader in (A, B)] == [1, 1]


def test_no_line_is_kept_open_while_waiting(bench: Bench) -> None:
    bench.smtp.fault("rcpt", code=450, about=A)
    last: list[str] = []
    bench.clock.on_sleep = lambda: last.append(bench.smtp.commands[-1].lower())
    bench.deliver(mail_to(A))
    assert last == ["quit"]


def test_a_slow_content_filter_is_waited_for(bench: Bench) -> None:
    bench.change(timeout_s=0.3)
    bench.smtp.fault("dot", "call", call=lambda: time.sleep(0.7))
    report = bench.deliver(mail_to(A))
    assert (report.sent, bench.clock.slept_s, len(bench.smtp.mails(A))) == (1, [], 1)


def test_a_lasting_temporary_refusal_is_left_to_the_next_run(bench: Bench) -> None:
    greylist = bench.smtp.fault("rcpt", code=450, text="4.2.0 greylisted", about=B, times=None)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert (report.sent, report.deferred, report.complete) == (1, 1, False)
    assert bench.clock.slept_s == [60.0, 300.0, 900.0]
    assert greylist.hits == 4
    [left] = report.of("deferred")
    assert (left.recipient, left.smtp_code, left.tries) == (B, 450, 4)
    assert "greylisted" in left.detail
    assert [mail.recipient for mail in bench.outbox.due(bench.clock.now())] == [B]
    bench.smtp.clear_faults()
    bench.clock.time += timedelta(days=1)
    assert bench.deliver().sent == 1
    assert len(bench.smtp.mails(B)) == 1


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_a_lasting_refusal_fails_that_reader_only(bench: Bench, stage: str) -> None:
    bench.smtp.fault(stage, code=550, text="5.1.1 no such user", about=B, times=None)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    assert (report.sent, report.failed) == (2, 1)
    assert bench.outbox.states() == {A: "sent", B: "failed", C: "sent"}
    assert bench.clock.slept_s == []
    assert bench.deliver().results == ()


def test_a_refused_reader_means_that_nobody_gets_that_mail(bench: Bench) -> None:
    bench.smtp.fault("rcpt", code=550, about=B, times=None)
    bench.deliver(mail_to(B))
    assert bench.smtp.mails(OWN) == []  # else "found in the own mailbox" would not prove a delivery


@pytest.mark.parametrize("code", [450, 550])
def test_a_full_own_mailbox_does_not_cost_the_reader_the_mail(bench: Bench, code: int) -> None:
    bench.smtp.fault("rcpt", code=code, about=OWN, times=None)
    assert bench.deliver(mail_to(A)).sent == 1
    assert not bench.outbox.mails[mail_to(A).message_id].own_copy


def test_a_full_mailbox_of_a_reader_is_not_taken_for_a_mail_that_is_too_large(bench: Bench) -> None:
    bench.smtp.fault("rcpt", code=552, text="5.2.2 over quota", about=B, times=None)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert (report.sent, report.failed) == (1, 1)
    assert not report.of("failed")[0].too_large


@pytest.mark.parametrize("announced", [True, False])
def test_a_mail_over_the_size_limit_is_said_to_be_too_large_and_the_others_go(bench: Bench, announced: bool) -> None:
    if announced:
        bench.smtp.size_limit_bytes = 2000
    else:
        bench.smtp.fault("dot", code=552, text="5.3.4 too big", about=B)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2, body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 40))
    [failed] = report.of("failed")
    assert (report.sent, failed.recipient, failed.too_large, failed.smtp_code) == (1, B, True, 552)
    assert "terlalu besar" in failed.detail
    assert bench.smtp.mails(B) == []


def test_a_line_that_drops_in_the_middle_of_a_large_mail_is_known_to_have_delivered_nothing(bench: Bench) -> None:
    """Without any look-up and without the wait that an uncertain mail needs."""
    bench.smtp.fault("body", "drop")
    report = bench.deliver(mail_to(A, body=("x" * 76 + "\r\n") * 80_000))  # 6 MB: more than the socket buffers hold
    assert (report.sent, bench.clock.slept_s, len(bench.smtp.mails(A))) == (1, [60.0], 1)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_line_that_drops_before_the_mail_is_complete_costs_a_minute_and_no_second_copy(
    bench: Bench, stage: str
) -> None:
    bench.smtp.fault(stage, "drop", about=B if stage != "mail" else "", first=2 if stage == "mail" else 1)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    assert (report.sent, bench.clock.slept_s) == (3, [60.0])
    assert [len(bench.smtp.mails(reader)) for reader in (A, B, C)] == [1, 1, 1]


def test_an_answer_that_is_no_smtp_is_never_taken_for_yes(bench: Bench) -> None:
    bench.smtp.fault("rcpt", code=777, about=A)
    bench.smtp.fault("data", code=250, about=B)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert report.sent == 2
    assert [len(bench.smtp.mails(reader)) for reader in (A, B)] == [1, 1]


def test_a_server_that_closes_idle_lines_between_mails_costs_nothing(bench: Bench) -> None:
    bench.smtp.fault("rset", "drop")
    bench.smtp.fault("rset", code=421)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    assert (report.sent, bench.smtp.sessions, bench.clock.slept_s) == (3, 3, [])


def test_a_server_that_is_down_leaves_every_mail_ready_for_later(bench: Bench) -> None:
    bench.smtp.fault("connect", code=554, text="no service", times=None)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert report.deferred == 2
    assert bench.smtp.sessions == 4  # once a round, not once a mail
    assert "menjawab 554" in report.results[0].detail
    bench.smtp.clear_faults()
    assert bench.deliver().sent == 2


def test_a_server_that_comes_back_within_the_run_is_used(bench: Bench) -> None:
    bench.smtp.fault("connect", "drop", times=2)
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert (report.sent, bench.clock.slept_s) == (2, [60.0, 300.0])


def test_a_silent_server_is_given_up_after_the_timeout(bench: Bench) -> None:
    bench.change(timeout_s=0.2, retry_min=())
    bench.smtp.fault("ehlo", "stall", stall_s=5, times=None)
    report = bench.deliver(mail_to(A))
    assert report.deferred == 1
    assert "batas waktu" in report.results[0].detail


def test_too_many_connections_is_a_bad_moment_not_a_wrong_password(bench: Bench) -> None:
    bench.smtp.fault("auth", code=454, text="4.7.0 too many", times=2)  # PLAIN, then LOGIN
    assert bench.deliver(mail_to(A)).sent == 1
    assert bench.clock.slept_s == [60.0]


def test_a_sender_the_server_refuses_stops_everything_and_changes_nothing(bench: Bench) -> None:
    bench.smtp.fault("mail", code=553, text="5.7.1 not owned by user", times=None)
    with pytest.raises(DeliveryStoppedError, match=r"mail\.from_address") as stopped:
        bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert bench.outbox.states() == {A: "ready", B: "ready"}
    assert {mail.tries for mail in bench.outbox.mails.values()} == {0}
    assert [result.outcome for result in stopped.value.report.results] == ["waiting", "waiting"]


def test_a_login_that_fails_in_the_middle_reports_what_had_gone_out(bench: Bench) -> None:
    bench.smtp.fault("rcpt", "drop", about=B)
    bench.smtp.fault("auth", code=535, first=2, times=None)
    with pytest.raises(DeliveryStoppedError) as stopped:
        bench.deliver(mail_to(A, 1), mail_to(B, 2), mail_to(C, 3))
    report = stopped.value.report
    assert {result.recipient: result.outcome for result in report.results} == {A: "sent", B: "waiting", C: "waiting"}
    assert bench.outbox.states() == {A: "sent", B: "deferred", C: "ready"}


def test_a_mail_older_than_three_days_expires_instead_of_surprising_its_reader(bench: Bench) -> None:
    bench.clock.time += timedelta(days=3)
    report = bench.deliver(mail_to(A))
    assert (report.expired, bench.outbox.states()[A], bench.smtp.sessions) == (1, "expired", 0)


@pytest.mark.parametrize(
    "address", ["bloré@kantor.example", "a@kantor.example\r\nRCPT TO:<x@y.z>", "a b@x.example", "a"]
)
def test_an_unusable_address_is_refused_before_the_session(bench: Bench, address: str) -> None:
    mail = msgspec.structs.replace(mail_to(A, 1), recipient=address)
    report = bench.deliver(mail)
    assert (report.failed, bench.smtp.sessions) == (1, 0)
    assert "mail.reader" in report.results[0].detail


@pytest.mark.parametrize(
    "change",
    [
        lambda wire: wire.replace(b"Isi", "Isí".encode()),
        lambda wire: wire.replace(b"Isi ringkasan.\r\n", b"Isi\n.\nMAIL FROM:<x@y>\r\n"),
        lambda wire: wire + b"a" * 999 + b"\r\n",
        lambda wire: wire.replace(b".1@", b".2@"),
    ],
    ids=["8-bit", "bare line feed", "long line", "other Message-ID"],
)
def test_unsound_bytes_are_never_handed_over(bench: Bench, change: object) -> None:
    mail = mail_to(A, 1)
    report = bench.deliver(msgspec.structs.replace(mail, wire=change(mail.wire)))  # type: ignore[operator]
    assert (report.failed, bench.smtp.sessions) == (1, 0)


def test_the_line_is_closed_even_when_the_outbox_breaks(bench: Bench) -> None:
    def disk_full(_message_id: str, state: str) -> None:
        if state == "unknown":
            raise OSError(28, "No space left on device")

    bench.outbox.before_mark = disk_full
    bench.change(timeout_s=30.0)
    began = time.monotonic()
    with pytest.raises(OSError, match="No space"):
        bench.deliver(mail_to(A))
    assert time.monotonic() - began < 15  # hung up: QUIT would be part of the mail and never be answered
    assert bench.smtp.mails(A) == []  # not written down, so not handed over
    bench.outbox.before_mark = lambda _message_id, _state: None
    assert bench.deliver().sent == 1
    assert len(bench.smtp.mails(A)) == 1
