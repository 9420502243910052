"""A night of several offices: their accounts are read together, everything else is done office by office.

What goes wrong with one office ends that office's night, never another's. Killed anywhere and started again, the offices whose
night is done only send what is left to send; the others go on.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial

import msgspec
import structlog

from jobs import exit_codes
from jobs.delivering import deliver_mails
from jobs.endings import ending
from jobs.heartbeat import went_well
from jobs.logs import log_crash, name_run
from jobs.night import Night, NightResult
from jobs.nightly import begin_night, finish_night
from jobs.opening import had_its_night, interrupted
from jobs.progress import Progress
from jobs.together import MOST_OPEN, collect_together
from jobs.wiring import Site, open_store
from pantau.core.errors import PantauError
from pantau.core.model import Run
from pantau.delivery.report import DeliveryReport
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


class OfficeResult(msgspec.Struct, frozen=True, kw_only=True):
    """How the night of one office went."""

    code: str
    exit_code: int
    summary: str
    """One line, or several with what is wrong."""
    run: Run | None = None
    """None when it did not come so far, or had its night before."""
    went_well: bool = False
    """See ``heartbeat.went_well``."""


class _Open(msgspec.Struct, kw_only=True):
    """One office during the night."""

    site: Site
    store: Store | None = None
    night: Night | None = None
    result: OfficeResult | None = None
    """Set as soon as nothing more is done for it."""


def run_offices(
    shared: Site,
    sites: Sequence[Site],
    as_of: datetime,
    progress: Progress,
    *,
    dry_run: bool = False,
    send: bool = True,
    only: Sequence[str] = (),
) -> tuple[OfficeResult, ...]:
    """Run, or go on with, the night of ``as_of`` of these offices. The caller holds the lock of the installation.

    ``shared`` has the collectors; ``sites`` are the offices, each with its own settings and database. Options as for ``run_night``.
    Raises what keeps every office from being read, a credential that is missing for example.
    """
    real = not dry_run and not only
    offices = [_Open(site=site) for site in sites]
    with ExitStack() as stack:
        for office in offices:
            _guarded(office, partial(_open, stack))
        if real:
            as_of = _moment(offices, as_of)
        for office in _due(offices, as_of) if real else offices:
            _guarded(office, partial(_begin, as_of, real, only))
            if office.store is not None and len(offices) > MOST_OPEN:
                office.store.close()
        _collect(shared, offices, progress)
        for office in offices:
            _guarded(office, partial(_finish, progress, send, real))
    return tuple(office.result for office in offices if office.result)


def failed(code: str, error: Exception) -> OfficeResult:
    """The result of an office whose night an error ended."""
    end = ending(error)
    return OfficeResult(code=code, exit_code=end.exit_code, summary="\n".join(end.lines))


def _guarded(office: _Open, step: Callable[[_Open], None]) -> None:
    """Do the next step of an office unless it is done with; an error ends its night alone."""
    if office.result is not None:
        return
    name_run(office.site.job.settings.code)
    try:
        step(office)
    except Exception as error:  # one office's trouble must not cost the others their night
        if not isinstance(error, PantauError):
            log_crash()
        _fail(office, error)


def _fail(office: _Open, error: Exception) -> None:
    office.result = failed(office.site.job.settings.code, error)
    _log.error("office_failed", office=office.result.code, reason=office.result.summary)


def _open(stack: ExitStack, office: _Open) -> None:
    office.store = stack.enter_context(open_store(office.site.job.settings.database_url))


def _moment(offices: Sequence[_Open], as_of: datetime) -> datetime:
    """That of the night that was interrupted, when there is one: all offices of a night are read up to the same moment."""
    moments: list[datetime] = []

    def ask(office: _Open) -> None:
        if office.store and (run := interrupted(office.site, office.store, as_of)):
            moments.append(run.as_of)

    for office in offices:
        _guarded(office, ask)
    return max(moments, default=as_of)


def _due(offices: Sequence[_Open], as_of: datetime) -> list[_Open]:
    """Offices whose night is not done. When it is done for all, this is a second start of all of them."""
    due: list[_Open] = []

    def ask(office: _Open) -> None:
        if office.store is not None:
            site, store = office.site, office.store
            if interrupted(site, store, as_of) or not had_its_night(site, store, as_of):
                due.append(office)

    for office in offices:
        _guarded(office, ask)
    return due or [*offices]


def _begin(as_of: datetime, real: bool, only: Sequence[str], office: _Open) -> None:
    if office.store is not None:
        office.night = begin_night(office.site, office.store, as_of, real=real, only=only)


def _collect(shared: Site, offices: Sequence[_Open], progress: Progress) -> None:
    """Read for all offices whose digest is not frozen yet; together those that are read up to the same moment."""
    begun: dict[datetime, list[tuple[_Open, Night]]] = {}

    def ask(office: _Open) -> None:
        if office.night is not None and office.night.reads:
            begun.setdefault(office.night.run.as_of, []).append((office, office.night))

    for office in offices:
        _guarded(office, ask)
    name_run("bersama")
    for together in begun.values():
        broken = collect_together(shared, [night for _, night in together], progress)
        for place, error in broken.items():
            _fail(together[place][0], error)


def _finish(progress: Progress, send: bool, real: bool, office: _Open) -> None:
    code, night, store = office.site.job.settings.code, office.night, office.store
    if night is not None:
        result = finish_night(night, progress, send=send)
        office.result = OfficeResult(
            code=code,
            exit_code=result.exit_code,
            summary=result.summary,
            run=result.run,
            went_well=_well(night, result),
        )
        office.night = None
    elif store is not None:
        report = deliver_mails(office.site, store) if send and real else DeliveryReport()
        complete = exit_codes.DONE if report.complete else exit_codes.NOT_DELIVERED
        told = f"malam ini sudah selesai sebelumnya; surel: {report.summary()}"
        office.result = OfficeResult(code=code, exit_code=complete, summary=told, went_well=report.complete)
    if store is not None:
        store.close()


def _well(night: Night, result: NightResult) -> bool:
    return went_well(night.store, result.run, result.exit_code)
