"""The workbook of a night: findings, accounts and posts as typed, filterable sheets."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pantau.digest.model import Digest
from pantau.digest.sheets import Column, Cover, Pen, Value, bound
from pantau.digest.tables import AccountRow, FindingRow, PostRow, Tables

_FINDINGS = (
    Column("Status", 11),
    Column("Tingkat", 9),
    Column("Keluarga", 15),
    Column("Unit", 21),
    Column("Akun", 20),
    Column("Waktu unggah", 15, "time"),
    Column("Kata yang dimaksud", 27, "long"),
    Column("Yang perlu dicek", 29, "long"),
    Column("Dasar", 21, "long"),
    Column("Kode", 17),
    Column("Pertama tampil", 10.5, "day"),
    Column("Kali tampil", 6.5, "number"),
    Column("Jawaban unit", 19, "long"),
    Column("Malam ini", 8, printed=False),
    Column("Perbaikan", 32, "long", printed=False),
    Column("Rincian", 32, "long", printed=False),
    Column("Aturan", 24, printed=False),
    Column("Tautan", 40, "link", printed=False),
)
_ACCOUNTS = (
    Column("Kode unit", 9),
    Column("Unit", 27),
    Column("Jenis", 10),
    Column("Platform", 10),
    Column("Akun", 23),
    Column("Keadaan", 18),
    Column("Hari diam", 6.5, "number"),
    Column("Norma", 7, "number"),
    Column("Toleransi", 8.5, "number"),
    Column("Hitungan", 12),
    Column("Unggahan terakhir", 15, "time"),
    Column("Keadaan sejak", 10.5, "day"),
    Column("Tidak diketahui sejak", 15, "time"),
    Column("Alasan", 30, "long"),
    Column("Tidak dihitung", 20, "long"),
)
_POSTS = (
    Column("Waktu unggah", 15, "time"),
    Column("Unit", 23),
    Column("Akun", 22),
    Column("Jenis", 14),
    Column("Isi", 17),
    Column("Temuan", 12),
    Column("Teks", 80, "long"),
    Column("Tautan", 42, "link", printed=False),
)


def workbook(digest: Digest, tables: Tables, paper: Literal["A4", "F4"] = "A4") -> bytes:
    """The finished file (XLSX). The same input gives the same bytes."""

    def fill(pen: Pen) -> None:
        pen.sheet("Temuan", _FINDINGS, tables.findings, _finding)
        pen.sheet("Akun", _ACCOUNTS, tables.accounts, _account)
        pen.sheet("Unggahan", _POSTS, tables.posts, _post)
        pen.notes("Keterangan", _notes(digest, tables))

    cover = Cover(
        title=digest.title, author=digest.office_name, run_id=digest.run_id, made_at=tables.made_at, paper=paper
    )
    return bound(cover, fill)


def _finding(row: FindingRow) -> Sequence[Value]:
    return (
        row.state,
        row.level,
        row.family,
        row.unit,
        row.account,
        row.published,
        row.quote,
        row.message,
        row.basis,
        row.key,
        row.first_day,
        row.times,
        row.answer,
        "ya" if row.tonight else "tidak",
        row.corrected,
        row.details,
        row.rule,
        row.url,
    )


def _account(row: AccountRow) -> Sequence[Value]:
    return (
        row.unit_code,
        row.unit,
        row.kind,
        row.platform,
        row.account,
        row.state,
        row.silent_days,
        row.norm_days,
        row.grace_days,
        row.day_unit,
        row.last_post,
        row.since,
        row.blind_since,
        row.reason,
        row.excluded,
    )


def _post(row: PostRow) -> Sequence[Value]:
    return (row.published, row.unit, row.account, row.what, row.category, row.judged, row.text, row.url)


def _notes(digest: Digest, tables: Tables) -> Iterable[tuple[str, str]]:
    """Term and text of every line of the last sheet; an empty term goes on with the one before."""
    yield "Ringkasan", digest.title
    yield "Inti", digest.headline
    for warning in digest.warnings:
        yield "Perhatian", warning
    for entry in digest.facts.entries:
        yield entry.term, entry.text
    yield "Waktu", f"Semua jam dalam {tables.zone}; tanggal dan angka dapat diurutkan dan disaring."
    yield (
        "Temuan",
        "Satu baris satu temuan, juga yang tidak muat di surel dan yang masih terbuka dari malam sebelumnya.",
    )
    yield "Akun", "Setiap akun terdaftar. Hari diam hanya menghitung hari yang benar-benar diamati."
    yield (
        "Tidak diketahui sejak",
        "Akun yang tidak dapat diperiksa tidak dinilai; yang terbit sesudah waktu itu belum terlihat.",
    )
    yield "Unggahan", "Yang dibaca malam ini. Nomor panjang dan data pribadi ditutup dengan •."
    for entry in digest.method.entries:
        yield entry.term, entry.text
    yield "Menjawab", digest.how_to_answer
    for title, block in (
        ("Keputusan tercatat", digest.decisions),
        ("Surel yang tidak dipahami", digest.letters),
        ("Sudah diperbaiki", digest.corrected),
        ("Berubah atau tidak tampak lagi", digest.vanished),
        ("Yang tidak diperiksa", digest.unchecked),
        ("Aturan", digest.rules),
        ("Biaya dan kuota", digest.costs),
    ):
        for number, entry in enumerate(block.entries):
            yield "" if number else title, ": ".join(part for part in (entry.term, entry.text, entry.url) if part)
