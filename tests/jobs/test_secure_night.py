"""What a whole night leaves behind: files for their owner alone, no secret anywhere, no call to a host nobody configured."""

import base64
import io
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from jobs.demo_servers import open_town, write_settings
from tests.jobs.office import NIGHT, READERS, ROOT, Office, open_office
from tests.servers.base import LocalServer, Reply, Request
from tests.servers.reader_server import ReaderServer

POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "").replace("postgresql+psycopg://", "postgresql://")
CANARIES = {
    "reader": "kunci-pembaca-7Qx1mZp0",
    "imap": "sandi-imap-4Kd93hTw",
    "database": "sandi-basisdata-8Vb2nRs6",
    "heartbeat": "detak-5Jw0yLc7-rahasia",
    "app": "rahasia-app-meta-2Fg6kXe9",
}
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


def forms(secret: bytes) -> set[bytes]:
    """A secret as it is, in base64, in an address, and as JSON and ``repr`` write it."""
    text = secret.decode()
    return {secret, base64.b64encode(secret), quote(text, safe="").encode(), json.dumps(text)[1:-1].encode()}


def leaks(secrets: Mapping[str, bytes], places: Mapping[str, bytes]) -> list[str]:
    """Which secret stands where."""
    return [
        f"{name} in {place}"
        for place, data in places.items()
        for name, secret in secrets.items()
        if any(form in data for form in forms(secret))
    ]


def files_below(folder: Path, *but: str) -> dict[str, bytes]:
    """The contents of all files, those of packed ones too."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in but:
            found[str(path.relative_to(folder))] = data = path.read_bytes()
            if zipfile.is_zipfile(io.BytesIO(data)):
                with zipfile.ZipFile(io.BytesIO(data)) as packed:
                    found |= {f"{path.name}: {name}": packed.read(name) for name in packed.namelist()}
    return found


class _Heart(LocalServer):
    """Where the heartbeat is told."""

    def route(self, request: Request) -> Reply:
        return Reply(200, b"ok")


@dataclass
class Town:
    """An office that watches every platform, with every kind of secret that the settings know."""

    folder: Path
    config: Path
    secrets: dict[str, bytes]
    database: str
    heart: _Heart
    mails: Path
    spoken: dict[str, bytes] = field(default_factory=dict)
    command_lines: set[bytes] = field(default_factory=set)
    codes: dict[str, int] = field(default_factory=dict)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Begin a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "jobs", "-c", str(self.config), *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **environment: str) -> bytes:
        """Run a command to its end; what it said is kept, and during a night the machine's process list."""
        process = self.start(*arguments, **environment)
        watcher = threading.Thread(target=self._watch, args=(process,))
        if "nightly" in arguments:
            watcher.start()
        out, err = process.communicate(timeout=240)
        if watcher.is_alive():
            watcher.join()
        name = " ".join(word for word in arguments if "/" not in word)
        self.spoken[name] = out + err
        self.codes[name] = process.returncode
        return out

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None:
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.command_lines.add(place.read_bytes())
                except (OSError, ProcessLookupError):
                    continue
            time.sleep(0.1)

    def rows(self) -> bytes:
        """The whole database as text."""
        if not self.database:
            with sqlite3.connect(self.folder / "data" / "pantau.db") as base:
                return "\n".join(base.iterdump()).encode()
        import psycopg

        found: list[str] = []
        with psycopg.connect(self.database) as base:
            tables = base.execute(
                "select table_name from information_schema.tables where table_schema = 'public'"
            ).fetchall()
            for (table,) in tables:
                found += [str(row) for row in base.execute(f'select * from "{table}"')]
        return "\n".join(found).encode()


@contextmanager
def _database() -> Iterator[str]:
    """An empty database of our own on the PostgreSQL server, with the password in its address; "" for SQLite."""
    if not POSTGRES:
        yield ""
        return
    import psycopg

    name = f"pantau_secure_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            user, _, place = POSTGRES.removeprefix("postgresql://").rpartition("@")
            server = place.partition("/")[0]
            yield f"postgresql://{user.partition(':')[0]}:{CANARIES['database']}@{server}/{name}"
        finally:
            admin.execute(f"drop database {name} with (force)")


