import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.digest import clean

anything = st.text(alphabet=st.characters(), max_size=200)
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@given(anything)
def test_a_cleaned_line_has_no_control_bidi_or_invisible_character(text):
    shown = clean.line(text)
    assert not INVISIBLE.search(shown)
    assert shown == shown.strip()
    assert clean.line(shown) == shown
    shown.encode("utf-8")


def test_line_breaks_become_blanks_so_that_nothing_starts_a_new_line():
    assert clean.line("Subjek\r\nBcc: x@y.example\u2028akhir\x85!") == "Subjek Bcc: x@y.example akhir !"


def test_text_that_runs_backwards_is_straightened_and_windows_leftovers_vanish():
    assert clean.line("aman\u202egnp.exe\u2069 it\u0092s") == "amangnp.exe its"


def test_javanese_letters_and_emoji_stay_whole():
    for text in ("ꦱꦸꦒꦼꦁ ꦫꦮꦸꦃ", "👨‍👩‍👧‍👦 🇮🇩 ❤️", "Nginggih, ngaturaken sugeng"):
        assert clean.line(text) == text


def test_piled_up_accents_are_cut_down():
    assert len(clean.line("a" + "\u0301" * 300)) <= 7


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>",
        "http://instansi.example/",
        "//instansi.example/",
        "https://x.com@jahat.example/",
        "https://user:rahasia@x.com/",
        "https://x.com/a b",
        "https://x.com/\r\nBcc: a@b.example",
        'https://x.com/"onmouseover="alert(1)',
        "https://x.com/<script>",
        "https://gооgle.example/",
        "https://x.com:8443/a",
        "https://[::1",
        "https://localhost/",
        "https://x.com/" + "a" * 3000,
        "",
    ],
)
def test_only_plain_https_links_survive(address):
    assert clean.url(address) == ""


def test_a_good_link_stays_as_it_is():
    for address in ("https://x.com/dinas/status/1990000000000000001?s=20", "https://www.instagram.com/p/Cx_-9/"):
        assert clean.url(address) == address


@given(anything, st.booleans())
def test_masking_keeps_every_offset(text, personal):
    masked = clean.masked(text, personal=personal)
    assert len(masked) == len(text)
    assert not re.search(r"\d{8,}", masked)


@pytest.mark.parametrize("number", ["9999010203040005", "9999 0102 0304 0005", "9999.0102.0304.0005", "081234567890"])
def test_citizen_and_telephone_numbers_never_show(number):
    assert not re.search(r"\d", clean.masked(f"nomor {number} itu").replace("nomor", ""))


@pytest.mark.parametrize("number", ["0812-3456-7890", "+62 812 3456 7890", "(0812) 3456 789", "62-812-345-6789"])
def test_mobile_numbers_are_masked_however_they_are_written(number):
    assert len(re.findall(r"\d", clean.masked(number))) <= 1


def test_sums_dates_and_lengths_stay_readable_unless_the_post_holds_personal_data():
    text = "Rp 12.500.000.000 pada 24-11-2026 untuk 1.250 meter"
    assert clean.masked(text) == text
    assert "500" not in clean.masked(text, personal=True)


def test_shortening_keeps_words_whole_and_says_that_it_cut():
    assert clean.shorten("satu dua tiga empat", 12) == "satu dua…"
    assert clean.shorten("satu", 12) == "satu"
    assert len(clean.shorten("a" * 500, 100)) == 100


def test_a_web_address_in_a_spam_post_cannot_become_a_link():
    chars = list("Daftar di https://judi.example/x atau www.slot.example, 3.5 juta")
    clean.defanged(chars)
    assert "".join(chars) == "Daftar di https[:]//judi[.]example/x atau www[.]slot[.]example, 3.5 juta"
