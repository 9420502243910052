"""Reruns over a stored range, and the correction notice."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.office import NIGHT, Office, open_office

RULE = """id = "panen-disebut"
family = "PRB"
kind = "lexicon"
level = "rendah"
status = "aktif"
version = 1
what = "A harvest is mentioned."
why = "Only for this test."
basis = "Contoh"
since = 2025-01-01
message = "Unggahan menyebut panen; perlu dicek."
false_positives = []

[match]
words = ["panen bawang"]
"""
CASES = """[[fires]]
name = "a harvest"
text = "Panen bawang hari ini."

[[silent]]
name = "no harvest"
text = "Rapat desa."
"""
DAY = f"{NIGHT:%Y-%m-%d}"
RANGE = ("--from", DAY, "--to", DAY)


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        assert opened.night().returncode == 0
        opened.x.now = lambda: NIGHT + timedelta(days=2)
        yield opened


def change_rules(office: Office) -> None:
    own = office.folder / "rules.d" / "PRB"
    own.mkdir(parents=True)
    (own / "panen-disebut.toml").write_text(RULE)
    (own / "panen-disebut.cases.toml").write_text(CASES)
    office.settings_tail = '[rules.status]\n"luxury-brand-shown" = "nonaktif"'
    office.write()


def test_a_rerun_reports_exactly_what_a_changed_rule_changes_and_twice_the_same_bytes(office: Office) -> None:
    same = office.run("rerun", *RANGE)
    assert same.returncode == 0, same.stderr
    assert "tidak ada" in same.stdout
    change_rules(office)
    first, second = office.run("rerun", *RANGE), office.run("rerun", *RANGE)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert first.stdout.count("* Baru") == 1
    assert first.stdout.count("* Ditarik") == 1
    assert "Panen bawang" in first.stdout
    assert "Rolex" in first.stdout
    assert office.copies() == [1, 1, 1]


def test_a_correction_is_mailed_once_and_belongs_to_the_digest_it_corrects(office: Office) -> None:
    change_rules(office)
    first = office.run("rerun", *RANGE, "--send")
    assert first.returncode == 0
    assert office.copies() == [2, 2, 2]
    number = first.stdout.split("Nomor koreksi: ")[1].split()[0]
    verified = office.run("digest", "verify", number)
    assert (verified.returncode, "Sama dengan sidik pada ringkasan" in verified.stdout) == (0, True)
    again = office.run("rerun", *RANGE, "--send")
    assert again.returncode == 0
    assert "tidak ada" in again.stdout
    assert office.copies() == [2, 2, 2]
    digest, correction = office.smtp.mails("sekda@kantor.example")
    head = correction.split(b"\r\n\r\n")[0]
    message_id = next(line for line in digest.splitlines() if line.lower().startswith(b"message-id"))[12:].strip()
    assert b"In-Reply-To" in head
    assert message_id in head.replace(b"\r\n", b"")


def test_a_rerun_asks_the_services_only_for_what_is_missing(office: Office) -> None:
    before = office.x.posts_billed
    office.run(
        "rerun", "--from", f"{NIGHT - timedelta(days=3):%Y-%m-%d}", "--to", f"{NIGHT - timedelta(days=1):%Y-%m-%d}"
    )
    assert office.x.posts_billed == before


def test_a_dismissed_finding_stays_away_from_a_rerun(office: Office) -> None:
    listed = office.run("review", "list").stdout
    key = next(line.split()[0] for line in listed.splitlines() if "luxury-brand-shown" in line)
    assert office.run("review", "dismiss", key, "--reason", "jam hadiah lomba").returncode == 0
    change_rules(office)
    report = office.run("rerun", *RANGE).stdout
    assert "* Ditarik" not in report
    assert report.count("* Baru") == 1


def test_dates_the_wrong_way_round_are_explained(office: Office) -> None:
    result = office.run("rerun", "--from", "2026-11-20", "--to", "2026-11-01")
    assert result.returncode == 2
    assert "lebih awal" in result.stderr
