"""Indonesian words of the digest: days, numbers and labels. Own tables, so that no locale data can change the bytes."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from pantau.core.clock import local_day, to_utc
from pantau.core.model import Account, AccountState, Category, DecisionAction, Family, Level, Post, UnreadClass

_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS = (
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
)
_ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}

INVENTED = "Ini contoh dengan data rekaan: tidak ada unit, akun, atau orang nyata di dalamnya."
"""Stands on everything that a demo makes."""
FAMILY_LABELS: dict[Family, str] = {
    "FLX": "Pamer kemewahan",
    "BHS": "Bahasa",
    "EMP": "Kurang empati",
    "PRB": "Urusan pribadi/komersial",
    "PJD": "Perjalanan dinas keluar daerah",
    "NTR": "Netralitas",
    "DPR": "Data pribadi",
    "SPM": "Spam/peretasan",
    "AKT": "Tidak aktif",
    "KIN": "Kinerja belum tampil",
    "PGW": "Tanpa bukti persetujuan",
}
LEVEL_LABELS: dict[Level, str] = {"tinggi": "TINGGI", "sedang": "SEDANG", "rendah": "RENDAH", "info": "INFO"}
STATE_LABELS: dict[AccountState, str] = {
    "active": "aktif",
    "quiet": "tidak aktif",
    "never_posted": "belum pernah mengunggah",
    "unregistered": "unit tanpa akun",
    "gone": "tidak ditemukan",
    "private": "privat",
    "unread": "tidak dapat diperiksa",
    "excused": "dikecualikan",
}
CATEGORY_LABELS: dict[Category, str] = {
    "kinerja": "Kinerja",
    "layanan": "Layanan",
    "edukasi": "Edukasi",
    "seremonial": "Seremonial",
    "ucapan": "Ucapan",
    "pribadi": "Pribadi/hiburan",
    "promosi": "Promosi komersial",
}
ACTION_LABELS: dict[DecisionAction, str] = {
    "confirm": "Dinyatakan benar",
    "dismiss": "Bukan pelanggaran",
    "answer": "Hak jawab unit",
    "followed_up": "Sudah ditindaklanjuti",
    "undo": "Keputusan dibatalkan",
}
_PLATFORMS = {
    "x": "X",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "youtube": "YouTube",
    "tiktok": "TikTok",
    "threads": "Threads",
    "website": "situs web",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "reader": "Pembaca (model bahasa)",
}
_POST_KINDS = {
    "post": "unggahan",
    "reply": "balasan",
    "repost": "unggahan ulang",
    "video": "video",
    "comment": "komentar",
}

UNREAD_LABELS: dict[UnreadClass, tuple[str, str]] = {
    "": ("sebab tidak tercatat", "Periksa catatan kerja malam ini."),
    "blocked": ("akses ditolak platform", "Periksa sesi atau akun pembaca dengan: pantau doctor."),
    "budget": ("anggaran atau kuota habis", "Tambah anggaran, atau dahulukan akun ini lewat kolom priority."),
    "token": ("kunci akses tidak berlaku", "Perbarui kunci akses; rinciannya lewat: pantau doctor."),
    "network": ("jaringan terganggu", "Biasanya pulih sendiri; bila berulang, periksa jaringan mesin Pantau."),
    "format": ("jawaban platform tidak dikenali", "Kabari pengelola Pantau: pembaca platform ini perlu diperbarui."),
    "rate_limit": ("batas permintaan tercapai", "Akun ini didahulukan pada malam berikutnya."),
    "deadline": ("waktu pengambilan habis", "Akun ini didahulukan pada malam berikutnya."),
    "rotation": ("menunggu giliran", "Naikkan collect.max_accounts, atau dahulukan akun ini lewat kolom priority."),
    "not_watched": ("platform belum dipantau", "Tidak ada yang perlu dilakukan."),
    "unproven": ("keadaan belum dapat dipastikan", "Ditunggu beberapa malam sebelum disebut hilang."),
    "stopped": ("pengambilan dihentikan", "Jalankan ulang: pantau nightly."),
}
"""Reason class to (what happened, what to do)."""


def day_long(day: date) -> str:
    """``Selasa, 24 November 2026``."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_short(day: date) -> str:
    """``24 Nov 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def day_month(day: date) -> str:
    """``24 Nov``."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]}"


