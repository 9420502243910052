"""Nouns about pictures: the words read off them, where those stand, and what became of each picture of a post."""

from typing import Literal

import msgspec

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the picture as it was published."""

PictureState = Literal["read", "unreadable", "unfetched"]
"""``read`` and ``unreadable`` are final; an ``unfetched`` one is tried again when its post is checked again."""


class PictureLine(msgspec.Struct, frozen=True):
    """One line of writing on a picture; ``score`` is how sure the reader is of its letters, 0 to 1."""

    text: str
    score: float
    box: Box


class PictureSpot(msgspec.Struct, frozen=True):
    """Where quoted words stand: picture of the post and line on it, both counted from 1."""

    picture: int
    line: int
    box: Box


class PlacedLine(msgspec.Struct, frozen=True):
    """A line with the stretch ``image_text[start:end]`` that it fills."""

    spot: PictureSpot
    start: int
    end: int
    score: float


class PictureFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a picture's bytes, whoever posted them."""

    sha256: str
    dhash: str
    """Difference hash, 16 hex digits."""
    width: int
    height: int
    same_as: str
    """``sha256`` of the first stored picture that shows the same; its own for the first."""
    similar_to: str = ""
    """``sha256`` of a stored picture that may show the same, for a person to judge."""


class PostPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the ``n``-th picture (from 1) of a post."""

    n: int
    state: PictureState
    reason: str = ""
    """Why it could not be read, or what was left out; Indonesian."""
    sha256: str = ""
    ocr_version: str = ""
    start: int = 0
    """Where its lines, one sign apart, begin in ``Post.image_text``."""
    lines: tuple[PictureLine, ...] = ()


class PictureUse(msgspec.Struct, frozen=True):
    """A stored post that shows a picture: the same file, or another one that shows the same."""

    post: str
    n: int
    sha256: str
    same_as: str


class Thumbnail(msgspec.Struct, frozen=True):
    """A small copy (JPEG without any metadata) of a post's picture; ``width`` and ``height`` in pixels."""

    data: bytes
    width: int
    height: int
