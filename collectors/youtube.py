"""YouTube through the Data API, or through the channels' RSS feeds where there is no key or no quota left.

``youtube_client`` makes one request, ``youtube_seat`` holds one channel's night, ``youtube_parse`` reads the answers. A night costs
one unit per 50 channels, one per channel and one per 50 new videos.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from collectors.base import CollectorError, Pace, unread_all
from collectors.notes import Notes
from collectors.youtube_client import YouTubeClient
from collectors.youtube_identify import Identities
from collectors.youtube_night import Night
from collectors.youtube_seat import API, RSS, ChannelNote, Seat
from pantau.core.model import Account, Cost, Scan, Target, Window
from pantau.core.settings import Network, YouTubeSettings


class YouTubeCollector:
    """Reads channels. ``key`` is the API key ("": RSS only), ``notes_file`` keeps what saves quota (None: nothing)."""

    platform = "youtube"

    def __init__(
        self, settings: YouTubeSettings, network: Network, key: str, pace: Pace, notes_file: Path | None = None
    ) -> None:
        self._settings = settings
        self._network = network
        self._key = key
        self._pace = pace
        self._notes = Notes(notes_file, ChannelNote)
        self._units = 0
        self._feeds = 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """Exactly one scan per target, each as soon as it is final. Raises nothing.

        Videos published up to ``overlap_days`` before ``since`` can be among the posts when no earlier night has seen them.
        """
        try:
            client = YouTubeClient(self._settings, self._network, self._key, self._pace)
        except CollectorError as error:
            yield from unread_all(targets, error, self._pace.now(), "")
            return
        overlap = timedelta(days=self._settings.overlap_days)
        now = self._pace.now()
        seats = [
            Seat(
                target, window, self._notes.get(target.account.platform_id) or ChannelNote(), now, overlap, client.clock
            )
            for target in targets
        ]
        try:
            yield from Night(client, self._pace, self._notes, seats, has_key=bool(self._key)).scans()
        finally:
            self._finish(client)
            self._notes.save()

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """Exactly one scan per account, without posts. Raises nothing. Without a key the feeds answer, which state no handle."""
        try:
            client = YouTubeClient(self._settings, self._network, self._key, self._pace)
        except CollectorError as error:
            yield from unread_all(accounts, error, self._pace.now(), "")
            return
        try:
            yield from Identities(client, self._pace, accounts, has_key=bool(self._key)).scans()
        finally:
            self._finish(client)

    def _finish(self, client: YouTubeClient) -> None:
        client.close()
        self._units += client.units
        self._feeds += client.feeds

    def costs(self) -> tuple[Cost, ...]:
        """Quota units (one per call of the API) and RSS requests so far; both are free of charge."""
        return (
            Cost(platform=self.platform, source=API, requests=self._units),
            Cost(platform=self.platform, source=RSS, requests=self._feeds),
        )
