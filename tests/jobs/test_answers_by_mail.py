"""Whole nights through the command line: a link is clicked, the next night knows it, says it, and offers to undo it."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.delivery.letters_from import bounce
from tests.jobs.office import NIGHT, READERS, Office, open_office

SEKDA, PROTOKOL, KOMINFO = READERS


def night(office: Office, number: int) -> None:
    office.x.now = lambda: NIGHT + timedelta(days=number + 1)
    done = office.night(NIGHT + timedelta(days=number))
    assert done.returncode in (0, 1), done.stderr


def digest(office: Office, reader: str) -> str:
    """The text of the newest digest in a reader's mailbox."""
    message = message_from_bytes(office.smtp.mails(reader)[-1], policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link(office: Office, reader: str, action: str, words: str) -> str:
    """The first link of that action beside the finding that shows these words."""
    text = digest(office, reader)
    after = text[text.index(words) :]
    return next(word for word in after.split() if word.startswith("mailto:") and f"-{action}-" in unquote(word))


def send(office: Office, sender: str, mailto: str, note: str = "", at: datetime | None = None) -> str:
    """What a mail program does with a link, and the mail server with the mail."""
    parts = urlsplit(mailto)
    asked = parse_qs(parts.query)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = parts.path
    message["Subject"] = asked["subject"][0]
    message["Date"] = format_datetime(at or NIGHT + timedelta(hours=10))
    message["Message-ID"] = f"<{abs(hash((sender, mailto, note)))}@kantor.example>"
    message.set_content(asked["body"][0] + note + "\n")
    context = ssl.create_default_context(cafile=str(office.smtp.certificates.ca_file))  # type: ignore[union-attr]
    with smtplib.SMTP("localhost", office.smtp.port) as client:
        client.starttls(context=context)
        client.login(office.smtp.user, office.smtp.password)
        client.send_message(message)
    return str(message["Message-ID"])


def folder(office: Office, name: str) -> list[str]:
    return office.smtp.store.message_ids(office.imap.address, name)


def plain(text: str) -> str:
    return " ".join(text.split())


def key_of(text: str, words: str) -> str:
    """The key of the finding that shows these words in the first digest; later it is only named by its key."""
    after = text[text.index(words) :]
    return re.search(r"kode ([0-9A-F]{16})", after)[1]  # type: ignore[index]


LUXURY, INSULT, SPAM = "Jam tangan", "goblok", "SLOT GACOR"
GUEST = "tamu@kantor.example"
DAY = timedelta(days=1)


@dataclass
class Story:
    """Five nights; ``texts`` are the digests of one reader. In the third the mailbox is down."""

    office: Office
    texts: list[str]
    ids: dict[str, str]
    folders: list[dict[str, list[str]]]
    guest: str
    status: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with open_office(tmp_path_factory.mktemp("kantor"), apart=False) as office:
        office.settings_tail = f'[[mail.reader]]\naddress = "{GUEST}"\nmay_decide = false\n'
        office.write()
        told = Story(office, [], {}, [], "", "")

        def close(number: int) -> None:
            night(office, number)
            told.texts.append(digest(office, SEKDA))
            told.folders.append({name: folder(office, name) for name in ("INBOX", "Diproses")})

        close(0)
        told.guest = digest(office, GUEST)
        told.ids["dismissed"] = send(
            office, SEKDA, link(office, SEKDA, "BP", LUXURY), "Foto lama, hubungi 081234567890."
        )
        borrowed = link(office, SEKDA, "BP", SPAM)
        told.ids["forwarded"] = send(office, PROTOKOL, borrowed)
        told.ids["outsider"] = send(office, "orang@luar.example", borrowed)
        told.ids["guest"] = send(office, GUEST, borrowed)
        send(office, KOMINFO, link(office, KOMINFO, "HJ", INSULT), "Sudah kami hapus dan minta maaf.")
        about = message_from_bytes(office.smtp.mails(KOMINFO)[0])["Message-ID"]
        office.smtp.store.deliver(office.imap.address, bounce(about, KOMINFO))
        close(1)
        told.status = office.run("status").stdout
        undo = link(office, PROTOKOL, "BT", "Foto lama")
        send(office, PROTOKOL, undo, at=NIGHT + DAY + timedelta(hours=9))
        moved = next(
            mail.raw
            for mail in office.smtp.store.folder(office.imap.address, "Diproses")
            if told.ids["dismissed"].encode() in mail.raw
        )
        office.smtp.store.deliver(
            office.imap.address, moved
        )  # as if the night had been killed before it moved the mail
        office.imap.down = True
        close(2)
        office.imap.down = False
        close(3)
        told.ids["undone again"] = send(office, PROTOKOL, undo, "lagi", at=NIGHT + 3 * DAY + timedelta(hours=9))
        close(4)
        yield told


def test_a_clicked_link_is_echoed_the_next_night_with_what_was_written_and_the_finding_is_closed(story: Story) -> None:
    text = story.texts[1]
    recorded = text[text.index("KEPUTUSAN TERCATAT") :]
    assert f"oleh {SEKDA}" in plain(recorded)
    assert "Foto lama" in plain(recorded)
    assert "081234567890" not in text
    assert LUXURY in story.texts[0]
    assert LUXURY not in text[: text.index("KEPUTUSAN TERCATAT")]
    assert story.ids["dismissed"] in story.folders[1]["Diproses"]


def test_a_borrowed_code_decides_nothing_and_is_listed_once_with_the_reason(story: Story) -> None:
    text = plain(story.texts[1])
    assert key_of(story.texts[0], SPAM) in text
    listed = text[text.index("SUREL YANG TIDAK DIPAHAMI") :]
    assert f"{PROTOKOL}: surel" in listed
    assert "milik penerima lain" in listed
    assert "orang@luar.example" in listed
    assert GUEST in listed
    assert "orang@luar.example" not in story.texts[3]
    for who in ("forwarded", "outsider", "guest"):
        assert story.ids[who] in story.folders[4]["INBOX"]


def test_a_right_of_reply_is_printed_beside_its_finding_from_then_on(story: Story) -> None:
    for text in story.texts[1:]:
        assert "Jawaban unit: “Sudah kami hapus dan minta maaf.”" in plain(text)


def test_a_mail_that_came_back_is_said_in_the_next_digest_and_in_status(story: Story) -> None:
    assert f"Surel kembali: {KOMINFO}" in plain(story.texts[1])
    assert "tidak sampai ke semua penerima" in plain(story.texts[1])
    assert f"Surel kembali: {KOMINFO}" in story.status
    assert "mailbox full" in story.status
    assert "Kotak surat terbaca: 21-11-2026 21:00" in story.status


def test_a_mailbox_that_is_down_stops_no_night_and_its_answers_are_read_later(story: Story) -> None:
    assert "Jawaban lewat surel belum terbaca sejak 21 Nov 2026" in plain(story.texts[2])
    assert "belum terbaca" not in plain(story.texts[3])


def test_an_undo_brings_the_finding_back_and_works_once(story: Story) -> None:
    key = key_of(story.texts[0], LUXURY)
    assert key not in story.texts[2]
    assert f"Kode {key}" in story.texts[3]
    assert PROTOKOL in story.texts[3][story.texts[3].index("KEPUTUSAN TERCATAT") :]
    assert f"Kode {key}" in story.texts[4]
    assert "tidak ada yang dapat dibatalkan" in plain(story.texts[4])
    assert "KEPUTUSAN TERCATAT" not in story.texts[4]


def test_a_mail_that_was_kept_but_not_yet_moved_counts_once_and_is_moved_later(story: Story) -> None:
    shown = story.office.run("review", "list", "--run", "n-20261120").stdout
    key = next(line.split()[0] for line in shown.splitlines() if "luxury" in line)
    assert story.office.run("review", "show", key).stdout.count(" dismiss oleh ") == 1
    assert story.ids["dismissed"] not in story.folders[4]["INBOX"]
    assert story.folders[4]["Diproses"].count(story.ids["dismissed"]) == 2


def test_each_reader_has_codes_of_his_own_one_who_may_not_decide_has_none_and_neither_has_the_archive(
    story: Story,
) -> None:
    key = key_of(story.texts[0], SPAM)
    assert link(story.office, SEKDA, "BP", key) != link(story.office, PROTOKOL, "BP", key)
    assert "mailto:" not in story.guest
    assert "mailto:" not in story.office.run("digest", "show").stdout
    secret = story.office.folder / "data" / "reply-secret"
    assert secret.stat().st_mode & 0o777 == 0o600
