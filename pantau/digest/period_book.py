"""The workbook of a period: findings with what became of them, units, accounts and days."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pantau.digest.period_model import AccountLine, DayLine, FindingLine, PeriodEdition, PeriodTables, UnitLine
from pantau.digest.sheets import Column, Cover, Pen, Value, bound

_FINDINGS = (
    Column("Status", 11),
    Column("Tingkat", 9),
    Column("Keluarga", 15),
    Column("Unit", 22),
    Column("Akun", 21),
    Column("Waktu unggah", 15, "time"),
    Column("Yang perlu dicek", 30, "long"),
    Column("Pertama dilaporkan", 15, "time"),
    Column("Yang terjadi", 22, "long"),
    Column("Diputuskan oleh", 18),
    Column("Diputuskan pada", 15, "time"),
    Column("Catatan", 22, "long"),
    Column("Jam sampai diperbaiki (paling lama)", 11, "number"),
    Column("Kode", 17),
    Column("Teks", 60, "long", printed=False),
    Column("Aturan", 24, printed=False),
    Column("Tautan", 40, "link", printed=False),
)
_UNITS = (
    Column("Kode unit", 10),
    Column("Unit", 34),
    Column("Jenis", 24),
    Column("Akun", 7, "number"),
    Column("Unggahan", 10, "number"),
    Column("Digolongkan", 11, "number"),
    Column("Bermanfaat", 11, "number"),
    Column("Bagian bermanfaat (%)", 12, "number"),
    Column("Masa sebelumnya (%)", 12, "number"),
    Column("Temuan", 8, "number"),
    Column("Malam diam (akun terlama)", 12, "number"),
    Column("Malam tidak terbaca (akun terbanyak)", 14, "number"),
)
_ACCOUNTS = (
    Column("Unit", 32),
    Column("Platform", 11),
    Column("Akun", 28),
    Column("Unggahan", 10, "number"),
    Column("Malam aktif", 8, "number"),
    Column("Malam diam", 8, "number"),
    Column("Malam belum pernah mengunggah", 12, "number"),
    Column("Malam tidak ditemukan", 11, "number"),
    Column("Malam privat", 8, "number"),
    Column("Malam dikecualikan", 13, "number"),
    Column("Malam tidak terbaca", 9, "number"),
    Column("Malam menunggu giliran", 11, "number"),
)
_DAYS = (
    Column("Hari", 14, "day"),
    Column("Unggahan", 12, "number"),
    Column("Ditandai", 12, "number"),
    Column("Akun diam", 12, "number"),
    Column("Akun tidak terbaca", 12, "number"),
)


def workbook(edition: PeriodEdition, tables: PeriodTables, paper: Literal["A4", "F4"] = "A4") -> bytes:
    """The finished file (XLSX). The same input gives the same bytes."""

    def fill(pen: Pen) -> None:
        pen.sheet("Temuan", _FINDINGS, tables.findings, _finding)
        pen.sheet("Unit", _UNITS, tables.units, _unit)
        pen.sheet("Akun", _ACCOUNTS, tables.accounts, _account)
        pen.sheet("Hari", _DAYS, tables.days, _day)
        pen.notes("Keterangan", _notes(edition, tables))

    cover = Cover(
        title=edition.title, author=edition.office_name, run_id=edition.run_id, made_at=tables.made_at, paper=paper
    )
    return bound(cover, fill)


def _finding(row: FindingLine) -> Sequence[Value]:
    return (
        row.state,
        row.level,
        row.family,
        row.unit,
        row.account,
        row.published,
        row.message,
        row.first_at,
        row.outcome,
        row.decided_by,
        row.decided_at,
        row.note,
        row.hours,
        row.key,
        row.text,
        row.rule,
        row.url,
    )


def _unit(row: UnitLine) -> Sequence[Value]:
    return (
        row.code,
        row.unit,
        row.tier,
        row.accounts,
        row.posts,
        row.categorised,
        row.useful,
        row.share,
        row.share_before,
        row.flags,
        row.quiet_nights,
        row.unread_nights,
    )


def _account(row: AccountLine) -> Sequence[Value]:
    return (
        row.unit,
        row.platform,
        row.account,
        row.posts,
        row.active,
        row.quiet,
        row.never_posted,
        row.gone,
        row.private,
        row.excused,
        row.unread,
        row.waiting,
    )


def _day(row: DayLine) -> Sequence[Value]:
    return (row.day, row.posts, row.flagged, row.quiet, row.unread)


def _notes(edition: PeriodEdition, tables: PeriodTables) -> Iterable[tuple[str, str]]:
    """Term and text of every line of the last sheet."""
    yield "Ringkasan", edition.title
    yield "Inti", edition.headline
    yield "Perbandingan", edition.comparison
    for warning in edition.warnings:
        yield "Perhatian", warning
    for entry in (*edition.facts.entries, *edition.coverage.entries, *edition.unchecked.entries):
        yield entry.term, entry.text
    yield "Waktu", f"Semua jam dalam {tables.zone}; tanggal dan angka dapat diurutkan dan disaring."
    yield (
        "Temuan",
        "Satu baris satu temuan aturan. Di surel semua temuan tentang satu unggahan menjadi satu baris, dan yang tentang diam "
        "atau kinerja akun diceritakan di bagiannya sendiri, tidak dihitung sebagai temuan.",
    )
    yield "Sel kosong", "Tidak diketahui, terlalu sedikit untuk persentase, atau tidak dapat dibandingkan; bukan nol."
    for entry in edition.method.entries:
        yield entry.term, entry.text
    yield "Menjawab", edition.how_to_answer
