"""Personal data in running text: what is a plausible NIK, telephone or card number, and how such numbers are masked."""

import re
from collections.abc import Callable, Iterator, Mapping

from pantau.checks.fold_tables import fold_character

_PROVINCES = frozenset(
    re.findall("..", "111213141516171819213132333435365152536162636465717273747576818291929394959697")
)
"""Province codes of identity numbers (Kepmendagri 300.2.2-2430/2025); 91 to 97 are the provinces of Papua."""
_REGENCIES = (range(1, 51), range(71, 80))
"""Second pair of digits: regencies are numbered from 01, cities from 71."""
_MAX_DISTRICT = 70
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_NUMBER = re.compile(r"[0-9](?:[ .\-_]{0,3}[0-9]){5,}")
_GROUP = re.compile(r"[0-9](?:_{0,3}[0-9])*")
_MAX_GROUPS = 8
_MIN_DIGITS = 10


def digits_of(text: str) -> str:
    """The digits of a text."""
    return re.sub(r"\D", "", text)


def is_nik(text: str) -> bool:
    """True for a plausible NIK or family-card number: 16 digits that begin with a known area and hold a date and a serial.

    Layout: province, regency, district (two digits each), DDMMYY (women: day + 40), serial of four digits from 0001. There is
    no check digit (Permendagri 102/2019), so plausibility is all there is. An amount with points between thousands is none.
    """
    number = digits_of(text)
    if len(number) != 16 or number[:2] not in _PROVINCES or _THOUSANDS.fullmatch(text.strip()):
        return False
    if not any(int(number[2:4]) in codes for codes in _REGENCIES) or not 1 <= int(number[4:6]) <= _MAX_DISTRICT:
        return False
    day, month = int(number[6:8]), int(number[8:10])
    day -= 40 if day > 40 else 0
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] and number[12:] != "0000"


def is_phone(text: str) -> bool:
    """True for a plausible Indonesian mobile number: 08, 628 or +628, then eight to eleven more digits."""
    number = digits_of(text)
    number = "0" + number[2:] if number.startswith("628") else number
    return bool(re.fullmatch(r"08[1-9]\d{7,10}", number)) and not _THOUSANDS.fullmatch(text.strip())


def is_card(text: str) -> bool:
    """True for a payment-card number: 13 to 19 digits with a valid check digit (Luhn, ISO/IEC 7812-1)."""
    number = digits_of(text)
    if not 13 <= len(number) <= 19 or len(set(number)) < 2:
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


VALIDATORS: Mapping[str, Callable[[str], bool]] = {"nik": is_nik, "phone": is_phone, "card": is_card}
"""What ``validate`` in a pattern rule may name."""


def mask_digits(text: str) -> str:
    """``text`` with every number of six or more digits reduced to its first three and last two digits."""
    plain = _plain_text(text)
    return _masked(text, plain, [found.span() for found in _NUMBER.finditer(plain)])


def mask_personal(text: str) -> str:
    """``text`` with every plausible NIK, family-card, payment-card or mobile number reduced to its first three and last two digits.

    Every number of 16 digits counts; other numbers (amounts, dates, service numbers of up to nine digits) stay as they are.
    """
    if sum(map(str.isdigit, text)) < _MIN_DIGITS:
        return text
    plain = _plain_text(text)
    return _masked(
        text, plain, [span for found in _NUMBER.finditer(plain) for span in _personal_parts(plain, *found.span())]
    )


def _personal_parts(plain: str, start: int, end: int) -> list[tuple[int, int]]:
    """The personal numbers in a stretch of digits and separators.

    Single groups of digits first, then up to eight neighbouring ones; plausible numbers before anything of 16 digits.
    """
    groups = [found.span() for found in _GROUP.finditer(plain, start, end)]
    taken = [False] * len(groups)
    found: list[tuple[int, int]] = []
    for test in (_is_valid, _has_16_digits):
        for most in (1, _MAX_GROUPS):
            for first, last in _sweep(plain, groups, taken, most, test):
                found.append((groups[first][0], groups[last][1]))
                taken[first : last + 1] = [True] * (last + 1 - first)
    return found


def _sweep(
    plain: str, groups: list[tuple[int, int]], taken: list[bool], most: int, test: Callable[[str], bool]
) -> Iterator[tuple[int, int]]:
    """Runs of at most ``most`` free groups that pass a test, the longest at each place, none overlapping another."""
    sizes = [end - start for start, end in groups]
    first = 0
    while first < len(groups):
        last = first - 1
        while last + 1 < min(first + most, len(groups)) and not taken[last + 1]:
            last += 1
        while last >= first and not (
            sum(sizes[first : last + 1]) >= _MIN_DIGITS
            and test(plain[groups[first][0] : groups[last][1]].replace("_", ""))
        ):
            last -= 1
        if last >= first:
            yield first, last
        first = max(last, first) + 1


def _is_valid(number: str) -> bool:
    return any(valid(number) for valid in VALIDATORS.values())


def _has_16_digits(number: str) -> bool:
    return len(digits_of(number)) == 16


def _masked(text: str, plain: str, spans: list[tuple[int, int]]) -> str:
    shown = list(text)
    for start, end in spans:
        for place in [place for place in range(start, end) if plain[place].isdigit()][3:-2]:
            shown[place] = "*"
    return "".join(shown)


def _plain_text(text: str) -> str:
    """A copy with one plain character for each published one, so that fancy digits are masked too."""
    return text if text.isascii() else "".join(map(_plain, text))


def _plain(character: str) -> str:
    """The digit a character shows, ``_`` for one that shows nothing, else the character itself (or a blank)."""
    folded = fold_character(character)
    if not folded:
        return "_"
    return folded if len(folded) == 1 else "?"
