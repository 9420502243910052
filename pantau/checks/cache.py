"""Keeps compiled data between runs: msgpack files named by a hash of everything they were made from. Losing one costs time only."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")
_KEPT_FILES = 4


def content_key(*parts: object) -> str:
    """Hash (24 hex digits) of values that msgspec can encode; equal values give equal keys."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:24]


def cached(folder: Path | None, name: str, key: str, kind: type[T], build: Callable[[], T]) -> T:
    """The value in ``folder/name-key.msgpack``, or a newly built one, which is then kept there.

    Without a folder it is always built. A file that cannot be read, decoded or written is as good as none.
    """
    if folder is None:
        return build()
    path = folder / f"{name}-{key}.msgpack"
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.msgpack.decode(path.read_bytes(), type=kind)
    value = build()
    with contextlib.suppress(OSError):
        _write(path, msgspec.msgpack.encode(value))
        _prune(folder, name)
    return value


def _write(path: Path, content: bytes) -> None:
    """Write in one step, so that another process never reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def _prune(folder: Path, name: str) -> None:
    """Delete all but the newest files of a name."""
    files = sorted(folder.glob(f"{name}-*.msgpack"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_KEPT_FILES:]:
        path.unlink(missing_ok=True)


def user_cache_dir(environ: Mapping[str, str]) -> Path | None:
    """Where commands without settings keep compiled data: folder ``pantau`` in the user's cache; None without a home.

    ``environ`` is the process's environment (``XDG_CACHE_HOME``, ``LOCALAPPDATA`` or ``HOME``).
    """
    base = environ.get("XDG_CACHE_HOME") or environ.get("LOCALAPPDATA", "")
    if base:
        return Path(base) / "pantau"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "pantau" if home else None
