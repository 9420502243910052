"""An invented night in an invented regency: every family, every state, every block and the edges between them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from pantau.core.model import (
    Account,
    Cost,
    Decision,
    Evidence,
    Finding,
    Media,
    Observation,
    Post,
    RuleFailure,
    Run,
    Unit,
    Window,
)
from pantau.core.periods import Correction
from pantau.core.pictures import Thumbnail
from pantau.core.rule_life import Demotion
from pantau.core.settings import DigestSettings, Office
from pantau.digest.model import (
    Absence,
    CorrectedFlag,
    DayCount,
    DigestInput,
    KnownDecision,
    OpenFinding,
    TextVersion,
    VanishedPost,
)

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "digest"
NIGHT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # 20.00 WIB
TODAY = date(2026, 11, 24)
OFFICE = Office(
    name="Kabupaten Arunika",
    region="Arunika",
    province="Nusa Cendana",
    department="Sekretariat Daerah, Bagian Protokol dan Komunikasi Pimpinan",
    address="Jalan Pendapa Nomor 1, Arunika",
    contact="Bagian Prokopim, prokopim@arunika.example",
)
UNITS = (
    Unit(code="OPD-01", name="Dinas Kesehatan", kind="opd", head_name="dr. Lintang"),
    Unit(code="OPD-02", name="Dinas Pekerjaan Umum dan Penataan Ruang", kind="opd"),
    Unit(code="OPD-03", name="Dinas Pendidikan", kind="opd"),
    Unit(code="OPD-04", name="Dinas Kependudukan dan Pencatatan Sipil", kind="opd"),
    Unit(code="OPD-05", name="Dinas Pariwisata", kind="opd"),
    Unit(code="KEC-01", name="Kecamatan Lorembulan", kind="kecamatan"),
    Unit(code="KEC-02", name="Kecamatan Watusinar", kind="kecamatan"),
    Unit(code="DES-01", name="Desa Tirtasewu", kind="desa", parent="KEC-01"),
    Unit(code="DES-02", name="Desa Tirtasewu", kind="desa", parent="KEC-02"),
    Unit(code="DES-03", name="Desa Kalisaga", kind="desa", parent="KEC-02"),
    Unit(code="RSU-01", name="RSUD Arunika Husada", kind="rsud"),
    Unit(code="PKM-01", name="Puskesmas Lorembulan", kind="puskesmas", parent="OPD-01"),
    Unit(code="SKL-01", name="SMPN 19 Arunika", kind="sekolah", parent="OPD-03"),
    Unit(code="BMD-01", name="Perumda Air Minum Tirta Arunika", kind="bumd"),
    Unit(code="PJB-01", name="Camat Watusinar (akun jabatan)", kind="pejabat", parent="KEC-02"),
    Unit(code="PKM-02", name="Puskesmas Watusinar", kind="puskesmas", parent="OPD-01"),
    Unit(code="SKL-02", name="SMPN 20 Arunika", kind="sekolah", parent="OPD-03"),
    Unit(code="DES-04", name="Desa Bulaksari", kind="desa", parent="KEC-01"),
    Unit(code="KEL-01", name="Kelurahan Pringgading", kind="kelurahan", parent="KEC-01"),
)


def account(unit: str, platform: str, handle: str, number: int = 0) -> Account:
    return Account(platform=platform, handle=handle, unit=unit, platform_id=str(number) if number else "")


ACCOUNTS = (
    account("OPD-01", "x", "dinkes_arunika", 7101),
    account("OPD-01", "instagram", "dinkes.arunika", 8101),
    account("OPD-02", "x", "pupr_arunika", 7102),
    account("OPD-03", "instagram", "disdik.arunika", 8103),
    account("OPD-04", "x", "dukcapil_arunika", 7104),
    account("OPD-05", "instagram", "wisata.arunika", 8105),
    account("KEC-01", "x", "kec_lorembulan", 7201),
    account("KEC-02", "instagram", "kec.watusinar", 8202),
    account("DES-01", "instagram", "tirtasewu.lorembulan", 8301),
    account("DES-02", "x", "pemdes_tirtasewu_watusinar"),
    account("DES-02", "facebook", "pemdestirtasewu"),
    account("DES-03", "facebook", "desakalisaga"),
    account("RSU-01", "instagram", "rsud.arunika.husada", 8401),
    account("RSU-01", "x", "rsud_arunika", 7401),
    account("PKM-01", "instagram", "puskesmas.lorembulan", 8501),
    account("SKL-01", "instagram", "smpn19arunika", 8601),
    account("BMD-01", "x", "tirta_arunika", 7701),
    account("BMD-01", "website", "tirta.arunika.example/berita"),
    account("PJB-01", "x", "camat_watusinar", 7801),
    account("PKM-02", "instagram", "puskesmas.watusinar", 8502),
    account("SKL-02", "instagram", "smpn20arunika", 8602),
    account("DES-04", "instagram", "desa.bulaksari", 8304),
    account("DES-03", "x", "desa_kalisaga", 7303),
    account("SKL-02", "x", "smpn20_arunika", 7602),
)
BY_HANDLE = {item.handle: item for item in ACCOUNTS}


def key(handle: str) -> str:
    return BY_HANDLE[handle].key


def post(handle: str, number: int, text: str, *, hours_ago: float = 6.0, **more: object) -> Post:
    owner = BY_HANDLE[handle]
    site = {"x": "https://x.com/{h}/status/{n}", "instagram": "https://www.instagram.com/p/{n}/"}
    address = site.get(owner.platform, "https://tirta.arunika.example/berita/{n}")
    fields: dict[str, object] = {
        "platform": owner.platform,
        "post_id": str(number),
        "account": owner.key,
        "published_at": NIGHT - timedelta(hours=hours_ago),
        "text": text,
        "url": address.format(h=owner.handle, n=number),
    }
    return Post(**(fields | more))  # type: ignore[arg-type]


def words(item: Post, quote: str, field: str = "text", /, **more: object) -> Evidence:
    text = item.text if field == "text" else item.image_text
    start = text.index(quote)
    fields: dict[str, object] = {"field": field, "start": start, "end": start + len(quote), "quote": quote}
    return Evidence(**(fields | more))  # type: ignore[arg-type]


MESSAGES = {
    "pamer-barang-mewah": "Unggahan menonjolkan barang mewah; perlu dicek apakah patut tampil di akun dinas.",
    "pamer-liburan": "Bernada pamer waktu luang; perlu dicek.",
    "kurang-empati-konteks": "Bisa terbaca meremehkan yang belum mampu; perlu dilihat.",
    "merendahkan-warga": "Balasan tampak merendahkan warga; perlu dicek.",
    "kata-kasar": "Balasan memakai kata yang kasar; perlu dicek.",
    "pesta-saat-bencana": "Hiburan ditonjolkan saat wilayah dilanda banjir; perlu dicek.",
    "jualan-pribadi": "Akun resmi dipakai menjual barang pribadi; perlu dicek.",
    "perjalanan-tanpa-izin": "Perjalanan keluar daerah tanpa izin yang cocok di catatan; perlu dicek.",
    "ajakan-memilih": "Ada ajakan memilih; netralitas perlu dicek.",
    "nik-dan-telepon": "Unggahan memuat nomor pribadi warga; perlu segera dicek dan ditutup.",
    "judi-daring": "Promosi judi daring; akun perlu dicek dari peretasan.",
    "tanpa-bukti-persetujuan": "Belum ada bukti persetujuan atasan sebelum diunggah; perlu dicek.",
    "kata-merendahkan": "Ada kata yang merendahkan, tetapi tampaknya dikutip untuk melarangnya.",
    "kemewahan-pada-gambar": "Tulisan pada gambar mengarah ke acara mewah; perlu dilihat.",
}


def finding(rule: str, family: str, level: str, item: Post, *evidence: Evidence, **more: object) -> Finding:
    owner = next(a for a in ACCOUNTS if a.key == item.account)
    fields: dict[str, object] = {
        "rule_id": rule,
        "rule_version": 2,
        "family": family,
        "level": level,
        "strength": "flag",
        "unit": owner.unit,
        "account": item.account,
        "post": item.key,
        "published_at": item.published_at,
        "url": item.url,
        "subject": item.text_sha256,
        "evidence": evidence,
        "message": MESSAGES[rule],
        "basis": "Arahan Bupati tentang bermedia sosial, 10 September 2025",
    }
    return Finding(**(fields | more))  # type: ignore[arg-type]


LUXURY = post(
    "dinkes_arunika",
    1990000000000000001,
    "Alhamdulillah, akhir pekan dinas kecil-kecilan. Jam tangan baru sudah melingkar, mobil baru sudah parkir, auto sultan "
    "pokoknya! Terima kasih untuk semua yang sudah mendoakan, semoga kalian cepat menyusul dan bisa jalan-jalan juga seperti "
    "kami. Besok kami kembali melayani di kantor seperti biasa mulai pukul delapan pagi sampai pukul tiga sore, jangan lupa "
    "membawa kartu berobat. #healing #dinkesarunika",
    hours_ago=9.5,
    media=(Media(kind="image"), Media(kind="image")),
)
RUDE = post(
    "pupr_arunika",
    1990000000000000002,
    "Kalau tidak suka jalannya rusak ya lewat sawah saja, dasar cerewet. Wong cilik ora usah kakehan omong!",
    hours_ago=4.25,
    kind="reply",
)
EMPATHY = post(
    "kec.watusinar",
    3200000000000000003,
    "Pesta kembang api dan organ tunggal sampai pagi di pendapa kecamatan! Banjir biarlah lewat, yang penting joget dulu 🎆💃",
    image_text="PESTA AKHIR BULAN  DOORPRIZE MOTOR",
    hours_ago=13,
    kind="video",
    media=(Media(kind="video"),),
)
PRIVATE = post(
    "smpn19arunika",
    3200000000000000004,
    "Open PO tas branded punya admin, minat DM ya kak, 2 slot lagi.",
    hours_ago=11,
    edited_from="ab" * 32,
    media=(Media(kind="image"),),
)
TRIP = post(
    "dukcapil_arunika",
    1990000000000000005,
    "Rombongan kami tiba di bandara, siap studi tiru tiga hari di luar provinsi.",
    hours_ago=20,
)
PARTY = post(
    "camat_watusinar", 1990000000000000006, "Dua jari untuk perubahan, coblos nomor sekian! Menang!", hours_ago=3
)
DATA = post(
    "puskesmas.lorembulan",
    3200000000000000007,
    "Daftar penerima bantuan: Bapak Fulan bin Fulan, NIK 9999010203040005, HP 0812-3456-7890, sakit menahun. Silakan ambil "
    "bantuan di balai desa pada tanggal 25-11-2026.",
    hours_ago=8,
)
SPAM = post(
    "tirtasewu.lorembulan",
    3200000000000000008,
    "Slot gacor hari ini maxwin! Daftar di https://situs-judi.example/daftar sekarang, bonus 100%",
    hours_ago=1.5,
)
NO_CONSENT = post(
    "wisata.arunika", 3200000000000000009, "Festival lampion dibuka akhir pekan ini di alun-alun.", hours_ago=7
)
CONTEXT = post(
    "kec_lorembulan",
    1990000000000000010,
    "Penyuluhan: jangan pernah menyebut warga dengan kata bodoh. Pelayanan publik harus santun.",
    hours_ago=5,
)
PICTURE = post(
    "dinkes.arunika",
    3200000000000000011,
    "Dokumentasi kegiatan hari ini.",
    image_text="Arisan sosialita\nHotel bintang lima, dress code: emas",
    hours_ago=6,
    media=(Media(kind="image"),),
)
GOOD_CLINIC = post(
    "rsud.arunika.husada",
    3200000000000000012,
    "Mulai Desember, pendaftaran rawat jalan dibuka pukul 07.00 lewat loket maupun telepon. Bawa kartu berobat dan surat "
    "rujukan; antrean lansia didahulukan.",
    hours_ago=2,
)
GOOD_DISTRICT = post(
    "kec_lorembulan",
    1990000000000000013,
    "Jalan usaha tani di tiga dukuh selesai dicor: panjang 1.250 meter, dikerjakan warga dua minggu lebih cepat dari rencana.",
    hours_ago=10,
)
GOOD_SCHOOLS = post(
    "disdik.arunika",
    3200000000000000014,
    "Jadwal pengambilan rapor dan syarat pindah sekolah kami rangkum dalam satu lembar. Simpan, bagikan, dan tanyakan di sini.",
    hours_ago=12,
)
OLD_SPAM = post("desa.bulaksari", 3200000000000000017, "Klaim hadiah di sini", hours_ago=75)
GONE_POST = post("pupr_arunika", 1990000000000000015, "Undangan makan malam khusus pejabat.", hours_ago=40)
EDITED_POST = post("disdik.arunika", 3200000000000000016, "Jadwal lama yang keliru.", hours_ago=30)
FIXED_POST = post("pupr_arunika", 1990000000000000018, "Jalan lingkungan sudah dikeraskan 200 meter.", hours_ago=29)

POSTS = (
    LUXURY,
    RUDE,
    EMPATHY,
    PRIVATE,
    TRIP,
    PARTY,
    DATA,
    SPAM,
    NO_CONSENT,
    CONTEXT,
    PICTURE,
    GOOD_CLINIC,
    GOOD_DISTRICT,
    GOOD_SCHOOLS,
)

_nik = words(DATA, "9999010203040005")
QUIET_SINCE = "2026-11-19"


def versions(now: Post, before: str) -> tuple[TextVersion, TextVersion]:
    """How a post read until the night before, and how it reads now."""
    old = msgspec.structs.replace(now, text=before, edited_from="")
    return TextVersion(post=old, seen_at=NIGHT - timedelta(days=1)), TextVersion(post=now, seen_at=NIGHT)


def about_account(rule: str, family: str, handle: str, level: str, message: str, **more: object) -> Finding:
    owner = BY_HANDLE[handle]
    fields: dict[str, object] = {
        "rule_id": rule,
        "rule_version": 1,
        "family": family,
        "level": level,
        "strength": "flag",
        "unit": owner.unit,
        "account": owner.key,
        "subject": QUIET_SINCE,
        "message": message,
        "basis": "Norma unggahan per jenis unit",
    }
    return Finding(**(fields | more))  # type: ignore[arg-type]


SILENT = about_account("akun-diam", "AKT", "pemdes_tirtasewu_watusinar", "sedang", "Tidak ada unggahan melewati batas.")
NEVER = about_account("belum-mengunggah", "AKT", "tirta.arunika.example/berita", "rendah", "Belum ada unggahan.")
LOST = about_account("akun-hilang", "AKT", "rsud_arunika", "sedang", "Akun tidak ditemukan lagi.")
WITHOUT = Finding(
    rule_id="unit-tanpa-akun",
    rule_version=1,
    family="AKT",
    level="rendah",
    strength="flag",
    unit="KEL-01",
    subject="2026-10-01",
    message="Unit belum mendaftarkan akun.",
)
HELD = about_account(
    "kinerja-belum-tampil", "KIN", "puskesmas.watusinar", "rendah", "Tidak boleh dimuat: tidak terbaca."
)
RESULTS = about_account(
    "kinerja-belum-tampil",
    "KIN",
    "wisata.arunika",
    "rendah",
    "Bagian unggahan yang bermanfaat bagi warga masih kecil.",
    evidence=(Evidence(field="history", quote="2 dari 14 unggahan dalam 30 hari"),),
)

FLEXING = finding(
    "pamer-barang-mewah",
    "FLX",
    "tinggi",
    LUXURY,
    words(LUXURY, "auto sultan"),
    words(LUXURY, "mobil baru sudah parkir"),
)
CLASS_INSULT = finding("merendahkan-warga", "BHS", "tinggi", RUDE, words(RUDE, "Wong cilik ora usah kakehan omong"))
FINDINGS = (
    FLEXING,
    finding("pamer-liburan", "FLX", "sedang", LUXURY, words(LUXURY, "#healing"), rule_version=1),
    finding(
        "kurang-empati-konteks",
        "EMP",
        "sedang",
        LUXURY,
        words(LUXURY, "semoga kalian cepat menyusul", score=0.71, note="Kata yang paling berbobot: menyusul, sultan."),
        strength="review",
    ),
    CLASS_INSULT,
    finding("kata-kasar", "BHS", "sedang", RUDE, words(RUDE, "dasar cerewet")),
    finding(
        "pesta-saat-bencana",
        "EMP",
        "tinggi",
        EMPATHY,
        words(EMPATHY, "Banjir biarlah lewat"),
        words(EMPATHY, "DOORPRIZE MOTOR", "image_text"),
        basis="Arahan Menteri Dalam Negeri, 2 September 2025; situasi banjir di Watusinar sejak 21 November 2026",
    ),
    finding("jualan-pribadi", "PRB", "sedang", PRIVATE, words(PRIVATE, "Open PO tas branded punya admin")),
    finding(
        "perjalanan-tanpa-izin",
        "PJD",
        "sedang",
        TRIP,
        words(TRIP, "studi tiru tiga hari di luar provinsi"),
        Evidence(field="ledger", quote="tidak ada izin perjalanan OPD-04 untuk 23–26 Nov 2026"),
    ),
    finding("ajakan-memilih", "NTR", "tinggi", PARTY, words(PARTY, "coblos nomor sekian")),
    finding(
        "nik-dan-telepon",
        "DPR",
        "tinggi",
        DATA,
        Evidence(field="text", start=_nik.start, end=_nik.end, quote="9999************"),
        words(DATA, "0812-3456-7890", quote="0812-****-****"),
        basis="UU 27/2022 tentang Pelindungan Data Pribadi",
    ),
    finding("judi-daring", "SPM", "tinggi", SPAM, words(SPAM, "Slot gacor hari ini maxwin"), rule_version=5),
    finding(
        "tanpa-bukti-persetujuan",
        "PGW",
        "rendah",
        NO_CONSENT,
        Evidence(field="ledger", quote="tidak ada baris persetujuan untuk wisata.arunika pada 24 Nov 2026"),
    ),
    finding(
        "kata-merendahkan",
        "BHS",
        "rendah",
        CONTEXT,
        words(CONTEXT, "bodoh", cancelled_by="jangan pernah menyebut"),
        strength="review",
    ),
    finding(
        "kemewahan-pada-gambar",
        "FLX",
        "sedang",
        PICTURE,
        words(PICTURE, "Arisan sosialita\nHotel bintang lima", "image_text", score=0.64),
        strength="review",
    ),
    SILENT,
    NEVER,
    LOST,
    WITHOUT,
    RESULTS,
    HELD,
)

STATES: dict[str, tuple[str, dict[str, object]]] = {
    "pemdes_tirtasewu_watusinar": (
        "quiet",
        {
            "last_post_at": datetime(2026, 11, 3, 2, 0, tzinfo=UTC),
            "silent_days": 14,
            "norm_days": 7,
            "limit_days": 10,
            "excluded": ("1 hari libur", "2 hari tidak dapat diperiksa"),
            "since": date(2026, 11, 19),
        },
    ),
    "disdik.arunika": ("active", {"complete": False}),
    "kec.watusinar": ("active", {}),
    "tirta_arunika": (
        "quiet",
        {
            "last_post_at": datetime(2026, 11, 16, 2, 0, tzinfo=UTC),
            "silent_days": 5,
            "norm_days": 1,
            "limit_days": 3,
            "excluded": ("2 hari akhir pekan",),
        },
    ),
    "tirta.arunika.example/berita": ("never_posted", {"since": date(2026, 10, 1)}),
    "rsud_arunika": (
        "gone",
        {"since": date(2026, 11, 20), "reason": "nama akun tidak ditemukan lima malam berturut-turut"},
    ),
    "smpn19arunika": ("active", {}),
    "dinkes.arunika": ("active", {}),
    "desa_kalisaga": ("private", {"since": date(2026, 11, 23)}),
    "smpn20_arunika": ("excused", {"reason": "pergantian operator sampai 30 Nov 2026"}),
    "puskesmas.watusinar": (
        "unread",
        {"unread_class": "rate_limit", "reason": "Instagram membatasi permintaan (429)", "since": date(2026, 11, 24)},
    ),
    "smpn20arunika": (
        "unread",
        {"unread_class": "rate_limit", "reason": "Instagram membatasi permintaan (429)", "since": date(2026, 11, 24)},
    ),
    "desa.bulaksari": (
        "unread",
        {
            "unread_class": "unproven",
            "reason": "satu kali tidak ditemukan; belum dipastikan",
            "since": date(2026, 11, 23),
        },
    ),
    "pemdestirtasewu": ("unread", {"unread_class": "not_watched"}),
}


def observation(item: Account) -> Observation:
    state, more = STATES.get(item.handle, ("active", {}))
    fields: dict[str, object] = {
        "account": item.key,
        "unit": item.unit,
        "state": state,
        "checked_at": NIGHT,
        "complete": state in ("active", "quiet"),
    }
    return Observation(**(fields | more))  # type: ignore[arg-type]


def observations() -> tuple[Observation, ...]:
    """Kalisaga's Facebook page has none on purpose: its platform is not collected."""
    seen = [observation(item) for item in ACCOUNTS if item.handle != "desakalisaga"]
    return (*seen, Observation(account="unit:KEL-01", unit="KEL-01", state="unregistered", since=date(2026, 10, 1)))


