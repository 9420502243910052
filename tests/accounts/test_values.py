from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.accounts.values import Mistake, parse_day, parse_email, parse_moment, parse_whole

MONTHS = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]


@pytest.mark.parametrize(
    "written",
    [
        "2025-09-10",
        "2025/9/10",
        "10/09/2025",
        "10-9-2025",
        "10.09.2025",
        "10 September 2025",
        "Rabu, 10 Sept. 2025",
        "10-Sep-2025",
        "2025-09-10 08:00",
    ],
)
def test_a_day_is_read_in_every_usual_form(written: str) -> None:
    assert parse_day(written) == date(2025, 9, 10)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_every_day_reads_back_from_iso_and_from_indonesian(day: date) -> None:
    for written in (
        day.isoformat(),
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    ):
        assert parse_day(written) == day


@pytest.mark.parametrize(
    ("written", "hour", "minute"),
    [
        ("10/09/2025 14:30", 7, 30),
        ("10 September 2025 pukul 14.30 WIB", 7, 30),
        ("10-09-2025, 14.30", 7, 30),
        ("2025-09-10T14:30:00+07:00", 7, 30),
        ("2025-09-10T07:30:00Z", 7, 30),
        ("10/09/2025 15.30 WITA", 7, 30),
        ("2025-09-10T14:30:00.123456+0700", 7, 30),
    ],
)
def test_an_instant_is_read_as_western_indonesian_time(written: str, hour: int, minute: int) -> None:
    assert parse_moment(written) == datetime(2025, 9, 10, hour, minute, tzinfo=UTC)


def test_an_instant_without_clock_is_the_beginning_of_the_local_day() -> None:
    assert parse_moment("10/09/2025") == datetime(2025, 9, 9, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("09/25/2025", "bulan 25 tidak ada"),
        ("31/02/2025", "tidak ada"),
        ("10/09/25", "empat angka"),
        ("10 Septmber 2025", "nama bulan"),
        ("45910", "nomor hari Excel"),
        ("kemarin", "tidak dapat dibaca"),
        ("10/09/0025", "tidak mungkin"),
        ("10/09/20251", "tidak dapat dibaca"),
        ("", "tidak dapat dibaca"),
    ],
)
def test_a_day_that_cannot_be_read_says_why(written: str, words: str) -> None:
    with pytest.raises(Mistake, match=words):
        parse_day(written)


@pytest.mark.parametrize("written", ["10/09/2025 25:00", "10/09/2025 14.75", "10/09/2025 siang"])
def test_a_clock_time_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(Mistake, match="jam"):
        parse_moment(written)


def test_whole_numbers_as_excel_writes_them() -> None:
    assert [parse_whole(text, 0, 10) for text in ("7", "7.0", "7,00")] == [7, 7, 7]
    for text in ("7.5", "11", "-1", "tujuh", "٧x"):
        with pytest.raises(Mistake):
            parse_whole(text, 0, 10)


def test_one_plain_email_address_is_accepted() -> None:
    assert parse_email("kepala.dinas@contoh.go.id") == "kepala.dinas@contoh.go.id"
    for text in (
        "a@b",
        "a b@contoh.id",
        "a@contoh.id; b@contoh.id",
        "kepala@contoh..id",
        "Kepala <a@contoh.id>",
        "kepalá@contoh.id",
    ):
        with pytest.raises(Mistake):
            parse_email(text)


@given(st.text(max_size=40))
def test_no_text_whatever_crashes_the_date_reader(text: str) -> None:
    with suppress(Mistake):
        assert parse_moment(text).tzinfo is not None
