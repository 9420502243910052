"""What a run saw, as lines that anybody can hash: their SHA-256, printed in the digest, makes every mailed copy a dated witness.

One JSON object per line (UTF-8, no blanks, keys in this order, ``\\n`` after each):

1. ``manifest`` (the version of this format), ``run``, ``as_of``, ``window`` (start and end);
2. per account of the run, by ``account``: ``account``, ``outcome``, ``unread_class``, ``complete``, ``source``;
3. per post and timeline, by ``post``, then ``account``: ``post``, ``account``, ``published_at``, ``text_sha256`` (of the published
   text alone, as UTF-8), ``raw_sha256`` (of the raw answer as stored; empty when there is none), ``state``: ``seen``, ``edited``
   (since it was first stored) or ``vanished`` (confirmed by this run).

Times are UTC. Nothing in it depends on when exactly an account was read, so that a night killed and started again ends with the
same lines. A post that merely stood on the same page again is not repeated. The lines are kept for good: retention removes words
and answers, never their hashes. Neither writing nor checking holds more than some thousand lines in memory.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import Reading, Run, Window
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.columns import from_us
from pantau.store.database import Database
from pantau.store.manifest_check import ReadingLine, check
from pantau.store.records import Verified
from pantau.store.runs import get_run
from pantau.store.texts import decode

FORMAT = 1
_T = schema.manifest_parts
_LINES_PER_PART = 2_000
_FAST = 1
"""Of zlib's levels: most of a line is hashes, which nothing makes smaller."""
_ROWS = 1_000


State = Literal["seen", "edited", "vanished"]


class Head(msgspec.Struct, frozen=True):
    """The first line."""

    manifest: int
    run: str
    as_of: datetime
    window: tuple[datetime, datetime]


class PostLine(msgspec.Struct, frozen=True):
    """A post in one account's timeline."""

    post: str
    account: str
    published_at: datetime
    text_sha256: str
    raw_sha256: str
    state: State


class Piece(NamedTuple):
    """Some thousand lines, as they are hashed and as they are kept."""

    lines: bytes
    packed: bytes


class KeySpan(msgspec.Struct, frozen=True):
    """Posts by key, from ``first`` up to but not ``after``; empty: no end."""

    first: str
    after: str


