"""Reads one account through instaloader: which profile, which pages, where to stop, and whether an empty list is believable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from instaloader.exceptions import (
    AbortDownloadException,
    ConnectionException,
    ProfileNotExistsException,
    QueryReturnedNotFoundException,
)
from instaloader.nodeiterator import NodeIterator
from instaloader.structures import Post, Profile

from collectors.base import CollectorError
from collectors.instagram_client import PantauContext
from collectors.instagram_errors import MISSING, PRIVATE, AccountOutcomeError, NotUnderItsNameError, refused_page
from collectors.instagram_parse import (
    ID_CLOCK_SLACK,
    Node,
    author_of,
    authors_of,
    code_of,
    code_time,
    is_pinned,
    published_at,
    to_collected,
)
from pantau.core.model import Collected, Target, Window

_log = structlog.get_logger(__name__)

POSSIBLY_PINNED = 3
"""So many posts on top of a profile may be pinned; an old one among them does not end the list."""

FIRST_POST_EVER = datetime(2010, 7, 16, tzinfo=UTC)
"""No post of Instagram is older."""
_MOST_PAGES = 400


class Listed(NamedTuple):
    """A post of which only the code is known, since it is too old to be asked for; ``at`` is its earliest time."""

    code: str
    at: datetime


class Harvest:
    """What was gathered from one account so far. It outlives a failure half-way, so that nothing read is lost.

    Pages that are read anyway hold posts from before ``target.since``. Those of the ``overlap`` before it count as wanted, since
    some of them may never have been seen (drafts, accepted collaborations, a clock that was wrong last night); all others are
    ``older`` ones, by which edits and takedowns are noticed. Both cost no request.
    """

    def __init__(self, target: Target, window: Window, known_id: str, overlap: timedelta = timedelta()) -> None:
        self.target = target
        self.window = window
        self.known_id = known_id
        self.learnt_id = ""
        self.handle = ""
        self._last_post_at: datetime | None = None
        self._kept_from = target.since - overlap
        self._posts: dict[str, Collected] = {}
        self._older: dict[str, Collected] = {}
        self.restart()

    def restart(self) -> None:
        """Begin the list again from the top, keeping the posts already gathered."""
        self.seen = 0
        self.unreadable = 0
        self.complete = False
        self.confirmed = False
        self.authors: set[str] = set()
        self._codes: set[str] = set()
        self._pages = 0
        self._counted = False
        self._oldest: datetime | None = None
        self._in_order = True

    def forget_posts(self) -> None:
        """Drop what was read under a handle that turned out to be somebody else's."""
        self._posts.clear()
        self._older.clear()
        self._last_post_at = None
        self.handle = ""
        self.restart()

    @property
    def posts(self) -> tuple[Collected, ...]:
        """Posts inside the wanted span, newest first; none while they may be a stranger's."""
        return self._newest_first(self._posts)

    @property
    def older(self) -> tuple[Collected, ...]:
        """Posts from before the wanted span, newest first; none while they may be a stranger's."""
        return self._newest_first(self._older)

    def _newest_first(self, posts: Mapping[str, Collected]) -> tuple[Collected, ...]:
        if self._doubtful:
            return ()
        return tuple(sorted(posts.values(), key=lambda one: one.post.published_at, reverse=True))

    @property
    def last_post_at(self) -> datetime | None:
        """The newest time listed, also outside the wanted span; None while it may be a stranger's."""
        return None if self._doubtful else self._last_post_at

    @property
    def _doubtful(self) -> bool:
        return self.foreign and not self.confirmed

    @property
    def foreign(self) -> bool:
        """True when posts were listed and none of them names the account whose id we know: the handle may have changed hands."""
        return bool(self.known_id and self.seen and self.known_id not in self.authors)

    @property
    def seen_from(self) -> datetime | None:
        """From when on every post of the account is proven to be in ``posts`` or ``older``; None where nothing is proven.

        The list is proof down to its oldest entry while it runs from new to old. It may be sorted by the making of the post,
        which precedes its appearance by ``ID_CLOCK_SLACK`` at most. Pins prove nothing. A list as long as the profile's own
        count is proof of everything.
        """
        if not self.complete or self.unreadable or self._doubtful:
            return None
        if self._counted:
            return FIRST_POST_EVER
        if self._oldest is None or not self._in_order:
            return None
        return self._oldest + ID_CLOCK_SLACK

    def take_page(self, page: Sequence[Node | Listed]) -> bool:
        """Keep the wanted posts of a page; True when everything since the wanted instant was seen.

        The last post that lies in the order of time decides, since single ones can lie out of it (pins, accepted
        collaborations, a rearranged profile). Raises ``CollectorError`` (format) when the list does not get on.
        """
        known, self._pages = len(self._codes) + self.unreadable, self._pages + 1
        proofs = [proof for proof in map(self._take, page) if proof is not None]
        if len(self._codes) + self.unreadable == known or self._pages > _MOST_PAGES:
            raise CollectorError("daftar unggahan Instagram tidak berakhir", "format")
        self.complete = bool(proofs) and proofs[-1]
        return self.complete

    def _take(self, item: Node | Listed) -> bool | None:
        """Whether the post is older than wanted; None when its place in the list says nothing."""
        place = self.seen
        self.seen += 1
        try:
            at = item.at if isinstance(item, Listed) else published_at(item)
            self._codes.add(item.code if isinstance(item, Listed) else code_of(item))
            if not isinstance(item, Listed):
                self._keep(item, at)
        except CollectorError:
            self.unreadable += 1
            return None
        self._last_post_at = max(at, self._last_post_at or at)
        if place < POSSIBLY_PINNED or (not isinstance(item, Listed) and is_pinned(item)):
            return None
        self._in_order = self._in_order and (self._oldest is None or at <= self._oldest)
        self._oldest = min(at, self._oldest or at)
        return at < self.target.since

    def compare(self, count: int | None, whole: bool) -> None:
        """Believe a list that ended early, or empty, only if the profile's ``count`` states no more posts than were listed.

        Raises ``CollectorError`` (format).
        """
        listed = len(self._codes) + self.unreadable
        self._counted = whole and count is not None and listed >= count
        if not (whole and self.seen) and (count is None or listed < count):
            if self.seen:
                raise CollectorError("daftar unggahan Instagram terputus sebelum selesai", "format")
            raise CollectorError("Instagram memberi daftar kosong untuk akun yang punya unggahan", "format")
        self.complete = True

    def _keep(self, node: Node, at: datetime) -> None:
        if at < self.window.end:
            collected = to_collected(node, self.target.account.key)
            kept = self._posts if at >= self._kept_from else self._older
            kept[collected.post.post_id] = collected
        self.authors.update(authors_of(node))
        author_id, handle = author_of(node)
        ours = author_id == self.known_id if self.known_id else handle.lower() == self.target.account.handle.lower()
        if ours and author_id:
            self.handle = handle
            self.learnt_id = author_id


