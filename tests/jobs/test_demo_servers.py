"""``pantau demo --servers``: a whole night through the real clients against the local servers, and nothing stays behind."""

import email
import email.policy
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from jobs import demo_servers
from jobs.__main__ import run
from pantau.store import open_store
from tests.servers.town_world import PLATFORMS, TROUBLES, World

ACCOUNTS = 6
ROOT = Path(__file__).resolve().parents[2]


def start(out: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "jobs", "demo", "--servers", "--accounts", str(ACCOUNTS), "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def left_behind(out: Path) -> list[str]:
    """Processes that name the folder, and ports of its settings that still answer."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if str(out) in words:
            found.append(words.replace("\0", " "))
    settings = (out / "kantor" / "pantau.toml").read_text("utf-8")
    for port in re.findall(r"(?:127\.0\.0\.1:|port = )(\d+)", settings):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                found.append(f"port {port}")
    return found


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    out = tmp_path_factory.mktemp("servers")
    process = start(out)
    text, errors = process.communicate(timeout=120)
    return out, subprocess.CompletedProcess(process.args, process.returncode, text, errors)


def test_the_demo_ends_as_a_night_with_unread_accounts_does(
    night: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, done = night
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr + (out / "kantor" / "server.log").read_text("utf-8")
    assert not left_behind(out)
    (digest,) = re.findall(r"Ringkasan : (.+)", done.stdout)
    assert "<html" in Path(digest).read_text("utf-8")


def test_every_account_has_one_state_and_every_post_of_the_servers_is_stored_once(
    night: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, _ = night
    with open_store(f"sqlite:///{out / 'kantor' / 'data' / 'pantau.db'}") as store:
        run_id = store.runs.recent(1)[0].run_id
        states = store.observations.of_run(run_id)
        posts = store.posts.new_in_run(run_id)
    per_account = Counter(state.account for state in states)
    assert set(per_account.values()) == {1}
    platforms = Counter(account.partition(":")[0] for account in per_account)
    assert platforms == dict.fromkeys(PLATFORMS, ACCOUNTS)
    kinds = Counter(state.state for state in states)
    assert kinds["unread"] == 6
    assert kinds["private"] == 1
    assert kinds["quiet"] == len(PLATFORMS)
    at = max(post.published_at for post in posts) + timedelta(
        hours=1
    )  # the first unit posts an hour before the end of the day
    shown = World(ACCOUNTS, at, troubled=True).posts()
    stored = Counter((post.platform, post.published_at.isoformat()) for post in posts)
    assert stored == {(platform, when): 1 for platform, times in shown.items() for when in times}


def test_the_mail_server_received_one_mail_for_each_reader(
    night: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, done = night
    for address in demo_servers.READERS:
        (mail,) = (out / "kantor" / "surel-diterima").glob(f"*-{address}.eml")
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        assert address in message["To"]
        assert "Ini ringkasan pertama" in str(message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert "(3 diterima" in done.stdout


def test_the_demo_says_what_the_servers_counted_and_what_went_wrong_on_purpose(
    night: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    _, done = night
    stored = re.search(r"(\d+) dari (\d+) di server contoh tersimpan tepat sekali$", done.stdout, re.MULTILINE)
    assert stored
    assert stored[1] == stored[2] != "0"
    for server in ("x", "graph", "instagram", "youtube", "tiktok", "website", "billed"):
        assert re.search(rf"^  {server} +\w", done.stdout, re.MULTILINE)
    for (platform, _), trouble in TROUBLES.items():
        assert f"{platform}: {trouble}" in done.stdout


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGTERM, 5), (signal.SIGKILL, -signal.SIGKILL)], ids=["term", "kill"]
)
def test_a_demo_that_is_killed_leaves_no_process_and_no_port(tmp_path: Path, how: signal.Signals, code: int) -> None:
    process = start(tmp_path)
    database = tmp_path / "kantor" / "data" / "pantau.db"
    end = time.monotonic() + 60
    while not database.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert len(left_behind(tmp_path)) > 2  # demo, servers and ports: the night is under way
    os.kill(process.pid, how)
    process.communicate(timeout=30)
    assert process.returncode == code
    end = time.monotonic() + 10
    while left_behind(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left_behind(tmp_path)


def test_without_a_source_checkout_the_demo_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_servers, "CHECKOUT", tmp_path)
    assert run(["demo", "--servers", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "salinan kode sumber" in said
    assert not (tmp_path / "out").exists()
