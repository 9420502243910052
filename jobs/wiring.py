"""Builds everything from the settings. The only place that constructs collectors, the store and the mail transport."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from collectors.base import Pace
from collectors.registry import COLLECTORS
from jobs.catalogue import load_rules, rules_cache
from jobs.clock import now_utc
from jobs.reply_keys import reply_secret, same_mailbox
from jobs.strangers import unknown_platforms, unknown_units
from pantau.accounts.ledgers import Ledgers
from pantau.accounts.office_files import read_office_files
from pantau.accounts.registry import Register
from pantau.checks.catalogue import Catalogue
from pantau.checks.engine import Checker
from pantau.checks.ocr import TextReader, text_reader
from pantau.checks.reader_chat import Chat
from pantau.core.clock import local_day
from pantau.core.errors import Problem, ProblemsError
from pantau.core.model import Account, Collected, Target, Window
from pantau.core.ports import Collector, PictureSource
from pantau.core.rule_life import Demotion
from pantau.core.settings import Settings
from pantau.core.settings_offices import Installation, load_installation
from pantau.core.tokens import ReplyKey
from pantau.delivery.reconcile import Lookup
from pantau.delivery.transport import Transport
from pantau.store import open_store

if TYPE_CHECKING:
    from collectors.graph import TokenState
    from collectors.instagram_import import SessionKeeper
    from collectors.tiktok_login import TikTokLogin
    from collectors.tiktok_tokens import Shelf
    from jobs.cluster import Cluster
    from pantau.core.exchange import Look
    from pantau.delivery.mailbox import Mailbox

__all__ = [
    "COLLECTORS",
    "Job",
    "Site",
    "load_job",
    "load_rules",
    "mail_transport",
    "open_store",
    "read_export",
    "site_of",
    "watched_platforms",
]


class Job(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything the office decides, validated: settings, register, ledgers and rules."""

    settings: Settings
    register: Register
    ledgers: Ledgers
    catalogue: Catalogue
    demotions: tuple[Demotion, ...] = ()
    """Rules of the catalogue that are on trial because of what people decided (``jobs.rule_life``)."""
    others: tuple[Settings, ...] = ()
    """The settings of the other offices of the installation: their costs count towards the same limits."""

    @cached_property
    def checker(self) -> Checker:
        """The catalogue, compiled once for this office's situations and units."""
        units = {unit.code: unit for unit in self.register.units}
        return Checker(
            self.catalogue,
            situations=self.ledgers.situations,
            units=units,
            zone=self.settings.zone,
            cache_dir=rules_cache(),
        )

    def forget_checker(self) -> None:
        """Drop the compiled rules; they are compiled again when needed."""
        self.__dict__.pop("checker", None)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What a run works with besides the store: the job, the clock and the ways to the outside."""

    job: Job
    now: Callable[[], datetime]
    """The clock (UTC)."""
    sleep: Callable[[float], None]
    build_collectors: Callable[[Pace], Mapping[str, Collector]]
    """The collectors of the platforms that are set up."""
    transport: Transport | None
    """Where mails go; None: nowhere, the digest only lies in the run's folder."""
    lookup: Lookup | None = None
    mailbox: "Mailbox | None" = None
    """Our own mailbox, from which decisions and bounces are read; None: nobody reads one."""
    shared_mailbox: bool = False
    """Whether another office reads the same one: then only what is surely for this office is taken out of it."""
    reply_key: ReplyKey | None = None
    """What signs the codes of reply links."""
    cluster: "Cluster | None" = None
    """Machines that read pictures and work out scores for this one; None: there are none."""
    chat: Chat | None = None
    """The language model that reads posts; None: none does."""
    night_kind: Literal["nightly", "demo"] = "nightly"
    """``demo`` for nights on invented data."""
    open_pictures: Callable[[], PictureSource]
    """Where the bytes of pictures come from. Raises ``PictureError``."""
    text_reader: Callable[[], TextReader] = text_reader
    """What reads the words on them. Raises ``PictureError`` when the extra is not installed."""
    token_warnings: Callable[[datetime], tuple[str, ...]] = lambda _now: ()
    """Sentences on access tokens that end soon."""


def load_job(config: Path, on: date, office: str = "") -> Job:
    """Read and validate all that an office edits. Raises ``ProblemsError`` with every problem of every file.

    ``office``: its code where the installation has several.
    """
    return job_in(load_installation(config), office, config, on)


def job_in(installation: Installation, office: str, config: Path, on: date) -> Job:
    """The same where the settings were read already."""
    settings = installation.office(office)
    problems = unknown_platforms(settings, known_platforms(), config)
    files = catalogue = None
    try:
        files = read_office_files(settings)
        problems += unknown_units(settings, files.register, config)
    except ProblemsError as error:
        problems += error.problems
    try:
        catalogue = load_rules(settings, on)
    except ProblemsError as error:
        problems += error.problems
    if problems or files is None or catalogue is None:
        raise ProblemsError(problems)
    others = tuple(other for other in installation.offices if other.code != settings.code)
    return Job(settings=settings, register=files.register, ledgers=files.ledgers, catalogue=catalogue, others=others)


