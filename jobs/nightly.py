"""One night from top to bottom: read, check, write the digest, deliver. Killed anywhere and started again, it goes on."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from jobs import exit_codes
from jobs.answering import read_answers
from jobs.checking import check_night
from jobs.collecting import collect
from jobs.delivering import deliver_mails
from jobs.digesting import digest_input, incomplete
from jobs.editions import freeze, run_folder
from jobs.inputs import note_inputs
from jobs.logs import name_run
from jobs.memory import give_back
from jobs.night import Night, NightResult, summary
from jobs.opening import begin
from jobs.progress import Progress
from jobs.rule_life import with_demotions
from jobs.wiring import Site
from pantau.core.model import Account
from pantau.digest.build import build
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


def run_night(
    site: Site,
    store: Store,
    as_of: datetime,
    progress: Progress,
    *,
    dry_run: bool = False,
    send: bool = True,
    only: Sequence[str] = (),
) -> NightResult:
    """Run, or go on with, the night of ``as_of``. The caller holds the lock.

    ``only`` confines it to some platforms; like ``dry_run`` it is then without consequences.
    """
    night = begin_night(site, store, as_of, real=not dry_run and not only, only=only)
    if night.reads:
        collect(site, store, night.run, night.accounts, progress)
    return finish_night(night, progress, send=send)


def begin_night(site: Site, store: Store, as_of: datetime, *, real: bool = True, only: Sequence[str] = ()) -> Night:
    """First part: the run, tonight's register, and what came back by mail."""
    run, repeat = begin(site, store, as_of, not real)
    name_run(site.job.settings.run_name(run.run_id))
    note_inputs(site, store, run)
    night = Night(site=site, store=store, run=run, accounts=[], repeat=repeat, only=only, real=real)
    night.accounts = night.registered()
    if night.reads and real and not repeat:
        read_answers(site, store, run)
    return night


def finish_night(night: Night, progress: Progress, *, send: bool = True) -> NightResult:
    """All that follows on reading: check, write the digest, deliver."""
    site, store, run, only = night.site, night.store, night.run, night.only
    name_run(site.job.settings.run_name(run.run_id))
    accounts = night.registered()  # with ids learnt tonight
    give_back(site.job)
    site = with_demotions(_without_other_units(site, accounts) if only else site, store, run.as_of)
    checked = check_night(site, store, run, accounts, progress)
    give_back(site.job)
    data = digest_input(site, store, run, accounts, checked, only)
    digest = build(data)
    failed = () if night.repeat else freeze(site, store, run, data, digest, send=night.real)
    progress.stop()
    report = deliver_mails(site, store) if send and night.real else None
    if report is not None and not report.complete:
        code = exit_codes.NOT_DELIVERED
    else:
        code = exit_codes.INCOMPLETE if failed or incomplete(checked, store, run) else exit_codes.DONE
    told = summary(night, checked, digest.counts, report, failed)
    store.runs.finish(run.run_id, site.now(), code, told)
    _log.info("night_finished", exit_code=code, folder=str(run_folder(site, run)))
    return NightResult(run=run, exit_code=code, summary=told)


def _without_other_units(site: Site, accounts: Sequence[Account]) -> Site:
    """The site with the units of these accounts alone: no other may be called "without an account" tonight."""
    register = site.job.register
    codes = {account.unit for account in accounts}
    units = tuple(unit for unit in register.units if unit.code in codes)
    job = msgspec.structs.replace(site.job, register=msgspec.structs.replace(register, units=units))
    return msgspec.structs.replace(site, job=job)
