"""Checks all stored posts of a range, some thousand at a time, so that memory does not grow with their number."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import msgspec

from jobs.checking import BookFindings, check_book, weigh
from jobs.pictures import PictureTally, picture_deadline, read_pictures
from jobs.progress import Progress
from jobs.wiring import Site
from pantau.checks.engine import CheckReport
from pantau.checks.reader import Reader
from pantau.core.model import Account, Post, RuleFailure, StoredTexts, Window
from pantau.store.store import Store

SLICE_POSTS = 5_000


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a range gave."""

    report: CheckReport
    count: int
    """How many posts were checked."""
    posts: dict[str, Post]
    """By key: those of findings, and those asked for, as far as they lie in the range."""
    notes: tuple[str, ...]
    """What was not read off pictures."""


class _Sweep:
    """One pass over a range."""

    def __init__(
        self, site: Site, store: Store, accounts: Sequence[Account], keys: Collection[str], progress: Progress
    ) -> None:
        self._site = site
        self._store = store
        self._accounts = accounts
        self._keys = keys
        self._progress = progress
        self._until: datetime = picture_deadline(site)
        self._unit_of = {account.key: account.unit for account in accounts}
        self.report = CheckReport(findings=[], trial=[], cancelled=[])
        self.count = 0
        self.book = BookFindings([], [])
        self.failures: dict[str, RuleFailure] = {}
        self.tally = PictureTally()
        self.kept: dict[str, Post] = {}

    def check(self, rows: list[StoredTexts], wanted: Collection[str], *, keep_all: bool) -> None:
        """Check a slice; keep its posts that findings or cancelled hits are about, those wanted, or all."""
        store, job = self._store, self._site.job
        held: dict[str, Post] = {}

        def fetch(keys: Sequence[str]) -> Mapping[str, Post]:
            held.update(store.posts.get([key for key in keys if key not in held], self._keys))
            return held

        pictured = fetch([row.key for row in rows if row.pictured])
        if pictured:
            rows = self._with_pictures(rows, held)
        about = set(wanted)
        for part in job.checker.check_stored(rows, fetch, self._unit_of):
            self.report.findings.extend(part.findings)
            self.report.trial.extend(part.trial)
            self.report.cancelled.extend(part.cancelled)
            about |= {finding.post for finding in (*part.findings, *part.trial)}
            about |= {item.post for item in part.cancelled}
            self.failures = {failure.rule_id: failure for failure in part.failures} | self.failures
        self.count += len(rows)
        if job.ledgers.approvals:
            book = check_book(job, list(fetch([row.key for row in rows]).values()), self._accounts)
            self.book.active.extend(book.active)
            self.book.trial.extend(book.trial)
            about |= {item.post for item in (*book.active, *book.trial)}
        keys = [row.key for row in rows if keep_all or row.key in about]
        posts = fetch(keys)
        self.kept |= {key: posts[key] for key in keys if key in posts}

    def _with_pictures(self, rows: list[StoredTexts], held: dict[str, Post]) -> list[StoredTexts]:
        read = read_pictures(
            self._site, self._store, list(held.values()), self._accounts, self._progress, until=self._until
        )
        self.tally += read.tally
        held.update({post.key: post for post in read.posts})
        return [
            row._replace(image_text=held[row.key].image_text.encode("utf-8", "surrogatepass"))
            if row.key in held
            else row
            for row in rows
        ]


def sweep(
    site: Site,
    store: Store,
    window: Window,
    accounts: Sequence[Account],
    keys: Collection[str],
    progress: Progress,
    *,
    reader: Reader | None = None,
    wanted: Collection[str] = (),
) -> Swept:
    """Check the posts of the window that were seen in the accounts ``keys``; ``wanted`` posts come back in any case."""
    passing = _Sweep(site, store, accounts, keys, progress)
    every = reader is not None and site.job.settings.reader.mode == "every"
    for rows in _slices(store.posts.texts(window, keys)):
        passing.check(rows, wanted, keep_all=every)
    progress.stop()
    posts = passing.kept
    report = msgspec.structs.replace(passing.report, failures=tuple(sorted(passing.failures.values(), key=_rule)))
    pictures = store.pictures.of_posts(key for key, post in posts.items() if post.media)
    report = weigh(site.job, list(posts.values()), report, passing.book, accounts, reader, pictures)
    return Swept(report=report, count=passing.count, posts=posts, notes=passing.tally.notes)


def _rule(failure: RuleFailure) -> str:
    return failure.rule_id


def _slices(rows: Iterable[StoredTexts]) -> Iterator[list[StoredTexts]]:
    stream = iter(rows)
    while batch := list(islice(stream, SLICE_POSTS)):
        yield batch