class Manifests:
    """The manifests of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self,
        run_id: str,
        also: Sequence[str] = (),
        window: Window | None = None,
        pieces: Iterable[Piece] | None = None,
    ) -> str:
        """Write the manifest of a run and return its SHA-256; the one that is kept, when the run is frozen.

        ``also``: earlier runs of which no digest told, whose posts this one covers. ``window``: posts of this time belong to it
        too, whoever read them (a rerun judges them all). ``pieces``: its lines of posts in order, where they were made elsewhere
        (``pieces_of`` for each of ``spans``).
        """
        with self._database.write() as connection:
            run = get_run(connection, run_id)
            frozen = connection.scalar(sa.select(schema.runs.c.frozen).where(schema.runs.c.run_id == run_id))
            if frozen and self._held(connection, run_id):
                return _sha256(self._parts(connection, run_id))
            connection.execute(_T.delete().where(_T.c.run_id == run_id))
            keys = directory(connection).key_of
            if pieces is None:
                pieces = _pieces(_post_rows(connection, (run_id, *also), window), keys)
            return self._write(connection, run_id, chain(_pack(_first_lines(connection, run, keys)), pieces))

    def spans(self, posts: int) -> list[KeySpan]:
        """All stored posts in spans of so many keys."""
        key = schema.posts.c.key
        query = sa.select(key).order_by(key).offset(posts).limit(1)
        firsts = [""]
        with self._database.read() as connection:
            while (after := connection.scalar(query.where(key >= firsts[-1]))) is not None:
                firsts.append(after)
        return [KeySpan(first, after) for first, after in zip(firsts, [*firsts[1:], ""], strict=True)]

    def pieces_of(self, runs: Sequence[str], window: Window, span: KeySpan) -> list[Piece]:
        """The lines of the posts of a span, for the manifest of the first of ``runs``; the others are those of ``also``."""
        with self._database.read() as connection:
            return list(_pieces(_post_rows(connection, runs, window, span), directory(connection).key_of))

    def sha256(self, run_id: str) -> str:
        """The fingerprint of the manifest that is kept; empty when the run has none."""
        with self._database.read() as connection:
            return _sha256(self._parts(connection, run_id)) if self._held(connection, run_id) else ""

    def data(self, run_id: str) -> Iterator[bytes]:
        """The manifest as it is kept, some thousand lines at a time; nothing when the run has none."""
        with self._database.read() as connection:
            yield from self._parts(connection, run_id)

    def verify(self, run_id: str) -> Verified:
        """Compare what is stored now with what the manifest says. Raises ``StoreError`` for a run that never began."""
        with self._database.read() as connection:
            get_run(connection, run_id)
            if not self._held(connection, run_id):
                return Verified(sha256="")
            counted = check(connection, run_id, self._parts(connection, run_id))
            return msgspec.structs.replace(counted, sha256=_sha256(self._parts(connection, run_id)))

    def _held(self, connection: Connection, run_id: str) -> bool:
        return connection.scalar(sa.select(_T.c.n).where(_T.c.run_id == run_id).limit(1)) is not None

    def _parts(self, connection: Connection, run_id: str) -> Iterator[bytes]:
        numbers = list(connection.scalars(sa.select(_T.c.n).where(_T.c.run_id == run_id).order_by(_T.c.n)))
        for number in numbers:
            data = connection.scalar(sa.select(_T.c.data).where(_T.c.run_id == run_id, _T.c.n == number))
            yield zlib.decompress(data or b"")

    def _write(self, connection: Connection, run_id: str, pieces: Iterable[Piece]) -> str:
        digest = hashlib.sha256()
        for number, (lines, packed) in enumerate(pieces):
            digest.update(lines)
            connection.execute(_T.insert().values(run_id=run_id, n=number, data=packed))
        return digest.hexdigest()


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _first_lines(connection: Connection, run: Run, keys: Mapping[int, str]) -> Iterator[msgspec.Struct]:
    yield Head(FORMAT, run.run_id, run.as_of, (run.window.start, run.window.end))
    query = sa.select(schema.readings.c.account_id, schema.readings.c.body).where(
        schema.readings.c.run_id == run.run_id
    )
    readings = [ReadingLine.of(decode(row.body, Reading), keys[row.account_id]) for row in connection.execute(query)]
    yield from sorted(readings, key=lambda line: line.account)


def _pack(lines: Iterable[msgspec.Struct]) -> Iterator[Piece]:
    encode = msgspec.json.Encoder().encode
    encoded = (encode(line) + b"\n" for line in lines)
    while part := b"".join(islice(encoded, _LINES_PER_PART)):
        yield Piece(part, zlib.compress(part, _FAST))


def _pieces(rows: Iterable[Any], keys: Mapping[int, str]) -> Iterator[Piece]:
    return _pack(_post_lines(rows, keys))


def _post_lines(rows: Iterable[Any], keys: Mapping[int, str]) -> Iterator[PostLine]:
    """One line per row; the rows of a post, which stand together, by account."""
    for _, same in groupby(rows, key=itemgetter(0)):
        lines = [_post_line(row, keys) for row in same]
        yield from lines if len(lines) == 1 else sorted(lines, key=lambda line: line.account)


def _post_rows(
    connection: Connection, runs: Sequence[str], window: Window | None, keys: KeySpan | None = None
) -> Iterator[Any]:
    posts, sightings, raws = schema.posts, schema.sightings, schema.raws
    wanted: list[sa.ColumnElement[bool]] = [sightings.c.seen_run.in_(runs), sightings.c.vanished_run.in_(runs)]
    if window is not None:
        span = (sightings.c.published_at >= window.start, sightings.c.published_at < window.end)
        wanted.append(sa.and_(*span))
    same = [raws.c[name] == posts.c[name] for name in ("raw_sha256", "published_at")]  # the time names the partition
    same.append(raws.c.post == posts.c.key)
    query = (
        sa.select(
            sightings.c.post,
            sightings.c.account_id,
            sa.type_coerce(posts.c.published_at, sa.BigInteger).label("published_us"),
            posts.c.text,
            raws.c.raw_sha256,
            sightings.c.vanished_run.in_(runs).label("vanished"),
            sa.and_(posts.c.changed_run.in_(runs), posts.c.changed_run != posts.c.first_run).label("edited"),
        )
        .join(posts, sa.and_(posts.c.published_at == sightings.c.published_at, posts.c.key == sightings.c.post))
        .outerjoin(raws, sa.and_(*same))
        .where(sa.or_(*wanted))
        .order_by(sightings.c.post)
    )
    if keys is not None:
        query = query.where(sightings.c.post >= keys.first)
        query = query.where(sightings.c.post < keys.after) if keys.after else query
    yield from connection.execute(query, execution_options={"stream_results": True, "yield_per": _ROWS})


def _post_line(row: Any, keys: Mapping[int, str]) -> PostLine:
    post, account_id, published_us, text, raw_sha256, vanished, edited = row
    text_sha256 = hashlib.sha256(text.encode()).hexdigest()
    state: State = "vanished" if vanished else "edited" if edited else "seen"
    return PostLine(post, keys[account_id], from_us(published_us), text_sha256, raw_sha256 or "", state)
