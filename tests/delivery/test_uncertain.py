"""When the answer to a mail never comes: look it up, and only then decide."""

from datetime import timedelta

import pytest

from pantau.delivery.reconcile import LookupFailedError, OwnMailbox
from tests.delivery.bench import OWN, Bench, mail_to
from tests.fakes import SimClock
from tests.servers.imap_server import ImapServer
from tests.servers.mail_store import MailStore

A, B = "a@kantor.example", "b@kantor.example"


class Crash(BaseException):
    """The process ends here."""


def crash_at(bench: Bench, state: str, *, after: bool = False) -> None:
    def hook(_message_id: str, marked: str) -> None:
        if marked == state:
            raise Crash

    if after:
        bench.outbox.after_mark = hook
    else:
        bench.outbox.before_mark = hook


def crashed_run(bench: Bench, *mails: object) -> None:
    with pytest.raises(Crash):
        bench.deliver(*mails)  # type: ignore[arg-type]
    bench.outbox.before_mark = bench.outbox.after_mark = lambda _message_id, _state: None


@pytest.mark.parametrize("action", ["drop", "stall"])
def test_a_stored_mail_whose_answer_got_lost_is_found_and_not_sent_again(
    bench: Bench, imap: ImapServer, action: str
) -> None:
    bench.imap(imap)
    bench.data_timeout_s = 0.3
    bench.smtp.fault("stored", action, about=B, stall_s=2)  # type: ignore[arg-type]
    report = bench.deliver(mail_to(A, 1), mail_to(B, 2))
    assert (report.sent, report.already_sent, report.complete) == (1, 1, True)
    assert bench.outbox.states() == {A: "sent", B: "sent"}
    assert [len(bench.smtp.mails(reader)) for reader in (A, B)] == [1, 1]


