"""Reply links in the digest: what they open, how long they may be, and that only a reader's own mail has usable ones."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec

from pantau.core.letters import Letter
from pantau.core.settings import DigestSettings
from pantau.core.tokens import UNSIGNED, ReplyKey, codes_in
from pantau.digest import lint
from pantau.digest.answers import LONGEST_LINK_CHARS
from pantau.digest.build import build
from pantau.digest.model import MailboxDown, ReplyWay
from pantau.digest.render import Renderer
from tests.digest import golden, sample
from tests.digest.pages import Page, flat

KEY = ReplyKey(b"rahasia kantor contoh")
INPUT = msgspec.structs.replace(sample.rich(), reply=ReplyWay(address="pantau@arunika.example", key_id=KEY.key_id))
DIGEST = build(INPUT)
RENDERED = Renderer().render(DIGEST, DigestSettings())
READER = "sekda@arunika.example"


def mailto(page: str) -> list[str]:
    return [link for link in Page(page).links if link.startswith("mailto:")]


def test_a_link_opens_a_mail_whose_subject_and_text_carry_one_code_of_this_finding_and_reader():
    reason = DIGEST.flags.cards[0].reasons[0]
    link = next(link for link in mailto(KEY.signed(RENDERED.html, READER)) if f"{reason.key}-BP-" in link)
    parts = urlsplit(link)
    asked = parse_qs(parts.query)
    assert parts.path == "pantau@arunika.example"
    (code,) = codes_in(f"{asked['subject'][0]}\n{asked['body'][0]}")
    assert code.finding_key == reason.key
    assert code.action == "dismiss"
    assert KEY.flaw(code, READER, sample.NIGHT.date(), 30) is None
    assert asked["subject"][0].startswith("Bukan pelanggaran [")
    assert "\r\nCatatan:" in asked["body"][0]


def test_links_are_percent_encoded_and_shorter_than_any_mail_program_cuts():
    links = mailto(RENDERED.html)
    assert len(links) > 30
    for link in links:
        assert len(link) < LONGEST_LINK_CHARS
        assert link.isascii()
        assert not set(link) & set(" []\r\n\"<>'")
        assert "%0D%0A" in link
        assert "%20" in link
        assert "+" not in link


def test_every_link_of_the_page_stands_on_its_own_in_the_text_and_the_page_stays_within_its_budget():
    assert set(mailto(RENDERED.html)) <= set(RENDERED.text.split())
    assert RENDERED.html_bytes <= 90 * 1024
    assert not RENDERED.hidden_findings
    assert not lint.html_problems(RENDERED.html)


def test_cards_and_open_matters_offer_three_answers_quiet_accounts_two_and_a_recorded_decision_its_undo():
    texts = [link.action for link in DIGEST.open_rows.rows[0].links]
    assert texts == ["dismiss", "followed_up", "answer"]
    assert [link.action for link in DIGEST.quiet.rows[0].links] == ["followed_up", "answer"]
    assert [link.action for entry in DIGEST.decisions.entries for link in entry.links] == ["undo", "undo"]


def test_what_is_kept_for_the_archive_has_no_link_and_no_reader_gets_an_unsigned_one():
    assert "mailto:" not in RENDERED.page + RENDERED.plain
    for text in (RENDERED.html, RENDERED.text):
        assert f"-{UNSIGNED}" in text
        assert f"-{UNSIGNED}" not in KEY.signed(text, READER)


def test_without_a_mailbox_that_is_read_there_are_no_links():
    assert "mailto:" not in golden.rendered("rich").html + golden.rendered("rich").text


def test_quoting_a_whole_digest_names_no_code():
    text = KEY.signed(RENDERED.text, READER)
    assert codes_in(text) == ()
    assert codes_in("\n".join(f"> {line}" for line in text.splitlines())) == ()


def test_mails_that_were_not_understood_and_mails_that_came_back_are_listed_with_the_reason():
    letters = (
        Letter(
            letter_id="1",
            outcome="refused",
            sender="staf@arunika.example",
            subject="Bukan pelanggaran\u202e <b>",
            sent_at=sample.NIGHT - timedelta(hours=3),
            reason="kodenya milik penerima lain",
        ),
        Letter(letter_id="2", outcome="bounce", sender="camat@arunika.example", reason="kotak surat penuh (5.2.2)"),
        Letter(letter_id="3", outcome="auto", sender="cuti@arunika.example"),
    )
    result = Renderer().render(build(msgspec.structs.replace(INPUT, letters=letters)), DigestSettings())
    for text in (Page(result.html).text, flat(result.text)):
        assert "kodenya milik penerima lain" in text
        assert "camat@arunika.example" in text
        assert "cuti@arunika.example" not in text
        assert "\u202e" not in text


def test_however_many_strangers_write_a_mail_that_came_back_and_a_readers_refused_answer_are_listed():
    strangers = [
        Letter(
            letter_id=f"{n}", outcome="quarantine", sender=f"a{n}@luar.example", reason="pengirimnya tidak terdaftar"
        )
        for n in range(200)
    ]
    bounce = Letter(letter_id="b", outcome="bounce", sender="zulfa@arunika.example", reason="kotak surat penuh (5.2.2)")
    refused = Letter(letter_id="r", outcome="refused", sender="yanto@arunika.example", reason="kodenya kedaluwarsa")
    night = msgspec.structs.replace(INPUT, letters=(*strangers, refused, bounce))
    text = flat(Renderer().render(build(night), DigestSettings()).text)
    assert "Surel kembali: zulfa@arunika.example" in text
    assert "yanto@arunika.example: surel: kodenya kedaluwarsa" in text
    assert "182 surel lagi" in text


def test_a_closed_mailbox_is_said_before_anything_else_with_since_when():
    down = MailboxDown(problem="Server IMAP tidak dapat dihubungi.", since=sample.NIGHT - timedelta(days=2))
    digest = build(msgspec.structs.replace(INPUT, mailbox_down=down))
    assert any("belum terbaca sejak 22 Nov 2026" in text for text in digest.warnings)
