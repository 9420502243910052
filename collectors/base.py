"""What every collector shares: its reasons for failure and the deadline of a run."""

from collections.abc import Callable
from datetime import datetime

from pantau.core.errors import PantauError
from pantau.core.model import Account, Outcome, Reading, Scan, UnreadClass


class CollectorError(PantauError):
    """An account or a whole source could not be read.

    ``unread_class`` is the reason class, ``source_down`` says that no other account of this source will fare better tonight.
    The text is Indonesian and goes into the digest.
    """

    def __init__(self, reason: str, unread_class: UnreadClass, *, source_down: bool = False) -> None:
        self.unread_class: UnreadClass = unread_class
        self.source_down = source_down
        super().__init__(reason)


class Pace:
    """Clock, sleep and deadline of one run, handed in so that tests and simulations can run without waiting."""

    def __init__(self, now: Callable[[], datetime], sleep: Callable[[float], None], deadline: datetime) -> None:
        self.now = now
        self.deadline = deadline
        self._sleep = sleep

    @property
    def expired(self) -> bool:
        """True once the run's time for collecting is used up."""
        return self.now() >= self.deadline

    def wait(self, seconds: float) -> None:
        """Sleep, or raise ``CollectorError`` (deadline) at once when the sleep would end after the deadline."""
        if (self.deadline - self.now()).total_seconds() < seconds:
            reason = "waktu pengambilan malam ini habis sebelum akun ini terbaca"
            raise CollectorError(reason, "deadline", source_down=True)
        self._sleep(seconds)


def failed_scan(
    account: Account, unread_class: UnreadClass, reason: str, at: datetime, source: str, outcome: Outcome = "unread"
) -> Scan:
    """The scan of an account that could not be read, or that the service says is missing, suspended or private."""
    reading = Reading(
        account=account.key, outcome=outcome, unread_class=unread_class, reason=reason, checked_at=at, source=source
    )
    return Scan(reading=reading)
