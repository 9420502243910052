"""Instagram through Meta's Graph API (business discovery): one call per professional account, by its name."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import structlog

from collectors.base import CollectorError, Pace, failed_scan, guarded, unread_all
from collectors.graph import Body, GraphClient
from collectors.graph_errors import GraphError, format_error
from collectors.graph_harvest import Breaker, Cursors, Harvest, child
from collectors.instagram_graph_parse import parse_media
from collectors.notes import Notes
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.settings import Network
from pantau.core.settings_meta import MetaSettings

_log = structlog.get_logger(__name__)

SOURCE = "instagram-graph"
SERVICE = "Instagram"
NOT_SHOWN = (
    "Graph API tidak menampilkan akun ini: bukan akun profesional, dibatasi umur, atau namanya tidak ada; "
    "minta unit beralih ke akun profesional, atau periksa nama akun"
)
"""Meta does not tell these apart, so the account is neither missing nor private: it could not be read."""
HANDED_ON = (
    "nama akun ini kini dipakai akun Instagram lain daripada dahulu, sehingga unggahannya tidak diambil; periksa akunnya, lalu "
    "perbaiki namanya di daftar akun, atau isi nomor akun yang baru (platform_id) bila memang milik unit"
)
_PAGE_POSTS = 25
_PROFILE = "id,username,media_count"
_FIELDS = (
    "id,caption,timestamp,permalink,media_type,media_product_type,media_url,thumbnail_url,like_count,comments_count,"
    "children{media_type,media_url,thumbnail_url}"
)
_FEWER_FIELDS = "id,caption,timestamp,permalink,media_type"
"""What no post can be judged without; asked for when Meta no longer knows one of the others."""
_ABOUT_TARGET = (24, 110)
_HANDLE = re.compile(r"[A-Za-z0-9._]{1,30}", re.ASCII)


_Read = Callable[[GraphClient, Harvest], None]


class OwnerNote(msgspec.Struct, frozen=True):
    """Whose a name was when it was first read: Meta's own number, which no other source knows."""

    handle: str
    graph_id: str


class HandedOnError(CollectorError):
    """The name belongs to another account than before."""


