"""An invented office for ``benchmarks.digest``: 1,000 accounts, a fortnight of posts, so many findings on the last night."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

LAST_NIGHT = datetime(2026, 11, 24, 21, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
STAFF = tuple(f"staf{n}@kantor.example" for n in range(3))
UNITS = 600
OLD_FINDINGS = 3
"""Left open by each night before the last one."""
UNREAD_EVERY = 29
"""So often an account could not be read on the last night."""
KINDS = ("opd", "kecamatan", "desa", "desa", "puskesmas", "sekolah")
PLATFORMS = ("instagram", "x")
SITES = {"instagram": "https://www.instagram.com/p/{n}/", "x": "https://x.com/{handle}/status/{n}"}
ORDINARY = (
    "Pelayanan administrasi kependudukan keliling hadir di balai desa Senin pukul 08.30.",
    "Kerja bakti membersihkan sungai diikuti 120 warga, terkumpul 14 karung sampah.",
    "Jalan poros dusun sepanjang 300 meter selesai dicor, warga dapat melintas mulai Kamis.",
    "Posyandu balita bulan ini menimbang 86 anak, tiga di antaranya dirujuk ke puskesmas.",
    "Medali emas untuk atlet panahan, selamat kepada pelatih dan orang tua.",
    "Pembayaran pajak bumi dan bangunan dapat dilakukan di kantor desa sampai akhir bulan.",
)
FLAGGED = (
    "SLOT GACOR maxwin pasti WD, daftar di tautan bio.",
    "Dasar goblok, matamu picek po? Jalan sudah dicor.",
    "Jam tangan Rolex baru hadiah istri, bangga sekali #autosultan",
)


def head_of(number: int) -> str:
    """The address of a unit's head."""
    return f"kepala{number}@kantor.example"


def write_office(folder: Path, *, accounts: int, nights: int, flagged: int, heads: bool, mail: str = "") -> Path:
    """Register, settings, posts of ``nights`` nights and pictures; the path of the settings file.

    ``flagged`` accounts of as many units post something to be checked on the last night, each with a picture. ``mail`` is
    the rest of ``[mail]``.
    """
    (folder / "rules.d").mkdir(parents=True)
    handles = [(PLATFORMS[n % 2], f"akun_{n:04}", n % UNITS) for n in range(accounts)]
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["unit_code", "unit_name", "unit_kind", "platform", "handle", "platform_id", "head_email"])
        for n, (platform, handle, unit) in enumerate(handles):
            kind = KINDS[unit % len(KINDS)]
            head = head_of(unit) if heads else ""
            table.writerow(
                [f"U-{unit:03}", f"{kind.capitalize()} Contoh {unit}", kind, platform, handle, 9000 + n, head]
            )
    with (folder / "posts.jsonl").open("w", encoding="utf-8") as file:
        for row in _posts(handles, nights, flagged):
            file.write(json.dumps(row) + "\n")
    first = (LAST_NIGHT - timedelta(days=1)).date().isoformat()
    failures = [
        {
            "account": f"{platform}:{9000 + n}",
            "first": first,
            "last": LAST_NIGHT.date().isoformat(),
            "outcome": "unread",
            "unread_class": "network",
            "reason": "server tidak menjawab",
        }
        for n, (platform, _, _) in enumerate(handles)
        if n >= flagged and n % UNREAD_EVERY == 0
    ]
    (folder / "outcomes.json").write_text(json.dumps({"accounts": failures, "vanished": []}))
    _draw(folder / "gambar", flagged)
    readers = "".join(f'[[mail.reader]]\naddress = "{address}"\n' for address in STAFF)
    path = folder / "pantau.toml"
    path.write_text(
        f'[office]\nname = "Kabupaten Contoh"\n[digest]\nheads = "{"when_needed" if heads else "off"}"\n'
        f'[pictures]\nfolder = "gambar"\nthumbnails = {min(flagged, 60)}\n[mail]\n{mail}{readers}',
        "utf-8",
    )
    return path


def _posts(handles: list[tuple[str, str, int]], nights: int, flagged: int) -> Iterator[dict[str, object]]:
    """Two posts of three accounts in five every night; what is to be checked stands in the middle of ordinary words."""
    number = 100_000
    for back in range(nights - 1, -1, -1):
        for n, (platform, handle, _) in enumerate(handles):
            bad = n < flagged if back == 0 else n in range(flagged + back, flagged + back + 14 * OLD_FINDINGS, 14)
            # One account in ten never posts and one in ten fell silent after the first nights.
            lively = (n % 10 not in (8, 9) and (n + back) % 5 < 3) or (n % 10 == 9 and back > nights - 3)
            for part in range(2 if lively or bad else 0):
                number += 1
                words = [ORDINARY[(number * 7 + k * (1 + n % 5)) % len(ORDINARY)] for k in range(3)]
                if bad and part == 0:
                    words = [ORDINARY[0], FLAGGED[n % len(FLAGGED)], ORDINARY[2]]
                row: dict[str, object] = {
                    "platform": platform,
                    "post_id": str(number),
                    "account": f"{platform}:{9000 + n}",
                    "published_at": (LAST_NIGHT - timedelta(days=back, hours=2 + part, minutes=n % 600)).isoformat(),
                    "text": " ".join(words) + f" #{number}",
                    "url": SITES[platform].format(n=number, handle=handle),
                }
                if bad and part == 0 and back == 0:
                    row["media"] = [{"kind": "image", "url": f"file:{n}.jpg", "alt": ""}]
                yield row


def _draw(folder: Path, count: int) -> None:
    """Pictures of the size that Instagram hands out, each another one."""
    from PIL import Image, ImageDraw

    folder.mkdir()
    for n in range(min(count, 60)):
        picture = Image.effect_mandelbrot((1080, 1350), (-2.0 + n / 100, -1.5, 1.0, 1.5), 60).convert("RGB")
        ImageDraw.Draw(picture).text((40, 40), f"Contoh {n}", fill=(255, 255, 255))
        picture.save(folder / f"{n}.jpg", quality=85)
