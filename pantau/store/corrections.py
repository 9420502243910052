"""Flagged posts that were taken down, or edited so that the rule is silent: what counts as corrected, and how long it took.

Removed is what the stored absence says (``absences``): missed by two readings of an account that could be read, and not seen since.
Edited is a newer version that a night has checked without a word of that rule, and that does not hold the flagged words any more;
for a rule that did not run then (``NOT_JUDGED``) nobody knows, and so for one that judges something else than words. A review is
never counted against anybody, so it needs no correction; a dismissed flag was no violation, and there was nothing to correct.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import Finding, Post
from pantau.core.periods import Correction
from pantau.store import schema
from pantau.store.columns import Instant
from pantau.store.database import Database, chunks
from pantau.store.decisions import decided
from pantau.store.posts import get_posts
from pantau.store.runs import NIGHTS
from pantau.store.same_words import plain_words
from pantau.store.texts import decode

NOT_JUDGED = "not_judged"
"""Event of a run that checked a newer version of a flagged post without that rule (failed, off). Detail: the finding's key."""
_F = schema.findings
_P = schema.posts
_S = schema.sightings
_V = schema.post_versions
_R = schema.runs


class _Version(msgspec.Struct, frozen=True):
    """How a post read, when it was first seen so, and the run that brought it."""

    post: Post
    seen_at: datetime
    started_at: datetime
    as_of: datetime


class Corrections:
    """What became of flagged posts, worked out anew at each call: a post that comes back is no longer corrected."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, start: datetime, end: datetime) -> list[Correction]:
        """Corrections with ``start <= noticed_at < end``, in order of (corrected_by, post, key)."""
        with self._database.read() as connection:
            found = {item.finding_key: item for item in _removed(connection, None, (start, end))}
            for chunk in chunks(tuple(found)):
                found |= _edited(connection, self._database, chunk)
            found |= _edited(connection, self._database, None, start)
            kept = _not_dismissed(connection, found)
        within = (item for item in kept.values() if start <= item.noticed_at < end)
        return sorted(within, key=lambda item: (item.corrected_by, item.post, item.finding_key))

    def of_findings(self, keys: Iterable[str]) -> dict[str, Correction]:
        """Corrections by finding key; findings that are as they were are absent."""
        found: dict[str, Correction] = {}
        with self._database.read() as connection:
            for chunk in chunks(keys):
                here = {item.finding_key: item for item in _removed(connection, chunk)}
                here |= _edited(connection, self._database, chunk)  # it came before the post was taken down
                found |= _not_dismissed(connection, here)
        return found


def _flagged(keys: Collection[str] | None) -> "sa.Subquery":
    """Flags about posts by key, with their first night; a key that was last reported as a review is none."""
    as_flag = sa.case((_F.c.strength == "flag", _R.c.as_of))
    last_flag = sa.func.max(as_flag)
    last_review = sa.func.max(sa.case((_F.c.strength == "review", _R.c.as_of)))
    query = (
        sa.select(_F.c.key, _F.c.post, _F.c.rule_id, sa.func.min(as_flag, type_=Instant()).label("flagged_at"))
        .join(_R, _R.c.run_id == _F.c.run_id)
        .where(_R.c.kind.in_(NIGHTS), _F.c.post != "")
        .group_by(_F.c.key, _F.c.post, _F.c.rule_id)
        .having(last_flag.is_not(None), sa.or_(last_review.is_(None), last_flag > last_review))
    )
    if keys is not None:
        query = query.where(_F.c.key.in_(keys))
    return query.subquery("flagged")


def _removed(
    connection: Connection, keys: Collection[str] | None, noticed: tuple[datetime, datetime] | None = None
) -> Iterator[Correction]:
    """Flags whose post no account shows any more; only those that were noticed in that span, where one is given."""
    flagged = _flagged(keys)
    since = sa.func.max(_S.c.vanished_at, type_=Instant())
    surely = sa.func.max(_R.c.as_of, type_=Instant())
    query = (
        sa.select(
            *(flagged.c[name] for name in ("key", "post", "flagged_at")),
            sa.func.max(_S.c.last_seen_at, type_=Instant()).label("seen_until"),
            since.label("corrected_by"),
            surely.label("noticed_at"),
        )
        .join(_S, _S.c.post == flagged.c.post)
        .outerjoin(_R, _R.c.run_id == _S.c.vanished_run)
        .group_by(flagged.c.key, flagged.c.post, flagged.c.flagged_at)
        .having(sa.func.count() == sa.func.count(_S.c.vanished_at))
    )
    if noticed is not None:
        query = query.having(surely >= noticed[0], surely < noticed[1])
    for row in connection.execute(query).all():
        yield Correction(
            finding_key=row.key,
            post=row.post,
            unit=_newest(connection, row.key).unit,
            change="removed",
            flagged_at=row.flagged_at,
            seen_until=row.seen_until,
            corrected_by=row.corrected_by,
            noticed_at=row.noticed_at or row.corrected_by,
        )


def _edited(
    connection: Connection, database: Database, keys: Collection[str] | None, since: datetime | None = None
) -> dict[str, Correction]:
    """Flags about which the rule is silent in the post's newest version; ``since``: of posts that changed in a run from then on."""
    flagged = _flagged(keys)
    brought, checked, other = _R.alias(), _R.alias(), _R.alias()
    category, event = schema.categories, schema.run_events
    said_again = sa.select(_F.c.key).join(other, other.c.run_id == _F.c.run_id)
    said_again = said_again.where(
        _F.c.post == flagged.c.post,
        _F.c.rule_id == flagged.c.rule_id,
        other.c.started_at >= brought.c.started_at,
    )
    not_judged = sa.select(event.c.id).join(other, other.c.run_id == event.c.run_id)
    not_judged = not_judged.where(
        event.c.name == NOT_JUDGED,
        event.c.detail == flagged.c.key,
        other.c.started_at >= brought.c.started_at,
    )
    query = (
        sa.select(flagged.c.key, flagged.c.post, flagged.c.rule_id, flagged.c.flagged_at)
        .join(_P, _P.c.key == flagged.c.post)
        .join(brought, brought.c.run_id == _P.c.changed_run)
        .join(category, category.c.post == flagged.c.post)
        .join(checked, checked.c.run_id == category.c.run_id)
        .where(_P.c.edited_from != "", checked.c.started_at >= brought.c.started_at)
        .where(~said_again.exists(), ~not_judged.exists())
    )
    if since is not None:
        query = query.where(brought.c.as_of >= since)
    found: dict[str, Correction] = {}
    for row in connection.execute(query).all():
        finding = _newest(connection, row.key)
        change = _silent_since(connection, finding, _versions(connection, database, row.post))
        if change is not None:
            before, first = change
            found[row.key] = Correction(
                finding_key=row.key,
                post=row.post,
                unit=finding.unit,
                change="edited",
                flagged_at=row.flagged_at,
                seen_until=before.seen_at,
                corrected_by=first.seen_at,
                noticed_at=first.as_of,
            )
    return found


