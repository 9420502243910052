"""Reads the pictures of posts between collecting and checking: fetched side by side, read one by one, kept per post.

A post whose pictures were read is never read again; one that could not be fetched is tried when its post comes up again. With a
cluster the workers read several at a time; which picture repeats another is still decided here, in the same order.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import msgspec
import structlog

from jobs.progress import Progress
from jobs.wiring import Site
from pantau.checks.picture_text import BETWEEN_PICTURES, joined
from pantau.core.errors import PictureError
from pantau.core.model import Account, Post
from pantau.core.pictures import PictureFacts, PictureUse, PostPicture
from pantau.digest.model import ReusedPicture
from pantau.store.store import Store

if TYPE_CHECKING:
    from pantau.checks.pictures import Desk, Eyes

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)
WORKERS = 4
AHEAD = 8
"""Pictures fetched ahead of the one being read; each may lie in memory at its largest."""
FINAL = frozenset({"read", "unreadable"})
SWITCHED_OFF = "dimatikan pada setelan (pictures.enabled)"


class PicturesRead(msgspec.Struct, frozen=True, kw_only=True):
    """Posts with the words of their pictures."""

    posts: list[Post]
    """All posts handed in, in the same order."""
    pictures: dict[str, tuple[PostPicture, ...]]
    """What became of pictures, by ``Post.key``."""
    tally: "PictureTally"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not read, in sentences for the digest."""
        return self.tally.notes


