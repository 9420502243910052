"""What the operator of the installation sees: log lines, heartbeat, the mail about a failed night, status, doctor."""

import json
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from jobs.logs import configure, log_crash, name_run
from pantau.core.errors import SecretError
from pantau.core.secrets import Secret
from tests.jobs.office import NIGHT, ROOT, Office, open_office

OPERATOR = "operator@kantor.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, apart=False) as opened:
        opened.settings_tail = f'[operator]\naddress = "{OPERATOR}"\nheartbeat_url = "{opened.x.url}/detak"'
        opened.write()
        yield opened


def pings(office: Office) -> list[str]:
    return [request.path for request in office.x.log if request.path.startswith("/detak")]


@contextmanager
def host_that_never_answers() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/detak"
        for one in taken:
            one.close()


def test_every_log_line_of_a_night_is_json_and_carries_the_run(office: Office) -> None:
    office.settings_tail = '[operator]\nheartbeat_url = ""'
    office.write()
    office.apart = True  # pytest takes the libraries' log lines in its own process
    process = office.run("-v", "nightly", "--as-of", NIGHT.isoformat())
    lines = [json.loads(line) for line in process.stderr.splitlines() if line.startswith("{")]
    assert len(lines) + 1 == len(process.stderr.splitlines()), process.stderr  # all but "Hasil: ..."
    assert {line["event"] for line in lines} >= {"night_finished"}
    assert {line.get("run") for line in lines} == {"n-20261120"}
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)


def test_lines_of_other_threads_and_of_libraries_carry_the_run_too(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, root.handlers = root.handlers, []  # pytest's own handlers stand in the way of a first configuration
    try:
        configure(verbose=False)
        name_run("n-20261120")
        worker = threading.Thread(target=lambda: structlog.get_logger("collectors").warning("away", tries=2))
        worker.start()
        worker.join()
        logging.getLogger("tweepy").warning("Rate limit exceeded")
    finally:
        root.handlers = before
    first, second = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (first["event"], first["tries"], first["run"]) == ("away", 2, "n-20261120")
    assert (second["event"], second["logger"], second["run"]) == ("Rate limit exceeded", "tweepy", "n-20261120")


@pytest.mark.parametrize(
    "said",
    [
        "GET https://graph.example/me?fields=id&access_token=RAHASIA-123456&x=1",
        "Authorization: Bearer RAHASIA-123456",
        "proxy http://pantau:RAHASIA-123456@proxy.kantor:3128 menolak",
        "{'client_secret': 'RAHASIA-123456'}",
        "kuki sessionid=RAHASIA-123456; path=/",
    ],
)
def test_a_secret_in_the_words_of_an_error_does_not_reach_the_log(said: str, capfd: pytest.CaptureFixture[str]) -> None:
    configure(verbose=False)
    structlog.get_logger().warning("away", reason=said)
    try:
        raise ValueError(said)
    except ValueError:
        log_crash()
    written = capfd.readouterr().err
    assert "RAHASIA" not in written
    assert written.count("***") >= 2
    assert "ValueError" in written


def test_some_unread_accounts_are_no_alarm_and_a_night_that_read_none_is_one(office: Office) -> None:
    for account in office.x.accounts:
        account.state = "suspended"
    assert office.night().returncode == 1
    assert pings(office) == ["/detak/start", "/detak"]  # Instagram was read: the digest tells the rest
    office.instagram.fail("wait401")
    assert office.night(NIGHT + timedelta(days=1)).returncode == 1
    assert pings(office)[2:] == ["/detak/start", "/detak/fail"]


def test_an_interrupted_night_is_a_failure_for_the_heartbeat_and_mailed_to_the_operator(office: Office) -> None:
    process = office.start("nightly", "--as-of", NIGHT.isoformat())
    deadline = time.monotonic() + 60
    while not pings(office) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 5
    assert pings(office) == ["/detak/start", "/detak/fail"]
    (told,) = office.smtp.mails(OPERATOR)
    assert b"pekerjaan malam berhenti" in told.replace(b"=\r\n", b"")
    assert office.night().returncode == 0
    assert pings(office)[2:] == ["/detak/start", "/detak"]


def test_a_night_that_was_killed_calls_nobody_and_the_next_start_says_so_and_ends_with_an_honest_call(
    office: Office,
) -> None:
    process = office.start("nightly", "--as-of", NIGHT.isoformat())
    began, deadline = office.folder / "data" / "pantau.db", time.monotonic() + 60
    while not (began.exists() and office.x.log[-1:] and pings(office) and len(office.x.log) > 2):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)
    assert pings(office) == ["/detak/start"], "the service misses the second call, and that is its alarm"
    again = office.night()
    assert again.returncode == 0
    assert "night_resumed" in again.stderr
    assert pings(office)[1:] == ["/detak/start", "/detak"]


