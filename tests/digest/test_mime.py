import email
import email.policy
import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.digest import lint
from pantau.digest.mime import Composed, compose, message_id
from tests.digest import golden, sample

PAGE = golden.rendered("rich")
WIRE = golden.mail(PAGE)
DATE = datetime(2026, 11, 24, 20, 7, tzinfo=timezone(timedelta(hours=7)))
REFERENCE = "<d.n-20261123.0011223344556677@arunika.example>"


def parsed(wire: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(wire, policy=email.policy.default)  # type: ignore[return-value]


def composed(**fields: object) -> Composed:
    plain: dict[str, object] = {
        "html": "<html><head><title>a</title></head><body><p>isi</p></body></html>",
        "text": "isi\n",
        "subject": "Ringkasan",
        "sender": ("Pantau", "pantau@arunika.example"),
        "reader": ("Sekda", "sekda@arunika.example"),
        "message_id": message_id("n-1", "sekda@arunika.example", "arunika.example"),
        "date": DATE,
        "reply_to": "pantau@arunika.example",
        "list_id": ("Kabupaten Arunika", "pantau.arunika.example"),
    }
    return compose(**(plain | fields))  # type: ignore[arg-type]


def test_the_mail_parses_back_without_a_defect_and_gives_both_parts_again():
    assert lint.problems(WIRE) == ()
    message = parsed(WIRE)
    assert message.get_content_type() == "multipart/alternative"
    text, page = message.iter_parts()
    html, *pictures = page.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == PAGE.text
    assert html.get_content().replace("\r\n", "\n") == PAGE.html
    assert [part.get_content() for part in pictures] == [picture.data for picture in PAGE.pictures]
    assert [part["Content-Transfer-Encoding"] for part in (text, html)] == ["quoted-printable"] * 2


def test_the_wire_is_seven_bit_with_short_lines_ending_in_crlf():
    assert WIRE.isascii()
    assert all(len(row) <= 78 for row in WIRE.split(b"\r\n"))
    assert b"\n" not in WIRE.replace(b"\r\n", b"")


def test_every_header_of_the_rules_is_there_once():
    message = parsed(WIRE)
    names = [name.lower() for name in message]
    assert len(names) == len(set(names))
    assert message["Subject"] == PAGE.subject
    assert message["Date"] == "Tue, 24 Nov 2026 20:07:00 +0700"
    assert message["To"].addresses[0].addr_spec == "sekda@arunika.example"
    assert message["Reply-To"] == "pantau@arunika.example"
    assert message["List-Id"] == '"Kabupaten Arunika" <pantau.arunika.example>'
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Content-Language"] == "id"
    assert message["References"] is None


def test_the_same_input_gives_the_same_bytes():
    assert golden.mail(PAGE) == WIRE


def test_the_message_id_depends_on_run_reader_and_kind_only():
    one = message_id("n-20261124", "Sekda@Arunika.example ", "arunika.example")
    assert re.fullmatch(r"<d\.n-20261124\.[0-9a-f]{16}@arunika\.example>", one)
    assert one == message_id("n-20261124", "sekda@arunika.example", "arunika.example")
    others = {
        message_id("n-20261125", "sekda@arunika.example", "arunika.example"),
        message_id("n-20261124", "bupati@arunika.example", "arunika.example"),
        message_id("n-20261124", "sekda@arunika.example", "arunika.example", kind="k"),
    }
    assert len(others | {one}) == 4
    assert "sekda" not in one


@given(st.text(max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_a_message_id_is_well_formed_whatever_goes_in(run_id, recipient, domain):
    assert re.fullmatch(r"<[A-Za-z0-9.\-]+@[A-Za-z0-9.\-]+>", message_id(run_id, recipient, domain))


def test_a_correction_refers_to_the_mail_that_it_corrects():
    message = parsed(composed(references=(REFERENCE,)).wire)
    assert message["In-Reply-To"] == REFERENCE
    assert message["References"] == REFERENCE


def test_many_references_survive_folding_unchanged():
    many = tuple(f"<d.n-202611{n:02d}.0011223344556677@{'surat' * 10}.arunika.example>" for n in range(1, 20))
    wire = composed(references=many).wire
    assert lint.problems(wire) == ()
    assert parsed(wire)["References"].split() == list(many)


@settings(max_examples=40)
@given(st.text(alphabet=st.characters(), max_size=120), st.text(alphabet=st.characters(), max_size=80))
def test_no_text_in_a_header_can_add_another_header(subject, name):
    wire = composed(
        subject=f"{subject}\r\nBcc: korban@x.example", sender=(name, "pantau@arunika.example"), list_id=(name, "p.x")
    ).wire
    message = parsed(wire)
    assert message["Bcc"] is None
    assert sorted(key.lower() for key in message) == sorted(key.lower() for key in parsed(composed().wire))
    assert lint.problems(wire) == ()


@settings(max_examples=40)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=400))
def test_any_text_arrives_and_stays_seven_bit(text):
    wire = composed(text=f"awal {text} akhir\n").wire
    assert wire.isascii()
    body = parsed(wire).get_body(preferencelist=("plain",))
    assert body is not None
    assert body.get_content().startswith("awal ")
    assert lint.problems(wire) == ()


@pytest.mark.parametrize("address", ["", "bukan alamat", "a@b, c@d", "a@b\r\nBcc: c@d", "Bloré@x.example", "<a@b>"])
def test_an_address_that_is_none_is_refused_with_a_remedy(address):
    with pytest.raises(ValueError, match="Perbaiki pada bagian"):
        composed(reader=("", address))


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="tanpa zona"):
        composed(date=datetime(2026, 11, 24))


