"""Reading stored posts: by window, by run, by key, and when they were seen.

A post is stored once even when several accounts show it (Instagram collaborations): ``posts`` holds it under the account
that showed it first, ``sightings`` says in whose timelines it was seen. ``Post.account`` is that first account's key of
today, unless a read is limited to accounts without it. Rows come from the raw driver, since a window may hold millions.
"""

import hashlib
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.core.model import Category, Media, Post, Window
from pantau.store import schema
from pantau.store.accounts import directory, keys_of
from pantau.store.columns import Instant, to_us
from pantau.store.database import Database, chunks
from pantau.store.post_rows import COLUMNS, columns_of, to_post
from pantau.store.records import Trail, Vanished, Version
from pantau.store.runs import get_run
from pantau.store.stretches import PostsOf
from pantau.store.texts import clean, decode, encode

_P = schema.posts
_S = schema.sightings
_V = schema.post_versions


class Posts:
    """Stored posts and what is known about each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_window(self, window: Window, accounts: Collection[str] | None = None) -> Iterator[Post]:
        """Posts published in the window, in order of (time, key), one at a time and never all in memory.

        With ``accounts`` (keys) only posts seen in one of their timelines. Vanished posts are included.
        """
        with self._database.read() as connection:
            known = directory(connection)
        columns = COLUMNS if accounts is None else columns_of(known, accounts)
        mark = self._database.mark
        sql = f"SELECT {columns} FROM posts p WHERE p.published_at >= {mark} AND p.published_at < {mark}"
        sql += " ORDER BY p.published_at, p.key"
        for row in self._database.stream(sql, (to_us(window.start), to_us(window.end))):
            if row[2] is not None:
                yield to_post(row, known.key_of)

    def of(self, accounts: Collection[str]) -> PostsOf:
        """The posts seen in the timelines of these accounts (keys), for reading a range stretch by stretch."""
        with self._database.read() as connection:
            return PostsOf(self._database, directory(connection), accounts)

    def span(self) -> tuple[datetime, datetime] | None:
        """When the oldest and the newest stored post were published; None when there is none."""
        query = sa.select(sa.func.min(_P.c.published_at), sa.func.max(_P.c.published_at))
        with self._database.read() as connection:
            oldest, newest = connection.execute(query).one()
        return None if oldest is None else (oldest, newest)

    def new_in_run(self, run_id: str) -> list[Post]:
        """Posts first stored or found edited in the run, in order of (time, key)."""
        mark = self._database.mark
        where = f"p.first_run = {mark} OR p.changed_run = {mark} ORDER BY p.published_at, p.key"
        with self._database.read() as connection:
            return select_posts(connection, where, (run_id, run_id))

    def get(self, keys: Iterable[str]) -> dict[str, Post]:
        """Posts by key; unknown keys are absent."""
        with self._database.read() as connection:
            return get_posts(connection, self._database, keys)

    def versions(self, key: str) -> list[Version]:
        """Every version of a post, oldest first, the last being the one that ``get`` gives; empty for an unknown key."""
        with self._database.read() as connection:
            current = get_posts(connection, self._database, [key]).get(key)
            if current is None:
                return []
            query = sa.select(_V).where(_V.c.post == key).order_by(_V.c.n)
            older = [
                Version(
                    post=msgspec.structs.replace(decode(row.body, Post), account=current.account),
                    run_id=row.run_id,
                    seen_at=row.seen_at,
                )
                for row in connection.execute(query)
            ]
            row = connection.execute(sa.select(_P.c.changed_run, _P.c.changed_at).where(_P.c.key == key)).one()
            return [*older, Version(post=current, run_id=row.changed_run, seen_at=row.changed_at)]

    def raw(self, key: str, raw_sha256: str = "") -> bytes | None:
        """The untouched answer from which the newest version was parsed, or the one with that hash.

        None when there is none: an unknown post, or the retention rules removed it.
        """
        table = schema.raws
        query = sa.select(table.c.data).where(table.c.post == key)
        if raw_sha256:
            query = query.where(table.c.raw_sha256 == raw_sha256)
        else:
            query = query.join(_P, sa.and_(_P.c.key == table.c.post, _P.c.raw_sha256 == table.c.raw_sha256))
        with self._database.read() as connection:
            data = connection.scalar(query)
        return None if data is None else zlib.decompress(data)

    def trail(self, keys: Iterable[str]) -> dict[str, Trail]:
        """When and by which runs posts were seen; unknown keys are absent."""
        query = (
            sa.select(
                _P.c.key,
                _P.c.first_run,
                _P.c.changed_run,
                _P.c.changed_at,
                sa.func.min(_S.c.first_seen_at, type_=Instant()).label("first_seen_at"),
                sa.func.max(_S.c.last_seen_at, type_=Instant()).label("last_seen_at"),
                sa.func.max(_S.c.vanished_at, type_=Instant()).label("vanished_at"),
                sa.func.min(_S.c.missed_at, type_=Instant()).label("missed_at"),
                (sa.func.count() == sa.func.count(_S.c.vanished_at)).label("gone"),
            )
            .join(_S, _S.c.post == _P.c.key)
            .group_by(_P.c.published_at, _P.c.key)
        )
        found: dict[str, Trail] = {}
        with self._database.read() as connection:
            for chunk in chunks(keys):
                for row in connection.execute(query.where(_P.c.key.in_(chunk))):
                    found[row.key] = Trail(
                        first_run=row.first_run,
                        changed_run=row.changed_run,
                        changed_at=row.changed_at,
                        first_seen_at=row.first_seen_at,
                        last_seen_at=row.last_seen_at,
                        vanished_at=row.vanished_at if row.gone else None,
                        missed_at=row.missed_at,
                    )
        return found

    def dates(
        self, accounts: Collection[str], since: datetime, until: datetime | None = None
    ) -> dict[str, list[datetime]]:
        """Publication times (UTC, ascending) with ``since <= t < until`` per account key, for the silence ledger.

        A post seen in two timelines counts for both; a vanished one counts, since it was published. Every account asked
        for is in the answer.
        """
        found: dict[str, list[datetime]] = {key: [] for key in accounts}
        query = sa.select(_S.c.account_id, _S.c.published_at).where(_S.c.published_at >= since)
        query = query.order_by(_S.c.account_id, _S.c.published_at)
        if until is not None:
            query = query.where(_S.c.published_at < until)
        with self._database.read() as connection:
            wanted = directory(connection).ids_of(accounts)
            for chunk in chunks(wanted):
                for row in connection.execute(query.where(_S.c.account_id.in_(chunk))):
                    found[wanted[row.account_id]].append(row.published_at)
        return found

    def vanished(self, run_id: str) -> list[Vanished]:
        """Posts whose absence the run confirmed, and that were not seen since."""
        query = sa.select(_S).where(_S.c.vanished_run == run_id).order_by(_S.c.published_at, _S.c.post, _S.c.account_id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            posts = get_posts(connection, self._database, {row.post for row in rows})
            keys = directory(connection).key_of
        return [
            Vanished(
                post=msgspec.structs.replace(posts[row.post], account=keys[row.account_id]),
                last_seen_at=row.last_seen_at,
                missed_at=row.vanished_at,
            )
            for row in rows
        ]

    def set_image_text(self, key: str, image_text: str, media: Sequence[Media] | None = None) -> None:
        """Keep the words read off a post's pictures, and the pictures' hashes when ``media`` is given.

        Not an edit: no version is made. It does change ``text_sha256``, so it belongs before the checks of the night.
        Raises ``StoreError`` for an unknown post.
        """
        values: dict[str, str] = {"image_text": image_text}
        if media is not None:
            values["media"] = encode_media(media)
        with self._database.write() as connection:
            if not connection.execute(_P.update().where(_P.c.key == key).values(**values)).rowcount:
                raise StoreError(f"Kiriman {key} tidak ada di basis data; teks gambarnya tidak dapat disimpan.")

    def save_categories(self, run_id: str, categories: dict[str, Category]) -> None:
        """Keep the category of posts by key; a later run's category replaces an earlier one."""
        table = schema.categories
        insert = self._database.insert(table)
        changes = {"category": insert.excluded.category, "run_id": insert.excluded.run_id}
        rows = [{"post": key, "category": category, "run_id": run_id} for key, category in categories.items()]
        with self._database.write() as connection:
            get_run(connection, run_id)
            if rows:
                connection.execute(insert.on_conflict_do_update(index_elements=["post"], set_=changes), rows)

    def categories(self, keys: Iterable[str]) -> dict[str, Category]:
        """The category of posts by key; posts without one are absent."""
        table = schema.categories
        found: dict[str, Category] = {}
        with self._database.read() as connection:
            for chunk in chunks(keys):
                rows = connection.execute(sa.select(table.c.post, table.c.category).where(table.c.post.in_(chunk)))
                found |= {row.post: row.category for row in rows}
        return found

    def account_categories(
        self, accounts: Collection[str], since: datetime, until: datetime | None = None
    ) -> dict[str, list[tuple[datetime, Category]]]:
        """Publication time and category of the categorised posts of each account with ``since <= t < until``."""
        table = schema.categories
        found: dict[str, list[tuple[datetime, Category]]] = {key: [] for key in accounts}
        query = (
            sa.select(_S.c.account_id, _S.c.published_at, table.c.category)
            .join(table, table.c.post == _S.c.post)
            .where(_S.c.published_at >= since)
            .order_by(_S.c.account_id, _S.c.published_at, _S.c.post)
        )
        if until is not None:
            query = query.where(_S.c.published_at < until)
        with self._database.read() as connection:
            wanted = directory(connection).ids_of(accounts)
            for chunk in chunks(wanted):
                for row in connection.execute(query.where(_S.c.account_id.in_(chunk))):
                    found[wanted[row.account_id]].append((row.published_at, row.category))
        return found


