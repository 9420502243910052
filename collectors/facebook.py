"""Facebook pages through Meta's Graph API: one call per page, by its number once known.

A token of a system user reads the office's own pages with their own tokens (asked for once a night); the others need the app
feature Page Public Content Access.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from collectors.base import CollectorError, Pace, unread_all
from collectors.facebook_identify import Identities
from collectors.facebook_night import SERVICE, SOURCE, Night
from collectors.graph import GraphClient
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.settings import Network
from pantau.core.settings_meta import MetaSettings


class FacebookCollector:
    """Reads pages of Facebook. Implements ``pantau.core.ports.Collector``. ``token`` is never logged."""

    platform = "facebook"

    def __init__(self, token: str, meta: MetaSettings, network: Network, app_secret: str, pace: Pace) -> None:
        self._connect = partial(GraphClient, SERVICE, meta, network, token, app_secret, pace)
        self._pace = pace
        self._requests = 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target; pages that Facebook does not show come last, since they are asked for twice. Nothing is raised."""
        if not targets:
            return
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(targets, error, self._pace.now(), SOURCE)
            return
        try:
            yield from Night(client, self._pace, window).scans(targets)
        finally:
            self._requests += client.requests
            client.close()

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts, by one call each. Nothing is raised."""
        if not accounts:
            return
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(accounts, error, self._pace.now(), SOURCE)
            return
        try:
            yield from Identities(client, self._pace).of(accounts)
        finally:
            self._requests += client.requests
            client.close()

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (Cost(platform=self.platform, source=SOURCE, requests=self._requests),)
