"""An office without any service: posts come by ``pantau import``, the command line runs inside this process, mails go nowhere.

The clock is the desk's: it stands where the last night left it.
"""

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.__main__ import run
from tests.jobs.office import said, text_of

RULE = """id = "panen-disebut"
family = "PRB"
kind = "lexicon"
level = "rendah"
status = "{status}"
version = {version}
what = "A harvest is mentioned."
why = "Only for this test."
basis = "Contoh"
since = 2025-01-01
message = "Unggahan menyebut panen; perlu dicek."
false_positives = []

[match]
words = ["panen bawang"]
except = ["gagal panen bawang"]

[[cancel]]
words = ["lomba"]
within_words = 3
"""
CASES = """[[fires]]
name = "a harvest"
text = "Panen bawang hari ini."

[[silent]]
name = "a contest"
text = "Lomba panen bawang."
"""


FIRST_NIGHT = datetime(2026, 11, 20, 21, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
CLOCKS = ("jobs.clock", "jobs.wiring", "jobs.commands.common", "jobs.commands.rules")


@dataclass
class Desk:
    """The folder, and the command line over it."""

    folder: Path
    capture: "pytest.CaptureFixture[str] | None"
    """Pytest's, or None for a desk that several tests share: then the desk catches what is printed by itself."""
    accounts: int = 12
    tail: str = ""
    files: str = ""
    now: datetime = FIRST_NIGHT - timedelta(hours=1)
    posts: int = 0
    errors: str = ""
    """What the last command wrote to stderr."""

    def write(self, *, version: int = 1, status: str = "aktif", extra_rows: list[dict[str, str]] | None = None) -> None:
        """Register, settings and the office's own rule as they now are."""
        rows = [
            {
                "unit_code": f"OPD-{n:02}",
                "unit_name": f"Dinas {n}",
                "unit_kind": "opd",
                "platform": "x",
                "handle": f"d{n}",
            }
            for n in range(self.accounts)
        ]
        with (self.folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
            names = ["unit_code", "unit_name", "unit_kind", "platform", "handle", "platform_id", "head_email"]
            table = csv.DictWriter(file, names)
            table.writeheader()
            table.writerows([*rows, *(extra_rows or [])])
        self.write_rule(self.folder / "rules.d", version=version, status=status)
        (self.folder / "pantau.toml").write_text(
            f'[office]\nname = "Kabupaten Contoh"\n[files]\nrules_dir = "rules.d"\n{self.files}\n{self.tail}\n'
        )

    def write_rule(self, folder: Path, *, version: int = 1, status: str = "aktif") -> Path:
        """The rule and its cases in a folder."""
        folder.mkdir(exist_ok=True)
        path = folder / "panen-disebut.toml"
        path.write_text(RULE.format(version=version, status=status))
        path.with_name("panen-disebut.cases.toml").write_text(CASES)
        return path

    def set_clock(self, monkeypatch: pytest.MonkeyPatch) -> "Desk":
        """Let the command line live by the desk's clock."""
        for module in CLOCKS:
            monkeypatch.setattr(f"{module}.now_utc", lambda: self.now.astimezone(UTC))
        return self

    def run(self, *arguments: str, code: int = 0) -> str:
        """A command; what it printed."""
        line = ["-c", str(self.folder / "pantau.toml"), *arguments]
        if self.capture is None:
            with said() as (stdout, stderr):
                got = run(line)
            out, err = text_of(stdout), text_of(stderr)
        else:
            self.capture.readouterr()
            got = run(line)
            out, err = self.capture.readouterr()
        self.errors = err
        assert got == code, (got, out, err)
        return out if code == 0 else out + err

    def again(self, folder: Path, capture: "pytest.CaptureFixture[str]", monkeypatch: pytest.MonkeyPatch) -> "Desk":
        """A copy for one test, which then does with it what it likes."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, capture=capture).set_clock(monkeypatch)

    def post(self, *texts: str, account: int | None = None) -> None:
        """Take in posts with these texts, each of another account."""
        rows = []
        for text in texts:
            at = FIRST_NIGHT - timedelta(hours=30) + timedelta(minutes=self.posts)
            owner = self.posts % self.accounts if account is None else account
            row = {"platform": "x", "post_id": str(1000 + self.posts), "account": f"x:@d{owner}", "text": text}
            url = f"https://x.com/d{owner}/status/{1000 + self.posts}"
            rows.append({**row, "url": url, "published_at": at.isoformat()})
            self.posts += 1
        file = self.folder / "posts.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.run("import", str(file))

    def night_at(self, number: int) -> datetime:
        """The instant of a night, the first being 1."""
        return FIRST_NIGHT + timedelta(days=number - 1)

    def night(self, number: int, code: int = 0) -> str:
        """Run a night; the text of its digest."""
        at = self.now = self.night_at(number)
        self.run("nightly", "--as-of", at.isoformat(), code=code)
        self.now += timedelta(hours=1)
        shown = self.run("digest", "show", self.run_id(number), "--format", "text")
        return " ".join(shown.split())

    def keys(self, rule: str) -> list[str]:
        """Keys of the last night's findings by a rule."""
        return [line.split()[0] for line in self.run("review", "list").splitlines() if f"  {rule}  " in line]

    def decide(self, keys: list[str], *, dismissed: int) -> None:
        """Dismiss the first ones, confirm the others."""
        for n, key in enumerate(keys):
            self.run("review", *(("dismiss", key, "--reason", "panen raya") if n < dismissed else ("confirm", key)))

    def range(self) -> tuple[str, ...]:
        """The days in which all posts lie."""
        days = (FIRST_NIGHT - timedelta(days=3), FIRST_NIGHT)
        return ("--from", f"{days[0]:%Y-%m-%d}", "--to", f"{days[1]:%Y-%m-%d}")

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the database."""
        with sqlite3.connect(self.folder / "data" / "pantau.db") as base:
            names = [name for (name,) in base.execute("select name from sqlite_master where type = 'table' order by 1")]
            return {name: sorted(base.execute(f"select * from {name}"), key=repr) for name in names}

    def run_id(self, number: int) -> str:
        """The id of a night."""
        return f"n-{self.night_at(number).astimezone(ZoneInfo('Asia/Jakarta')):%Y%m%d}"

    def keys_of_night(self, number: int, rule: str) -> list[str]:
        """Keys of a night's findings by a rule."""
        lines = self.run("review", "list", "--run", self.run_id(number)).splitlines()
        return [line.split()[0] for line in lines if f"  {rule}  " in line]


@contextmanager
def shared_desk(folder: Path, accounts: int) -> Iterator[Desk]:
    """An office that is set up once for many tests, each of which works with a copy (``again``)."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Desk(folder, None, accounts=accounts).set_clock(monkeypatch)