def test_a_mail_that_got_lost_at_the_dot_goes_again_after_fifteen_minutes(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    bench.smtp.fault("dot", "drop")
    report = bench.deliver(mail_to(A))
    assert report.sent == 1
    assert bench.smtp.store.message_ids(A) == [mail_to(A).message_id]
    assert sum(bench.clock.slept_s) >= 15 * 60


def test_a_copy_that_arrives_late_is_waited_for(bench: Bench, imap: ImapServer) -> None:
    """The server queues: our copy is in the mailbox only six minutes later."""
    bench.imap(imap)
    late = MailStore()
    imap.store, real = late, bench.smtp.store

    class Queue(SimClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if sum(self.slept_s) >= 360:
                imap.store = real

    bench.clock = Queue()
    bench.smtp.fault("stored", "drop")
    report = bench.deliver(mail_to(A))
    assert (report.already_sent, len(bench.smtp.mails(A))) == (1, 1)


def test_a_gibberish_answer_to_the_dot_is_looked_up_like_a_lost_one(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    bench.smtp.fault("stored", code=354)
    report = bench.deliver(mail_to(A))
    assert (report.already_sent, len(bench.smtp.mails(A))) == (1, 1)


def test_the_look_up_finds_a_copy_that_a_filter_moved(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    bench.deliver(mail_to(A))
    folders = imap.store.folders(OWN)
    folders["Arsip Pantau"], folders["INBOX"] = folders["INBOX"], []
    assert bench.lookup is not None
    assert bench.lookup.arrived([mail_to(A).message_id, "<lain@x>"]) == {mail_to(A).message_id}


def test_the_look_up_is_not_fooled_by_a_message_id_that_merely_contains_the_wanted_one(
    bench: Bench, imap: ImapServer
) -> None:
    bench.imap(imap)
    imap.store.deliver(OWN, b"Message-ID: <x> <d-1@kantor.example>\r\n\r\n")
    assert bench.lookup is not None
    assert bench.lookup.arrived(["<d-1@kantor.example>"]) == frozenset()


def test_the_look_up_changes_nothing_in_the_mailbox(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    bench.deliver(mail_to(A))
    assert bench.lookup is not None
    bench.lookup.arrived([mail_to(A).message_id])
    assert [mail.flags for mail in imap.store.folder(OWN)] == [set()]


def test_a_mailbox_that_cannot_be_read_means_waiting_not_repeating(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    imap.down = True
    bench.smtp.fault("stored", "drop")
    report = bench.deliver(mail_to(A))
    assert (report.unknown, bench.outbox.states()[A], len(bench.smtp.mails(A))) == (1, "unknown", 1)
    assert "IMAP" in report.results[0].detail
    imap.down = False
    bench.clock.time += timedelta(days=1)
    assert bench.deliver().already_sent == 1
    assert len(bench.smtp.mails(A)) == 1


@pytest.mark.parametrize(("state", "after"), [("sending", False), ("sending", True), ("unknown", False)])
def test_a_crash_before_the_dot_is_known_to_have_delivered_nothing(bench: Bench, state: str, after: bool) -> None:
    crash_at(bench, state, after=after)
    crashed_run(bench, mail_to(A))
    report = bench.deliver()  # at once, without any look-up
    assert (report.sent, bench.clock.slept_s, len(bench.smtp.mails(A))) == (1, [], 1)


def test_a_crash_after_the_server_took_the_mail_ends_in_one_copy(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    crash_at(bench, "sent")
    crashed_run(bench, mail_to(A))
    assert bench.outbox.states()[A] == "unknown"
    report = bench.deliver()
    assert (report.already_sent, bench.clock.slept_s, len(bench.smtp.mails(A))) == (1, [], 1)


def test_a_crash_just_before_the_dot_goes_again_once_its_absence_is_proven(bench: Bench, imap: ImapServer) -> None:
    bench.imap(imap)
    crash_at(bench, "unknown", after=True)
    crashed_run(bench, mail_to(A))
    assert bench.smtp.mails(A) == []
    assert bench.deliver().sent == 1
    assert len(bench.smtp.mails(A)) == 1


def test_a_mail_found_in_sending_is_looked_up_too(bench: Bench, imap: ImapServer) -> None:
    """Belt and braces: whatever an earlier version of Pantau left there."""
    bench.imap(imap)
    bench.deliver(mail_to(A))
    bench.outbox.mark(mail_to(A).message_id, "sending", at=bench.clock.now())
    assert bench.deliver().already_sent == 1
    assert len(bench.smtp.mails(A)) == 1


class TestWithoutLookUp:
    """No IMAP: what ``mail.resend_uncertain`` says."""

    def test_a_lost_answer_leads_to_one_repeat_under_the_same_message_id(self, bench: Bench) -> None:
        bench.smtp.store.dedupe = True  # as Zimbra and Cyrus
        bench.smtp.fault("stored", "drop")
        report = bench.deliver(mail_to(A))
        assert report.sent == 1
        assert [transaction.raw for transaction in bench.smtp.transactions] == [mail_to(A).wire] * 2
        assert len(bench.smtp.mails(A)) == 1
        assert sum(bench.clock.slept_s) >= 15 * 60

    def test_a_run_killed_at_the_dot_is_not_repeated_but_reported(self, bench: Bench) -> None:
        crash_at(bench, "sent")
        crashed_run(bench, mail_to(A))
        report = bench.deliver(mail_to(B, 2))
        assert (report.sent, report.unknown, len(bench.smtp.mails(A))) == (1, 1, 1)
        [left] = report.of("unknown")
        assert "resend_uncertain" in left.detail
        assert "imap_host" in left.detail
        assert bench.clock.slept_s == []  # nothing would come of waiting

    @pytest.mark.parametrize(("policy", "copies"), [("always", 2), ("never", 1)])
    def test_always_repeats_and_never_does_not(self, bench: Bench, policy: str, copies: int) -> None:
        bench.change(resend_uncertain=policy)
        bench.smtp.fault("stored", "drop")
        bench.deliver(mail_to(A))
        crash_at(bench, "sent")
        crashed_run(bench, mail_to(B, 2))
        bench.clock.time += timedelta(hours=24)
        report = bench.deliver()
        assert [len(bench.smtp.mails(reader)) for reader in (A, B)] == [copies, copies]
        assert (report.unknown == 0) == (policy == "always")

    def test_an_uncertain_mail_is_given_up_after_three_days(self, bench: Bench) -> None:
        bench.change(resend_uncertain="never")
        bench.smtp.fault("stored", "drop")
        assert bench.deliver(mail_to(A)).unknown == 1
        bench.clock.time += timedelta(days=3)
        report = bench.deliver()
        assert (report.expired, bench.outbox.states()[A]) == (1, "expired")
        assert "tidak pasti" in report.results[0].detail

    def test_without_an_own_copy_absence_proves_nothing(self, bench: Bench, imap: ImapServer) -> None:
        bench.imap(imap)
        bench.change(resend_uncertain="never")
        bench.smtp.fault("rcpt", code=452, about=OWN)
        bench.smtp.fault("stored", "drop")
        assert bench.deliver(mail_to(A)).unknown == 1
        bench.clock.time += timedelta(days=1)
        assert bench.deliver().unknown == 1
        assert len(bench.smtp.mails(A)) == 1


def test_a_mailbox_that_offers_no_tls_from_the_start_never_hears_the_password(bench: Bench, imap: ImapServer) -> None:
    imap.security = "starttls"
    bench.imap(imap)
    bench.change(timeout_s=0.3)
    with pytest.raises(LookupFailedError):
        OwnMailbox(bench.settings, bench.network, imap.password).arrived(["<a@b>"])
    assert not any("LOGIN" in command for command in imap.commands)


def test_port_143_is_spoken_to_with_starttls(bench: Bench, imap: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    imap.security = "starttls"
    bench.imap(imap)
    monkeypatch.setattr("pantau.delivery.reconcile._STARTTLS_PORT", imap.port)  # a test may not listen on 143
    bench.deliver(mail_to(A))
    assert bench.lookup is not None
    assert bench.lookup.arrived([mail_to(A).message_id]) == {mail_to(A).message_id}


def test_the_doctor_hears_what_is_wrong_with_the_mailbox(bench: Bench, imap: ImapServer) -> None:
    from pantau.core.errors import DeliveryError

    bench.imap(imap)
    assert bench.lookup is not None
    bench.lookup.check()
    with pytest.raises(DeliveryError, match=r"mail\.imap_user") as wrong:
        OwnMailbox(bench.settings, bench.network, "kenari-salah").check()
    assert "kenari" not in repr(wrong.value)
