"""Facebook pages through Meta's Graph API: one call per page, by its number once known.

A token of a system user reads the office's own pages with their own tokens (asked for once a night); the others need the app
feature Page Public Content Access.
"""

from collections.abc import Callable, Iterator, Sequence
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
        yield from self._asking(targets, lambda client: Night(client, self._pace, window).scans(targets))

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts, by one call each. Nothing is raised."""
        yield from self._asking(accounts, lambda client: Identities(client, self._pace).of(accounts))

    def _asking(
        self, whom: Sequence[Target] | Sequence[Account], ask: Callable[[GraphClient], Iterator[Scan]]
    ) -> Iterator[Scan]:
        if not whom:
            return
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(whom, error, self._pace.now(), SOURCE)
            return
        try:
            yield from ask(client)
        finally:
            self._requests += client.requests
            client.close()

    def costs(self) -> tuple[Cost, ...]:
        """Requests so far; the source is free of charge."""
        return (Cost(platform=self.platform, source=SOURCE, requests=self._requests),)
