"""Whole nights through the command line, a real Postfix and a real Dovecot: what is sent, what comes back, what is made of it."""

import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default

import openpyxl
import pytest

from tests.drawn import picture
from tests.jobs.office import COLUMNS, NIGHT, READERS, ig_accounts, x_accounts
from tests.jobs.test_rerun import RANGE, change_rules
from tests.mail import answers, lint, tools
from tests.mail.hostile_mails import MANGLED, hostile
from tests.mail.postfix import FORGER, GONE, SERVER_NAME, Postfix
from tests.mail.real_office import (
    BUPATI,
    HEAD,
    OPERATOR,
    OWN,
    SECTION,
    RealOffice,
    frozen,
    mailbox,
    put_in,
    put_past_postfix,
    states,
    submission,
    untraced,
)
from tests.servers.base import Reply, Request
from tests.servers.instagram_server import InstagramServer
from tests.servers.x_server import XServer

SEKDA, PROTOKOL, KOMINFO = READERS
NOBODY = "tidakada@kantor.example"
LUXURY, INSULT, SPAM = "Jam tangan", "goblok", "SLOT GACOR"
DAY = timedelta(days=1)
MORNING = NIGHT + timedelta(hours=10)
SETTINGS = f"""
[[mail.reader]]
address = "{BUPATI}"
edition = "regent"
[[mail.reader]]
address = "{SECTION}"
editions = ["staff", "unit"]
unit = "OPD-01"
[[mail.reader]]
address = "{OPERATOR}"
edition = "operator"
[[mail.reader]]
address = "{GONE}"
[[mail.reader]]
address = "{NOBODY}"
[[mail.reader]]
address = "{FORGER}"
[digest]
heads = "nightly"
[pictures]
private_hosts = ["localhost"]
thumbnail_hosts = {{ instagram = ["localhost"] }}
"""

pytestmark = pytest.mark.timeout(900)  # the first test waits for the whole story


@dataclass
class Story:
    """Three nights. Before the second, people and enemies write; the corpus lies before the last good mail."""

    office: RealOffice
    postfix: Postfix
    first: dict[str, bytes] = field(default_factory=dict)
    """Mails of the first night as frozen, by Message-ID."""
    arrived: dict[str, list[bytes]] = field(default_factory=dict)
    """Mailboxes after the first night."""
    ids: dict[str, str] = field(default_factory=dict)
    corpus: dict[str, bytes] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)
    """Our own inbox before the second night."""
    folders: list[dict[str, list[bytes]]] = field(default_factory=list)
    """Our own mailbox after each night."""
    fetched: list[int] = field(default_factory=list)
    """Mails that each night asked Dovecot for, whole or their headers."""
    last: dict[str, bytes] = field(default_factory=dict)

    def wire(self, edition: str, recipient: str) -> bytes:
        """One mail of the first night."""
        with sqlite3.connect(self.office.folder / "data" / "pantau.db") as base:
            query = "select wire from mails where edition = ? and recipient = ? and run_id = 'n-20261120'"
            return bytes(base.execute(query, (edition, recipient)).fetchone()[0])

    def digest(self, reader: str, day: str) -> bytes:
        """What the reader got that night."""
        return next(raw for raw in self.postfix.dovecot.raw(reader) if f"Ringkasan {day}".encode() in raw)

    def night(self, number: int) -> None:
        """Run one, wait until Postfix has nothing left to hand over, and see what is where."""
        log = self.postfix.dovecot.folder / "dovecot.log"
        before = len(log.read_text())
        self.office.x.now = lambda: NIGHT + (number + 1) * DAY
        done = self.office.night(NIGHT + number * DAY)
        self.errors.append(f"exit {done.returncode}\n{done.stderr}")
        counts = re.findall(r"imap\(pantau@[^\n]* hdr_count=(\d+) [^\n]*body_count=(\d+)", log.read_text()[before:])
        self.fetched.append(sum(int(heads) + int(bodies) for heads, bodies in counts))
        self.postfix.wait_until_idle()
        self.folders.append({name: self.postfix.dovecot.raw(OWN, name) for name in ("INBOX", "Diproses")})

    def answer(self, name: str, raw: bytes, sender: str) -> None:
        """A mail of a person, by way of Postfix."""
        self.ids[name] = str(message_from_bytes(raw)["Message-ID"])
        put_in(self.postfix, raw, sender)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the store holds."""
        with sqlite3.connect(self.office.folder / "data" / "pantau.db") as base:
            return base.execute(query).fetchall()

    def outcomes(self) -> dict[str, str]:
        """What became of each letter, by Message-ID."""
        return {
            json.loads(body).get("message_id", ""): outcome
            for outcome, body in self.rows("select outcome, body from letters")
        }  # type: ignore[arg-type]


class PicturedInstagram(InstagramServer):
    """Its posts show a picture that can be fetched: from itself, since the office's proxy is this server."""

    def route(self, request: Request) -> Reply:
        if request.path == "/drawn.png":
            return Reply(200, picture("jam tangan"), {"content-type": "image/png"})
        reply = super().route(request)
        return replace(
            reply, body=re.sub(rb"https://media\.invalid/[^\"]*\.jpg", b"https://localhost/drawn.png", reply.body)
        )