def bare_site(settings: Settings, others: Sequence[Settings] = ()) -> Site:
    """Surroundings without register and rules: of all offices together, or of one whose register cannot be read."""
    mail = msgspec.structs.replace(settings.mail, imap_host="")
    job = Job(
        settings=msgspec.structs.replace(settings, mail=mail),
        register=Register((), ()),
        ledgers=Ledgers(),
        catalogue=Catalogue(rules=(), on=local_day(now_utc(), settings.zone)),
        others=tuple(others),
    )
    return site_of(job)


def site_of(job: Job, *, folder: Path | None = None) -> Site:
    """The real surroundings of a run. ``folder``: write mails there instead of sending them. Raises ``SecretError``."""
    transport, lookup = mail_transport(job.settings, folder)
    mailbox = own_mailbox(lookup)
    return Site(
        job=job,
        now=now_utc,
        sleep=time.sleep,
        build_collectors=lambda pace: build_collectors(job.settings, pace),
        transport=transport,
        lookup=lookup,
        mailbox=mailbox,
        reply_key=ReplyKey(reply_secret(job.settings)) if mailbox else None,
        shared_mailbox=any(same_mailbox(job.settings.mail, other.mail) for other in job.others),
        open_pictures=lambda: open_pictures(job.settings),
        chat=reader_chat(job.settings),
        token_warnings=partial(_token_warnings, job),
    )


def _token_warnings(job: Job, now: datetime) -> tuple[str, ...]:
    from jobs.tokens import token_warnings

    own = {account.handle.lower() for account in job.register.accounts if account.platform == "tiktok"}
    return token_warnings(job.settings, now, own if job.settings.code else None)


def build_collectors(settings: Settings, pace: Pace) -> dict[str, Collector]:
    """A collector for every platform that the office has set up. Raises ``SecretError``."""
    limits = settings.collect.deadlines_min
    return {
        platform: source.build(settings, pace.within(limits.get(platform)))
        for platform, source in COLLECTORS.items()
        if source.is_set_up(settings)
    }


def reader_chat(settings: Settings) -> Chat | None:
    """The way to the language model of ``[reader]``; None when it is off. Raises ``SecretError`` and ``SettingsError``."""
    if not settings.reader.on:
        return None
    from jobs.chat import HttpChat

    key = settings.secret(settings.reader.api_key).reveal() if settings.reader.api_key else ""
    return HttpChat(settings.reader, settings.network, key)


def open_pictures(settings: Settings) -> PictureSource:
    """Where the pictures of posts are fetched from by the settings. Raises ``PictureError``."""
    from collectors.pictures import open_source

    folder = settings.path(settings.pictures.folder) if settings.pictures.folder else None
    return open_source(settings.pictures, settings.network, folder)


def mail_transport(settings: Settings, folder: Path | None = None) -> tuple[Transport | None, Lookup | None]:
    """Where mails go by the settings, and how to look up an uncertain one. Raises ``SecretError``."""
    from pantau.delivery.courier import Courier
    from pantau.delivery.folder import FolderTransport
    from pantau.delivery.reconcile import OwnMailbox

    mail = settings.mail
    if folder is not None or mail.folder:
        return FolderTransport(folder or settings.path(mail.folder) / settings.code), None
    if not mail.host:
        return None, None
    courier = Courier(mail, settings.network, settings.secret(mail.password).reveal())
    if not mail.imap_host:
        return courier, None
    imap_password = settings.secret(mail.imap_password or mail.password).reveal()
    return courier, OwnMailbox(mail, settings.network, imap_password)


def own_mailbox(lookup: Lookup | None) -> "Mailbox | None":
    """The mailbox behind a look-up, for reading what came back."""
    from pantau.delivery.mailbox import Mailbox
    from pantau.delivery.reconcile import OwnMailbox

    return Mailbox(lookup) if isinstance(lookup, OwnMailbox) else None


def read_export(
    path: Path,
    kind: Literal["auto", "jsonl", "x-archive", "instaloader", "meta", "tiktok"],
    accounts: Sequence[Account],
    owner: str = "",
) -> Iterable[Collected]:
    """The posts of an exported file; see ``collectors.files.read_export``. Raises ``ImportFileError`` with every problem in it."""
    from collectors.files import read_export as read

    return read(path, kind, accounts, owner)


def watched_platforms(settings: Settings) -> frozenset[str]:
    """Platforms that the office has set up."""
    return frozenset(platform for platform, source in COLLECTORS.items() if source.is_set_up(settings))


def known_platforms() -> tuple[str, ...]:
    """Platforms that Pantau can read, set up or not."""
    return tuple(COLLECTORS)


