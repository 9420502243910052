"""Which channels exist now and under which handle: one unit per 50 channels whose id is known, one or two per other."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from collectors.base import Pace, identified
from collectors.notes import Notes
from collectors.youtube_client import YouTubeClient, YouTubeError
from collectors.youtube_night import Night
from collectors.youtube_seat import API, RSS, ChannelNote, Seat
from pantau.core.model import Account, Scan, Target, Window


class Identities(Night):
    """A night that ends once it is known which channels exist. Writes no notes."""

    def __init__(self, client: YouTubeClient, pace: Pace, accounts: Sequence[Account], *, has_key: bool) -> None:
        now = pace.now()
        targets = [Target(account=account, since=now) for account in accounts]
        seats = [Seat(target, Window(now, now), ChannelNote(), now, timedelta()) for target in targets]
        super().__init__(client, pace, Notes(None, ChannelNote), seats, has_key=has_key)

    def _read_channels(self) -> Iterator[Scan]:
        for seat in list(self._open.values()):
            assert seat.channel is not None, "only channels that exist are left"
            yield self._identified(seat, API, seat.channel.handle)

    def _settle_feed(self, seat: Seat, entries: int, spent: YouTubeError | None) -> Scan:
        return self._identified(seat, RSS)

    def _identified(self, seat: Seat, source: str, handle: str = "") -> Scan:
        at = self._pace.now()
        return self._close(seat, identified(seat.target.account, at, source, seat.channel_id, handle))
