"""What a whole night leaves behind: files for their owner alone, no secret anywhere, no call to a host nobody configured."""

import base64
import os
import re
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.jobs.office import NIGHT, READERS, ROOT, Office, open_office

GUARD = """
import os, sys

def _seen(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        target = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        name = target[0] if isinstance(target, tuple) else target
        handle = os.open(os.environ["HOSTS_SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, f"{event} {name!s}\\n".encode())
        os.close(handle)

sys.addaudithook(_seen)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def planted(office: Office) -> dict[str, bytes]:
    """Every secret of the office, by name."""
    session = (office.folder / "session.json").read_text("utf-8")
    cookies = re.search(r'"sessionid":\s*"([^"]+)"', session)
    assert cookies is not None, session
    reply_secret = (office.folder / "data" / "reply-secret").read_bytes().strip()
    return {
        "bearer token of X": office.x.token.encode(),
        "refused token of X": office.x.token[::-1].encode(),
        "mail password": office.smtp.password.encode(),
        "session cookie of Instagram": cookies[1].encode(),
        "secret of reply codes": reply_secret,
    }


def forms(secret: bytes) -> set[bytes]:
    """A secret as it is, in base64, in an address, and without its quoting."""
    return {secret, base64.b64encode(secret), quote(secret.decode(), safe="").encode()}


def left_behind(office: Office, spoken: str) -> dict[str, bytes]:
    """Everything that a night wrote, by place; the database also as its rows, and the mails that left."""
    found = {"terminal": spoken.encode()}
    for path in (office.folder / "data").rglob("*"):
        if path.is_file() and path.name != "reply-secret":
            found[str(path.relative_to(office.folder))] = path.read_bytes()
    with sqlite3.connect(office.folder / "data" / "pantau.db") as base:
        found["rows"] = "\n".join(base.iterdump()).encode()
    for reader in READERS:
        for number, mail in enumerate(office.smtp.mails(reader)):
            found[f"mail {number} to {reader}"] = mail
    return found


def leaks(office: Office, spoken: str) -> list[str]:
    """Where which secret stands."""
    return [
        f"{name} in {place}"
        for place, data in left_behind(office, spoken).items()
        for name, secret in planted(office).items()
        if any(form in data for form in forms(secret))
    ]


def test_with_an_open_umask_every_file_and_folder_of_a_night_is_its_owners_alone(
    office: Office, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        assert office.night().returncode == 0
        assert office.run("backup", str(tmp_path / "cadangan.zip")).returncode == 0
        assert office.run("archive", "build", "--output", str(tmp_path / "arsip")).returncode == 0
        assert office.run("purge").returncode == 0
        assert office.run("export", "OPD-01", "--output", str(tmp_path / "keluar")).returncode == 0
    finally:
        os.umask(before)
    made = [tmp_path / name for name in ("cadangan.zip", "arsip", "keluar", "data")]
    paths = [*made, *(path for folder in made[1:] for path in folder.rglob("*"))]
    assert len(paths) > 20
    open_to_others = [f"{path} {oct(path.stat().st_mode & 0o777)}" for path in paths if path.stat().st_mode & 0o077]
    assert not open_to_others
    assert any(stat.S_ISDIR(path.stat().st_mode) for path in paths)


def test_no_secret_is_left_by_a_night_that_goes_well_and_tells_every_step(office: Office) -> None:
    result = office.run("-v", "nightly", "--as-of", NIGHT.isoformat())
    assert result.returncode == 0, result.stderr
    assert not leaks(office, result.stdout + result.stderr)


@pytest.mark.parametrize("fault", ["wrong password", "x refuses", "instagram breaks", "defect"])
def test_no_secret_is_left_by_a_night_that_fails(
    office: Office, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "wrong password":
        office.smtp.fault("auth", code=535, text=f"5.7.8 bad password {office.smtp.password}", times=None)
    elif fault == "x refuses":
        monkeypatch.setattr(Office, "_environment", with_hook(tmp_path, PANTAU_X_TOKEN=office.x.token[::-1]))
    elif fault == "instagram breaks":
        for account in office.instagram.accounts:
            office.instagram.fail("wait401", account=account.handle)
    else:
        hook = tmp_path / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(
            "import tweepy\n"
            "def broken(self, *args, **more):\n"
            "    raise RuntimeError(f'defect with {self.bearer_token}')\n"
            "tweepy.Client.request = tweepy.Client._make_request = broken\n"
        )
        monkeypatch.setattr(Office, "_environment", with_hook(hook))
    result = office.run("-v", "nightly", "--as-of", NIGHT.isoformat())
    assert result.returncode != 0, result.stdout
    assert not leaks(office, result.stdout + result.stderr)


def with_hook(hook: Path, **more: str):  # type: ignore[no-untyped-def]  # a method made for monkeypatch
    """The office's environment with a module that Python loads before everything else."""
    plain = Office._environment

    def environment(self: Office) -> dict[str, str]:
        return {**plain(self), "PYTHONPATH": f"{hook}{os.pathsep}{ROOT}", **more}

    return environment


def test_a_night_calls_no_host_but_those_of_its_settings(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(GUARD)
    seen = tmp_path / "hosts.txt"
    monkeypatch.setattr(Office, "_environment", with_hook(hook, HOSTS_SEEN=str(seen)))
    result = office.night()
    assert result.returncode == 0, result.stderr
    hosts = {line.split(" ", 1)[1] for line in seen.read_text().splitlines()}
    assert hosts, "the guard saw the night's connections"
    own_name = socket.gethostname()  # looked up, never called: the mail server is told who greets it
    assert hosts <= {"localhost", "127.0.0.1", "::1", own_name}, hosts
    assert f"connect {own_name}" not in seen.read_text()


def test_no_secret_stands_in_the_process_list_while_a_night_runs(office: Office) -> None:
    process = office.start("nightly", "--as-of", NIGHT.isoformat())
    lines: set[bytes] = set()

    def watch() -> None:
        while process.poll() is None:
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    lines.add(place.read_bytes())
                except (OSError, ProcessLookupError):
                    continue
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.communicate(timeout=120)
    watcher.join()
    own = [line for line in lines if b"nightly" in line and str(office.config).encode() in line]
    assert own, "the night was seen"
    assert not [name for name, secret in planted(office).items() if any(secret in line for line in lines)]