def give_the_head_a_unit(office: RealOffice) -> None:
    path = office.folder / "accounts.csv"
    lines = path.read_text("utf-8").splitlines()
    cells = lines[2].split(",")
    cells[COLUMNS.index("head_email")] = HEAD
    lines[2] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_back(story: Story) -> None:
    """What arrives by day: people first, then the corpus, and behind it one more good mail."""
    staff = {reader: story.wire("staff", reader) for reader in READERS}
    good = answers.link_in(staff[SEKDA], "BP", LUXURY)
    story.answer("gmail", answers.gmail(SEKDA, good, "Foto lama.", staff[SEKDA], "<g1@mail.example>", MORNING), SEKDA)
    reply = answers.link_in(staff[KOMINFO], "HJ", INSULT)
    words = "Sudah kami hapus dan minta maaf – tidak terulang."
    story.answer("outlook", answers.outlook(KOMINFO, reply, words, "<o1@kantor.example>", MORNING), KOMINFO)
    borrowed = answers.link_in(staff[SEKDA], "BP", SPAM)
    story.answer("forwarded", answers.gmail(PROTOKOL, borrowed, "", staff[SEKDA], "<f1@x.example>", MORNING), PROTOKOL)
    stolen = answers.link_in(story.wire("staff", FORGER), "BP", SPAM)
    story.answer(
        "forged",
        answers.forged(
            FORGER, stolen, "<p1@gmail.example>", MORNING, [f"{SERVER_NAME}; dmarc=pass header.from=gmail.example"]
        ),
        FORGER,
    )
    story.corpus = hostile(answers.code_in(borrowed), SEKDA, "<q1@kantor.example>")
    for raw in story.corpus.values():
        put_past_postfix(story.postfix.dovecot, raw)
    last = answers.link_in(staff[PROTOKOL], "TL", SPAM)
    story.answer(
        "behind", answers.quoted_printable(PROTOKOL, last, "Sudah ditegur.", "<q1@kantor.example>", MORNING), PROTOKOL
    )
    story.postfix.wait_until_idle()
    story.waiting = story.postfix.dovecot.raw(OWN)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, postfix: Postfix) -> Iterator[Story]:
    at_night = NIGHT + timedelta(hours=1)
    with (
        XServer(x_accounts(), now=lambda: at_night) as x,
        PicturedInstagram(ig_accounts()) as instagram,
    ):
        office = RealOffice(
            tmp_path_factory.mktemp("kantor"), x, instagram, submission(postfix), mailbox(postfix.dovecot)
        )  # type: ignore[arg-type]
        office.settings_tail = SETTINGS
        office.write()
        give_the_head_a_unit(office)
        told = Story(office, postfix)
        told.night(0)
        told.first = frozen(office)
        told.arrived = {user: postfix.dovecot.raw(user) for user in postfix.dovecot.users}
        write_back(told)
        told.night(1)
        told.night(2)
        change_rules(office)
        give_the_head_a_unit(office)
        corrected = office.run("rerun", *RANGE, "--send")
        told.errors.append(f"exit {corrected.returncode}\n{corrected.stderr}")
        postfix.wait_until_idle()
        told.last = frozen(office)
        yield told
        postfix.dovecot.forget_mails()


