"""How the installation stands, as plain data: for ``pantau status`` and, as JSON, for monitoring."""

from collections import Counter
from datetime import datetime, timedelta
from importlib.metadata import version

import msgspec

from jobs.wiring import Job
from pantau.core.model import Cost, MailState, RunKind, RunStatus
from pantau.store.store import Store

FORMAT = 1
"""Raised when a key of the JSON changes its meaning or goes away; new keys may come at any time."""
_RUNS = 10
_RECENT_DAYS = 14


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``exit_code`` and ``finished_at`` are null while it runs, and when it was killed."""

    run_id: str
    kind: RunKind
    status: RunStatus
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    summary: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts by state as of the last night."""

    run_id: str
    as_of: datetime
    age_hours: float
    accounts: dict[str, int]


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What the sources used in the calendar month of the office's zone; ``x_budget_usd`` 0 means no limit."""

    month: str
    costs: tuple[Cost, ...]
    usd: float
    x_budget_usd: float


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that came back within the last 14 days."""

    address: str
    reason: str


class MailboxState(msgspec.Struct, frozen=True, kw_only=True):
    """When the own mailbox was read; ``problem`` is that of the last attempt, empty when it went well."""

    tried_at: datetime | None
    read_at: datetime | None
    problem: str
    returned: tuple[Returned, ...]


class AuditState(msgspec.Struct, frozen=True, kw_only=True):
    """The newest entry of the audit log."""

    entries: int
    head: str


class BackupState(msgspec.Struct, frozen=True, kw_only=True):
    """The last ``pantau backup`` of this installation; null when there was none."""

    made_at: datetime | None
    age_hours: float | None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; instants are UTC."""

    format: int
    version: str
    office: str
    timezone: str
    at: datetime
    runs: tuple[RunState, ...]
    coverage: Coverage | None
    month: Month
    outbox: dict[MailState, int]
    mailbox: MailboxState
    audit: AuditState
    backup: BackupState


def state_of(job: Job, store: Store, now: datetime) -> State:
    """How things stand at ``now``."""
    head, made = store.audit.head(), store.audit.latest("backup")
    settings = job.settings
    return State(
        format=FORMAT,
        version=version("pantau"),
        office=settings.office.name,
        timezone=settings.office.timezone,
        at=now,
        runs=tuple(msgspec.convert(run, RunState, from_attributes=True) for run in store.runs.recent(_RUNS)),
        coverage=_coverage(store, now),
        month=_month(job, store, now),
        outbox=store.outbox.counts(),
        mailbox=_mailbox(store, now),
        audit=AuditState(entries=head.n, head=head.sha256),
        backup=BackupState(made_at=made, age_hours=None if made is None else _hours(made, now)),
    )


def _coverage(store: Store, now: datetime) -> Coverage | None:
    night = max(
        (run for kind in ("nightly", "demo") if (run := store.runs.last_finished(kind, now + timedelta(days=1)))),
        key=lambda run: run.as_of,
        default=None,
    )
    if night is None:
        return None
    states = Counter(item.state for item in store.observations.of_run(night.run_id))
    return Coverage(
        run_id=night.run_id,
        as_of=night.as_of,
        age_hours=_hours(night.finished_at or night.as_of, now),
        accounts=dict(sorted(states.items())),
    )


def _month(job: Job, store: Store, now: datetime) -> Month:
    today = now.astimezone(job.settings.zone)
    costs = tuple(store.costs.of_month(today.year, today.month, job.settings.zone))
    usd = round(sum(cost.usd for cost in costs), 4)
    return Month(month=f"{today:%Y-%m}", costs=costs, usd=usd, x_budget_usd=job.settings.collect.x.budget_month_usd)


def _mailbox(store: Store, now: datetime) -> MailboxState:
    last, good = store.inbox.last_reading(), store.inbox.last_reading(good=True)
    letters = store.inbox.since(now - timedelta(days=_RECENT_DAYS))
    return MailboxState(
        tried_at=last.at if last else None,
        read_at=good.at if good else None,
        problem=last.problem if last else "",
        returned=tuple(Returned(address=one.sender, reason=one.reason) for one in letters if one.outcome == "bounce"),
    )


def _hours(then: datetime, now: datetime) -> float:
    return round((now - then).total_seconds() / 3600, 1)
