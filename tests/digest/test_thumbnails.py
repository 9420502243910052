"""Small pictures beside findings: in the HTML of the mail and nowhere else, readable without them, never too many bytes."""

import base64
import re
from email import message_from_bytes
from email.policy import default

import msgspec
import pytest

from pantau.core.pictures import Thumbnail
from pantau.core.settings import DigestSettings
from pantau.digest import budget, lint
from pantau.digest.build import build
from pantau.digest.model import Digest, DigestInput
from pantau.digest.render import Rendered, Renderer
from tests.digest import golden, sample
from tests.digest.pages import Page

PAGE = golden.rendered("rich")
NOISE = bytes(range(256)) * 60
"""15 KB: the largest that a small picture may be."""


def drawn(data: DigestInput) -> Rendered:
    return Renderer().render(build(data), DigestSettings())


def images(html: str) -> list[dict[str, str]]:
    return [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<img [^>]*>", html)]


def many(count: int, size: int, words: int = 0) -> Digest:
    """A digest of ``count`` flags, each with a picture of its own of ``size`` bytes."""
    whole = build(sample.rich())
    card = next(card for card in whole.flags.cards if card.picture)
    assert card.picture
    cards = []
    for n in range(count):
        data = (f"{n:04}".encode() + NOISE)[:size]
        excerpts = tuple(msgspec.structs.replace(e, pieces=e.pieces * (1 + words)) for e in card.excerpts)
        picture = msgspec.structs.replace(card.picture, data=data)
        cards.append(msgspec.structs.replace(card, place=f"x:{n}", picture=picture, excerpts=excerpts))
    return msgspec.structs.replace(whole, flags=msgspec.structs.replace(whole.flags, cards=tuple(cards)))


def test_a_picture_has_its_size_and_says_in_words_whose_it_is() -> None:
    first, second = images(PAGE.html)[:2]
    assert (first["width"], first["height"]) == ("120", "80")
    assert (second["width"], second["height"]) == ("67", "120")
    assert first["alt"] == "gambar unggahan Dinas Kesehatan"
    assert all(
        image["src"] == f"cid:{picture.cid}" for image, picture in zip(images(PAGE.html), PAGE.pictures, strict=True)
    )


def test_without_pictures_the_mail_says_the_same() -> None:
    without = drawn(msgspec.structs.replace(sample.rich(), thumbnails={}))
    assert Page(without.html).text == Page(PAGE.html).text
    assert without.text == PAGE.text
    assert without.whatsapp == PAGE.whatsapp
    assert [image["alt"][:7] for image in images(without.html)] == ["Grafik "]


def test_the_picture_of_a_post_with_personal_data_is_not_shown() -> None:
    assert sample.DATA.key in sample.rich().thumbnails
    assert [image["alt"][:7] for image in images(PAGE.html)] == ["gambar ", "gambar ", "Grafik "]


def test_the_mail_carries_each_picture_once_inside_its_page_and_only_there() -> None:
    wire = golden.mail(PAGE)
    assert lint.problems(wire) == ()
    message = message_from_bytes(wire, policy=default)
    parts = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in parts] == [f"<{picture.cid}>" for picture in PAGE.pictures]
    assert {part.get_content_disposition() for part in parts} == {"inline"}
    related = next(part for part in message.walk() if part.get_content_type() == "multipart/related")
    assert related.get_param("type") == "text/html"
    assert wire == golden.mail(drawn(sample.rich()))


def test_a_picture_that_does_not_go_along_is_noticed_before_sending() -> None:
    plain = golden.mail(PAGE, html=PAGE.html)
    assert "tidak lolos pemeriksaan" in message_from_bytes(plain, policy=default).get_content()


def test_the_page_for_a_browser_holds_the_same_pictures() -> None:
    found = [base64.b64decode(image["src"].partition(",")[2]) for image in images(PAGE.page)]
    assert found == [picture.data for picture in PAGE.pictures]
    assert "cid:" not in PAGE.page


def test_a_stored_digest_gives_its_pictures_again() -> None:
    digest = build(sample.rich())
    again = msgspec.json.decode(msgspec.json.encode(digest), type=Digest)
    assert Renderer().render(again, DigestSettings()).page == PAGE.page


@pytest.mark.parametrize("words", [0, 10])
def test_a_mail_with_every_picture_at_its_largest_stays_below_one_megabyte(words: int) -> None:
    page = Renderer().render(many(60, 15 * 1024, words), DigestSettings())
    wire = golden.mail(page)
    assert len(wire) < 1_000_000
    assert lint.problems(wire) == ()
    assert 0 < len(page.pictures) <= DigestSettings().max_findings


def test_where_room_is_short_the_worst_findings_keep_their_pictures() -> None:
    shown = budget.within_mail(many(10, 10_000), budget.MAIL_BYTES - 30_000)
    assert [card.picture is not None for card in shown.flags.cards] == [True, True] + [False] * 8
    assert budget.within_mail(many(3, 10_000), budget.MAIL_BYTES + 1).flags.cards[0].picture is None


def test_a_thumbnail_of_a_post_without_a_card_changes_nothing() -> None:
    data = sample.rich()
    more = msgspec.structs.replace(data, thumbnails=data.thumbnails | {"x:0": Thumbnail(b"x", 1, 1)})
    assert drawn(more) == PAGE
