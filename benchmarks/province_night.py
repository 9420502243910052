"""One whole night of many offices, checked against what was planted: ``python -m benchmarks.province --night``.

Settings with ``[[office]]`` blocks, registers, a SQLite file an office, rules, second signal, digests (HTML, text, XLSX; no PDF),
mails as files: everything is real but the platforms, whose accounts ``province_truth`` answers for.
"""

import argparse
import json
import os
import platform as machine
import re
import resource
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import getaddresses
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.province_truth import PLATFORMS, Source, Truth
from jobs.checking import check_posts
from jobs.logs import configure
from jobs.offices import OfficeResult, run_offices
from jobs.progress import Silent
from jobs.wiring import Job, Site, bare_site, job_in, open_store, site_of
from pantau.core.clock import local_day
from pantau.core.settings_offices import Installation, load_installation

AT = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
SHARED = '[digest]\nattach = ["xlsx"]\nweekly_on = ""\nmonthly_on = 0\n[mail]\nfolder = "surel"\n'
_TAG = re.compile(rb"[Kk](\d\d)[-_]U?\d{4,5}")
_STATES = ("active", "quiet", "never_posted", "private", "unread")


def night(options: argparse.Namespace) -> int:
    """Run and check it; 1 when a single digest is not what it must be."""
    configure(verbose=False)
    truths = [Truth(options.seed, office, options.accounts, AT) for office in range(options.offices)]
    today = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    print(
        f"{today} UTC, {os.cpu_count()} cores, {machine.machine()}, Python {machine.python_version()}, seed {options.seed}"
    )
    print(
        f"{len(truths)} offices of {options.accounts:,} accounts, load {os.getloadavg()[0]:.1f} at the start\n",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="pantau-province-") as folder:
        home = Path(folder)
        installation = _installation(home, truths)
        config = home / "pantau.toml"
        sites = [_at(site_of(job_in(installation, truth.code, config, local_day(AT)))) for truth in truths]
        wrong = _templates(sites[0].job, truths[0])
        sources = {platform: Source(platform, truths) for platform in PLATFORMS}
        shared = msgspec.structs.replace(_at(bare_site(installation.shared)), build_collectors=lambda _pace: sources)
        began, cpu = time.perf_counter(), time.process_time()
        results = run_offices(shared, sites, AT, Silent())
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        for truth, result in zip(truths, results, strict=True):
            wrong += [f"{truth.code}: {what}" for what in _faults(home, installation, truth, result)]
        right = len(truths) - len({line.partition(":")[0] for line in wrong})
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for row in _rows(truths, sources, home, wall, cpu, peak_mb, right):
            print(f"| {' | '.join(row)} |")
    for line in wrong[:50]:
        print(f"WRONG {line}")
    return 1 if wrong else 0


def _rows(
    truths: Sequence[Truth], sources: dict[str, Source], home: Path, wall: float, cpu: float, peak_mb: float, right: int
) -> Iterator[tuple[str, str, str]]:
    accounts, posts = sum(truth.accounts for truth in truths), sum(truth.posts for truth in truths)
    databases = sum(path.stat().st_size for path in home.rglob("pantau.db"))
    yield "what", "value", "how"
    yield "---", "---", "---"
    yield "digests that are right in everything", f"{right} of {len(truths)}", "measured"
    yield "accounts; readings asked for", f"{accounts:,}; {sum(one.asked for one in sources.values()):,}", "measured"
    yield "posts, each checked once", f"{posts:,}", "measured"
    yield "violations planted", f"{sum(len(truth.planted) for truth in truths):,}", "measured"
    yield "mails", f"{sum(1 for _ in home.glob('surel/*/*.eml')):,}", "measured"
    yield "wall time of the night", f"{wall / 60:.1f} min", "measured"
    yield "CPU time", f"{cpu / 60:.1f} min, {1000 * cpu / accounts:.1f} ms an account", "measured"
    yield "peak memory", f"{peak_mb:,.0f} MB", "measured"
    yield "databases", f"{databases / 1e6:,.0f} MB", "measured"


def _installation(home: Path, truths: Sequence[Truth]) -> Installation:
    for truth in truths:
        truth.write_register(home / truth.code / "accounts.csv")
    (home / "pantau.toml").write_text(SHARED + "".join(truth.block() for truth in truths), "utf-8")
    return load_installation(home / "pantau.toml")


