"""A small office with recorded accounts, whose nights take a second: for tests of what many nights bring together."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from jobs.nightly import NightResult, run_night
from jobs.progress import Silent
from jobs.wiring import Site, demo_site, load_job, open_store
from pantau.core.clock import WIB, local_day
from pantau.core.model import Mail
from pantau.store.store import Store
from tests.jobs.office import COLUMNS

READER = "pimpinan@kantor.example"
SETTINGS = f"""[office]
name = "Kabupaten Contoh"
timezone = "{{zone}}"
[digest]
attach = []
{{digest}}
[mail]
from_address = "pantau@kantor.example"
[[mail.reader]]
address = "staf@kantor.example"
[[mail.reader]]
address = "{READER}"
editions = ["weekly", "monthly"]
"""
Words = tuple[str, datetime, str]
"""Account, when it published, and what."""


def wib(text: str) -> datetime:
    """``2026-11-16`` is nine in the evening of that day; ``2026-11-15 23:30`` that minute."""
    moment = datetime.fromisoformat(text)
    return moment.replace(hour=21 if len(text) == 10 else moment.hour, tzinfo=WIB)


class RecordedOffice:
    """The office in a folder. Each night is a real one; only the services are a recording."""

    def __init__(self, home: Path, posts: Sequence[Words] = (), digest: str = "", zone: str = "Asia/Jakarta") -> None:
        self.home, self.config = home, home / "pantau.toml"
        home.mkdir(parents=True, exist_ok=True)
        self.config.write_text(SETTINGS.format(digest=digest, zone=zone), "utf-8")
        rows = [["OPD-1", "Dinas Satu", "opd", "", "x", "satu"], ["DES-1", "Desa Dua", "desa", "", "instagram", "dua"]]
        rows += [["OPD-2", "Dinas Tiga", "opd", "", "facebook", "tiga"]]
        lines = [",".join(COLUMNS), *(",".join([*row, *[""] * (len(COLUMNS) - len(row))]) for row in rows)]
        (home / "accounts.csv").write_text("\n".join(lines) + "\n", "utf-8")
        (home / "posts.jsonl").write_text("".join(_line(n, *words) for n, words in enumerate(posts)), "utf-8")
        (home / "outcomes.json").write_text('{"accounts": [], "vanished": []}', "utf-8")

    def site(self, at: datetime) -> Site:
        """Its surroundings at an instant."""
        job = load_job(self.config, local_day(at))
        return demo_site(job, self.home, self.home / "surel", lambda: at)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Its store."""
        with open_store(f"sqlite:///{self.home / 'data' / 'pantau.db'}") as opened:
            yield opened

    def night(self, at: datetime, **how: bool) -> NightResult:
        """One night, delivered into the folder ``surel``."""
        with self.store() as store:
            return run_night(self.site(at), store, at, Silent(), **how)

    def nights(self, first: str, last: str) -> list[NightResult]:
        """Every night of the days, both included."""
        start, end = wib(first), wib(last)
        return [self.night(start + timedelta(days=n)) for n in range((end - start).days + 1)]

    def mails(self) -> list[Mail]:
        """Every mail of a weekly or monthly edition that was ever frozen, oldest first."""
        with self.store() as store:
            runs = sorted(store.runs.recent(100), key=lambda run: run.as_of)
            return [mail for run in runs for mail in store.outbox.of_run(run.run_id) if mail.edition != "staff"]

    def brought(self) -> dict[str, list[str]]:
        """Weekly and monthly editions by code, with the runs that hold them."""
        with self.store() as store:
            runs = [run.run_id for run in store.runs.recent(100)]
            codes = {code for run_id in runs for code, _ in store.documents.list(run_id) if code != "staff"}
            return {code: list(store.documents.runs_with(code)) for code in sorted(codes)}

    def document(self, code: str, form: str) -> bytes:
        """A frozen edition."""
        with self.store() as store:
            (run_id,) = store.documents.runs_with(code)
            return store.documents.get(run_id, code, form) or b""


def _line(number: int, account: str, at: datetime, text: str) -> str:
    platform = account.partition(":")[0]
    post = {
        "platform": platform,
        "post_id": str(number),
        "account": account,
        "published_at": at.isoformat(),
        "text": text,
        "url": f"https://{platform}.example/{number}",
    }
    return json.dumps(post) + "\n"
