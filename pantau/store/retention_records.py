"""What retention does to personal data that was found, to findings and to decisions; inside the transaction of ``retention``."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.model import Post
from pantau.core.pictures import PictureLine
from pantau.store import schema
from pantau.store.audit import old_decisions, sha256_of
from pantau.store.database import chunks
from pantau.store.texts import decode, encode

_P, _V, _F = schema.posts, schema.post_versions, schema.findings
_LINES = msgspec.json.Decoder(tuple[PictureLine, ...])
PERSONAL_RULES = "DPR"
"""Family of the rules that find personal data; ``Finding.family`` is inside the body, and rule ids are the office's to choose."""


def mask_personal(connection: Connection, before: datetime, mask: Callable[[str], str]) -> tuple[dict[str, str], int]:
    """Mask the numbers in posts with a finding of personal data, and drop their raw answers.

    The hash of each post's new words by its key, also of one that had none to mask; and how many raw answers went.
    """
    told = sa.select(_F.c.post, _F.c.body).join(_P, _P.c.key == _F.c.post).where(_P.c.published_at < before)
    keys = {row.post for row in connection.execute(told) if decode(row.body, _Family).family == PERSONAL_RULES}
    masked: dict[str, str] = {}
    raws = 0
    for chunk in chunks(sorted(keys)):
        for row in connection.execute(sa.select(_P.c.key, _P.c.text, _P.c.image_text).where(_P.c.key.in_(chunk))).all():
            new = {"text": mask(row.text), "image_text": mask(row.image_text)}
            if (row.text, row.image_text) != (new["text"], new["image_text"]):
                connection.execute(_P.update().where(_P.c.key == row.key).values(**new))
                masked[row.key] = sha256_of(new["text"])
        masked |= _mask_versions(connection, chunk, mask)
        _mask_pictures(connection, chunk, mask)
        raws += connection.execute(schema.raws.delete().where(schema.raws.c.post.in_(chunk))).rowcount
    return masked, raws


class _Family(msgspec.Struct):
    family: str


def _mask_versions(connection: Connection, keys: list[str], mask: Callable[[str], str]) -> dict[str, str]:
    found = {}
    for row in connection.execute(sa.select(_V).where(_V.c.post.in_(keys))).all():
        old = decode(row.body, Post)
        new = msgspec.structs.replace(old, text=mask(old.text), image_text=mask(old.image_text))
        if new != old:
            place = (_V.c.post == row.post, _V.c.n == row.n)
            connection.execute(_V.update().where(*place).values(body=encode(new)))
            words = connection.scalar(sa.select(_P.c.text).where(_P.c.key == row.post))
            found[row.post] = sha256_of(words or "")
    return found


def _mask_pictures(connection: Connection, keys: list[str], mask: Callable[[str], str]) -> None:
    """The words read off the pictures of these posts; another post that shows the same file says the same number."""
    texts, shown = schema.picture_texts, schema.post_pictures
    files = sa.select(shown.c.sha256).where(shown.c.post.in_(keys))
    for row in connection.execute(sa.select(texts).where(texts.c.sha256.in_(files))).all():
        lines = _LINES.decode(row.body)
        new = tuple(msgspec.structs.replace(line, text=mask(line.text)) for line in lines)
        if new != lines:
            place = (texts.c.sha256 == row.sha256, texts.c.ocr_version == row.ocr_version)
            connection.execute(texts.update().where(*place).values(body=encode(new)))


def remove_findings(connection: Connection, before: datetime) -> tuple[int, int]:
    """Remove what runs before an instant found, and the digests that told of it; how many of each."""
    old = sa.select(schema.runs.c.run_id).where(schema.runs.c.as_of < before)
    findings = connection.execute(_F.delete().where(_F.c.run_id.in_(old))).rowcount
    documents = schema.documents
    return findings, connection.execute(documents.delete().where(documents.c.run_id.in_(old))).rowcount


def remove_decisions(connection: Connection, before: datetime, up_to: int) -> tuple[int, dict[str, object]]:
    """Remove decisions learnt of before an instant about findings that are gone: a dismissed one must stay dismissed.

    How many; and, when some went, number and hash of those up to row ``up_to`` that are older than the log.
    """
    table = schema.decisions
    gone = (table.c.recorded_at < before, table.c.finding_key.not_in(sa.select(_F.c.key)))
    removed = connection.execute(table.delete().where(*gone)).rowcount
    if not removed:
        return 0, {}
    count, sha256 = old_decisions(connection, up_to + 1)
    return removed, {"decisions": count, "sha256": sha256}
