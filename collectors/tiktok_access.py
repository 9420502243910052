"""One account's way in: an access token that is renewed when it is used up, without ever losing the refresh token unnoticed."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
import structlog

from collectors.base import CollectorError, Pace
from collectors.tiktok_client import TikTokClient, TikTokError
from collectors.tiktok_tokens import Shelf, Token, token_of

_log = structlog.get_logger(__name__)

T = TypeVar("T")


class Access:
    """Used for one account in one night. ``call`` raises ``CollectorError``."""

    def __init__(self, client: TikTokClient, shelf: Shelf, token: Token, pace: Pace) -> None:
        self._client = client
        self._shelf = shelf
        self._token = token
        self._pace = pace
        self._renewed = False
        self._unsaved = False

    def call(self, ask: Callable[[str], T]) -> T:
        """``ask`` with an access token; once more with a new one when TikTok takes the first for used up."""
        if not self._token.is_fresh(self._pace.now()):
            self._renew()
        try:
            return ask(self._token.access_token)
        except TikTokError as error:
            if error.kind != "access" or self._renewed:
                raise
        self._renew()
        return ask(self._token.access_token)

    def keep(self, username: str) -> CollectorError | None:
        """Write down what the night taught: the handle as TikTok spells it, and a new token that could not be written before.

        The error when it cannot be written: the account is to be reported, since the file still has a spent token.
        """
        if self._unsaved or (username and username != self._token.username):
            try:
                token = msgspec.structs.replace(self._token, username=username or self._token.username)
                self._shelf.save(token, lasting=self._unsaved)
            except CollectorError as error:
                return error if self._unsaved else None
            self._unsaved = False
        return None

    def _renew(self) -> None:
        """A new pair of tokens, on the disk before it is used.

        TikTok forgets the old refresh token when it gives a new one. So the file is first marked, which also proves that it can
        be written; if the answer or the machine is lost then, the next night can say why the account has to log in again.
        """
        old, now = self._token, self._pace.now()
        again = f"hubungkan lagi: pantau accounts tiktok-login {old.handle}"
        if old.client_key != self._client.client_key:
            raise CollectorError(f"token akun ini milik aplikasi TikTok yang lain; {again}", "token")
        if old.refresh_until is not None and old.refresh_until <= now:
            raise CollectorError(f"izin akun ini di TikTok habis pada {old.refresh_until:%d-%m-%Y}; {again}", "token")
        self._shelf.save(msgspec.structs.replace(old, asked_at=now), lasting=False)
        tries = self._client.calls["token"]
        try:
            answer = self._client.trade({"grant_type": "refresh_token", "refresh_token": old.refresh_token})
        except TikTokError as error:
            if error.kind != "grant":
                raise
            lost = old.asked_at is not None or self._client.calls["token"] - tries > 1
            what = "jawaban penukaran token sebelumnya hilang di jalan" if lost else "izinnya dicabut atau habis"
            raise CollectorError(f"TikTok tidak menerima token akun ini lagi ({what}); {again}", "token") from error
        self._token = token_of(answer, old.handle, old.client_key, now, old)
        self._renewed, self._unsaved = True, True
        try:
            self._shelf.save(self._token)
            self._unsaved = False
        except CollectorError as error:  # tried again in ``keep``, at the end of the reading
            _log.error("tiktok.token_not_saved", account=old.handle, reason=str(error))
