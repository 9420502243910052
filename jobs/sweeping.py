"""Checks all stored posts of a range, some thousand at a time, so that memory does not grow with their number.

Large ranges are shared by several processes. Each reads and checks for itself; only the one that asked writes. What is found is
put together in the order of the posts, so that neither the size of a slice nor the number of processes changes a byte of it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain, islice

import msgspec

from jobs.checking import BookFindings, check_book, weigh
from jobs.pictures import PictureTally, picture_deadline, read_pictures
from jobs.progress import Progress
from jobs.wiring import Job, Site
from jobs.workers import shared_by, side_by_side
from pantau.checks.engine import CheckReport
from pantau.checks.reader import Reader
from pantau.core.model import Account, Finding, Post, RuleFailure, Window, sort_findings
from pantau.core.pictures import PostPicture
from pantau.store.store import Store
from pantau.store.stretches import Stretch

SLICE_POSTS = 5_000
PICTURE_SLICE_POSTS = 1_000
"""Posts with pictures are held whole, unlike others."""
SHARED_FROM_SLICES = 10
"""So large a range is worth several processes: each takes half a second to begin."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one slice of the posts gave."""

    count: int
    """How many posts were checked."""
    report: CheckReport
    book: BookFindings = BookFindings([], [])
    """Of the book of approvals; only where they are not yet part of the report."""
    posts: tuple[Post, ...] = ()


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a range gave."""

    findings: list[Finding]
    failures: tuple[RuleFailure, ...]
    count: int
    """How many posts were checked."""


class _Checks:
    """Checks slices; every process has its own."""

    def __init__(self, job: Job, store: Store, accounts: Sequence[Account], keys: Collection[str], reader: str) -> None:
        self._job, self._store, self._accounts = job, store, accounts
        self._posts = store.posts.of(keys)
        self._reader = reader
        self._unit_of = {account.key: account.unit for account in accounts}

    def check(self, stretch: Stretch) -> Part:
        """Check a slice. Posts come back where a reader is to read them: every one, or those that something was found about."""
        job, held, rows = self._job, dict[str, Post](), self._posts.texts(stretch)

        def fetch(keys: Sequence[str]) -> dict[str, Post]:
            held.update(self._posts.get(key for key in keys if key not in held))
            return held

        report = CheckReport()
        for part in job.checker.check_stored(rows, fetch, self._unit_of):
            report.findings.extend(part.findings)
            report.trial.extend(part.trial)
            report.cancelled.extend(part.cancelled)
            report = msgspec.structs.replace(report, failures=part.failures)
        book = BookFindings([], [])
        if job.ledgers.approvals:
            posts = fetch([row.key for row in rows])
            book = check_book(job, [posts[row.key] for row in rows if row.key in posts], self._accounts)
        if self._reader:
            about = {item.post for item in (*report.findings, *report.trial, *book.active, *book.trial)}
            about |= {item.post for item in report.cancelled}
            wanted = [row.key for row in rows if self._reader == "every" or row.key in about]
            posts = fetch(wanted)
            kept = tuple(posts[key] for key in wanted if key in posts)
            return Part(count=len(rows), report=report, book=book, posts=kept)
        report = weigh(job, list(held.values()), report, book, self._accounts, None, self._pictures(held, report))
        return Part(count=len(rows), report=report)

    def _pictures(self, held: dict[str, Post], report: CheckReport) -> dict[str, tuple[PostPicture, ...]]:
        about = {item.post for item in (*report.findings, *report.trial)}
        return self._store.pictures.of_posts(key for key in about if key in held and held[key].media)


def sweep(
    site: Site,
    store: Store,
    window: Window,
    accounts: Sequence[Account],
    keys: Collection[str],
    *,
    reader: Reader | None = None,
) -> Swept:
    """Check the posts of the window that were seen in the accounts ``keys``. Raises ``WorkerLostError``."""
    job = site.job
    report, book, posts = CheckReport(), BookFindings([], []), dict[str, Post]()
    failures: dict[str, RuleFailure] = {}
    count, same = 0, _Same()
    mode = site.job.settings.reader.mode if reader is not None else ""
    for part in parts(job, store, window, accounts, keys, reader=mode):
        report.findings.extend(map(same, part.report.findings))
        failures = {failure.rule_id: failure for failure in part.report.failures} | failures
        count += part.count
        if reader is not None:
            report.trial.extend(part.report.trial)
            report.cancelled.extend(part.report.cancelled)
            book.active.extend(part.book.active)
            posts |= {post.key: post for post in part.posts}
    failed = tuple(failure for _, failure in sorted(failures.items()))
    if reader is not None:
        pictures = store.pictures.of_posts(key for key, post in posts.items() if post.media)
        report = weigh(job, list(posts.values()), report, book, accounts, reader, pictures)
    return Swept(findings=sort_findings(report.findings), failures=failed, count=count)


def parts(
    job: Job,
    store: Store,
    window: Window,
    accounts: Sequence[Account],
    keys: Collection[str],
    *,
    reader: str = "",
) -> Iterator[Part]:
    """The same slice by slice, in the order of the posts.

    ``reader``: what a reader is to read afterwards (``[reader] mode``); empty: there is none. Raises ``WorkerLostError``.
    """
    stretches = store.posts.of(keys).stretches(window, SLICE_POSTS)
    first = list(islice(stretches, SHARED_FROM_SLICES))
    workers = min(len(first), shared_by(job.settings.checks.workers, large=len(first) >= SHARED_FROM_SLICES))
    begin = partial(_Checks, job, store, accounts, keys, reader)
    if workers == 1:
        yield from map(begin().check, chain(first, stretches))
        return
    store.close()  # no process may inherit an open connection; it is opened again when it is needed
    decoder = msgspec.msgpack.Decoder(Part)
    for data in side_by_side(partial(_encoded, begin), chain(first, stretches), workers):
        yield decoder.decode(data)


def _encoded(begin: Callable[[], _Checks]) -> Callable[[Stretch], bytes]:
    checks = begin()
    return lambda stretch: msgspec.msgpack.encode(checks.check(stretch))


class _Same:
    """Findings of other processes whose words of the rule are one object again: they are the larger part of a finding."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, finding: Finding) -> Finding:
        one = self._known.setdefault
        names = ("rule_id", "unit", "account", "message", "basis")
        return msgspec.structs.replace(finding, **{name: one(text := getattr(finding, name), text) for name in names})


def read_range(
    site: Site,
    store: Store,
    window: Window,
    accounts: Sequence[Account],
    keys: Collection[str],
    progress: Progress,
) -> tuple[str, ...]:
    """Read what is still unread among the pictures of the window, within the time for pictures; what was not read, in sentences."""
    posts, until, tally = store.posts.of(keys), picture_deadline(site), PictureTally()
    for stretch in posts.stretches(window, PICTURE_SLICE_POSTS):
        if pictured := posts.pictured(stretch):
            tally += read_pictures(site, store, pictured, accounts, progress, until=until).tally
    progress.stop()
    return tally.notes
