"""Our own mailbox, read night after night: nothing is fetched twice for nothing, and nothing is passed over."""

import time
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from pantau.delivery import mailbox as reading
from pantau.delivery.mailbox import DONE_FOLDER, Mailbox
from pantau.delivery.reconcile import LookupFailedError
from pantau.delivery.review import letter_id
from tests.delivery.bench import OWN, Bench
from tests.servers.imap_server import ImapServer

SINCE = (datetime.now(UTC) - timedelta(days=30)).date()  # the server stamps mails by the real clock


class Clerk:
    """Remembers in memory; understands a mail whose subject says "kode"."""

    def __init__(self) -> None:
        self.marks: dict[str, int] = {}
        self.kept: dict[str, bool] = {}
        self.taken: list[str] = []
        self.troubles: list[str] = []

    def read_until(self, mailbox: str) -> int:
        return self.marks.get(mailbox, 0)

    def keep_mark(self, mailbox: str, uid: int) -> None:
        self.marks[mailbox] = uid

    def seen(self, letter: str) -> bool | None:
        return self.kept.get(letter)

    def take(self, message: Message, trouble: str = "") -> bool:
        self.taken.append(str(message["Subject"]))
        self.troubles += [trouble] if trouble else []
        return self.kept.setdefault(letter_id(message), "kode" in str(message["Subject"]))


class Post:
    """The mailbox and its reader."""

    def __init__(self, bench: Bench, imap: ImapServer) -> None:
        bench.imap(imap)
        assert bench.lookup is not None
        self.imap, self.clerk, self.mailbox, self.number = imap, Clerk(), Mailbox(bench.lookup), 0

    def arrive(self, subject: str) -> None:
        self.number += 1
        raw = (
            f"From: warga@luar.example\r\nSubject: {subject}\r\nMessage-ID: <{self.number}@luar.example>\r\n\r\nisi\r\n"
        )
        self.imap.store.deliver(OWN, raw.encode())

    def read(self) -> list[str]:
        """The subjects that were taken this time."""
        self.clerk.taken.clear()
        self.imap.commands.clear()
        self.mailbox.read(SINCE, self.clerk)
        return list(self.clerk.taken)

    def fetched(self) -> int:
        """Mails that the last reading asked the server for, whole or their headers."""
        return sum(" FETCH " in command for command in self.imap.commands)

    def inbox(self) -> list[str]:
        return [mail.header("Subject") for mail in self.imap.store.folder(OWN)]


@pytest.fixture
def post(bench: Bench, imap: ImapServer) -> Post:
    return Post(bench, imap)


def test_what_was_not_understood_stays_and_is_not_asked_for_again(post: Post) -> None:
    for subject in ("halo", "kode satu", "promo"):
        post.arrive(subject)
    assert post.read() == ["halo", "kode satu", "promo"]
    assert post.inbox() == ["halo", "promo"]
    assert (post.read(), post.fetched()) == ([], 0)
    post.arrive("kode dua")
    assert post.read() == ["kode dua"]
    assert post.fetched() == 2  # headers, then the whole
    assert post.inbox() == ["halo", "promo"]


def test_a_mail_that_is_put_back_into_the_inbox_is_looked_at_again(post: Post) -> None:
    post.arrive("kode satu")
    post.read()
    assert post.inbox() == []
    (moved,) = post.imap.store.folder(OWN, DONE_FOLDER)
    post.imap.store.deliver(OWN, moved.raw)
    post.clerk.kept.clear()
    assert post.read() == ["kode satu"]


def test_a_server_that_numbers_its_mails_anew_is_read_from_the_start(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.arrive("halo")
    post.read()
    post.imap.uid_validity = 2
    post.arrive("kode satu")
    assert post.read() == ["kode satu"]  # "halo" is asked for, and known by its id
    assert post.fetched() == 3
    assert post.inbox() == ["halo"]


def test_a_server_without_numbers_that_last_is_read_whole_every_night(post: Post) -> None:
    post.imap.uid_validity = 0
    post.arrive("halo")
    post.read()
    assert post.read() == []
    assert post.fetched() == 1
    assert post.clerk.marks == {}


def test_what_one_night_has_no_time_for_is_read_the_next(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "NIGHT_MAILS", 2)
    for number in range(5):
        post.arrive(f"halo {number}")
    assert [post.read(), post.read(), post.read(), post.read()] == [
        ["halo 0", "halo 1"],
        ["halo 2", "halo 3"],
        ["halo 4"],
        [],
    ]
    assert post.fetched() == 0


def test_a_reading_that_breaks_off_leaves_no_mark_and_loses_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.arrive("halo")
    post.arrive("kode satu")
    take = post.clerk.take

    def broken(message: Message, trouble: str = "") -> bool:
        if message["Subject"] == "kode satu":
            raise ConnectionResetError
        return take(message, trouble)

    monkeypatch.setattr(post.clerk, "take", broken)
    with pytest.raises(LookupFailedError):
        post.read()
    assert post.clerk.marks == {}
    monkeypatch.undo()
    assert post.read() == ["kode satu"]
    assert post.inbox() == ["halo"]


def nested(depth: int, body: bytes) -> bytes:
    """A mail of parts inside each other, around many short lines."""
    head = b"From: a@luar.example\r\nSubject: sarang\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
    inner = (f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n".encode() for n in range(depth))
    return head + b"".join(inner) + f"--b{depth}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "raw", [nested(300, b"x\r\n" * 300_000), nested(1, b"--b1\r\n\r\n\r\n" * 100_000)], ids=["deep", "wide"]
)
def test_a_mail_made_to_keep_the_parser_busy_is_listed_unread_and_the_next_one_is_read(post: Post, raw: bytes) -> None:
    post.imap.store.deliver(OWN, raw)
    post.arrive("kode satu")
    began = time.process_time()
    assert post.read() == ["sarang", "kode satu"]
    assert time.process_time() - began < 3
    assert post.clerk.troubles == ["susunan suratnya rusak, tidak dapat dibaca"]
    assert post.inbox() == ["sarang"]
