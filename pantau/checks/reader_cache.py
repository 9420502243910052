"""Answers of the reader, kept by content, model and prompt: one JSON line each in a file per month.

A file, not a table: it is the same beside either database, survives a killed night line by line, and losing it costs money only.
"""

import contextlib
import hashlib
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import msgspec

from pantau.checks.reader_answer import Answer
from pantau.checks.reader_prompt import Sent

_KEPT_DAYS = 400
_KEY_CHARS = 32


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    answers: tuple[Answer, ...]


def answer_key(sent: Sent, model: str, prompt: str) -> str:
    """Names what was asked: the texts as sent, the model and the prompt's version."""
    asked = msgspec.json.encode((model, prompt, sent.text, sent.image_text))
    return hashlib.sha256(asked).hexdigest()[:_KEY_CHARS]


class AnswerCache:
    """The kept answers. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None, today: date) -> None:
        self._folder = folder
        self._month = f"{today:%Y-%m}"
        self._oldest = f"{today - timedelta(days=_KEPT_DAYS):%Y-%m}"

    def get(self, keys: Collection[str]) -> dict[str, tuple[Answer, ...]]:
        """Those of the wanted answers that are kept. Lines that cannot be read are as good as none."""
        found: dict[str, tuple[Answer, ...]] = {}
        wanted = {key.encode() for key in keys}
        for path in self._files() if wanted else ():
            with contextlib.suppress(OSError), path.open("rb") as file:
                for line in file:
                    if line[8 : 8 + _KEY_CHARS] not in wanted:  # {"key":"<key>"
                        continue
                    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                        kept = msgspec.json.decode(line, type=_Line)
                        found[kept.key] = kept.answers
        return found

    def add(self, answers: dict[str, tuple[Answer, ...]]) -> None:
        """Keep answers. A full disk costs money later, nothing else."""
        if self._folder is None or not answers:
            return
        lines = [msgspec.json.encode(_Line(key=key, answers=items)) for key, items in answers.items()]
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / f"{self._month}.jsonl"
            with path.open("ab") as file:
                path.chmod(0o600)
                file.write(b"\n" + b"\n".join(lines) + b"\n")  # a line torn by a kill ends here

    def _files(self) -> list[Path]:
        """The months that are kept, oldest first; older ones go."""
        if self._folder is None or not self._folder.is_dir():
            return []
        files = sorted(self._folder.glob("????-??.jsonl"))
        for path in files:
            if path.stem < self._oldest:
                path.unlink(missing_ok=True)
        return [path for path in files if path.stem >= self._oldest]
