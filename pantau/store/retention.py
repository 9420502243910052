"""Removing what the retention rules no longer allow to be kept.

Up to when posts and raw answers were removed is written down: so a past manifest tells what was purged from what was altered.
"""

from datetime import datetime

import sqlalchemy as sa

from pantau.store import schema
from pantau.store.audit import append
from pantau.store.database import Database
from pantau.store.records import Purged

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
        raws = posts = wires = 0
        if raw_before is not None:
            old = sa.select(_P.c.key).where(_P.c.published_at < raw_before)
            judged = sa.select(schema.findings.c.post)
            table = schema.raws
            raws += connection.execute(
                table.delete().where(table.c.post.in_(old), table.c.post.not_in(judged))
            ).rowcount
        if posts_before is not None:
            old = sa.select(_P.c.key).where(_P.c.published_at < posts_before)
            raws += connection.execute(schema.raws.delete().where(schema.raws.c.post.in_(old))).rowcount
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
        limits = {"raws": raw_before, "posts": posts_before, "wires": wires_before}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if given:
            body = {"before": given, "removed": {"raws": raws, "posts": posts, "wires": wires}}
            append(connection, at or max(given.values()), "purge", "", body)
    return Purged(raws=raws, posts=posts, wires=wires)
