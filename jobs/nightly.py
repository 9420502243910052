"""One night from top to bottom: read, check, write the digest, deliver. Killed anywhere and started again, it goes on."""

from datetime import datetime, timedelta

import msgspec
import structlog

from jobs import exit_codes
from jobs.checking import check_night
from jobs.collecting import collect
from jobs.delivering import deliver_mails
from jobs.digesting import freeze, incomplete, make_digest, run_folder
from jobs.progress import Progress
from jobs.rule_life import with_demotions
from jobs.wiring import Site
from pantau.core.clock import local_day
from pantau.core.model import Run, Window
from pantau.store.store import Store

_log = structlog.get_logger(__name__)
RESUME_HOURS = 20
"""An unfinished night younger than this is continued; an older one is closed, and tonight covers what it had read."""


class NightResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a night went."""

    run: Run
    exit_code: int
    summary: str


def run_night(
    site: Site, store: Store, as_of: datetime, progress: Progress, *, dry_run: bool = False, send: bool = True
) -> NightResult:
    """Run, or go on with, the night of ``as_of``. The caller holds the lock."""
    run, repeat = _begin(site, store, as_of, dry_run)
    structlog.contextvars.bind_contextvars(run=run.run_id)
    today = local_day(run.as_of, site.job.settings.zone)
    accounts = store.accounts.sync(site.job.register.accounts, today)
    if not store.runs.is_frozen(run.run_id):
        collect(site, store, run, accounts, progress)
        accounts = store.accounts.sync(site.job.register.accounts, today)  # ids learnt tonight
    site = with_demotions(site, store, run.as_of)
    checked = check_night(site, store, run, accounts, progress)
    digest = make_digest(site, store, run, accounts, checked)
    if not repeat:
        freeze(site, store, run, digest, send=not dry_run)
    progress.stop()
    report = deliver_mails(site, store) if send and not dry_run else None
    if report is not None and not report.complete:
        code = exit_codes.NOT_DELIVERED
    else:
        code = exit_codes.INCOMPLETE if incomplete(checked, store, run) else exit_codes.DONE
    counts = digest.counts
    parts = [
        f"{run.run_id}: {len(checked.posts)} unggahan baru, {counts.flags} perlu dicek, {counts.reviews} untuk dilihat"
    ]
    parts += [f"{counts.inactive} akun tidak aktif, {counts.unread} tidak dapat diperiksa"]
    parts += [f"surel: {report.summary()}" if report else "surel: tidak dikirim"]
    summary = "; ".join(parts)
    store.runs.finish(run.run_id, site.now(), code, summary)
    _log.info("night_finished", exit_code=code, folder=str(run_folder(site, run)))
    return NightResult(run=run, exit_code=code, summary=summary)


def _begin(site: Site, store: Store, as_of: datetime, dry_run: bool) -> tuple[Run, bool]:
    """The run to work on, and whether its night has its digest already (then only what is still open is done).

    A second start of a night and a dry run are ``trial`` runs: what they read is kept and comes into the next digest.
    """
    settings, kind = site.job.settings, site.night_kind
    earliest = as_of - timedelta(days=settings.collect.first_days)
    if dry_run:
        return store.runs.begin(
            "trial", f"d-{site.now():%Y%m%d%H%M%S}", Window(earliest, as_of), as_of, site.now()
        ), False
    open_run = store.runs.unfinished(kind)
    if open_run is not None:
        if as_of - open_run.as_of < timedelta(hours=RESUME_HOURS):
            store.runs.note(open_run.run_id, site.now(), "resumed")
            return open_run, False
        store.runs.finish(
            open_run.run_id, site.now(), exit_codes.INTERRUPTED, "tidak selesai; dilanjutkan malam berikutnya"
        )
    night = f"n-{local_day(as_of, settings.zone):%Y%m%d}"
    if store.runs.get(night) is None:
        before = store.runs.last_finished(kind, as_of)
        start = before.window.end if before else earliest
        return store.runs.begin(kind, night, Window(min(start, as_of), as_of), as_of, site.now()), False
    number = 2
    while store.runs.get(f"{night}-{number}") is not None:
        number += 1
    return store.runs.begin("trial", f"{night}-{number}", Window(earliest, as_of), as_of, site.now()), True
