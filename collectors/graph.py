"""One request to Meta's Graph API: set-up, bounded waits for the quota, retries. Instagram and Facebook share it.

The token travels in a header only, so that no address, log line or exception can hold it; nor are addresses from answers followed
(Meta writes the token into them).
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import requests
import structlog

from collectors.base import Pace
from collectors.graph_errors import GraphError, format_error, judge, network_error
from collectors.http import BoundedAdapter
from pantau.core.settings import Network
from pantau.core.settings_meta import MetaSettings

_log = structlog.get_logger(__name__)

API_HOST = "https://graph.facebook.com"
"""Another ``collect.meta.api_url`` is reached by an adapter mounted on this prefix."""
_RETRY_WAITS_S = (2.0, 8.0, 30.0)
_QUOTA_PAUSE_S = 600.0
"""Wait when the quota is nearly used up and Meta does not say for how long; it is counted over a rolling hour."""
_USAGE_HEADERS = ("x-app-usage", "x-business-use-case-usage", "x-page-usage")
_PERCENTS = ("call_count", "total_time", "total_cputime")

Body = Mapping[str, Any]


class TokenState(msgspec.Struct, frozen=True):
    """What Meta says of a token. ``expires_at`` None: it does not expire."""

    valid: bool
    expires_at: datetime | None
    scopes: tuple[str, ...]


class GraphClient:
    """The calls of one service (``Instagram`` or ``Facebook``, as readers see it). Raises ``CollectorError``, often ``GraphError``.

    So does the constructor when ``network.ca_file`` cannot be used. ``proven`` is True once Meta answered with data.
    """

    def __init__(
        self, service: str, meta: MetaSettings, network: Network, token: str, app_secret: str, pace: Pace
    ) -> None:
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise GraphError(
                f"token {service} (Graph API) berisi huruf yang tidak sah; salin ulang tokennya", "token", "stop"
            )
        self.service = service
        self.requests = 0
        self.proven = False
        self._meta = meta
        self._pace = pace
        self._token = token
        self._app_secret = app_secret
        self._pause_s = 0.0
        self._session = requests.Session()
        self._session.trust_env = not network.proxy
        self._proxies = {"https": network.proxy} if network.proxy else None
        api_url = meta.api_url.rstrip("/")
        base_url = "" if api_url == API_HOST else api_url
        self._session.mount(API_HOST, BoundedAdapter(network, pace.now, meta.read_timeout_s, base_url))
        _keep_addresses_out_of_logs()

    def get(self, path: str, fields: str = "", *, token: str = "", **params: str) -> Body:
        """One answer. ``token``: another one than the configured, for a page that wants its own.

        Faults of the moment are tried 3 times more; a spent quota is waited out once, when Meta says for how long.
        """
        used = token or self._token
        query = {**({"fields": fields} if fields else {}), **params}
        if self._app_secret:
            query["appsecret_proof"] = hmac.new(self._app_secret.encode(), used.encode(), hashlib.sha256).hexdigest()
        retries, waited = list(_RETRY_WAITS_S), False
        while True:
            self._keep_within_quota()
            try:
                body = self._ask(path, query, used)
            except GraphError as error:
                if error.action == "wait":
                    self._wait_for_quota(error, waited)
                    waited = True
                elif error.action == "retry" and retries:
                    _log.warning("graph.retry", service=self.service, reason=str(error))
                    self._pace.wait(retries.pop(0))
                else:
                    raise
            else:
                self.proven = True
                return body

    def token_state(self) -> TokenState:
        """What Meta knows of the configured token. Raises ``CollectorError``."""
        data = self.get("debug_token", input_token=self._token).get("data")
        if not isinstance(data, Mapping):
            raise format_error(self.service, "debug_token")
        expires = data.get("expires_at")
        scopes = data.get("scopes")
        return TokenState(
            valid=data.get("is_valid") is True,
            expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int) and expires > 0 else None,
            scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
        )

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _ask(self, path: str, query: Mapping[str, str], token: str) -> Body:
        self.requests += 1
        try:
            response = self._session.get(
                f"{API_HOST}/{self._meta.api_version}/{path}",
                params=query,
                headers={"Authorization": f"Bearer {token}"},
                timeout=(self._meta.connect_timeout_s, self._meta.read_timeout_s),
                proxies=self._proxies,
                allow_redirects=False,
            )
        except requests.RequestException as error:  # its text holds the whole address
            raise network_error(self.service, type(error).__name__) from None
        body = _parsed(response)
        self._read_usage(response.headers)
        if response.status_code != 200 or (isinstance(body, Mapping) and "error" in body):
            raise judge(response.status_code, body, self.service)
        if not isinstance(body, Mapping):  # half an answer, or a page of a gateway
            raise GraphError(str(format_error(self.service, "bukan objek JSON")), "format", "retry")
        return body

    def _read_usage(self, headers: Mapping[str, str]) -> None:
        """Plan a pause when Meta says that the quota is nearly spent or that access is withheld."""
        rows = list(_usage_rows(headers))
        used = max((_number(row.get(name)) for row in rows for name in _PERCENTS), default=0.0)
        withheld_s = 60 * max((_number(row.get("estimated_time_to_regain_access")) for row in rows), default=0.0)
        if withheld_s or used >= self._meta.stop_percent:
            self._pause_s = withheld_s or _QUOTA_PAUSE_S

    def _keep_within_quota(self) -> None:
        """Sleep out a planned pause. Raises ``CollectorError`` when it is too long or ends after the deadline."""
        pause_s, self._pause_s = self._pause_s, 0.0
        if pause_s > self._meta.max_wait_s:
            self._pause_s = pause_s
            raise _spent(self.service)
        if pause_s:
            _log.info("graph.quota_pause", service=self.service, seconds=round(pause_s))
            self._pace.wait(pause_s)

    def _wait_for_quota(self, error: GraphError, waited: bool) -> None:
        """A refusal for the quota is waited out once, and only when Meta said how long (the pause is already planned)."""
        if waited or not self._pause_s:
            raise _spent(self.service) from error


def _spent(service: str) -> GraphError:
    return GraphError(f"kuota {service} (Graph API) habis sebelum akun ini terbaca", "budget", "stop")


def _usage_rows(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The counters of all usage headers; what cannot be read counts as nothing."""
    for name in _USAGE_HEADERS:
        try:
            usage = json.loads(headers.get(name, "{}"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(usage, Mapping):
            continue
        yield usage
        for rows in usage.values():
            yield from (row for row in (rows if isinstance(rows, list) else []) if isinstance(row, Mapping))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0


def _parsed(response: requests.Response) -> object:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _keep_addresses_out_of_logs() -> None:
    """At DEBUG urllib3 logs addresses, and that of ``debug_token`` holds the token; so it is kept above DEBUG."""
    logger = logging.getLogger("urllib3")
    if logger.level < logging.INFO:
        logger.setLevel(logging.INFO)