def look(
    platform: str, settings: Settings, pace: Pace, targets: Sequence[Target], window: Window, state: Path, x_usd: float
) -> "Look":
    """Read a few accounts for ``pantau probe``. See ``collectors.probe.look``."""
    from collectors.probe import look as read

    return read(platform, settings, pace, targets, window, state, x_usd)


def x_accounts_within(limit_usd: float) -> int:
    """How many accounts of X a probe may name within a limit of cost."""
    from collectors.probe import x_accounts_within as within

    return within(limit_usd)


def identify_usd(accounts: Iterable[Account]) -> float:
    """What ``identify`` costs at most for these accounts, in US dollars: only X bills users."""
    from collectors.x_client import USER_USD

    return round(sum(account.platform == "x" for account in accounts) * USER_USD, 2)


def expected_shapes() -> Mapping[str, Mapping[str, str]]:
    """The shapes of answers by endpoint. See ``collectors.shapes``."""
    from collectors.shapes import load

    return load()


def answer_documents(endpoint: str, body: bytes) -> list[object]:
    """The values in an answer that are held to a shape."""
    from collectors.shapes import documents

    return documents(endpoint, body)


def demo_site(job: Job, home: Path, mails: Path, now: Callable[[], datetime]) -> Site:
    """Surroundings without any service: accounts come from the recording in ``home``, mails go into a folder."""
    from collectors.recorded import RecordedCollector, Recording
    from pantau.delivery.folder import FolderTransport

    recording = Recording(home)
    platforms = ("x", "instagram")
    return Site(
        job=job,
        now=now,
        sleep=lambda _seconds: None,
        build_collectors=lambda _pace: {platform: RecordedCollector(platform, recording) for platform in platforms},
        transport=FolderTransport(mails),
        night_kind="demo",
        open_pictures=lambda: open_pictures(job.settings),
    )


def meta_tokens(settings: Settings) -> dict[str, "TokenState"]:
    """What Meta says of each configured token, by the key that names it. Raises ``CollectorError`` and ``SecretError``."""
    from collectors.graph import GraphClient

    meta, found = settings.collect.meta, {}
    pace = Pace(now_utc, time.sleep, now_utc() + timedelta(minutes=2))
    app_secret = settings.secret(meta.app_secret).reveal() if meta.app_secret else ""
    configured = {
        "collect.instagram.graph_token": ("Instagram", settings.collect.instagram.graph_token),
        "collect.facebook.token": ("Facebook", settings.collect.facebook.token),
    }
    for key, (service, reference) in configured.items():
        if reference:
            token = settings.secret(reference).reveal()
            client = GraphClient(service, meta, settings.network, token, app_secret, pace)
            found[key] = client.token_state()
            client.close()
    return found


def session_keeper(settings: Settings) -> "SessionKeeper":
    """What imports and checks the Instagram session. Raises ``ProblemsError`` when no file is configured for it."""
    from collectors.instagram_import import SessionKeeper

    instagram = settings.collect.instagram
    if not instagram.session_file:
        remedy = 'Tulis misalnya session_file = "data/sesi-instagram.json" di [collect.instagram].'
        raise ProblemsError([Problem("pantau.toml", "kunci collect.instagram.session_file", "", "belum diisi", remedy)])
    pace = Pace(now_utc, time.sleep, now_utc() + timedelta(minutes=2))
    path, notes = settings.path(instagram.session_file), settings.shared_dir / "instagram.json"
    return SessionKeeper(instagram, settings.network, path, notes, pace)


def tiktok_shelf(settings: Settings) -> "Shelf":
    """The tokens of the TikTok accounts that have logged in."""
    from collectors.tiktok_tokens import Shelf

    return Shelf(settings.tiktok_tokens_dir)


def tiktok_login(settings: Settings) -> "TikTokLogin":
    """What connects a TikTok account. Raises ``SecretError``."""
    from secrets import token_urlsafe

    from collectors.tiktok_login import TikTokLogin

    tiktok = settings.collect.tiktok
    secret = settings.secret(tiktok.client_secret).reveal()
    pace = Pace(now_utc, time.sleep, now_utc() + timedelta(minutes=5))
    return TikTokLogin(tiktok, settings.network, secret, tiktok_shelf(settings), pace, lambda: token_urlsafe(32))


def check_mail(settings: Settings) -> None:
    """Log in to the mail server and leave. Raises ``DeliveryError`` or ``UnreachableError`` with the remedy."""
    from pantau.delivery.courier import check_login

    password = settings.secret(settings.mail.password).reveal()
    check_login(settings.mail, settings.network, password)


def check_mailbox(settings: Settings) -> None:
    """Log in to the own mailbox, open its inbox and leave. Raises ``DeliveryError`` with the remedy."""
    from pantau.delivery.reconcile import OwnMailbox

    password = settings.secret(settings.mail.imap_password or settings.mail.password).reveal()
    OwnMailbox(settings.mail, settings.network, password).check()
