"""``pantau nightly`` where the installation has several offices."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import click
import msgspec

from jobs import exit_codes
from jobs.cluster import open_cluster
from jobs.commands.moments import in_zone
from jobs.delivering import tell_operator
from jobs.editions import run_folder
from jobs.heartbeat import failure_told, ping
from jobs.lock import run_lock
from jobs.offices import OfficeResult, failed, run_offices
from jobs.progress import make_progress
from jobs.sharding import shared_platforms, with_cluster
from jobs.wiring import Site, bare_site, job_in, site_of
from pantau.core.clock import local_day
from pantau.core.errors import PantauError
from pantau.core.settings import Settings
from pantau.core.settings_offices import Installation

_REMEDY = "Kabupaten lain tidak terpengaruh. Jalankan pantau doctor, perbaiki, lalu pantau nightly."


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    as_of: datetime | None
    dry_run: bool
    send: bool
    only: tuple[str, ...]
    office: str
    """Code of the one office; empty: all."""


def night_of_offices(installation: Installation, config: Path, wish: Wish) -> int:
    """The night of all offices, or of the one that was chosen; one line for each. Raises ``OfficeError``."""
    chosen = [installation.office(wish.office)] if wish.office else list(installation.offices)
    others = tuple(office for office in installation.offices if office not in chosen)
    shared = bare_site(installation.shared, others)
    as_of = in_zone(wish.as_of, installation.shared.zone) if wish.as_of else shared.now()
    real = not wish.dry_run and not wish.only
    with (
        run_lock(installation.shared.shared_dir),
        failure_told(shared) if real else nullcontext(),
        open_cluster(installation.shared, shared_platforms(installation.shared)) as cluster,
    ):
        if real:
            ping(shared, "start")
        sites, results = _sites(installation, chosen, config, as_of)
        sites = [with_cluster(site, cluster) for site in sites]
        shared = with_cluster(shared, cluster)
        progress = make_progress()
        try:
            results += run_offices(shared, sites, as_of, progress, dry_run=wish.dry_run, send=wish.send, only=wish.only)
        finally:
            progress.stop()
        results.sort(key=lambda result: installation.codes.index(result.code))
        if real:
            ping(shared, "" if all(result.went_well for result in results) else "fail")
            _tell(installation, results)
    folders = {site.job.settings.code: site for site in sites}
    for result in results:
        click.echo(f"{result.code}: {result.summary}")
        if result.run is not None:
            click.echo(f"Hasil {result.code}: {run_folder(folders[result.code], result.run)}", err=True)
    return exit_codes.of_all([result.exit_code for result in results])


def _sites(
    installation: Installation, chosen: list[Settings], config: Path, as_of: datetime
) -> tuple[list[Site], list[OfficeResult]]:
    """The offices whose register, side files and rules can be used, and how the night of the others ends."""
    sites: list[Site] = []
    broken: list[OfficeResult] = []
    for settings in chosen:
        try:
            sites.append(site_of(job_in(installation, settings.code, config, local_day(as_of, settings.zone))))
        except PantauError as error:
            broken.append(failed(settings.code, error))
    return sites, broken


def _tell(installation: Installation, results: list[OfficeResult]) -> None:
    """Mail the operator, and each office's own readers of that edition, what went wrong with an office; nothing of any other."""
    for result in results:
        if result.exit_code not in (exit_codes.DONE, exit_codes.INCOMPLETE):
            delivered = result.exit_code == exit_codes.NOT_DELIVERED
            what = "ringkasan tidak sampai ke semua penerima" if delivered else "pekerjaan malam berhenti"
            try:
                site = bare_site(installation.office(result.code))
            except PantauError:
                site = bare_site(installation.shared)  # its own mail settings are what is wrong
            run_id = result.run.run_id if result.run else ""
            tell_operator(site, what, tuple(result.summary.splitlines()), _REMEDY, run_id)
