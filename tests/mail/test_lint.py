"""The lint sees what it must see: each fault put into a sound mail is found, and in the sound mail there is none."""

import pytest

from tests.digest import golden
from tests.mail import lint

SOUND = golden.mail(golden.rendered(sorted(golden.NIGHTS)[0]))


def test_a_sound_mail_has_no_fault() -> None:
    assert lint.faults(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Content-Language: id", b"Content-Language: id\r\nContent-Language: id", "header content-language 2 times"),
        (b"Auto-Submitted: auto-generated\r\n", b"", "Auto-Submitted"),
        (b"Message-ID: <", b"Message-ID: <bukan id ", "Message-ID"),
        (b"\r\n--=_pantau_", b"\r\n" + b"x" * 79 + b"\r\n--=_pantau_", "a line of 79 bytes"),
        (b"Subject: ", b"Subject: \xf0\x9f\x9a\xa8", "not 7-bit"),
        (b"+0700", b"+0000", "Date"),
        (b"\r\n\r\n", b"\n\r\n", "a bare line end"),
        (b"quoted-printable\r\n\r\n", b"quoted-printable\r\n\r\n<b>tebal</b> ", "tag in the text"),
        (b"quoted-printable\r\n\r\n", b"base64\r\n\r\n", "defect"),
        (b"multipart/alternative;", b"multipart/alternative; charset=utf-8; charset=latin-1;", "header Content-Type"),
    ],
)
def test_a_fault_is_found(old: bytes, new: bytes, said: str) -> None:
    assert old in SOUND
    found = lint.faults(SOUND.replace(old, new, 1))
    assert any(said.lower() in fault.lower() for fault in found), found


def test_an_unclosed_mail_and_a_picture_that_is_not_shown_are_found() -> None:
    assert any("defect" in fault for fault in lint.faults(SOUND[: len(SOUND) // 2]))
    assert any("mail-parser" in fault for fault in lint.faults(SOUND[: len(SOUND) // 2]))
    stray = SOUND.replace(
        b"Content-Type: text/html", b"Content-ID: <lepas@kantor.example>\r\nContent-Type: text/html", 1
    )
    assert any("carried" in fault for fault in lint.faults(stray))
