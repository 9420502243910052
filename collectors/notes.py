"""What a source remembers from night to night to save requests: one JSON file in the state folder, one note per account.

A note never decides what is true about an account; when the file is lost, the next night only costs more.
"""

from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog

_log = structlog.get_logger(__name__)

T = TypeVar("T", bound=msgspec.Struct)


class Notes(Generic[T]):
    """Notes by ``Account.key``. ``path`` None: nothing is kept."""

    def __init__(self, path: Path | None, kind: type[T]) -> None:
        self._path = path
        self._known: dict[str, T] = {}
        self._changed = False
        if path is not None and path.exists():
            try:
                self._known = msgspec.json.decode(path.read_bytes(), type=dict[str, kind])  # type: ignore[valid-type]
            except (OSError, msgspec.DecodeError) as error:
                _log.warning("notes.unreadable", file=path.name, error=type(error).__name__)

    def get(self, key: str) -> T | None:
        """The note about an account, if there is one."""
        return self._known.get(key)

    def put(self, key: str, note: T) -> None:
        """Replace the note about an account."""
        self._known[key] = note
        self._changed = True

    def save(self) -> None:
        """Write the file anew in one step, if anything changed."""
        if self._path is None or not self._changed:
            return
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(self._known))
            fresh.replace(self._path)
        except OSError as error:
            _log.warning("notes.not_saved", file=self._path.name, error=type(error).__name__)
            return
        self._changed = False