def test_a_plain_mail_has_one_part():
    message = parsed(composed(html="").wire)
    assert message.get_content_type() == "text/plain"
    assert message["Content-Language"] == "id"


def test_a_page_that_fails_the_checks_goes_out_as_text_that_says_so():
    result = composed(html="<html><body><script>alert(1)</script></body></html>")
    assert result.problems == ("unsur terlarang: script",)
    message = parsed(result.wire)
    assert message.get_content_type() == "text/plain"
    assert "tidak lolos pemeriksaan" in message.get_content()
    assert message.get_content().endswith("isi\r\n")
    assert lint.problems(result.wire) == ()


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="javascript:alert(1)">x</a>', "tautan bukan https atau mailto"),
        ('<a href=" https://x.com">x</a>', "tautan bukan https atau mailto"),
        ('<a href="http://x.example">x</a>', "tautan bukan https atau mailto"),
        ('<img src="https://pelacak.example/1.png">', "gambar dari luar: img"),
        ('<p onclick="a()">x</p>', "atribut terlarang: onclick"),
        ('<p style="background:url(https://x.example)">x</p>', "gaya memuat sesuatu dari luar"),
        ("<style>@import 'https://x.example'</style>", "gaya memuat sesuatu dari luar"),
        ('<meta http-equiv="refresh" content="0">', "meta terlarang: refresh"),
        ("<form></form>", "unsur terlarang: form"),
    ],
)
def test_a_page_that_runs_loads_or_misleads_is_caught(html, problem):
    assert problem in lint.html_problems(html)


def test_a_broken_message_is_caught():
    assert "ada bita di luar 7-bit" in lint.problems(WIRE.replace(b"Kabupaten", "Kabupatén".encode(), 1))
    assert "akhir baris bukan CRLF" in lint.problems(WIRE.replace(b"\r\n", b"\n"))
    assert "kepala surel ganda: Subject" in lint.problems(b"Subject: dua\r\n" + WIRE)
    assert "ada baris yang terlalu panjang" in lint.problems(b"X-A: " + b"a" * 1000 + b"\r\n" + WIRE)
    assert any("cacat MIME" in problem for problem in lint.problems(WIRE.replace(b"--=_pantau", b"--=_lain")))


def test_cid_pictures_and_mail_links_are_allowed():
    page = '<img src="cid:a@arunika.example" alt="a"><a href="mailto:p@arunika.example?subject=a">b</a>'
    assert lint.html_problems(page) == []


def test_no_reader_sees_another_readers_address():
    assert b"inspektur" not in golden.mail(PAGE, address="sekda@arunika.example").split(b"\r\n\r\n", 1)[0]
    assert sample.rich().readers[0].encode() in WIRE
