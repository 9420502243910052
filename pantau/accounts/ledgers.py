"""The side files of the register: approvals, trips, situations and excuses. CSV or XLSX like the register itself.

An empty file name in the settings means that the office keeps no such file. A file that is named but missing is an error:
without it every approved post and every reported trip would look unapproved and unreported.
"""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from pantau.accounts.handles import parse_platform
from pantau.accounts.tables import Layout, Problems, Row, nearest, read_table
from pantau.accounts.values import Mistake, parse_day, parse_moment
from pantau.core.clock import WIB
from pantau.core.errors import RegisterError
from pantau.core.ledgers import Approval, Excuse, Situation, Trip

T = TypeVar("T")

APPROVAL_COLUMNS = ("unit_code", "platform", "planned_at", "url_or_caption", "approved_by", "approved_at")
TRIP_COLUMNS = ("unit_code", "traveller", "destination", "country", "start", "end", "reported_at", "permit_no")
SITUATION_COLUMNS = ("start", "end", "area_codes", "kind", "title")
EXCUSE_COLUMNS = ("unit_code", "start", "end", "reason")
SITUATION_KINDS = (
    "banjir",
    "kekeringan",
    "longsor",
    "gempa",
    "kebakaran",
    "bencana",
    "wabah",
    "duka",
    "harga",
    "moratorium",
    "pemilu",
)
"""Kinds that the shipped rules and the guide use; an office may add its own for its own rules."""
_MAX_EXCUSE_DAYS = 366
_MIN_CAPTION_CHARS = 8


class Ledgers(msgspec.Struct, frozen=True, kw_only=True):
    """All side files. A file that the office does not keep is an empty tuple."""

    approvals: tuple[Approval, ...] = ()
    trips: tuple[Trip, ...] = ()
    situations: tuple[Situation, ...] = ()
    excuses: tuple[Excuse, ...] = ()


class _Reader:
    """One file being read: its rows, its mistakes, and the units that may be named."""

    def __init__(self, path: Path, units: Collection[str], region_code: str, zone: ZoneInfo) -> None:
        self.problems = Problems(path)
        self.units = units
        self.region_code = region_code
        self.zone = zone

    def value(self, row: Row, column: str, parse: Callable[[str], T], *, needed: bool = True) -> T | None:
        """What ``parse`` makes of a cell; None when it is empty or wrong, which is then remembered."""
        if not row[column]:
            if needed:
                self.problems.at(row, column, "belum diisi", "Isi sel ini, atau hapus barisnya.")
            return None
        try:
            return parse(row[column])
        except Mistake as mistake:
            self.problems.at(row, column, mistake.what, mistake.remedy)
            return None

    def day(self, row: Row, column: str, *, needed: bool = True) -> date | None:
        """A calendar day."""
        return self.value(row, column, parse_day, needed=needed)

    def moment(self, row: Row, column: str, *, needed: bool = True) -> datetime | None:
        """An instant (UTC)."""
        return self.value(row, column, lambda text: parse_moment(text, self.zone), needed=needed)

    def text(self, row: Row, column: str) -> str:
        """Words that must not be missing."""
        return self.value(row, column, str) or ""

    def unit(self, row: Row) -> str:
        """A unit code of the register. Without a readable register any code passes."""
        code = self.text(row, "unit_code")
        if code and self.units and code not in self.units:
            near = nearest(code, list(self.units))
            hint = f'Mungkin maksudnya "{near}".' if near else "Pakai kode yang sama seperti di daftar akun."
            self.problems.at(row, "unit_code", "kode unit tidak ada di daftar akun", hint)
        return code

    def span(self, row: Row, *, open_end: bool = False) -> tuple[date, date] | None:
        """First and last day. With ``open_end`` an empty last day means one single day."""
        start, end = self.day(row, "start"), self.day(row, "end", needed=not open_end)
        if start is not None and end is None and not row["end"] and open_end:
            end = start
        if start is None or end is None:
            return None
        if end < start:
            what = f"tanggal akhir lebih awal daripada tanggal mulai ({row['start']})"
            self.problems.at(row, "end", what, "Tukar kedua tanggal, atau perbaiki tahunnya.")
            return None
        return start, end

    def areas(self, row: Row) -> tuple[str, ...]:
        """Area codes; empty for the whole region."""
        codes = tuple(code for code in re.split(r"[\s,;|]+", row["area_codes"]) if code)
        if self.units:
            for code in codes:
                inside = any(unit == code or unit.startswith(code + ".") for unit in self.units)
                if not inside and code != self.region_code:
                    remedy = "Tulis kode kecamatan atau desa dari daftar akun; kosong berarti seluruh daerah."
                    self.problems.at(row, "area_codes", "kode wilayah tidak ada di daftar akun", remedy, code)
        return () if self.region_code and self.region_code in codes else codes


