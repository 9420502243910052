"""The reply matrix: whose mail decides, whose does not, and that no damaged or borrowed code ever does."""

import random
import time
from datetime import timedelta
from email import message_from_bytes

import pytest

from pantau.core.model import DecisionAction
from pantau.core.tokens import ReplyKey, codes_in
from pantau.delivery.review import Judged, judge
from tests.delivery.letters_from import (
    FINDING,
    HEAD,
    KEY,
    OTHER,
    OUTSIDE,
    OWN,
    SEKDA,
    SERVER,
    STAFF,
    TODAY,
    bounce,
    clicked,
    code,
    mail,
    rules,
)


def judged(raw: bytes, **more: object) -> Judged:
    return judge(message_from_bytes(raw), rules(**more))


def accepted(raw: bytes, **more: object) -> bool:
    result = judged(raw, **more)
    assert (result.action is not None) == (result.letter.outcome == "decision")
    return result.action is not None


def checked(said: str, server: str = SERVER) -> tuple[tuple[str, str], ...]:
    return (("Authentication-Results", f"{server}; {said}"),)


WRAPPED = code("dismiss", SEKDA)
ACCEPTED = {
    "as the link opens it": clicked(),
    "from a named sender": clicked(sender='"Sekda, Kab. Contoh" <SEKDA@kantor.example>'),
    "from outside, not vouched for": clicked(recipient=OUTSIDE),
    "from outside, vouched for": clicked(recipient=OUTSIDE, headers=checked("dmarc=pass header.from=gmail.example")),
    "HTML only, subject edited": mail(
        html=f"<style>p{{}}</style><p>Setuju.</p><div>Kode {WRAPPED}</div>", subject="Re: halo"
    ),
    "HTML only, subject edited, in Latin-1": mail(html=f"<p>Kode&nbsp;{WRAPPED}</p>", subject="Séance"),
    "wrapped and quoted": mail(text=f"> Kode {WRAPPED[:30]}\n> {WRAPPED[30:]}\n", subject="RE: jawaban"),
    "lower case": mail(text=f"kode {WRAPPED.lower()}", subject="setuju"),
    "code only in the subject": mail(text="Baik.", subject=f"Re: Bukan pelanggaran [{WRAPPED}]"),
    "subject damaged, text whole": mail(text=f"Kode {WRAPPED}", subject=f"Bukan pelanggaran [{WRAPPED[:-1]}X]"),
    "forged header of another host": clicked(headers=checked("dmarc=fail", server="mx.lain.example")),
    "SPF broken by a relay, DKIM aligned": clicked(
        recipient=OUTSIDE,
        headers=checked("spf=softfail smtp.mailfrom=relay.example; dkim=pass header.d=gmail.example"),
    ),
    "followed up": clicked("followed_up"),
    "head answers for the own unit": clicked("answer", HEAD, "Sudah kami hapus."),
}
NOT_ACCEPTED = {
    "forwarded digest, link used by another reader": clicked(recipient=SEKDA, sender=STAFF),
    "forwarded digest, link used by an outsider": clicked(recipient=SEKDA, sender="orang@luar.example"),
    "outsider with a code of his own address": clicked(recipient="orang@luar.example"),
    "head dismisses": clicked("dismiss", HEAD),
    "head follows up": clicked("followed_up", HEAD),
    "head takes back": clicked("undo", HEAD),
    "head answers for another unit": mail(HEAD, f"Kode {code('answer', HEAD, finding=OTHER)}\nJawaban unit: Beres."),
    "action changed": mail(text=f"Kode {code('followed_up', SEKDA).replace('-TL-', '-BP-')}"),
    "finding changed": mail(text=f"Kode {code('dismiss', SEKDA).replace(FINDING, OTHER)}"),
    "expired": mail(text=f"Kode {code('dismiss', SEKDA, day=TODAY - timedelta(days=31))}"),
    "from the future": mail(text=f"Kode {code('dismiss', SEKDA, day=TODAY + timedelta(days=2))}"),
    "another key": mail(text=f"Kode {code('dismiss', SEKDA, key=ReplyKey(b'kunci lama yang bocor'))}"),
    "unknown finding": mail(text=f"Kode {code('dismiss', SEKDA, finding='F' * 16)}"),
    "two decisions at once": mail(text=f"{code('dismiss', SEKDA)}\n\n{code('followed_up', SEKDA)}"),
    "right of reply without words": clicked("answer", SEKDA, ""),
    "our server says DMARC failed": clicked(headers=checked("dmarc=fail header.from=kantor.example")),
    "our server says SPF failed": clicked(headers=checked("spf=fail smtp.mailfrom=kantor.example")),
    "vacation answer": clicked(headers=(("Auto-Submitted", "auto-replied"),)),
    "list mail": clicked(headers=(("List-Id", "<warga.lists.example>"),)),
    "bulk mail": clicked(headers=(("Precedence", "bulk"),)),
    "empty envelope sender": clicked(headers=(("Return-Path", "<>"),)),
    "no code": mail(text="Terima kasih."),
    "our own copy": clicked(sender=OWN),
    "two addresses in From": clicked(sender=f"{STAFF}, {SEKDA}"),
    "the reader's address only as a name": clicked(sender=f'"{SEKDA}" <orang@luar.example>'),
    "unsigned code from an archived page": mail(text=f"Kode {code('dismiss', SEKDA)[:-16]}{'0' * 16}"),
}


