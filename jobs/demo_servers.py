"""``pantau demo --servers``: one night through the real clients against local stand-ins of all services.

The stand-ins are one process, an HTTPS proxy that answers in place of the real hosts. So the settings written here are those of an
office but for ``network.proxy`` and ``network.ca_file``, and the night is wired by ``site_of`` as every other.
"""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from jobs.editions import run_folder
from jobs.lock import run_lock
from jobs.nightly import run_night
from jobs.progress import Progress
from jobs.wiring import load_job, open_store, site_of
from pantau.core.clock import local_day, to_utc
from pantau.core.errors import PantauError
from pantau.core.model import Post

CHECKOUT = Path(__file__).resolve().parent.parent
LEAST_ACCOUNTS = 6
"""So many units are needed for every trouble to have one of its own."""
_END_WAIT_S = 5.0
READERS = ("sekda@wanajati.example", "protokol@wanajati.example", "kominfo@wanajati.example")

_NAMED = ("proxy", "graph_user_id", "smtp_port", "imap_port", "mail_user")
_SETTINGS = """# Setelan kantor contoh yang dilayani server setempat. Hanya [network] dan [mail] yang menunjuk ke server itu.
[office]
name = "Kabupaten Wanajati"
region = "Wanajati"
province = "Provinsi Contoh"
region_code = "99.01"
department = "Sekretariat Daerah"
address = "Jalan Pendapa Nomor 1, Wanajati"
contact = "Bagian Protokol, telepon kantor pada jam kerja"

[network]
proxy = "{proxy}"
ca_file = "{ca_file}"

[collect.x]
bearer_token = "file:rahasia-x"

[collect.instagram]
graph_token = "file:rahasia-graph"
graph_user_id = "{graph_user_id}"
enabled = true
session_file = "session.json"
pause_s = 0.0

[collect.facebook]
token = "file:rahasia-graph"

[collect.youtube]
enabled = true
api_key = "file:rahasia-youtube"

[collect.website]
enabled = true

[collect.tiktok]
client_secret = "file:rahasia-tiktok"
{app}

[mail]
host = "localhost"
port = {smtp_port}
user = "{mail_user}"
password = "file:rahasia-mail"
from_address = "{mail_user}"
from_name = "Pantau Wanajati"
imap_host = "localhost"
imap_port = {imap_port}
imap_user = "{mail_user}"
retry_min = [0.01]
{readers}
{more}"""


class TownError(PantauError):
    """The local servers cannot be started, or have ended."""


class Town:
    """The process of the local servers; ``ready`` says how to reach them. Made by ``open_town``."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process = process
        self._log = log
        self.ready: dict[str, Any] = self._line()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, command: str) -> Any:
        """The answer to one command of ``tests/servers/town.py``. Raises ``TownError``."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        return self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return json.loads(line)

    def _ended(self) -> TownError:
        last = (self._log.read_text("utf-8", "replace").strip().splitlines() or ["tanpa keterangan"])[-1]
        what = f"server contoh berhenti: {last} (lengkapnya di {self._log})"
        return TownError(f"{what}. Pasang perlengkapan pengembang dengan make demo-servers, lalu coba lagi.")


def has_servers() -> bool:
    """True in a source checkout; a wheel does not carry the tests."""
    return (CHECKOUT / "tests" / "servers" / "town.py").is_file()


@contextmanager
def open_town(folder: Path, *options: str) -> Iterator[Town]:
    """The local servers, running. They end with the block, and by themselves when this process dies. Raises ``TownError``."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    command = [sys.executable, "-m", "tests.servers.town", "--folder", str(folder.resolve()), *options]
    with log.open("wb") as errors:
        process = _start(command, errors)
    try:
        yield Town(process, log)
    finally:
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(_END_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def _start(command: Sequence[str], errors: IO[bytes]) -> "subprocess.Popen[str]":
    # A session of its own: Ctrl-C reaches this process alone, which then ends the servers in order.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        cwd=CHECKOUT,
        start_new_session=True,
    )


def write_settings(folder: Path, ready: Mapping[str, Any], more: str = "") -> Path:
    """``pantau.toml`` and its secrets for the office in ``folder``, as the servers' ``ready`` line has it; ``more`` is added."""
    for name, secret in ready["secrets"].items():
        path = folder / f"rahasia-{name}"
        path.touch(mode=0o600)
        path.write_text(secret, "utf-8")
    readers = "".join(f'\n[[mail.reader]]\naddress = "{address}"\n' for address in READERS)
    app = "\n".join(f'{key} = "{value}"' for key, value in ready["tiktok"].items())
    config = folder / "pantau.toml"
    text = _SETTINGS.format(
        **{name: value for name, value in ready.items() if name in _NAMED},
        ca_file=(folder / "ca.pem").resolve(),
        app=app,
        readers=readers,
        more=more,
    )
    config.write_text(text, "utf-8")
    return config


class ServersResult(msgspec.Struct, frozen=True, kw_only=True):
    """How the night against the local servers went."""

    summary: str
    exit_code: int
    folder: Path
    """Where the digest lies."""
    mails: Path
    """Where the mail server keeps what it received."""
    received: dict[str, int]
    """Mails by reader, as the mail server counted them; the job's own copies are left out."""
    requests: dict[str, dict[str, int]]
    """By server and endpoint, as the servers counted them."""
    visible: int
    """Posts of readable accounts on the servers."""
    stored_once: int
    """Those of them that the store holds exactly once."""
    surplus: int
    """Stored posts that are not among them, or more often than once."""
    troubles: list[str]


def run_servers_demo(home: Path, accounts: int, progress: Progress) -> ServersResult:
    """One night of ``accounts`` units on every platform in the office folder ``home``. Raises ``TownError``."""
    with open_town(home, "--accounts", str(accounts), "--troubled") as town:
        pictures = importlib.util.find_spec("rapidocr") is not None
        config = write_settings(home, town.ready, "\n[pictures]\nenabled = true\n" if pictures else "")
        site = site_of(load_job(config, local_day(datetime.now().astimezone())))
        settings = site.job.settings
        with run_lock(settings.state_dir), open_store(settings.database_url) as store:
            result = run_night(site, store, site.now(), progress)
            stored = store.posts.new_in_run(result.run.run_id)
        counts, seen = town.ask("counts"), town.ask("posts")
        visible, once, surplus = compare(seen, stored)
        received = {address: count for address, count in counts.pop("mails").items() if address in READERS}
        return ServersResult(
            summary=result.summary,
            exit_code=result.exit_code,
            folder=run_folder(site, result.run),
            mails=Path(town.ready["mails"]),
            received=received,
            requests=counts,
            visible=visible,
            stored_once=once,
            surplus=surplus,
            troubles=town.ready["troubles"],
        )


def compare(seen: Mapping[str, Sequence[str]], stored: Sequence[Post]) -> tuple[int, int, int]:
    """Posts on the servers (times by platform, each its own), how many of them are stored exactly once, and surplus ones."""
    wanted = {(platform, to_utc(datetime.fromisoformat(at))) for platform, times in seen.items() for at in times}
    held = Counter((post.platform, to_utc(post.published_at)) for post in stored)
    once = sum(held[key] == 1 for key in wanted)
    return len(wanted), once, len(stored) - sum(key in held for key in wanted)
