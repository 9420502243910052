"""Which run a night works on: a new one, one that was interrupted, or a repetition."""

from datetime import datetime, timedelta

import structlog

from jobs import exit_codes
from jobs.wiring import Site
from pantau.checks.days import night_of
from pantau.core.clock import local_day
from pantau.core.model import Run, Window
from pantau.store.store import Store

_log = structlog.get_logger(__name__)
RESUME_HOURS = 20
"""An unfinished night younger than this is continued; an older one is closed, and tonight covers what it had read."""


def begin(site: Site, store: Store, as_of: datetime, without_consequences: bool) -> tuple[Run, bool]:
    """The run to work on, and whether its night has its digest already (then only what is still open is done).

    A second start of a night and one without consequences are ``trial`` runs: what they read comes into the next digest.
    """
    settings, kind = site.job.settings, site.night_kind
    earliest = as_of - timedelta(days=settings.collect.first_days)
    if without_consequences:
        return store.runs.begin(
            "trial", f"d-{site.now():%Y%m%d%H%M%S}", Window(earliest, as_of), as_of, site.now()
        ), False
    if (going_on := interrupted(site, store, as_of)) is not None:
        _log.warning("night_resumed", night=going_on.run_id, began=going_on.started_at.isoformat())
        store.runs.note(going_on.run_id, site.now(), "resumed")
        return going_on, False
    if (stale := store.runs.unfinished(kind)) is not None:
        _log.warning("night_never_finished", night=stale.run_id, began=stale.started_at.isoformat())
        store.runs.finish(
            stale.run_id, site.now(), exit_codes.INTERRUPTED, "tidak selesai; dilanjutkan malam berikutnya"
        )
    _, free = _runs_of_day(site, store, as_of)
    if had_its_night(site, store, as_of):
        return store.runs.begin("trial", free, Window(earliest, as_of), as_of, site.now()), True
    before = store.runs.last_finished(kind, as_of)
    start = before.window.end if before else earliest
    return store.runs.begin(kind, free, Window(min(start, as_of), as_of), as_of, site.now()), False


def interrupted(site: Site, store: Store, as_of: datetime) -> Run | None:
    """The night that a start at ``as_of`` goes on with; None when there is none, or only one too long ago."""
    run = store.runs.unfinished(site.night_kind)
    return run if run is not None and as_of - run.as_of < timedelta(hours=RESUME_HOURS) else None


def had_its_night(site: Site, store: Store, as_of: datetime) -> bool:
    """Whether the night of ``as_of`` has begun already; one that is not finished is ``interrupted``."""
    zone = site.job.settings.zone
    of_the_day, _ = _runs_of_day(site, store, as_of)
    return any(run.kind == site.night_kind and night_of(run.as_of, zone) >= night_of(as_of, zone) for run in of_the_day)


def _runs_of_day(site: Site, store: Store, as_of: datetime) -> tuple[list[Run], str]:
    """The runs named after a day, and the first name that is free.

    A day can have two nights: one that was made up for in the morning, when the machine had been off, and its own.
    """
    night = f"n-{local_day(as_of, site.job.settings.zone):%Y%m%d}"
    found: list[Run] = []
    name = night
    while (run := store.runs.get(name)) is not None:
        found.append(run)
        name = f"{night}-{len(found) + 1}"
    return found, name
