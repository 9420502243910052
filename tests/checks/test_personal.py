"""Personal numbers: plausible or not, and never shown whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.checks.personal import digits_of, is_card, is_nik, is_phone, mask_digits, mask_personal

NIK = "3349014507680003"


@pytest.mark.parametrize(
    ("number", "plausible"),
    [
        (NIK, True),
        ("3349 0145 0768 0003", True),
        ("334901-450768-0003", True),
        ("3349010507680003", True),
        ("3349017107680003", True),
        ("3349017207680003", False),
        ("3349013202680003", False),
        ("3349013002680003", False),
        ("3349010013680003", False),
        ("3349014507680000", False),
        ("9949014507680003", False),
        ("3399014507680003", False),
        ("3349004507680003", False),
        ("334901450768000", False),
        ("3.349.014.507.680.003", False),
        ("198501012010011001", False),
        ("0001234567890", False),
    ],
)
def test_a_nik_needs_a_known_area_a_date_and_a_serial(number, plausible):
    assert is_nik(number) is plausible


@pytest.mark.parametrize(
    ("number", "plausible"),
    [
        ("081234567890", True),
        ("+62 812-3456-7890", True),
        ("0812 3456 789", True),
        ("6281234567", False),
        ("0296531234", False),
        ("112", False),
        ("08001234567890123", False),
        ("081.234.567.890", False),
    ],
)
def test_a_mobile_number_begins_with_08(number, plausible):
    assert is_phone(number) is plausible


def test_a_card_number_has_a_check_digit():
    assert is_card("4111 1111 1111 1111")
    assert not is_card("4111 1111 1111 1112")
    assert not is_card("0000 0000 0000 0000")


def test_numbers_are_masked_to_three_and_two_digits():
    assert mask_digits(f"NIK {NIK}, rek 1234567890 dan 12345") == "NIK 334***********03, rek 123*****90 dan 12345"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"NIK {NIK} hub 0812-3456-7890", "NIK 334***********03 hub 081*-****-**90"),
        (f"{NIK} 081234567890 3349 0145 0768 0003", "334***********03 081*******90 334* **** **** **03"),
        ("2025 2026 0812 3456 7890", "2025 2026 081* **** **90"),
        ("Rp1.250.000.000 tahun 2025, jam 08.00", "Rp1.250.000.000 tahun 2025, jam 08.00"),
        ("𝟑𝟑𝟒𝟗𝟎𝟏𝟒𝟓𝟎𝟕𝟔𝟖𝟎𝟎𝟎𝟑", "𝟑𝟑𝟒***********𝟎𝟑"),
        ("1234567890123456", "123***********56"),
        ("334901\u200b4507680003", "334***\u200b********03"),
        ("tanpa angka", "tanpa angka"),
    ],
)
def test_personal_numbers_are_masked_and_others_are_not(text, shown):
    assert mask_personal(text) == shown


@given(
    st.lists(
        st.sampled_from([NIK, "081234567890", "2025", "Rp1.250.000.000", "kata", "3349 0145 0768 0003"]), max_size=6
    ),
    st.sampled_from([" ", ", ", "\n"]),
)
def test_masking_keeps_length_and_hides_every_nik(parts, glue):
    text = glue.join(parts)
    for shown in (mask_personal(text), mask_digits(text)):
        assert len(shown) == len(text)
        assert NIK not in digits_of(shown)
        assert "4507680" not in shown
