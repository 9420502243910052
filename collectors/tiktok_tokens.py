"""The tokens of the accounts that have logged in to the office's TikTok app: one file each, readable by their owner only.

TikTok gives a new refresh token with each exchange and forgets the old one at once, so a file is replaced in one step and is on
the disk before anything is read with the new token.
"""

import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from collectors.base import CollectorError
from pantau.core.model import Account

_SHORTEST = timedelta(minutes=5)
"""An access token with less left is renewed before it is used."""
_UNKNOWN_LIFE_S = 3600


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What lets Pantau read one account. The lives of tokens are TikTok's own statements."""

    handle: str
    """As registered when the account logged in."""
    username: str = ""
    """As TikTok spelled the handle last."""
    open_id: str
    """TikTok's id of the account, valid within one app only."""
    client_key: str
    access_token: str
    access_until: datetime
    refresh_token: str
    refresh_until: datetime | None = None
    scopes: tuple[str, ...] = ()
    asked_at: datetime | None = None
    """When the last exchange began whose answer was not stored; the refresh token may then be spent."""

    def __repr__(self) -> str:
        return f"Token({self.handle!r})"

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token can be used at ``now``."""
        return self.access_until - now > _SHORTEST


def token_of(answer: dict[str, Any], handle: str, client_key: str, now: datetime, old: Token | None = None) -> Token:
    """The token in an answer of ``/v2/oauth/token/``. Raises ``CollectorError`` for an unknown shape or another account."""
    access, open_id = answer.get("access_token"), answer.get("open_id") or (old.open_id if old else "")
    refresh = answer.get("refresh_token") or (old.refresh_token if old else "")
    if not all(isinstance(one, str) and one for one in (access, refresh, open_id)):
        raise CollectorError("bentuk jawaban TikTok berubah (token)", "format")
    if old is not None and old.open_id != open_id:
        raise CollectorError("TikTok memberi token milik akun lain; hubungkan lagi akun ini", "token")
    left = _seconds(answer.get("refresh_expires_in"))
    scopes = tuple(part for part in str(answer.get("scope") or "").replace(" ", ",").split(",") if part)
    return Token(
        handle=handle,
        username=old.username if old else "",
        open_id=open_id,
        client_key=client_key,
        access_token=str(access),
        access_until=now + timedelta(seconds=_seconds(answer.get("expires_in")) or _UNKNOWN_LIFE_S),
        refresh_token=str(refresh),
        refresh_until=now + timedelta(seconds=left) if left else (old.refresh_until if old else None),
        scopes=scopes or (old.scopes if old else ()),
    )


def _seconds(value: object) -> int:
    return value if type(value) is int and 0 < value < 10**9 else 0


class Shelf:
    """The folder with the tokens. Files are read once, when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_handle: dict[str, Token] = {}
        self._by_username: dict[str, Token] = {}
        self._wrong: dict[str, CollectorError] = {}
        self._is_read = False

    def find(self, account: Account) -> Token | None:
        """The account's token; None when it has not logged in. Raises ``CollectorError`` when its file cannot be used."""
        self._read()
        name = account.handle.lower()
        if name in self._wrong:
            raise self._wrong[name]
        return self._by_handle.get(name) or self._by_username.get(name)

    def ends(self) -> dict[str, datetime | None]:
        """Handle to when the account has to log in again; None when TikTok did not say."""
        self._read()
        return {token.handle: token.refresh_until for token in self._by_handle.values()}

    def wrong(self) -> list[str]:
        """What is wrong with files that cannot be used, with the remedy."""
        self._read()
        return [str(error) for error in self._wrong.values()]

    def save(self, token: Token, *, lasting: bool = True) -> None:
        """Replace the account's file in one step. Raises ``CollectorError``.

        ``lasting``: it is on the disk when this returns; else a crash of the machine may bring back the file before.
        """
        path = self.folder / f"{token.handle.lower()}.json"
        fresh = path.with_suffix(".new")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.encode(token))
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
            fresh.replace(path)
            if lasting:
                _settle(self.folder)
        except OSError as error:
            reason = (
                f"token TikTok tidak dapat disimpan di {path} ({error.strerror or error}); periksa izin dan sisa ruang"
            )
            raise CollectorError(reason, "token") from error
        self._keep(token)

    def _keep(self, token: Token) -> None:
        self._wrong.pop(token.handle.lower(), None)
        self._by_handle[token.handle.lower()] = token
        if token.username:
            self._by_username[token.username.lower()] = token

    def _read(self) -> None:
        if self._is_read:
            return
        self._is_read = True
        for path in sorted(self.folder.glob("*.json")):
            try:
                self._keep(_load(path))
            except CollectorError as error:
                self._wrong[path.stem] = error


def _load(path: Path) -> Token:
    """Raises ``CollectorError``."""
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        reason = f"berkas token TikTok {path} tidak dapat dibaca ({error.strerror}); periksa izinnya"
        raise CollectorError(reason, "token") from error
    if stat.S_IMODE(mode) & 0o077:
        raise CollectorError(f"berkas token TikTok {path} dapat dibaca orang lain; jalankan: chmod 600 {path}", "token")
    try:
        return msgspec.json.decode(data, type=Token)
    except (msgspec.DecodeError, UnicodeDecodeError):  # its text could quote the token
        reason = f"berkas token TikTok {path} rusak; hubungkan lagi: pantau accounts tiktok-login {path.stem}"
        raise CollectorError(reason, "token") from None


def _settle(folder: Path) -> None:
    """Put the folder's new entry on the disk too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
