"""A mailbox of several offices: nothing but what is surely one office's is taken, so that no digest lists another's mail."""

from email import message_from_bytes

import pytest

from pantau.core.tokens import ReplyKey
from pantau.delivery.shared_box import meant_for
from tests.delivery.letters_from import SEKDA, STAFF, bounce, clicked, code, mail, rules

OTHER_KEY = ReplyKey(b"rahasia kantor contoh\0rembang")
SENT = "<d.blora.n-20261124.1@kantor.example>"
THEIRS = "<d.rembang.n-20261124.1@kantor.example>"
OTHERS_CODE = code("dismiss", SEKDA, key=OTHER_KEY)


def meant(raw: bytes) -> bool:
    return meant_for(message_from_bytes(raw), rules(recipient_of={SENT: SEKDA}.get))


@pytest.mark.parametrize(
    "raw",
    [
        clicked(),
        mail(text="Menurut saya ini bukan pelanggaran.", headers=(("In-Reply-To", SENT),)),
        mail(text="Sudah.", headers=(("References", f"<lain@x.example> {SENT}"),)),
        bounce(SENT, SEKDA),
        mail(text="Ringkasan", message_id=SENT),
    ],
    ids=["our code", "answer to our digest", "further down the thread", "our mail came back", "copy of our mail"],
)
def test_a_mail_that_is_surely_ours_is_taken(raw: bytes) -> None:
    assert meant(raw)


@pytest.mark.parametrize(
    "raw",
    [
        mail(text=f"Kode {OTHERS_CODE}"),
        mail(text="Rahasia: camat Sluke mengundurkan diri", subject="Perihal camat Sluke"),
        mail(text="Sudah.", headers=(("In-Reply-To", THEIRS),)),
        bounce(THEIRS, SEKDA),
        mail(text="Ringkasan", message_id=THEIRS),
        mail(text=f"Kode {code('dismiss', STAFF)}"),
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nrusak",
    ],
    ids=[
        "other office's code",
        "no code",
        "answer to another's",
        "another's bounce",
        "another's copy",
        "not the sender's code",
        "broken",
    ],
)
def test_a_mail_of_another_office_or_of_nobody_stays_where_it_is(raw: bytes) -> None:
    assert not meant(raw)
