"""Removing what the retention rules no longer allow to be kept.

What went, up to when and by which rule stands in the audit log (and of posts and raw answers in ``purges``): so a past manifest and
``audit verify`` tell what was purged from what was altered.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.letters import Letter
from pantau.store import audit_cut, partitions, retention_records, schema
from pantau.store.audit import append
from pantau.store.database import Database
from pantau.store.records import Purged
from pantau.store.texts import decode, encode

_P = schema.posts
_FINAL = ("sent", "failed", "expired")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Up to when each kind goes; None keeps it for good. Of posts and what hangs on them it is the time of publication."""

    raws: datetime | None = None
    """Raw answers, but for posts with a finding."""
    pictures: datetime | None = None
    """What is known of pictures and the words read off them, but for posts with a finding."""
    personal: datetime | None = None
    """The numbers of people in posts in which a rule found some: masked, and the raw answers go."""
    posts: datetime | None = None
    """Posts altogether, with versions, raw answers, pictures and sightings; findings keep their quotes."""
    findings: datetime | None = None
    """Findings and digests of runs before it."""
    decisions: datetime | None = None
    """Decisions learnt of before it whose finding is gone."""
    audit: datetime | None = None
    """Entries of the audit log about instants before it, sealed by a checkpoint (``audit_cut``)."""
    wires: datetime | None = None
    """The bytes of sent, failed and expired mails made before it, and who wrote to us before it; the record of both stays."""


class _DryRun(Exception):
    """Takes everything back."""


def purge(
    database: Database, limits: Limits, at: datetime | None, mask: Callable[[str], str], *, dry_run: bool
) -> Purged:
    """See ``Store.purge``."""
    done = Purged()
    try:
        with database.write() as connection:
            done = _purge(connection, limits, at, mask)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return done


def _purge(connection: Connection, limits: Limits, at: datetime | None, mask: Callable[[str], str]) -> Purged:
    given = {name: limit for name, limit in msgspec.structs.asdict(limits).items() if limit is not None}
    if not given:
        return Purged()
    masked, raws = retention_records.mask_personal(connection, limits.personal, mask) if limits.personal else ({}, 0)
    findings, documents = retention_records.remove_findings(connection, limits.findings) if limits.findings else (0, 0)
    decisions, old = _remove_decisions(connection, limits.decisions)
    raws += _remove_raws(connection, limits.raws)
    pictures = _remove_pictures(connection, limits.pictures)
    more, posts = _remove_posts(connection, limits.posts)
    if limits.raws is not None or limits.posts is not None:
        connection.execute(schema.purges.insert().values(raw_before=limits.raws, posts_before=limits.posts))
    wires, letters = _remove_mails(connection, limits.wires)
    done = Purged(
        raws=raws + more,
        posts=posts,
        wires=wires,
        letters=letters,
        pictures=pictures,
        personal=len(masked),
        findings=findings,
        documents=documents,
        decisions=decisions,
    )
    moment = at or max(given.values())
    removed = {name: count for name, count in msgspec.structs.asdict(done).items() if name != "audit"}
    body = {"before": given, "removed": removed}
    append(
        connection, moment, "purge", "", body | ({"masked": masked} if masked else {}) | ({"old": old} if old else {})
    )
    entries = audit_cut.cut(connection, limits.audit, moment) if limits.audit else 0
    return msgspec.structs.replace(done, audit=entries)


def _remove_decisions(connection: Connection, before: datetime | None) -> tuple[int, dict[str, object]]:
    if before is None:
        return 0, {}
    begun = sa.select(schema.audit.c.body).where(schema.audit.c.kind.in_(("begin", "checkpoint")))
    newest = connection.scalar(begun.order_by(schema.audit.c.n.desc()).limit(1))
    up_to = decode(newest, dict)["up_to"] if newest else 0
    return retention_records.remove_decisions(connection, before, up_to)


def _remove_raws(connection: Connection, before: datetime | None) -> int:
    if before is None:
        return 0
    gone = partitions.drop_before(connection, before, "raws.post IN (SELECT post FROM findings)")
    judged = sa.select(schema.findings.c.post)
    return gone + _delete_raws(connection, before, schema.raws.c.post.not_in(judged))


def _remove_pictures(connection: Connection, before: datetime | None) -> int:
    """How many posts lost what was known of their pictures. That they show some, the post itself goes on to say."""
    if before is None:
        return 0
    shown, judged = schema.post_pictures, sa.select(schema.findings.c.post)
    old = sa.select(_P.c.key).where(_P.c.published_at < before, _P.c.key.not_in(judged))
    seen = sa.or_(_P.c.image_text != "", _P.c.key.in_(sa.select(shown.c.post)))
    count = connection.scalar(sa.select(sa.func.count()).select_from(_P).where(_P.c.key.in_(old), seen)) or 0
    connection.execute(_P.update().where(_P.c.key.in_(old), _P.c.image_text != "").values(image_text=""))
    connection.execute(shown.delete().where(shown.c.post.in_(old)))
    _remove_unshown(connection)
    return count


def _remove_unshown(connection: Connection) -> None:
    """Files that no post shows any more."""
    shown = sa.select(schema.post_pictures.c.sha256)
    for table in (schema.picture_texts, schema.pictures):
        connection.execute(table.delete().where(table.c.sha256.not_in(shown)))


def _remove_posts(connection: Connection, before: datetime | None) -> tuple[int, int]:
    """How many raw answers and posts went."""
    if before is None:
        return 0, 0
    old = sa.select(_P.c.key).where(_P.c.published_at < before)
    raws = partitions.drop_before(connection, before) + _delete_raws(connection, before)
    for table in (schema.post_versions, schema.categories, schema.sightings, schema.post_pictures):
        connection.execute(table.delete().where(table.c.post.in_(old)))
    _remove_unshown(connection)
    return raws, connection.execute(_P.delete().where(_P.c.published_at < before)).rowcount


def _remove_mails(connection: Connection, before: datetime | None) -> tuple[int, int]:
    """How many mails lost their bytes, and how many mails to us their writer."""
    if before is None:
        return 0, 0
    table = schema.mails
    done = (table.c.created_at < before, table.c.state.in_(_FINAL), table.c.wire != b"")
    wires = connection.execute(table.update().where(*done).values(wire=b"")).rowcount
    return wires, _forget_writers(connection, before)


def _delete_raws(connection: Connection, before: datetime, *more: sa.ColumnElement[bool]) -> int:
    """One by one, by way of the posts (SQLite finds them by time) and their time (PostgreSQL looks into no other month)."""
    table = schema.raws
    old = sa.select(_P.c.key).where(_P.c.published_at < before)
    return connection.execute(
        table.delete().where(table.c.published_at < before, table.c.post.in_(old), *more)
    ).rowcount


def _forget_writers(connection: Connection, before: datetime) -> int:
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
