"""A mail that a server finds too large goes again with less in it: no word, number or link is lost on the way."""

import email
import email.policy
from email.message import EmailMessage

import msgspec
import pytest

from jobs.attaching import prepare
from pantau.core.settings import DigestSettings, Settings
from pantau.digest import lint
from pantau.digest.build import build
from pantau.digest.lighter import STEPS, lighter
from pantau.digest.mime import Attachment, build_message
from pantau.digest.render import Renderer
from tests.digest import golden, hostile
from tests.digest.pages import Page, flat

TOLD = dict(zip(STEPS, ("PDF", "PDF dan XLSX", "PDF, XLSX dan gambar"), strict=True))
PAGE = golden.rendered("rich")
DOCUMENTS = (
    Attachment("pantau-n-1.xlsx", "xlsx", b"PK" + bytes(range(256)) * 40),
    Attachment("pantau-n-1.pdf", "pdf", b"%PDF-" + bytes(range(256)) * 400),
)


def mail(page=PAGE, documents=DOCUMENTS) -> bytes:
    return build_message(
        html=page.html,
        text=page.text,
        subject=page.subject,
        sender=("Pantau Kabupaten Arunika", "pantau@arunika.example"),
        reader=("Sekretaris Daerah, Bloré", "sekda@arunika.example"),
        message_id="<d.n-1.0011223344556677@arunika.example>",
        date=golden.sample.NIGHT,
        reply_to="pantau@arunika.example",
        list_id=("Kabupaten Arunika", "pantau.arunika.example"),
        references=("<a@arunika.example>", "<b@arunika.example>"),
        pictures=page.pictures,
        attachments=documents,
    )


def parsed(wire: bytes) -> EmailMessage:
    return email.message_from_bytes(wire, policy=email.policy.default)  # type: ignore[return-value]


def holds(wire: bytes) -> list[str]:
    return [part.get_content_subtype() for part in parsed(wire).walk() if not part.is_multipart()]


def test_documents_go_first_and_pictures_last() -> None:
    wire = mail()
    sheet = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    kinds = [holds(light) for step in STEPS if (light := lighter(wire, step, "n-1"))]
    assert [("pdf" in kind, sheet in kind, "jpeg" in kind) for kind in kinds] == [
        (False, True, True),
        (False, False, True),
        (False, False, False),
    ]
    sizes = [len(wire), *(len(lighter(wire, step, "n-1") or b"") for step in STEPS)]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_a_lighter_mail_is_sound_has_the_same_headers_and_says_on_top_what_is_missing(step) -> None:
    wire = mail()
    light = lighter(wire, step, "n-1")
    assert light is not None
    assert lint.problems(light) == ()
    before, after = parsed(wire), parsed(light)
    own = ("Content-Type", "MIME-Version")
    assert {k: str(v) for k, v in after.items() if k not in own} == {
        k: str(v) for k, v in before.items() if k not in own
    }
    text, html = (after.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (flat(text), Page(html).text):
        assert f"Server surel menolak ukuran surel ini, jadi dikirim tanpa {TOLD[step]}. Dokumennya" in part
        assert flat(text).endswith(flat(PAGE.text))
    assert set(Page(PAGE.html).links) <= set(Page(html).links)
    assert set(Page(PAGE.html).text.split()) <= set(Page(html).text.split())
    for picture in PAGE.pictures:
        assert (picture.alt in Page(html).text) == ("gambar" in step)


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_a_lighter_mail_does_not_speak_of_documents_that_it_no_longer_brings(step) -> None:
    settings = Settings()
    page = prepare(settings, Renderer(), build(golden.sample.rich()), ("xlsx", "pdf")).rendered
    whole = mail(page)
    for part in bodies(whole):
        assert "Lampiran. XLSX memuat semuanya" in part
        assert "PDF siap cetak." in part
    light = lighter(whole, step, "n-1")
    assert light is not None
    assert lint.problems(light) == ()
    for part in bodies(light):
        assert "siap cetak" not in part
        assert ("Lampiran. XLSX memuat semuanya" in part) == ("xlsx" not in step)
        assert "Lampiran." in part or "xlsx" in step
        assert "di lampiran XLSX" not in part or "xlsx" not in step
    text = parsed(light).get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    assert "\n\nDikirim kepada" in text, "what stands behind it stays a paragraph of its own"


def bodies(wire: bytes) -> tuple[str, str]:
    """The words of both parts."""
    text, html = (parsed(wire).get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    return flat(text), Page(html).text


def test_a_mail_that_holds_nothing_of_the_kind_has_no_lighter_form() -> None:
    bare = mail(documents=())
    assert lighter(bare, ("pdf",), "n-1") is None
    assert lighter(bare, ("pdf", "xlsx", "gambar"), "n-1") is not None
    plain = msgspec.structs.replace(PAGE, html="", pictures=())
    assert all(lighter(mail(plain, ()), step, "n-1") is None for step in STEPS)


@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_words_in_place_of_pictures_stay_words(text: str) -> None:
    page = Renderer().render(build(hostile.night_of(text)), DigestSettings())
    light = lighter(mail(page), STEPS[-1], "n-1")
    assert light is not None
    assert lint.problems(light) == ()
    html = parsed(light).get_body(("html",)).get_content()
    assert "cid:" not in html
    shown = Page(html)
    assert (shown.unbalanced, shown.open) == ([], [])
    assert set(shown.tags) <= set(Page(PAGE.html).tags)