def test_a_database_that_cannot_be_opened_is_told_like_any_other_failure(office: Office) -> None:
    data = office.folder / "data"
    data.mkdir(mode=0o700)
    (data / "pantau.db").write_bytes(b"bukan basis data, tetapi cukup panjang untuk dibaca sebagai kepala berkas." * 20)
    assert office.night().returncode in (2, 5)
    assert pings(office) == ["/detak/start", "/detak/fail"]
    assert len(office.smtp.mails(OPERATOR)) == 1


def test_a_dry_run_neither_calls_the_heartbeat_nor_mails_the_operator(office: Office) -> None:
    office.night(NIGHT, "--dry-run")
    assert pings(office) == []
    assert office.smtp.mails(OPERATOR) == []


def test_a_heartbeat_host_that_never_answers_costs_seconds_and_no_more(office: Office) -> None:
    office.settings_tail = ""
    office.write()
    begun = time.monotonic()
    assert office.night().returncode == 0
    plain_s = time.monotonic() - begun
    with host_that_never_answers() as url:
        office.settings_tail = f'[operator]\nheartbeat_url = "{url}"'
        office.write()
        begun = time.monotonic()
        process = office.night()
    assert process.returncode == 0, process.stderr
    assert time.monotonic() - begun < plain_s + 15
    assert process.stderr.count("heartbeat_failed") == 2


def test_an_address_that_is_none_does_not_stop_the_night(office: Office) -> None:
    office.settings_tail = '[operator]\nheartbeat_url = "http://[detak:x"'
    office.write()
    process = office.night()
    assert process.returncode == 0, process.stderr
    assert "heartbeat_failed" in process.stderr


STATUS_KEYS = {
    "": "format version office timezone at runs coverage month outbox mailbox audit backup",
    "runs": "run_id kind status as_of started_at finished_at exit_code summary",
    "coverage": "run_id as_of age_hours accounts",
    "month": "month costs usd x_budget_usd",
    "costs": "platform source requests posts_billed users_billed usd",
    "mailbox": "tried_at read_at problem returned",
    "audit": "entries head",
    "backup": "made_at age_hours",
}


def test_status_as_json_has_the_documented_keys_and_the_numbers_of_the_night(office: Office, tmp_path: Path) -> None:
    def status() -> dict[str, Any]:
        shown = office.run("status", "--json")
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)

    fresh = status()
    assert (fresh["runs"], fresh["coverage"], fresh["backup"]) == ([], None, {"made_at": None, "age_hours": None})
    office.night()
    assert office.run("backup", str(tmp_path / "pantau.zip")).returncode == 0
    told = status()
    parts = {"": told, **told, "runs": told["runs"][0], "costs": told["month"]["costs"][0]}
    assert {name: set(parts[name]) for name in STATUS_KEYS} == {n: set(keys.split()) for n, keys in STATUS_KEYS.items()}
    assert told["format"] == 1
    assert sum(told["coverage"]["accounts"].values()) == len(office.x.accounts) + len(office.instagram.accounts)
    assert (told["runs"][0]["run_id"], told["runs"][0]["exit_code"]) == ("n-20261120", 0)
    assert told["runs"][0]["as_of"] == "2026-11-20T14:00:00Z"
    assert told["outbox"] == {"sent": 3}
    assert told["audit"]["head"] in office.run("audit", "verify").stdout
    assert 0 <= told["backup"]["age_hours"] < 1
    manual = (ROOT / "docs" / "panduan.md").read_text("utf-8").partition("## 23.")[2]
    assert not [key for keys in STATUS_KEYS.values() for key in keys.split() if f"`{key}`" not in manual]