def test_nothing_crashes_on_the_way(story: Story) -> None:
    assert not any("Traceback" in said for said in story.errors)
    assert [said.split("\n")[0] for said in story.errors] == [
        *["exit 3"] * 3,
        "exit 0",
    ]  # two readers cannot be reached


def test_every_kind_of_mail_lies_in_its_mailbox_as_it_was_frozen(story: Story) -> None:
    wanted = dict.fromkeys((*READERS, BUPATI, HEAD), 1) | {SECTION: 2}
    by_id = {message_id: bytes(wire) for message_id, wire in story.first.items()}
    for reader, count in wanted.items():
        assert len(story.arrived[reader]) == count, reader
        for raw in story.arrived[reader]:
            mail = message_from_bytes(raw, policy=default)
            assert untraced(raw) == by_id[str(mail["Message-ID"])]
    (told,) = story.arrived[OPERATOR]
    assert "tidak sampai ke semua penerima" in answers.text_of(told)
    sent = {key: state for key, state in states(story.office).items() if key[0] == "staff"}
    assert (sent["staff", NOBODY], sent["staff", FORGER]) == ("failed", "failed")


def all_mails(story: Story) -> list[bytes]:
    """Every mail that was ever frozen, and those to the operator, which are sent without an outbox."""
    told = [untraced(raw) for raw in story.postfix.dovecot.raw(OPERATOR)]
    return [*(bytes(wire) for wire in story.last.values()), *told]


def test_no_mail_of_any_kind_has_a_fault(story: Story) -> None:
    mails = all_mails(story)
    kinds = Counter(str(message_from_bytes(raw, policy=default)["Subject"]).split()[0] for raw in mails)
    assert len(mails) > 30, kinds
    assert any(key.startswith("Koreksi") for key in kinds), kinds
    found = {}
    for raw in mails:
        if faults := lint.faults(raw):
            found[str(message_from_bytes(raw, policy=default)["Subject"])] = faults
    assert found == {}


def test_no_two_mails_share_a_message_id(story: Story) -> None:
    ids = Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in all_mails(story))
    assert [message_id for message_id, times in ids.items() if times > 1] == []


def test_a_correction_belongs_to_the_digest_that_it_corrects(story: Story) -> None:
    mails = [message_from_bytes(bytes(wire), policy=default) for wire in story.last.values()]
    corrections = [mail for mail in mails if str(mail["Subject"]).startswith("Koreksi")]
    assert corrections
    for mail in corrections:
        (about,) = [other for other in mails if other["Message-ID"] == mail["In-Reply-To"]]
        assert about["To"] == mail["To"]
    assert not any(mail["References"] for mail in mails if mail not in corrections)


def parts(raw: bytes) -> list[EmailMessage]:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return [part for part in mail.walk() if isinstance(part, EmailMessage)]


def test_attachments_open_and_pictures_are_pictures(story: Story) -> None:
    (raw,) = story.arrived[SEKDA]
    by_type = {part.get_content_type(): part for part in parts(raw) if not part.is_multipart()}
    sheet = by_type["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    book = openpyxl.load_workbook(io.BytesIO(sheet.get_content()))
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row]
    assert any(INSULT in cell for cell in cells)
    printed = by_type["application/pdf"].get_content()
    words = tools.output([tools.command("pdftotext"), "-", "-"], printed)
    assert INSULT in words
    assert [part.get_content_type() for part in parts(raw) if part["Content-ID"]].count("image/jpeg") == 1


