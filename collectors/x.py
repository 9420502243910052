"""X (Twitter) through tweepy: the collector as ``jobs`` knows it.

``x_night`` holds the order of a night, ``x_plan`` the packing of accounts into queries, ``x_read`` the reading, ``x_client`` one
request, ``x_errors`` the meaning of refusals, ``x_parse`` the answers.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial

import msgspec

from collectors.base import CollectorError, Pace, unread_all
from collectors.x_client import Meter, XClient
from collectors.x_errors import format_error
from collectors.x_identify import SOURCE, Identities
from collectors.x_night import Night
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.settings import Network, XSettings


class XUsage(msgspec.Struct, frozen=True):
    """X's own count of posts read in the current month and its limit; on ``reset_day`` of the month it starts again."""

    posts_read: int
    posts_cap: int
    reset_day: int


class XCollector:
    """Reads accounts of X. ``token`` is the app's bearer token; it is never logged."""

    platform = "x"

    def __init__(self, settings: XSettings, network: Network, token: str, pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        self._meter = Meter()
        self._connect = partial(XClient, settings, network, token, pace, self._meter)

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """Exactly one scan per target, each as soon as it is final. Raises nothing.

        An unread scan can carry posts: those that came before the fault. Posts published up to some hours before ``since`` can be
        among them (the index lags), and edited or reposted ones of older date; the store drops what it has.
        """
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(targets, error, self._pace.now(), "")
            return
        with closing(client):
            yield from Night(client, self._settings, self._pace, targets, window).scans()

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """Exactly one scan per account, without posts. Raises nothing. Each user found is billed; see ``costs``."""
        try:
            client = self._connect()
        except CollectorError as error:
            yield from unread_all(accounts, error, self._pace.now(), SOURCE)
            return
        with closing(client):
            yield from Identities(client, self._pace).scans(accounts)

    def costs(self) -> tuple[Cost, ...]:
        """Requests, resources billed (each once per UTC day) and dollars so far in this process."""
        return (self._meter.cost(),)

    def usage(self) -> XUsage:
        """The month's use as X counts it. Raises ``CollectorError``."""
        with closing(self._connect()) as client:
            data = client.usage().get("data")
        try:
            return XUsage(int(data["project_usage"]), int(data["project_cap"]), int(data["cap_reset_day"]))  # type: ignore[index]
        except (KeyError, TypeError, ValueError):
            raise format_error("usage") from None
