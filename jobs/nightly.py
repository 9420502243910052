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
from jobs.opening import begin
from jobs.progress import Progress
from jobs.rule_life import with_demotions
from jobs.wiring import Site
from pantau.core.clock import local_day
from pantau.core.model import Account, Run
from pantau.digest.build import build
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


class NightResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a night went."""

    run: Run
    exit_code: int
    summary: str


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

    ``only`` confines it to some platforms; like ``dry_run`` it is then without consequences (``RunKind`` trial).
    """
    without_consequences = dry_run or bool(only)
    run, repeat = begin(site, store, as_of, without_consequences)
    name_run(run.run_id)
    note_inputs(site, store, run)
    today, register = local_day(run.as_of, site.job.settings.zone), site.job.register.accounts
    accounts = _confined(store.accounts.sync(register, today), only)
    if not store.runs.is_frozen(run.run_id):
        if not without_consequences and not repeat:
            read_answers(site, store, run)
        collect(site, store, run, accounts, progress)
        accounts = _confined(store.accounts.sync(register, today), only)  # ids learnt tonight
    give_back(site.job)
    site = with_demotions(_without_other_units(site, accounts) if only else site, store, run.as_of)
    checked = check_night(site, store, run, accounts, progress)
    give_back(site.job)
    data = digest_input(site, store, run, accounts, checked, only)
    digest = build(data)
    failed = () if repeat else freeze(site, store, run, data, digest, send=not without_consequences)
    progress.stop()
    report = deliver_mails(site, store) if send and not without_consequences else None
    if report is not None and not report.complete:
        code = exit_codes.NOT_DELIVERED
    else:
        code = exit_codes.INCOMPLETE if failed or incomplete(checked, store, run) else exit_codes.DONE
    counts = digest.counts
    parts = [
        f"{run.run_id}: {len(checked.posts)} unggahan baru, {counts.flags} perlu dicek, {counts.reviews} untuk dilihat"
    ]
    parts += [f"{counts.inactive} akun tidak aktif, {counts.unread} tidak dapat diperiksa"]
    parts += [f"surel: {report.summary()}" if report else "surel: tidak dikirim"]
    parts += [f"edisi {code} tidak dapat dibuat" for code in failed]
    summary = "; ".join(parts)
    store.runs.finish(run.run_id, site.now(), code, summary)
    _log.info("night_finished", exit_code=code, folder=str(run_folder(site, run)))
    return NightResult(run=run, exit_code=code, summary=summary)


def _confined(accounts: list[Account], only: Sequence[str]) -> list[Account]:
    return [account for account in accounts if not only or account.platform in only]


def _without_other_units(site: Site, accounts: Sequence[Account]) -> Site:
    """The site with the units of these accounts alone: no other may be called "without an account" tonight."""
    register = site.job.register
    codes = {account.unit for account in accounts}
    units = tuple(unit for unit in register.units if unit.code in codes)
    job = msgspec.structs.replace(site.job, register=msgspec.structs.replace(register, units=units))
    return msgspec.structs.replace(site, job=job)
