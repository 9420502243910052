"""Posts that are no longer shown. A post is never deleted here; what is missing twice is called vanished until it is seen again.

One answer without a post proves little (services answer from copies that lag behind one another), so a first absence is only
noted. A second one, at least ``CONFIRM_AFTER`` later and with no sighting in between, confirms it. Absence counts from the first.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.derived_ids import is_derived
from pantau.core.model import Scan, Window
from pantau.store import schema
from pantau.store.database import chunks

CONFIRM_AFTER = timedelta(hours=12)
"""Longer than an evening with its repeated starts, shorter than from one night to the next."""
_S = schema.sightings


def note_presence(connection: Connection, run_id: str, account_id: int, scan: Scan) -> None:
    """Posts that the scan showed beside those that were wanted: still there, whatever was noted of them before.

    Only those that had been missing count as seen in the run; else each night's manifest would repeat every old post.
    """
    at = scan.reading.checked_at
    back = sa.case((_S.c.missed_at.is_not(None), sa.literal(run_id)), else_=_S.c.seen_run)
    values: dict[str, Any] = {"last_seen_at": at, "vanished_at": None, "vanished_run": None, "missed_at": None}
    values |= {"seen_run": back, "source": scan.reading.source}
    beside = [*scan.shown, *(item.post.post_id for item in scan.older)]
    for chunk in chunks(_keys(scan, beside)):
        here = (_S.c.account_id == account_id, _S.c.post.in_(chunk), *newer(at))
        connection.execute(_S.update().where(*here).values(**values))


def note_absence(connection: Connection, run_id: str, account_id: int, scan: Scan, span: Window | None) -> int:
    """Posts that the scan proves to be missing; how many are called vanished from now on.

    In ``span`` those of the posts that this very source showed before and does not show now: another source of the same platform
    may list other things. Outside of it those that were asked for one by one.
    """
    at = scan.reading.checked_at
    missing: set[str] = set(_keys(scan, scan.absent))
    if span is not None:
        seen = {item.post.post_id for item in (*scan.posts, *scan.older)} | set(scan.shown)
        stored = sa.select(_S.c.post).where(
            _S.c.account_id == account_id,
            _S.c.published_at >= span.start,
            _S.c.published_at < span.end,
            _S.c.source == scan.reading.source,
            _S.c.vanished_at.is_(None),
        )
        stored_ids = {key.partition(":")[2]: key for key in connection.scalars(stored)}
        # A post that an export brought has an id of ours, which a mere list of the platform's ids does not hold.
        missing |= {key for i, key in stored_ids.items() if i not in seen and not (scan.shown and is_derived(i))}
    vanished = 0
    for chunk in chunks(sorted(missing)):
        here = (_S.c.account_id == account_id, _S.c.post.in_(chunk), _S.c.last_seen_at < at, _S.c.vanished_at.is_(None))
        confirmed = _S.update().where(*here, _S.c.missed_at <= at - CONFIRM_AFTER)
        vanished += connection.execute(confirmed.values(vanished_at=_S.c.missed_at, vanished_run=run_id)).rowcount
        connection.execute(_S.update().where(*here, _S.c.missed_at.is_(None)).values(missed_at=at))
    return vanished


def newer(at: datetime | Any) -> "tuple[sa.ColumnElement[bool], ...]":
    """The condition under which a sighting at ``at`` counts: not older than what was seen, or found missing, before."""
    return _S.c.last_seen_at < at, sa.or_(_S.c.missed_at.is_(None), _S.c.missed_at <= at)


def _keys(scan: Scan, post_ids: Collection[str]) -> Iterable[str]:
    platform = scan.reading.account.partition(":")[0]
    return (f"{platform}:{post_id}" for post_id in post_ids)
