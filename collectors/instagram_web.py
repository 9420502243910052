"""Instagram through instaloader: signed in with an imported session, one request per account whose id is known."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog

from collectors.base import CLOCK_SLACK, CollectorError, Pace, failed_scan, guarded
from collectors.instagram_client import PantauContext
from collectors.instagram_errors import (
    LIBRARY_ERRORS,
    AccountOutcomeError,
    NotUnderItsNameError,
    RefusedError,
    TransientError,
    translate,
)
from collectors.instagram_identify import IdentityReader, Reader
from collectors.instagram_rates import RateMemory
from collectors.instagram_session import read_session
from collectors.instagram_timeline import Harvest, TimelineReader
from pantau.core.model import Account, Cost, Outcome, Reading, Scan, Target, UnreadClass, Window
from pantau.core.settings import InstagramSettings, Network

_log = structlog.get_logger(__name__)

SOURCE = "instaloader"
SAME_FAILURES = 5
"""So many accounts in a row that fail the same way mean that the source is down, not the accounts."""

_Verdict = AccountOutcomeError | CollectorError | None


class InstagramWebCollector:
    """Reads accounts of Instagram as its web client does. Implements ``pantau.core.ports.Collector``.

    ``session_file`` holds the imported session (mode 0600; see ``instagram_session``); None reads as a visitor, which
    costs one more request per post and is refused sooner. ``notes`` is the file that remembers from run to run how much was
    asked in the last hour and whether Instagram refused; None: nothing is remembered.
    """

    platform = "instagram"

    def __init__(
        self,
        settings: InstagramSettings,
        network: Network,
        session_file: Path | None,
        pace: Pace,
        notes: Path | None = None,
    ) -> None:
        self._settings = settings
        self._network = network
        self._session_file = session_file
        self._pace = pace
        self._memory = RateMemory(notes, pace)
        self._context: PantauContext | None = None
        self._down: CollectorError | None = None
        self._streak: tuple[str, int] = ("", 0)
        self._proven = False
        self._witness: Target | None = None

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target; the canary first. Nothing is raised: see ``pantau.core.ports.Collector``.

        Posts up to ``overlap_days`` before ``since`` can be among those of an account from which posts are stored.
        """
        yield from self._read_all(TimelineReader, targets, window)

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, without posts, the canary first: by its id with a session, else by its profile page."""
        now = self._pace.now()
        targets = [Target(account=account, since=now) for account in accounts]
        yield from self._read_all(IdentityReader, targets, Window(now, now))

    def _read_all(
        self, kind: Callable[[PantauContext], Reader], targets: Sequence[Target], window: Window
    ) -> Iterator[Scan]:
        if not targets:
            return
        self._down, self._streak, self._proven, self._witness = None, ("", 0), False, None
        try:
            context = self._open()
        except CollectorError as error:
            self._stop(error)
            yield from (self._unread(target.account) for target in targets)
            return
        try:
            yield from self._collect(kind(context), targets, window)
        finally:
            context.close()
            self._memory.save()

    def _collect(self, reader: Reader, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        canary = self._settings.canary.lstrip("@").lower()
        ordered = sorted(targets, key=lambda target: target.account.handle.lower() != canary)
        if canary and ordered[0].account.handle.lower() != canary and not self._must_stop():
            self._probe(reader, canary, window)
        held: list[Scan] = []
        for number, target in enumerate(ordered):
            if self._must_stop():
                yield self._unread(target.account)
                continue
            is_canary = bool(canary) and number == 0 and target.account.handle.lower() == canary
            scan = self._read(reader, target, window, is_canary)
            waits = scan.reading.outcome == "missing" and isinstance(reader, TimelineReader)
            if waits:
                held.append(scan)
            answered = scan.reading.outcome in ("read", "private")
            if answered or (len(held) >= SAME_FAILURES and self._shows_witness(reader, window)):
                yield from held
                held.clear()
            if not waits:
                yield scan
        believed = bool(held) and not self._must_stop() and self._shows_witness(reader, window)
        yield from held if believed else map(self._doubted, held)

    def _shows_witness(self, reader: Reader, window: Window) -> bool:
        """Whether Instagram still shows an account that was read tonight; else it is down, and "missing" means nothing."""
        if self._witness is None:
            return False
        if self._read(reader, self._witness, window, is_canary=False).reading.outcome == "read":
            return True
        reason = "Instagram tidak lagi menampilkan akun yang malam ini sudah terbaca"
        self._stop(self._down or CollectorError(reason, "unproven", source_down=True))
        return False

    def _doubted(self, scan: Scan) -> Scan:
        """An account that Instagram did not show, at a time when it showed nobody else either: that proves nothing."""
        reason = f"{scan.reading.reason}, tetapi sesudah itu Instagram tidak menampilkan akun lain juga"
        reading = msgspec.structs.replace(scan.reading, outcome="unread", unread_class="unproven", reason=reason)
        return msgspec.structs.replace(scan, reading=reading)

    def costs(self) -> tuple[Cost, ...]:
        """Requests sent so far; the source is free of charge."""
        sent = self._context.requests_sent if self._context else 0
        return (Cost(platform=self.platform, source=SOURCE, requests=sent),)

    def _open(self) -> PantauContext:
        """The context, opened once, with the session that lies in the file now. Raises ``CollectorError``."""
        session = read_session(self._session_file, self._pace.now()) if self._session_file else None
        refusal = self._memory.refused(self._session_ns())
        if refusal:
            raise RefusedError(refusal)
        if self._context is None:
            self._context = PantauContext(self._settings, self._network, self._pace, self._memory)
        if session is not None:
            self._context.load_session(self._settings.username or SOURCE, session.values)
        return self._context

    def _session_ns(self) -> int:
        """Which session this is: when its file was last changed; 0 for a visitor."""
        return self._session_file.stat().st_mtime_ns if self._session_file else 0

    def _must_stop(self) -> bool:
        """True once the rest is to be skipped; also waits out a rate limit before the next account."""
        if self._down is None and self._pace.expired:
            self._stop(CollectorError("waktu pengambilan malam ini habis sebelum akun ini terbaca", "deadline"))
        if self._down is None:
            try:
                self._memory.wait()
            except CollectorError as error:
                self._stop(error)
        return self._down is not None

    def _stop(self, error: CollectorError) -> None:
        self._down = error
        _log.error("instagram.stopped", unread_class=error.unread_class, reason=str(error))

    def _probe(self, reader: Reader, handle: str, window: Window) -> None:
        """Read a canary that is not in the register; no scan comes of it."""
        account = Account(platform=self.platform, handle=handle, unit="")
        self._read(reader, Target(account=account, since=window.end), window, is_canary=True)

    def _read(self, reader: Reader, target: Target, window: Window, is_canary: bool) -> Scan:
        account = target.account
        seen_before = bool(target.last_post_id) and self._session_file is not None
        overlap = max(CLOCK_SLACK, timedelta(days=self._settings.overlap_days if seen_before else 0))
        harvest = Harvest(target, window, account.platform_id, overlap)
        verdict = self._attempt(reader, harvest)
        if isinstance(verdict, TransientError) and not self._pace.expired:
            _log.info("instagram.second_try", account=account.key, reason=str(verdict))
            verdict = self._attempt(reader, harvest)
        if _is_rate_limit(verdict) and self._streak[0] != "rate_limit" and self._waits_out_limit():
            verdict = self._attempt(reader, harvest)  # the limit was ours, not the account's
        if isinstance(verdict, RefusedError):
            self._memory.refuse(str(verdict), self._session_ns())
        elif verdict is None and harvest.seen:
            known = msgspec.structs.replace(account, platform_id=harvest.known_id or harvest.learnt_id)
            self._witness = msgspec.structs.replace(target, account=known)
        if is_canary and (verdict is not None or not harvest.seen):
            verdict = self._canary_failed(verdict)
        self._judge(verdict)
        if verdict is not None:
            _log.info("instagram.not_read", account=account.key, reason=str(verdict))
        return self._scan(harvest, verdict)

    def _attempt(self, reader: Reader, harvest: Harvest) -> _Verdict:
        try:
            return guarded(partial(_read_or_outcome, reader, harvest), _odd_answer, "instagram.odd_answer")
        except CollectorError as error:
            return error

    def _waits_out_limit(self) -> bool:
        """Keep the pause that Instagram asks for; False when the night ends before."""
        self._memory.hold(self._settings.rate_limit_pause_s)
        try:
            self._memory.wait()
        except CollectorError:
            return False
        return True

    def _canary_failed(self, verdict: _Verdict) -> CollectorError:
        """Whatever the canary's trouble is, no other account can be judged tonight."""
        kind: UnreadClass = verdict.unread_class if isinstance(verdict, CollectorError) else "unproven"
        why = str(verdict) if verdict else "tidak ada unggahan yang terlihat"
        reason = f"Instagram tidak dapat dipercaya malam ini: akun penanda @{self._settings.canary.lstrip('@')} gagal ({why})"
        return CollectorError(reason, kind, source_down=True)

    def _judge(self, verdict: _Verdict) -> None:
        """Stop the source at a hard refusal, or when one account after the other fails the same way."""
        absent = isinstance(verdict, NotUnderItsNameError)
        if isinstance(verdict, AccountOutcomeError):
            absent = verdict.outcome == "missing"
        about_account = absent or isinstance(verdict, AccountOutcomeError)
        if verdict is None or (about_account and (self._proven or not absent)):
            self._streak = ("", 0)
            self._proven = True
            return
        kind = verdict.unread_class if isinstance(verdict, CollectorError) else verdict.outcome
        self._streak = (kind, self._streak[1] + 1 if self._streak[0] == kind else 1)
        if isinstance(verdict, CollectorError) and verdict.source_down:
            self._stop(verdict)
        elif self._streak[1] >= SAME_FAILURES:
            reason = f"Instagram dihentikan setelah {SAME_FAILURES} akun berturut-turut gagal: {verdict}"
            self._stop(
                CollectorError(reason, verdict.unread_class if isinstance(verdict, CollectorError) else "unproven")
            )
        if _is_rate_limit(verdict):
            self._memory.hold(self._settings.rate_limit_pause_s)

    def _unread(self, account: Account) -> Scan:
        down = self._down or CollectorError("Instagram dihentikan", "stopped")
        return failed_scan(account, down.unread_class, str(down), self._pace.now(), SOURCE)

    def _scan(self, harvest: Harvest, verdict: _Verdict) -> Scan:
        account = harvest.target.account
        outcome: Outcome = "read" if verdict is None else "unread"
        if isinstance(verdict, AccountOutcomeError):
            outcome = verdict.outcome
        reading = Reading(
            account=account.key,
            outcome=outcome,
            unread_class=verdict.unread_class if isinstance(verdict, CollectorError) else "",
            reason=str(verdict or ""),
            checked_at=self._pace.now(),
            complete=verdict is None and harvest.complete,
            last_post_at=harvest.last_post_at,
            source=SOURCE,
        )
        learnt = harvest.learnt_id if harvest.learnt_id != account.platform_id else ""
        proves = outcome == "read" and self._session_file is not None  # a visitor is shown what Instagram likes
        return Scan(
            reading=reading,
            posts=harvest.posts,
            older=harvest.older,
            platform_id=learnt,
            handle=harvest.handle,
            seen_from=harvest.seen_from if proves else None,
        )


def _read_or_outcome(reader: Reader, harvest: Harvest) -> AccountOutcomeError | None:
    """Read, or what Instagram said of the account. Raises ``CollectorError`` and whatever an odd answer provokes."""
    try:
        reader.read(harvest)
    except AccountOutcomeError as outcome:
        return outcome
    except LIBRARY_ERRORS as error:
        verdict = translate(error)
        if isinstance(verdict, AccountOutcomeError):
            return verdict
        raise verdict from error
    return None


def _is_rate_limit(verdict: _Verdict) -> bool:
    return isinstance(verdict, CollectorError) and verdict.unread_class == "rate_limit"


def _odd_answer(name: str) -> CollectorError:
    return CollectorError(f"bentuk jawaban Instagram berubah ({name})", "format")
