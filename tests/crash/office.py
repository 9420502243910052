"""A night over all platforms against the local servers, disturbed once, then run again; and what must be the same afterwards."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jobs.auditing import verify_audit
from jobs.demo_servers import CHECKOUT, READERS, Town, open_town, write_settings
from pantau.store import open_store

ACCOUNTS = 6
CALLS = (
    "write",
    "pwrite64",
    "fdatasync",
    "fsync",
    "ftruncate",
    "rename",
    "unlink",
    "mkdir",
    "connect",
    "sendto",
    "recvfrom",
)
"""The system calls that are moments. ``openat`` is left out: two thirds of them are imports of Python."""
_CHANGES = ("pwrite64", "fdatasync", "ftruncate", "rename", "unlink", "mkdir")
"""Those that fail on a full or read-only disk. ``write`` is left out: strace cannot tell a file from a socket there."""
_ERRORS = {"full": "ENOSPC", "read-only": "EROFS"}
_SIGNALS = {"kill": "SIGKILL", "clock": "SIGKILL", "term": "SIGTERM"}
_STRACE = ("strace", "-f", "-qq")  # with --seccomp-bpf, strace 6.1 injects nothing
_LIMIT_S = 600
_DISK_MB = 64
_BLOCK = 4096
_OFTEN = 10
_OWN_FACTS = ("Sidik jejak", "Sidik data")
"""Facts of a digest that differ rightly: entries of the audit log tell of attempts, raw answers name the town's own ports."""


@dataclass(frozen=True)
class Plan:
    """One disturbance. ``calls``: at which of each system call (of any one thread); ``at_s``: seconds after the start."""

    kind: str
    calls: tuple[tuple[str, int], ...] = ()
    at_s: float = 0.0
    skew_s: int = 0
    memory_mb: int = 0
    papers: bool = False
    """Whether the night makes PDF and XLSX, which takes most of its time."""

    def __str__(self) -> str:
        parts = {**dict(self.calls), "s": round(self.at_s, 2), "skew_s": self.skew_s, "MB": self.memory_mb}
        parts |= {"papers": int(self.papers)}
        return " ".join([self.kind, *(f"{name}={value}" for name, value in parts.items() if value)])


@dataclass(frozen=True)
class Night:
    """How a process ended. ``hit``: the disturbance took place."""

    code: int
    output: str
    hit: bool
    seconds: float


