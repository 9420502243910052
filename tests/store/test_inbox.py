"""What came back by mail is kept once, with the decision in it, whatever happens between two nights."""

from datetime import timedelta

import pytest

from pantau.core.letters import Letter, MailboxReading
from pantau.core.model import Decision
from pantau.store.store import Store

from .builders import HOUR, NIGHT, mail

DISMISSED = Decision(finding_key="3F9A2C1B5D6E7F80", action="dismiss", by="sekda@kantor.example", at=NIGHT)


def letter(letter_id: str = "a", **more: object) -> Letter:
    return Letter(letter_id=letter_id, outcome=more.pop("outcome", "decision"), **more)  # type: ignore[arg-type]


def test_a_letter_counts_once_although_it_is_read_twice(store: Store) -> None:
    assert store.inbox.record(letter(), NIGHT, DISMISSED)
    later = Decision(finding_key=DISMISSED.finding_key, action="undo", by="sekda@kantor.example", at=NIGHT + HOUR)
    assert not store.inbox.record(letter(), NIGHT + HOUR, later)
    assert store.decisions.of_finding(DISMISSED.finding_key) == [DISMISSED]
    assert store.inbox.outcome("a") == "decision"
    assert store.inbox.outcome("b") is None


def test_a_decision_by_mail_is_learnt_when_the_mail_was_read_not_when_it_was_written(store: Store) -> None:
    store.inbox.record(letter(), NIGHT + timedelta(days=2), DISMISSED)
    assert store.decisions.since(NIGHT + timedelta(days=1)) == [DISMISSED]


def test_a_mail_that_came_back_is_not_delivered_any_more(store: Store) -> None:
    sent = mail("sekda@kantor.example")
    store.outbox.put([sent])
    store.outbox.mark(sent.message_id, "sent", at=NIGHT)
    bounce = letter("b", outcome="bounce", about=sent.message_id, reason="kotak surat penuh (5.2.2)")
    store.inbox.record(bounce, NIGHT + HOUR)
    (kept,) = store.outbox.of_run(sent.run_id)
    assert kept.state == "failed"
    assert "kotak surat penuh" in kept.detail


def test_letters_since_an_instant_come_back_as_they_were(store: Store) -> None:
    old, new = letter("o", sender="a@x.example"), letter("n", subject="Hal\u202e \x00 \ud800", outcome="unclear")
    store.inbox.record(old, NIGHT)
    store.inbox.record(new, NIGHT + HOUR)
    assert [item.letter_id for item in store.inbox.since(NIGHT + HOUR)] == ["n"]
    assert [item.letter_id for item in store.inbox.since(NIGHT)] == ["o", "n"]


@pytest.mark.parametrize("outcome", ["refused", "decision"])
def test_a_code_is_used_only_by_a_decision(store: Store, outcome: str) -> None:
    store.inbox.record(letter(outcome=outcome, code="20261124-3F9A2C1B5D6E7F80-BT"), NIGHT)
    assert store.inbox.used("20261124-3F9A2C1B5D6E7F80-BT") == (outcome == "decision")


def test_since_when_the_mailbox_is_closed_is_known(store: Store) -> None:
    assert store.inbox.last_reading() is None
    store.inbox.note(MailboxReading(NIGHT))
    store.inbox.note(MailboxReading(NIGHT + HOUR, "Server IMAP tidak menjawab."))
    assert store.inbox.last_reading() == MailboxReading(NIGHT + HOUR, "Server IMAP tidak menjawab.")
    assert store.inbox.last_reading(good=True) == MailboxReading(NIGHT)


def test_how_far_a_mailbox_was_read_is_known_for_each_mailbox(store: Store) -> None:
    assert store.inbox.read_until("imap.kantor.example:993 pantau 7") == 0
    store.inbox.keep_mark("imap.kantor.example:993 pantau 7", 41)
    store.inbox.keep_mark("imap.kantor.example:993 pantau 7", 4_294_967_295)
    assert store.inbox.read_until("imap.kantor.example:993 pantau 7") == 4_294_967_295
    assert store.inbox.read_until("imap.kantor.example:993 pantau 8") == 0
