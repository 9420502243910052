"""Compares the lines of a manifest with what is stored now. What retention removed is told apart from what was altered."""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import Post, Reading
from pantau.store import schema
from pantau.store.accounts import directory
from pantau.store.columns import Instant
from pantau.store.database import chunks
from pantau.store.records import Verified
from pantau.store.texts import decode

NAMED = 100
"""So many differences are named; the rest is counted."""


class ReadingLine(msgspec.Struct, frozen=True):
    """What one account gave in the run."""

    account: str
    outcome: str
    unread_class: str
    complete: bool
    source: str

    @classmethod
    def of(cls, reading: Reading, account: str) -> "ReadingLine":
        """The line of a reading under the account's key of that time."""
        return cls(account, reading.outcome, reading.unread_class, reading.complete, reading.source)


class _Count:
    """Running totals and the first differences."""

    def __init__(self) -> None:
        self.posts = self.readings = self.purged_posts = self.purged_raws = self.different = 0
        self.named: list[str] = []

    def differ(self, what: str) -> None:
        """Count one difference."""
        self.different += 1
        if len(self.named) < NAMED:
            self.named.append(what)


def check(connection: Connection, run_id: str, parts: Iterable[bytes]) -> Verified:
    """Go through all lines. ``sha256`` is left empty."""
    count = _Count()
    raw_before, posts_before = _purged(connection)
    masked = _masked(connection)
    for part in parts:
        lines = [msgspec.json.decode(line) for line in part.splitlines()]
        for chunk in chunks(line for line in lines if "post" in line):
            _check_posts(connection, chunk, raw_before, posts_before, masked, count)
        _check_readings(connection, run_id, [line for line in lines if "outcome" in line], count)
    return Verified(
        sha256="",
        posts=count.posts,
        readings=count.readings,
        purged_posts=count.purged_posts,
        purged_raws=count.purged_raws,
        differences=tuple(count.named),
        different=count.different,
    )


def _purged(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """Before which publication times raw answers and posts were removed by the retention rules."""
    table = schema.purges
    newest_raw = sa.func.max(table.c.raw_before, type_=Instant())
    newest_post = sa.func.max(table.c.posts_before, type_=Instant())
    raws, posts = connection.execute(sa.select(newest_raw, newest_post)).one()
    return max((one for one in (raws, posts) if one), default=None), posts


def _masked(connection: Connection) -> dict[str, str]:
    """Hash of the words that a purge left of posts in which it masked numbers of people, the newest word on each."""
    table = schema.audit
    found: dict[str, str] = {}
    bodies = sa.select(table.c.body).where(table.c.kind.in_(("purge", "checkpoint"))).order_by(table.c.n)
    for body in connection.scalars(bodies):
        found |= decode(body, dict).get("masked", {})
    return found


def _check_posts(
    connection: Connection,
    lines: Sequence[dict[str, Any]],
    raw_before: datetime | None,
    posts_before: datetime | None,
    masked: dict[str, str],
    count: _Count,
) -> None:
    keys = {line["post"] for line in lines}
    times, texts = _stored_words(connection, keys)
    answers = _stored_answers(connection, lines)
    for line in lines:
        count.posts += 1
        key, published_at = line["post"], datetime.fromisoformat(line["published_at"])
        if key not in times:
            if posts_before is not None and published_at < posts_before:
                count.purged_posts += 1
            else:
                count.differ(f"{key}: tidak ada lagi di basis data, padahal bukan dihapus oleh aturan penyimpanan")
            continue
        if times[key] != published_at:
            count.differ(f"{key}: waktu terbit berubah")
        if key in masked:
            if masked[key] in texts[key]:
                count.purged_posts += 1
            else:
                count.differ(f"{key}: teks yang tersimpan bukan yang ditinggalkan aturan penyimpanan")
            continue
        if line["text_sha256"] not in texts[key]:
            count.differ(f"{key}: teks yang tersimpan bukan teks yang dibaca malam itu")
        expected = line["raw_sha256"]
        if not expected:
            continue
        held = answers.get((key, expected))
        if held is None and raw_before is not None and published_at < raw_before:
            count.purged_raws += 1
        elif held != expected:
            what = "tidak ada lagi, padahal bukan dihapus oleh aturan penyimpanan" if held is None else "berubah"
            count.differ(f"{key}: jawaban mentah {what}")


def _stored_words(connection: Connection, keys: Iterable[str]) -> tuple[dict[str, datetime], dict[str, set[str]]]:
    """Publication time, and the hash of the text of every version, of the posts that are stored."""
    posts, versions = schema.posts, schema.post_versions
    times: dict[str, datetime] = {}
    texts: dict[str, set[str]] = defaultdict(set)
    wanted = sorted(keys)
    for row in connection.execute(
        sa.select(posts.c.key, posts.c.published_at, posts.c.text).where(posts.c.key.in_(wanted))
    ):
        times[row.key] = row.published_at
        texts[row.key].add(_hash(row.text))
    for old in connection.execute(sa.select(versions.c.post, versions.c.body).where(versions.c.post.in_(wanted))):
        texts[old.post].add(_hash(decode(old.body, Post).text))
    return times, texts


def _stored_answers(connection: Connection, lines: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """The hash of each stored raw answer that the lines name, worked out anew from its bytes."""
    table = schema.raws
    wanted = {(line["post"], line["raw_sha256"]) for line in lines}
    query = sa.select(table).where(table.c.post.in_(sorted({key for key, _ in wanted})))
    found = {}
    for row in connection.execute(query):
        if (row.post, row.raw_sha256) in wanted:
            found[row.post, row.raw_sha256] = _raw_hash(row.data)
    return found


def _raw_hash(data: bytes) -> str:
    try:
        return hashlib.sha256(zlib.decompress(data)).hexdigest()
    except zlib.error:
        return ""  # altered in a way that cannot even be unpacked


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check_readings(connection: Connection, run_id: str, lines: Sequence[dict[str, Any]], count: _Count) -> None:
    if not lines:
        return
    table = schema.readings
    numbers = {key: number for number, key in directory(connection).ids_of([line["account"] for line in lines]).items()}
    stored = {
        row.account_id: row.body
        for row in connection.execute(sa.select(table.c.account_id, table.c.body).where(table.c.run_id == run_id))
    }
    for line in lines:
        count.readings += 1
        account = line["account"]
        body = stored.get(numbers.get(account, -1))
        if body is None or msgspec.json.encode(ReadingLine.of(decode(body, Reading), account)) != msgspec.json.encode(
            line
        ):
            count.differ(f"{account}: hasil pembacaan akun malam itu {'tidak ada lagi' if body is None else 'berubah'}")
