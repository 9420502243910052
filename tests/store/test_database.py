"""A database that cannot be used is refused in words an administrator understands, and a new one is made safely."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pantau.core.errors import StoreError
from pantau.store import migrate, open_store, partitions, schema
from pantau.store.store import Store

from .builders import ON, account, begin, post, scan


def test_importing_the_store_loads_no_database_library() -> None:
    check = (
        "import sys, pantau.store; sys.exit(bool({'sqlalchemy', 'alembic', 'psycopg', 'sqlite3'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_second_start_does_not_load_the_migration_library(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pantau.db'}"
    open_store(url).close()
    check = f"import sys; from pantau.store import open_store; open_store({url!r}); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_what_is_stored_is_there_after_reopening(url: str) -> None:
    with open_store(url) as store:
        begin(store)
        store.accounts.sync([account()], ON)
        store.save_scan("n-20261101", scan(post()))
    with open_store(url) as store:
        assert list(store.posts.get(["x:1"])) == ["x:1"]


def test_the_migrations_make_exactly_the_tables_of_the_schema(store: Store) -> None:
    with store._database.read() as connection:
        parts = set(partitions.names(connection))
        ours = {"include_name": lambda name, kind, _parent: kind != "table" or name not in parts}
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), schema.metadata) == []


def test_the_migrations_make_the_same_sqlite_tables_byte_for_byte(tmp_path: Path) -> None:
    def tables(engine: sa.Engine) -> list[str]:
        with engine.connect() as connection:
            query = (
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name != 'alembic_version' ORDER BY name"
            )
            return [" ".join(row[0].replace("!=", "<>").split()) for row in connection.exec_driver_sql(query)]

    open_store(f"sqlite:///{tmp_path / 'migrated.db'}").close()
    declared = sa.create_engine("sqlite://")
    schema.metadata.create_all(declared)
    migrated = sa.create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    assert tables(migrated) == tables(declared)
    for engine in (migrated, declared):
        engine.dispose()


def test_the_code_expects_the_newest_migration() -> None:
    assert ScriptDirectory(str(migrate._SCRIPTS)).get_current_head() == schema.REVISION


def test_a_database_of_a_newer_pantau_is_refused_and_left_alone(url: str) -> None:
    with open_store(url) as store, store._database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"lebih baru.*9999.*Perbarui Pantau"):
        open_store(url)


def test_a_migration_that_fails_leaves_no_half_made_tables(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError("mati listrik")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.runtime.migration.MigrationContext.stamp", broken)
        with pytest.raises(StoreError, match="mati listrik"):
            open_store(url)
    with open_store(url) as store:
        assert store.runs.recent(1) == []


def test_two_processes_may_create_the_database_at_once(url: str) -> None:
    errors: list[Exception] = []

    def create() -> None:
        try:
            open_store(url).close()
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("wrong", ["", "pantau.db", "mysql://server/pantau", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_database_is_refused_with_the_right_form(wrong: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///BERKAS atau postgresql://"):
        open_store(wrong)


def test_an_unwritable_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "berkas").write_text("bukan folder")
    for place in (tmp_path, tmp_path / "berkas" / "pantau.db"):
        with pytest.raises(StoreError, match=r"tidak dapat dibuka atau ditulis.*izin"):
            open_store(f"sqlite:///{place}")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "pantau.db"
    file.write_text("ini bukan basis data\n" * 400)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_an_unreachable_server_is_refused_without_showing_the_password() -> None:
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1") as caught:
        open_store("postgresql://pantau:s3cr3t-w0rd@127.0.0.1:1/pantau")
    assert "s3cr3t-w0rd" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_a_postgresql_address_works(url: str, scheme: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("only for PostgreSQL")
    with open_store(f"{scheme}://{url.partition('://')[2]}") as store:
        assert store.runs.recent(1) == []


def test_a_read_only_server_is_refused(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("only for PostgreSQL")
    with pytest.raises(StoreError, match="hanya dapat dibaca"):
        open_store(url + "%20-cdefault_transaction_read_only%3Don")


def test_the_file_is_its_owners_alone_and_writes_survive_a_power_cut(tmp_path: Path) -> None:
    file = tmp_path / "data" / "pantau.db"
    for _ in range(2):
        with open_store(f"sqlite:///{file}") as store:
            begin(store)
            assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}
            with store._database.read() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
        file.chmod(0o644)


def test_a_write_waits_for_another_one(store: Store) -> None:
    begin(store)
    threads = [
        threading.Thread(target=store.runs.note, args=("n-20261101", store.runs.recent(1)[0].as_of, str(n)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.runs.events("n-20261101")) == 8
