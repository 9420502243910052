"""The reader of a run (``[reader]``): built from the settings, and what it did in words for the digest."""

import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec

from jobs.wiring import Job, Site
from pantau.checks.reader import Outcome, Reader
from pantau.checks.reader_cache import AnswerCache
from pantau.checks.reader_effects import is_from_reader
from pantau.core.clock import local_day
from pantau.core.model import Cost, Finding, Run, sort_findings
from pantau.core.settings import Settings
from pantau.store.store import Store

PLATFORM = "reader"
"""Under which the reader's costs are kept."""
OFF = "tidak dipakai; tidak ada model bahasa yang ikut membaca"


def cache_folder(settings: Settings) -> Path:
    """Where the answers lie."""
    return settings.state_dir / "reader"


def reader_of(site: Site, store: Store, run: Run) -> Reader | None:
    """The reader of a run, with what its earlier attempts cost taken off the night's money; None when there is none."""
    if site.chat is None:
        return None
    spent = sum(cost.usd for cost in store.costs.of_run(run.run_id) if cost.platform == PLATFORM)
    attempt = f"{site.now():%Y%m%d%H%M%S%f}"

    def save(cost: Cost) -> None:
        store.costs.save(run.run_id, [cost], attempt=attempt)

    cache = AnswerCache(cache_folder(site.job.settings), _day(site, run.as_of))
    return Reader(
        site.chat, site.job.settings.reader, site.job.catalogue, cache, time.monotonic, spent=spent, save_cost=save
    )


def _day(site: Site, at: datetime) -> date:
    return local_day(at, site.job.settings.zone)


def took_part(outcome: Outcome | None) -> str:
    """Which model took part, what it read and what it cost; or that none did."""
    if outcome is None:
        return OFF
    if not outcome.read and outcome.unread:
        return f"{outcome.signature}; tidak ikut"
    parts = [f"{outcome.read} unggahan dibaca ({outcome.cached} dari simpanan)"]
    parts += [
        f"{number} {word}"
        for number, word in (
            (outcome.opened, "dibuka untuk dilihat"),
            (outcome.confirmed, "dikuatkan"),
            (outcome.lowered, "diturunkan"),
        )
        if number
    ]
    parts.append(f"{_usd(outcome.cost.usd)} dolar AS" if outcome.cost.usd else "tanpa biaya")
    return f"{outcome.signature}: {', '.join(parts)}"


def not_read(outcome: Outcome | None) -> tuple[str, ...]:
    """What the reader was to read and did not, and why; and what it said that could not be used."""
    if outcome is None:
        return ()
    notes = []
    if outcome.unread:
        part = "hanya ikut sebagian" if outcome.read else "tidak ikut"
        notes.append(
            f"Pembaca {outcome.signature} {part}: {outcome.why or 'jawabannya tidak lengkap'}; "
            f"{len(outcome.unread)} unggahan tidak dibacanya. Temuan aturan tidak berubah"
        )
    if outcome.discarded:
        notes.append(
            f"Pembaca {outcome.signature}: {outcome.discarded} jawaban dibuang karena di luar bentuknya "
            "atau kutipannya tidak ada di unggahan"
        )
    return tuple(notes)


def _usd(usd: float) -> str:
    return f"{usd:.4f}".replace(".", ",")


def keep_unread(
    told: Mapping[str, Finding], now: Iterable[Finding], subjects: Mapping[str, str], outcome: Outcome | None, job: Job
) -> list[Finding]:
    """Findings of a rerun, with what the reader once said of posts that it did not read this time.

    That a model was switched off, out of reach or out of money withdraws nothing that readers were told: only another reading of
    the same text does, or the office that switches the rule off. ``subjects``: ``text_sha256`` of the stored posts, by key.
    """
    present = {finding.key: finding for finding in now}
    active = {rule.id for rule in job.catalogue.active()}
    read = outcome.posts if outcome else frozenset()
    for key, before in told.items():
        if before.post in read or before.subject != subjects.get(before.post) or not is_from_reader(before):
            continue
        after = present.get(key)
        if after is None and before.rule_id in active and before.rule_id.startswith("reader-"):
            present[key] = before
        elif after is not None and after.strength != before.strength:
            present[key] = msgspec.structs.replace(after, strength=before.strength, evidence=before.evidence)
    return sort_findings(present.values())
