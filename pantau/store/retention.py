"""Removing what the retention rules no longer allow to be kept.

Up to when posts and raw answers were removed is written down: so a past manifest tells what was purged from what was altered.
"""

from datetime import datetime

import msgspec
import sqlalchemy as sa

from pantau.core.letters import Letter
from pantau.store import partitions, schema
from pantau.store.audit import append
from pantau.store.database import Database
from pantau.store.records import Purged
from pantau.store.texts import decode, encode

_P = schema.posts
_FINAL = ("sent", "failed", "expired")


def purge(
    database: Database,
    raw_before: datetime | None,
    posts_before: datetime | None,
    wires_before: datetime | None,
    at: datetime | None,
) -> Purged:
    """See ``Store.purge``."""
    with database.write() as connection:
        raws = posts = wires = letters = 0
        if raw_before is not None:
            raws += partitions.drop_before(connection, raw_before, "raws.post IN (SELECT post FROM findings)")
            judged = sa.select(schema.findings.c.post)
            raws += _delete_raws(connection, raw_before, schema.raws.c.post.not_in(judged))
        if posts_before is not None:
            old = sa.select(_P.c.key).where(_P.c.published_at < posts_before)
            raws += partitions.drop_before(connection, posts_before)
            raws += _delete_raws(connection, posts_before)
            for table in (schema.post_versions, schema.categories, schema.sightings, schema.post_pictures):
                connection.execute(table.delete().where(table.c.post.in_(old)))
            shown = sa.select(schema.post_pictures.c.sha256)
            for table in (schema.picture_texts, schema.pictures):
                connection.execute(table.delete().where(table.c.sha256.not_in(shown)))
            posts = connection.execute(_P.delete().where(_P.c.published_at < posts_before)).rowcount
        if raw_before is not None or posts_before is not None:
            connection.execute(schema.purges.insert().values(raw_before=raw_before, posts_before=posts_before))
        if wires_before is not None:
            table = schema.mails
            done = (table.c.created_at < wires_before, table.c.state.in_(_FINAL), table.c.wire != b"")
            wires = connection.execute(table.update().where(*done).values(wire=b"")).rowcount
            letters = _forget_writers(connection, wires_before)
        limits = {"raws": raw_before, "posts": posts_before, "wires": wires_before}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if given:
            removed = {"raws": raws, "posts": posts, "wires": wires, "letters": letters}
            body = {"before": given, "removed": removed}
            append(connection, at or max(given.values()), "purge", "", body)
    return Purged(raws=raws, posts=posts, wires=wires, letters=letters)


def _delete_raws(connection: sa.Connection, before: datetime, *more: sa.ColumnElement[bool]) -> int:
    """One by one, by way of the posts (SQLite finds them by time) and their time (PostgreSQL looks into no other month)."""
    table = schema.raws
    old = sa.select(_P.c.key).where(_P.c.published_at < before)
    return connection.execute(
        table.delete().where(table.c.published_at < before, table.c.post.in_(old), *more)
    ).rowcount


def _forget_writers(connection: sa.Connection, before: datetime) -> int:
    """Take sender, subject and reason out of letters read before; that there was one, and its code, still counts once."""
    table = schema.letters
    old = connection.execute(sa.select(table.c.letter_id, table.c.body).where(table.c.read_at < before)).all()
    forgotten = 0
    for row in old:
        letter = decode(row.body, Letter)
        if letter.sender or letter.subject or letter.reason:
            bare = msgspec.structs.replace(letter, sender="", subject="", reason="", message_id="")
            connection.execute(table.update().where(table.c.letter_id == row.letter_id).values(body=encode(bare)))
            forgotten += 1
    return forgotten
