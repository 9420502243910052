"""What became of the pictures of posts, the words read off each file, and which posts show the same picture."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pantau.core.errors import StoreError
from pantau.core.model import Media
from pantau.core.pictures import PictureFacts, PictureLine, PictureUse, PostPicture
from pantau.store import schema
from pantau.store.database import Database, chunks
from pantau.store.posts import encode_media
from pantau.store.texts import clean, encode

_F = schema.pictures
_T = schema.picture_texts
_U = schema.post_pictures
_LINES = msgspec.json.Decoder(tuple[PictureLine, ...])


class Pictures:
    """Pictures by the post that shows them and by the hash of their bytes. The bytes themselves are not kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_posts(self, keys: Iterable[str]) -> dict[str, tuple[PostPicture, ...]]:
        """What became of the pictures of posts, in order; posts of which nothing is recorded are absent."""
        joined = sa.and_(_T.c.sha256 == _U.c.sha256, _T.c.ocr_version == _U.c.ocr_version)
        query = sa.select(_U, _T.c.body).outerjoin(_T, joined).order_by(_U.c.post, _U.c.n)
        found: dict[str, list[PostPicture]] = {}
        with self._database.read() as connection:
            for chunk in chunks(clean(key) for key in keys):
                for row in connection.execute(query.where(_U.c.post.in_(chunk))):
                    picture = PostPicture(
                        n=row.n,
                        state=row.state,
                        reason=row.reason,
                        sha256=row.sha256,
                        ocr_version=row.ocr_version,
                        start=row.start,
                        lines=_LINES.decode(row.body) if row.body else (),
                    )
                    found.setdefault(row.post, []).append(picture)
        return {key: tuple(pictures) for key, pictures in found.items()}

    def text(self, sha256: str, ocr_version: str) -> tuple[PictureLine, ...] | None:
        """The lines on a file as that version of the reader saw them; None when it never read the file."""
        query = sa.select(_T.c.body).where(_T.c.sha256 == sha256, _T.c.ocr_version == ocr_version)
        with self._database.read() as connection:
            body = connection.scalar(query)
        return None if body is None else _LINES.decode(body)

    def facts(self, sha256s: Iterable[str]) -> dict[str, PictureFacts]:
        """What is known of files, by hash; unknown ones are absent."""
        found: dict[str, PictureFacts] = {}
        with self._database.read() as connection:
            for chunk in chunks(sha256s):
                rows = connection.execute(sa.select(_F).where(_F.c.sha256.in_(chunk)))
                found |= {row.sha256: PictureFacts(**row._mapping) for row in rows}
        return found

    def fingerprints(self) -> list[tuple[str, str]]:
        """``sha256`` and difference hash of the first file of each group of same pictures, by ``sha256``."""
        query = sa.select(_F.c.sha256, _F.c.dhash).where(_F.c.same_as == _F.c.sha256).order_by(_F.c.sha256)
        with self._database.read() as connection:
            return [(row.sha256, row.dhash) for row in connection.execute(query)]

    def uses(self, groups: Collection[str]) -> list[PictureUse]:
        """All posts that show a picture of these groups (``PictureFacts.same_as``), oldest first."""
        posts = schema.posts
        query = (
            sa.select(_U.c.post, _U.c.n, _U.c.sha256, _F.c.same_as, posts.c.published_at)
            .join(_F, _F.c.sha256 == _U.c.sha256)
            .join(posts, posts.c.key == _U.c.post)
        )
        rows: list[Any] = []
        with self._database.read() as connection:
            for chunk in chunks(groups):
                rows += connection.execute(query.where(_F.c.same_as.in_(chunk))).all()
        rows.sort(key=lambda row: (row.published_at, row.post, row.n))
        return [PictureUse(row.post, row.n, row.sha256, row.same_as) for row in rows]

    def save(
        self,
        post: str,
        pictures: Sequence[PostPicture],
        *,
        facts: Iterable[PictureFacts] = (),
        image_text: str | None = None,
        media: Sequence[Media] = (),
    ) -> None:
        """Keep what became of pictures of a post, and with it the post's words, in one transaction.

        Not an edit: no version is made. New words change ``text_sha256``, so this belongs before the checks of the night.
        What is known of a file and of its words stays as it was first stored. Raises ``StoreError`` for an unknown post.
        """
        with self._database.write() as connection:
            values = {} if image_text is None else {"image_text": image_text}
            values |= {"media": encode_media(media)} if media else {}
            place = schema.posts.c.key == post
            if not connection.scalar(sa.select(sa.func.count()).where(place)):
                raise StoreError(f"Kiriman {post} tidak ada di basis data; gambarnya tidak dapat dicatat.")
            if values:
                connection.execute(schema.posts.update().where(place).values(**values))
            self._save_files(connection, pictures, facts)
            for picture in pictures:
                row = msgspec.structs.asdict(picture)
                del row["lines"]
                insert = self._database.insert(_U).values(post=post, **row)
                connection.execute(insert.on_conflict_do_update(index_elements=["post", "n"], set_=row))

    def _save_files(
        self, connection: Connection, pictures: Sequence[PostPicture], facts: Iterable[PictureFacts]
    ) -> None:
        rows = [msgspec.structs.asdict(item) for item in facts]
        if rows:
            connection.execute(self._database.insert(_F).on_conflict_do_nothing(), rows)
        texts = [
            {"sha256": item.sha256, "ocr_version": item.ocr_version, "body": encode(item.lines)}
            for item in pictures
            if item.state == "read"
        ]
        if texts:
            connection.execute(self._database.insert(_T).on_conflict_do_nothing(), texts)
