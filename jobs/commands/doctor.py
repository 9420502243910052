"""``pantau doctor``: everything a night needs, each with a remedy."""

from collections.abc import Callable
from typing import Protocol

import click

from jobs.commands.offices import choose_office, office_option
from jobs.wiring import Job
from pantau.core.errors import PantauError, PictureError
from pantau.core.settings import Settings


class _Step(Protocol):
    def __call__(self, name: str, check: Callable[[], str], good: str = ...) -> None: ...


@click.command(name="doctor")
@click.option("--no-mail", is_flag=True, help="do not log in to the mail server and the mailbox")
@office_option("only this office, where the settings have several  [default: all]")
@click.pass_context
def command(ctx: click.Context, no_mail: bool) -> int:
    """Settings, credentials, secret files, disk, database, clock, cluster, pictures, PDF, backup, mail: each with a remedy.

    Exit code 0: a night can start; 2: at least one line says SALAH.
    """
    from jobs.commands.common import chosen_office, installation_of, job_of

    wrong = 0

    def step(name: str, check: Callable[[], str], good: str = "[baik] ") -> None:
        nonlocal wrong
        try:
            click.echo(f"{good} {name}: {check()}")
        except (PantauError, OSError) as error:
            wrong += 1
            click.echo(f"[SALAH] {name}: {error}")

    jobs: list[Job] = []

    def settings() -> str:
        jobs.append(job_of(ctx))
        register = jobs[-1].register
        return f"{len(register.units)} unit, {len(register.accounts)} akun, {len(jobs[-1].catalogue.rules)} aturan"

    try:
        installation = installation_of(ctx)
        offices = [installation.office(chosen_office(ctx))] if chosen_office(ctx) else [*installation.offices]
    except PantauError:
        offices = []  # the step says what is wrong
    for office in offices or [Settings()]:
        if len(offices) > 1:
            click.echo(f"== {office.office.name} ({office.code})")
            choose_office(ctx, office.code)
        before = len(jobs)
        step("setelan, daftar akun, aturan", settings)
        if len(jobs) > before:
            _steps(step, jobs[-1], no_mail=no_mail, first=before == 0)
    return 2 if wrong else 0


def _steps(step: "_Step", job: Job, *, no_mail: bool, first: bool) -> None:
    """What is asked of an office; of the first one also what all offices share."""
    from jobs import machine

    if first:
        step("kredensial", lambda: _credentials(job))
        if job.settings.collect.instagram.graph_token or job.settings.collect.facebook.token:
            step("token Meta", lambda: _meta_tokens(job))
    if job.settings.collect.tiktok.client_secret:
        step("akun TikTok", lambda: _tiktok(job))
    step("berkas rahasia", lambda: machine.secrets(job))
    step("folder kerja", lambda: machine.disk(job))
    step("basis data", lambda: _database(job))
    step("jam", lambda: _clock(job))
    if first:
        if job.settings.cluster.on:
            step("cluster", lambda: _cluster(job))
        step("gambar", lambda: _pictures(job))
        step("PDF", machine.printing)
    if fault := machine.backup_fault(job):
        step("cadangan", lambda: fault, "[INGAT]")
    if first and job.settings.reader.on:
        step("pembaca", lambda: _reader(job))
    if not no_mail:
        step("surel", lambda: _mail(job))
        if job.settings.mail.host and job.settings.mail.imap_host and not job.settings.mail.folder:
            step("kotak surat", lambda: _mailbox(job))


def _credentials(job: Job) -> str:
    from collections import Counter

    from jobs.clock import now_utc
    from jobs.tokens import session_fault
    from jobs.wiring import session_keeper, watched_platforms

    settings = job.settings
    watched = watched_platforms(settings)
    if settings.collect.x.bearer_token:
        settings.secret(settings.collect.x.bearer_token).reveal()
    if settings.collect.youtube.enabled and settings.collect.youtube.api_key:
        settings.secret(settings.collect.youtube.api_key).reveal()
    if settings.collect.instagram.enabled and settings.collect.instagram.session_file:
        fault = session_fault(session_keeper(settings).ends(), now_utc(), settings.zone)
        if fault:
            raise PantauError(fault)
    counts = Counter(account.platform for account in job.register.accounts)
    unwatched = [f"{number} akun {platform}" for platform, number in sorted(counts.items()) if platform not in watched]
    shown = ", ".join(sorted(watched)) or "tidak ada platform yang dipantau"
    return shown + (f"; belum dipantau: {', '.join(unwatched)}" if unwatched else "")