class TimelineReader:
    """Reads accounts one after the other with one context. ``pages_refused`` is remembered for the rest of the run."""

    def __init__(self, context: PantauContext) -> None:
        self._context = context
        self._pages_refused = False

    def read(self, harvest: Harvest) -> None:
        """Fill ``harvest``; ``harvest.complete`` is set once everything since the requested start was seen.

        Raises ``CollectorError``, ``AccountOutcomeError`` and whatever instaloader raises.
        """
        harvest.restart()
        self._context.forget_pages()
        if not self._context.is_logged_in:
            self._read_as_visitor(harvest)
        else:
            self._read_signed_in(harvest)
        if harvest.unreadable:
            raise CollectorError(f"{harvest.unreadable} unggahan tidak dapat diurai", "format")

    def _read_signed_in(self, harvest: Harvest) -> None:
        profile = self._profile(harvest)
        gone = False
        try:
            whole = self._walk(profile, harvest)
        except QueryReturnedNotFoundException:
            whole, gone = False, True
        if gone or not whole or not harvest.seen or harvest.foreign:
            self._look_up(harvest)

    def _profile(self, harvest: Harvest) -> Profile:
        """The profile to list. With a known id no request is needed; else the public page tells the id."""
        account = harvest.target.account
        if not harvest.known_id and not self._pages_refused:
            try:
                profile: Profile = Profile.from_username(self._context, account.handle)
            except (AbortDownloadException, ConnectionException, CollectorError) as error:
                if not refused_page(error):
                    raise
                self._pages_refused = True
                _log.warning("instagram.profile_pages_refused", text=str(error)[:200])
            else:
                harvest.learnt_id, harvest.handle = str(profile.userid), profile.username
                profile._has_full_metadata = not profile.is_private
                return profile
        return self._bare_profile(account.handle, harvest.known_id)

    def _bare_profile(self, handle: str, platform_id: str) -> Profile:
        profile = Profile(self._context, {"username": handle, "id": platform_id or "0", "is_private": False})
        profile._has_full_metadata = True
        return profile

    def _walk(self, profile: Profile, harvest: Harvest) -> bool:
        """List the timeline page by page until it reaches posts older than wanted. False when it was cut short."""
        items = profile.get_posts()
        for page in _pages(items, _as_listed if self._context.is_logged_in else self._fetcher(harvest)):
            if harvest.take_page(page):
                return True
        harvest.complete = items._data is not None and not _has_more(items)
        return harvest.complete

    def _look_up(self, harvest: Harvest) -> None:
        """Ask by id when the list is empty, cut short or somebody else's: renamed, gone, private, or a silent failure."""
        platform_id = harvest.known_id or harvest.learnt_id
        if not platform_id.isdigit():
            raise CollectorError("daftar unggahan kosong dan nomor akun belum diketahui", "unproven")
        self._context.profile_id_cache.pop(int(platform_id), None)
        try:
            found = Profile.from_id(self._context, int(platform_id))
        except ProfileNotExistsException as error:
            reason = "nama akun ini kini dipakai akun lain" if harvest.foreign else MISSING
            harvest.forget_posts()
            raise AccountOutcomeError("missing", reason) from error
        whole = harvest.complete
        if found.username != harvest.target.account.handle.lower():
            harvest.forget_posts()
            harvest.known_id = platform_id
            whole = self._walk(self._bare_profile(found.username, platform_id), harvest)
            harvest.handle = found.username
        harvest.confirmed = True
        if found.is_private and not found.followed_by_viewer and not harvest.seen:
            raise AccountOutcomeError("private", PRIVATE)
        harvest.compare(found.mediacount, whole)

    def _read_as_visitor(self, harvest: Harvest) -> None:
        account = harvest.target.account
        try:
            profile = Profile.from_username(self._context, account.handle)
        except ProfileNotExistsException as error:
            if harvest.known_id:  # renamed or gone: only a signed-in visitor can ask by number
                raise NotUnderItsNameError(f"{MISSING} dengan nama ini") from error
            raise
        if harvest.known_id and str(profile.userid) != harvest.known_id:
            raise NotUnderItsNameError("nama akun ini kini dipakai akun lain")
        harvest.learnt_id, harvest.handle = str(profile.userid), profile.username
        if profile.is_private:
            raise AccountOutcomeError("private", PRIVATE)
        whole = self._walk(profile, harvest)
        if not (whole and harvest.seen):
            harvest.compare(profile.mediacount, whole)

    def _fetcher(self, harvest: Harvest) -> Callable[[object], Node | Listed]:
        """A visitor's list holds codes only: ask for each post that can be new, one request each."""

        def fetch(listed: object) -> Node | Listed:
            code = code_of(_as_listed(listed))
            at = code_time(code)
            if at < harvest.target.since - ID_CLOCK_SLACK:
                return Listed(code, at)
            return dict(Post.from_shortcode(self._context, code)._asdict())

        return fetch


def _as_listed(node: object) -> Node:
    """A signed-in visitor's list holds whole posts. Anything else becomes an empty node, which counts as unreadable."""
    return node if isinstance(node, dict) else {}


def _pages(items: NodeIterator[Any], wrapper: Callable[[object], Node | Listed]) -> Iterator[list[Node | Listed]]:
    """The list in the pages in which it came, each node through ``wrapper`` instead of instaloader's own.

    instaloader's wrapper loses the whole list when a node lacks a like count.
    """
    items._node_wrapper = wrapper
    items._is_first = None
    while items._data is not None:
        page: list[Node | Listed] = []
        for item in items:
            page.append(item)
            if items._page_index >= len(items._data["edges"]):
                break
        if not page:
            return
        yield page


def _has_more(items: NodeIterator[Any]) -> bool:
    """True when the service promised another page and then gave none."""
    return bool((items._data.get("page_info") or {}).get("has_next_page"))
