"""The order of a night on Facebook: own pages' tokens, one page after the other, a second look at those not shown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from collectors.base import CollectorError, Pace, failed_scan, guarded
from collectors.facebook_parse import page_of, parse_post
from collectors.graph import Body, GraphClient
from collectors.graph_errors import GraphError, format_error
from collectors.graph_harvest import Breaker, Cursors, Harvest
from pantau.core.model import Outcome, Scan, Target, Window

_log = structlog.get_logger(__name__)

SOURCE = "facebook-graph"
SERVICE = "Facebook"
MISSING = "Facebook menyatakan halaman ini tidak ada"
NOT_SHOWN = (
    "Graph API tidak menampilkan halaman ini: tidak ada, tidak diterbitkan, dibatasi, atau token tidak berhak; "
    "buka halamannya di peramban dan periksa nama di daftar akun"
)
UNPUBLISHED = "halaman ini ada, tetapi tidak diterbitkan"
_PAGE_POSTS = "25"
_MOST_OWN_PAGES = 50
_FIELDS = (
    "id,message,created_time,permalink_url,full_picture,status_type,is_published,from,shares,"
    "attachments{media_type,type,media,subattachments}"
)
_FEWER_FIELDS = "id,message,created_time,permalink_url"
"""What no post can be judged without; asked for when Meta no longer knows one of the others."""
_NAME = re.compile(r"[\w.-]{2,100}")
_UNKNOWN_NAME = 803
_MOVED = 21
_NO_PERSON = 2500
"""Code for a token without a person behind it: there are no own pages to ask for."""


class Night:
    """The state of one ``collect``."""

    def __init__(self, client: GraphClient, pace: Pace, window: Window) -> None:
        self._client = client
        self._pace = pace
        self._window = window
        self._breaker = Breaker(SERVICE, pace)
        self._tokens: dict[str, str] = {}
        self._fields = _FIELDS
        self._shown = 0

    def scans(self, targets: Sequence[Target]) -> Iterator[Scan]:
        """The whole night."""
        if not self._breaker.stopped():
            self._find_own_pages()
        doubtful = []
        for target in targets:
            if down := self._breaker.stopped():
                yield failed_scan(target.account, down.unread_class, str(down), self._pace.now(), SOURCE)
                continue
            harvest = Harvest(target, self._window)
            error = self._attempt(harvest)
            if isinstance(error, GraphError) and error.action == "missing":
                doubtful.append(harvest)
            elif isinstance(error, UnpublishedError):
                yield harvest.scan(self._pace.now(), SOURCE, error, "private")
            else:
                yield self._close(harvest, error)
        for harvest in doubtful:
            yield self._look_again(harvest)

    def _find_own_pages(self) -> None:
        """Tokens of the pages on which our token has a role. Without any, every page is read with the configured token."""
        cursors, query = Cursors(SERVICE, self._pace), {"limit": "100"}
        try:
            while True:
                body = self._client.get("me/accounts", "id,username,access_token", **query)
                rows = body.get("data")
                for row in rows if isinstance(rows, list) else []:
                    self._remember(row if isinstance(row, Mapping) else {})
                following = cursors.next_query(body.get("paging"))
                if not following:
                    return
                query = {"limit": "100", **following}
        except CollectorError as error:
            refused = isinstance(error, GraphError) and (error.code == _NO_PERSON or error.action != "stop")
            if not refused or error.unread_class == "network":
                self._breaker.count(error)
            _log.info("facebook.no_own_pages", reason=str(error))

    def _remember(self, row: Mapping[str, Any]) -> None:
        token = row.get("access_token")
        if isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token:
            for name in (row.get("id"), row.get("username")):
                if isinstance(name, str) and name:
                    self._tokens[name.lower()] = token

    def _attempt(self, harvest: Harvest) -> CollectorError | None:
        error: CollectorError | None = None
        try:
            guarded(partial(self._read, harvest), partial(format_error, SERVICE), "facebook.odd_answer")
        except CollectorError as trouble:
            error = trouble
        about_page = isinstance(error, UnpublishedError) or (
            isinstance(error, GraphError) and error.action in ("missing", "forbidden")
        )
        self._breaker.count(None if about_page else error)
        self._shown += error is None
        return error

    def _read(self, harvest: Harvest) -> None:
        """Page after page of the list until it is older than wanted. Raises ``CollectorError``."""
        name = name_of(harvest.target)
        cursors, query = Cursors(SERVICE, self._pace), {"limit": _PAGE_POSTS}
        authors: set[str] = set()
        while True:
            body = self._page(name, query)
            items = body.get("data")
            harvest.take(items, parse_post, SERVICE)
            promised = len(query) > 1
            authors |= {page_of(item) for item in items or () if isinstance(item, Mapping)}
            following = {} if harvest.reached else cursors.next_query(body.get("paging"))
            if not following:
                harvest.open_end = promised and not items
                break
            query = {"limit": _PAGE_POSTS, **following}
        if not harvest.listed:
            self._check_empty(harvest, name)
        elif len(authors) == 1 and not harvest.target.account.platform_id:
            harvest.learnt_id = authors.pop()
        harvest.check()

    def _page(self, name: str, query: Mapping[str, str]) -> Body:
        """One page of the list; with fewer fields from the moment that Meta refuses one."""
        token = self._tokens.get(name.lower(), "")
        try:
            return self._client.get(f"{name}/posts", self._fields, token=token, **query)
        except GraphError as error:
            if error.action != "fields" or self._fields == _FEWER_FIELDS:
                raise
            _log.warning("facebook.fewer_fields")
            self._fields = _FEWER_FIELDS
            return self._client.get(f"{name}/posts", self._fields, token=token, **query)

    def _check_empty(self, harvest: Harvest, name: str) -> None:
        """A list without posts is believed only of a page that exists, is published and has never had one before."""
        page = self._client.get(name, "id,is_published", token=self._tokens.get(name.lower(), ""))
        if page.get("is_published") is False:
            raise UnpublishedError(UNPUBLISHED, "unproven")
        if harvest.target.last_post_id or harvest.open_end:
            raise CollectorError("Facebook memberi daftar kosong yang belum dapat dipercaya", "unproven")
        number = page.get("id")
        if not isinstance(number, str) or not number.isdigit():
            raise format_error(SERVICE, "id")
        harvest.learnt_id = "" if harvest.target.account.platform_id else number

    def _look_again(self, harvest: Harvest) -> Scan:
        """A page that was not shown: asked for once more, at the end of the night, when other pages have proven the token."""
        error = CollectorError(NOT_SHOWN, "unproven")
        outcome: Outcome = "unread"
        if self._shown and not self._breaker.stopped():
            name = name_of(harvest.target)
            try:
                self._client.get(name, "id", token=self._tokens.get(name.lower(), ""))
            except GraphError as again:
                seen_before = bool(harvest.target.last_post_id) and again.code != _MOVED
                if again.action == "missing" and (again.code == _UNKNOWN_NAME or seen_before):
                    error, outcome = CollectorError(MISSING, "unproven"), "missing"
                elif again.source_down:
                    self._breaker.count(again)
            except CollectorError as again:
                self._breaker.count(again)
        return self._close(harvest, error, outcome)

    def _close(self, harvest: Harvest, error: CollectorError | None, outcome: Outcome = "read") -> Scan:
        if error is not None:
            _log.info("facebook.not_read", account=harvest.target.account.key, reason=str(error))
        return harvest.scan(self._pace.now(), SOURCE, error, outcome)


class UnpublishedError(CollectorError):
    """Not a failure of ours: the page exists and is hidden."""


def name_of(target: Target) -> str:
    """The number when it is known, since names change. Raises ``CollectorError`` for what cannot be a name."""
    name = target.account.platform_id or target.account.handle
    if not _NAME.fullmatch(name) or name.strip(".") == "" or name.lower() == "me":
        raise CollectorError("nama halaman Facebook tidak sah; perbaiki daftar akun", "format")
    return name