class Office:
    """An untroubled town and the office that watches it, at ``at``."""

    def __init__(self, folder: Path, town: Town, at: datetime, database_url: str, papers: bool) -> None:
        self.folder, self.town, self.at = folder, town, at + timedelta(minutes=5)
        self.url = database_url or f"sqlite:///{folder / 'data' / 'pantau.db'}"
        more = f'\n[store]\nurl = "{database_url}"\n' if database_url else ""
        self.config = write_settings(folder, town.ready, more if papers else f"{more}\n[digest]\nattach = []\n")
        (folder / "data").mkdir(mode=0o700, exist_ok=True)
        secret = folder / "data" / "reply-secret"  # drawn at random in life; the same in all nights that are compared
        secret.touch(mode=0o600)
        secret.write_text("kunci-yang-sama-untuk-semua-kantor-uji-0001")

    def night(self, plan: Plan | None = None) -> Night:
        """``pantau nightly``, disturbed or not."""
        command, trace = self._disturbed(plan) if plan else self._nightly({}), self.folder / "trace"
        trace.unlink(missing_ok=True)
        began, struck = time.monotonic(), False
        with (
            subprocess.Popen(
                command,
                cwd=self.folder,
                env=_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
            ThreadPoolExecutor(1) as pool,
        ):
            beside = _BESIDE.get(plan.kind) if plan else None
            other = pool.submit(beside, self, plan, process) if beside and plan else None
            try:
                output = process.communicate(timeout=_LIMIT_S)[0]
            finally:
                process.kill()
            struck = bool(other and other.result())
        if plan and plan.kind == "memory":
            struck = process.returncode != 0
        if trace.exists():
            text = trace.read_text("utf-8", "replace")
            struck = any(sign in text for sign in ("(INJECTED)", "+++ killed by SIGKILL", "--- SIGTERM"))
        return Night(process.returncode, output, struck, time.monotonic() - began)

    def calls(self) -> dict[str, int]:
        """How many of each of ``CALLS`` the busiest thread of a night makes. Takes the office's night for it."""
        trace = self.folder / "trace"
        which = ["-e", "signal=none", "-e", f"trace={','.join(CALLS)}", "-o", str(trace)]
        command = [*_STRACE, *which, *self._nightly({})]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        seen: Counter[tuple[str, str]] = Counter()
        for line in trace.read_text("utf-8", "replace").splitlines():
            if begun := re.match(r"(\d+) +(\w+)\(", line):
                seen[begun[1], begun[2]] += 1
        names = {name for _, name in seen}
        return {name: max(count for (_, other), count in seen.items() if other == name) for name in sorted(names)}

    def _disturbed(self, plan: Plan) -> list[str]:
        told = {"skew_s": plan.skew_s, "memory_mb": plan.memory_mb, "busy_ms": 300 if plan.kind == "locked" else 0}
        if not plan.calls:
            return self._nightly(told)
        # strace counts each call of each thread for itself.
        what, more = (
            (f"error={_ERRORS[plan.kind]}", "+") if plan.kind in _ERRORS else (f"signal={_SIGNALS[plan.kind]}", "")
        )
        which = ["-e", f"trace={','.join(name for name, _ in plan.calls)}"]
        for name, number in plan.calls:
            which += ["-e", f"inject={name}:{what}:when={number}{more}"]
        return [*_STRACE, *which, "-o", str(self.folder / "trace"), *self._nightly(told)]

    def _nightly(self, told: dict[str, int]) -> list[str]:
        return self._command(told, "nightly", "--as-of", self.at.isoformat())

    def outcome(self) -> dict[str, Any]:
        """What a night leaves behind, but for what a broken attempt rightly adds: requests, seconds, entries of the audit log."""
        run = self._ask("select run_id from runs where kind = 'nightly' order by run_id limit 1")[0][0]
        with open_store(self.url) as store:
            shown = json.loads(store.documents.get(run, "staff", "json") or b"{}")
            verdict = verify_audit(store)
            assert verdict.good, verdict.lines
        shown.pop("costs")
        shown["facts"]["entries"] = [one for one in shown["facts"]["entries"] if one["term"] not in _OWN_FACTS]
        return {
            "posts": self._ask(
                "select p.key, p.published_at, a.platform, a.handle, p.kind, p.text, p.url "
                "from posts p join accounts a on a.id = p.account_id order by p.key"
            ),
            "raws": self._ask(
                "select r.post, count(*) from raws r join posts p using (raw_sha256) group by r.post order by 1"
            ),
            "findings": self._ask(f"select key, body from findings where run_id = '{run}' order by key"),
            "states": self._ask(
                "select coalesce(a.platform || ':' || a.handle, o.account) account, o.state from observations o "
                f"left join accounts a on a.id = o.account_id where o.run_id = '{run}' order by 1"
            ),
            "documents": self._ask(
                f"select edition, format from documents where run_id = '{run}' order by edition, format"
            ),
            "mails": self._ask("select run_id, recipient, edition, state from mails order by recipient"),
            "digest": shown,
            "copies": self.copies(),
        }

    def copies(self) -> dict[str, int]:
        """Mails at the server by reader."""
        mails = self.town.ask("counts")["mails"]
        return {reader: mails.get(reader, 0) for reader in READERS}

    def _command(self, told: dict[str, int], *arguments: str) -> list[str]:
        plan = json.dumps({"begin": self.at.isoformat(), **told})
        return [sys.executable, "-m", "tests.crash.launch", plan, "-c", str(self.config), *arguments]

    @property
    def started(self) -> bool:
        """Whether a night was begun, as far as the database says."""
        try:
            return bool(self._ask("select 1 from runs where kind = 'nightly'"))
        except sa.exc.SQLAlchemyError:  # no file, or no tables
            return False

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        engine = sa.create_engine(self.url)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(sa.text(query))]
        finally:
            engine.dispose()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def _lock(office: Office, plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """Another process holds the write lock until the night gives up (or is over)."""
    if not _reached(plan, process) or not (office.folder / "data" / "pantau.db").exists():
        return False
    with sqlite3.connect(office.folder / "data" / "pantau.db", timeout=30, isolation_level=None) as held:
        held.execute("begin immediate")
        while process.poll() is None:
            time.sleep(0.02)
        held.execute("rollback")
    held.close()
    return True


def _fill(office: Office, plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """The disk of the state folder has no room left until the night is over."""
    if not _reached(plan, process):
        return False
    ballast, room = office.folder / "data" / "pemberat", 0
    with ballast.open("wb", buffering=0) as file:
        while process.poll() is None:
            try:
                room += file.write(bytes(_BLOCK))
            except OSError:
                time.sleep(0.02)  # what is given back meanwhile is taken as well
    ballast.unlink()
    return room > 0


def _read_only(office: Office, plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """The state folder lies on a disk that was mounted read-only before the night (``on_own_disk``)."""
    process.wait()
    return True


def _child(office: Office, plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """The typesetter, the night's child, is killed at a moment of its life."""
    while process.poll() is None:
        for entry in Path(f"/proc/{process.pid}/task").glob("*/children"):
            with suppress(OSError):
                for child in entry.read_text().split():
                    if b"typesetter" in Path(f"/proc/{child}/cmdline").read_bytes():
                        time.sleep(plan.at_s)
                        os.kill(int(child), signal.SIGKILL)
                        return True
        time.sleep(0.01)
    return False


def _server(office: Office, plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """The database server throws the night's connections out, as a restart does."""
    if not _reached(plan, process):
        return False
    engine = sa.create_engine(office.url)
    query = "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() "
    query += "and datname = current_database() and application_name = 'pantau'"
    with engine.connect() as connection:
        ended = connection.execute(sa.text(query)).scalar_one()
    engine.dispose()
    return bool(ended)


def _reached(plan: Plan, process: "subprocess.Popen[str]") -> bool:
    """Wait for the moment; False when the night was over before."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(plan.at_s)
    return process.returncode is None


_BESIDE: dict[str, Callable[[Office, Plan, "subprocess.Popen[str]"], bool]] = {
    "locked": _lock,
    "db-server": _server,
    "no-room": _fill,
    "mounted-ro": _read_only,
    "child": _child,
}


def moment(kind: str, share: float, counted: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """The system calls that a share (0 to 1) of a night comes to: one call for a signal, all that change a disk for a disk."""
    if kind in _ERRORS:
        # Calls of which there are few are made at the start: counted as the others they would end every night there.
        often = [name for name in _CHANGES if counted.get(name, 0) >= _OFTEN]
        return tuple((name, 1 + int(share * counted[name])) for name in often)
    left = int(share * sum(counted.values()))
    for name, count in counted.items():
        if left < count:
            return ((name, 1 + left),)
        left -= count
    raise ValueError(share)


@contextmanager
def open_office(folder: Path, at: datetime, database_url: str = "", *, papers: bool = False) -> Iterator[Office]:
    """The office and its servers, running."""
    with open_town(folder, "--accounts", str(ACCOUNTS), "--at", at.isoformat()) as town:
        yield Office(folder, town, at, database_url, papers)


def may_mount() -> bool:
    """Whether this process may mount a disk of its own."""
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


@contextmanager
def on_own_disk(folder: Path) -> Iterator[None]:
    """The state folder of the office on a small disk in memory."""
    disk = folder / "data"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=0700", "tmpfs", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def mounted_read_only(folder: Path) -> Iterator[None]:
    """Inside, that disk takes no writes."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder / "data")], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder / "data")], check=True)


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """The address of an empty database on a PostgreSQL server ("": SQLite), dropped afterwards."""
    if not server:
        yield ""
        return
    import psycopg

    plain = server.replace("postgresql+psycopg://", "postgresql://")
    name = f"pantau_crash_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            yield f"{plain.rpartition('/')[0]}/{name}".replace("postgresql://", "postgresql+psycopg://")
        finally:
            admin.execute(f"drop database {name} with (force)")
