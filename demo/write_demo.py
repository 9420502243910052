"""Writes the demo's register and recorded posts from the hand-written lines beside it. Run it after editing those lines.

Deterministic: every choice follows from a hash of unit, day and number, so the same lines give the same files.
"""

import csv
import hashlib
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
WIB = ZoneInfo("Asia/Jakarta")
FIRST = date(2026, 7, 23)
DAYS = 35
HARI = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
VILLAGES = [
    "Ngrandu",
    "Sidorejo",
    "Jatikusumo",
    "Ngasem",
    "Banyuanyar",
    "Karangturi",
    "Sumbergede",
    "Tegalsari",
    "Kedungwaru",
    "Randuagung",
    "Wonokerso",
    "Gunungan",
    "Plosowetan",
    "Tlogomulyo",
    "Sendangsari",
    "Kalirejo",
    "Bulurejo",
    "Trembesi",
    "Padangan",
    "Mlangsen",
]
DISTRICTS = ("Sumberlangen", "Banyulor", "Ngadirejo", "Karangsono", "Tlogowungu", "Wanasari")
AGENCIES = (
    ("dinkes", "Dinas Kesehatan", "instagram x facebook"),
    ("disdik", "Dinas Pendidikan", "instagram x"),
    ("dpupr", "Dinas Pekerjaan Umum", "x instagram"),
    ("dinsos", "Dinas Sosial", "instagram x"),
    ("dinkop", "Dinas Koperasi dan UMKM", "instagram"),
    ("dinkominfo", "Dinas Komunikasi dan Informatika", "x instagram"),
    ("bapperida", "Badan Perencanaan dan Riset Daerah", "instagram"),
    ("kesbangpol", "Badan Kesatuan Bangsa", "instagram"),
    ("polpp", "Satuan Polisi Pamong Praja", "instagram x"),
    ("dinpora", "Dinas Pemuda dan Olahraga", "x instagram"),
    ("dlh", "Dinas Lingkungan Hidup", "instagram x"),
    ("bag_umum", "Bagian Umum Sekretariat Daerah", "instagram"),
    ("bpbd", "Badan Penanggulangan Bencana", "x instagram"),
    ("arsip", "Dinas Perpustakaan dan Kearsipan", "instagram"),
)
HEADS = [
    "Suratmi",
    "Handoko",
    "Prasetya",
    "Wulandari",
    "Gunarto",
    "Sulastri",
    "Bagaskara",
    "Kusnadi",
    "Ratri",
    "Wibisono",
]
# handle, platform: first day on which it fails, last day, outcome, class, reason
STATES = (
    ("contoh_desa_trembesi", "x", 20, 34, "missing", "", "akun tidak ditemukan di X"),
    ("contoh_pkm_selatan", "instagram", 22, 34, "suspended", "", "akun ditangguhkan oleh platform"),
    ("contoh_sdn2", "instagram", 15, 34, "private", "", "akun digembok, hanya pengikut yang dapat membaca"),
    ("contoh_desa_padangan", "x", 33, 34, "unread", "network", "sambungan ke X terputus tiga kali"),
    ("contoh_arsip", "instagram", 34, 34, "unread", "blocked", "Instagram meminta menunggu beberapa menit"),
    ("contoh_desa_kalirejo", "instagram", 34, 34, "missing", "", "akun tidak ditemukan di Instagram"),
)
SILENT_FROM = {  # the day from which an account posts nothing any more
    ("contoh_desa_tegalsari", "x"): 6,
    ("contoh_kec_wanasari", "instagram"): 20,
    ("contoh_kel_plosokerep", "instagram"): 14,
    ("contoh_smkn1", "instagram"): 24,
    ("contoh_dlh", "x"): 29,
    ("contoh_desa_mlangsen", "x"): 0,
    ("contoh_desa_gunungan", "x"): 10,
}
EXCUSED = ("gunungan",)


