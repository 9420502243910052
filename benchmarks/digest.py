"""The digest and its mails against the clock, part of ``make bench``; alone: ``python -m benchmarks.digest``.

Two invented offices of 1,000 accounts. One writes the digest of a night with 60 findings after 13 other nights, the other mails
300 heads of units through a local mail server (TLS, login) in a process of its own. What is measured is what a night runs after
its checks; only the clock is read around some functions. Every measured night is a process of its own: its memory is its own and
its fonts and templates are not warm. Imports are not counted.
"""

import argparse
import contextlib
import json
import os
import platform as machine
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.digest_office import LAST_NIGHT, head_of, write_office

ACCOUNTS, NIGHTS, FINDINGS, HEADS = 1000, 14, 60, 300
DIGEST_S, HEADS_S = 5.0, 60.0
PARTS = {
    "jobs.digesting:thumbnails": "small pictures of findings",
    "jobs.attaching:workbook": "XLSX",
    "pantau.digest.printable:page": "page of the PDF",
    "pantau.digest.typesetter:Typesetter.typeset": "PDF",
    "pantau.digest.charts:png": "charts as PNG",
    "pantau.digest.charts:svg": "charts as SVG",
    "jobs.editions:Units": "shares of the units",
    "pantau.digest.edition_pages:EditionRenderer.unit": "editions of the units: HTML and text",
    "pantau.digest.render:Renderer.html": "HTML of the mail",
    "pantau.digest.render:Renderer.text": "text",
    "pantau.digest.render:Renderer.whatsapp": "WhatsApp",
    "jobs.editions:personal": "reply codes of each reader",
    "pantau.digest.mime:build_message": "mails: MIME and lint",
    "jobs.editions:write_run_folder": "files in the run's folder",
    "jobs.editions:write_manifest": "manifest in the run's folder",
    "pantau.store.store:Store.freeze": "documents and mails into the store",
}
"""What is timed inside a night, by where it is looked up."""


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _plus(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]


def _less(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] - b[0], a[1] - b[1]


class Stopwatch:
    """Wall and CPU seconds by part; time inside an inner part counts for that one alone.

    Workbook and PDF are made side by side, the PDF by another process: their wall times overlap.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}
        self.calls: Counter[str] = Counter()
        self._of_thread = threading.local()

    @property
    def _inner(self) -> list[tuple[float, float]]:
        if not hasattr(self._of_thread, "stack"):
            self._of_thread.stack = [(0.0, 0.0)]
        stack: list[tuple[float, float]] = self._of_thread.stack
        return stack

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of this block as ``name``."""
        self._inner.append((0.0, 0.0))
        began = _clocks()
        try:
            yield
        finally:
            whole = _less(_clocks(), began)
            own = _less(whole, self._inner.pop())
            self.seconds[name] = _plus(self.seconds.get(name, (0.0, 0.0)), own)
            self._inner[-1] = _plus(self._inner[-1], whole)
            self.calls[name] += 1

    def watch(self, place: str, name: str) -> None:
        """Time a function wherever the module or class of ``place`` calls it."""
        module, _, path = place.partition(":")
        owner: Any = import_module(module)
        *parents, attribute = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        function = getattr(owner, attribute)

        @wraps(function, updated=())
        def timed(*arguments: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*arguments, **named)

        setattr(owner, attribute, timed)


def peak_mb(*, reset: bool = False) -> float:
    """The highest resident memory of this process so far; ``reset`` begins anew (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _opened(config: Path, at: datetime) -> tuple[Any, Any]:
    """The job's surroundings (recorded accounts; mails go by the settings, without ``[mail] host`` nowhere) and its store."""
    import msgspec

    from jobs.logs import configure
    from jobs.wiring import demo_site, load_job, mail_transport, open_store
    from pantau.core.clock import local_day

    configure(verbose=False)
    job = load_job(config, local_day(at))
    transport, _ = mail_transport(job.settings)
    site = demo_site(job, config.parent, config.parent, lambda: at)
    return msgspec.structs.replace(site, transport=transport), open_store(job.settings.database_url)


