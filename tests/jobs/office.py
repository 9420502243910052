"""A whole office in a folder: register, settings and local services, so that tests run the real command line against them."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from jobs.__main__ import run
from tests.servers.certificates import make_certificates
from tests.servers.imap_server import ImapServer
from tests.servers.instagram_server import InstagramServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.instagram_shapes import recorded_account as recorded_ig_accounts
from tests.servers.smtp_server import SmtpServer
from tests.servers.x_feed import FakeXAccount, FakeXPost, recorded_account
from tests.servers.x_server import XServer

ROOT = Path(__file__).resolve().parents[2]
WIB = ZoneInfo("Asia/Jakarta")
NIGHT = datetime(2026, 11, 20, 21, 0, tzinfo=WIB)
READERS = ("sekda@kantor.example", "protokol@kantor.example", "kominfo@kantor.example")
COLUMNS = [
    "unit_code",
    "unit_name",
    "unit_kind",
    "parent_code",
    "platform",
    "handle",
    "platform_id",
    "norm_days",
    "grace_days",
    "head_name",
    "head_email",
    "operator",
    "deputy",
    "priority",
    "note",
]


def x_accounts() -> list[FakeXAccount]:
    """Six agencies on X: a swearing answer, a gambling hijack, ordinary work, and the posts recorded from the service."""
    at = NIGHT - timedelta(hours=5)
    return [
        FakeXAccount(
            "contoh_dpu", 101, [FakeXPost("Dasar goblok, matamu picek po? Jalan sudah dicor.", at, kind="reply")]
        ),
        FakeXAccount(
            "contoh_kec", 102, [FakeXPost("SLOT GACOR maxwin pasti WD, daftar di tautan bio", at, sequence=1)]
        ),
        FakeXAccount(
            "contoh_pdam", 103, [FakeXPost("Pipa induk sudah tersambung, 120 rumah mengalir lagi.", at, sequence=2)]
        ),
        FakeXAccount(
            "contoh_lama", 104, [FakeXPost("Posyandu Selasa pukul 08.00.", NIGHT - timedelta(days=20), sequence=3)]
        ),
        FakeXAccount("contoh_tani", 105, [FakeXPost("Panen bawang 30 kuintal per petak.", at, sequence=4)]),
        recorded_account(ROOT / "tests" / "fixtures" / "x"),
    ]


def ig_accounts() -> list[FakeIgAccount]:
    """A luxury post, ordinary service, one that fell silent, and the posts recorded from the service."""
    at = NIGHT - timedelta(hours=6)
    return [
        FakeIgAccount(
            "contoh.umum", "201", [FakeIgPost(at, "Jam tangan Rolex baru hadiah istri, bangga sekali #autosultan")]
        ),
        FakeIgAccount(
            "contoh.rsud", "202", [FakeIgPost(at, "Jadwal dokter anak Senin pukul 09.00, pendaftaran di loket.")]
        ),
        FakeIgAccount(
            "contoh.desa", "203", [FakeIgPost(NIGHT - timedelta(days=25), "Talud dusun Krajan 40 meter selesai.")]
        ),
        *recorded_ig_accounts(ROOT / "tests" / "fixtures" / "instagram"),
    ]


@contextmanager
def said() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """What the command line writes to stdout and stderr meanwhile; files are its owner's alone, as for a process of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    before = os.umask(0o077)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield out, err
    finally:
        os.umask(before)


def text_of(stream: io.TextIOWrapper) -> str:
    """All that was written to it."""
    stream.seek(0)
    return stream.read()