def _secret_file(folder: Path, name: str, value: str) -> str:
    path = folder / f"rahasia-{name}"
    path.touch(mode=0o600)
    path.write_text(value, "utf-8")
    return f'"file:rahasia-{name}"'


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A night over all platforms that tells every step, then every command that shows what is held."""
    folder = tmp_path_factory.mktemp("kota")
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    with ExitStack() as stack:
        open_one = stack.enter_context(open_town(folder, "--accounts", "2", "--at", at.isoformat()))
        reader, heart = stack.enter_context(ReaderServer()), stack.enter_context(_Heart())
        database, ready = stack.enter_context(_database()), open_one.ready
        reader.key = CANARIES["reader"]
        more = f'\n[operator]\nheartbeat_url = "{heart.url}/{CANARIES["heartbeat"]}"\n'
        more += f'[reader]\nurl = "{reader.base_url}"\nmodel = "{reader.model}"\nmode = "every"\n'
        more += f'api_key = {_secret_file(folder, "reader", CANARIES["reader"])}\n[digest]\nattach = ["xlsx"]\n'
        if database:
            url = database.replace("postgresql://", "postgresql+psycopg://")
            more += f"[store]\nurl_secret = {_secret_file(folder, 'database', url)}\n"
        config = write_settings(folder, ready, more)
        text = config.read_text("utf-8").replace(
            "imap_user =", f"imap_password = {_secret_file(folder, 'imap', CANARIES['imap'])}\nimap_user ="
        )
        text += f"[collect.meta]\napp_secret = {_secret_file(folder, 'app', CANARIES['app'])}\n"
        config.write_text(text, "utf-8")
        secrets = {**ready["secrets"], **CANARIES, **_tokens(folder / "tiktok")}
        found = Town(
            folder, config, {name: one.encode() for name, one in secrets.items()}, database, heart, Path(ready["mails"])
        )
        hook = folder / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(GUARD)
        path = f"{hook}{os.pathsep}{ROOT}"
        when = (at + timedelta(minutes=5)).isoformat()
        found.run("-v", "nightly", "--as-of", when, PYTHONPATH=path, HOSTS_SEEN=str(folder / "hosts.txt"))
        found.secrets["reply codes"] = (folder / "data" / "reply-secret").read_bytes().strip()
        yield found


def _tokens(folder: Path) -> dict[str, str]:
    """The tokens of the accounts that logged in, by file and name; new ones may come in the night, with the same beginning."""
    return {
        f"{path.name} {name}": value
        for path in folder.glob("*.json")
        for name, value in json.loads(path.read_bytes()).items()
        if "token" in name and isinstance(value, str) and len(value) > 8
    }


def test_no_secret_is_left_by_a_night_that_goes_well_and_tells_every_step(town: Town) -> None:
    assert town.codes["-v nightly --as-of " + _as_of(town)] in (0, 1), town.spoken  # the mailbox refuses us
    assert len(town.heart.log) >= 2, "the heartbeat was told"
    places = {**town.spoken, **files_below(town.folder / "data", "reply-secret"), **files_below(town.mails)}
    places["rows"] = town.rows()
    assert len(places) > 10
    assert b"tiktok:" in places["rows"]
    assert not leaks(town.secrets, places)


def _as_of(town: Town) -> str:
    return next(name for name in town.spoken if "nightly" in name).rpartition(" ")[2]


def test_a_night_calls_no_host_but_those_of_its_settings(town: Town) -> None:
    seen = (town.folder / "hosts.txt").read_text()
    hosts = {line.split(" ", 1)[1] for line in seen.splitlines()}
    assert hosts, "the guard saw the night's connections"
    own_name = socket.gethostname()  # looked up, never called: the mail server is told who greets it
    assert hosts <= {"localhost", "127.0.0.1", "::1", own_name}, hosts
    assert f"connect {own_name}" not in seen


def test_no_secret_stands_in_the_process_list_while_a_night_runs(town: Town) -> None:
    own = [line for line in town.command_lines if b"nightly" in line and str(town.config).encode() in line]
    assert own, "the night was seen"
    assert not leaks(town.secrets, {"process list": b"\n".join(town.command_lines)})


def test_no_secret_is_in_a_backup_an_export_or_what_status_doctor_and_the_log_say(town: Town) -> None:
    unit = (town.folder / "accounts.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    told = (
        ("backup", str(town.folder / "cadangan.zip")),
        ("export", unit, "--output", str(town.folder / "keluar")),
        ("status", "--json"),
        ("doctor",),
        ("audit", "show"),
    )
    for arguments in told:
        assert town.run(*arguments), (arguments, town.spoken)
    held = {"cadangan.zip": (town.folder / "cadangan.zip").read_bytes()}
    with zipfile.ZipFile(town.folder / "cadangan.zip") as packed:
        held |= {name: packed.read(name) for name in packed.namelist()}
    held |= files_below(town.folder / "keluar")
    assert len(held) > 8
    assert b"SALAH" in town.spoken["doctor"], "the mailbox refuses us, and doctor says so"
    # The settings are in the backup as the office wrote them; the heartbeat's address is the one secret that stands in them.
    assert leaks(town.secrets, {**town.spoken, **held}) == ["heartbeat in settings/pantau.toml"]


def test_a_night_that_dies_leaves_no_secret_in_its_traceback_and_no_core(town: Town) -> None:
    process = town.start("-v", "nightly", "--as-of", datetime.now(UTC).isoformat(), PYTHONFAULTHANDLER="1")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _is_collecting(process.pid):
        time.sleep(0.05)
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    process.send_signal(signal.SIGABRT)
    out, err = process.communicate(timeout=60)
    assert b"Fatal Python error: Aborted" in err
    assert re.search(r"Max core file size +0 +", limits), limits
    assert not leaks(town.secrets, {"traceback": out + err, **files_below(town.folder / "data", "reply-secret")})


def _is_collecting(pid: int) -> bool:
    """Whether a process has begun to talk to somebody."""
    try:
        return any(str(place.readlink()).startswith("socket:") for place in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


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


def left_behind(office: Office, spoken: str) -> dict[str, bytes]:
    """Everything that a night wrote, by place; the database also as its rows, and the mails that left."""
    found = {"terminal": spoken.encode(), **files_below(office.folder / "data", "reply-secret")}
    with sqlite3.connect(office.folder / "data" / "pantau.db") as base:
        found["rows"] = "\n".join(base.iterdump()).encode()
    for reader in READERS:
        for number, mail in enumerate(office.smtp.mails(reader)):
            found[f"mail {number} to {reader}"] = mail
    return found


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
    assert not leaks(planted(office), left_behind(office, result.stdout + result.stderr))


def with_hook(hook: Path, **more: str):  # type: ignore[no-untyped-def]  # a method made for monkeypatch
    """The office's environment with a module that Python loads before everything else."""
    plain = Office._environment

    def environment(self: Office) -> dict[str, str]:
        return {**plain(self), "PYTHONPATH": f"{hook}{os.pathsep}{ROOT}", **more}

    return environment
