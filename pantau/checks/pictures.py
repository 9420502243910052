"""Looks at the pictures of posts: opens each file, reads its words, and tells which earlier picture it repeats.

Opening and reading (``examine``) needs nothing but the file, so another machine may do it; ``Desk`` compares with what was seen.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from pantau.checks.ocr import TextReader
from pantau.checks.picture_file import open_picture
from pantau.checks.picture_hash import SAME_BITS, Fingerprints, difference_hash
from pantau.checks.picture_text import same_words
from pantau.core.errors import PictureError
from pantau.core.pictures import PictureFacts, PictureLine, PostPicture

Recall = Callable[[str, str], tuple[PictureLine, ...] | None]
"""The words of a file (``sha256``, version of the reader) if they were read before."""


class Examined(msgspec.Struct, frozen=True):
    """What one file shows, whatever was seen before."""

    lines: tuple[PictureLine, ...]
    dhash: str
    width: int
    height: int
    note: str = ""
    """What was left out; empty: nothing."""


class Eyes(Protocol):
    """Examines the files that a desk is handed, here or elsewhere."""

    version: str
    """Of the reader of words; part of the key under which they are kept."""

    def examine(self, data: bytes, lines: tuple[PictureLine, ...] | None) -> Examined:
        """What a file shows; its words are ``lines`` when they are known. Raises ``PictureError``."""
        ...


class OwnEyes:
    """Examines files in this process."""

    def __init__(self, reader: TextReader) -> None:
        self.version = reader.version
        self._reader = reader

    def examine(self, data: bytes, lines: tuple[PictureLine, ...] | None) -> Examined:
        """See ``Eyes``."""
        return examine(self._reader, data, lines)


def examine(reader: TextReader | None, data: bytes, lines: tuple[PictureLine, ...] | None = None) -> Examined:
    """What a file shows. ``reader`` may be None where its words are known. Raises ``PictureError``."""
    opened = open_picture(data)
    if lines is None:
        if reader is None:
            raise PictureError("tidak ada pembaca gambar")
        lines = _scaled(reader.read(opened.image), opened.width / opened.image.width)
    return Examined(lines, difference_hash(opened.image), opened.width, opened.height, opened.note)


class Seen(msgspec.Struct, frozen=True):
    """What looking at one picture gave."""

    picture: PostPicture
    facts: PictureFacts | None = None
    """None for a file that cannot be opened."""
    fresh: bool = False
    """True when the reader had to read it; false when its words were known."""


class Desk:
    """Reads pictures one by one and remembers them. A file seen before, tonight or in another night, is not read again."""

    def __init__(
        self,
        eyes: Eyes,
        recall: Recall,
        known: Callable[[str], PictureFacts | None],
        fingerprints: Iterable[tuple[str, str]],
    ) -> None:
        """``recall`` and ``known`` answer from the store; ``fingerprints`` are the pictures of earlier nights."""
        self._eyes = eyes
        self._stored = recall, known
        self._tonight: dict[str, tuple[tuple[PictureLine, ...], PictureFacts]] = {}
        self._fingerprints = Fingerprints(fingerprints)

    def look(self, n: int, data: bytes) -> Seen:
        """The ``n``-th picture of a post. Whatever is wrong with it becomes an ``unreadable`` picture with its reason."""
        sha256 = hashlib.sha256(data).hexdigest()
        lines, facts = self._recall(sha256)
        if lines is not None and facts is not None:
            return Seen(self._read(n, sha256, lines, ""), facts)
        try:
            shown = self._eyes.examine(data, lines)
        except PictureError as error:
            return Seen(PostPicture(n=n, state="unreadable", sha256=sha256, reason=str(error)))
        same_as, similar_to = self._originals(shown.dhash, shown.lines)
        facts = PictureFacts(
            sha256=sha256,
            dhash=shown.dhash,
            width=shown.width,
            height=shown.height,
            same_as=same_as or sha256,
            similar_to=similar_to,
        )
        if not same_as:
            self._fingerprints.add(sha256, shown.dhash)
        self._tonight[sha256] = shown.lines, facts
        return Seen(self._read(n, sha256, shown.lines, shown.note), facts, lines is None)

    def is_known(self, data: bytes) -> bool:
        """True when the words of this file need not be read again."""
        return self._recall(hashlib.sha256(data).hexdigest())[0] is not None

    def _recall(self, sha256: str) -> tuple[tuple[PictureLine, ...] | None, PictureFacts | None]:
        """Words and facts of a file, as far as they are known."""
        if sha256 in self._tonight:
            return self._tonight[sha256]
        recall, known = self._stored
        return recall(sha256, self._eyes.version), known(sha256)

    def _read(self, n: int, sha256: str, lines: tuple[PictureLine, ...], note: str) -> PostPicture:
        return PostPicture(n=n, state="read", sha256=sha256, ocr_version=self._eyes.version, lines=lines, reason=note)

    def _originals(self, dhash: str, lines: tuple[PictureLine, ...]) -> tuple[str, str]:
        """The earlier picture that shows the same and, failing that, one that may. Other words on one layout: neither."""
        similar = ""
        for bits, sha256 in self._fingerprints.near(dhash):
            words, _ = self._recall(sha256)
            if words is not None and not same_words(words, lines):
                continue
            if bits <= SAME_BITS and words is not None:
                return sha256, ""
            similar = similar or sha256
        return "", similar


def _scaled(lines: tuple[PictureLine, ...], factor: float) -> tuple[PictureLine, ...]:
    """Boxes in pixels of the picture as published."""
    if factor == 1:
        return lines
    return tuple(
        PictureLine(line.text, line.score, (*(round(side * factor) for side in line.box),))  # type: ignore[arg-type]
        for line in lines
    )