def month_year(day: date) -> str:
    """``November 2026``."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def zone_label(zone: ZoneInfo, moment: datetime) -> str:
    """``WIB``, ``WITA``, ``WIT``, or the offset for other zones."""
    known = _ZONES.get(str(zone))
    return known or f"UTC{to_utc(moment).astimezone(zone).strftime('%z')}"


def moment(when: datetime, zone: ZoneInfo) -> str:
    """``24 Nov 2026 pukul 07.32 WIB`` in the readers' zone. Raises ``ValueError`` for a naive datetime."""
    local = to_utc(when).astimezone(zone)
    return f"{day_short(local.date())} pukul {local:%H.%M} {zone_label(zone, when)}"


def span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """``23 Nov 2026 pukul 20.00 s.d. 24 Nov 2026 pukul 20.00 WIB``."""
    first = to_utc(start).astimezone(zone)
    return f"{day_short(first.date())} pukul {first:%H.%M} s.d. {moment(end, zone)}"


def since_day(day: date, today: date) -> str:
    """``24 Nov`` within the same year, with the year otherwise."""
    return day_month(day) if day.year == today.year else day_short(day)


def ago_days(when: datetime, today: date, zone: ZoneInfo) -> int:
    """Calendar days from the local day of ``when`` to ``today``."""
    return (today - local_day(when, zone)).days


def number(value: float, decimals: int = 0) -> str:
    """Indonesian number: ``1.234,5``."""
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{exact:,}"
    return text.replace(",", "\x00").replace(".", ",").replace("\x00", ".")


def percent(part: int, whole: int) -> int:
    """Whole per cent, never 100 while something is missing and never 0 while something is there."""
    if not whole or not part:
        return 0
    return 100 if part == whole else min(99, max(1, round(100 * part / whole)))


def counted(count: int, noun: str) -> str:
    """``9 akun``: Indonesian nouns have no plural."""
    return f"{number(count)} {noun}"


def sentence(text: str) -> str:
    """``text`` with a capital first letter and an end; empty stays empty."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?…”" else ".") if text else ""


def listed(items: list[str]) -> str:
    """``a, b dan c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} dan {items[-1]}" if items else ""


def usd(value: float) -> str:
    """``USD 1.234,50``; fractions of a cent count up, so that a cost never reads as nothing."""
    return f"USD {number(value, 2)}" if value == 0 or value >= 0.01 else "kurang dari USD 0,01"


def family(code: Family) -> str:
    """What a finding is about, for example ``Data pribadi``."""
    return FAMILY_LABELS[code]


def platform(name: str) -> str:
    """The platform as readers write it."""
    return _PLATFORMS.get(name.lower(), name)


def handle(item: Account) -> str:
    """``@handle``; a web address stays as it is."""
    return item.handle if item.platform == "website" or "/" in item.handle else f"@{item.handle}"


def account(item: Account) -> str:
    """``@handle (Instagram)``."""
    return f"{handle(item)} ({platform(item.platform)})"


def post_kind(post: Post) -> str:
    """``balasan``, or ``unggahan, 2 gambar, 1 video``."""
    pictures = sum(1 for media in post.media if media.kind == "image")
    videos = sum(1 for media in post.media if media.kind == "video")
    parts = [_POST_KINDS[post.kind]]
    parts += [counted(pictures, "gambar")] if pictures else []
    parts += [counted(videos, "video")] if videos and not (post.kind == "video" and videos == 1) else []
    return ", ".join(parts)
