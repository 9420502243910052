"""Stand-ins that keep the contracts of ``pantau.core.ports`` in memory, and a clock that tests turn by hand."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pantau.core.model import Mail, MailState
from pantau.core.ports import Outbox


class SimClock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self, start: datetime = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)) -> None:
        self.time = start
        self.slept_s: list[float] = []
        self.on_sleep: Callable[[], object] = lambda: None

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.on_sleep()
        self.slept_s.append(seconds)
        self.time += timedelta(seconds=seconds)


class MemoryOutbox(Outbox):
    """The outbox in memory. With ``path`` every ``mark`` is on disk when it returns, so that a killed process can resume.

    ``before_mark`` and ``after_mark`` are called around the commit and may raise, as a crash there would.
    """

    def __init__(self, mails: Iterable[Mail] = (), path: Path | None = None) -> None:
        self.path = path
        self.mails: dict[str, Mail] = {}
        self.history: list[tuple[str, MailState]] = []
        self.before_mark: Callable[[str, MailState], None] = lambda _message_id, _state: None
        self.after_mark: Callable[[str, MailState], None] = lambda _message_id, _state: None
        if path is not None and path.exists():
            self.mails = {mail.message_id: mail for mail in msgspec.json.decode(path.read_bytes(), type=list[Mail])}
        for mail in mails:
            self.add(mail)

    def add(self, mail: Mail) -> None:
        """Freeze one more mail. One that is already there stays as it is."""
        self.mails.setdefault(mail.message_id, mail)
        self._write()

    def due(self, now: datetime) -> list[Mail]:
        """See ``Outbox``."""

        def is_due(mail: Mail) -> bool:
            waits = mail.state == "deferred" and (mail.next_at is None or mail.next_at <= now)
            return waits or mail.state in ("ready", "sending", "unknown")

        return sorted(filter(is_due, self.mails.values()), key=lambda mail: (mail.created_at, mail.message_id))

    def mark(
        self,
        message_id: str,
        state: MailState,
        *,
        at: datetime,
        tries: int | None = None,
        next_at: datetime | None = None,
        smtp_code: int | None = None,
        detail: str = "",
        own_copy: bool | None = None,
    ) -> None:
        """See ``Outbox``."""
        self.before_mark(message_id, state)
        mail = self.mails[message_id]
        self.mails[message_id] = msgspec.structs.replace(
            mail,
            state=state,
            changed_at=at,
            tries=mail.tries if tries is None else tries,
            next_at=next_at,
            smtp_code=smtp_code,
            detail=detail,
            own_copy=mail.own_copy if own_copy is None else own_copy,
        )
        self.history.append((message_id, state))
        self._write()
        self.after_mark(message_id, state)

    def states(self) -> dict[str, MailState]:
        """Recipient to state, for outboxes with one mail per recipient."""
        return {mail.recipient: mail.state for mail in self.mails.values()}

    def _write(self) -> None:
        if self.path is not None:
            half = self.path.with_suffix(".part")
            half.write_bytes(msgspec.json.encode(list(self.mails.values())))
            half.replace(self.path)
