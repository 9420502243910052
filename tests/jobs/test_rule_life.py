"""A rule that people mostly dismiss loses its voice, and how it gets it back; real store, real commands."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.rule_life import demoted
from jobs.wiring import load_job, open_store
from pantau.core.clock import local_day
from pantau.core.model import Decision
from tests.jobs.desk import FIRST_NIGHT, Desk

MANY = tuple(f"Panen bawang petak {n}." for n in range(9))
FALLEN = "aturan panen-disebut diturunkan ke uji karena 6 dari 9 temuannya dalam 30 hari dinyatakan bukan pelanggaran"


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capfd).set_clock(monkeypatch)
    made.write()
    return made


@pytest.fixture
def judged(desk: Desk) -> Desk:
    """One night with nine flags of the rule, of which staff dismissed six."""
    desk.post(*MANY)
    desk.night(1)
    keys = desk.keys("panen-disebut")
    assert len(keys) == 9
    desk.decide(keys, dismissed=6)
    return desk


def test_a_rule_that_staff_mostly_dismiss_only_logs_from_the_next_night_on_and_the_digest_says_why(
    judged: Desk,
) -> None:
    judged.post("Panen bawang di tepi kali.")
    text = judged.night(2)
    assert FALLEN in text
    assert '"panen-disebut" = "aktif" di bagian [rules.status] pantau.toml' in text
    assert "panen-disebut akan menandai 1 kali" in text
    assert "tepi kali" not in text
    assert judged.keys("panen-disebut") == []
    later = judged.night(3)
    assert "diturunkan ke uji karena" not in later
    assert "panen-disebut hanya dicatat sejak" in later


def test_a_demoted_rule_does_not_come_back_because_its_findings_grow_old(judged: Desk) -> None:
    judged.night(2)
    judged.night(40)
    judged.post("Panen bawang di tepi kali.")
    assert "panen-disebut hanya dicatat sejak" in judged.night(41)


def test_the_office_can_keep_a_rule_by_naming_it_in_its_settings(judged: Desk) -> None:
    judged.tail = '[rules.status]\n"panen-disebut" = "aktif"'
    judged.write()
    judged.post("Panen bawang di tepi kali.")
    text = judged.night(2)
    assert "diturunkan" not in text
    assert "tepi kali" in text


@pytest.mark.parametrize("tail", ["demote_below = 0", "demote_after_decisions = 10", "demote_below = 0.3"])
def test_the_office_sets_when_a_rule_falls(judged: Desk, tail: str) -> None:
    judged.tail = f"[rules]\n{tail}"
    judged.write()
    judged.post("Panen bawang di tepi kali.")
    assert "tepi kali" in judged.night(2)


@pytest.mark.parametrize(("key", "value"), [("demote_below", "1.5"), ("demote_after_decisions", "0")])
def test_a_senseless_limit_is_refused(desk: Desk, key: str, value: str) -> None:
    desk.tail = f"[rules]\n{key} = {value}"
    desk.write()
    assert f"rules.{key}" in desk.run("rules", "report", code=2)


def test_a_changed_version_starts_anew(judged: Desk) -> None:
    assert "diturunkan" in judged.night(2)
    judged.write(version=2)
    judged.post("Panen bawang di tepi kali.")
    text = judged.night(3)
    assert "diturunkan" not in text
    assert "tepi kali" in text
    row = judged.run("rules", "report").split("panen-disebut", 1)[1].splitlines()[0]
    assert "9 keputusan tidak dihitung" in row


def test_a_dismissal_taken_back_gives_the_voice_back(judged: Desk) -> None:
    assert "diturunkan" in judged.night(2)
    for key in judged.keys_of_night(1, "panen-disebut")[:2]:
        judged.run("review", "undo", key)
    judged.post("Panen bawang di tepi kali.")
    assert "tepi kali" in judged.night(3)


def test_a_night_is_judged_by_what_was_known_before_it_whatever_is_decided_later(judged: Desk) -> None:
    judged.night(2)
    job = load_job(judged.folder / "pantau.toml", local_day(judged.night_at(2)))
    with open_store(job.settings.database_url) as store:
        before = demoted(job, store, judged.night_at(2))
        assert [(item.rule_id, item.dismissed, item.decided) for item in before] == [("panen-disebut", 6, 9)]
        late = judged.night_at(2) + timedelta(hours=10)
        for finding in store.findings.of_run(judged.run_id(1)):
            store.decisions.add(Decision(finding_key=finding.key, action="confirm", by="Staf", at=late), late)
        assert demoted(job, store, judged.night_at(2)) == before
        assert demoted(job, store, judged.night_at(3)) == ()


def test_a_rerun_neither_withdraws_what_a_demoted_rule_had_said_nor_adds_to_it(judged: Desk) -> None:
    judged.post("Panen bawang di tepi kali.")
    judged.night(2)
    out = judged.run("rerun", *judged.range())
    assert "* Ditarik" not in out
    assert "* Baru" not in out
    assert "Aturan panen-disebut sedang diturunkan ke uji: 1 temuan barunya tidak ditulis." in judged.errors


def test_rules_about_accounts_and_units_fall_too(desk: Desk) -> None:
    bare = [{"unit_code": f"D-{n}", "unit_name": f"Desa {n}", "unit_kind": "desa"} for n in range(9)]
    desk.write(extra_rows=bare)
    desk.night(1)
    keys = desk.keys("unit-without-account")
    assert len(keys) == 9
    desk.decide(keys, dismissed=7)
    text = desk.night(2)
    assert "unit-without-account diturunkan ke uji karena 7 dari 9" in text
    assert "unit-without-account akan menandai 9 kali" in text
    assert desk.keys("unit-without-account") == []


def test_rules_of_the_ledgers_fall_too(desk: Desk) -> None:
    at = f"{FIRST_NIGHT - timedelta(days=9):%Y-%m-%d}"
    book = f"unit_code,url_or_caption,approved_by,approved_at\nOPD-00,Jadwal posyandu balita bulan ini,Kepala,{at}\n"
    (desk.folder / "approvals.csv").write_text(book)
    desk.files = 'approvals = "approvals.csv"'
    desk.write()
    desk.post(*(f"Pipa induk dusun nomor {n} sudah tersambung kembali." for n in range(9)), account=0)
    desk.night(1)
    keys = desk.keys("upload-without-approval")
    assert len(keys) == 9
    desk.decide(keys, dismissed=9)
    desk.post("Saluran air dusun Krajan dibersihkan warga.", account=0)
    text = desk.night(2)
    assert "upload-without-approval diturunkan ke uji karena 9 dari 9" in text
    assert "upload-without-approval akan menandai 1 kali" in text
    assert desk.keys("upload-without-approval") == []


def test_the_report_counts_what_became_of_each_rule_and_marks_the_fallen(judged: Desk) -> None:
    judged.post("Dasar goblok kalian semua!")
    judged.night(2)
    judged.decide(judged.keys("swear-word"), dismissed=0)
    lines = judged.run("rules", "report").splitlines()
    rules = [line.split()[0] for line in lines[2:] if line[:1].islower() and "=" not in line.split()[1]]
    assert rules.index("panen-disebut") < rules.index("swear-word")
    row = next(line for line in lines if line.startswith("panen-disebut"))
    assert row.split()[1:7] == ["9", "0", "3", "6", "0", "0,33"]
    assert "DITURUNKAN ke uji sejak" in row
    assert "6 dari 9" in row
    assert "baru 1 keputusan, belum dapat dipegang" in next(line for line in lines if line.startswith("swear-word"))
    data = {row["rule_id"]: row for row in json.loads(judged.run("rules", "report", "--json"))["rules"]}
    assert data["panen-disebut"]["precision"] == 0.3333
    assert data["panen-disebut"]["demoted"]["dismissed"] == 6
    assert data["swear-word"]["demoted"] is None


def test_the_report_looks_back_as_far_as_asked(judged: Desk) -> None:
    judged.night(20)
    assert "\npanen-disebut " in judged.run("rules", "report")
    short = judged.run("rules", "report", "--days", "3").splitlines()
    row = next(line for line in short if line.startswith("panen-disebut"))
    assert row.split()[1:3] == ["0", "0"]
    assert "DITURUNKAN" in row


def test_a_report_before_the_first_night_says_so(desk: Desk) -> None:
    assert "Belum ada malam" in desk.run("rules", "report")
    assert json.loads(desk.run("rules", "report", "--json"))["rules"] == []


def test_a_crashing_rule_is_named_in_the_digest_and_the_others_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pantau.checks.kinds import lexicon

    real = lexicon.find

    def find(rule, post):
        if rule.rule.id == "panen-disebut":
            raise ZeroDivisionError("bagi nol")
        return real(rule, post)

    monkeypatch.setattr(lexicon, "find", find)
    desk.post("Panen bawang petak satu.", "Dasar goblok kalian semua!")
    text = desk.night(1, code=1)
    assert "1 aturan gagal dijalankan malam ini (panen-disebut); temuannya bisa kurang." in text
    assert "Gagal: panen-disebut: gagal pada x:1000: ZeroDivisionError: bagi nol" in text
    assert len(desk.keys("swear-word")) == 1
