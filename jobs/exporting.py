"""All that is held about one unit, for a request under Law 27/2022: lines of JSON and a page that says what is where."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from jobs.wiring import Job
from pantau.accounts.registry import Register
from pantau.core.errors import PantauError
from pantau.core.model import Account, Unit, Window
from pantau.store.store import Store

_FILES = {
    "unit.jsonl": "unit dan akunnya menurut daftar kantor, juga akun yang tidak lagi di daftar",
    "unggahan.jsonl": "tiap unggahan: semua versinya, jawaban mentah platform, kapan terlihat, sidik gambar dan tulisannya",
    "temuan.jsonl": "tiap temuan dan semua keputusan tentangnya, juga yang dibatalkan",
    "pembacaan.jsonl": "kapan tiap akun diperiksa dan hasilnya",
}


def export_unit(job: Job, store: Store, code: str, folder: Path, now: datetime) -> dict[str, int]:
    """Write everything about a unit into a new folder of its owner alone; lines by file. Raises ``PantauError``."""
    former = store.accounts.former(code)
    unit, accounts = _unit(job.register, code, known=bool(former))
    accounts = store.accounts.known(accounts)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise PantauError(
            f"Folder {folder} tidak dapat dibuat: {error.strerror}. Pilih folder yang belum ada."
        ) from error
    keys = [account.key for account in (*accounts, *former)]
    lines: dict[str, Iterable[Any]] = {
        "unit.jsonl": [unit, *accounts, *({"tidak_lagi_di_daftar": account} for account in former)],
        "unggahan.jsonl": _posts(store, keys),
        "temuan.jsonl": _findings(store, code),
        "pembacaan.jsonl": _readings(store, keys, now),
    }
    counts = {name: _write(folder / name, found) for name, found in lines.items()}
    name = unit.name if isinstance(unit, Unit) else unit["name"]
    _write_text(folder / "BACA-DULU.txt", _index(job, f"{name} ({code})", counts, now))
    return counts


def _unit(register: Register, code: str, *, known: bool) -> tuple[Unit | dict[str, str], list[Account]]:
    """The unit and its accounts of today. ``known``: the store remembers accounts of it, so it may have left the register."""
    for unit in register.units:
        if unit.code == code:
            return unit, [account for account in register.accounts if account.unit == code]
    if known:
        return {"code": code, "name": f"unit {code}, tidak lagi di daftar"}, []
    raise PantauError(f"Unit {code} tidak ada di daftar. Lihat kodenya di kolom unit_code.")


def _posts(store: Store, keys: list[str]) -> Iterator[dict[str, Any]]:
    span = store.posts.span()
    if span is None or not keys:
        return
    for post in store.posts.in_window(Window(span[0], span[1] + timedelta(seconds=1)), keys):
        versions = store.posts.versions(post.key)
        pictures = store.pictures.of_posts([post.key]).get(post.key, ())
        raws = (store.posts.raw(post.key, version.post.raw_sha256) for version in versions)
        yield {
            "unggahan": post,
            "versi": versions,
            "jawaban_mentah": [raw.decode("utf-8", "replace") for raw in raws if raw is not None],
            "jejak": store.posts.trail([post.key]).get(post.key),
            "gambar": pictures,
            "sidik_gambar": list(store.pictures.facts(one.sha256 for one in pictures if one.sha256).values()),
        }


def _findings(store: Store, code: str) -> Iterator[dict[str, Any]]:
    for finding in store.findings.of_units([code]):
        yield {"temuan": finding, "keputusan": store.decisions.of_finding(finding.key)}


def _readings(store: Store, keys: list[str], now: datetime) -> Iterator[Any]:
    long_ago = now - timedelta(days=36_500)
    for readings in store.readings.history(keys, long_ago).values():
        yield from readings


def _write(path: Path, lines: Iterable[Any]) -> int:
    count = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for line in lines:
            file.write(msgspec.json.encode(line) + b"\n")
            count += 1
    return count


def _write_text(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _index(job: Job, unit: str, counts: dict[str, int], now: datetime) -> str:
    made = now.astimezone(job.settings.zone)
    head = f"Semua data yang disimpan Pantau tentang {unit}\n"
    head += f"Dibuat {made:%Y-%m-%d pukul %H.%M} waktu setempat.\n\n"
    files = "".join(f"- {name}: {counts[name]} baris; {what}.\n" for name, what in _FILES.items())
    return (
        f"{head}{files}\nTiap baris berkas adalah satu catatan (JSON); waktu di dalamnya UTC.\n"
        "Berkas gambar tidak disimpan Pantau; yang ada hanya sidik, ukuran, dan tulisan yang terbaca padanya.\n"
        "Ringkasan dan surel yang sudah dikirim memuat kutipan dari temuan di atas;\n"
        "surel tidak disalin ke sini karena memuat unit lain.\n"
        "Berkas ini memuat isi unggahan apa adanya, juga data pribadi warga di dalamnya: serahkan hanya kepada yang berhak.\n"
    )
