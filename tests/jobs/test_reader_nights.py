"""The reader in whole nights, reruns and evaluations, through the real command line."""

import json
import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.office import NIGHT, ROOT, Office, open_office
from tests.servers.base import Fault, html_reply
from tests.servers.reader_server import ReaderServer, find_words
from tests.servers.x_feed import FakeXAccount, FakeXPost

ALLUSION = "Senja di tepi sungai itu, secangkir teh yang tidak semua orang sanggup. Begitulah."
FIXTURE = ROOT / "tests" / "fixtures" / "labelled.jsonl"


@pytest.fixture
def reader():
    with ReaderServer(find_words({"secangkir teh yang tidak semua orang": "FLX"})) as running:
        yield running


@pytest.fixture
def office(tmp_path: Path, reader: ReaderServer):
    at = NIGHT - timedelta(hours=3)
    accounts = [
        FakeXAccount("contoh_dpu", 101, [FakeXPost("Dasar goblok, matamu picek po?", at, kind="reply")]),
        FakeXAccount("contoh_kec", 102, [FakeXPost(ALLUSION, at, sequence=1)]),
        FakeXAccount("contoh_tani", 105, [FakeXPost("Panen bawang 30 kuintal per petak.", at, sequence=2)]),
    ]
    with open_office(tmp_path, accounts, [], apart=False) as opened:
        write_settings(opened, reader)
        yield opened


def write_settings(office: Office, reader: ReaderServer, url: str = "") -> None:
    key = office.folder / "reader.key"
    key.write_text(reader.key)
    key.chmod(0o600)
    office.settings_tail = f"""
[reader]
url = "{url or reader.base_url}"
model = "{reader.model}"
api_key = "file:reader.key"
mode = "every"
retries = 0
price_in = 1.0
price_out = 4.0
"""
    office.write()


def shown(office: Office, form: str = "text") -> str:
    result = office.run("digest", "show", "--format", form)
    assert result.returncode == 0, result.stderr
    return " ".join(result.stdout.split()) if form == "text" else result.stdout


def found(office: Office) -> dict[str, str]:
    rows = sqlite3.connect(office.folder / "data" / "pantau.db").execute("select rule_id, strength from findings")
    return dict(rows.fetchall())


def test_a_night_shows_what_the_reader_opened_and_names_model_prompt_and_cost(
    office: Office, reader: ReaderServer
) -> None:
    result = office.night()
    assert result.returncode == 0, result.stderr
    text = shown(office)
    assert "secangkir teh yang tidak semua orang" in text
    assert found(office)["reader-flx"] == "review"
    facts = {entry["term"]: entry["text"] for entry in json.loads(shown(office, "json"))["facts"]["entries"]}
    assert reader.model in facts["Pembaca"]
    assert "3 unggahan dibaca" in facts["Pembaca"]
    assert "0,0014 dolar AS" in facts["Pembaca"]
    assert reader.key.encode() not in b"".join(
        path.read_bytes() for path in (office.folder / "data").rglob("*") if path.is_file()
    )


def test_a_night_without_the_reader_says_so_and_loses_no_finding(office: Office, reader: ReaderServer) -> None:
    reader.faults.add(Fault(html_reply(503), times=None))
    result = office.night()
    assert result.returncode == 0, result.stderr
    text = shown(office)
    assert "matamu picek" in text
    assert "unggahan tidak dibacanya" in text
    assert "503" in text
    assert office.copies() == [1, 1, 1]


def test_a_night_with_the_reader_off_says_that_none_took_part(office: Office) -> None:
    office.settings_tail = ""
    office.write()
    office.night()
    assert "tidak ada model bahasa yang ikut membaca" in shown(office)


def test_a_rerun_costs_nothing_for_known_texts_and_withdraws_nothing_when_the_reader_is_gone(
    office: Office, reader: ReaderServer
) -> None:
    office.night()
    office.x.now = lambda: NIGHT + timedelta(days=2)
    requests = reader.count()
    day = NIGHT.date().isoformat()
    rerun = office.run("rerun", "--from", day, "--to", day)
    assert rerun.returncode == 0, rerun.stderr
    assert reader.count() == requests
    assert "3 dari simpanan" in rerun.stderr
    for file in (office.folder / "data" / "reader").glob("*.jsonl"):
        file.unlink()
    write_settings(office, reader, "http://127.0.0.1:9/v1")
    away = office.run("rerun", "--from", day, "--to", day)
    assert away.returncode == 0, away.stderr
    assert "tidak dapat dihubungi" in away.stderr
    assert "reader-flx" not in away.stdout, away.stdout
    office.settings_tail = '[rules.status]\n"reader-flx" = "nonaktif"\n'
    office.write()
    off = office.run("rerun", "--from", day, "--to", day)
    assert "reader-flx" in off.stdout, "the office itself switched the rule off"


def evaluation(folder: Path, reader: ReaderServer, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "jobs",
        "-c",
        str(folder / "pantau.toml"),
        "rules",
        "eval",
        str(FIXTURE),
        "--reader",
    ]
    given = ["--reader-url", reader.base_url, "--reader-model", reader.model, "--reader-key", "env:PANTAU_READER_KEY"]
    surroundings = {
        **os.environ,
        "PANTAU_READER_KEY": reader.key,
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.run(
        [*command, *given, *more], env=surroundings, cwd=folder, text=True, capture_output=True, timeout=120
    )


def test_an_evaluation_prints_the_figures_without_and_with_the_reader(tmp_path: Path, reader: ReaderServer) -> None:
    lines = [json.loads(line) for line in FIXTURE.read_text("utf-8").splitlines() if line.strip()]
    labels = {line["text"]: line["labels"] for line in lines if line.get("labels")}
    reader.judge = find_words({text: families[0] for text, families in labels.items() if text})
    result = evaluation(tmp_path, reader, "--reader-mode", "every", "--json")
    assert result.returncode == 0, result.stderr
    data = json.loads(result.stdout)
    assert data["reader"]["model"] == reader.model
    assert data["reader"]["read"] > 0
    assert data["with"]["total"]["recall_with_reviews"] >= data["without"]["total"]["recall_with_reviews"]
    again = evaluation(tmp_path, reader, "--reader-mode", "every")
    assert "Tanpa pembaca" in again.stdout
    assert f"Dengan pembaca {reader.model}" in again.stdout
    assert f"({data['reader']['read']} dari simpanan)" in again.stdout


def test_an_evaluation_without_an_address_says_what_to_fill_in(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "jobs",
        "-c",
        str(tmp_path / "none.toml"),
        "rules",
        "eval",
        str(FIXTURE),
        "--reader",
    ]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert result.returncode == 2
    assert "--reader-url" in result.stderr + result.stdout


def test_the_doctor_asks_the_reader(office: Office, reader: ReaderServer) -> None:
    result = office.run("doctor", "--no-mail")
    assert f"[baik]  pembaca: {reader.model}" in result.stdout, result.stdout
    reader.model = "lain"
    assert "[SALAH] pembaca: model atau alamatnya tidak ada" in office.run("doctor", "--no-mail").stdout
