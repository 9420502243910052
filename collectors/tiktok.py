"""TikTok through the Display API: accounts that have logged in to the office's app, one call each and night while little is new.

Accounts that have not are registered, not watched. The API knows no other way to an account, so nothing here says that one is gone.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog

from collectors.base import CollectorError, Pace, failed_scan, guarded, identified, unread_all
from collectors.graph_harvest import Breaker
from collectors.tiktok_access import Access
from collectors.tiktok_client import TikTokClient, TikTokError
from collectors.tiktok_harvest import SOURCE, Harvest
from collectors.tiktok_parse import FEWER_FIELDS, FIELDS
from collectors.tiktok_tokens import Shelf
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.settings import Network
from pantau.core.settings_tiktok import TikTokSettings

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Item = TypeVar("Item", Target, Account)

TOKENS = "tiktok-token"
VIDEOS_PER_CALL = 20
MAX_PAGES = 200


class TikTokCollector:
    """Implements ``pantau.core.ports.Collector``. ``client_secret`` and tokens are never logged."""

    platform = "tiktok"

    def __init__(
        self, settings: TikTokSettings, network: Network, client_secret: str, shelf: Shelf, pace: Pace
    ) -> None:
        self._connect = partial(TikTokClient, settings, network, settings.client_key, client_secret, pace)
        self._shelf = shelf
        self._pace = pace
        self._requests = 0
        self._trades = 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target, each as soon as it is final. Raises nothing."""
        yield from self._each(targets, lambda night, target: night.read(target, window))

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan without posts per account: the handle that TikTok states for who logged in. Raises nothing."""
        yield from self._each(accounts, lambda night, account: night.identify(account))

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (
            Cost(platform=self.platform, source=SOURCE, requests=self._requests),
            Cost(platform=self.platform, source=TOKENS, requests=self._trades),
        )

    def _each(self, items: Sequence[Item], read: Callable[["_Night", Item], Scan]) -> Iterator[Scan]:
        if not items:
            return
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(items, error, self._pace.now(), SOURCE)
            return
        night = _Night(client, self._shelf, self._pace)
        try:
            for item in items:
                yield read(night, item)
        finally:
            self._trades += client.calls["token"]
            self._requests += client.calls.total() - client.calls["token"]
            client.close()


class _Night:
    """The state of one ``collect`` or ``identify``."""

    def __init__(self, client: TikTokClient, shelf: Shelf, pace: Pace) -> None:
        self._client = client
        self._shelf = shelf
        self._pace = pace
        self._breaker = Breaker("TikTok", pace)
        self._fields = FIELDS

    def read(self, target: Target, window: Window) -> Scan:
        """The scan of one account."""
        harvest = Harvest(target, window)
        account = target.account
        access = self._enter(account)
        if not isinstance(access, Access):
            return access
        read = self._attempt(partial(self._read_list, harvest, access))
        kept = access.keep(harvest.username)
        error = read if isinstance(read, CollectorError) else kept
        if error is not None:
            _log.info("tiktok.not_read", account=account.key, reason=str(error))
        return harvest.scan(self._pace.now(), error)

    def identify(self, account: Account) -> Scan:
        """Who the account is now."""
        access = self._enter(account)
        if not isinstance(access, Access):
            return access
        user = self._attempt(
            lambda: access.call(lambda token: self._client.user(token, "open_id,display_name,username"))
        )
        name = user.get("username") if isinstance(user, dict) else ""
        username = name if isinstance(name, str) else ""
        for error in (user, access.keep(username)):
            if isinstance(error, CollectorError):
                return failed_scan(account, error.unread_class, str(error), self._pace.now(), SOURCE)
        return identified(account, self._pace.now(), SOURCE, handle=username)

    def _enter(self, account: Account) -> Access | Scan:
        """The account's way in, or the scan that says why there is none."""
        try:
            token = self._shelf.find(account)
        except CollectorError as error:
            return failed_scan(account, error.unread_class, str(error), self._pace.now(), SOURCE)
        if token is None:
            reason = (
                f"akun TikTok ini belum terhubung; hubungkan dengan: pantau accounts tiktok-login {account.handle}, "
                "atau impor ekspor datanya dengan: pantau import"
            )
            return failed_scan(account, "not_watched", reason, self._pace.now(), "")
        if down := self._breaker.stopped():
            return failed_scan(account, down.unread_class, str(down), self._pace.now(), SOURCE)
        return Access(self._client, self._shelf, token, self._pace)

    def _attempt(self, step: Callable[[], T]) -> T | CollectorError:
        """What ``step`` gives, or its error; errors that are not the account's own count against the source."""
        try:
            result = guarded(step, _odd, "tiktok.odd_answer")
        except CollectorError as error:
            own = isinstance(error, TikTokError) and error.kind in ("access", "grant", "account")
            if error.source_down or not (own or error.unread_class in ("token", "unproven")):
                self._breaker.count(error)
            return error
        self._breaker.count(None)
        return result

    def _read_list(self, harvest: Harvest, access: Access) -> None:
        """Page after page until one ends before the wanted span. Raises ``CollectorError``."""
        cursor: int | None = None
        for _ in range(MAX_PAGES):
            data = self._page(access, cursor)
            shown = harvest.take(data.get("videos") or [])
            more, following = data.get("has_more"), data.get("cursor")
            if not isinstance(more, bool):
                raise CollectorError("bentuk jawaban TikTok berubah (has_more)", "format")
            harvest.ended = not more
            if harvest.ended:
                if not shown:
                    self._prove_end(harvest, access)
                break
            if harvest.reached:
                break
            # One millisecond later, so that a video of the same second as the last one is not passed over.
            if type(following) is not int or (cursor is not None and following + 1 >= cursor):
                raise CollectorError("daftar video TikTok tidak berakhir (cursor)", "format")
            cursor = following + 1
            if self._pace.expired:
                raise CollectorError("waktu pengambilan malam ini habis sebelum akun ini terbaca", "deadline")
        else:
            raise CollectorError("akun ini memuat terlalu banyak video baru untuk satu malam", "budget")
        harvest.check()
        self._look_again(harvest, access)

    def _look_again(self, harvest: Harvest, access: Access) -> None:
        """Ask for older videos with an open finding by their ids; one call. A failure says nothing about the reading."""
        ids = [one for one in harvest.target.recheck if one not in harvest.listed][:VIDEOS_PER_CALL]
        if not ids:
            return

        def ask() -> None:
            data = access.call(lambda token: self._client.query(token, self._fields, ids))
            harvest.take_again(ids, data.get("videos"))

        if isinstance(error := self._attempt(ask), CollectorError):
            _log.warning("tiktok.not_looked_again", account=harvest.target.account.key, reason=str(error))

    def _page(self, access: Access, cursor: int | None) -> dict[str, Any]:
        """One page of the list; with fewer fields from the moment that TikTok refuses one."""

        def ask(token: str) -> dict[str, Any]:
            return self._client.videos(token, self._fields, VIDEOS_PER_CALL, cursor)

        try:
            return access.call(ask)
        except TikTokError as error:
            if error.kind != "fields" or self._fields == FEWER_FIELDS:
                raise
            _log.warning("tiktok.fewer_fields")
            self._fields = FEWER_FIELDS
            return access.call(ask)

    def _prove_end(self, harvest: Harvest, access: Access) -> None:
        """An empty page at the end is believed when TikTok's own count of the account's videos agrees."""
        count: object = None
        try:
            user = access.call(lambda token: self._client.user(token, "open_id,video_count"))
            count = user.get("video_count")
        except TikTokError as error:
            if error.kind != "account":
                raise
        if type(count) is int and 0 <= count <= len(harvest.listed):
            return
        if not harvest.listed:
            seen = f"TikTok menghitung {count}" if type(count) is int else "jumlahnya tidak boleh dibaca Pantau"
            raise CollectorError(f"TikTok memberi daftar video kosong yang belum dapat dipercaya ({seen})", "unproven")
        harvest.unproven = True


def _odd(what: str) -> TikTokError:
    return TikTokError(f"bentuk jawaban TikTok berubah ({what})", "format")
