"""Storing what a scan brought: posts, raw answers, versions, the reading and the watermark, in the caller's transaction."""

import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from pantau.core.clock import to_utc
from pantau.core.derived_ids import is_derived
from pantau.core.model import Collected, Media, Post, Reading, Run, Scan, Window
from pantau.store import absences, schema, twins
from pantau.store.accounts import directory, learn
from pantau.store.columns import Instant
from pantau.store.database import Database, chunks, insert_into
from pantau.store.posts import get_posts, raw_hash, to_columns
from pantau.store.readings import save_reading
from pantau.store.records import Saved
from pantau.store.runs import READS_ON, get_run
from pantau.store.same_words import same_words
from pantau.store.texts import cleaned, encode

IMPORTED = "berkas"
"""The source of what came from a file."""
_A = schema.accounts
_P = schema.posts
_S = schema.sightings
# Statements of every scan are built once: SQLAlchemy takes longer to build one than SQLite to run it.
_HERE = _A.c.id == sa.bindparam("account")
_READ_UNTIL = sa.select(_A.c.read_until).where(_HERE)
_READ = _A.update().where(_HERE).values(read_until=sa.bindparam("read_until"))
_READ_TO = _READ.values(last_post_at=sa.bindparam("last_post_at"), last_post_id=sa.bindparam("last_post_id"))
_NEWEST = (
    sa.select(_S.c.published_at, _S.c.post)
    .where(_S.c.account_id == sa.bindparam("account"))
    .order_by(_S.c.published_at.desc(), _S.c.post.desc())
    .limit(1)
)


class _Origin(msgspec.Struct, frozen=True):
    """Where posts come from: the run, the account in whose timeline they were seen, the source, and when."""

    run_id: str
    account_id: int
    source: str
    at: datetime


def save_scan(connection: Connection, database: Database, run_id: str, scan: Scan, span: Window | None) -> Saved:
    """Everything of one scan; see ``Store.save_scan``."""
    run = get_run(connection, run_id)
    reading = scan.reading
    account_id = directory(connection, reading.account).id_of(reading.account)
    account_id = learn(connection, account_id, scan.platform_id, scan.handle)
    both = twins.under_stored_ids(connection, account_id, (*scan.older, *scan.posts))
    scan = msgspec.structs.replace(scan, older=tuple(both[: len(scan.older)]), posts=tuple(both[len(scan.older) :]))
    origin = _Origin(run_id, account_id, reading.source, reading.checked_at)
    saved = _save_posts(connection, database, origin, (*_edited_only(connection, database, scan.older), *scan.posts))
    absences.note_presence(connection, run_id, account_id, scan)
    save_reading(connection, database, run_id, account_id, reading)
    if reading.complete:
        _move_watermark(connection, run, account_id, reading)
    if reading.outcome == "read":
        vanished = absences.note_absence(connection, run_id, account_id, scan, span)
        saved = msgspec.structs.replace(saved, vanished=vanished)
    return saved


def import_posts(
    connection: Connection, database: Database, run_id: str, items: Iterable[Collected], at: datetime
) -> Saved:
    """Posts from a file; see ``Store.import_posts``."""
    get_run(connection, run_id)
    known = directory(connection)
    by_account: dict[int, list[Collected]] = {}
    for item in items:
        by_account.setdefault(known.id_of(item.post.account), []).append(item)
    new = 0
    for account_id, listed in by_account.items():
        group = twins.under_stored_ids(connection, account_id, listed)
        keys = get_posts(connection, database, (item.post.key for item in group))
        missing = [item for item in group if cleaned(item.post).key not in keys]
        missing = twins.not_yet_stored(connection, account_id, missing, keys)
        new += _save_posts(connection, database, _Origin(run_id, account_id, IMPORTED, at), missing).new
    return Saved(new=new)


def merged(old: Post, new: Post, *, same_source: bool = True) -> Post:
    """The stored post after the same post was read again, by the source that brought its text or by another one.

    The first publication time stays, so that a post never moves to another window. Words read off pictures stay, since
    the platforms do not let pictures be swapped, and so do the hashes of pictures that are still there. A new text makes
    an edit, unless another source merely writes the same words its own way; the raw answer kept is always the one that
    brought the text.
    """
    same = msgspec.structs.replace(
        old,
        image_text=old.image_text or new.image_text,
        media=_with_hashes(old.media, new.media) if new.media else old.media,
        url=new.url or old.url,
        metrics=new.metrics or old.metrics,
    )
    if new.text == old.text or (not same_source and same_words(new.text, old.text)):
        return same
    return msgspec.structs.replace(
        same, kind=new.kind, text=new.text, edited_from=old.text_sha256, raw_sha256=new.raw_sha256
    )


def _with_hashes(old: tuple[Media, ...], new: tuple[Media, ...]) -> tuple[Media, ...]:
    # Platforms sign the addresses of pictures anew each day; the path names the picture.
    known = {urlsplit(item.url).path: item.sha256 for item in old if item.sha256}
    return tuple(
        msgspec.structs.replace(item, sha256=item.sha256 or known.get(urlsplit(item.url).path, "")) for item in new
    )


def _edited_only(connection: Connection, database: Database, items: Iterable[Collected]) -> list[Collected]:
    """The items whose posts are stored with another text; new counts of old posts are not worth writing."""
    keys = {cleaned(item.post).key: item for item in items}
    known = get_posts(connection, database, keys)
    return [item for key, item in keys.items() if key in known and cleaned(item.post).text != known[key].text]


