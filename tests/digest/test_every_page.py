"""What holds for every mail with a page: the text says the same, nothing is too large, nothing hides, nothing needs a picture."""

import re

import pytest

from pantau.digest import lint
from pantau.digest.budget import encoded_bytes
from pantau.digest.build import build
from pantau.digest.model import DigestInput
from tests.digest import every_page, hostile, large
from tests.digest.every_page import NAMES, mailed
from tests.digest.pages import Page, flat

MOST_BYTES = 90 * 1024
MOST_BYTES_PER_FINDING = 2300
FACTS = {
    "number": r"\d[\d.,:]*\d|\d",
    "account": r"@[\w.]+",
    "code": r"[0-9A-F]{16}",
    "fingerprint": r"[0-9a-f]{64}",
}
KEPT_BY_ALL = {"html", "head", "meta", "title", "style", "body", "table", "caption", "tr", "th", "td"} | {
    *("h1", "h2", "h3", "p", "b", "br", "span", "a", "div", "img", "del", "ins")
}


@pytest.mark.parametrize("name", NAMES)
def test_every_number_account_code_and_link_of_a_page_is_in_its_text(name: str) -> None:
    page, text = Page(mailed(name).html), flat(mailed(name).text)
    told = re.sub(r"\d+ (akun )?lagi", "", page.text)  # how much a part leaves out is a fact about that part
    for kind, pattern in FACTS.items():
        assert set(re.findall(pattern, told)) - set(re.findall(pattern, text)) == set(), kind
    assert set(page.links) - set(mailed(name).text.split()) == set()


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("-hostile")])
def test_no_tag_stands_in_a_text(name: str) -> None:
    assert re.findall(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?>|&[a-z]+;|&#\d+;", mailed(name).text) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_page_reaches_the_size_at_which_gmail_cuts(name: str) -> None:
    assert encoded_bytes(mailed(name).html) == mailed(name).html_bytes <= MOST_BYTES


def answerable(findings: int) -> DigestInput:
    return every_page.answerable(large.night(0, findings))


def test_twenty_five_findings_with_reply_links_fit_and_each_costs_little() -> None:
    assert mailed("staff-full").hidden_findings == 0
    few, many = (encoded_bytes(every_page.RENDERER.html(build(answerable(n)))) for n in (5, 15))
    assert (many - few) / 10 <= MOST_BYTES_PER_FINDING


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_made_of_what_every_program_keeps_and_is_sound(name: str) -> None:
    page = Page(mailed(name).html)
    assert set(page.tags) <= KEPT_BY_ALL
    assert (page.unbalanced, page.open, page.tags.count("h1")) == ([], [], 1)
    assert lint.html_problems(mailed(name).html) == []
    assert mailed(name).html.startswith('<!DOCTYPE html><html lang="id">')


@pytest.mark.parametrize("name", NAMES)
def test_nothing_on_a_page_hides_or_floats(name: str) -> None:
    html = re.sub(r"<!--.*?-->", "", mailed(name).html)
    inline = " ".join(re.findall(r'style="([^"]*)"', html))
    assert re.findall(r"display\s*:|visibility|position\s*:|opacity|overflow", inline) == []
    assert 'width="600"' not in html


@pytest.mark.parametrize("name", NAMES)
def test_the_first_visible_words_of_a_page_are_those_of_its_text(name: str) -> None:
    first = flat(mailed(name).text)[:60]
    assert flat(Page(mailed(name).html).text).startswith(first)


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_goes_along_and_says_in_words_what_it_shows(name: str) -> None:
    told: dict[str, list[str]] = {}
    for tag, attribute, value in Page(mailed(name).html).attributes:
        if tag == "img":
            told.setdefault(attribute, []).append(value)
    assert set(told.get("src", [])) == {f"cid:{picture.cid}" for picture in mailed(name).pictures}
    for attribute in ("width", "height", "alt"):
        assert len(told.get(attribute, [])) == len(told.get("src", []))
    assert all(int(value) > 0 for value in (*told.get("width", ()), *told.get("height", ())))
    assert all(len(value.split()) >= 3 for value in told.get("alt", ()))


def test_cells_with_a_colour_of_their_own_have_it_as_an_attribute_too() -> None:
    """Outlook's print view and old programs read ``bgcolor`` alone."""
    for name in NAMES:
        cells = re.findall(r"<td[^>]*>", mailed(name).html)
        large_areas = [cell for cell in cells if re.search(r'class="(pg|kop|p|e|t|w)"', cell)]
        assert large_areas
        for cell in large_areas:
            told = re.search(r'bgcolor="(#[0-9a-f]{6})"', cell)
            styled = re.search(r"background-color:(#[0-9a-f]{6})", cell)
            assert told, cell
            assert styled, cell
            assert told.group(1) == styled.group(1)


@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_hostile_text_is_harmless_in_every_edition(text: str) -> None:
    known = {tag for name in NAMES for tag in Page(mailed(name).html).tags}
    data = hostile.night_of(text)
    for rendered in (every_page.regents(data), every_page.units(data), every_page.correction(data)):
        page = Page(rendered.html)
        assert lint.html_problems(rendered.html) == []
        assert (page.unbalanced, page.open) == ([], [])
        assert set(page.tags) <= known
        assert all(link.startswith(("https://", "mailto:pantau@arunika.example?")) for link in page.links)
        for part in (rendered.html, rendered.text, rendered.subject):
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", part)
        assert "\n" not in rendered.subject
        assert rendered.html_bytes <= MOST_BYTES


def test_a_long_correction_says_how_much_stands_in_its_text_alone() -> None:
    rendered = mailed("correction-full")
    assert rendered.hidden_findings > 100
    for part in (Page(rendered.html).text, flat(rendered.text)):
        assert f"{rendered.hidden_findings} perubahan" in part
