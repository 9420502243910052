"""Reads the session that was imported from a browser. A password is neither asked for nor stored."""

import io
import json
import pickle
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.base import CollectorError

NEEDED = ("sessionid", "csrftoken", "ds_user_id")
"""Cookies without which Instagram does not know the visitor."""
_MAX_BYTES = 1_000_000
_REMEDY = "Masuk ke Instagram di peramban, lalu impor ulang sesinya (pantau accounts session import)"


class _PlainUnpickler(pickle.Unpickler):
    """Loads texts and tables only: a session file of instaloader holds nothing else, and nothing else may run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a session file")


def read_session(path: Path, now: datetime) -> dict[str, str]:
    """Cookies of a session file: instaloader's own format, a JSON table of cookies, or a browser's JSON list of cookies.

    Raises ``CollectorError`` (token, source down) when the file is missing, readable by others, incomplete or expired
    at ``now``.
    """
    data = _read_private(path)
    cookies = _cookies(_parse(data, path), now)
    missing = [name for name in NEEDED if not cookies.get(name)]
    if missing:
        raise _problem(f"berkas sesi Instagram {path.name} tidak memuat kuki {', '.join(missing)} yang masih berlaku")
    return cookies


def _problem(what: str, remedy: str = _REMEDY) -> CollectorError:
    return CollectorError(f"{what}. {remedy}.", "token", source_down=True)


def _read_private(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _problem(f"berkas sesi Instagram {path.name} tidak dapat dibaca ({error.strerror})") from error
    if stat.S_IMODE(mode) & 0o077:
        raise _problem(
            f"berkas sesi Instagram {path.name} dapat dibaca pengguna lain", f"Jalankan: chmod 600 {path.name}"
        )
    if len(data) > _MAX_BYTES:
        raise _problem(f"berkas sesi Instagram {path.name} terlalu besar untuk sebuah sesi")
    return data


def _parse(data: bytes, path: Path) -> object:
    try:
        if data[:1] == b"\x80":
            return _PlainUnpickler(io.BytesIO(data)).load()
        parsed: object = json.loads(data.decode("utf-8-sig"))
        return parsed
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError) as error:
        raise _unreadable(path) from error
    except (pickle.UnpicklingError, EOFError, ImportError, OverflowError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> CollectorError:
    return _problem(f"berkas sesi Instagram {path.name} bukan sesi instaloader dan bukan daftar kuki JSON")


def _cookies(parsed: object, now: datetime) -> dict[str, str]:
    """Name to value; cookies of other sites and expired ones are left out."""
    if isinstance(parsed, Mapping) and isinstance(parsed.get("cookies"), list):
        parsed = parsed["cookies"]
    if isinstance(parsed, Mapping):
        return {str(name): value for name, value in parsed.items() if isinstance(value, str)}
    cookies: dict[str, str] = {}
    for entry in parsed if isinstance(parsed, list) else []:
        if not isinstance(entry, Mapping):
            continue
        name, value, domain = entry.get("name"), entry.get("value"), entry.get("domain", "instagram.com")
        ours = isinstance(domain, str) and domain.lstrip(".").endswith("instagram.com")
        if isinstance(name, str) and isinstance(value, str) and ours and not _expired(entry, now):
            cookies[name] = value
    return cookies


def _expired(entry: Mapping[str, Any], now: datetime) -> bool:
    """Browsers write the end as seconds since 1970 under one of two names; a session cookie has none."""
    until = entry.get("expirationDate") or entry.get("expires") or 0
    return isinstance(until, int | float) and 0 < until < now.astimezone(UTC).timestamp()