def _meta_tokens(job: Job) -> str:
    """Asks Meta once per token. One that expires soon is a fault while there is still time to renew it."""
    from jobs.clock import now_utc
    from jobs.tokens import token_faults
    from jobs.wiring import meta_tokens

    states, zone = meta_tokens(job.settings), job.settings.zone
    if faults := [text for text in token_faults(states, now_utc(), zone).values() if text]:
        raise PantauError(" ".join(faults))
    said = []
    for key, state in states.items():
        until = state.expires_at
        said.append(f"{key} berlaku sampai {until.astimezone(zone):%d-%m-%Y}" if until else f"{key} tidak kedaluwarsa")
    return "; ".join(said)


def _tiktok(job: Job) -> str:
    from jobs.clock import now_utc
    from jobs.tokens import tiktok_faults
    from jobs.wiring import tiktok_shelf

    job.settings.secret(job.settings.collect.tiktok.client_secret).reveal()
    shelf = tiktok_shelf(job.settings)
    if faults := [*shelf.wrong(), *tiktok_faults(shelf.ends(), now_utc(), job.settings.zone)]:
        raise PantauError(" ".join(faults))
    registered = [account for account in job.register.accounts if account.platform == "tiktok"]
    apart = [f"@{account.handle}" for account in registered if shelf.find(account) is None]
    more = f"; belum (pantau accounts tiktok-login): {', '.join(apart[:5])}" if apart else ""
    more += f" dan {len(apart) - 5} lainnya" if len(apart) > 5 else ""
    return f"{len(registered) - len(apart)} dari {len(registered)} akun terhubung{more}"


def _database(job: Job) -> str:
    from jobs.wiring import open_store

    with open_store(job.settings.database_url) as store:
        runs = store.runs.recent(1)
    return f"dapat dibuka; jalannya terakhir {runs[0].run_id}" if runs else "dapat dibuka; belum ada malam"


def _clock(job: Job) -> str:
    from jobs.clock import now_utc
    from jobs.wiring import open_store

    now = now_utc()
    with open_store(job.settings.database_url) as store:
        latest = max((run.started_at for run in store.runs.recent(5)), default=now)
    if latest > now:
        raise PantauError("Jam mesin lebih lambat daripada jalannya terakhir. Nyalakan penyelarasan waktu (NTP).")
    return f"{now.astimezone(job.settings.zone):%d-%m-%Y %H:%M} {job.settings.office.timezone}"


def _reader(job: Job) -> str:
    import time

    from jobs.wiring import reader_chat

    settings = job.settings.reader
    chat = reader_chat(job.settings)
    if chat is not None:
        chat.ask(
            [{"role": "user", "content": 'Answer with this JSON: {"answers": []}'}],
            {"type": "object"},
            time.monotonic() + 60,
        )
    return f"{settings.model} di {settings.url} menjawab"


def _cluster(job: Job) -> str:
    from jobs.cluster import open_cluster
    from jobs.sharding import shared_platforms

    platforms = shared_platforms(job.settings)
    with open_cluster(job.settings, platforms) as cluster:
        if cluster is None:
            return "tidak dipakai"
        shared = ", ".join(platforms) or "tidak ada platform"
        return f"{cluster.workers} pekerja di {cluster.address}, {cluster.version}; membaca {shared}"


def _pictures(job: Job) -> str:
    from jobs.wiring import open_pictures
    from pantau.checks.ocr import text_reader

    settings = job.settings.pictures
    if not settings.enabled:
        return "tidak dibaca (pictures.enabled = false)"
    if settings.folder and not job.settings.path(settings.folder).is_dir():
        raise PantauError(f"Folder gambar {job.settings.path(settings.folder)} tidak ada. Perbaiki pictures.folder.")
    try:
        open_pictures(job.settings).close()
        if job.settings.cluster.on:
            return "dibaca pekerja cluster"
        return text_reader().version
    except PictureError as error:
        raise PantauError(
            f"{error}. Pasang dengan: pip install 'pantau[ocr]', atau matikan pictures.enabled."
        ) from error


def _mail(job: Job) -> str:
    from jobs.wiring import check_mail

    mail = job.settings.mail
    if mail.folder:
        return f"surel ditulis ke folder {mail.folder}"
    if not mail.host:
        return "mail.host kosong: tidak ada surel yang dikirim"
    check_mail(job.settings)
    return f"{mail.host}:{mail.port} menerima {mail.user}; {len(mail.reader)} penerima"


def _mailbox(job: Job) -> str:
    from jobs.wiring import check_mailbox

    check_mailbox(job.settings)
    mail = job.settings.mail
    return f"{mail.imap_host}:{mail.imap_port} menerima {mail.imap_user or mail.user}"