def _approval(reader: _Reader, row: Row) -> Approval | None:
    platform = reader.value(row, "platform", parse_platform, needed=False) or ""
    planned_at = reader.moment(row, "planned_at", needed=False)
    unit, caption = reader.unit(row), reader.text(row, "url_or_caption")
    approved_by, approved_at = reader.text(row, "approved_by"), reader.moment(row, "approved_at")
    if caption and len(caption) < _MIN_CAPTION_CHARS:
        what = f"teks terlalu pendek untuk dicocokkan (paling sedikit {_MIN_CAPTION_CHARS} huruf)"
        reader.problems.at(row, "url_or_caption", what, "Salin kalimat pertama unggahan, atau alamatnya.")
    if approved_at is None:
        return None
    return Approval(
        unit=unit,
        platform=platform,
        planned_at=planned_at,
        url_or_caption=caption,
        approved_by=approved_by,
        approved_at=approved_at,
    )


def _trip(reader: _Reader, row: Row) -> Trip | None:
    unit, traveller, destination = reader.unit(row), reader.text(row, "traveller"), reader.text(row, "destination")
    span = reader.span(row, open_end=True)
    reported_at = reader.day(row, "reported_at", needed=False)
    if span is None:
        return None
    return Trip(
        unit=unit,
        traveller=traveller,
        destination=destination,
        country=row["country"] or "Indonesia",
        start=span[0],
        end=span[1],
        reported_at=reported_at,
        permit_no=row["permit_no"],
    )


def _situation(reader: _Reader, row: Row) -> Situation | None:
    span, areas, title = reader.span(row), reader.areas(row), reader.text(row, "title")
    kind = reader.text(row, "kind").casefold()
    near = nearest(kind, SITUATION_KINDS) if kind not in SITUATION_KINDS else ""
    if near:
        reader.problems.at(row, "kind", "jenis keadaan tidak dikenal", f'Mungkin maksudnya "{near}".')
    return Situation(start=span[0], end=span[1], area_codes=areas, kind=kind, title=title) if span else None


def _excuse(reader: _Reader, row: Row) -> Excuse | None:
    unit, span, reason = reader.unit(row), reader.span(row), reader.text(row, "reason")
    if span and (span[1] - span[0]).days >= _MAX_EXCUSE_DAYS:
        what = f"izin lebih dari {_MAX_EXCUSE_DAYS} hari"
        reader.problems.at(row, "end", what, "Periksa tahunnya; izin panjang diperbarui tiap tahun.")
    return Excuse(unit=unit, start=span[0], end=span[1], reason=reason) if span else None


def _read(
    path: Path | None,
    layout: Layout,
    parse: Callable[[_Reader, Row], T | None],
    units: Collection[str],
    region_code: str = "",
    zone: ZoneInfo = WIB,
) -> tuple[T, ...]:
    if path is None:
        return ()
    reader = _Reader(path, units, region_code, zone)
    items = [parse(reader, row) for row in read_table(path, layout, reader.problems)]
    if reader.problems.items:
        raise RegisterError(reader.problems.items)
    return tuple(item for item in items if item is not None)


def read_approvals(path: Path | None, units: Collection[str] = (), zone: ZoneInfo = WIB) -> tuple[Approval, ...]:
    """Superiors' consents. Without a clock time ``approved_at`` is the beginning of the day. Raises ``RegisterError``."""
    needed = frozenset(APPROVAL_COLUMNS) - {"platform", "planned_at"}
    return _read(path, Layout(APPROVAL_COLUMNS, needed, frozenset({"url_or_caption"})), _approval, units, "", zone)


def read_trips(path: Path | None, units: Collection[str] = ()) -> tuple[Trip, ...]:
    """Reported trips; an empty ``end`` means one day, an empty ``country`` Indonesia. Raises ``RegisterError``."""
    needed = frozenset({"unit_code", "traveller", "destination", "start"})
    return _read(path, Layout(TRIP_COLUMNS, needed, frozenset({"destination"})), _trip, units)


def read_situations(path: Path | None, units: Collection[str] = (), region_code: str = "") -> tuple[Situation, ...]:
    """Hardships and seasons; the region's own code counts as no area, the whole region. Raises ``RegisterError``."""
    layout = Layout(
        SITUATION_COLUMNS, frozenset(SITUATION_COLUMNS) - {"area_codes"}, frozenset({"area_codes", "title"})
    )
    return _read(path, layout, _situation, units, region_code)


def read_excuses(path: Path | None, units: Collection[str] = ()) -> tuple[Excuse, ...]:
    """Accepted reasons for silence. Raises ``RegisterError``."""
    return _read(path, Layout(EXCUSE_COLUMNS, frozenset(EXCUSE_COLUMNS), frozenset({"reason"})), _excuse, units)
