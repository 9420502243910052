"""Turns what people type into dates, instants, numbers and addresses. Days and hours are those of the office (WIB).

Every reader raises ``Mistake`` with what is wrong and how to put it right, both in Indonesian.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from pantau.core.clock import WIB
from pantau.core.errors import PantauError

_MONTHS = {
    "januari": 1,
    "februari": 2,
    "pebruari": 2,
    "maret": 3,
    "april": 4,
    "mei": 5,
    "juni": 6,
    "juli": 7,
    "agustus": 8,
    "september": 9,
    "oktober": 10,
    "november": 11,
    "nopember": 11,
    "desember": 12,
}
_SHORT = {name[:3]: number for name, number in _MONTHS.items()} | {"agt": 8, "agu": 8, "sept": 9}
_ENGLISH = {"january": 1, "february": 2, "march": 3, "may": 5, "june": 6, "july": 7, "august": 8, "aug": 8}
_ENGLISH |= {"october": 10, "oct": 10, "december": 12, "dec": 12}
_MONTH_NUMBERS = _SHORT | _MONTHS | _ENGLISH
_ZONES = {"wib": 7, "wita": 8, "wit": 9}
_WEEKDAYS = r"(?:senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad)"
_ISO_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_LOCAL_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_NAMED_DAY = re.compile(r"(\d{1,2})[\s-]+([a-z]{3,9})\.?[\s-]+(\d{4})")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?\s*(z|[+-]\d{2}:?\d{2}|wib|wita|wit)?")
_DAY_REMEDY = "Tulis misalnya 2025-09-10, 10/09/2025 atau 10 September 2025."
_TIME_REMEDY = "Tulis misalnya 10/09/2025 14:30 atau 10 September 2025 pukul 14.30."
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_YEARS = range(2000, 2101)


class Mistake(PantauError):
    """A value that cannot be used. ``what`` and ``remedy`` are Indonesian; the caller knows file, row and column."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}. {remedy}")


def parse_day(text: str) -> date:
    """A calendar day: ISO, day/month/year, or with the month's name; a clock time after it is ignored.

    Raises ``Mistake``.
    """
    day, _rest = _split_day(text)
    return day


def parse_moment(text: str, zone: ZoneInfo = WIB) -> datetime:
    """An instant (UTC). Without a clock time it is the beginning of the day in ``zone``. Raises ``Mistake``."""
    day, rest = _split_day(text)
    rest = re.sub(r"^(?:t|,|pukul|jam|pkl\.?|\s)+", "", rest)
    if not rest:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    match = _CLOCK.fullmatch(rest)
    if not match:
        raise Mistake("jam tidak dapat dibaca", _TIME_REMEDY)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise Mistake("jam di luar 00:00 sampai 23:59", _TIME_REMEDY)
    clock = time(hour, minute, second)
    return datetime.combine(day, clock, _offset(match[4] or "") or zone).astimezone(UTC)


def parse_whole(text: str, smallest: int, largest: int) -> int:
    """A whole number within bounds; ``7.0`` and ``7,0`` count as 7. Raises ``Mistake``."""
    match = re.fullmatch(r"(-?\d{1,18})(?:[.,]0+)?", text)
    if not match:
        raise Mistake("bukan bilangan bulat", f"Tulis angka {smallest} sampai {largest}, atau kosongkan.")
    number = int(match[1])
    if not smallest <= number <= largest:
        raise Mistake(f"harus {smallest} sampai {largest}", "Perbaiki angkanya, atau kosongkan.")
    return number


def parse_email(text: str) -> str:
    """One plain address. Raises ``Mistake``."""
    if re.search(r"[,;]|\S\s+\S", text) and text.count("@") > 1:
        raise Mistake("lebih dari satu alamat surel", "Tulis satu alamat saja.")
    if not _EMAIL.fullmatch(text) or ".." in text:
        raise Mistake("bukan alamat surel", "Tulis misalnya kepala.dinas@contoh.go.id.")
    return text


def _split_day(text: str) -> tuple[date, str]:
    """The day at the beginning of ``text`` and what follows it, in lower case."""
    folded = re.sub(rf"^{_WEEKDAYS}\b[,\s]*", "", text.strip().lower())
    for pattern, order in ((_ISO_DAY, (1, 2, 3)), (_LOCAL_DAY, (3, 2, 1)), (_NAMED_DAY, (3, 2, 1))):
        match = pattern.match(folded)
        if match and not folded[match.end() :][:1].isdigit():
            year, month, day = (match[n] for n in order)
            return _day(int(year), _month(month), int(day)), folded[match.end() :].strip()
    if re.fullmatch(r"\d{5}(\.\d+)?", folded):
        raise Mistake("nomor hari Excel, bukan tanggal", "Beri sel itu format Tanggal. " + _DAY_REMEDY)
    if re.match(r"\d{1,2}[-/. ](\d{1,2}|[a-z]+)[-/. ]\d{2}(?!\d)", folded):
        raise Mistake("tahun harus empat angka", _DAY_REMEDY)
    raise Mistake("tanggal tidak dapat dibaca", _DAY_REMEDY)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    number = _MONTH_NUMBERS.get(text)
    if number is None:
        raise Mistake(f'nama bulan "{text}" tidak dikenal', _DAY_REMEDY)
    return number


def _day(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise Mistake(f"tahun {year} tidak mungkin", "Periksa tahunnya.")
    if month > 12 and day <= 12:
        raise Mistake(f"bulan {month} tidak ada", f"Urutannya hari, bulan, tahun. {_DAY_REMEDY}")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Mistake(f"tanggal {day} bulan {month} tahun {year} tidak ada", _DAY_REMEDY) from error


def _offset(text: str) -> timezone | None:
    """The zone written after a clock time; None when there is none."""
    if not text:
        return None
    if text == "z":
        return UTC
    if text in _ZONES:
        return timezone(timedelta(hours=_ZONES[text]))
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