def test_people_decide_whatever_their_program_made_of_the_link(story: Story) -> None:
    decided = set(story.rows("select action, decided_by, note from decisions"))
    assert decided == {
        ("dismiss", SEKDA, "Foto lama."),
        ("answer", KOMINFO, "Sudah kami hapus dan minta maaf – tidak terulang."),
        ("followed_up", PROTOKOL, decided_note(decided, PROTOKOL)),
    }
    assert "Sudah ditegur." in decided_note(decided, PROTOKOL)
    processed = [message_id(raw) for raw in story.folders[1]["Diproses"]]
    for name in ("gmail", "outlook", "behind"):
        assert story.ids[name] in processed, name


def message_id(raw: bytes) -> str:
    """From the headers alone: some mails of the corpus are not for parsing."""
    return str(BytesHeaderParser().parsebytes(raw.partition(b"\r\n\r\n")[0])["Message-ID"])


def decided_note(decided: set[tuple[object, ...]], who: str) -> str:
    return next(str(note) for _, by, note in decided if by == who)


def test_a_borrowed_code_and_a_verdict_that_the_sender_wrote_give_nobody_a_vote(story: Story) -> None:
    outcomes = story.outcomes()
    assert outcomes[story.ids["forwarded"]] == "refused"
    assert outcomes[story.ids["forged"]] == "quarantine"
    stamped = next(raw for raw in story.folders[1]["INBOX"] if story.ids["forged"].encode() in raw)
    ours, theirs = message_from_bytes(stamped).get_all("Authentication-Results", [])
    assert ("dmarc=fail" in ours, "dmarc=pass" in theirs) == (True, True)
    inbox = [message_id(raw) for raw in story.folders[1]["INBOX"]]
    assert {story.ids["forwarded"], story.ids["forged"]} <= set(inbox)


def test_a_bounce_that_postfix_wrote_marks_its_reader_and_is_said(story: Story) -> None:
    bounces = [json.loads(str(body)) for _, body in story.rows("select outcome, body from letters") if _ == "bounce"]
    assert {bounce["sender"] for bounce in bounces} == {GONE}
    assert "5.1.1" in bounces[0]["reason"]
    first = story.rows(f"select state from mails where run_id = 'n-20261120' and recipient = '{GONE}'")
    assert first == [("failed",)]
    second = story.digest(SEKDA, "21 Nov 2026")
    assert f"Surel kembali: {GONE}" in " ".join(answers.text_of(second).split())


def test_no_mail_of_the_corpus_decides_anything_and_none_is_lost(story: Story) -> None:
    assert Counter(outcome for (outcome,) in story.rows("select outcome from letters"))["decision"] == 3
    assert len(story.corpus) > MANGLED + 35
    assert len(story.waiting) == len(story.folders[0]["INBOX"]) + len(story.ids) + len(story.corpus)
    assert Counter(story.waiting) - Counter(story.folders[1]["INBOX"] + story.folders[1]["Diproses"]) == Counter()


def test_what_was_not_understood_is_listed_with_harmless_words(story: Story) -> None:
    second = story.digest(SEKDA, "21 Nov 2026")
    text = answers.text_of(second)
    listed = text[text.index("SUREL YANG TIDAK DIPAHAMI") :]
    assert PROTOKOL in listed
    assert FORGER in listed
    assert "\u202e" not in listed
    page = message_from_bytes(second, policy=default).get_body(("html",))  # type: ignore[attr-defined]
    assert "<script" not in page.get_content()


def test_the_third_night_asks_only_for_what_is_new(story: Story) -> None:
    stayed = Counter(story.waiting) & Counter(story.folders[1]["INBOX"])
    assert stayed.total() > 40
    new = Counter(story.folders[1]["INBOX"]) - stayed
    assert new.total() < 15
    assert (
        story.fetched[2] <= 4 * new.total() < stayed.total()
    )  # Dovecot counts headers, the whole, and reading for a move
    assert stayed - Counter(story.folders[2]["INBOX"]) == Counter()