def get_posts(connection: Connection, database: Database, keys: Iterable[str]) -> dict[str, Post]:
    """Posts by key, inside the caller's transaction."""
    found: dict[str, Post] = {}
    for chunk in chunks(clean(key) for key in keys):
        marks = ",".join([database.mark] * len(chunk))
        found |= {post.key: post for post in select_posts(connection, f"p.key IN ({marks})", chunk)}
    return found


def select_posts(connection: Connection, where: str, parameters: Sequence[str]) -> list[Post]:
    """Posts that fulfil a condition on table ``p`` in raw SQL, inside the caller's transaction."""
    rows = connection.exec_driver_sql(f"SELECT {COLUMNS} FROM posts p WHERE {where}", tuple(parameters)).all()
    keys = keys_of(connection, {row[2] for row in rows})  # not of all accounts: every scan comes by here
    return [to_post(tuple(row), keys) for row in rows]


def to_columns(post: Post) -> dict[str, Any]:
    """The columns of ``posts`` that hold the post itself, without its account and runs."""
    return {
        "key": post.key,
        "published_at": post.published_at,
        "kind": post.kind,
        "text": post.text,
        "image_text": post.image_text,
        "media": encode_media(post.media),
        "url": post.url,
        "metrics": encode(post.metrics) if post.metrics else "",
        "edited_from": post.edited_from,
        "raw_sha256": post.raw_sha256,
    }


def encode_media(media: Sequence[Media]) -> str:
    """Pictures and videos as JSON text; empty for none, since most posts are read without looking at it."""
    return encode(media) if media else ""


def raw_hash(raw: bytes) -> str:
    """SHA-256 (hex) of a raw answer."""
    return hashlib.sha256(raw).hexdigest()
