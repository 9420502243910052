"""Dates as Indonesian sites write them: month names in two languages, day before month, WIB, WITA and WIT."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_MONTHS = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7, "agu": 8, "agt": 8, "ags": 8,
    "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11, "des": 12, "dec": 12,
}  # fmt: skip
"""First three letters of a month's name."""
_ZONES = {
    "wib": 7, "wita": 8, "wit": 9, "gmt": 0, "utc": 0, "ut": 0, "z": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_NAMED = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s.\-/]+(?P<month>[A-Za-z]{3,9})\.?[\s,\-/]+(?P<year>\d{4}|\d{2})\b"
)
_MONTH_FIRST = re.compile(r"(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})\b")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})(?!\d)")
_TIME = re.compile(r"(?<![\d:.+\-])(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?!\d)")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})\s*(?:\(.*\))?\s*$")
_ZONE_NAME = re.compile(r"\b([A-Za-z]{1,4})\s*\)?\s*$")
_FIRST_YEAR = 1995
"""Older dates are fillers such as ``0000-00-00`` or 1970."""


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """The instant in UTC; ``zone`` holds where none is written; None when the text is no usable date."""
    text = " ".join(text.split())[:120]
    try:
        return _usable(datetime.fromisoformat(text), zone)
    except ValueError:
        pass
    for pattern in (_YEAR_FIRST, _NAMED, _MONTH_FIRST, _NUMBERS):
        if (match := pattern.search(text)) and (month := _month(match["month"])):
            year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
            hour, minute, second, rest = _clock(text[match.end() :])
            try:
                local = datetime(year, month, int(match["day"]), hour, minute, second, tzinfo=_zone(rest, zone))
                return _usable(local, zone)
            except ValueError:
                continue
    return None


def _usable(moment: datetime, zone: tzinfo) -> datetime | None:
    if moment.year < _FIRST_YEAR or moment.year > 9000:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _month(word: str) -> int:
    if word.isdigit():
        return int(word) if 1 <= int(word) <= 12 else 0
    return _MONTHS.get(word[:3].lower(), 0)


def _clock(rest: str) -> tuple[int, int, int, str]:
    match = _TIME.search(rest.replace("T", " ", 1))
    if match is None:
        return 0, 0, 0, rest
    after = rest[match.end() :]
    hour = int(match[1])
    if noon := re.match(r"\s*([ap])\.?m\b", after, re.IGNORECASE):
        hour = hour % 12 + (12 if noon[1].lower() == "p" else 0)
    return hour, int(match[2]), int(match[3] or 0), after


def _zone(rest: str, default: tzinfo) -> tzinfo:
    if match := _OFFSET.search(rest):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    name = _ZONE_NAME.search(rest)
    hours = _ZONES.get(name[1].lower()) if name else None
    return default if hours is None else timezone(timedelta(hours=hours))
