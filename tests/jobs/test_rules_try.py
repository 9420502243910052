"""``pantau rules try``: what a rule would have said of stored posts, before anybody has to live with it."""

from pathlib import Path

import pytest

from tests.jobs.desk import Desk

ID_NUMBER = "3316015203780004"


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capfd).set_clock(monkeypatch)
    made.write(status="uji")
    made.post(
        "Hari ini PANEN\n bawang 30 kuintal.",
        "Lomba panen bawang antardesa.",
        "Petani sedih, gagal panen bawang.",
        "Posyandu Selasa pukul delapan.",
        f"Penerima bantuan: Sumiyati, NIK {ID_NUMBER}, harap hadir.",
    )
    made.night(1)
    return made


def test_every_hit_is_shown_with_unit_account_date_address_and_its_exact_words(desk: Desk) -> None:
    out = desk.run("rules", "try", "panen-disebut", *desk.range())
    assert "panen-disebut (PRB, lexicon, uji, versi 1)" in out
    assert "19-11-2026 15:00  Dinas 0  @d0 (x)  https://x.com/d0/status/1000" in out
    assert "“PANEN bawang”  perlu dicek" in out
    assert out.count("https://") == 1


def test_the_counts_say_how_loud_the_rule_is_and_what_its_exceptions_did(desk: Desk) -> None:
    out = desk.run("rules", "try", "panen-disebut", *desk.range())
    assert "5 unggahan diperiksa; 1 kena: 1 perlu dicek, 0 untuk dilihat" in out
    assert "per 1.000 unggahan: 200,0 perlu dicek, 0,0 untuk dilihat" in out
    assert "dibebaskan oleh pengecualian: 2 unggahan" in out
    shown = desk.run("rules", "try", "panen-disebut", *desk.range(), "--exceptions")
    assert "dibebaskan: Lomba" in shown
    assert "dibebaskan: di dalam frasa kecuali atau nama" in shown


def test_trying_writes_nothing_to_the_store(desk: Desk) -> None:
    before = desk.rows()
    for rule in ("panen-disebut", "account-quiet", "upload-without-approval", "trip-unreported", "second-signal-bhs"):
        desk.run("rules", "try", rule, *desk.range())
    assert desk.rows() == before


def test_personal_data_stays_masked(desk: Desk) -> None:
    out = desk.run("rules", "try", "national-id-number", *desk.range())
    assert "1 kena" in out
    assert ID_NUMBER not in out


def test_a_rule_that_is_switched_off_or_out_of_season_can_be_tried(desk: Desk) -> None:
    desk.write(status="nonaktif")
    assert "1 kena" in desk.run("rules", "try", "panen-disebut", *desk.range())
    file = desk.folder / "rules.d" / "panen-disebut.toml"
    file.write_text(file.read_text().replace("since = 2025-01-01", "since = 2025-01-01\nuntil = 2025-02-01"))
    assert "1 kena" in desk.run("rules", "try", "panen-disebut", *desk.range())


def test_a_rule_file_that_lies_elsewhere_is_tried_before_it_is_enabled(desk: Desk) -> None:
    draft = desk.folder / "rancangan"
    file = desk.write_rule(draft, version=2)
    for path in (desk.folder / "rules.d").iterdir():
        path.unlink()
    out = desk.run("rules", "try", *desk.range(), "--file", str(file))
    assert f"versi 2, dari {file}" in out
    assert "1 kena" in out
    assert "bukan 'lain'" in desk.run("rules", "try", "lain", *desk.range(), "--file", str(file), code=2)
    file.write_text(file.read_text().replace("level =", "tingkat ="))
    assert "tingkat" in desk.run("rules", "try", *desk.range(), "--file", str(file), code=2)


def test_what_people_decided_already_is_said_beside_the_hit(desk: Desk) -> None:
    desk.write()
    desk.post("Dasar goblok kalian semua!")
    desk.night(2)
    (key,) = desk.keys("swear-word")
    desk.run("review", "dismiss", key, "--reason", "kutipan drama")
    out = desk.run("rules", "try", "swear-word", *desk.range())
    assert f"{key}  [bukan pelanggaran oleh " in out
    assert "sudah diputuskan: 1 (0 benar, 1 bukan pelanggaran)" in out


def test_a_rule_about_accounts_is_tried_on_the_nights(desk: Desk) -> None:
    desk.write(extra_rows=[{"unit_code": "D-1", "unit_name": "Desa Satu", "unit_kind": "desa"}])
    desk.night(2)
    out = desk.run("rules", "try", "unit-without-account", "--from", "2026-11-20", "--to", "2026-11-21")
    assert "Desa Satu" in out
    assert "2 malam diperiksa; 1 kena" in out


def test_an_unknown_id_gets_the_nearest_ones_and_a_model_rule_an_explanation(desk: Desk) -> None:
    assert "Mungkin: panen-disebut" in desk.run("rules", "try", "panen-disebutkan", *desk.range(), code=2)
    assert "model bahasa" in desk.run("rules", "try", "reader-bhs", *desk.range(), code=2)
    assert "--file" in desk.run("rules", "try", *desk.range(), code=2)


def test_days_without_posts_are_named_together_with_the_days_that_have_some(desk: Desk) -> None:
    out = desk.run("rules", "try", "swear-word", "--from", "2025-01-01", "--to", "2025-01-31")
    assert "Tidak ada unggahan tersimpan pada 01-01-2025 sampai 31-01-2025." in out
    assert "Yang tersimpan: 19-11-2026 sampai 19-11-2026." in out
    assert "lebih awal" in desk.run("rules", "try", "x", "--from", "2025-02-01", "--to", "2025-01-31", code=2)


def test_a_rule_that_fails_while_tried_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from pantau.checks.kinds import lexicon

    def find(rule, post):
        raise ZeroDivisionError("bagi nol")

    monkeypatch.setattr(lexicon, "find", find)
    out = desk.run("rules", "try", "panen-disebut", *desk.range(), code=1)
    assert "Aturan gagal: panen-disebut: gagal pada x:1000" in out


def test_the_second_signal_counts_only_posts_that_no_pattern_of_its_family_caught(tmp_path, capfd, monkeypatch) -> None:
    made = Desk(tmp_path, capfd).set_clock(monkeypatch)
    made.write(status="uji")
    made.post(
        "Warga goblok, otak di dengkul, protes terus tidak tahu diri.",
        "Wong ora mudeng aturan kok nekat protes. Sinau sik kono, ojo isin-isini wong sak desa.",
    )
    made.night(1)
    out = made.run("rules", "try", "second-signal-bhs", *made.range())
    assert "2 unggahan diperiksa; 1 kena" in out
    assert "goblok" not in out
