"""What every collector shares: its reasons for failure, the deadline of a run, and the net around one answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from pantau.core.errors import PantauError
from pantau.core.model import Account, Outcome, Reading, Scan, Target, UnreadClass

_log = structlog.get_logger()
T = TypeVar("T")


class CollectorError(PantauError):
    """An account or a whole source could not be read.

    ``unread_class`` is the reason class, ``source_down`` says that no other account of this source will fare better tonight.
    The text is Indonesian and goes into the digest.
    """

    def __init__(self, reason: str, unread_class: UnreadClass, *, source_down: bool = False) -> None:
        self.unread_class: UnreadClass = unread_class
        self.source_down = source_down
        super().__init__(reason)


CLOCK_SLACK = timedelta(hours=3)
"""Posts that came along are wanted from so long before the watermark on: with a clock of ours that was fast, the watermark lies
later than the time that the service gave what it published after the night. The store drops what it has."""


class Pace:
    """Clock, sleep and deadline of one run, handed in so that tests and simulations can run without waiting.

    ``month_usd`` is what earlier runs of this calendar month were billed, by platform, in US dollars.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        deadline: datetime,
        month_usd: Mapping[str, float] | None = None,
    ) -> None:
        self.now = now
        self.deadline = deadline
        self.month_usd = month_usd or {}
        self._sleep = sleep

    def within(self, minutes: float | None) -> "Pace":
        """The same with a deadline so many minutes from now, where that is sooner."""
        if minutes is None:
            return self
        return Pace(self.now, self._sleep, min(self.deadline, self.now() + timedelta(minutes=minutes)), self.month_usd)

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
    account: Account,
    unread_class: UnreadClass,
    reason: str,
    at: datetime,
    source: str,
    outcome: Outcome = "unread",
    platform_id: str = "",
    handle: str = "",
) -> Scan:
    """The scan of an account that could not be read, or that the service says is missing, suspended or private."""
    reading = Reading(
        account=account.key, outcome=outcome, unread_class=unread_class, reason=reason, checked_at=at, source=source
    )
    return Scan(reading=reading, platform_id=platform_id, handle=handle)


def identified(account: Account, at: datetime, source: str, platform_id: str = "", handle: str = "") -> Scan:
    """The scan of an account that is there, with the names that the platform states now; no posts were asked for."""
    reading = Reading(account=account.key, outcome="read", checked_at=at, source=source)
    return Scan(reading=reading, platform_id=platform_id, handle=handle)


def unread_all(targets: Iterable[Target | Account], error: CollectorError, at: datetime, source: str) -> Iterator[Scan]:
    """One unread scan per target or account, for a source that cannot be asked at all."""
    for target in targets:
        account = target.account if isinstance(target, Target) else target
        yield failed_scan(account, error.unread_class, str(error), at, source)


def guarded(read: Callable[[], T], odd: Callable[[str], CollectorError], event: str) -> T:
    """What ``read`` gives. Raises ``CollectorError`` only: a crash over an odd answer becomes ``odd(name of the exception)``.

    So one account's answer can cost no other account its night; ``event`` is what the log calls it.
    """
    try:
        return read()
    except CollectorError:
        raise
    except Exception as error:  # whatever an odd answer provokes makes these accounts unread, no others
        _log.warning(event, error=type(error).__name__)
        raise odd(type(error).__name__) from error
