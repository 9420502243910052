"""Instagram through Meta's Graph API (business discovery): one call per professional account, by its name."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

import structlog

from collectors.base import CollectorError, Pace, failed_scan, guarded, unread_all
from collectors.graph import Body, GraphClient
from collectors.graph_errors import GraphError, format_error
from collectors.graph_harvest import Breaker, Cursors, Harvest, child
from collectors.instagram_graph_parse import parse_media
from pantau.core.model import Cost, Scan, Target, Window
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


class InstagramGraphCollector:
    """Reads professional accounts of Instagram. Implements ``pantau.core.ports.Collector``, in the order of the targets.

    ``user_id`` is the Graph id of the office's own professional account, on whose behalf is asked. ``not_shown`` holds the keys of
    the accounts of the last ``collect`` that this source does not serve.
    """

    platform = "instagram"

    def __init__(
        self, user_id: str, token: str, meta: MetaSettings, network: Network, app_secret: str, pace: Pace
    ) -> None:
        self.not_shown: set[str] = set()
        self._user_id = user_id
        self._connect = partial(GraphClient, SERVICE, meta, network, token, app_secret, pace)
        self._pace = pace
        self._requests = 0
        self._fields = _FIELDS

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target. Nothing is raised: see ``pantau.core.ports.Collector``."""
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
                    yield self._scan(client, breaker, target, window)
        finally:
            self._requests += client.requests
            client.close()

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (Cost(platform=self.platform, source=SOURCE, requests=self._requests),)

    def _scan(self, client: GraphClient, breaker: Breaker, target: Target, window: Window) -> Scan:
        harvest = Harvest(target, window)
        error: CollectorError | None = None
        try:
            guarded(partial(self._read, client, harvest), partial(format_error, SERVICE), "instagram.odd_answer")
        except CollectorError as trouble:
            error = trouble
        if isinstance(error, GraphError) and error.action == "missing":
            error = self._whose(error, client)
        if error is not None and str(error) == NOT_SHOWN:
            self.not_shown.add(target.account.key)
            breaker.count(None)  # an answer about the account: the source works
        else:
            breaker.count(error)
        if error is not None:
            _log.warning("instagram.not_read", account=target.account.key, reason=str(error))
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
        handle = harvest.target.account.handle
        if not _HANDLE.fullmatch(handle):
            raise CollectorError("nama akun Instagram tidak sah; perbaiki daftar akun", "format")
        cursors, after = Cursors(SERVICE, self._pace), ""
        while True:
            profile = self._page(client, handle, after)
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
        fields = f"{_PROFILE},media{page}.limit({_PAGE_POSTS}){{{self._fields}}}"
        body = client.get(self._user_id, f"business_discovery.username({handle}){{{fields}}}")
        profile = child(body, "business_discovery")
        username = profile.get("username")
        if not isinstance(username, str) or username.lower() != handle.lower():
            raise format_error(SERVICE, "username")
        return profile