class InstagramGraphCollector:
    """Reads professional accounts of Instagram. Implements ``pantau.core.ports.Collector``, in the order of the targets.

    ``user_id`` is the Graph id of the office's own professional account, on whose behalf is asked. ``not_shown`` holds the keys of
    the accounts of the last ``collect`` or ``identify`` that this source does not serve. ``notes_file`` keeps whose names are
    (None: nothing, and a name that changed hands goes unnoticed).
    """

    platform = "instagram"

    def __init__(
        self,
        user_id: str,
        token: str,
        meta: MetaSettings,
        network: Network,
        app_secret: str,
        pace: Pace,
        notes_file: Path | None = None,
    ) -> None:
        self.not_shown: set[str] = set()
        self._user_id = user_id
        self._connect = partial(GraphClient, SERVICE, meta, network, token, app_secret, pace)
        self._pace = pace
        self._requests = 0
        self._fields = _FIELDS
        self._notes = Notes(notes_file, OwnerNote)

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target. Nothing is raised: see ``pantau.core.ports.Collector``."""
        yield from self._scans(targets, window, self._read)

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts, by one call each, in the order of the accounts. Nothing is raised.

        Meta tells no number that other sources know, and finds nobody under a former name.
        """
        now = self._pace.now()
        targets = [Target(account=account, since=now) for account in accounts]
        yield from self._scans(targets, Window(now, now), self._recognise)

    def _scans(self, targets: Sequence[Target], window: Window, read: _Read) -> Iterator[Scan]:
        self.not_shown.clear()
        breaker = Breaker(SERVICE, self._pace)
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(targets, error, self._pace.now(), SOURCE)
            return
        try:
            for target in targets:
                if down := breaker.stopped():
                    yield failed_scan(target.account, down.unread_class, str(down), self._pace.now(), SOURCE)
                else:
                    yield self._scan(client, breaker, Harvest(target, window), read)
        finally:
            self._requests += client.requests
            client.close()
            self._notes.save()

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (Cost(platform=self.platform, source=SOURCE, requests=self._requests),)

    def _scan(self, client: GraphClient, breaker: Breaker, harvest: Harvest, read: _Read) -> Scan:
        target = harvest.target
        error: CollectorError | None = None
        try:
            guarded(partial(read, client, harvest), partial(format_error, SERVICE), "instagram.odd_answer")
        except CollectorError as trouble:
            error = trouble
        if isinstance(error, GraphError) and error.action == "missing":
            error = self._whose(error, client)
        if error is not None and str(error) == NOT_SHOWN:
            self.not_shown.add(target.account.key)
            breaker.count(None)  # an answer about the account: the source works
        else:
            breaker.count(error)
        if isinstance(error, HandedOnError) and target.account.platform_id:
            self.not_shown.add(target.account.key)  # a source that asks by number still finds the account itself
        if error is not None:
            _log.info("instagram.not_read", account=target.account.key, reason=str(error))
        return harvest.scan(self._pace.now(), SOURCE, error)

    def _whose(self, error: GraphError, client: GraphClient) -> CollectorError:
        """Codes 110 and 24 are about the account asked for; others may be about our own, until an answer has proven that one."""
        if error.code in _ABOUT_TARGET or client.proven:
            return CollectorError(NOT_SHOWN, "unproven")
        reason = (
            "Graph API tidak mengenal akun kantor sendiri; periksa collect.instagram.graph_user_id dan izin tokennya"
        )
        return GraphError(reason, "token", "stop")

    def _read(self, client: GraphClient, harvest: Harvest) -> None:
        """Page after page until the list is older than wanted. Raises ``CollectorError``."""
        handle = _handle_of(harvest.target.account)
        cursors, after = Cursors(SERVICE, self._pace), ""
        while True:
            profile = self._page(client, handle, after)
            self._check_owner(harvest.target.account, profile)
            media = child(profile, "media")
            harvest.handle = str(profile["username"])
            items = media.get("data", [])  # absent when there are none
            harvest.take(items, parse_media, SERVICE)
            count = profile.get("media_count")
            whole = harvest.reached or harvest.listed == count
            harvest.open_end = bool(after) and not items and not whole
            after = "" if whole else cursors.next(media.get("paging"))
            if not after:
                break
        harvest.check()
        if not harvest.listed and count != 0:
            raise CollectorError("Instagram memberi daftar kosong untuk akun yang punya unggahan", "format")

    def _recognise(self, client: GraphClient, harvest: Harvest) -> None:
        """The profile without its posts. Raises ``CollectorError``."""
        account = harvest.target.account
        profile = self._profile(client, _handle_of(account), _PROFILE)
        self._check_owner(account, profile)
        harvest.handle = str(profile["username"])
        harvest.open_end = True  # its posts are not looked at

    def _check_owner(self, account: Account, profile: Body) -> None:
        """Raise ``HandedOnError`` when the name now belongs to another account than on the night that first read it.

        Another name or number in the register is the office's word, and begins anew.
        """
        graph_id = profile.get("id")
        if not isinstance(graph_id, str) or not graph_id.isdigit():
            return
        note = self._notes.get(account.key)
        if note is None or note.handle != account.handle.lower():
            self._notes.put(account.key, OwnerNote(account.handle.lower(), graph_id))
        elif note.graph_id != graph_id:
            raise HandedOnError(HANDED_ON, "unproven")

    def _page(self, client: GraphClient, handle: str, after: str) -> Body:
        """The profile with one page of its posts; with fewer fields from the moment that Meta refuses one."""
        try:
            return self._ask(client, handle, after)
        except GraphError as error:
            if error.action != "fields" or self._fields == _FEWER_FIELDS:
                raise
            _log.warning("instagram.fewer_fields", source=SOURCE)
            self._fields = _FEWER_FIELDS
            return self._ask(client, handle, after)

    def _ask(self, client: GraphClient, handle: str, after: str) -> Body:
        page = f".after({after})" if after else ""
        return self._profile(client, handle, f"{_PROFILE},media{page}.limit({_PAGE_POSTS}){{{self._fields}}}")

    def _profile(self, client: GraphClient, handle: str, fields: str) -> Body:
        body = client.get(self._user_id, f"business_discovery.username({handle}){{{fields}}}")
        profile = child(body, "business_discovery")
        username = profile.get("username")
        if not isinstance(username, str) or username.lower() != handle.lower():
            raise format_error(SERVICE, "username")
        return profile


def _handle_of(account: Account) -> str:
    if not _HANDLE.fullmatch(account.handle):
        raise CollectorError("nama akun Instagram tidak sah; perbaiki daftar akun", "format")
    return account.handle