@pytest.mark.parametrize("case", sorted(ACCEPTED))
def test_a_reader_decides(case: str) -> None:
    result = judged(ACCEPTED[case])
    assert result.letter.outcome == "decision", result.letter.reason
    assert result.letter.finding_key == FINDING


@pytest.mark.parametrize("case", sorted(NOT_ACCEPTED))
def test_nothing_is_decided(case: str) -> None:
    assert not accepted(NOT_ACCEPTED[case])


def test_what_is_not_understood_always_says_why() -> None:
    for raw in NOT_ACCEPTED.values():
        letter = judged(raw).letter
        assert letter.outcome in ("auto", "own") or letter.reason


def test_senders_outside_the_own_domain_need_a_pass_when_the_office_wants_it() -> None:
    strict = {"require_authentication": True}
    assert not accepted(clicked(recipient=OUTSIDE), **strict)
    unrelated = checked("spf=pass smtp.mailfrom=orang@luar.example; dkim=pass header.d=luar.example")
    assert not accepted(clicked(recipient=OUTSIDE, headers=unrelated), **strict)
    assert accepted(clicked(recipient=OUTSIDE, headers=checked("spf=pass smtp.mailfrom=x@gmail.example")), **strict)
    assert accepted(clicked(), **strict)


def test_only_the_topmost_verdict_of_our_own_server_counts() -> None:
    two = (*checked("dmarc=fail"), *checked("dmarc=pass"))
    assert not accepted(clicked(headers=two))
    outside = (*checked("dmarc=pass", server="mx.lain.example"), *checked("dmarc=pass"))
    assert not accepted(clicked(recipient=OUTSIDE, headers=outside), require_authentication=True)


def mangled(genuine: str, draw: random.Random) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    text = list(genuine)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(text))
        kind = draw.randrange(4)
        if kind == 0:
            text[place] = draw.choice(letters)
        elif kind == 1:
            del text[place]
        elif kind == 2:
            text.insert(place, draw.choice(letters))
        else:
            other = draw.randrange(len(text))
            text[place], text[other] = text[other], text[place]
    return "".join(text)