def _at(site: Site) -> Site:
    return msgspec.structs.replace(site, now=lambda: AT, sleep=lambda _seconds: None)


def _templates(job: Job, truth: Truth) -> list[str]:
    """The words used, judged alone: each violation must be a flag, nothing else may be anything."""
    accounts = job.register.accounts
    wrong = []
    for number in range(truth.accounts):
        if truth.states[number] == "active" and (number in truth.planted or number < 60):
            found = truth._collected(accounts[number], number, 0).post
            strengths = {finding.strength for finding in check_posts(job, [found], accounts).findings}
            if ("flag" in strengths) != (number in truth.planted) or (strengths and number not in truth.planted):
                wrong.append(f"{truth.code}: template of account {number} gives {sorted(strengths) or 'nothing'}")
    return wrong


def _faults(home: Path, installation: Installation, truth: Truth, result: OfficeResult) -> Iterator[str]:
    """Everything that is not as it must be with one office."""
    if result.run is None or result.exit_code not in (0, 1):
        yield f"no night: {result.exit_code} {result.summary}"
        return
    with open_store(installation.office(truth.code).database_url) as store:
        documents = {
            (edition, form): store.documents.get(result.run.run_id, edition, form) or b""
            for edition, form in store.documents.list(result.run.run_id)
        }
        stored = Counter(post.key for post in store.posts.new_in_run(result.run.run_id))
    if len(stored) != truth.posts or set(stored.values()) - {1}:
        yield f"{len(stored)} posts stored, {truth.posts} published"
    yield from _wrong_counts(truth, json.loads(documents["staff", "json"]))
    yield from _wrong_cards(truth, json.loads(documents["staff", "json"]))
    for (edition, form), data in documents.items():
        yield from _foreign(truth, f"{edition} {form}", data)
    shown = {mark.decode() for mark in re.findall(rb"K\d\d-\d{5}", _plain(documents["staff", "xlsx"]))}
    if missing := {truth.mark(number) for number in truth.planted} - shown:
        yield f"workbook without {len(missing)} of the violations"
    yield from _wrong_mails(home, truth)


def _wrong_counts(truth: Truth, digest: dict[str, Any]) -> Iterator[str]:
    wanted = {state: truth.count(state) for state in _STATES}  # type: ignore[arg-type]  # all are states
    wanted |= {"accounts": truth.accounts, "posts": truth.posts, "flags": len(truth.planted), "reviews": 0}
    wanted |= {"gone": 0, "excused": 0, "unwatched": 0, "waiting": 0, "unregistered": 0, "open": 0}
    for name, value in wanted.items():
        if digest["counts"][name] != value:
            yield f"{name} is {digest['counts'][name]}, must be {value}"


def _wrong_cards(truth: Truth, digest: dict[str, Any]) -> Iterator[str]:
    """Each violation has exactly one card, which quotes it."""
    wanted = Counter(truth.mark(number) for number in truth.planted)
    cards = digest["flags"]["cards"]
    found = Counter(
        mark for card in cards for mark in sorted(set(re.findall(r"K\d\d-\d{5}", json.dumps(card["excerpts"]))))
    )
    if found != wanted:
        yield f"cards show {len(found)} violations ({digest['flags']['hidden']} hidden), {len(wanted)} were planted"


def _foreign(truth: Truth, where: str, data: bytes) -> Iterator[str]:
    """No unit, account or post of another office is named anywhere."""
    offices = {int(number) for number in _TAG.findall(_plain(data))}
    if others := offices - {truth.office}:
        yield f"{where} names offices {sorted(others)}"


def _plain(data: bytes) -> bytes:
    """A workbook's parts unpacked; anything else as it is."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def _wrong_mails(home: Path, truth: Truth) -> Iterator[str]:
    """One mail for each reader, nobody else's name in it."""
    got: Counter[str] = Counter()
    for path in sorted((home / "surel" / truth.code).glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        got.update(address.lower() for _, address in getaddresses(mail.get_all("To", [])))
        for part in mail.walk():
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                yield from _foreign(truth, f"mail to {mail['To']}", content)
        if f"Kabupaten {truth.tag}" not in str(mail):
            yield f"mail to {mail['To']} does not name its office"
    wanted = Counter(address for address, _ in truth.readers)
    if got != wanted:
        yield f"mails went to {dict(got)}"
