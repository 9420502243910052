"""A database of every earlier version opens, keeps all that it held, and survives a kill while it is brought up to date."""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pantau.core.errors import StoreError
from pantau.store import open_store, portable, schema
from pantau.store.database import connect
from pantau.store.migrate import current_revision, migrate
from pantau.store.portable import snapshot

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "databases"
REVISIONS = ("0001", "0002", "0003", "0004")
Rows = dict[str, list[dict[str, Any]]]


def old_file(path: Path, revision: str) -> Path:
    """The SQLite database of an earlier version, as that version wrote it."""
    with closing(sqlite3.connect(path)) as base:
        base.executescript(gzip.decompress((FIXTURES / f"{revision}.sql.gz").read_bytes()).decode())
        base.execute("PRAGMA journal_mode = WAL")
    return path


def old_database(url: str, revision: str, folder: Path) -> None:
    """The same behind any address: in PostgreSQL its tables are made by the migrations up to there."""
    if url.startswith("sqlite"):
        old_file(Path(url.removeprefix("sqlite:///")), revision)
        return
    source = connect(f"sqlite:///{old_file(folder / 'asal.db', revision)}")
    target = connect(url)
    with snapshot(source) as kept, target.write() as connection:
        migrate(connection, target.where, revision)
        held = sa.MetaData()
        held.reflect(connection)
        for table in held.sorted_tables:
            if table.name in kept.tables:
                portable._load(connection, table, kept.lines(table.name))
    source.close()
    target.close()


def rows_of(url: str) -> Rows:
    """Every row of every table there is, by column."""
    database = connect(url)
    with database.read() as connection:
        held = sa.MetaData()
        held.reflect(connection)
        found: Rows = {
            name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for name, table in held.tables.items()
            if name != "alembic_version"
        }
    database.close()
    return found


def contains(new: Rows, old: Rows) -> None:
    """Nothing of ``old`` is missing or different in ``new``."""
    for name, rows in old.items():
        columns = list(rows[0]) if rows else []
        now = [{column: row[column] for column in columns} for row in new[name]] if rows else []
        assert sorted(now, key=repr) == sorted(rows, key=repr), name


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_every_earlier_version_keeps_all_that_it_held(url: str, tmp_path: Path, revision: str) -> None:
    old_database(url, revision, tmp_path)
    before = rows_of(url)
    assert before["posts"], "the fixture holds something to lose"
    with open_store(url) as store:
        night = next(run for run in store.runs.recent(10) if run.kind == "demo")
        assert store.findings.of_run(night.run_id)
        assert store.documents.get(night.run_id, "staff", "text")
        assert len(store.decisions.latest()) == 2
        with store._database.read() as connection:
            assert current_revision(connection) == schema.REVISION
        assert store.verify_audit().different == 0
    contains(rows_of(url), before)


def test_every_schema_that_was_ever_written_has_a_database_here() -> None:
    made = sorted(path.name.partition(".")[0] for path in FIXTURES.glob("*.sql.gz"))
    assert made == list(REVISIONS)


KILLED = """
import os, signal, sys
from alembic.operations import Operations
from pantau.store import open_store

left = int(sys.argv[2])
for name in ("create_table", "create_index", "add_column", "execute"):
    def dies(self, *given, _real=getattr(Operations, name), **named):
        global left
        done = _real(self, *given, **named)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    setattr(Operations, name, dies)
open_store(sys.argv[1])
"""


@pytest.mark.parametrize("statements", [1, 5, 12])
def test_a_migration_killed_half_way_can_be_started_again(url: str, tmp_path: Path, statements: int) -> None:
    old_database(url, "0001", tmp_path)
    before = rows_of(url)
    child = subprocess.run([sys.executable, "-c", KILLED, url, str(statements)], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    database = connect(url)
    with database.read() as connection:
        assert current_revision(connection) == "0001", "all of it or nothing"
    database.close()
    open_store(url).close()
    contains(rows_of(url), before)


def test_a_sqlite_file_is_copied_before_it_is_migrated_and_only_then(tmp_path: Path) -> None:
    file = old_file(tmp_path / "pantau.db", "0003")
    before = rows_of(f"sqlite:///{file}")
    for _ in range(2):
        open_store(f"sqlite:///{file}").close()
    copy = tmp_path / "pantau.db.skema-0003"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pantau.db", copy.name]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert rows_of(f"sqlite:///{copy}") == before
    with closing(sqlite3.connect(copy)) as base:
        assert base.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)


def test_a_new_file_gets_no_copy(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'pantau.db'}").close()
    assert [path.name for path in tmp_path.iterdir()] == ["pantau.db"]


def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    file = old_file(tmp_path / "pantau.db", "0003")
    program = f"""
import resource
from pantau.core.errors import StoreError
from pantau.store import open_store
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
try:
    open_store("sqlite:///{file}")
except StoreError as error:
    assert "belum diubah" in str(error), error
else:
    raise SystemExit("migrated")
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, env={**os.environ})
    with closing(sqlite3.connect(file)) as base:
        assert base.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
    assert not list(tmp_path.glob("*.skema-*"))


def test_rows_go_to_postgresql_and_back_without_a_difference(tmp_path: Path, url: str) -> None:
    source = f"sqlite:///{old_file(tmp_path / 'lama.db', '0004')}"
    open_store(source).close()

    def dump(address: str) -> dict[str, list[bytes]]:
        database = connect(address)
        with snapshot(database) as kept:
            lines = {name: list(kept.lines(name)) for name in kept.tables}
        database.close()
        return lines

    first = dump(source)
    there = url if url.startswith("postgresql") else f"sqlite:///{tmp_path / 'sana.db'}"
    portable.restore(there, schema.REVISION, first)
    assert dump(there) == first
    portable.restore(f"sqlite:///{tmp_path / 'kembali.db'}", schema.REVISION, dump(there))
    assert dump(f"sqlite:///{tmp_path / 'kembali.db'}") == first
    with open_store(there) as store:
        finding = store.findings.of_run(next(run.run_id for run in store.runs.recent(9) if run.kind == "demo"))[0]
        from pantau.core.model import Decision

        assert store.decisions.add(
            Decision(
                finding_key=finding.key,
                action="confirm",
                by="x",
                at=finding.published_at or store.runs.recent(1)[0].as_of,
            )
        )


def test_a_dump_that_is_not_of_its_schema_is_refused_and_leaves_nothing(url: str) -> None:
    with pytest.raises(StoreError, match="tidak berbentuk seperti skemanya"):
        portable.restore(
            url, schema.REVISION, {"runs": [b'{"table":"runs","columns":[["x; DROP TABLE posts","plain"]]}\n']}
        )
    with pytest.raises(StoreError, match="tabel yang tidak dikenal"):
        portable.restore(url, schema.REVISION, {"pg_authid": []})
    assert not portable.holds_data(url)
