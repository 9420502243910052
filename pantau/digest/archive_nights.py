"""Nights: each with its digest as it was sent, what it found, and the corrections of its days; the calendar and the trend."""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from pantau.core.clock import local_day
from pantau.core.model import Finding
from pantau.digest import clean, words
from pantau.digest.archive_chart import Drawing, columns, state_label
from pantau.digest.archive_findings import Book
from pantau.digest.archive_model import ArchiveNight, ArchiveRerun, StoredPage
from pantau.digest.archive_names import Names
from pantau.digest.archive_pages import Pages
from pantau.digest.archive_stored import safe_page
from pantau.digest.blocks import Series

TREND_NIGHTS = 60
OPEN_MONTHS = 2
"""So many months of the calendar stand open; older ones unfold."""
_EDITIONS = {
    "staff": "Ringkasan lengkap",
    "regent": "Ringkasan pimpinan",
    "week": "Edisi mingguan",
    "month": "Edisi bulanan",
}


class NightRow(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a night after its pages of the mail are written."""

    run_id: str
    day: date
    window: tuple[datetime, datetime]
    finished: bool
    headline: str
    flags: int
    reviews: int
    quiet: int
    unread: int
    states: dict[str, int]
    keys: tuple[str, ...]
    pages: tuple[tuple[str, str], ...]
    """Label and file of every stored edition."""

    @property
    def file(self) -> str:
        """Its page."""
        return f"malam/{self.run_id}.html"


class RerunRow(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of a rerun."""

    run_id: str
    day: date
    window: tuple[datetime, datetime]
    days: str
    sent: bool
    keys: tuple[str, ...]
    pages: tuple[tuple[str, str], ...]

    @property
    def file(self) -> str:
        """Its page."""
        return f"malam/{self.run_id}.html"


class FindingRow(msgspec.Struct, frozen=True):
    """A line in a night's list."""

    tone: str
    level: str
    review: bool
    family: str
    message: str
    unit: str
    unit_slug: str
    place: str
    status: str
    key: str


class CalendarDay(msgspec.Struct, frozen=True):
    """A day: its number and, when it had a night, its page, what stands in the cell and the rest that is read aloud."""

    number: int = 0
    link: str = ""
    flags: str = ""
    label: str = ""
    tone: str = ""


class CalendarMonth(msgspec.Struct, frozen=True):
    """A month in weeks from Monday on."""

    name: str
    nights: str
    weeks: tuple[tuple[CalendarDay, ...], ...]


class Nights:
    """Collects nights and writes their pages."""

    def __init__(self, pages: Pages, names: Names, book: Book) -> None:
        self._pages, self._names, self._book = pages, names, book
        self.listed: list[NightRow] = []
        self._reruns: list[RerunRow] = []

    def night(self, night: ArchiveNight) -> None:
        """Write its mails as pages, keep its numbers."""
        self.listed.append(
            NightRow(
                run_id=_file_name(night.run_id),
                day=night.day,
                window=night.window,
                finished=night.finished,
                headline=clean.line(night.headline),
                flags=night.flags,
                reviews=night.reviews,
                quiet=night.quiet,
                unread=night.unread,
                states=dict(Counter(state_label(item.state, item.unread_class) for item in night.observations)),
                keys=tuple(finding.key for finding in night.findings),
                pages=self._stored(night.run_id, night.pages),
            )
        )

    def rerun(self, rerun: ArchiveRerun) -> None:
        """The same for a rerun."""
        first = local_day(rerun.window[0], self._names.zone)
        last = local_day(rerun.window[1] - timedelta(microseconds=1), self._names.zone)
        days = words.day_short(first) if first == last else f"{words.day_short(first)} s.d. {words.day_short(last)}"
        self._reruns.append(
            RerunRow(
                run_id=_file_name(rerun.run_id),
                day=rerun.day,
                window=rerun.window,
                days=days,
                sent=rerun.sent,
                keys=tuple(finding.key for finding in rerun.findings) if rerun.sent else (),
                pages=self._stored(rerun.run_id, rerun.pages),
            )
        )

    def _stored(self, run_id: str, stored: Sequence[StoredPage]) -> tuple[tuple[str, str], ...]:
        written = []
        for page in stored:
            file = f"{_file_name(run_id)}-{_file_name(page.edition)}.html"
            text = page.html.decode("utf-8", "replace")
            self._pages.file(f"malam/{file}", safe_page(text, f"{_file_name(run_id)}.html"))
            written.append((_label(page.edition), file))
        return tuple(written)

    def write_pages(self) -> None:
        """A page for every night and rerun, corrections beside the nights whose days they checked again."""
        for number, night in enumerate(self.listed):
            self._pages.write(
                night.file,
                "malam",
                night=night,
                title=words.day_long(night.day),
                window=words.span(*night.window, self._names.zone),
                states=sorted(night.states.items(), key=lambda pair: (-pair[1], pair[0])),
                posts=self._rows(night.keys, about_posts=True),
                accounts=self._rows(night.keys, about_posts=False),
                corrections=[rerun for rerun in self._reruns if _touches(rerun, night)],
                before=self.listed[number - 1] if number else None,
                after=self.listed[number + 1] if number + 1 < len(self.listed) else None,
            )
        for rerun in self._reruns:
            self._pages.write(
                rerun.file,
                "ulang",
                rerun=rerun,
                nights=[(words.day_long(night.day), night.file) for night in self.listed if _touches(rerun, night)],
                findings=self._rows(rerun.keys, about_posts=True),
            )

    def write_start(self, units: Sequence[object], open_count: int) -> None:
        """The first page: last night, calendar, trend, units."""
        self._pages.write(
            "index.html",
            "awal",
            last=self.listed[-1] if self.listed else None,
            last_day=words.day_long(self.listed[-1].day) if self.listed else "",
            open_count=words.number(open_count),
            months=self._calendar(),
            open_months=OPEN_MONTHS,
            trend=self._trend(),
            units=units,
        )

    def _rows(self, keys: Sequence[str], *, about_posts: bool) -> list[FindingRow]:
        told = [self._book.get(key) for key in keys]
        return [
            self._row(item.finding, item.place, self._book.status(item))
            for item in told
            if bool(item.finding.post) == about_posts
        ]

    def _row(self, finding: Finding, place: str, status: str) -> FindingRow:
        shower = self._names.shower
        return FindingRow(
            tone=finding.level,
            level=words.LEVEL_LABELS[finding.level],
            review=finding.strength == "review",
            family=words.FAMILY_LABELS[finding.family],
            message=shower.words(finding.message, 200, personal=finding.family == "DPR"),
            unit=self._names.unit(finding.unit),
            unit_slug=self._names.slug(finding.unit),
            place=place,
            status=status,
            key=finding.key,
        )

    def _trend(self) -> Drawing:
        if len(self.listed) < 2:
            return Drawing()
        by_day = {night.day: night for night in self.listed}
        last = self.listed[-1].day
        first = max(self.listed[0].day, last - timedelta(days=TREND_NIGHTS - 1))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found = [by_day.get(day) for day in days]
        nights = [night for night in found if night]
        most = max(nights, key=lambda night: (night.flags + night.reviews, night.day))
        fact = (
            f"Dalam {words.counted(len(nights), 'malam')} terakhir ada {words.number(sum(n.flags for n in nights))} unggahan "
            f"perlu dicek dan {words.number(sum(n.reviews for n in nights))} untuk dilihat; terbanyak "
            f"{words.number(most.flags + most.reviews)} pada {words.day_long(most.day)}."
        )
        gaps = len(days) - len(nights)
        if gaps:
            fact += f" {words.counted(gaps, 'hari')} tanpa pemeriksaan ditandai pita pucat."
        series = (
            Series("perlu dicek", tuple(night.flags if night else None for night in found)),
            Series("untuk dilihat", tuple(night.reviews if night else None for night in found)),
        )
        return columns("Temuan per malam", "unggahan", days, series, fact)

    def _calendar(self) -> list[CalendarMonth]:
        """Months, newest first."""
        by_day = {night.day: night for night in self.listed}
        months = sorted({day.replace(day=1) for day in by_day}, reverse=True)
        return [self._month(first, by_day) for first in months]

    def _month(self, first: date, by_day: dict[date, NightRow]) -> CalendarMonth:
        days = [first + timedelta(days=n) for n in range(monthrange(first.year, first.month)[1])]
        cells = [CalendarDay()] * first.weekday() + [_calendar_day(day, by_day.get(day)) for day in days]
        cells += [CalendarDay()] * (-len(cells) % 7)
        weeks = tuple(tuple(cells[n : n + 7]) for n in range(0, len(cells), 7))
        nights = sum(day in by_day for day in days)
        return CalendarMonth(words.month_year(first), words.counted(nights, "malam"), weeks)


def _calendar_day(day: date, night: NightRow | None) -> CalendarDay:
    if night is None:
        return CalendarDay(day.day)
    flags, unread = words.number(night.flags), words.number(night.unread)
    label = f"perlu dicek, {unread} akun tidak dapat diperiksa"
    tone = "ada" if night.flags else "nol"
    return CalendarDay(day.day, night.file, flags, label, tone)


def _touches(rerun: RerunRow, night: NightRow) -> bool:
    """Whether the rerun checked days again of which this night told."""
    return rerun.window[0] < night.window[1] and night.window[0] < rerun.window[1]


def _label(edition: str) -> str:
    """``Edisi mingguan 2026-W47`` for ``week:2026-W47``."""
    kind, _, period = edition.partition(":")
    return f"{_EDITIONS[kind]} {clean.line(period)}".strip() if kind in _EDITIONS else clean.line(edition)


def _file_name(name: str) -> str:
    """Ids of runs are plain already; whatever else comes stays inside its folder."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in name) or "x"
