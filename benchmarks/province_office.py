"""One whole office as a real job: two nights with register, store, checks and digest; CPU by part, bytes by table."""

import csv
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from benchmarks.province_town import ProvinceTown, handle_of
from benchmarks.province_wire import SimClock, connected
from benchmarks.province_world import DAY, START, Resident

UNIT_ACCOUNTS = 6
"""Accounts of a unit, one of each platform if it can be."""
KINDS = ("opd", "kecamatan", "desa", "desa", "desa", "puskesmas", "sekolah", "kelurahan")
READERS = 3
PARTS = {
    "jobs.nightly:collect": "collect",
    "jobs.nightly:check_night": "judge",
    "jobs.checking:check_posts": "check",
    "jobs.checking:categorise": "categorise",
    "jobs.nightly:digest_input": "gather",
    "jobs.nightly:build": "build",
    "jobs.nightly:freeze": "freeze",
}
"""Parts of a night by where they are called from."""
SAVE = "pantau.store.store:Store.save_scans"
POSTS = ("posts", "sightings", "raws", "categories", "post_versions", "post_pictures")
ACCOUNTS = ("readings", "observations", "accounts")


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """What a night added to a database."""

    rows: dict[str, int]
    bytes: dict[str, int]
    """By table, indexes included."""

    def per(self, tables: Sequence[str], count: int) -> float:
        """Bytes of these tables by ``count``."""
        return sum(self.bytes.get(name, 0) for name in tables) / max(1, count)

    @property
    def rest(self) -> int:
        """Bytes of all other tables but findings."""
        return sum(size for name, size in self.bytes.items() if name not in (*POSTS, *ACCOUNTS, "findings"))


class OfficeNight(msgspec.Struct, frozen=True, kw_only=True):
    """The second night of an office."""

    accounts: int
    posts: int
    findings: int
    cpu_s: dict[str, float]
    """By part; ``collect`` is without what answers it and without saving, which is ``save``."""
    answering_s: float
    wall_s: float
    grown: Grown
    exit_code: int


class _Stopwatch:
    """CPU seconds by part; what an inner part takes counts for that one alone. Saving is timed by its own thread."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Time the parts inside the block."""
        held = [self._watch(place, name, time.process_time) for place, name in PARTS.items()]
        held.append(self._watch(SAVE, "save", time.thread_time))
        try:
            yield
        finally:
            for owner, attribute, function in held:
                setattr(owner, attribute, function)

    def _watch(self, place: str, name: str, clock: Callable[[], float]) -> tuple[Any, str, Any]:
        module, _, path = place.partition(":")
        owner: Any = import_module(module)
        *parents, attribute = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        function = getattr(owner, attribute)

        @wraps(function, updated=())
        def timed(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return function(*arguments, **named)
            self._inner.append(0.0)
            began = clock()
            try:
                return function(*arguments, **named)
            finally:
                whole = clock() - began
                self.seconds[name] += whole - self._inner.pop()
                self._inner[-1] += whole

        setattr(owner, attribute, timed)
        return owner, attribute, function


def write_register(path: Path, people: Sequence[Resident]) -> int:
    """``accounts.csv``; how many units it names."""
    units = max(1, len(people) // UNIT_ACCOUNTS)
    columns = ["unit_code", "unit_name", "unit_kind", "platform", "handle", "head_email"]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        for one in people:
            n = one.number % units
            kind = KINDS[n % len(KINDS)]
            head = f"kepala{n}@k{one.office:03}.example"
            table.writerow([f"U-{n:04}", f"{kind.capitalize()} Contoh {n}", kind, one.platform, handle_of(one), head])
    return units


def two_nights(folder: Path, people: Sequence[Resident], texts: Sequence[str], url: str = "") -> OfficeNight:
    """The second of two whole nights of an office. ``url``: the database, default a SQLite file of its own."""
    from jobs.lock import run_lock
    from jobs.logs import configure
    from jobs.nightly import run_night
    from jobs.progress import Silent
    from jobs.wiring import load_job, open_store, site_of
    from pantau.core.clock import local_day

    configure(verbose=False)
    clock = SimClock(START)
    town = ProvinceTown(people, texts, clock.now, limited=False)
    config = town.write_office(folder)
    if url:
        config.write_text(config.read_text("utf-8") + f'[store]\nurl = "{url}"\n', "utf-8")
    write_register(folder / "accounts.csv", people)
    watch = _Stopwatch()
    for night in (0, 1):
        at = START + DAY * night
        clock.turn_to(at)
        posts = town.publish(night)
        job = load_job(config, local_day(at))
        site = msgspec.structs.replace(site_of(job), now=clock.now, sleep=clock.sleep, transport=None)
        with (
            run_lock(job.settings.state_dir),
            open_store(job.settings.database_url) as store,
            connected(town.answer) as wire,
        ):
            before = _sizes(store) if night else {}
            watch.seconds.clear()
            began = time.perf_counter()
            with watch.watching():
                result = run_night(site, store, at, Silent())
            wall = time.perf_counter() - began
            found = store.findings.of_run(result.run.run_id)
            after = _sizes(store) if night else {}
    cpu = dict(watch.seconds)
    cpu["collect"] -= wire.answering_s
    grown = {name: (rows - before[name][0], size - before[name][1]) for name, (rows, size) in after.items()}
    return OfficeNight(
        accounts=len(people),
        posts=posts,
        findings=len(found),
        cpu_s=cpu,
        answering_s=wire.answering_s,
        wall_s=wall,
        grown=Grown(
            rows={name: rows for name, (rows, _) in grown.items()},
            bytes={name: size for name, (_, size) in grown.items()},
        ),
        exit_code=result.exit_code,
    )


def _sizes(store: Any) -> dict[str, tuple[int, int]]:
    """Rows and bytes, indexes included, of every table."""
    from pantau.store import schema

    with store._database.write() as connection:
        rows = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in schema.metadata.sorted_tables
        }
        if store._database.is_sqlite:
            owners = connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master").fetchall()
            pages = dict(connection.exec_driver_sql("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
            sizes: Counter[str] = Counter()
            for name, owner in owners:
                sizes[owner] += pages.get(name, 0)
        else:
            query = (
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            )
            sizes = Counter()
            for name, size in connection.exec_driver_sql(query).fetchall():
                sizes[re.sub(r"^raws_(rest|\d+)$", "raws", name)] += size
    return {name: (count, sizes[name]) for name, count in rows.items()}
