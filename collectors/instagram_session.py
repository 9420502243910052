"""The session that a person obtained in a browser: read, imported, kept. A password is neither asked for nor stored."""

import json
import os
import re
import stat
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from collectors.base import CollectorError
from collectors.instagram_cookies import Cookie, Kind, parse_cookies
from pantau.core.clock import WIB

NEEDED = ("sessionid", "csrftoken", "ds_user_id")
"""Cookies without which Instagram does not know the visitor."""
_MAX_BYTES = 1_000_000
_REMEDY = "Masuk ke Instagram di peramban, lalu impor ulang sesinya (pantau accounts session import)"
_OWNER = re.compile(r"(\d+)(?:%3A|:)", re.IGNORECASE | re.ASCII)
"""A session begins with the number of the account that it belongs to."""
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+", re.ASCII)
"""What may stand in a cookie's value (RFC 6265)."""
_LOGGED_OUT = frozenset({"deleted", "null", "undefined"})


class Session:
    """The cookies of one signed-in account. Shown or logged, it tells no value."""

    def __init__(self, cookies: Iterable[Cookie]) -> None:
        self._cookies = {cookie.name: cookie for cookie in cookies}

    @property
    def values(self) -> dict[str, str]:
        """Name to value, as instaloader wants them."""
        return {name: cookie.value for name, cookie in self._cookies.items()}

    @property
    def until(self) -> datetime | None:
        """When the first of the needed cookies ends; None when none states it."""
        ends = [self._cookies[name].until for name in NEEDED]
        return min((end for end in ends if end is not None), default=None)

    def encode(self) -> bytes:
        """The session as a file holds it: a JSON list of cookies."""
        kept = [
            {"name": one.name, "value": one.value, "domain": ".instagram.com"}
            | ({"expirationDate": one.until.timestamp()} if one.until else {})
            for one in self._cookies.values()
        ]
        return json.dumps(kept, indent=1).encode("ascii")


def read_session(path: Path, now: datetime) -> Session:
    """The session in Pantau's own file, in any of the formats that can be imported.

    Raises ``CollectorError`` (token, source down) when the file is missing, readable by others, incomplete or expired
    at ``now``.
    """
    data, mode = _read(path)
    if stat.S_IMODE(mode) & 0o077:
        raise _problem(
            f"berkas sesi Instagram {path.name} dapat dibaca pengguna lain", f"Jalankan: chmod 600 {path.name}"
        )
    return _session(_parse(data, path)[1], path, now)


def read_import(path: Path, kinds: Iterable[Kind], now: datetime) -> Session:
    """The session in a file that a person brings. Raises ``CollectorError`` as ``read_session``, or when it is of no such kind."""
    kind, cookies = _parse(_read(path)[0], path)
    if kind not in kinds:
        option = "--from" if kind in ("instaloader", "table") else "--browser-cookies"
        raise _problem(f"berkas {path.name} bukan jenis yang diharapkan pilihan ini", f"Pakai {option} {path.name}")
    return _session(cookies, path, now)


def write_session(path: Path, session: Session) -> None:
    """Put the session in place in one step, readable by its owner alone. Raises ``CollectorError`` when the disk refuses."""
    target = Path(os.path.realpath(path))
    fresh = target.with_name(f"{target.name}.new")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(session.encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        what = f"sesi tidak dapat ditulis ke {path} ({error.strerror})"
        raise _problem(what, "Periksa pemilik dan sisa ruang folder itu; sesi yang lama tidak berubah") from error


def _problem(what: str, remedy: str = _REMEDY) -> CollectorError:
    return CollectorError(f"{what}. {remedy}.", "token", source_down=True)


def _read(path: Path) -> tuple[bytes, int]:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _problem(f"berkas sesi Instagram {path.name} tidak dapat dibaca ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise _problem(f"berkas sesi Instagram {path.name} terlalu besar untuk sebuah sesi")
    return data, mode


def _parse(data: bytes, path: Path) -> tuple[Kind, list[Cookie]]:
    try:
        return parse_cookies(data)
    except ValueError as error:
        what = f"berkas {path.name} bukan sesi instaloader, bukan cookies.txt, dan bukan daftar kuki JSON"
        # The words of the underlying error can quote the file, so they are not carried on.
        raise _problem(what) from (error if type(error) is ValueError else None)


def _session(cookies: Iterable[Cookie], path: Path, now: datetime) -> Session:
    """Instagram's cookies that still hold. Raises ``CollectorError`` when the needed ones are not among them."""
    best: dict[str, Cookie] = {}
    ended: dict[str, datetime] = {}
    for cookie in cookies:
        if not cookie.is_instagrams or not _VALUE.fullmatch(cookie.value) or cookie.value in _LOGGED_OUT:
            continue
        if cookie.until is not None and cookie.until <= now:
            ended[cookie.name] = cookie.until
        elif cookie.name not in best or _lasts(cookie) >= _lasts(best[cookie.name]):
            best[cookie.name] = cookie
    missing = [name for name in NEEDED if name not in best]
    over = [name for name in missing if name in ended]
    if over:
        day = f"{min(ended[name] for name in over).astimezone(WIB):%d-%m-%Y}"
        raise _problem(f"sesi dalam berkas {path.name} sudah berakhir pada {day} (kuki {', '.join(over)})")
    if missing:
        what = f"berkas {path.name} tidak memuat kuki {', '.join(missing)} dari instagram.com yang masih berlaku"
        raise _problem(what, f"Pastikan peramban itu sudah masuk dengan akun pemantau. {_REMEDY}")
    owner = _OWNER.match(best["sessionid"].value)
    if owner and owner.group(1) != best["ds_user_id"].value:
        what = f"berkas {path.name} mencampur kuki dua akun Instagram"
        raise _problem(what, f"Keluar dari akun yang lain dahulu. {_REMEDY}")
    return Session(best.values())


def _lasts(cookie: Cookie) -> float:
    return cookie.until.timestamp() if cookie.until else 0.0
