import re
from datetime import timedelta

import msgspec
import pytest
from jinja2 import UndefinedError

from pantau.core.settings import DigestSettings
from pantau.digest import lint
from pantau.digest.build import build
from pantau.digest.render import TEXT_COLUMNS, OperatorFailure, Renderer
from tests.digest import golden, hostile, sample
from tests.digest.pages import Page, flat

RENDERER = Renderer()
RICH = golden.rendered("rich")
PAGE = Page(RICH.html)


@pytest.mark.parametrize("name", sorted(golden.files()))
def test_a_night_gives_exactly_the_golden_bytes(name):
    assert golden.files()[name] == (golden.FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", sorted(golden.NIGHTS))
def test_every_number_link_and_account_of_the_html_is_in_the_text(name):
    result = golden.rendered(name)
    page, text = Page(result.html), flat(result.text)
    for pattern in (r"\d[\d.,:]*\d|\d", r"@[\w.]+", r"[0-9A-F]{16}"):
        missing = set(re.findall(pattern, page.text)) - set(re.findall(pattern, text))
        assert not missing
    assert set(page.links) <= set(result.text.split())


def test_every_finding_open_matter_and_decision_of_the_html_is_in_the_text_in_the_same_words():
    text = flat(RICH.text)
    digest = build(sample.rich())
    for card in (*digest.flags.cards, *digest.reviews.cards):
        for reason in card.reasons:
            assert reason.message in text
            assert reason.key in text
    for row in digest.open_rows.rows:
        assert row.message in text


def test_the_first_visible_words_are_the_headline():
    assert PAGE.text.startswith("6 tinggi, 2 sedang, 1 rendah. 3 akun tidak aktif. 3 akun tidak dapat diperiksa.")
    assert RICH.text.startswith("6 tinggi, 2 sedang, 1 rendah.")


def test_the_page_is_sound_and_says_its_language_and_title():
    assert not PAGE.unbalanced
    assert not PAGE.open
    assert RICH.html.startswith('<!DOCTYPE html><html lang="id">')
    assert f"<title>{RICH.subject}</title>" in RICH.html
    assert PAGE.tags.count("h1") == 1
    assert len(PAGE.sections) >= 14


def test_only_elements_that_every_mail_program_keeps_are_used():
    known = {"html", "head", "meta", "title", "style", "body", "table", "tbody", "caption", "tr", "th", "td"}
    known |= {"h1", "h2", "h3", "p", "b", "br", "span", "a", "div", "img", "del", "ins"}
    assert set(PAGE.tags) <= known


def test_data_tables_have_captions_and_scopes_and_layout_tables_are_marked():
    tables = re.findall(r"<table[^>]*>", RICH.html)
    data = [tag for tag in tables if 'role="presentation"' not in tag]
    assert len(data) == PAGE.tags.count("caption") == 3
    scopes = [value for tag, name, value in PAGE.attributes if tag == "th" and name == "scope"]
    assert len(scopes) == PAGE.tags.count("th")


def test_nothing_is_loaded_from_outside_and_nothing_hides():
    assert not lint.html_problems(RICH.html)
    assert RICH.html.count("src=") == RICH.html.count('src="cid:') == len(RICH.pictures)
    assert not re.search(r"display\s*:|visibility|position\s*:|opacity|overflow", RICH.html)


def test_the_page_needs_no_style_element():
    bare = re.sub(r"<style>.*?</style>", "", RICH.html, flags=re.DOTALL)
    styled = [tag for tag in re.findall(r"<td[^>]*>", bare) if "class=" in tag]
    assert styled
    assert all("style=" in tag for tag in styled)
    assert 'width="600"' not in re.sub(r"<!--.*?-->", "", bare)


def test_severity_is_a_word_and_not_only_a_colour():
    assert PAGE.sections["Perlu ditindak"].count("TINGGI") >= 6
    assert PAGE.sections["Untuk dilihat"].count("UNTUK DILIHAT") == 2


def _luminance(colour: str) -> float:
    values = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.1, section 1.4.3)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _rules(css: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}@]+)\{([^{}]*)\}", css):
        pairs = dict(part.replace("!important", "").split(":", 1) for part in body.split(";") if ":" in part)
        for selector in selectors.split(","):
            found.setdefault(selector.strip(), {}).update({k.strip(): v.strip() for k, v in pairs.items()})
    return found


