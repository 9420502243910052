"""Charts say the same in the mail, on paper and in the archive, and say it without colour."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from base64 import b64decode
from email import message_from_bytes
from email.policy import default
from html import unescape
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pantau.core.settings import DigestSettings
from pantau.digest import budget, charts, clean, printable, words
from pantau.digest.blocks import Chart, Series
from pantau.digest.build import build
from pantau.digest.chart_text import width
from pantau.digest.render import Renderer
from tests.digest import golden, sample
from tests.random_cases import cases

SVG = "{http://www.w3.org/2000/svg}"
NIGHTS = tuple(f"{day} Nov" for day in range(11, 25))
TREND = Chart(
    kind="trend",
    title="Unggahan per malam",
    fact="Terbanyak 210 pada 21 Nov.",
    unit="unggahan",
    labels=NIGHTS,
    series=(Series("unggahan", (152, 140, None, 0, 180, 175, 90, 60, None, None, 210, 199, 202, 188)),),
)
COMPARISON = Chart(
    kind="comparison",
    title="Temuan menurut jenis",
    fact="Bahasa turun dari 4 menjadi 0.",
    unit="temuan",
    labels=("Bahasa", "Pamer kemewahan"),
    series=(Series("pekan ini", (0, 12)), Series("pekan lalu", (4, None))),
)
SHARES = Chart(
    kind="shares",
    title="Isi unggahan",
    fact="Di kecamatan 83 % bermanfaat.",
    unit="unggahan",
    labels=("OPD", "Kecamatan", "Desa"),
    series=(Series("bermanfaat", (62, 10, 1)), Series("seremonial", (30, 1, 1)), Series("lainnya", (8, 1, None))),
)
EXAMPLES = (TREND, COMPARISON, SHARES)

names = st.text(alphabet=st.characters(), max_size=140)
values = st.one_of(st.none(), st.integers(0, 10**9), st.floats(0, 1e9), st.sampled_from([float("nan"), -3.0]))


@st.composite
def any_chart(draw: st.DrawFn) -> Chart:
    kind = draw(st.sampled_from(["trend", "comparison", "shares"]))
    count = draw(st.integers(0, 62 if kind == "trend" else 6))
    rows = draw(st.integers(0, 3))
    return Chart(
        kind=kind,
        title=draw(names),
        fact=draw(names),
        unit=draw(st.sampled_from(["unggahan", "%", "", "<i>"])),
        labels=tuple(draw(st.lists(names, min_size=count, max_size=count))),
        series=tuple(
            Series(draw(names), tuple(draw(st.lists(values, min_size=count, max_size=count)))) for _ in range(rows)
        ),
    )


def shapes(chart: Chart) -> list[ET.Element]:
    return list(ET.fromstring(charts.svg(chart)).iter(f"{SVG}path"))


def said(chart: Chart) -> str:
    """Everything that the drawing says, notes on its bars included."""
    return " ".join(text for text in ET.fromstring(charts.svg(chart)).itertext())


def box(shape: ET.Element) -> tuple[int, int, int, int]:
    first = re.match(r"M(\d+) (\d+)h(\d+)v(\d+)", shape.get("d", ""))
    assert first
    return tuple(int(number) for number in first.groups())  # type: ignore[return-value]


def noted(chart: Chart, words_: str) -> ET.Element:
    return next(shape for shape in shapes(chart) if words_ in (shape.findtext(f"{SVG}title") or ""))


@settings(max_examples=cases(10, 200), deadline=None)
@given(any_chart())
@example(TREND)
@example(COMPARISON)
@example(SHARES)
def test_any_chart_becomes_a_picture_of_the_said_size_and_a_drawing_that_parses(chart: Chart):
    picture = charts.png(chart)
    with Image.open(BytesIO(picture.data)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (2 * picture.width, 2 * picture.height))
    root = ET.fromstring(charts.svg(chart))
    assert (root.get("width"), root.get("height")) == (str(picture.width), str(picture.height))
    assert picture.alt == root.findtext(f"{SVG}desc") == clean.line(chart.fact, 600)
    assert charts.png(chart) == picture
    assert charts.svg(chart) == charts.svg(msgspec.structs.replace(chart))


@settings(max_examples=cases(10, 200), deadline=None)
@given(any_chart())
@example(SHARES)
def test_every_label_and_every_number_stands_in_the_drawing(chart: Chart):
    known = [value for row in chart.series for value in row.values if value is not None and value == value]
    if not known:
        assert not chart.labels or "Tidak ada data." in said(chart)
        return
    text = said(chart)
    for label in chart.labels:
        assert clean.line(label, 120) in text
    for row in chart.series:
        assert clean.line(row.label, 120) in text
    if chart.kind == "shares":
        return  # numbers of shares are rounded; see below
    for value in known:
        assert words.number(value, 0 if float(value).is_integer() else 1) in text


@settings(max_examples=cases(10, 200), deadline=None)
@given(any_chart())
def test_no_words_from_outside_become_markup_and_nothing_is_fetched(chart: Chart):
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(charts.svg(chart)).iter()}
    assert tags <= {"svg", "title", "desc", "path", "text"}
    drawn = charts.svg(chart)
    attributes = {name for tag in re.findall(r"<[^>]*>", drawn) for name in re.findall(r' ([\w-]+)="', tag)}
    assert not attributes & {"href", "xlink:href", "style", "class", "onload"}
    assert not re.search("[\u202a-\u202e\x00-\x08]", unescape(drawn))


@pytest.mark.parametrize("chart", EXAMPLES, ids=lambda chart: chart.kind)
def test_no_part_lies_outside_the_sheet(chart: Chart):
    root = ET.fromstring(charts.svg(chart))
    wide, high = (int(number) for number in root.get("viewBox", "").split()[2:])
    for shape in shapes(chart)[1:]:
        left, top, width, height = box(shape)
        assert left >= 0
        assert top >= 0
        assert left + width <= wide
        assert top + height <= high
    for text in root.iter(f"{SVG}text"):
        assert 0 < int(text.get("y", "")) <= high


def test_a_night_nobody_looked_at_is_a_band_and_a_dash_and_a_night_of_none_is_a_nought():
    gap, nought, full = (noted(TREND, part) for part in ("13 Nov: tidak ada data", "14 Nov: 0", "21 Nov: 210"))
    assert gap.get("fill") != full.get("fill")
    assert box(gap)[3] == box(full)[3]  # the whole height of the plot, which the highest column fills
    assert box(nought)[3] == 2
    written = [text.text for text in ET.fromstring(charts.svg(TREND)).iter(f"{SVG}text")]
    assert written.count("0") == 1
    assert "tidak ada data" in written
    assert "tidak ada data" not in said(msgspec.structs.replace(TREND, series=(Series("unggahan", (1,) * 14),)))


def test_columns_are_as_high_as_their_numbers():
    high = {number: box(noted(TREND, f": {number}"))[3] for number in (210, 180, 90, 60)}
    assert high[180] == pytest.approx(2 * high[90], abs=2)
    assert high[210] > high[180] > high[90] > high[60] > 0


def test_series_of_a_trend_share_one_scale():
    chart = msgspec.structs.replace(
        TREND, labels=("a", "b"), series=(Series("satu", (100, 50)), Series("dua", (20, 50)))
    )
    first, second = (box(noted(chart, f"{name}: b: 50"))[3] for name in ("satu", "dua"))
    assert first == second
    assert "skala sendiri" not in said(chart)


def test_a_row_that_would_be_flat_has_a_scale_of_its_own_and_says_so():
    chart = msgspec.structs.replace(
        TREND, labels=("a", "b"), series=(Series("Unggahan", (2000, 1000)), Series("Ditandai", (4, 12)))
    )
    low, high = (box(noted(chart, f"Ditandai: {day}"))[3] for day in ("a: 4", "b: 12"))
    assert high == pytest.approx(3 * low, abs=2)
    assert high > 40
    written = [text.text for text in ET.fromstring(charts.svg(chart)).iter(f"{SVG}text")]
    assert "Ditandai (skala sendiri)" in written
    assert "Unggahan" in written


def test_a_bar_of_the_comparison_is_named_at_its_end_and_a_missing_one_says_so():
    written = [text.text for text in ET.fromstring(charts.svg(COMPARISON)).iter(f"{SVG}text")]
    assert {"12 pekan ini", "0 pekan ini", "4 pekan lalu", "tidak ada data pekan lalu"} <= set(written)


def test_shares_add_up_to_a_hundred_and_a_whole_with_an_unknown_part_has_none():
    text = said(SHARES)
    assert "bermanfaat 62 % (62)" in text
    shares = [int(number) for number in re.findall(r"Kecamatan: \w+ (\d+) %", text)]
    assert len(shares) == 3
    assert sum(shares) == 100
    assert "Desa: tidak ada data" in text
    assert "bermanfaat: 1" in text
    assert box(noted(SHARES, "OPD: bermanfaat"))[2] == pytest.approx(912 * 0.62, abs=1)


def test_series_differ_in_grey_by_tone_and_by_pattern():
    """The middle of each bar of shares, as a copier sees it."""
    even = msgspec.structs.replace(
        SHARES, labels=("a",), series=tuple(Series(name, (100,)) for name in ("satu", "dua", "tiga"))
    )
    picture = charts.png(even)
    bars = [box(noted(even, f"a: {name}")) for name in ("satu", "dua", "tiga")]
    with Image.open(BytesIO(picture.data)) as image:
        grey = image.convert("L")
    strips = [
        [grey.getpixel((left + at, top + high // 2)) for at in range(8, wide - 8)] for left, top, wide, high in bars
    ]
    means = [sum(strip) / len(strip) for strip in strips]
    assert all(abs(one - other) > 40 for one, other in pairwise(means))
    assert [len(set(strip)) for strip in strips] == [1, 2, 1]  # solid, striped, plain inside its outline


def test_the_picture_is_opaque_white_at_its_edges_and_small():
    for chart in EXAMPLES:
        picture = charts.png(chart)
        with Image.open(BytesIO(picture.data)) as image:
            assert "transparency" not in image.info
            grey = image.convert("RGB")
        wide, high = grey.size
        assert {grey.getpixel(at) for at in ((0, 0), (wide - 1, 0), (0, high - 1), (wide - 1, high - 1))} == {
            (255, 255, 255)
        }
        assert len(picture.data) < 25_000
        assert picture.width <= 568  # the column of the mail


def test_letters_stay_legible_on_a_telephone_of_320_pixels():
    for chart in EXAMPLES:
        root = ET.fromstring(charts.svg(chart))
        scale = (320 - 2 * 8 - 2 * 16) / int(root.get("viewBox", "").split()[2])
        assert min(int(text.get("font-size", "")) * scale for text in root.iter(f"{SVG}text")) > 8


@pytest.mark.parametrize("peak", [-1, -2, 0])
@pytest.mark.parametrize("count", [2, 7, 14, 31, 62])
def test_no_two_words_of_a_trend_overlap(count: int, peak: int):
    numbers = [1000.0] * count
    numbers[peak] = 1010
    labels = tuple(f"{1 + n % 30} Nov" for n in range(count))
    chart = msgspec.structs.replace(TREND, labels=labels, series=(Series("unggahan", tuple(numbers)),))
    boxes = []
    for text in ET.fromstring(charts.svg(chart)).iter(f"{SVG}text"):
        size, start, base = (int(text.get(name, "")) for name in ("font-size", "x", "y"))
        boxes.append((start, start + width(text.text or "", size), base - size, base, text.text))
    for one, other in combinations(boxes, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
        assert apart, (one, other)


def test_a_chart_whose_rows_are_of_unequal_length_is_refused():
    with pytest.raises(ValueError, match="as many values"):
        charts.png(msgspec.structs.replace(TREND, labels=("a",)))


def test_a_label_of_a_hostile_length_neither_hides_nor_widens_anything():
    long = msgspec.structs.replace(COMPARISON, labels=("W" * 5000, "\u202ebalik & <script>"))
    picture = charts.png(long)
    assert (picture.width, picture.height) == (charts.png(COMPARISON).width, charts.png(COMPARISON).height)
    assert "balik & <script>" in said(long)


def test_the_mail_carries_the_trend_under_the_name_by_which_the_page_shows_it():
    digest = build(sample.rich())
    page = Renderer().render(digest, DigestSettings())
    assert digest.trend.chart
    picture = next(picture for picture in page.pictures if picture.subtype == "png")
    assert picture == charts.png(digest.trend.chart)
    tag = next(tag for tag in re.findall(r"<img [^>]*>", page.html) if picture.cid in tag)
    assert f'alt="{picture.alt}"' in tag
    assert f'width="{picture.width}"' in tag
    assert "data:image/png;base64," in page.page
    assert all(
        row.posts in page.html for row in digest.trend.days
    )  # the same numbers as rows, for mails without pictures
    parts = list(message_from_bytes(golden.mail(page), policy=default).walk())
    types = {part["Content-ID"]: part.get_content_type() for part in parts if part["Content-ID"]}
    assert types[f"<{picture.cid}>"] == "image/png"
    assert sorted(types.values()) == ["image/jpeg", "image/jpeg", "image/png"]


def test_the_weight_of_the_mail_counts_the_chart_before_pictures_of_findings():
    digest = build(sample.rich())
    assert digest.trend.chart
    drawn = charts.png(digest.trend.chart)
    heavy = msgspec.structs.replace(digest.trend, picture=msgspec.structs.replace(drawn, data=bytes(20_000)))
    room = budget.MAIL_BYTES - 25_000
    without = budget.within_mail(digest, room)
    with_chart = budget.within_mail(msgspec.structs.replace(digest, trend=heavy), room)
    assert any(card.picture for card in without.flags.cards)
    assert not any(card.picture for card in with_chart.flags.cards)
    assert with_chart.trend.picture


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")
def test_the_printed_edition_draws_the_same_chart_with_its_words(tmp_path: Path):
    digest = build(sample.calm())
    trend = build(sample.rich()).trend
    assert trend.chart
    digest = msgspec.structs.replace(digest, trend=trend)
    head = printable.letterhead(sample.OFFICE)
    page = printable.page(digest, head, sample.NIGHT)
    (drawn,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', page)
    assert b64decode(drawn[0]).decode() == charts.svg(trend.chart)
    assert drawn[1] == trend.chart.fact
    path = tmp_path / "a.pdf"
    path.write_bytes(printable.pdf(digest, head, sample.NIGHT))
    told = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout
    assert trend.chart.title in told  # words that stand in the drawing only