def previous() -> tuple[Observation, ...]:
    before = {
        "pemdes_tirtasewu_watusinar": "quiet",
        "tirta_arunika": "active",
        "kec_lorembulan": "quiet",
        "dinkes.arunika": "unread",
        "rsud_arunika": "gone",
        "desa.bulaksari": "unread",
    }
    return tuple(
        Observation(account=item.key, unit=item.unit, state=before.get(item.handle, "active"))  # type: ignore[arg-type]
        for item in ACCOUNTS
        if item.platform != "facebook"
    )


OLD = finding(
    "kata-kasar",
    "BHS",
    "sedang",
    GONE_POST,
    subject="lama",
)
OLD_UNREAD = finding("jualan-pribadi", "PRB", "rendah", EDITED_POST, strength="review")
OLD_HIGH = finding("judi-daring", "SPM", "tinggi", OLD_SPAM)
FIXED = finding("kata-kasar", "BHS", "sedang", FIXED_POST, subject="sebelum disunting")
FIXED_AT_ONCE = Correction(
    finding_key=FIXED.key,
    post=FIXED_POST.key,
    unit=FIXED.unit,
    change="edited",
    flagged_at=NIGHT - timedelta(hours=24),
    seen_until=NIGHT - timedelta(hours=24),
    corrected_by=NIGHT + timedelta(minutes=5),
    noticed_at=NIGHT,
)
REMOVED_LATE = Correction(
    finding_key=OLD.key,
    post=GONE_POST.key,
    unit=OLD.unit,
    change="removed",
    flagged_at=NIGHT - timedelta(days=12),
    seen_until=NIGHT - timedelta(hours=39),
    corrected_by=NIGHT - timedelta(days=1),
    noticed_at=NIGHT,
)
ENDED_SILENCE = about_account("akun-diam", "AKT", "kec_lorembulan", "sedang", "Tidak ada unggahan melewati batas.")