def pick(*parts: object, out_of: int) -> int:
    """A number below ``out_of`` that follows from ``parts`` alone."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") % out_of


def units() -> list[dict[str, str]]:
    """The 60 invented units, each with the platforms of its accounts."""
    rows: list[dict[str, str]] = []

    def add(code: str, name: str, kind: str, tag: str, platforms: str, parent: str = "99.01") -> None:
        rows.append(dict(code=code, name=name, kind=kind, tag=tag, platforms=platforms, parent=parent))

    for n, (tag, name, platforms) in enumerate(AGENCIES, 1):
        add(f"OPD-{n:02}", name, "opd", tag, platforms, "")
    add("BUMD-01", "Perumda Air Minum Tirta Wanajati", "bumd", "tirtawanajati", "instagram x", "")
    for n, name in enumerate(DISTRICTS, 1):
        tag = f"kec_{name.lower()}"
        add(
            f"99.01.{n:02}", f"Kecamatan {name}", "kecamatan", tag, "instagram x" if n % 2 else "x instagram tiktok", ""
        )
    for n, name in enumerate(("Karangasem", "Plosokerep", "Kauman"), 1):
        add(f"99.01.01.100{n}", f"Kelurahan {name}", "kelurahan", f"kel_{name.lower()}", "instagram", "99.01.01")
    for n, name in enumerate(VILLAGES, 1):
        platforms = (
            ""
            if name in ("Wonokerso", "Bulurejo")
            else ("x instagram" if n % 4 == 0 else "x facebook" if n % 3 == 0 else "x")
        )
        platforms += " instagram" if name == "Kalirejo" and "instagram" not in platforms else ""
        add(
            f"99.01.{1 + n % 6:02}.20{n:02}",
            f"Desa {name}",
            "desa",
            f"desa_{name.lower()}",
            platforms.strip(),
            f"99.01.{1 + n % 6:02}",
        )
    add("RSUD-01", "RSUD Wanajati", "rsud", "rsud_utama", "instagram x", "")
    add("RSUD-02", "RSUD Sumberlangen", "rsud", "rsud_dua", "instagram", "")
    for n, side in enumerate(("Timur", "Barat", "Selatan", "Utara", "Kota"), 1):
        add(f"PKM-{n:02}", f"Puskesmas {side}", "puskesmas", f"pkm_{side.lower()}", "instagram", "")
    schools = (
        ("SMP Negeri 1", "smpn1"),
        ("SMA Negeri 1", "sman1"),
        ("SD Negeri 2", "sdn2"),
        ("SMK Negeri 1", "smkn1"),
        ("SMP Negeri 3", "smpn3"),
    )
    for n, (name, tag) in enumerate(schools, 1):
        add(f"SKL-{n:02}", f"{name} Wanajati", "sekolah", tag, "instagram", "")
    people = (("Bupati Wanajati", "bupati"), ("Wakil Bupati Wanajati", "wabup"), ("Sekretaris Daerah", "sekda"))
    for n, (name, tag) in enumerate(people, 1):
        add(f"PJB-{n:02}", name, "pejabat", tag, "instagram x" if n < 3 else "instagram", "")
    add("PJB-04", "Kepala Bidang Arya Wisanggeni", "pejabat", "kabid_arya", "instagram", "")
    return rows


def write_register(rows: list[dict[str, str]]) -> None:
    """``accounts.csv`` in the contract's columns."""
    head = "unit_code,unit_name,unit_kind,parent_code,platform,handle,platform_id,norm_days,grace_days,head_name,head_email"
    columns = (head + ",operator,deputy,priority,note").split(",")
    with (HERE / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        for n, unit in enumerate(rows):
            base = dict(
                unit_code=unit["code"], unit_name=unit["name"], unit_kind=unit["kind"], parent_code=unit["parent"]
            )
            base |= dict(
                head_name=HEADS[n % len(HEADS)], head_email=f"kepala.{unit['tag'].replace('_', '.')}@wanajati.example"
            )
            base |= dict(priority="1" if unit["kind"] in ("opd", "rsud") else "0")
            for platform in unit["platforms"].split() or [""]:
                table.writerow(base | dict(platform=platform, handle=f"contoh_{unit['tag']}" if platform else ""))


def lines(name: str) -> list[list[str]]:
    """The hand-written lines of a file, split at the bars."""
    text = (HERE / name).read_text("utf-8")
    return [
        [part.strip() for part in line.removesuffix(" |").split(" | ")]
        for line in text.splitlines()
        if line and not line.startswith("#")
    ]


def filled(text: str, unit: dict[str, str], day: int, salt: int) -> str:
    """A line with its blanks filled for one unit and day."""
    when = FIRST + timedelta(days=day + 1 + pick(unit["tag"], day, salt, "later", out_of=5))
    values = {
        "{unit}": unit["name"],
        "{short}": unit["name"].split(" ", 1)[1],
        "{n}": str(12 + pick(unit["tag"], day, salt, "n", out_of=180)),
        "{m}": str(3 + pick(unit["tag"], day, salt, "m", out_of=9)),
        "{desa}": VILLAGES[pick(unit["tag"], day, salt, "desa", out_of=len(VILLAGES))],
        "{hari}": HARI[when.weekday()],
        "{tgl}": str(when.day),
    }
    for blank, value in values.items():
        text = text.replace(blank, value)
    return text.replace("\\n", "\n")


def post(
    handle: str, platform: str, day: int, n: int, kind: str, text: str, image_text: str, picture: str = ""
) -> dict[str, object]:
    """One recorded post; its id and hour follow from its place."""
    minute = pick(handle, platform, day, n, "minute", out_of=600)
    at = datetime.combine(FIRST + timedelta(days=day), time(7), WIB) + timedelta(minutes=minute)
    number = 1_900_000_000_000_000_000 + pick(handle, platform, day, n, "id", out_of=10**15)
    code = hashlib.sha256(f"{handle}{platform}{day}{n}".encode()).hexdigest()[:11]
    url = f"https://x.com/{handle}/status/{number}" if platform == "x" else f"https://www.instagram.com/p/{code}/"
    return {
        "platform": platform,
        "post_id": str(number) if platform == "x" else code,
        "account": f"{platform}:@{handle}",
        "kind": kind,
        "published_at": at.isoformat(),
        "text": text,
        "image_text": image_text,
        "url": url,
        **({"media": [{"kind": "image", "url": f"file:{picture}"}]} if picture else {}),
    }


def posts(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """Every post of 35 days: ordinary ones by each tier's rhythm, and the special lines on their day."""
    pools: dict[str, list[str]] = {}
    for kinds, _category, text in lines("ordinary.txt"):
        pools.setdefault(kinds, []).append(text)
    rhythm = {
        "opd": 80,
        "bumd": 80,
        "kecamatan": 55,
        "kelurahan": 30,
        "desa": 28,
        "rsud": 60,
        "puskesmas": 50,
        "sekolah": 50,
        "pejabat": 55,
    }
    out: list[dict[str, object]] = []
    for unit in rows:
        handle = f"contoh_{unit['tag']}"
        for platform in unit["platforms"].split():
            if platform not in ("x", "instagram"):
                continue
            stop = SILENT_FROM.get((handle, platform), DAYS)
            pool = pools[unit["kind"]]
            for day in range(min(stop, DAYS)):
                weekend = (FIRST + timedelta(days=day)).weekday() >= 5
                chance = rhythm[unit["kind"]] // (3 if weekend and unit["kind"] in ("opd", "bumd") else 1)
                if pick(handle, platform, day, "post", out_of=100) < chance:
                    start = pick(handle, platform, "start", out_of=len(pool))
                    text = filled(pool[(start + day) % len(pool)], unit, day, 0)
                    out.append(post(handle, platform, day, 0, "post", text, ""))
    names = {f"contoh_{unit['tag']}": unit for unit in rows}
    for n, (handle, platform, day, kind, text, *more) in enumerate(lines("special.txt"), 1):
        unit = names[handle]
        assert platform in unit["platforms"].split(), (handle, platform)
        image_text, picture = (*more, "", "")[:2]
        assert not picture or (HERE / "gambar" / picture).is_file(), picture
        out.append(post(handle, platform, int(day), n, kind, filled(text, unit, int(day), n), image_text, picture))
    return sorted(out, key=lambda item: (str(item["published_at"]), str(item["account"])))


def main() -> None:
    """Write all files of the demo."""
    rows = units()
    write_register(rows)
    recorded = posts(rows)
    (HERE / "posts.jsonl").write_text(
        "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in recorded), "utf-8"
    )
    states = [
        dict(account=f"{platform}:@{handle}", first=str(FIRST + timedelta(days=a)), last=str(FIRST + timedelta(days=b)),
             outcome=outcome, unread_class=kind, reason=reason)
        for handle, platform, a, b, outcome, kind, reason in STATES
    ]  # fmt: skip
    gone = [item for item in recorded if "Selfie dulu" in str(item["text"]) or "business class" in str(item["text"])]
    vanished = [
        dict(post_id=item["post_id"], platform=item["platform"], until=str(FIRST + timedelta(days=32))) for item in gone
    ]
    (HERE / "outcomes.json").write_text(
        json.dumps({"accounts": states, "vanished": vanished}, indent=1) + "\n", "utf-8"
    )
    villages = {unit["tag"]: unit["code"] for unit in rows}
    excuses = ["unit_code,start,end,reason"]
    for name in EXCUSED:
        start = FIRST + timedelta(days=18)
        excuses.append(
            f"{villages['desa_' + name]},{start},{start + timedelta(days=30)},operator sakit dan belum ada pengganti"
        )
    (HERE / "excuses.csv").write_text("\n".join(excuses) + "\n", "utf-8")
    flood = f"{FIRST + timedelta(days=30)},{FIRST + timedelta(days=40)},99.01.02,banjir,Banjir Sungai Banyulor"
    (HERE / "situations.csv").write_text(f"start,end,area_codes,kind,title\n{flood}\n", "utf-8")
    trip = FIRST + timedelta(days=28)
    (HERE / "trips.csv").write_text(
        "unit_code,traveller,destination,country,start,end,reported_at,permit_no\n"
        f"OPD-02,Kepala Dinas,Yogyakarta,Indonesia,{trip},{trip + timedelta(days=1)},{trip - timedelta(days=6)},094/118/2026\n",
        "utf-8",
    )
    accounts = sum(len(unit["platforms"].split()) for unit in rows)
    print(f"{len(rows)} units, {accounts} accounts, {len(recorded)} posts")


if __name__ == "__main__":
    main()
