from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.core.clock import WIB
from pantau.core.model import Media
from pantau.digest import words
from tests.digest import sample


def test_days_are_written_in_indonesian():
    assert words.day_long(date(2026, 11, 24)) == "Selasa, 24 November 2026"
    assert words.day_short(date(2026, 8, 1)) == "1 Agu 2026"
    assert words.since_day(date(2026, 5, 3), date(2026, 11, 24)) == "3 Mei"
    assert words.since_day(date(2025, 12, 30), date(2026, 1, 2)) == "30 Des 2025"
    assert words.month_year(date(2026, 3, 9)) == "Maret 2026"


def test_an_instant_is_told_in_the_readers_zone_and_names_it():
    when = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    assert words.moment(when, WIB) == "24 Nov 2026 pukul 00.30 WIB"
    assert words.moment(when, ZoneInfo("Asia/Makassar")) == "24 Nov 2026 pukul 01.30 WITA"
    assert words.moment(when, ZoneInfo("Europe/Berlin")).endswith("UTC+0100")


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="tanpa zona"):
        words.moment(datetime(2026, 11, 24), WIB)


def test_numbers_use_points_for_thousands_and_a_comma_for_decimals():
    assert words.number(1234567) == "1.234.567"
    assert words.number(0.735, 2) == "0,74"
    assert words.usd(1234.5) == "USD 1.234,50"


def test_a_small_cost_never_reads_as_nothing():
    assert words.usd(0.004) == "kurang dari USD 0,01"
    assert words.usd(0) == "USD 0,00"


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_share_is_whole_only_when_it_is_and_nothing_only_when_it_is(part, more):
    whole = part + more
    share = words.percent(part, whole)
    assert 0 <= share < 100
    assert (share == 0) == (part == 0)
    assert words.percent(whole, whole) == 100
    assert words.percent(0, 0) == 0


def test_lists_end_with_dan():
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b dan c"


def test_a_sentence_has_a_capital_and_an_end():
    assert words.sentence("akses ditolak") == "Akses ditolak."
    assert words.sentence("Sudah?") == "Sudah?"
    assert words.sentence("") == ""


def test_accounts_are_named_with_their_platform():
    assert words.account(sample.BY_HANDLE["dinkes_arunika"]) == "@dinkes_arunika (X)"
    assert words.account(sample.BY_HANDLE["dinkes.arunika"]) == "@dinkes.arunika (Instagram)"
    assert words.account(sample.BY_HANDLE["tirta.arunika.example/berita"]) == "tirta.arunika.example/berita (situs web)"


def test_a_post_is_described_with_its_pictures_and_videos():
    assert words.post_kind(sample.LUXURY) == "unggahan, 2 gambar"
    assert words.post_kind(sample.RUDE) == "balasan"
    assert words.post_kind(sample.EMPATHY) == "video"
    both = sample.post("pupr_arunika", 1, "a", media=(Media(kind="image"), Media(kind="video")))
    assert words.post_kind(both) == "unggahan, 1 gambar, 1 video"
