"""``pantau accounts lookup``: the real command against local services, and the register it proposes."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.__main__ import run
from pantau.accounts.registry import read_register
from pantau.core.settings_file import load_settings
from pantau.store import open_store
from tests.jobs.office import COLUMNS, NIGHT, Office, open_office
from tests.servers.base import Fault
from tests.servers.instagram_shapes import FakeIgAccount
from tests.servers.x_feed import FakeXAccount
from tests.servers.x_problems import credits_depleted

X = [
    FakeXAccount("desa_satu", 101),
    FakeXAccount("desa_baru", 102),
    FakeXAccount("desa_tiga", 103, state="suspended"),
    FakeXAccount("desa_empat", 104, state="protected"),
    FakeXAccount("desa_lima", 999),
]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(
        tmp_path, X, [FakeIgAccount("desa.satu", "201"), FakeIgAccount("desa.baru", "202")], apart=False
    ) as office:
        office.x.now = lambda: datetime.now(UTC)
        yield office


def register(office: Office, *rows: tuple[str, str, str]) -> Path:
    """A register with these platforms, handles and numbers, one unit each."""
    path = office.folder / "accounts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="")
        table.writeheader()
        for n, (platform, handle, number) in enumerate(rows, 2):
            unit = {"unit_code": f"D-{n}", "unit_name": f"Desa {n}", "unit_kind": "opd", "note": "ditulis kantor"}
            table.writerow({**unit, "platform": platform, "handle": handle, "platform_id": number})
    return path


def test_everything_that_was_learnt_is_said_and_proposed_and_the_register_stays_as_it_is(office: Office) -> None:
    path = register(
        office,
        ("x", "desa_satu", ""),
        ("x", "desa_lama", "102"),
        ("x", "desa_tiga", "103"),
        ("x", "desa_empat", "104"),
        ("x", "desa_lima", "105"),
        ("x", "desa_tiada", ""),
        ("instagram", "desa.satu", ""),
        ("instagram", "desa.lama", "202"),
        ("whatsapp", "desa", ""),
    )
    before = path.read_bytes()
    done = office.run("accounts", "lookup", "--yes", "--output", "usulan.csv")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "biaya paling banyak $0.06 (X: $0.010 per akun)" in done.stderr
    assert "baris 2, @desa_satu (x), Desa 2: nomor 101" in said
    assert "baris 3, @desa_lama (x), Desa 3: desa_lama -> desa_baru" in said
    assert "baris 9, desa.lama (instagram), Desa 9: desa.lama -> desa.baru" in said
    assert "Ditangguhkan oleh platform (1) baris 4" in said
    assert "Privat: terkunci untuk umum (1) baris 5" in said
    assert "baris 6, @desa_lima (x), Desa 6: nomor akun ini tidak ditemukan lagi" in said
    assert "Tidak ditemukan (periksa nama akunnya; mungkin berganti nama atau dihapus) (1) baris 7" in said
    assert "whatsapp, 1 akun: platform ini belum dipantau" in said
    assert office.x.users_billed == 4
    assert "Biaya: $0.04." in said
    assert path.read_bytes() == before
    changed = before.replace(b"x,desa_satu,,", b"x,desa_satu,101,").replace(b"desa_lama,102", b"desa_baru,102")
    changed = changed.replace(b"desa.satu,,", b"desa.satu,201,").replace(b"desa.lama,202", b"desa.baru,202")
    assert (office.folder / "usulan.csv").read_bytes() == changed
    read_register(office.folder / "usulan.csv")


def test_nothing_is_asked_on_x_before_the_cost_is_agreed_to(office: Office) -> None:
    register(office, ("x", "desa_satu", ""), ("instagram", "desa.satu", ""))
    done = office.run("accounts", "lookup")
    assert (done.returncode, office.x.count(), office.instagram.count()) == (2, 0, 0)
    assert "$0.01" in done.stderr
    assert "--yes" in done.stderr
    free = office.run("accounts", "lookup", "instagram")
    assert (free.returncode, office.x.count()) == (0, 0)
    assert "tanpa biaya" in free.stderr


def test_what_was_learnt_is_not_paid_for_again_by_the_night_and_stands_in_the_ledger(office: Office) -> None:
    register(office, ("x", "desa_satu", ""), ("x", "desa_baru", ""))
    assert office.run("accounts", "lookup", "--yes").returncode == 0
    assert office.x.count("users_by") == 1
    office.x.now = lambda: NIGHT
    office.night(NIGHT)
    assert office.x.count("users_by") == 1
    with open_store(load_settings(office.config).database_url) as store:
        now = datetime.now(UTC)
        costs = {cost.platform: cost.usd for cost in store.costs.of_month(now.year, now.month)}
    assert costs["x"] >= 0.02


def test_two_rows_that_are_one_account_are_named_and_propose_nothing(office: Office) -> None:
    register(office, ("x", "desa_lama", "102"), ("x", "desa_baru", ""), ("x", "desa_satu", ""))
    done = office.run("accounts", "lookup", "--yes", "--output", "usulan.csv")
    assert "akun yang sama dengan baris 3 (@desa_baru (x)); hapus salah satu" in done.stdout
    assert "akun yang sama dengan baris 2 (@desa_lama (x)); hapus salah satu" in done.stdout
    assert "Usulan perubahan daftar akun:\n  baris 4, kolom platform_id: (kosong) -> 101\n" in done.stdout


def test_a_source_that_is_down_is_one_line_and_exit_code_1(office: Office) -> None:
    register(office, *[("x", f"desa_{n}", "") for n in range(150)], ("instagram", "desa.satu", "201"))
    office.x.faults.add(Fault(credits_depleted(), times=None))
    done = office.run("accounts", "lookup", "--yes", "--output", "usulan.csv")
    assert done.returncode == 1
    lines = [line for line in done.stdout.splitlines() if "saldo kredit X habis" in line]
    assert len(lines) == 1
    assert "x, 150 akun" in lines[0]
    assert "dan 145 lagi" in lines[0]
    assert "Tidak ada usulan perubahan." in done.stdout
    assert not (office.folder / "usulan.csv").exists()


def test_only_the_units_asked_for_are_looked_up_and_unknown_names_are_refused(office: Office) -> None:
    path = register(office, ("instagram", "desa.satu", ""), ("instagram", "desa.baru", ""))
    done = office.run("accounts", "lookup", "--only", "D-3")
    assert "1 akun: 0 sesuai dengan daftar, 1 nomor baru" in done.stdout
    for wrong in (["--only", "D-99"], ["tiktok"], ["--output", str(path)]):
        assert run(["-c", str(office.config), "accounts", "lookup", *wrong]) == 2, wrong