def _silent_since(
    connection: Connection, finding: Finding, versions: list[_Version]
) -> tuple[_Version, _Version] | None:
    """The last version with the flagged words and the first without; None when the words are still there, or cannot be compared.

    The newest version is known to be checked; an older one counts only when a night came between it and the next.
    """
    words = _flagged_words(finding, versions)
    if not words or _holds(versions[-1].post, words):
        return None
    at = len(versions) - 1
    while at > 1:
        before = versions[at - 1]
        if _holds(before.post, words) or not _silent_between(
            connection, finding, before.started_at, versions[at].started_at
        ):
            break
        at -= 1
    return versions[at - 1], versions[at]


def _silent_between(connection: Connection, finding: Finding, start: datetime, end: datetime) -> bool:
    """True when some night from ``start`` on and before ``end`` judged, and none of the runs then said this of the post."""
    span = (_R.c.started_at >= start, _R.c.started_at < end)
    seen = schema.observations.c.run_id == _R.c.run_id
    night = sa.select(_R.c.run_id).where(*span, _R.c.kind.in_(NIGHTS), sa.exists().where(seen)).limit(1)
    said = sa.select(_R.c.run_id).join(_F, _F.c.run_id == _R.c.run_id)
    said = said.where(*span, _F.c.post == finding.post, _F.c.rule_id == finding.rule_id).limit(1)
    return connection.scalar(night) is not None and connection.scalar(said) is None


def _flagged_words(finding: Finding, versions: list[_Version]) -> list[tuple[str, str]]:
    """The words that the rule stopped at, each with the part of the post in which they stood."""
    judged = next((item.post for item in versions if item.post.text_sha256 == finding.subject), None)
    found: list[tuple[str, str]] = []
    for item in finding.evidence:
        if item.field not in ("text", "image_text"):
            continue
        # Rules mask personal data in the quote, not in the post.
        words = getattr(judged, item.field)[item.start : item.end] if judged else item.quote
        if words.strip():
            found.append((item.field, words))
    return found


def _holds(post: Post, words: list[tuple[str, str]]) -> bool:
    """True when all of the words still stand in the post, in capitals or not."""
    return all(
        re.search(rf"(?<!\w){re.escape(_folded(part))}(?!\w)", _folded(getattr(post, field))) for field, part in words
    )


def _folded(text: str) -> str:
    return plain_words(text).casefold()


def _newest(connection: Connection, key: str) -> Finding:
    query = sa.select(_F.c.body).join(_R, _R.c.run_id == _F.c.run_id).where(_F.c.key == key, _R.c.kind.in_(NIGHTS))
    order = (_R.c.as_of.desc(), _R.c.started_at.desc(), _F.c.n.desc())
    return decode(connection.execute(query.order_by(*order).limit(1)).scalar_one(), Finding)


def _versions(connection: Connection, database: Database, key: str) -> list[_Version]:
    """Every version of a post, oldest first."""
    older = sa.select(_V.c.body, _V.c.seen_at, _R.c.started_at, _R.c.as_of).join(_R, _R.c.run_id == _V.c.run_id)
    rows = connection.execute(older.where(_V.c.post == key).order_by(_V.c.n)).all()
    found = [_Version(decode(row.body, Post), row.seen_at, row.started_at, row.as_of) for row in rows]
    newest = sa.select(_P.c.changed_at, _R.c.started_at, _R.c.as_of).join(_R, _R.c.run_id == _P.c.changed_run)
    row = connection.execute(newest.where(_P.c.key == key)).one()
    post = get_posts(connection, database, [key])[key]
    return [*found, _Version(post, row.changed_at, row.started_at, row.as_of)]


def _not_dismissed(connection: Connection, found: dict[str, Correction]) -> dict[str, Correction]:
    kept: dict[str, Correction] = {}
    for chunk in chunks(found):
        decisions = decided(connection, chunk)
        kept |= {key: found[key] for key in chunk if key not in decisions or decisions[key].action != "dismiss"}
    return kept
