"""Instagram by two sources behind one name: the Graph API first, instaloader for the accounts that it does not show."""

from collections.abc import Iterator, Sequence

from collectors.instagram_graph import InstagramGraphCollector
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.ports import Collector


class InstagramCollector:
    """Implements ``pantau.core.ports.Collector``. ``Reading.source`` says which source read an account.

    Only accounts that the Graph API answered not to show go to the second source. Those that it could not read tonight (quota,
    token, network) stay unread: a thousand accounts at once would get the session's account locked.
    """

    platform = "instagram"

    def __init__(self, graph: InstagramGraphCollector, web: Collector) -> None:
        self._graph = graph
        self._web = web

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target. Nothing is raised."""
        left = []
        for target, scan in zip(targets, self._graph.collect(targets, window), strict=True):
            if target.account.key in self._graph.not_shown:
                left.append(target)
            else:
                yield scan
        if left:
            yield from self._web.collect(left, window)

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts: from the second source where the first does not show it. Nothing is raised."""
        left = []
        for account, scan in zip(accounts, self._graph.identify(accounts), strict=True):
            if account.key in self._graph.not_shown:
                left.append(account)
            else:
                yield scan
        if left:
            yield from self._web.identify(left)

    def costs(self) -> tuple[Cost, ...]:
        """What both used."""
        return (*self._graph.costs(), *self._web.costs())