@dataclass
class Office:
    """The folder and its services; ``run`` is the command line, ``start`` the same in a process of its own.

    A process costs a second before it does anything: an office that does not live ``apart`` runs its commands in this one.
    """

    folder: Path
    x: XServer
    instagram: InstagramServer
    smtp: SmtpServer
    imap: ImapServer
    extra_rows: list[dict[str, str]] = field(default_factory=list)
    settings_tail: str = ""
    apart: bool = True
    """Whether ``run`` is a process as well, as tests need of what a process has by itself (umask, environment, hooks)."""

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "pantau.toml"

    def write(self, first_days: int = 3000) -> None:
        """Write register and settings as they now are."""
        handles = [("x", account.handle) for account in self.x.accounts]
        handles += [("instagram", account.handle) for account in self.instagram.accounts]
        rows = [
            {
                "unit_code": f"OPD-{n:02}",
                "unit_name": f"Dinas Contoh {n}",
                "unit_kind": "opd",
                "platform": p,
                "handle": h,
            }
            for n, (p, h) in enumerate(handles, 1)
        ]
        with (self.folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            table.writerows([*rows, *self.extra_rows])
        session = self.instagram.write_session(self.folder / "session.json")
        session.chmod(0o600)
        bundle = self.folder / "ca.pem"
        parts = [Path(self.instagram.ca_file).read_text(), Path(self.smtp.certificates.ca_file).read_text()]  # type: ignore[union-attr]
        bundle.write_text("\n".join(parts))
        # Most tests are not about papers, which take most of a night's time; those that are say [digest] themselves.
        papers = "" if "[digest]" in self.settings_tail else "[digest]\nattach = []\n"
        readers = "".join(f'[[mail.reader]]\naddress = "{address}"\n' for address in READERS)
        self.config.write_text(
            f"""[office]
name = "Kabupaten Contoh"
[network]
proxy = "{self.instagram.proxy_url}"
ca_file = "ca.pem"
[collect]
first_days = {first_days}
[collect.x]
bearer_token = "env:PANTAU_X_TOKEN"
api_url = "{self.x.url}"
read_timeout_s = 10.0
[collect.instagram]
enabled = true
session_file = "session.json"
timeout_s = 10.0
pause_s = 0.0
[mail]
host = "localhost"
port = {self.smtp.port}
user = "{self.smtp.user}"
password = "env:PANTAU_MAIL_PASSWORD"
from_address = "{self.smtp.user}"
imap_host = "localhost"
imap_port = {self.imap.port}
imap_user = "{self.imap.user}"
imap_password = "env:PANTAU_MAIL_PASSWORD"
retry_min = [0.01]
{readers}
{papers}{self.settings_tail}
"""
        )

    def _environment(self) -> dict[str, str]:
        secrets = {"PANTAU_X_TOKEN": self.x.token, "PANTAU_MAIL_PASSWORD": self.smtp.password}
        return {**os.environ, **secrets, "PYTHONPATH": str(ROOT)}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Begin a command."""
        command = [sys.executable, "-m", "jobs", "-c", str(self.config), *arguments]
        return subprocess.Popen(
            command, env=self._environment(), cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        if self.apart:
            process = self.start(*arguments)
            out, err = process.communicate(timeout=120)
            return subprocess.CompletedProcess(process.args, process.returncode, out, err)
        line = ["-c", str(self.config), *arguments]
        with said() as (stdout, stderr), patch.dict(os.environ, self._environment()), chdir(self.folder):
            code = run(line)
        return subprocess.CompletedProcess(line, code, text_of(stdout), text_of(stderr))

    def night(self, at: datetime = NIGHT, *more: str) -> "subprocess.CompletedProcess[str]":
        """``pantau nightly`` as of an instant."""
        return self.run("nightly", "--as-of", at.isoformat(), *more)

    def killed_night(self, after_s: float, at: datetime = NIGHT) -> bool:
        """Begin a night and kill it (SIGKILL) after so many seconds; False when it had ended by then."""
        process = self.start("nightly", "--as-of", at.isoformat())
        time.sleep(after_s)
        ended = process.poll() is not None
        if not ended:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        return not ended

    def copies(self) -> list[int]:
        """How many mails lie in each reader's mailbox."""
        return [len(self.smtp.mails(address)) for address in READERS]


@contextmanager
def open_office(
    folder: Path,
    x: Sequence[FakeXAccount] | None = None,
    instagram: Sequence[FakeIgAccount] | None = None,
    *,
    apart: bool = True,
) -> Iterator[Office]:
    """An office with its services running; ``apart``: each of its commands is a process of its own."""
    certificates = make_certificates(folder / "tls")
    with ExitStack() as stack:
        smtp = stack.enter_context(SmtpServer(certificates))
        imap = stack.enter_context(ImapServer(certificates, smtp.store))
        x_server = stack.enter_context(
            XServer(x_accounts() if x is None else x, now=lambda: NIGHT + timedelta(hours=1))
        )
        ig_server = stack.enter_context(InstagramServer(ig_accounts() if instagram is None else instagram))
        office = Office(folder, x_server, ig_server, smtp, imap, apart=apart)
        office.write()
        yield office