def earlier_nights(config: Path, nights: int) -> None:
    """The nights before the last one, as they would have run, without mails and attachments."""
    import msgspec

    from jobs.nightly import run_night
    from jobs.progress import Silent

    for back in range(nights - 1, 0, -1):
        at = LAST_NIGHT - timedelta(days=back)
        site, opened = _opened(config, at)
        settings = site.job.settings
        bare = msgspec.structs.replace(settings.digest, attach=(), heads="off")
        job = msgspec.structs.replace(site.job, settings=msgspec.structs.replace(settings, digest=bare))
        with opened as store:
            run_night(msgspec.structs.replace(site, job=job, transport=None), store, at, Silent())


def last_night(config: Path) -> dict[str, Any]:
    """The last night up to its checks, then the digest under the stopwatch, and its mails where there is a server."""
    from jobs import editions
    from jobs.checking import check_night
    from jobs.collecting import collect
    from jobs.delivering import deliver_mails
    from jobs.digesting import digest_input
    from jobs.memory import give_back
    from jobs.opening import begin
    from jobs.progress import Silent
    from pantau.core.clock import local_day
    from pantau.digest.build import build
    from pantau.digest.typesetter import TYPESETTER

    for name in (
        "PIL.Image",
        "xlsxwriter.workbook",
        "pantau.checks.thumbnail",
        "pantau.delivery.courier",
        "pantau.digest.charts",
    ):
        import_module(name)
    TYPESETTER.start()
    TYPESETTER.typeset("<p>imports are not counted")
    site, opened = _opened(config, LAST_NIGHT)
    watch = Stopwatch()
    with opened as store:
        run, _ = begin(site, store, LAST_NIGHT, without_consequences=False)
        today, register = local_day(LAST_NIGHT), site.job.register.accounts
        collect(site, store, run, store.accounts.sync(register, today), Silent())
        accounts = store.accounts.sync(register, today)
        checked = check_night(site, store, run, accounts, Silent())
        give_back(site.job)
        for place, name in PARTS.items():
            watch.watch(place, name)
        before_mb = peak_mb(reset=True)
        began = _clocks()
        with watch.part("gather from the store"):
            data = digest_input(site, store, run, accounts, checked)
        with watch.part("build"):
            digest = build(data)
        with watch.part("rest of freezing"):
            editions.freeze(site, store, run, data, digest, send=True)
        frozen = _less(_clocks(), began)
        report = None
        if site.transport is not None:
            with watch.part("delivery"):
                report = deliver_mails(site, store)
        whole = _less(_clocks(), began)
        sizes = {form: len(store.documents.get(run.run_id, "staff", form) or b"") for form in ("html", "xlsx", "pdf")}
        mails = store.outbox.of_run(run.run_id)
    counts = digest.counts
    pictures = sum(1 for card in (*digest.flags.cards, *digest.reviews.cards) if card.picture)
    return {
        "parts": watch.seconds,
        "calls": watch.calls,
        "frozen": frozen,
        "whole": whole,
        "before_mb": before_mb,
        "peak_mb": peak_mb(),
        "sizes": sizes,
        "mails": len(mails),
        "mail_bytes": sum(len(mail.wire) for mail in mails),
        "sent": report.sent if report else 0,
        "night": f"{counts.accounts} accounts, {counts.posts} posts, {counts.flags} flags with {pictures} pictures, "
        f"{counts.open} still open, {counts.inactive} quiet, {counts.unread} unread, {len(digest.trend.days)} nights",
    }


@contextlib.contextmanager
def mail_server(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A mail server in a process of its own; its first line says how to reach it."""
    command = [sys.executable, "-m", "benchmarks.digest", "--server", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def serve(folder: Path) -> None:
    """Body of the mail server's process: at the end of its input it prints who got how many mails over how many sessions."""
    from tests.servers.certificates import make_certificates
    from tests.servers.smtp_server import SmtpServer

    certificates = make_certificates(folder / "tls")
    with SmtpServer(certificates) as server:
        keys = {"port": server.port, "user": server.user, "password": server.password}
        print(json.dumps(keys | {"ca_file": str(certificates.ca_file)}), flush=True)
        sys.stdin.readline()
        got = Counter(address for item in server.transactions for address in item.recipients)
        print(json.dumps({"got": got, "sessions": server.sessions, "logins": len(server.logins)}), flush=True)
        sys.stdin.read()


def _own_process(*arguments: str, password: str = "") -> Any:
    command = [sys.executable, "-m", "benchmarks.digest", *arguments]
    environment = {**os.environ, "PANTAU_BENCH_PASSWORD": password}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout) if done.stdout else None


