"""A database of generated posts, all of them read by an earlier night, as a rerun finds it.

Rows go in by thousands, past ``Store.save_scan``, which would take an hour for a million posts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from benchmarks import corpus
from pantau.core.clock import WIB, local_day
from pantau.core.model import Account, Post, Unit, Window
from pantau.store import open_store, schema
from pantau.store.columns import to_us
from pantau.store.database import connect
from pantau.store.posts import to_columns

RUN = "n-20250101"
DISTINCT = 100_000
"""More posts repeat the texts of the first ones, since making them up takes longest; no check remembers a text."""
_ROWS = 5_000
_UNITS = 100


def units() -> tuple[Unit, ...]:
    """The units whose accounts ``corpus.account`` gives."""
    return tuple(Unit(code=f"U{number}", name=f"Dinas {number}", kind="opd") for number in range(_UNITS))


def accounts(count: int) -> tuple[Account, ...]:
    """The accounts in whose timelines the posts stand."""
    return tuple(corpus.account(number) for number in range(count))


def end_of(posts: int) -> datetime:
    """When the last of so many posts is past."""
    return corpus.START + timedelta(seconds=posts * corpus.SECONDS_APART) + timedelta(days=1)


def build(url: str, posts: int, account_count: int) -> None:
    """Fill a new database."""
    end = end_of(posts)
    with open_store(url) as store:
        known = store.accounts.sync(accounts(account_count), local_day(corpus.START, WIB))
        store.runs.begin("nightly", RUN, Window(corpus.START, end), end, end)
        store.runs.finish(RUN, end, 0, "")
    database = connect(url)
    try:
        with database.write() as connection:
            table = schema.accounts
            numbers = {f"bench:@{row.handle_key}": row.id for row in connection.execute(sa.select(table))}
            assert len(numbers) == len(known)
            connection.execute(table.update().values(read_until=end + timedelta(days=1)))
            distinct = min(posts, DISTINCT)
            stream = corpus.posts(distinct, accounts=account_count)
            while held := list(islice(stream, _ROWS)):
                connection.execute(schema.posts.insert(), list(_post_rows(held, numbers, end)))
                connection.execute(schema.sightings.insert(), list(_sighting_rows(held, numbers, end)))
            for first in range(distinct, posts, distinct):
                _repeat(connection, first, min(distinct, posts - first))
        if not database.is_sqlite:  # a server that is in use has done so by itself
            with database.read() as connection:
                driver: Any = connection.connection.driver_connection
                driver.rollback()
                driver.autocommit = True
                driver.execute("VACUUM ANALYZE")
                driver.autocommit = False
    finally:
        database.close()


def _repeat(connection: Connection, first: int, count: int) -> None:
    """The first ``count`` posts once more, under the numbers from ``first`` on and as much later."""
    later_us = first * corpus.SECONDS_APART * 1_000_000
    end_us = to_us(corpus.START) + count * corpus.SECONDS_APART * 1_000_000
    for table, key in ((schema.posts, "key"), (schema.sightings, "post")):
        number = f"substr(CAST({10**8 + first} + CAST(substr({key}, 7) AS INTEGER) AS TEXT), 2)"
        changed = {"published_at": f"published_at + {later_us}", key: f"'bench:' || {number}"}
        names = [column.name for column in table.columns]
        values = ", ".join(changed.get(name, name) for name in names)
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} WHERE published_at < {end_us}"
        )


def _post_rows(held: list[Post], numbers: dict[str, int], at: datetime) -> Iterator[dict[str, Any]]:
    origin = {"first_run": RUN, "changed_run": RUN, "changed_at": at, "source": "bench"}
    for post in held:
        yield to_columns(post) | origin | {"account_id": numbers[post.account]}


def _sighting_rows(held: list[Post], numbers: dict[str, int], at: datetime) -> Iterator[dict[str, Any]]:
    for post in held:
        yield {
            "account_id": numbers[post.account],
            "published_at": post.published_at,
            "post": post.key,
            "first_seen_at": at,
            "last_seen_at": at,
            "seen_run": RUN,
            "source": "bench",
        }
