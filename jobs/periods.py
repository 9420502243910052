"""Weekly and monthly editions: which are due tonight, and what they are made of."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from jobs.attaching import as_json, head_of
from jobs.wiring import Job
from pantau.core.clock import day_end, day_start
from pantau.core.model import Account, Post
from pantau.core.periods import PeriodKind, Sums
from pantau.core.settings import DigestSettings
from pantau.core.settings_editions import PeriodEditionName
from pantau.digest import period_book, period_print
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.period import build
from pantau.digest.period_input import PeriodInput
from pantau.store.store import Store

EDITIONS: dict[PeriodKind, PeriodEditionName] = {"week": "weekly", "month": "monthly"}
"""Which readers get the edition of a kind of period."""
_ONE_DAY = timedelta(days=1)
_RECENT_RUNS = 100
"""Among so many runs a demo has a night."""
_CANDIDATES = 12
"""Posts of each kind of unit among which the edition may choose its good examples."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar week, a calendar month or days that somebody chose; both ends are included."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def code(self) -> str:
        """Under which its edition is kept: ``week:2026-W47`` (ISO), ``month:2026-10``."""
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return f"week:{year}-W{week:02}"
        if self.kind == "month":
            return f"month:{self.first:%Y-%m}"
        return f"span:{self.first}_{self.last}"

    def before(self) -> "Period":
        """The week or month before; as many days as these for any others."""
        eve = self.first - _ONE_DAY
        if self.kind == "month":
            return month_of(eve)
        return Period(kind=self.kind, first=eve - (self.last - self.first), last=eve)


def week_of(day: date) -> Period:
    """The calendar week, from Monday on."""
    monday = day - timedelta(days=day.weekday())
    return Period(kind="week", first=monday, last=monday + timedelta(days=6))


def month_of(day: date) -> Period:
    """The calendar month."""
    first = day.replace(day=1)
    return Period(kind="month", first=first, last=(first + timedelta(days=31)).replace(day=1) - _ONE_DAY)


def span_of(first: date, last: date) -> Period:
    """These days; called a week or a month when they are exactly one."""
    for period in (week_of(first), month_of(first)):
        if (period.first, period.last) == (first, last):
            return period
    return Period(kind="span", first=first, last=last)


def ready(settings: DigestSettings, today: date) -> tuple[Period, ...]:
    """The newest week and month whose edition is to be made on ``today`` or was to be made on an earlier day."""
    found = []
    if settings.weekday is not None:
        chosen_day = today - timedelta(days=(today.weekday() - settings.weekday) % 7)
        found.append(week_of(chosen_day).before())
    if settings.monthly_on:
        this = month_of(today)
        found.append(this.before() if today.day >= settings.monthly_on else this.before().before())
    return tuple(found)


def due(job: Job, store: Store, today: date) -> list[Period]:
    """Those of them that hold a night and that no run has brought yet: a day that was missed is made up for."""
    zone = job.settings.zone
    return [
        period
        for period in ready(job.settings.digest, today)
        if not store.documents.runs_with(period.code) and store.periods.has_night(period.first, period.last, zone)
    ]


def period_input(
    job: Job,
    store: Store,
    period: Period,
    accounts: Sequence[Account],
    made_at: datetime,
    *,
    run_id: str = "",
    attach: Sequence[str] | None = None,
) -> PeriodInput:
    """Everything that an edition is made of. ``attach``: the documents beside it; by default those of the settings."""
    settings = job.settings
    earlier = period.before()
    sums = _sums(job, store, period)
    start, end = day_start(period.first, settings.zone), day_end(period.last, settings.zone)
    categories = store.periods.useful_posts(start, end)
    candidates = _candidates(job, store.posts.get(categories), list(categories), accounts)
    wanted = EDITIONS.get(period.kind)
    return PeriodInput(
        kind=period.kind,
        run_id=run_id,
        invented=any(run.kind == "demo" for run in store.runs.recent(_RECENT_RUNS)),
        office=settings.office,
        settings=settings.digest if attach is None else msgspec.structs.replace(settings.digest, attach=tuple(attach)),
        readers=tuple(reader.name or reader.address for reader in settings.mail.reader if wanted in reader.chosen),
        units=job.register.units,
        accounts=tuple(accounts),
        now=sums,
        before=_sums(job, store, earlier)
        if store.periods.has_night(earlier.first, earlier.last, settings.zone)
        else None,
        candidates=candidates,
        posts=store.posts.get({item.finding.post for item in sums.findings if item.finding.post}),
        categories={post.key: categories[post.key] for post in candidates},
        costs=tuple(store.costs.between(start, end)),
        costs_before=tuple(
            store.costs.between(day_start(earlier.first, settings.zone), day_end(earlier.last, settings.zone))
        ),
        unwatched=_unwatched(sums, accounts),
        made_at=made_at,
    )


def _sums(job: Job, store: Store, period: Period) -> Sums:
    zone = job.settings.zone
    corrections = store.corrections.between(day_start(period.first, zone), day_end(period.last, zone))
    sums = store.periods.sums(period.first, period.last, zone)
    return msgspec.structs.replace(sums, corrections=tuple(corrections))


def _candidates(
    job: Job, posts: dict[str, Post], best_first: Sequence[str], accounts: Sequence[Account]
) -> tuple[Post, ...]:
    """The best of every kind of unit, still best first: large tiers must not crowd out small ones."""
    kinds = {unit.code: unit.kind for unit in job.register.units}
    kind_of = {account.key: kinds.get(account.unit) for account in accounts}
    taken: Counter[str] = Counter()
    chosen = []
    for post in (posts[key] for key in best_first if key in posts):
        kind = kind_of.get(post.account)
        if kind is not None and taken[kind] < _CANDIDATES:
            taken[kind] += 1
            chosen.append(post)
    return tuple(chosen)


def _unwatched(sums: Sums, accounts: Sequence[Account]) -> tuple[str, ...]:
    """Platforms of the register of which no night of the period meant to read an account."""
    platform_of = {account.key: account.platform for account in accounts}
    meant = {platform_of.get(item.account) for item in sums.states if not item.intended}
    return tuple(sorted(set(platform_of.values()) - meant))


def period_edition(
    job: Job, store: Store, period: Period, made_at: datetime, form: Literal["html", "text", "json", "pdf", "xlsx"]
) -> bytes:
    """The edition of a period in one form, made at once and for nobody. Raises ``PrintError``."""
    accounts = store.accounts.known(job.register.accounts)
    edition = build(period_input(job, store, period, accounts, made_at, attach=()))
    settings = job.settings
    tables = edition.tables
    assert tables is not None
    if form == "json":
        return as_json(edition)
    if form == "xlsx":
        return period_book.workbook(edition, tables, settings.digest.paper)
    if form == "pdf":
        return period_print.pdf(edition, head_of(settings), tables.made_at, settings.digest.paper)
    rendered = EditionRenderer().period(edition, msgspec.structs.replace(settings.digest, attach=()))
    return (rendered.page if form == "html" else rendered.plain).encode()
