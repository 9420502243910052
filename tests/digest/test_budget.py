import pytest

from pantau.core.settings import DigestSettings
from pantau.digest.budget import Limits, encoded_bytes, fit, shorten_digest
from pantau.digest.build import build
from pantau.digest.render import Renderer
from tests.digest import golden, large
from tests.digest.pages import Page, flat

RENDERER = Renderer()


def test_a_full_mail_of_25_findings_fits_without_leaving_any_out():
    result = RENDERER.render(build(large.night(0, 25)), DigestSettings())
    assert result.hidden_findings == 0
    assert result.html_bytes <= 90 * 1024


def test_one_finding_more_costs_less_than_2300_bytes():
    sizes = [encoded_bytes(RENDERER.html(build(large.night(0, n)))) for n in (5, 15)]
    assert (sizes[1] - sizes[0]) / 10 <= 2300


@pytest.mark.parametrize("budget_kb", [90, 60, 45])
def test_the_html_stays_within_its_budget_and_says_what_it_left_out(budget_kb):
    digest = build(large.night(400, 70))
    result = RENDERER.render(digest, DigestSettings(budget_kb=budget_kb))
    assert result.html_bytes <= budget_kb * 1024
    page = Page(result.html)
    assert f"{result.hidden_findings} lagi tidak dimuat di sini" in page.sections["Perlu ditindak"]
    assert "pantau digest show" in page.sections["Perlu ditindak"]
    assert "Pamer kemewahan" in page.sections["Perlu ditindak"]
    assert f"Versi HTML tidak memuat {result.hidden_findings} temuan" in flat(result.text)


def test_what_the_html_leaves_out_stands_in_the_text():
    digest = build(large.night(400, 70))
    result = RENDERER.render(digest, DigestSettings())
    text = flat(result.text)
    for card in digest.flags.cards:
        assert card.reasons[0].key in text
    for row in digest.quiet.rows:
        assert row.account in text
    for group in digest.unread.groups:
        assert all(item.account in text for item in group.items)


def test_the_worst_findings_are_the_ones_that_stay():
    digest = build(large.night(0, 70))
    shown = shorten_digest(digest, Limits(flags=10))
    assert {card.level for card in shown.flags.cards} == {"TINGGI"}
    assert shown.flags.hidden == 60
    assert shown.flags.left_out.startswith("14 TINGGI Pamer kemewahan")


def test_numbers_in_the_summary_are_of_everything_and_not_of_what_is_shown():
    digest = build(large.night(400, 70))
    page = Page(RENDERER.render(digest, DigestSettings(budget_kb=45)).html)
    assert digest.counts.flags == 70
    assert digest.headline in page.text
    for group in digest.unread.groups:
        assert f"({group.count} akun)" in page.text


def test_marked_words_are_never_cut():
    digest = build(large.night(0, 3))
    shown = shorten_digest(digest, Limits(flags=3, stretch_chars=20))
    pieces = shown.flags.cards[0].excerpts[0].pieces
    assert [piece.text for piece in pieces if piece.strong] == ["auto sultan"]
    assert all(len(piece.text) <= 24 for piece in pieces if not piece.strong)


def test_the_measured_size_is_that_of_the_part_on_the_wire():
    page = golden.rendered("rich")
    wire = golden.mail(page)
    part = (
        wire.split(b'Content-Type: text/html; charset="utf-8"', 1)[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n--=_", 1)[0]
    )
    assert abs(len(part) - page.html_bytes) < 0.03 * len(part)


def test_a_budget_that_cannot_be_met_ends_after_a_bounded_number_of_drawings():
    drawn = []

    def draw(shown):
        drawn.append(len(shown.flags.cards))
        return "x" * 5000

    fit(build(large.night(0, 70)), max_findings=25, budget_kb=1, draw=draw)
    assert drawn[-1] == 1
    assert len(drawn) <= 20