def doctor(office: Office, code: int) -> dict[str, str]:
    """What each line of the doctor says, by its subject."""
    shown = office.run("doctor")
    assert shown.returncode == code, shown.stdout + shown.stderr
    lines = [line.partition("] ") for line in shown.stdout.splitlines()]
    parts = [(mark.strip("["), rest.strip().partition(": ")) for mark, _, rest in lines]
    return {subject: f"{mark}: {said}" for mark, (subject, _, said) in parts}


def test_the_doctor_looks_at_everything_a_night_needs(office: Office) -> None:
    found = doctor(office, 0)
    needed = {
        "setelan, daftar akun, aturan",
        "kredensial",
        "berkas rahasia",
        "folder kerja",
        "basis data",
        "jam",
        "gambar",
        "PDF",
        "surel",
        "kotak surat",
    }
    assert set(found) == needed  # no reminder of a backup before the first night
    assert all(said.startswith("baik") for said in found.values()), found
    office.night()
    assert doctor(office, 0)["cadangan"].startswith("INGAT: belum pernah. Jalankan pantau backup")
    office.run("backup", str(office.folder / "cadangan.zip"))
    assert "cadangan" not in doctor(office, 0)


def test_the_doctor_names_the_command_that_closes_a_secret_others_can_read(office: Office) -> None:
    session = office.folder / "session.json"
    session.chmod(0o644)
    said = doctor(office, 2)["berkas rahasia"]
    assert said == f"SALAH: Dapat dibaca orang lain. Jalankan: chmod 600 {session}"
    session.chmod(0o600)
    office.night()
    (office.folder / "data").chmod(0o755)
    assert f"chmod 700 {office.folder / 'data'}" in doctor(office, 2)["berkas rahasia"]


def test_the_doctor_says_when_the_mailbox_refuses(office: Office) -> None:
    office.config.write_text(office.config.read_text().replace('imap_user = "', 'imap_user = "bukan-'))
    found = doctor(office, 2)
    assert "mail.imap_user" in found["kotak surat"]
    assert found["kotak surat"].startswith("SALAH")
    assert found["surel"].startswith("baik")


def test_a_credential_that_systemd_hands_to_the_service_may_show_rights_of_the_group_but_none_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = tmp_path / "kredensial"
    handed.mkdir()
    token = handed / "x-token"
    token.write_text("rahasia-uji\n")
    token.chmod(0o440)  # an access list for one user shows like this
    with pytest.raises(SecretError):
        Secret(f"file:{token}").reveal()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert Secret(f"file:{token}").reveal() == "rahasia-uji"
    token.chmod(0o444)
    with pytest.raises(SecretError):
        Secret(f"file:{token}").reveal()
    elsewhere = tmp_path / "x-token"
    elsewhere.write_text("rahasia-uji\n")
    elsewhere.chmod(0o440)
    with pytest.raises(SecretError):
        Secret(f"file:{elsewhere}").reveal()


def test_status_says_by_its_exit_code_whether_the_last_night_is_fresh(office: Office) -> None:
    assert office.run("status", "--fresh-hours", "26").returncode == 1
    office.night()
    assert office.run("status", "--fresh-hours", "26").returncode == 0
    with sqlite3.connect(office.folder / "data" / "pantau.db") as base:
        base.execute("update runs set finished_at = finished_at - ?", (27 * 3600 * 1_000_000,))
    stale = office.run("status", "--fresh-hours", "26")
    assert (stale.returncode, stale.stderr) == (1, "Tidak ada malam yang selesai dalam 26 jam terakhir.\n")