class PictureTally(msgspec.Struct, frozen=True, kw_only=True):
    """What was not read, counted. Tallies of several readings add up."""

    left: Counter[str] = msgspec.field(default_factory=Counter)
    """Pictures that were not tried, by reason."""
    unread: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """Pictures that could not be read or fetched, by state and reason."""
    partly: Counter[str] = msgspec.field(default_factory=Counter)
    """Pictures that were read in part, by reason."""

    def __add__(self, other: "PictureTally") -> "PictureTally":
        return PictureTally(
            left=self.left + other.left, unread=self.unread + other.unread, partly=self.partly + other.partly
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """The same in sentences."""
        notes = [f"{count} gambar tidak dibaca: {reason}." for reason, count in self.left.items()]
        for state, what in (("unreadable", "tidak dapat dibaca"), ("unfetched", "tidak dapat diambil")):
            reasons = {reason: count for (of, reason), count in self.unread.items() if of == state}
            if reasons:
                listed = "; ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
                notes.append(f"{sum(reasons.values())} gambar {what}: {listed}.")
        notes += [f"{count} {reason}." for reason, count in sorted(self.partly.items())]
        return tuple(notes)


class _Work(msgspec.Struct, frozen=True):
    post: Post
    numbers: tuple[int, ...]
    """Which of its pictures are still to be read, from 1."""


def read_pictures(
    site: Site,
    store: Store,
    posts: Sequence[Post],
    accounts: Iterable[Account],
    progress: Progress,
    until: datetime | None = None,
) -> PicturesRead:
    """Read what is still unread among the pictures of ``posts``, those of important units first, within the night's time.

    ``until`` ends it earlier: several readings share one time.
    """
    known = store.pictures.of_posts(post.key for post in posts if post.media)
    work = _by_priority(site, _unread(posts, known), accounts)
    left: Counter[str] = Counter()
    changed: dict[str, Post] = {}
    if work:
        left, changed = _read_all(site, store, work, progress, until or picture_deadline(site))
        known = store.pictures.of_posts(post.key for post in posts if post.media)
    return PicturesRead(
        posts=[changed.get(post.key, post) for post in posts], pictures=known, tally=_tally(known.values(), left)
    )


def picture_deadline(site: Site) -> datetime:
    """Until when pictures may be read, from now on."""
    return site.now() + timedelta(minutes=site.job.settings.pictures.minutes)


def _unread(posts: Iterable[Post], known: Mapping[str, Sequence[PostPicture]]) -> Iterator[_Work]:
    for post in posts:
        done = {picture.n for picture in known.get(post.key, ()) if picture.state in FINAL}
        numbers = tuple(n for n in range(1, len(post.media) + 1) if n not in done)
        if numbers:
            yield _Work(post, numbers)


def _by_priority(site: Site, work: Iterable[_Work], accounts: Iterable[Account]) -> list[_Work]:
    units = {unit.code: unit.priority for unit in site.job.register.units}
    priority = {account.key: units.get(account.unit, 0) for account in accounts}
    return sorted(work, key=lambda item: (-priority.get(item.post.account, 0), item.post.published_at, item.post.key))


def _read_all(
    site: Site, store: Store, work: Sequence[_Work], progress: Progress, deadline: datetime
) -> tuple[Counter[str], dict[str, Post]]:
    """How many pictures were left, by reason, and the posts that have new words."""
    settings = site.job.settings.pictures
    total = sum(len(item.numbers) for item in work)
    if not settings.enabled:
        return Counter({SWITCHED_OFF: total}), {}
    try:
        eyes = _eyes(site)
        desk = _desk(store, eyes)
        source = site.open_pictures()
    except PictureError as error:
        _log.warning("pictures_not_read", reason=str(error), pictures=total)
        return Counter({str(error): total}), {}
    left: Counter[str] = Counter()
    changed = {}
    progress.start("Membaca gambar", total)
    steps = (partial(source.fetch, item.post.media[n - 1].url) for item in work for n in item.numbers)
    with closing(source), closing(fetched(steps, 3 * settings.timeout_s)) as fetching:
        arrived = sent_ahead(fetching, desk, eyes) if isinstance(eyes, FarSighted) else fetching
        for place, item in enumerate(work):
            if site.now() >= deadline:
                rest = sum(len(later.numbers) for later in work[place:])
                left[
                    f"waktu untuk gambar ({settings.minutes:g} menit) habis; dibaca bila diulang dengan pantau rerun"
                ] = rest
                _log.warning("pictures_out_of_time", read=total - rest, left=rest)
                break
            post = _read_post(store, desk, item, islice(arrived, len(item.numbers)), progress)
            if post is not None:
                changed[post.key] = post
    return left, changed


@runtime_checkable
class FarSighted(Protocol):
    """Eyes elsewhere: they can be handed files before their turn."""

    depth: int
    """How many files they may hold at a time."""

    def send(self, data: bytes) -> None:
        """Begin to examine a file; ``examine`` then waits for it only as long as is left."""
        ...


def _eyes(site: Site) -> "Eyes":
    if site.cluster is not None:
        from jobs.far_eyes import FarEyes

        return FarEyes(site.cluster)
    reader = site.text_reader()  # first: without the extra there is nothing below to import

    from pantau.checks.pictures import OwnEyes

    return OwnEyes(reader)


def sent_ahead(
    arrived: Iterable[bytes | PictureError], desk: "Desk", eyes: FarSighted
) -> Iterator[bytes | PictureError]:
    """What arrived, in order, each handed on some places before its turn when nobody has read it yet."""
    waiting: deque[bytes | PictureError] = deque()
    for data in arrived:
        if not isinstance(data, PictureError) and not desk.is_known(data):
            eyes.send(data)
        waiting.append(data)
        if len(waiting) > eyes.depth:
            yield waiting.popleft()
    yield from waiting


def _desk(store: Store, eyes: "Eyes") -> "Desk":
    from pantau.checks.pictures import Desk

    def known(sha256: str) -> PictureFacts | None:
        return store.pictures.facts([sha256]).get(sha256)

    return Desk(eyes, store.pictures.text, known, store.pictures.fingerprints())


def fetched(fetches: Iterable[Callable[[], _T]], patience_s: float) -> Generator[_T | PictureError, None, None]:
    """The pictures (or what is made of them) in order, fetched ahead by other threads. A server that trickles is not waited for."""
    left = iter(fetches)
    pool = ThreadPoolExecutor(WORKERS, "picture")
    waiting: list[Future[_T]] = [pool.submit(fetch) for fetch in islice(left, AHEAD)]
    try:
        while waiting:
            try:
                yield waiting.pop(0).result(timeout=patience_s)
            except PictureError as error:
                yield error
            except FutureTimeoutError:
                yield PictureError("server gambar terlalu lambat")
            waiting += [pool.submit(fetch) for fetch in islice(left, 1)]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_post(
    store: Store, desk: "Desk", item: _Work, arrived: Iterable[bytes | PictureError], progress: Progress
) -> Post | None:
    """Read the missing pictures of one post and keep them in one transaction. The post when it has new words."""
    post = item.post
    text, media = post.image_text, list(post.media)
    pictures, facts = [], []
    for n, data in zip(item.numbers, arrived, strict=True):
        if isinstance(data, PictureError):
            pictures.append(PostPicture(n=n, state="unfetched", reason=str(data)))
        else:
            seen = desk.look(n, data)
            picture = seen.picture
            media[n - 1] = msgspec.structs.replace(media[n - 1], sha256=picture.sha256)
            facts += [seen.facts] if seen.facts else []
            if picture.lines:
                text += BETWEEN_PICTURES if text else ""
                picture = msgspec.structs.replace(picture, start=len(text))
                text += joined(picture.lines)
            pictures.append(picture)
        progress.step()
    store.pictures.save(post.key, pictures, facts=facts, image_text=text, media=media)
    if text == post.image_text and tuple(media) == post.media:
        return None
    return msgspec.structs.replace(post, image_text=text, media=tuple(media))


def _tally(pictures: Iterable[Sequence[PostPicture]], left: Counter[str]) -> PictureTally:
    every = [picture for items in pictures for picture in items]
    return PictureTally(
        left=left,
        unread=Counter((item.state, item.reason) for item in every if item.state in ("unreadable", "unfetched")),
        partly=Counter(item.reason for item in every if item.state == "read" and item.reason),
    )


def reused_pictures(store: Store, keys: Iterable[str]) -> dict[str, tuple[ReusedPicture, ...]]:
    """Which pictures of posts (by key) were shown by another post before, or look like one that was."""
    pictures = store.pictures.of_posts(keys)
    facts = store.pictures.facts({picture.sha256 for items in pictures.values() for picture in items})
    similar = store.pictures.facts({item.similar_to for item in facts.values() if item.similar_to})
    groups = {item.same_as for item in (*facts.values(), *similar.values())}
    uses = store.pictures.uses(groups)
    posts = store.posts.get({use.post for use in uses} | pictures.keys())
    found: dict[str, tuple[ReusedPicture, ...]] = {}
    for key, items in pictures.items():
        reused = [
            _reuse(posts, posts[key], picture.n, uses, group, alike)
            for picture in items
            if (own := facts.get(picture.sha256))
            for group, alike in _groups(own, similar)
        ]
        if kept := tuple(item for item in reused if item is not None):
            found[key] = kept
    return found


def _groups(own: PictureFacts, similar: Mapping[str, PictureFacts]) -> Iterator[tuple[str, bool]]:
    yield own.same_as, False
    if other := similar.get(own.similar_to):
        yield other.same_as, True


def _reuse(
    posts: Mapping[str, Post], post: Post, n: int, uses: Iterable[PictureUse], group: str, alike: bool
) -> ReusedPicture | None:
    shown = list(dict.fromkeys(use.post for use in uses if use.same_as == group and use.post != post.key))
    earlier = [posts[key] for key in shown if posts[key].published_at < post.published_at]
    if not earlier:
        return None
    return ReusedPicture(n=n, earlier=earlier[0], similar=alike, more=len(shown) - 1)