def whole_digest(accounts: int, nights: int) -> bool:
    """Measure and print the staff digest."""
    with tempfile.TemporaryDirectory(prefix="pantau-bench-") as name:
        config = write_office(Path(name) / "office", accounts=accounts, nights=nights, flagged=FINDINGS, heads=False)
        _own_process("--earlier", str(config), str(nights))
        night = _own_process("--last", str(config))
    print(f"\nWhole digest: {night['night']}\n")
    _show(night, "frozen", DIGEST_S)
    sizes = ", ".join(f"{form} {size / 1e3:.0f} kB" for form, size in night["sizes"].items())
    print(f"{sizes}; peak memory {night['peak_mb']:.0f} MB ({night['before_mb']:.0f} MB before)")
    return bool(night["frozen"][0] < DIGEST_S)


def head_mails(accounts: int) -> bool:
    """Measure and print the mails to heads of units, the staff digest of the same night included."""
    with tempfile.TemporaryDirectory(prefix="pantau-bench-") as name, mail_server(Path(name)) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        mail = (
            f'host = "localhost"\nport = {ready["port"]}\nuser = "{ready["user"]}"\nfrom_address = "{ready["user"]}"\n'
        )
        mail += 'password = "env:PANTAU_BENCH_PASSWORD"\n'
        office = Path(name) / "office"
        config = write_office(office, accounts=accounts, nights=3, flagged=HEADS, heads=True, mail=mail)
        config.write_text(f'[network]\nca_file = "{ready["ca_file"]}"\n{config.read_text("utf-8")}', "utf-8")
        _own_process("--earlier", str(config), "3", password=ready["password"])
        night = _own_process("--last", str(config), password=ready["password"])
        server.stdin.write("\n")
        server.stdin.flush()
        seen = json.loads(server.stdout.readline())
    once = sum(seen["got"].get(head_of(n)) == 1 for n in range(HEADS))
    heads = {address: count for address, count in seen["got"].items() if address.startswith("kepala")}
    print(f"\nMails to heads: {night['night']}\n")
    _show(night, "whole", HEADS_S)
    print(
        f"{once} of {HEADS} heads with something to answer have exactly one mail; {len(heads)} heads altogether, at most "
        f"{max(heads.values())} each; {night['mails']} mails, {night['mail_bytes'] / 1e6:.1f} MB; {seen['sessions']} session, "
        f"{seen['logins']} login; peak memory {night['peak_mb']:.0f} MB"
    )
    return bool(night["whole"][0] < HEADS_S and once == HEADS and max(heads.values()) == 1)


def _show(night: dict[str, Any], sum_key: str, target_s: float) -> None:
    print("| part | calls | wall s | CPU s |\n|---|---|---|---|")
    for part, (wall, cpu) in sorted(night["parts"].items(), key=lambda item: -item[1][0]):
        print(f"| {part} | {night['calls'][part]} | {wall:.2f} | {cpu:.2f} |")
    wall, cpu = night[sum_key]
    met = "met" if wall < target_s else "NOT MET"
    print(f"| **sum** (target: under {target_s:.0f} s, {met}) | | **{wall:.2f}** | **{cpu:.2f}** |\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digest")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--nights", type=int, default=NIGHTS, help="nights of the digest's office")
    parser.add_argument("--part", choices=["digest", "heads"], help="only this table")
    parser.add_argument("--earlier", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--last", help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.earlier:
        earlier_nights(Path(options.earlier[0]), int(options.earlier[1]))
    elif options.last:
        print(json.dumps(last_night(Path(options.last))))
    elif options.server:
        serve(Path(options.server))
    else:
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {machine.machine()}, Python {machine.python_version()}"
        )
        met = [whole_digest(options.accounts, options.nights)] if options.part != "heads" else []
        met += [head_mails(options.accounts)] if options.part != "digest" else []
        return 0 if all(met) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
