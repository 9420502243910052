"""What is held can be handed to the unit it is about, and goes when its time is over."""

import io
import json
import sqlite3
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.desk import Desk, shared_desk

NIK = "3316014505900001"


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with shared_desk(tmp_path_factory.mktemp("kantor"), accounts=2) as made:
        made.write()
        made.post(f"Panen bawang di desa, NIK {NIK} sudah terdaftar.", "Panen bawang milik unit lain.")
        made.night(1)
        return made


@pytest.fixture
def desk(set_up: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return set_up.again(tmp_path, capsys, monkeypatch)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_unit_gets_all_that_is_held_about_it_and_nothing_of_another(desk: Desk) -> None:
    key = desk.keys("panen-disebut")[0]
    for each in desk.keys("panen-disebut"):
        desk.run("review", "dismiss", each, "--reason", "panen raya")
    folder = desk.folder / "keluar"
    said = desk.run("export", "OPD-00", "--output", str(folder))
    assert "unggahan.jsonl 1" in said
    assert key
    everything = "".join(path.read_text("utf-8") for path in folder.iterdir())
    assert NIK in everything, "a request is answered in full"
    assert "milik unit lain" not in everything
    found = [line for line in lines(folder / "temuan.jsonl") if line["temuan"]["rule_id"] == "panen-disebut"]  # type: ignore[index]
    assert [decision["note"] for line in found for decision in line["keputusan"]] == ["panen raya"]  # type: ignore[attr-defined]
    assert "Dinas 0 (OPD-00)" in (folder / "BACA-DULU.txt").read_text("utf-8")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_accounts_and_units_that_left_the_register_are_still_in_what_is_held(desk: Desk) -> None:
    desk.accounts = 1
    desk.write()
    desk.night(2)
    desk.run("export", "OPD-01", "--output", str(desk.folder / "lama"))
    assert "milik unit lain" in (desk.folder / "lama" / "unggahan.jsonl").read_text("utf-8")
    assert "tidak_lagi_di_daftar" in (desk.folder / "lama" / "unit.jsonl").read_text("utf-8")
    assert len(lines(desk.folder / "lama" / "temuan.jsonl")) == 1
    assert "tidak lagi di daftar" in (desk.folder / "lama" / "BACA-DULU.txt").read_text("utf-8")


def test_a_purge_by_the_usual_rules_says_first_what_would_go_and_leaves_a_log_that_proves_itself(desk: Desk) -> None:
    copy = desk.folder / "data" / "pantau.db.skema-0006"
    copy.write_bytes(b"lama")
    told = desk.run("purge", "--dry-run")
    assert told.startswith("Akan dihapus: 0 jawaban mentah")
    desk.now += timedelta(days=4000)
    would = desk.run("purge", "--dry-run")
    assert copy.exists()
    assert NIK in desk.run("export", "OPD-00", "--output", str(desk.folder / "a")) + (
        desk.folder / "a" / "unggahan.jsonl"
    ).read_text("utf-8")
    did = desk.run("purge")
    assert did == would.replace("Akan dihapus", "Dihapus")
    assert "2 ringkasan" not in did
    assert "1 salinan lama. Nomor warga disamarkan di 1 unggahan" in did
    assert not copy.exists()
    desk.run("export", "OPD-00", "--output", str(desk.folder / "b"))
    assert NIK not in (desk.folder / "b" / "unggahan.jsonl").read_text("utf-8")
    assert (desk.folder / "b" / "temuan.jsonl").read_text("utf-8") == ""
    said = desk.run("audit", "verify")
    assert "sudah dihapus menurut aturan penyimpanan; yang tersisa menyegelnya" in said


def test_an_unknown_unit_or_a_folder_in_use_is_refused_and_nothing_is_written(desk: Desk) -> None:
    assert "tidak ada di daftar" in desk.run("export", "OPD-99", "--output", str(desk.folder / "x"), code=3)
    assert not (desk.folder / "x").exists()
    assert "belum ada" in desk.run("export", "OPD-00", "--output", str(desk.folder), code=3)


def test_a_citizens_number_stands_in_the_post_and_nowhere_else(desk: Desk) -> None:
    for form in ("text", "html", "json"):
        assert NIK not in desk.run("digest", "show", "--format", form)
    assert not [
        path
        for path in (desk.folder / "data" / "runs").rglob("*")
        if path.is_file() and NIK.encode() in path.read_bytes()
    ]
    with sqlite3.connect(desk.folder / "data" / "pantau.db") as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        holding = {name for name in tables for row in base.execute(f"SELECT * FROM {name}") if NIK in str(row)}
    assert holding <= {"posts", "raws", "post_versions"}, holding


def test_a_citizens_number_is_in_no_document_letter_archive_or_log_either(desk: Desk) -> None:
    """What is packed is unpacked first."""
    out = desk.folder / "keluar"
    out.mkdir()
    key = desk.keys("national-id-number")[0]
    desk.run("review", "answer", key, "--text", f"Sudah kami hapus, NIK {NIK} keliru tayang.")
    desk.night(2)
    spoken = []
    for form in ("xlsx", "whatsapp", "json", "html", "text"):
        for n in (1, 2):
            file = out / f"ringkasan-{n}.{form}"
            desk.run("digest", "show", desk.run_id(n), "--format", form, "--output", str(file))
    desk.run("memo", key, "--output", str(out / "memo.docx"))
    desk.run("archive", "build", "--output", str(out / "arsip"))
    for words in (["-v", "nightly", "--dry-run"], ["audit", "show"], ["review", "show", key], ["status"]):
        spoken += [desk.run(*words), desk.errors]
    outputs = {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for name, data in list(outputs.items()):
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                outputs |= {f"{name}!{inner}": packed.read(inner) for inner in packed.namelist()}
    assert any("xl/worksheets/" in name for name in outputs)
    assert any("word/document.xml" in name for name in outputs)
    assert "331***" in (out / "ringkasan-1.text").read_text("utf-8"), "the finding is shown, its number masked"
    spelt = (NIK, " ".join((NIK[:4], NIK[4:8], NIK[8:12], NIK[12:])))
    assert not [name for name, data in outputs.items() if any(one.encode() in data for one in spelt)]
    assert not [text for text in spoken if any(one in text for one in spelt)]


def test_folders_of_old_nights_go_with_their_mails_and_the_digest_can_still_be_shown(desk: Desk) -> None:
    folder = desk.folder / "data" / "runs" / desk.run_id(1)
    stranger = folder.with_name("catatan-petugas")
    stranger.mkdir()
    assert folder.is_dir()
    assert "0 folder malam" in desk.run("purge")
    desk.now += timedelta(days=401)
    assert "1 folder malam" in desk.run("purge")
    assert not folder.exists()
    assert stranger.is_dir()
    assert "panen" in desk.run("digest", "show", desk.run_id(1)).lower()
