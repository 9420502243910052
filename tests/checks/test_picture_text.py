"""Words on pictures keep picture, line, box and score; what was read with doubt alone never flags."""

import pytest

from pantau.checks.picture_text import joined, locate, placed, same_words
from pantau.core.model import Evidence, Finding
from pantau.core.pictures import PictureLine, PictureSpot, PostPicture

LINES = (
    PictureLine("TAS HERMES ASLI", 0.97, (10, 20, 300, 60)),
    PictureLine("HARGA 180 JUTA", 0.55, (10, 80, 300, 120)),
)
SECOND = (PictureLine("Jadwal posyandu", 0.9, (0, 0, 50, 20)),)
TEXT = "TAS HERMES ASLI\nHARGA 180 JUTA\n\nJadwal posyandu"
PICTURES = (
    PostPicture(n=1, state="read", sha256="a", lines=LINES, start=0),
    PostPicture(n=2, state="unreadable", sha256="b", reason="rusak"),
    PostPicture(n=3, state="read", sha256="c", lines=SECOND, start=TEXT.index("Jadwal")),
)


def evidence(quote: str, field: str = "image_text") -> Evidence:
    start = TEXT.index(quote) if field == "image_text" else 0
    return Evidence(field=field, start=start, end=start + len(quote), quote=quote)  # type: ignore[arg-type]


def finding(*items: Evidence, strength: str = "flag", post: str = "x:1") -> Finding:
    return Finding(
        rule_id="r", rule_version=1, family="FLX", level="tinggi", strength=strength, unit="u", post=post,  # type: ignore[arg-type]
        evidence=items, message="Perlu dicek.",
    )  # fmt: skip


def located(*items: Evidence, sure: float = 0.6, **more: str) -> Finding:
    return locate([finding(*items, **more)], {"x:1": PICTURES}, sure)[0]


def test_every_line_fills_exactly_its_words() -> None:
    assert [TEXT[line.start : line.end] for line in placed(PICTURES)] == [line.text for line in (*LINES, *SECOND)]
    assert joined(LINES) == TEXT[: placed(PICTURES)[1].end]


def test_quoted_words_are_found_on_their_picture_and_line() -> None:
    found = located(evidence("HERMES"), evidence("posyandu"))
    assert [item.spot for item in found.evidence] == [
        PictureSpot(1, 1, (10, 20, 300, 60)),
        PictureSpot(3, 1, (0, 0, 50, 20)),
    ]
    assert [item.score for item in found.evidence] == [0.97, 0.9]
    assert found.strength == "flag"


def test_words_that_run_over_two_lines_are_as_sure_as_the_worse_of_them() -> None:
    found = located(evidence("ASLI\nHARGA"))
    assert found.evidence[0].score == 0.55
    assert found.evidence[0].spot == PictureSpot(1, 1, (10, 20, 300, 60))
    assert found.strength == "review"


def test_a_line_read_with_doubt_opens_a_review_at_most() -> None:
    assert located(evidence("180 JUTA")).strength == "review"
    assert located(evidence("180 JUTA"), sure=0.5).strength == "flag"
    assert located(evidence("180 JUTA"), strength="review").strength == "review"


@pytest.mark.parametrize("other", [evidence("HERMES"), evidence("Rolex", "text"), evidence("", "ledger")])
def test_a_doubtful_line_supports_what_other_words_say(other: Evidence) -> None:
    assert located(evidence("180 JUTA"), other).strength == "flag"


def test_a_finding_about_the_caption_or_another_post_stays_as_it_is() -> None:
    about_caption = finding(evidence("Rolex", "text"))
    elsewhere = finding(evidence("HERMES"), post="x:2")
    assert locate([about_caption, elsewhere], {"x:1": PICTURES}, 0.6) == [about_caption, elsewhere]


def test_the_key_of_a_finding_does_not_depend_on_where_its_words_stand() -> None:
    assert located(evidence("180 JUTA")).key == finding(evidence("180 JUTA")).key


def test_posters_of_one_template_are_told_apart_by_their_words() -> None:
    other = (PictureLine("BATIK TULIS UMKM", 0.97, (0, 0, 1, 1)), PictureLine("GRATIS ONGKIR", 0.9, (0, 0, 1, 1)))
    again = (PictureLine("TAS HERMES ASLl", 0.8, (0, 0, 1, 1)), PictureLine("HARGA 180 JUTA", 0.9, (0, 0, 1, 1)))
    assert not same_words(LINES, other)
    assert same_words(LINES, again)
    assert same_words((), ())
    assert not same_words((), LINES)


@pytest.mark.parametrize(
    ("above", "below", "between"),
    [
        ("a.n. Warti, NIK", "3316014507680003", " "),
        ("NIK :", "3316 0145", " "),
        ("No. KK", ": 3316014507680003", " "),
        ("HARGA", "180 JUTA", " "),
        ("Warti 0838", "0000 6102", " "),
        ("JADWAL", "08.00 sampai 11.00", "\n"),
        ("NIK", "diurus di kantor desa", "\n"),
    ],
)
def test_a_number_on_the_line_below_its_label_stands_beside_it(above: str, below: str, between: str) -> None:
    lines = tuple(PictureLine(text, 0.9, (0, 0, 1, 1)) for text in (above, below))
    assert joined(lines) == f"{above}{between}{below}"
    places = placed([PostPicture(n=1, state="read", lines=lines)])
    assert [joined(lines)[place.start : place.end] for place in places] == [above, below]
