"""What was decided, flagged and sent can be shown and proved; whoever alters it later is found out."""

import re
import sqlite3
from pathlib import Path

import pytest

from tests.jobs.desk import Desk, shared_desk


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """An office after its first night, and the digest of that."""
    with shared_desk(tmp_path_factory.mktemp("kantor"), accounts=3) as made:
        made.tail = "[digest]\nattach = []\n"  # papers are half of a night's work, and none of this is about them
        made.write()
        made.post("Panen bawang di tiga desa.", "Rapat koordinasi pagi.", "Panen bawang lagi.")
        return made, made.night(1)


@pytest.fixture
def desk(
    set_up: tuple[Desk, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    return set_up[0].again(tmp_path, capsys, monkeypatch)


@pytest.fixture
def first(set_up: tuple[Desk, str]) -> str:
    return set_up[1]


def head_of(text: str) -> tuple[str, int]:
    """The head printed in a digest, and its number."""
    found = re.search(r"Sidik jejak: ([0-9a-f]{64}) \(catatan (\d+)\)", text)
    assert found is not None, text
    return found[1], int(found[2])


def harm(desk: Desk, *statements: str) -> None:
    """What somebody does who owns the database file: guards off, harm done, guards on again."""
    with sqlite3.connect(desk.folder / "data" / "pantau.db") as base:
        guards = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            base.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert base.execute(statement).rowcount > 0, statement
        for _, sql in guards:
            base.execute(sql)


def test_the_log_names_the_rule_version_the_finding_and_who_decided_also_what_was_taken_back(desk: Desk) -> None:
    key = desk.keys("panen-disebut")[0]
    desk.run("review", "dismiss", key, "--reason", "panen raya milik warga")
    desk.run("review", "undo", key)
    shown = desk.run("audit", "show")
    assert "panen-disebut@1 flag" in shown
    assert re.search(rf"keputusan dismiss tentang {key} oleh \w+", shown)
    assert f"keputusan undo tentang {key}" in shown
    assert "menilai dengan pantau" in shown
    assert "panen raya milik warga" not in shown, "words are kept as hashes only"


def test_the_log_of_some_days_shows_those_days_alone(desk: Desk) -> None:
    desk.night(2)
    day = f"{desk.night_at(2):%Y-%m-%d}"
    shown = desk.run("audit", "show", "--from", day, "--to", day)
    assert desk.run_id(2) in shown
    assert desk.run_id(1) not in shown
    assert desk.run_id(1) in desk.run("audit", "show", "--to", f"{desk.night_at(1):%Y-%m-%d}")


def test_an_untouched_log_is_whole_and_knows_the_head_of_every_digest(desk: Desk, first: str) -> None:
    heads = [head_of(text) for text in (first, desk.night(2))]
    assert heads[0][1] < heads[1][1]
    said = desk.run("audit", "verify", "--head", heads[0][0][:20].upper())
    assert "tersambung utuh" in said
    assert "2 ringkasan tersimpan ada semua" in said
    assert "Sidik pada salinan Anda ada di jejak ini" in said


@pytest.mark.parametrize("typed", ["0" * 64, "abc"])
def test_a_head_that_the_log_does_not_hold_is_told(desk: Desk, typed: str) -> None:
    assert "TIDAK ada di jejak ini" in desk.run("audit", "verify", "--head", typed, code=1)


def test_an_end_that_was_cut_off_is_found_by_the_head_that_a_digest_printed(desk: Desk, first: str) -> None:
    head, number = head_of(first)
    harm(desk, f"DELETE FROM audit WHERE n >= {number}", "DELETE FROM documents WHERE format = 'text'")
    said = desk.run("audit", "verify", "--head", head, code=1)
    assert f"{number - 1} catatan tersambung utuh" in said
    assert "Sidik pada salinan Anda TIDAK ada" in said


def test_an_end_that_was_cut_off_is_found_by_the_stored_digest_too(desk: Desk, first: str) -> None:
    number = head_of(first)[1]
    harm(desk, f"DELETE FROM audit WHERE n >= {number}")
    assert f"tercetak di ringkasan {desk.run_id(1)} TIDAK ada" in desk.run("audit", "verify", code=1)


def test_the_first_altered_entry_is_named(desk: Desk) -> None:
    harm(desk, "UPDATE audit SET body = replace(body, 'panen-disebut@1', 'panen-disebut@2') WHERE kind = 'findings'")
    with sqlite3.connect(desk.folder / "data" / "pantau.db") as base:
        number = base.execute("SELECT min(n) FROM audit WHERE kind = 'findings'").fetchone()[0]
    assert f"RUSAK mulai catatan {number}: isinya bukan" in desk.run("audit", "verify", code=1)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE decisions SET decided_by = 'orang lain'", "bukan yang dicatat waktu itu"),
        ("UPDATE decisions SET note = 'lain'", "bukan yang dicatat waktu itu"),
        ("DELETE FROM decisions", "tidak ada lagi"),
        (
            "INSERT INTO decisions SELECT 77, finding_key, 'confirm', decided_by, at, note, recorded_at FROM decisions",
            "tidak pernah dicatat",
        ),
        ("UPDATE findings SET body = replace(body, 'perlu dicek', 'sudah beres')", "temuan n-20261120: bukan"),
        ("DELETE FROM findings", "temuan n-20261120: tidak ada lagi"),
        ("UPDATE documents SET data = X'00' WHERE format = 'html'", "(staff html): bukan yang dikirim"),
        ("DELETE FROM documents WHERE format = 'json'", "(staff json): tidak ada lagi"),
    ],
)
def test_what_the_tables_say_otherwise_than_the_log_is_told(desk: Desk, statement: str, said: str) -> None:
    desk.run("review", "dismiss", desk.keys("panen-disebut")[0], "--reason", "panen raya")
    assert "tersambung utuh" in desk.run("audit", "verify")
    harm(desk, statement)
    assert said in desk.run("audit", "verify", code=1)


def test_a_purge_stands_in_the_log_and_leaves_it_whole(desk: Desk, first: str) -> None:
    desk.tail = "[retention]\nposts_days = 1\nraw_days = 1\n"
    desk.write()
    head = head_of(first)[0]
    desk.now = desk.night_at(9)
    desk.run("purge")
    assert "dihapus menurut aturan penyimpanan: raws 3, posts 3" in desk.run("audit", "show")
    assert "tersambung utuh" in desk.run("audit", "verify", "--head", head)


def test_changed_settings_register_or_rules_show_in_the_log_and_a_moved_folder_does_not(desk: Desk) -> None:
    def inputs(number: int) -> str:
        if number > 1:
            desk.night(number)
        return next(
            line.split("menilai dengan ")[1]
            for line in desk.run("audit", "show").splitlines()
            if desk.run_id(number) in line and "menilai" in line
        )

    first = inputs(1)
    assert inputs(2) == first
    desk.write(version=2)
    other_rule = inputs(3)
    assert other_rule.split("rules ")[1] != first.split("rules ")[1]
    assert other_rule.split("rules ")[0] == first.split("rules ")[0]
    desk.accounts = 4
    desk.write(version=2)
    assert inputs(4) != other_rule
