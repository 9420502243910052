"""Reads posts in JSON lines, labelled or plain. Only ``id`` and ``text`` are required."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Category, Family, Post, PostKind

_UNDATED = datetime(2025, 1, 1, tzinfo=UTC)
"""Publication time of a line that names none; no situation is known for it."""
_MAX_PROBLEMS = 20
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class LabelledPost(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file."""

    id: str
    text: str
    image_text: str = ""
    platform: str = "x"
    unit: str = ""
    unit_type: str = ""
    posted_at: datetime | None = None
    kind: PostKind = "post"
    labels: tuple[Family, ...] | None = None
    """Families that a careful reader wants flagged; None when the line is not labelled."""
    category: Category | None = None
    hard: bool = False
    note: str = ""

    def post(self, number: int) -> Post:
        """The line as a post; ``number`` is its place in the file, so that ids may repeat."""
        moment = self.posted_at or _UNDATED
        return Post(
            platform="jsonl",
            post_id=f"{number}",
            account=f"jsonl:@{self.unit}",
            kind=self.kind,
            published_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
            text=self.text,
            image_text=self.image_text,
        )


def read_labelled(path: Path) -> list[LabelledPost]:
    """All lines of a file. Raises ``ImportFileError`` naming each wrong line (the first twenty)."""
    return list(iter_labelled(path))


def iter_labelled(path: Path) -> Iterator[LabelledPost]:
    """Lines one by one, so that large files need no memory. Raises ``ImportFileError`` after the last good line."""
    problems: list[Problem] = []
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                if not line.strip():
                    continue
                try:
                    yield _decode(line)
                except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                    remedy = 'Setiap baris harus berupa objek JSON dengan paling sedikit "id" dan "text".'
                    problems.append(Problem(str(path), f"baris {number}", "", f"tidak dapat dibaca ({error})", remedy))
                    if len(problems) >= _MAX_PROBLEMS:
                        break
    except OSError as error:
        problems.append(Problem(str(path), "berkas", "", f"tidak dapat dibaca ({error})", "Periksa nama berkas."))
    if problems:
        raise ImportFileError(problems)


def _decode(line: bytes) -> LabelledPost:
    """One line. Bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD, so that one broken caption stops nothing."""
    text = line.decode("utf-8", "replace")
    try:
        return msgspec.json.decode(text, type=_Line).checked()
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if "\\ud" not in text.lower():
            raise
        whole = _LONE_SURROGATE.sub("\ufffd", json.dumps(json.loads(text), ensure_ascii=False))
        return msgspec.json.decode(whole, type=_Line).checked()


class _Line(msgspec.Struct):
    """A line before its values were checked; null counts as absent, ids may be numbers."""

    id: str | int
    text: str | None
    image_text: str | None = None
    platform: str | None = None
    unit: str | None = None
    unit_type: str | None = None
    posted_at: str | None = None
    kind: str | None = None
    labels: list[str] | None = None
    category: str | None = None
    hard: bool | None = None
    note: str | None = None

    def checked(self) -> LabelledPost:
        """The line as a labelled post. Raises ``msgspec.ValidationError``."""
        values: dict[str, Any] = {
            name: value for name, value in msgspec.structs.asdict(self).items() if value is not None
        }
        return msgspec.convert(values | {"id": str(self.id), "text": self.text or ""}, LabelledPost)
