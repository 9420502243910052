"""How often Instagram is asked, remembered over the end of a run: a night that is started again must not begin to count anew."""

from pathlib import Path

import msgspec
import structlog
from instaloader.instaloadercontext import InstaloaderContext, RateController

from collectors.base import Pace
from collectors.notes import Notes

_log = structlog.get_logger(__name__)

REST_AFTER_REFUSAL_H = 12
"""So long no run asks again after Instagram demanded a check of our own account, unless another session was imported."""
_KEY = "requests"
_REMEMBER_S = 3600
"""The longest span over which instaloader counts."""
_SAVE_EVERY = 20


class RateNote(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds since 1970."""

    sent: dict[str, list[float]] = {}
    """Kind of request (as instaloader counts them) to when they were sent, for the last hour."""
    hold_until: float = 0.0
    refusal: str = ""
    """What Instagram demanded of our own account, in the words of the digest; empty when nothing."""
    refused_at: float = 0.0
    session_ns: int = 0
    """Which session was refused: when its file was last changed, in nanoseconds since 1970."""


class RateMemory:
    """What was sent in the last hour, a pause that still holds, and a refusal. ``path`` None: for this run only."""

    def __init__(self, path: Path | None, pace: Pace) -> None:
        self._notes = Notes(path, RateNote)
        self._pace = pace
        note = self._notes.get(_KEY) or RateNote()
        self.sent: dict[str, list[float]] = note.sent
        self._hold_until = min(note.hold_until, self._now() + _REMEMBER_S)  # a clock set back must not hold for days
        self._refusal = (note.refusal, note.refused_at, note.session_ns)
        self._unsaved = 0

    def _now(self) -> float:
        return self._pace.now().timestamp()

    def count(self, kind: str) -> None:
        """A request leaves now. Not every one is written at once: a killed run forgets a few at most."""
        self.sent.setdefault(kind, []).append(self._now())
        self._unsaved += 1
        if self._unsaved >= _SAVE_EVERY:
            self.save()

    def trim(self) -> None:
        """Forget what is too old to count, and what a clock that was set back left in the future."""
        now = self._now()
        for kind, times in self.sent.items():
            self.sent[kind] = [at for at in times if now - _REMEMBER_S < at <= now]

    def hold(self, seconds: float) -> None:
        """Nothing is to be asked for so long."""
        self._hold_until = max(self._hold_until, self._now() + seconds)
        self.save()

    def wait(self) -> None:
        """Wait until asking is allowed again. Raises ``CollectorError`` (deadline)."""
        rest_s = self._hold_until - self._now()
        if rest_s > 0:
            self._pace.wait(rest_s)

    def refuse(self, reason: str, session_ns: int) -> None:
        """Note that Instagram refuses our own account."""
        self._refusal = (reason, self._now(), session_ns)
        self.save()

    def forgive(self) -> None:
        """Note that Instagram answers our own account again."""
        if self._refusal[0]:
            self._refusal = ("", 0.0, 0)
            self.save()

    def refused(self, session_ns: int) -> str:
        """The reason not to ask with this session now; empty when there is none."""
        reason, at, session = self._refusal
        recent = 0 <= self._now() - at < REST_AFTER_REFUSAL_H * 3600
        return reason if recent and session == session_ns else ""

    def save(self) -> None:
        """Write the file."""
        self.trim()
        reason, at, session = self._refusal
        note = RateNote(sent=self.sent, hold_until=self._hold_until, refusal=reason, refused_at=at, session_ns=session)
        self._notes.put(_KEY, note)
        self._notes.save()
        self._unsaved = 0


class PacedRates(RateController):
    """instaloader's own budget (75 pages and 200 queries of a kind in 11 minutes), counted and waited by the run's clock."""

    def __init__(self, context: InstaloaderContext, pace: Pace, memory: RateMemory) -> None:
        super().__init__(context)
        self._pace = pace
        self._memory = memory
        self._query_timestamps = memory.sent

    def sleep(self, secs: float) -> None:
        """Wait within the run's deadline. Raises ``CollectorError`` (deadline)."""
        self._pace.wait(secs)

    def wait_before_query(self, query_type: str) -> None:
        """Wait until a request of this kind is within the budget."""
        self._memory.trim()
        wait_s = self.query_waittime(query_type, self._pace.now().timestamp())
        if wait_s > 0:
            _log.info("instagram.budget_pause", kind=query_type, seconds=round(wait_s))
            self.sleep(wait_s)
        self._memory.count(query_type)
