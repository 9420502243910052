"""What the operator of the installation sees: log lines, heartbeat, the mail about a failed night, status, doctor."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from jobs.logs import configure, log_crash, name_run
from tests.jobs.office import NIGHT, Office, open_office

OPERATOR = "operator@kantor.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
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
