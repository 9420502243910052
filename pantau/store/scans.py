"""Storing what a scan brought: posts, raw answers, versions, the reading and the watermark, in the caller's transaction."""

import zlib
from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.clock import to_utc
from pantau.core.model import Collected, Media, Post, Reading, Run, Scan, Window
from pantau.store import schema, twins
from pantau.store.accounts import directory, learn
from pantau.store.database import Database, chunks
from pantau.store.posts import get_posts, raw_hash, to_columns
from pantau.store.readings import save_reading
from pantau.store.records import Saved
from pantau.store.runs import READS_ON, get_run
from pantau.store.texts import cleaned, encode

_A = schema.accounts
_P = schema.posts
_S = schema.sightings


def save_scan(connection: Connection, database: Database, run_id: str, scan: Scan, span: Window | None) -> Saved:
    """Everything of one scan; see ``Store.save_scan``."""
    run = get_run(connection, run_id)
    reading = scan.reading
    account_id = directory(connection, reading.account).id_of(reading.account)
    account_id = learn(connection, account_id, scan.platform_id, scan.handle)
    posts = twins.under_stored_ids(connection, account_id, scan.posts)
    saved = _save_posts(connection, database, run_id, account_id, posts, reading.checked_at)
    save_reading(connection, database, run_id, account_id, reading)
    if reading.complete:
        _move_watermark(connection, run, account_id, reading)
    if span is not None and reading.outcome == "read":
        seen = {item.post.post_id for item in posts}
        vanished = mark_unseen(connection, run_id, account_id, span, seen, reading.checked_at)
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
        new += _save_posts(connection, database, run_id, account_id, missing, at).new
    return Saved(new=new)


def mark_unseen(
    connection: Connection, run_id: str, account_id: int, window: Window, seen: Collection[str], at: datetime
) -> int:
    """Mark the account's posts of the window whose ids are not in ``seen`` as vanished since ``at``; how many."""
    stored = sa.select(_S.c.post).where(
        _S.c.account_id == account_id,
        _S.c.published_at >= window.start,
        _S.c.published_at < window.end,
        _S.c.vanished_at.is_(None),
        _S.c.last_seen_at < at,
    )
    missing = [key for key in connection.scalars(stored) if key.partition(":")[2] not in seen]
    for chunk in chunks(missing):
        change = _S.update().where(_S.c.account_id == account_id, _S.c.post.in_(chunk))
        connection.execute(change.values(vanished_at=at, vanished_run=run_id))
    return len(missing)


def merged(old: Post, new: Post) -> Post:
    """The stored post after the same post was read again.

    The first publication time stays, so that a post never moves to another window. Words read off pictures stay, since
    the platforms do not let pictures be swapped, and so do the hashes of pictures that are still there. A new text makes
    an edit; the raw answer kept is always the one that brought the text.
    """
    same = msgspec.structs.replace(
        old,
        image_text=old.image_text or new.image_text,
        media=_with_hashes(old.media, new.media) if new.media else old.media,
        url=new.url or old.url,
        metrics=new.metrics or old.metrics,
    )
    if new.text == old.text:
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


def _save_posts(
    connection: Connection,
    database: Database,
    run_id: str,
    account_id: int,
    items: Iterable[Collected],
    at: datetime,
) -> Saved:
    found = {item.post.key: item for item in map(_prepared, items)}
    stored = get_posts(connection, database, found)
    new = [item for key, item in found.items() if key not in stored]
    if new:
        runs = {"account_id": account_id, "first_run": run_id, "changed_run": run_id, "changed_at": at}
        connection.execute(_P.insert(), [to_columns(item.post) | runs for item in new])
        _save_raws(connection, database, new)
    edited = 0
    last_seen = _last_seen(connection, stored)
    for key, old in stored.items():
        if at >= last_seen[key]:  # an older answer saved late must not undo what was seen after it
            edited += _update(connection, database, run_id, old, found[key], at)
    _save_sightings(connection, database, account_id, [stored.get(key, item.post) for key, item in found.items()], at)
    return Saved(new=len(new), edited=edited)


def _prepared(item: Collected) -> Collected:
    post = cleaned(msgspec.structs.replace(item.post, published_at=to_utc(item.post.published_at)))
    if item.raw:
        post = msgspec.structs.replace(post, raw_sha256=raw_hash(item.raw))
    return Collected(post, item.raw)


def _last_seen(connection: Connection, keys: Iterable[str]) -> dict[str, datetime]:
    query = sa.select(_S.c.post, sa.func.max(_S.c.last_seen_at, type_=schema.Instant())).group_by(_S.c.post)
    found: dict[str, datetime] = {}
    for chunk in chunks(keys):
        found |= {row[0]: row[1] for row in connection.execute(query.where(_S.c.post.in_(chunk)))}
    return found


def _update(connection: Connection, database: Database, run_id: str, old: Post, item: Collected, at: datetime) -> bool:
    """Bring a stored post up to date; True when its text had changed and a version was kept."""
    post = merged(old, item.post)
    if post == old:
        return False
    values = to_columns(post)
    edited = post.text != old.text
    if edited:
        _keep_version(connection, old)
        _save_raws(connection, database, [item])
        values |= {"changed_run": run_id, "changed_at": at}
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
        {"post": item.post.key, "raw_sha256": item.post.raw_sha256, "data": zlib.compress(item.raw)}
        for item in items
        if item.raw
    ]
    if rows:
        connection.execute(database.insert(schema.raws).on_conflict_do_nothing(), rows)


def _save_sightings(
    connection: Connection, database: Database, account_id: int, posts: Iterable[Post], at: datetime
) -> None:
    rows = [
        {
            "account_id": account_id,
            "published_at": post.published_at,
            "post": post.key,
            "first_seen_at": at,
            "last_seen_at": at,
        }
        for post in posts
    ]
    if not rows:
        return
    insert = database.insert(_S)
    seen_again = insert.on_conflict_do_update(
        index_elements=["account_id", "published_at", "post"],
        set_={"last_seen_at": insert.excluded.last_seen_at, "vanished_at": None, "vanished_run": None},
        where=(_S.c.last_seen_at < insert.excluded.last_seen_at)
        & (_S.c.vanished_at.is_(None) | (_S.c.vanished_at <= insert.excluded.last_seen_at)),
    )
    connection.execute(seen_again, rows)


def _move_watermark(connection: Connection, run: Run, account_id: int, reading: Reading) -> None:
    row = connection.execute(sa.select(_A.c.read_until).where(_A.c.id == account_id)).one()
    # A rerun reads its own window only; it may not leave a gap between the old watermark and its start.
    if run.kind not in READS_ON and (row.read_until is None or run.window.start > row.read_until):
        return
    read_until = min(run.window.end, reading.checked_at)
    if row.read_until is not None and row.read_until >= read_until:
        return
    newest = sa.select(_S.c.published_at, _S.c.post).where(_S.c.account_id == account_id)
    last = connection.execute(newest.order_by(_S.c.published_at.desc(), _S.c.post.desc()).limit(1)).one_or_none()
    values = {"read_until": read_until}
    if last is not None:
        values |= {"last_post_at": last.published_at, "last_post_id": last.post.partition(":")[2]}
    connection.execute(_A.update().where(_A.c.id == account_id).values(**values))
