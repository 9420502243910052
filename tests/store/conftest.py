"""Every test of the store runs on SQLite and, when ``PANTAU_TEST_POSTGRES`` names a server, on PostgreSQL."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pantau.core.model import Account
from pantau.store import open_store
from pantau.store.store import Store

from .builders import ON, account, begin

POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "")
"""For example ``postgresql+psycopg://root@127.0.0.1:5432/root``."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of its own for one test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'pantau.db'}"
        return
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


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A new store."""
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def agency(store: Store) -> Account:
    """The one registered account of a store in which the night ``n-20261101`` has begun."""
    begin(store)
    return store.accounts.sync([account()], ON)[0]
