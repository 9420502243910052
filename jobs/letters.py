"""Collects what a draft letter needs from the register and the store."""

import difflib
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from jobs.attaching import emblem
from jobs.wiring import Job
from pantau.core.clock import local_day
from pantau.core.model import Decision, Finding, Run, Unit, Window
from pantau.core.resources import data_dir
from pantau.core.settings import Settings
from pantau.digest import words
from pantau.digest.memo import MemoError, MemoInput, ThanksInput, memo, thanks
from pantau.digest.printable import letterhead
from pantau.store.store import Store

_CLOSED = {"dismiss", "followed_up"}


def memo_of(job: Job, store: Store, key: str, now: datetime) -> bytes:
    """The draft about one finding. Raises ``UsageError`` for a key that is unknown or decided, ``MemoError`` for a bad template."""
    finding = _finding(store, key, job.settings.zone)
    post = store.posts.get([finding.post]).get(finding.post) if finding.post else None
    replies = store.decisions.answers().get(finding.key, [])
    data = MemoInput(
        finding=finding,
        run=_run(now),
        office=job.settings.office,
        units=job.register.units,
        accounts=tuple(store.accounts.known(job.register.accounts)),
        post=post,
        answer=replies[-1].note if replies else "",
    )
    return memo(data, letterhead(job.settings.office, emblem(job.settings)), template(job.settings, "memo.docx"))


def thanks_of(job: Job, store: Store, unit: str, first: date, last: date, now: datetime) -> bytes:
    """The letter of thanks. Raises ``UsageError`` for an unknown unit, ``MemoError`` when there is nothing to thank for."""
    zone = job.settings.zone
    chosen = _unit(job.register.units, unit)
    accounts = tuple(store.accounts.known(job.register.accounts))
    keys = [account.key for account in accounts if account.unit == chosen.code]
    if not keys:
        raise MemoError(f"{chosen.name}: unit ini tidak punya akun di daftar akun.")
    window = Window(
        datetime(first.year, first.month, first.day, tzinfo=zone),
        datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1),
    )
    posts = tuple(store.posts.in_window(window, keys))
    data = ThanksInput(
        unit=chosen,
        run=_run(now),
        office=job.settings.office,
        units=job.register.units,
        accounts=accounts,
        first=first,
        last=last,
        posts=posts,
        categories=store.posts.categories(post.key for post in posts),
        flagged=frozenset(finding.post for finding in store.findings.of_posts([post.key for post in posts])),
    )
    return thanks(data, letterhead(job.settings.office, emblem(job.settings)), template(job.settings, "thanks.docx"))


def template(settings: Settings, name: str) -> Path:
    """The office's own template when there is one, else that of Pantau."""
    folder = settings.files.templates_dir
    own = settings.path(folder) / name if folder else None
    return own if own and own.is_file() else data_dir("templates") / name


def _run(now: datetime) -> Run:
    """Letters belong to no night; this one stands in for the time of writing."""
    return Run(run_id="memo", kind="nightly", window=Window(now, now), as_of=now, started_at=now)


def _finding(store: Store, key: str, zone: ZoneInfo) -> Finding:
    found = store.findings.find(key)
    if len(found) != 1:
        problem = "tidak ada temuan dengan kode itu" if not found else f"{len(found)} temuan berawalan itu"
        raise click.UsageError(f"{key}: {problem}. Lihat kodenya dengan: pantau review list")
    decision: Decision | None = store.decisions.latest().get(found[0].key)
    if decision is not None and decision.action in _CLOSED:
        when = words.day_short(local_day(decision.at, zone))
        raise click.UsageError(
            f"{found[0].key}: sudah diputuskan ({words.ACTION_LABELS[decision.action].lower()}, oleh {decision.by}, {when}), "
            f"jadi tidak ada yang perlu diklarifikasi. Bila keliru: pantau review undo {found[0].key}"
        )
    return found[0]


def _unit(units: tuple[Unit, ...], text: str) -> Unit:
    wanted = text.strip().casefold()
    found = [unit for unit in units if wanted in (unit.code.casefold(), unit.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise click.UsageError(f"--thanks {text}: ada {len(found)} unit bernama itu; pakai kodenya: {_codes(found)}.")
    names = {unit.name: unit for unit in units}
    near = [names[name] for name in difflib.get_close_matches(text, list(names), n=3, cutoff=0.5)]
    hint = f" Mungkin maksudnya {_codes(near)}." if near else " Lihat kolom unit_code di daftar akun."
    raise click.UsageError(f"--thanks {text}: tidak ada di daftar akun.{hint}")


def _codes(units: list[Unit]) -> str:
    return ", ".join(f"{unit.code} ({unit.name})" for unit in units)