def test_of_a_thousand_mangled_codes_none_is_accepted() -> None:
    draw = random.Random(24)
    tried = 0
    while tried < 1000:
        action: DecisionAction = draw.choice(["dismiss", "followed_up", "undo"])
        genuine = code(action, SEKDA)
        broken = mangled(genuine, draw)
        if broken == genuine:
            continue
        tried += 1
        result = judged(mail(text=f"Kode {broken}\r\nCatatan: x", subject=draw.choice(("", "Re: halo"))))
        assert result.action is None, broken


def test_every_code_is_good_for_one_reader_only() -> None:
    for recipient in (SEKDA, STAFF, OUTSIDE):
        (made,) = codes_in(code("dismiss", recipient))
        assert [other for other in (SEKDA, STAFF, OUTSIDE, HEAD) if KEY.flaw(made, other, TODAY, 30) is None] == [
            recipient
        ]


def test_a_note_is_the_persons_own_words_without_history_and_signature() -> None:
    words = (
        "Itu kutipan warga.\r\n> Bukan saya\r\nSudah dicek.\r\n\r\n-- \r\nBudi, 0812\r\n"
        "Pada Sel, 24 Nov 2026 pukul 08.00 Pantau <pantau@kantor.example> menulis:\r\n> isi lama"
    )
    assert judged(clicked(words=words)).note == "Itu kutipan warga. Sudah dicek."
    outlook = "Setuju.\r\n\r\nDari: Pantau <pantau@kantor.example>\r\nKepada: saya\r\nisi lama"
    assert judged(clicked(words=outlook)).note == "Setuju."
    html = (
        f"<p>Kode {WRAPPED}<br>Catatan: Benar &amp; wajar</p><blockquote>isi lama</blockquote>Dikirim dari ponsel saya"
    )
    assert judged(mail(html=html)).note == "Benar & wajar"
    above = mail(text=f"Ini jawaban kami.\r\n\r\nKode {code('answer', SEKDA)}\r\nJawaban unit: ")
    assert judged(above).note == "Ini jawaban kami."


@pytest.mark.parametrize("piece", ["<div><!--", "<![", "<!", "<a b='", "</", "<?", "<script></"])
def test_a_page_full_of_what_never_ends_costs_no_minutes(piece: str) -> None:
    page = f"<p>Kode {WRAPPED}</p>" + piece * (200_000 // len(piece))
    began = time.process_time()
    assert accepted(mail(html=page))
    assert time.process_time() - began < 3


def test_words_around_comments_and_signs_of_comparison_stay() -> None:
    html = f"<p>Kode {WRAPPED}</p><!-- <p>tak terlihat</p> --><p>Suhu <![if !mso]>di bawah<![endif]> 5 &lt; 7"
    assert judged(mail(html=html)).note == "Suhu di bawah 5 < 7"


OURS = "<d.n-20261124.abc@kantor.example>"


def test_a_delivery_report_names_the_reader_and_the_reason_only_for_a_mail_of_ours() -> None:
    ours = {"recipient_of": {OURS: SEKDA}.get}
    letter = judged(bounce(OURS, SEKDA), **ours).letter
    assert (letter.outcome, letter.sender, letter.about) == ("bounce", SEKDA, OURS)
    assert "mailbox full" in letter.reason
    assert judged(bounce(OURS, SEKDA, action="delayed"), **ours).letter.outcome == "auto"
    assert judged(bounce("<lain@x.example>", SEKDA), **ours).letter.outcome == "unclear"
    assert judged(bounce(OURS, STAFF), **ours).letter.outcome == "unclear"
    assert judged(bounce(OURS, SEKDA)).letter.outcome == "unclear"


def test_a_head_who_is_sent_a_whole_digest_cannot_use_any_of_its_codes() -> None:
    text = "\r\n".join(f"Kode {code(action, SEKDA)}" for action in ("dismiss", "followed_up", "answer", "undo"))
    assert not accepted(mail(HEAD, text))
    for action in ("dismiss", "followed_up", "answer", "undo"):
        assert not accepted(mail(HEAD, f"Kode {code(action, SEKDA)} Catatan: ya"))
