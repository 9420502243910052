"""Brings a session from a browser into the file from which the night reads it, and asks Instagram whether it answers."""

from datetime import datetime
from pathlib import Path

from collectors.base import CollectorError, Pace
from collectors.instagram_client import PantauContext
from collectors.instagram_cookies import Kind
from collectors.instagram_errors import LIBRARY_ERRORS, RefusedError, translate
from collectors.instagram_rates import RateMemory
from collectors.instagram_session import Session, read_import, read_session, write_session
from pantau.core.settings import InstagramSettings, Network

_BROWSER: tuple[Kind, ...] = ("netscape", "json")
_LIBRARY: tuple[Kind, ...] = ("instaloader", "table")


class SessionKeeper:
    """Keeps the session in ``path``. ``notes`` is the file in which the nights remember how much was asked."""

    def __init__(self, settings: InstagramSettings, network: Network, path: Path, notes: Path, pace: Pace) -> None:
        self._settings = settings
        self._network = network
        self._path = path
        self._notes = notes
        self._pace = pace

    def bring(self, file: Path, *, from_browser: bool, ask: bool) -> tuple[Session, bool]:
        """Import a file; the session, and whether Instagram was asked about it.

        A session that still holds by its dates is replaced only by one that answers, whether ``ask`` is set or not. Raises
        ``CollectorError`` with what to do; then nothing has changed.
        """
        now = self._pace.now()
        session = read_import(file, _BROWSER if from_browser else _LIBRARY, now)
        ask = ask or self._would_replace(session, now)
        if ask:
            self._ask(session, 0)
        write_session(self._path, session)
        return session, ask

    def ends(self) -> datetime | None:
        """When the session in place ends by its dates; None when none is stated. Asks nobody. Raises ``CollectorError``."""
        return read_session(self._path, self._pace.now()).until

    def check(self) -> Session:
        """The session in place, after Instagram answered it. Raises ``CollectorError`` with what to do."""
        session = read_session(self._path, self._pace.now())
        self._ask(session, self._path.stat().st_mtime_ns)
        return session

    def _would_replace(self, session: Session, now: datetime) -> bool:
        try:
            return read_session(self._path, now).values != session.values
        except CollectorError:
            return False

    def _ask(self, session: Session, session_ns: int) -> None:
        """One request. A refusal keeps the next night from asking, an answer ends an earlier refusal."""
        memory = RateMemory(self._notes, self._pace)
        context = PantauContext(self._settings, self._network, self._pace, memory)
        try:
            context.load_session(self._settings.username or "pantau", session.values)
            context.check_session()
            memory.forgive()
        except LIBRARY_ERRORS as error:
            verdict = translate(error)
            if isinstance(verdict, RefusedError) and session_ns:
                memory.refuse(str(verdict), session_ns)
            raise (
                verdict if isinstance(verdict, CollectorError) else CollectorError(str(verdict), "unproven")
            ) from error
        finally:
            context.close()
            memory.save()