def _save_posts(connection: Connection, database: Database, origin: _Origin, items: Iterable[Collected]) -> Saved:
    found = {item.post.key: item for item in map(_prepared, items)}
    stored = get_posts(connection, database, found)
    new = [item for key, item in found.items() if key not in stored]
    if new:
        runs = {"account_id": origin.account_id, "first_run": origin.run_id, "changed_run": origin.run_id}
        first: dict[str, Any] = {**runs, "changed_at": origin.at, "source": origin.source}
        connection.execute(_P.insert(), [to_columns(item.post) | first for item in new])
        _save_raws(connection, database, new)
    edited = 0
    last_seen = _last_seen(connection, stored)
    sources = _sources(connection, stored)
    for key, old in stored.items():
        if origin.at >= last_seen[key]:  # an older answer saved late must not undo what was seen after it
            post = merged(old, found[key].post, same_source=sources[key] == origin.source)
            edited += _update(connection, database, origin, old, Collected(post, found[key].raw))
    _save_sightings(connection, database, origin, [stored.get(key, item.post) for key, item in found.items()])
    return Saved(new=len(new), edited=edited)


def _prepared(item: Collected) -> Collected:
    post = cleaned(msgspec.structs.replace(item.post, published_at=to_utc(item.post.published_at)))
    if item.raw:
        post = msgspec.structs.replace(post, raw_sha256=raw_hash(item.raw))
    return Collected(post, item.raw)


def _last_seen(connection: Connection, keys: Iterable[str]) -> dict[str, datetime]:
    query = sa.select(_S.c.post, sa.func.max(_S.c.last_seen_at, type_=Instant())).group_by(_S.c.post)
    found: dict[str, datetime] = {}
    for chunk in chunks(keys):
        found |= {row[0]: row[1] for row in connection.execute(query.where(_S.c.post.in_(chunk)))}
    return found


def _sources(connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """Which source brought the text of stored posts; empty for those of earlier versions of Pantau."""
    found: dict[str, str] = {}
    for chunk in chunks(keys):
        rows = connection.execute(sa.select(_P.c.key, _P.c.source).where(_P.c.key.in_(chunk)))
        found |= {row.key: row.source or "" for row in rows}
    return found


def _update(connection: Connection, database: Database, origin: _Origin, old: Post, item: Collected) -> bool:
    """Bring a stored post up to date; True when its text had changed and a version was kept."""
    post = item.post
    if post == old:
        return False
    values = to_columns(post)
    edited = post.text != old.text
    if edited and not old.text and is_derived(old.post_id):  # an export without words: they are new to us, not edited
        _save_raws(connection, database, [item])
        runs = {"first_run": origin.run_id, "changed_run": origin.run_id, "changed_at": origin.at}
        values |= {**runs, "source": origin.source, "edited_from": ""}
    elif edited:
        _keep_version(connection, old)
        _save_raws(connection, database, [item])
        values |= {"changed_run": origin.run_id, "changed_at": origin.at, "source": origin.source}
    del values["published_at"], values["key"]
    place = (_P.c.published_at == post.published_at, _P.c.key == post.key)
    connection.execute(_P.update().where(*place).values(**values))
    return edited


def _keep_version(connection: Connection, post: Post) -> None:
    table = schema.post_versions
    count = connection.scalar(sa.select(sa.func.count()).where(table.c.post == post.key))
    row = connection.execute(sa.select(_P.c.changed_run, _P.c.changed_at).where(_P.c.key == post.key)).one()
    values = {"post": post.key, "n": (count or 0) + 1, "run_id": row.changed_run, "seen_at": row.changed_at}
    connection.execute(table.insert().values(**values, body=encode(post)))


def _save_raws(connection: Connection, database: Database, items: Iterable[Collected]) -> None:
    rows = [
        {
            "post": item.post.key,
            "raw_sha256": item.post.raw_sha256,
            "data": zlib.compress(item.raw),
            "published_at": item.post.published_at,
        }
        for item in items
        if item.raw
    ]
    if rows:
        connection.execute(database.insert(schema.raws).on_conflict_do_nothing(), rows)


def _save_sightings(connection: Connection, database: Database, origin: _Origin, posts: Iterable[Post]) -> None:
    rows = [
        {
            "account_id": origin.account_id,
            "published_at": post.published_at,
            "post": post.key,
            "first_seen_at": origin.at,
            "last_seen_at": origin.at,
            "seen_run": origin.run_id,
            "source": origin.source,
        }
        for post in posts
    ]
    if not rows:
        return
    connection.execute(_seen_again(database.is_sqlite), rows)


@cache
def _seen_again(is_sqlite: bool) -> sqlite.Insert | postgresql.Insert:
    insert = insert_into(_S, is_sqlite=is_sqlite)
    now = {name: insert.excluded[name] for name in ("last_seen_at", "seen_run", "source")}
    return insert.on_conflict_do_update(
        index_elements=["account_id", "published_at", "post"],
        set_=now | {"vanished_at": None, "vanished_run": None, "missed_at": None},
        where=sa.and_(*absences.newer(insert.excluded.last_seen_at)),
    )


def _move_watermark(connection: Connection, run: Run, account_id: int, reading: Reading) -> None:
    row = connection.execute(_READ_UNTIL, {"account": account_id}).one()
    # A rerun reads its own window only; it may not leave a gap between the old watermark and its start.
    if run.kind not in READS_ON and (row.read_until is None or run.window.start > row.read_until):
        return
    read_until = min(run.window.end, reading.checked_at)
    if row.read_until is not None and row.read_until >= read_until:
        return
    last = connection.execute(_NEWEST, {"account": account_id}).one_or_none()
    values: dict[str, Any] = {"account": account_id, "read_until": read_until}
    if last is None:
        connection.execute(_READ, values)
    else:
        values |= {"last_post_at": last.published_at, "last_post_id": last.post.partition(":")[2]}
        connection.execute(_READ_TO, values)
