"""Stored posts as some accounts show them, stretch by stretch: a whole range may hold millions, and several processes may share it.

An object of ``Posts.of`` opens no connection between two calls, so that a process may be forked while it is held.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from pantau.core.model import Post, StoredTexts, Window
from pantau.store.accounts import Directory
from pantau.store.columns import to_us
from pantau.store.database import Database, chunks
from pantau.store.post_rows import COLUMNS, columns_of, numbers_of, seen_in, to_post
from pantau.store.texts import clean


class Stretch(msgspec.Struct, frozen=True):
    """Stored posts that follow each other in the order of (time, key): ``first`` belongs to it, ``after`` no longer does.

    Both are a publication time in microseconds since 1970 (UTC) and a key.
    """

    first: tuple[int, str]
    after: tuple[int, str]


class PostsOf:
    """Stored posts, limited to those seen in the timelines of some accounts as they were known when this was made."""

    def __init__(self, database: Database, known: Directory, accounts: Collection[str]) -> None:
        """``accounts`` are keys."""
        self._database = database
        self._key_of = known.key_of
        self._columns, self._seen = COLUMNS, ""
        if len(known.ids_of(accounts)) < len(known.key_of):  # else every stored post is one of theirs
            self._columns, self._seen = columns_of(known, accounts), f" AND {seen_in(numbers_of(known, accounts))}"

    def stretches(self, window: Window, size: int) -> Iterator[Stretch]:
        """The posts published in the window in stretches of ``size``, whoever shows them; the last one is shorter."""
        mark = self._database.mark
        sql = (
            f"SELECT p.published_at, p.key FROM posts p WHERE (p.published_at, p.key) >= ({mark}, {mark})"
            f" AND p.published_at < {mark} ORDER BY p.published_at, p.key LIMIT 1 OFFSET {mark}"
        )
        first, end = (to_us(window.start), ""), (to_us(window.end), "")
        while rows := self._rows(sql, (*first, end[0], size)):
            after = (rows[0][0], rows[0][1])
            yield Stretch(first, after)
            first = after
        yield Stretch(first, end)

    def texts(self, stretch: Stretch) -> list[StoredTexts]:
        """What stands in the posts of a stretch, in order: all that a rule needs to know which of them to look at."""
        read = "CAST({} AS BLOB)" if self._database.is_sqlite else "convert_to({}, 'UTF8')"
        texts = ", ".join(read.format(f"p.{name}") for name in ("text", "image_text"))
        return [StoredTexts._make(row) for row in self._within(stretch, f"p.key, {texts}")]

    def pictured(self, stretch: Stretch) -> list[Post]:
        """The posts of a stretch that have pictures or videos, in order."""
        rows = self._within(stretch, self._columns, " AND p.media <> ''")
        return [to_post(row, self._key_of) for row in rows]

    def get(self, keys: Iterable[str]) -> dict[str, Post]:
        """Posts by key; unknown keys, and posts that none of the accounts shows, are absent."""
        found: dict[str, Post] = {}
        for chunk in chunks(clean(key) for key in keys):
            marks = ",".join([self._database.mark] * len(chunk))
            rows = self._rows(f"SELECT {self._columns} FROM posts p WHERE p.key IN ({marks}){self._seen}", chunk)
            found |= {post.key: post for post in (to_post(row, self._key_of) for row in rows)}
        return found

    def _within(self, stretch: Stretch, columns: str, condition: str = "") -> list[tuple[Any, ...]]:
        mark = self._database.mark
        sql = (
            f"SELECT {columns} FROM posts p WHERE (p.published_at, p.key) >= ({mark}, {mark})"
            f" AND (p.published_at, p.key) < ({mark}, {mark}){condition}{self._seen} ORDER BY p.published_at, p.key"
        )
        return self._rows(sql, (*stretch.first, *stretch.after))

    def _rows(self, sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        """Rows of a bounded read, from the raw driver."""
        with self._database.read() as connection:
            driver: Any = connection.connection.driver_connection
            # psycopg writes bytes as hexadecimal digits unless it is asked for binary answers.
            cursor = driver.cursor() if self._database.is_sqlite else driver.cursor(binary=True)
            try:
                rows: list[tuple[Any, ...]] = cursor.execute(sql, tuple(parameters)).fetchall()
            finally:
                cursor.close()
            return rows
