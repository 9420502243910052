"""Every test of the store runs on SQLite and, when ``PANTAU_TEST_POSTGRES`` names a server, on PostgreSQL."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pantau.core.model import Account
from pantau.store import open_store
from pantau.store.store import Store

from .builders import ON, account, begin, without_guards

POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "")
"""For example ``postgresql+psycopg://root@127.0.0.1:5432/root``."""
KINDS = ["sqlite", "postgresql"]


@contextmanager
def own_schema() -> Iterator[str]:
    """The address of a new schema on the test server, dropped at the end."""
    if not POSTGRES:
        pytest.skip("PANTAU_TEST_POSTGRES is not set: no PostgreSQL server to test with")
    import psycopg

    server = POSTGRES.replace("postgresql+psycopg://", "postgresql://")
    schema = f"pantau_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{schema}"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that does not exist yet, for one test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'pantau.db'}"
        return
    with own_schema() as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_store() -> Iterator[Store]:
    """One store for all tests of this process: making 15 tables takes PostgreSQL half a second, emptying them does not."""
    with own_schema() as address, open_store(address) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as opened:
            yield opened
        return
    shared: Store = request.getfixturevalue("postgresql_store")
    yield shared
    from pantau.store import schema

    with shared._database.write() as connection, without_guards(connection):
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def agency(store: Store) -> Account:
    """The one registered account of a store in which the night ``n-20261101`` has begun."""
    begin(store)
    return store.accounts.sync([account()], ON)[0]
