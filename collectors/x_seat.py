"""One account during one night of reading X: what is known of it, what came, and the scan that ends it."""

from datetime import datetime, timedelta
from typing import Literal

from collectors.base import CollectorError
from collectors.x_errors import AccountProblem
from collectors.x_parse import XPost, XUser, id_time
from collectors.x_plan import EDITABLE, LEAST_OVERLAP
from pantau.core.model import Outcome, Reading, Scan, Target, UnreadClass, Window

_SILENT_AFTER = timedelta(days=2)
"""Sooner than the shortest norm (1 day and 2 of grace) runs out, so that nobody is called quiet on the word of a search alone."""
BY_SEARCH_ALONE = (
    "tidak ada kiriman baru menurut pencarian X; bila akunnya baru saja ditangguhkan, dikunci atau dihapus, itu baru ketahuan "
    "setelah dua hari tanpa kiriman"
)
"""Said of accounts that posted within two days and brought nothing tonight: a timeline for each would be too many requests."""


class Seat:
    """Mutable on purpose: pages arrive piecemeal. ``number`` is the place in the list of targets."""

    def __init__(self, number: int, target: Target, window: Window) -> None:
        self.number = number
        self.target = target
        self.handle = target.account.handle
        self.user_id = target.account.platform_id
        self.since = target.since
        self.problem: AccountProblem | None = None
        self.refusal: CollectorError | None = None
        """Why search cannot serve the account, when X said so."""
        self.searched_from: datetime | None = None
        """Start of the completed search that brought nothing."""
        self.handle_taken = False
        """The group's search brought posts of a stranger: some handle of the group has a new owner."""
        self.moved = False
        """The timeline has posts of its own that a search by handle did not bring: the handle has probably changed."""
        self.shown: list[str] = []
        """Stored posts asked for by id that are there."""
        self.absent: list[str] = []
        """Those of which X says that they are not to be found."""
        self._window = window
        self._user: XUser | None = None
        self._posts: dict[str, XPost] = {}

    @property
    def newest_stored_at(self) -> datetime | None:
        """Publication time of the newest stored post, as its id tells it."""
        return id_time(self.target.last_post_id)

    @property
    def has_posts(self) -> bool:
        """True once any post of the account came in."""
        return bool(self._posts)

    def learn(self, user: XUser) -> None:
        """Take over what a lookup told."""
        self._user, self.user_id, self.handle = user, user.user_id, user.handle

    def keep(self, post: XPost) -> None:
        """Keep a post; of several versions of one post the newest stays."""
        known = self._posts.get(post.post_id)
        if known is None or known.version <= post.version:
            self._posts[post.post_id] = post

    def needs_timeline(self) -> Literal["must", "may", "no"]:
        """What a search that brought nothing proves.

        Search may leave reposts out and says nothing of suspended or renamed accounts. So an account must be asked for by id once
        it has been silent for two days, or a day before its own norm runs out; before that it may. A lookup of this night that
        shows no newer post either is proof enough. Where stored posts are not to be found, the timeline tells whether the account
        itself can be seen: X says of the posts of a suspended or protected account the same.
        """
        if self.absent:
            return "must"
        if self.handle_taken:
            return "must"
        if self._user is not None and self._user.last_post_at is not None and self.searched_from is not None:
            return "must" if self._user.last_post_at >= self.searched_from else "no"
        account, newest = self.target.account, self.newest_stored_at
        limit_days = 3 if account.norm_days is None else account.norm_days + (account.grace_days or 0)
        silent_after = min(_SILENT_AFTER, timedelta(days=max(0, limit_days - 1)))
        return "must" if newest is None or self._window.end - newest >= silent_after else "may"

    def timeline_start(self, overlap: timedelta) -> datetime:
        """From where its timeline is read: never after the watermark, and back to the newest stored post, which costs nothing."""
        newest = self.newest_stored_at
        start = newest + EDITABLE if newest else self.since - overlap
        return min(start, self.since - min(overlap, LEAST_OVERLAP))

    def read(self, at: datetime, source: str, reason: str = "") -> Scan:
        """The scan of an account whose posts are completely known up to the window's end. ``reason``: what is not known of it."""
        return self._scan(at, source, "read", reason=reason, complete=True)

    def failed(self, at: datetime, source: str, error: CollectorError) -> Scan:
        """The scan of an account that could not be read (completely). Posts that came before the fault are kept: they are paid."""
        return self._scan(at, source, "unread", unread_class=error.unread_class, reason=str(error))

    def refused(self, at: datetime, source: str, problem: AccountProblem) -> Scan:
        """The scan of an account that X says is missing, suspended or private."""
        return self._scan(at, source, problem.outcome, unread_class=problem.unread_class, reason=problem.reason)

    def _scan(
        self,
        at: datetime,
        source: str,
        outcome: Outcome,
        *,
        unread_class: UnreadClass = "",
        reason: str = "",
        complete: bool = False,
    ) -> Scan:
        account = self.target.account
        posts = sorted(
            (post.collected for post in self._posts.values()), key=lambda collected: int(collected.post.post_id)
        )
        times = [collected.post.published_at for collected in posts]
        times += [moment for moment in (self.newest_stored_at, self._user and self._user.last_post_at) if moment]
        reading = Reading(
            account=account.key,
            outcome=outcome,
            unread_class=unread_class,
            reason=reason,
            checked_at=at,
            complete=complete,
            last_post_at=max(times, default=None),
            source=source,
        )
        return Scan(
            reading=reading,
            posts=tuple(collected for collected in posts if collected.post.published_at < self._window.end),
            platform_id=self.user_id if self.user_id != account.platform_id else "",
            handle=self._user.handle if self._user else "",
            shown=tuple(self.shown),
            absent=tuple(self.absent),
        )