def small_picture(name: str, width: int, height: int) -> Thumbnail:
    """A drawing of ours, made small by Pantau itself."""
    return Thumbnail((FIXTURES / name).read_bytes(), width, height)


def trend() -> tuple[DayCount, ...]:
    numbers = (92, 101, 0, 118, 124, 97, None, 88, 131, 140, 122, 117, 95, 14)
    first = TODAY - timedelta(days=len(numbers) - 1)
    return tuple(
        DayCount(day=first + timedelta(days=n))
        if posts is None
        else DayCount(day=first + timedelta(days=n), posts=posts, findings=n % 4, quiet=2 + n % 3, unread=n % 5)
        for n, posts in enumerate(numbers)
    )


def rich() -> DigestInput:
    """The whole night."""
    run = Run(
        run_id="n-20261124",
        kind="nightly",
        window=Window(NIGHT - timedelta(days=1), NIGHT),
        as_of=NIGHT,
        started_at=NIGHT,
    )
    return DigestInput(
        run=run,
        office=OFFICE,
        settings=DigestSettings(),
        readers=("Sekretaris Daerah", "Kepala Bagian Prokopim", "Inspektur"),
        reply_to="pantau@arunika.example",
        units=UNITS,
        accounts=ACCOUNTS,
        observations=observations(),
        previous_observations=previous(),
        last_read_at={
            key("puskesmas.watusinar"): NIGHT - timedelta(days=1),
            key("smpn20arunika"): NIGHT - timedelta(days=1),
            key("desa.bulaksari"): NIGHT - timedelta(days=2),
        },
        findings=FINDINGS,
        earlier=(
            OpenFinding(finding=SILENT, first_day=date(2026, 11, 20), times=4),
            OpenFinding(finding=CLASS_INSULT, first_day=date(2026, 11, 22), times=2),
            OpenFinding(finding=OLD, first_day=date(2026, 11, 12), times=12),
            OpenFinding(finding=OLD_UNREAD, first_day=date(2025, 12, 30), times=9),
            OpenFinding(finding=OLD_HIGH, first_day=date(2026, 11, 21), times=3),
            OpenFinding(finding=FIXED, first_day=date(2026, 11, 23), times=1),
            OpenFinding(finding=ENDED_SILENCE, first_day=date(2026, 11, 15), times=5),
        ),
        posts={item.key: item for item in POSTS},
        posts_read=15,
        categories={
            LUXURY.key: "pribadi",
            RUDE.key: "layanan",
            EMPATHY.key: "seremonial",
            PRIVATE.key: "promosi",
            TRIP.key: "seremonial",
            PARTY.key: "pribadi",
            DATA.key: "layanan",
            SPAM.key: "promosi",
            NO_CONSENT.key: "layanan",
            CONTEXT.key: "edukasi",
            PICTURE.key: "pribadi",
            GOOD_CLINIC.key: "layanan",
            GOOD_DISTRICT.key: "kinerja",
            GOOD_SCHOOLS.key: "layanan",
        },
        decisions=(
            KnownDecision(
                decision=Decision(
                    finding_key="0A1B2C3D4E5F6071",
                    action="dismiss",
                    by="Sri (Inspektorat)",
                    at=NIGHT - timedelta(hours=11),
                    note="Kutipan lirik lagu daerah; hubungi 081234567890 bila ragu.",
                ),
                finding=OLD,
            ),
            KnownDecision(
                decision=Decision(
                    finding_key="FFFF00001111AAAA", action="followed_up", by="Bagas", at=NIGHT - timedelta(hours=9)
                )
            ),
        ),
        thumbnails={
            LUXURY.key: small_picture("lebar.jpg", 240, 160),
            PICTURE.key: small_picture("tinggi.jpg", 135, 240),
            DATA.key: small_picture("lebar.jpg", 240, 160),
        },
        answers={
            CLASS_INSULT.key: "Balasan ditulis operator magang; sudah kami hapus dan operator dibina.",
            SILENT.key: "Operator desa sakit; unggahan dilanjutkan pekan depan.",
            OLD.key: "Kami sedang menelusuri siapa yang menulis.",
        },
        rule_failures=(RuleFailure("pola-tautan-aneh", "melewati batas waktu 2 detik"),),
        trial_hits={"ucapan-berlebihan": 4, "tanpa-hasil": 0},
        demoted=(
            Demotion(rule_id="kata-mewah", rule_version=2, since=NIGHT, dismissed=6, decided=9),
            Demotion(rule_id="menu-hotel", rule_version=1, since=NIGHT - timedelta(days=12), dismissed=8, decided=8),
        ),
        costs=(
            Cost(platform="x", source="x-search", requests=41, posts_billed=143, users_billed=2, usd=0.735),
            Cost(platform="instagram", source="instaloader", requests=212),
        ),
        month_costs=(
            Cost(platform="x", requests=1004, posts_billed=3122, usd=15.61),
            Cost(platform="instagram", requests=5020),
        ),
        unwatched=("facebook",),
        notes=("Pengenalan tulisan pada gambar belum dipasang; 9 gambar tidak dibaca.",),
        reader="qwen3:8b (perintah 1-3fa2c9): 31 unggahan dibaca (12 dari simpanan), 2 dibuka untuk dilihat, tanpa biaya",
        vanished=(
            VanishedPost(
                post=GONE_POST,
                change="removed",
                noticed_at=NIGHT - timedelta(days=1),
                last_seen_at=NIGHT - timedelta(hours=39),
                finding_keys=(OLD.key,),
            ),
            VanishedPost(post=EDITED_POST, change="edited", noticed_at=NIGHT - timedelta(hours=1)),
            VanishedPost(
                post=FIXED_POST, change="edited", noticed_at=FIXED_AT_ONCE.corrected_by, finding_keys=(FIXED.key,)
            ),
        ),
        corrected=(
            CorrectedFlag(finding=OLD, correction=REMOVED_LATE),
            CorrectedFlag(finding=FIXED, correction=FIXED_AT_ONCE),
        ),
        corrections={item.finding_key: item for item in (FIXED_AT_ONCE, REMOVED_LATE)},
        absent={
            GONE_POST.key: Absence(last_seen_at=NIGHT - timedelta(hours=39), missed_at=NIGHT - timedelta(days=1)),
            PARTY.key: Absence(last_seen_at=NIGHT - timedelta(hours=2), missed_at=NIGHT - timedelta(hours=1)),
        },
        versions={
            PRIVATE.key: versions(
                PRIVATE, "Open PO tas branded punya ibu kepala, minat WA 0812-3456-7890 ya kak, 3 slot lagi."
            ),
            DATA.key: versions(DATA, DATA.text.replace("sakit menahun", "penderita TBC").replace("0005", "0006")),
            OLD_SPAM.key: (
                TextVersion(post=OLD_SPAM, seen_at=NIGHT - timedelta(hours=74)),
                TextVersion(
                    post=msgspec.structs.replace(OLD_SPAM, text="Klaim hadiah lomba desa di kantor, bukan di sini"),
                    seen_at=NIGHT,
                ),
            ),
        },
        trend=trend(),
        undelivered=(date(2026, 11, 20),),
        manifest_sha256="5f3c" * 16,
        rules_sha256="9ab0" * 16,
        previous_window_end=NIGHT - timedelta(days=1),
    )


def calm() -> DigestInput:
    """A night on which nothing was found and everything was read."""
    data = rich()
    accounts = ACCOUNTS[:3]
    return DigestInput(
        run=data.run,
        office=OFFICE,
        units=UNITS[:2],
        accounts=accounts,
        observations=tuple(
            Observation(account=item.key, unit=item.unit, state="active", checked_at=NIGHT, complete=True)
            for item in accounts
        ),
        previous_observations=tuple(Observation(account=item.key, unit=item.unit, state="active") for item in accounts),
        posts_read=4,
        previous_window_end=data.previous_window_end,
    )


def blind() -> DigestInput:
    """A night on which nothing at all could be read."""
    data = calm()
    return DigestInput(
        run=data.run,
        office=OFFICE,
        units=data.units,
        accounts=data.accounts,
        observations=tuple(
            Observation(
                account=item.key,
                unit=item.unit,
                state="unread",
                unread_class="token",
                reason="kunci akses X ditolak (401)",
                since=date(2026, 11, 24),
            )
            for item in data.accounts
        ),
        previous_observations=data.previous_observations,
    )
