"""Mails and documents are frozen together and once, and go out with an honest record of what happened to each."""

import msgspec
import pytest

from pantau.core.errors import StoreError
from pantau.core.model import Mail
from pantau.core.ports import Outbox
from pantau.store.records import Document
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, begin, mail

RUN = "n-20261101"
BYTES = bytes(range(256)) * 3


def names(mails: list[Mail]) -> list[str]:
    return [item.message_id.removeprefix("<").partition("@")[0] for item in mails]


def test_a_mail_comes_back_whole(store: Store) -> None:
    whole = mail(
        wire=BYTES,
        state="deferred",
        tries=2,
        next_at=NIGHT + HOUR,
        smtp_code=451,
        detail="coba lagi",
        changed_at=NIGHT,
        own_copy=True,
    )
    outbox: Outbox = store.outbox
    assert store.outbox.put([whole]) == 1
    assert store.outbox.of_run(RUN) == [whole]
    assert outbox.due(NIGHT) == []


def test_a_frozen_mail_never_changes(store: Store) -> None:
    store.outbox.put([mail()])
    assert store.outbox.put([mail(wire=b"lain"), mail("m2", "lain@kab.example")]) == 1
    assert store.outbox.of_run(RUN)[0].wire == mail().wire


def test_a_reader_gets_one_mail_of_a_run_even_if_it_is_rendered_twice(store: Store) -> None:
    store.outbox.put([mail("m1")])
    assert store.outbox.put([mail("m9")]) == 0
    assert store.outbox.put([mail("m2", edition="koreksi"), mail("m3", run_id="n-20261102")]) == 2
    assert names(store.outbox.of_run(RUN)) == ["m1", "m2"]


def test_two_mails_for_one_reader_in_one_batch_are_refused_since_one_would_be_lost(store: Store) -> None:
    with pytest.raises(StoreError, match=r"staff.*staf@kab\.example"):
        store.outbox.put([mail("m1"), mail("m2")])
    assert store.outbox.of_run(RUN) == []


def test_due_is_what_was_not_decided_yet_oldest_first(store: Store) -> None:
    store.outbox.put(
        [mail(f"m{n}", f"r{n}@kab.example", created_at=NIGHT + n * HOUR) for n in (8, 7, 6, 5, 4, 3, 2, 1)]
    )
    states = ["ready", "sending", "unknown", "deferred", "deferred", "sent", "failed", "expired"]
    for n, state in enumerate(states, 1):
        later = NIGHT + DAY + HOUR if n == 5 else NIGHT + DAY
        store.outbox.mark(
            f"<m{n}@kab.example>", msgspec.convert(state, Mail.__annotations__["state"]), at=NIGHT, next_at=later
        )
    assert names(store.outbox.due(NIGHT + DAY)) == ["m1", "m2", "m3", "m4"]
    assert names(store.outbox.due(NIGHT + DAY + HOUR)) == ["m1", "m2", "m3", "m4", "m5"]
    assert store.outbox.counts() == {
        "deferred": 2,
        **dict.fromkeys(["expired", "failed", "ready", "sending", "sent", "unknown"], 1),
    }


def test_a_mark_keeps_tries_and_own_copy_and_sets_the_rest(store: Store) -> None:
    store.outbox.put([mail()])
    store.outbox.mark(
        "<m1@kab.example>", "deferred", at=NIGHT, tries=3, next_at=NIGHT, smtp_code=451, detail="penuh", own_copy=True
    )
    store.outbox.mark("<m1@kab.example>", "sent", at=NIGHT + HOUR)
    assert store.outbox.of_run(RUN) == [
        msgspec.structs.replace(mail(), state="sent", tries=3, own_copy=True, changed_at=NIGHT + HOUR)
    ]


def test_marking_an_unknown_mail_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match=r"<lain@kab\.example>"):
        store.outbox.mark("<lain@kab.example>", "sent", at=NIGHT)


def test_a_document_comes_back_byte_for_byte_and_never_changes(store: Store) -> None:
    begin(store)
    assert store.documents.put(RUN, "staff", "pdf", BYTES)
    assert not store.documents.put(RUN, "staff", "pdf", b"lain")
    assert store.documents.put(RUN, "staff", "html", b"")
    assert store.documents.get(RUN, "staff", "pdf") == BYTES
    assert store.documents.get(RUN, "staff", "html") == b""
    assert store.documents.get(RUN, "staff", "text") is None
    assert store.documents.list(RUN) == [("staff", "html"), ("staff", "pdf")]
    with pytest.raises(StoreError):
        store.documents.put("n-lain", "staff", "pdf", b"")


def test_a_digest_is_frozen_once(store: Store) -> None:
    begin(store)
    assert not store.runs.is_frozen(RUN)
    document = Document(edition="staff", format="html", data=b"<p>1</p>")
    assert store.freeze(RUN, [document], [mail("m1"), mail("m2", "kadis@kab.example")])
    assert store.runs.is_frozen(RUN)
    again = Document(edition="staff", format="html", data=b"<p>2</p>")
    assert not store.freeze(RUN, [again], [mail("m3", "baru@kab.example")])
    assert store.documents.get(RUN, "staff", "html") == b"<p>1</p>"
    assert names(store.outbox.of_run(RUN)) == ["m1", "m2"]


def test_a_digest_without_readers_can_be_frozen(store: Store) -> None:
    begin(store)
    assert store.freeze(RUN, [], [])
    assert store.runs.is_frozen(RUN)


def test_freezing_that_fails_halfway_leaves_nothing(store: Store) -> None:
    begin(store)
    document = Document(edition="staff", format="html", data=b"x")
    broken = msgspec.structs.replace(mail("m2", "lain@kab.example"), created_at=NIGHT.replace(tzinfo=None))
    with pytest.raises(StoreError):
        store.freeze(RUN, [document], [mail("m1"), broken])
    assert store.documents.list(RUN) == []
    assert store.outbox.of_run(RUN) == []
    assert not store.runs.is_frozen(RUN)
    with pytest.raises(StoreError, match="n-lain"):
        store.freeze("n-lain", [document], [])
