"""Invented accounts, posts, scans and nights for the tests of the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from pantau.core.model import Account, Collected, Finding, Mail, Post, Reading, Run, RunKind, Scan, Window
from pantau.store.store import Store

ON = date(2026, 11, 1)
NIGHT = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
"""``as_of`` of the first night: 22.00 in Jakarta."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def account(handle: str = "dinascontoh", platform: str = "x", **more: Any) -> Account:
    return Account(platform=platform, handle=handle, unit=more.pop("unit", "opd-contoh"), **more)


def begin(store: Store, night: int = 1, kind: RunKind = "nightly", run_id: str = "", **more: Any) -> Run:
    """The night of 1 November 2026, or one ``night - 1`` days later."""
    as_of = NIGHT + DAY * (night - 1)
    window = more.pop("window", Window(as_of - DAY, as_of))
    return store.runs.begin(kind, run_id or f"n-202611{night:02}", window, as_of, as_of + HOUR)


def post(post_id: str = "1", text: str = "Selamat pagi", hours_before: float = 2, **more: Any) -> Post:
    more.setdefault("account", "x:@dinascontoh")
    more.setdefault("platform", "x")
    return Post(post_id=post_id, text=text, published_at=NIGHT - HOUR * hours_before, **more)


def collected(item: Post, raw: bytes | None = None) -> Collected:
    if raw is None:
        raw = msgspec.json.encode({"id": item.post_id, "text": item.text.encode("utf-8", "replace").decode()})
    return Collected(item, raw)


def scan(
    *posts: Post | Collected,
    account: str = "x:@dinascontoh",
    at: datetime = NIGHT + HOUR,
    complete: bool = True,
    platform_id: str = "",
    handle: str = "",
    **reading: Any,
) -> Scan:
    reading.setdefault("outcome", "read")
    items = tuple(item if isinstance(item, Collected) else collected(item) for item in posts)
    made = Reading(account=account, checked_at=at, complete=complete, source="x-search", **reading)
    return Scan(reading=made, posts=items, platform_id=platform_id, handle=handle)


def finding(rule: str = "luxury-brand-shown", post: str = "x:1", strength: Any = "flag", **more: Any) -> Finding:
    more.setdefault("unit", "opd-contoh")
    more.setdefault("account", "x:@dinascontoh")
    more.setdefault("subject", "isi")
    more.setdefault("message", "Perlu dicek: merek mewah disebut.")
    return Finding(rule_id=rule, rule_version=1, family="FLX", level="sedang", strength=strength, post=post, **more)


def mail(name: str = "m1", recipient: str = "staf@kab.example", run_id: str = "n-20261101", **more: Any) -> Mail:
    more.setdefault("edition", "staff")
    more.setdefault("wire", b"Subject: Pantau\r\n\r\nIsi\r\n")
    more.setdefault("created_at", NIGHT)
    return Mail(message_id=f"<{name}@kab.example>", run_id=run_id, recipient=recipient, **more)


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, to tell whether anything changed at all."""
    import sqlalchemy as sa

    from pantau.store import schema

    with store._database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in schema.metadata.sorted_tables
        }


@contextmanager
def without_guards(connection: Any) -> Iterator[None]:
    """The triggers of the audit log out of the way, as for somebody who owns the database and means harm."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        yield
        connection.exec_driver_sql("ALTER TABLE audit ENABLE TRIGGER USER")
        return
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    held = dict(connection.exec_driver_sql(query).fetchall())
    for name in held:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for sql in held.values():
        connection.exec_driver_sql(sql)


def before_evidence(store: Store) -> None:
    """Take away what migration 0003 brought."""
    with store._database.write() as connection:
        for table in ("manifest_parts", "purges", "letters", "mailbox_readings", "audit", "mailbox_marks"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DROP INDEX ix_sightings_seen_run")
        for table, column in (
            ("posts", "source"),
            *(("sightings", name) for name in ("missed_at", "seen_run", "source")),
        ):
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        before_months(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")


def before_months(connection: Any) -> None:
    """Take away what migration 0007 brought: in PostgreSQL the raw answers are one table again."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ALTER TABLE raws DROP COLUMN published_at")
        return
    for statement in (
        "CREATE TABLE whole AS SELECT post, raw_sha256, data FROM raws",
        "DROP TABLE raws",
        "ALTER TABLE whole RENAME TO raws",
        "ALTER TABLE raws ADD CONSTRAINT raws_pkey PRIMARY KEY (post, raw_sha256)",
        "ALTER TABLE raws ADD FOREIGN KEY (post) REFERENCES posts (key)",
    ):
        connection.exec_driver_sql(statement)