BACKGROUNDS = {
    ".p": (".p", "h1", "h2", "a", ".m", ".r", ".n", ".nn", ".th", ".d", ".cap", ".wi"),
    ".t": (".t", ".tl", ".wt", ".ws", ".wi", ".wa", ".wg"),
    ".x": (".c", ".m"),
    ".q": (".c", ".m"),
    ".w": (".w",),
    ".e": (".e", "h2"),
    ".pg": (".st",),
    ".hl": (".hl",),
}


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_enough_contrast_in_light_and_dark(dark):
    folder = sample_templates()
    rules = _rules((folder / "_style.css.j2").read_text("utf-8"))
    links, at_night = (folder / "_kept.css.j2").read_text("utf-8").split("@media (prefers-color-scheme:dark){")
    for css in (links, at_night) if dark else (links,):
        for selector, pairs in _rules(css).items():
            rules.setdefault(selector, {}).update(pairs)
    for background, texts in BACKGROUNDS.items():
        for text in texts:
            ratio = contrast(rules[text]["color"], rules[background]["background-color"])
            assert ratio >= 4.5, (text, background, dark, round(ratio, 2))
    for word in (".tinggi", ".sedang", ".rendah", ".info", ".kop"):
        assert contrast(rules[word]["color"], rules[word]["background-color"]) >= 4.5


def sample_templates():
    from pantau.core.resources import data_dir

    return data_dir("templates")


def test_text_is_at_most_78_columns_wide_except_for_links():
    for name in golden.NIGHTS:
        for row in golden.rendered(name).text.splitlines():
            assert len(row) <= TEXT_COLUMNS or "https://" in row


def test_the_whatsapp_text_is_short_and_has_the_numbers():
    assert len(RICH.whatsapp) < 1800
    assert "6 tinggi, 2 sedang, 1 rendah" in RICH.whatsapp
    assert "dan 4 lagi di surel" in RICH.whatsapp


@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_hostile_text_stays_text_in_every_part_of_the_mail(text):
    result = RENDERER.render(build(hostile.night_of(text)), DigestSettings())
    page = Page(result.html)
    assert not lint.html_problems(result.html)
    assert not page.unbalanced
    assert not page.open
    assert set(page.tags) <= set(PAGE.tags)
    assert all(link.startswith("https://") for link in page.links)
    for part in (result.html, result.text, result.whatsapp, result.subject):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", part)
    assert "\n" not in result.subject
    assert "49" not in re.findall(r"\b49\b", page.text)
    assert result.html_bytes <= DigestSettings().budget_kb * 1024


def test_escaped_text_reads_as_it_was_published():
    result = RENDERER.render(build(hostile.night_of("<script>alert(1)</script>")), DigestSettings())
    assert "<script>alert(1)</script> coblos" in Page(result.html).text.replace("  ", " ")


def test_a_caption_of_nothing_but_emoji_takes_no_more_room_than_another():
    data = sample.rich()
    loud = msgspec.structs.replace(sample.SPAM, text="🎆" * 2000 + "Slot gacor" + "💃" * 2000)
    found = sample.finding("judi-daring", "SPM", "tinggi", loud, sample.words(loud, "Slot gacor"))
    kept = tuple(f for f in data.findings if f.post != loud.key)
    noisy = msgspec.structs.replace(data, findings=(*kept, found), posts=data.posts | {loud.key: loud})
    assert RENDERER.render(build(noisy), DigestSettings()).html_bytes < RICH.html_bytes + 4000


def test_a_name_missing_in_a_template_is_an_error_and_not_a_blank(tmp_path):
    (tmp_path / "digest.html.j2").write_text("<p>{{ digest.tidak_ada }}</p>", "utf-8")
    with pytest.raises(UndefinedError):
        Renderer(tmp_path).html(build(sample.calm()))


def test_two_nights_never_share_a_subject():
    later = msgspec.structs.replace(sample.rich().run, as_of=sample.NIGHT + timedelta(days=1))
    assert build(msgspec.structs.replace(sample.rich(), run=later)).subject != RICH.subject


def test_the_operator_hears_what_is_wrong_and_what_to_do():
    failure = OperatorFailure(office_name="K", when="kini", what="basis data\nterkunci", remedy="Buka kuncinya.")
    plain = RENDERER.operator_failure(failure)
    assert plain.subject == "Pantau bermasalah: basis data terkunci"
    assert "Yang perlu dilakukan: Buka kuncinya." in plain.text
