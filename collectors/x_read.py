"""The three ways to ask X: a grouped search, one timeline, a lookup of users. Each fills the seats or raises ``CollectorError``."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from collectors.base import Pace
from collectors.x_client import Body, XClient
from collectors.x_errors import AccountProblem, absent_posts, account_problems, format_error
from collectors.x_parse import XUser, author_of, items, next_token, parse_post, parse_users
from collectors.x_plan import Group
from collectors.x_seat import Seat
from pantau.core.model import Window

_SETTLED = timedelta(seconds=60)
"""X refuses an end or a start that is closer to now than some seconds."""
_MOST_PAGES = 400


class Lookup:
    """What X says of a batch of accounts: ``users`` by lower-case handle or by id, and ``problems`` by the same key."""

    def __init__(self, users: dict[str, XUser], problems: dict[str, AccountProblem]) -> None:
        self.users = users
        self.problems = problems


class XReader:
    """Asks within one window. Times are aware."""

    def __init__(self, client: XClient, pace: Pace, window: Window, overlap: timedelta) -> None:
        self._client = client
        self._pace = pace
        self._window = window
        self._overlap = overlap

    def read_group(self, group: Group[Seat], *, archive: bool) -> None:
        """All posts of the group's accounts. A post belongs to the account with its author's id, whatever the handle says."""
        authors: dict[str, list[Seat]] = {}
        for seat in group.members:
            authors.setdefault(seat.user_id, []).append(seat)
        start = self._start(group.start)

        def ask(token: str) -> Body:
            return self._client.search(group.query, start, self._end(), token, archive=archive)

        for body in self._pages(ask):
            for item in items(body):
                owners = authors.get(author_of(item), [])
                for seat in owners:
                    seat.keep(parse_post(item, seat.target.account, seat.handle))
                if not owners:
                    for seat in group.members:
                        seat.handle_taken = True
        for seat in group.members:
            seat.searched_from = start

    def read_timeline(self, seat: Seat) -> None:
        """All posts and reposts of one account since its watermark or its newest stored post, whichever is earlier."""
        start = self._start(seat.timeline_start(self._overlap))
        searched = seat.searched_from is not None
        for body in self._pages(lambda token: self._client.timeline(seat.user_id, start, self._end(), token)):
            problems = account_problems(body)
            if problems and not body.get("data"):
                seat.problem = problems.get(seat.user_id) or next(iter(problems.values()))
                return
            for item in items(body):
                post = parse_post(item, seat.target.account, seat.handle)
                if post.author_id != seat.user_id:
                    raise format_error("author_id")
                seat.keep(post)
                if searched and post.collected.post.kind != "repost":
                    seat.moved = True

    def look_up(self, seats: Sequence[Seat], *, by_id: bool) -> Lookup:
        """At most 100 accounts by id or by handle."""
        if by_id:
            body = self._client.users(ids=[seat.user_id for seat in seats])
        else:
            body = self._client.users(handles=[seat.handle for seat in seats])
        users = parse_users(body) if body.get("data") else []
        return Lookup({user.user_id if by_id else user.handle.lower(): user for user in users}, account_problems(body))

    def look_again(self, seats: Sequence[Seat]) -> None:
        """At most 100 stored posts by id: those that X shows, and those of which it says that they are not to be found.

        Whoever may not be seen (protected, suspended) makes no post absent.
        """
        wanted = {post_id: seat for seat in seats for post_id in seat.target.recheck}
        body = self._client.posts(list(wanted))
        for item in items(body) if body.get("data") else []:
            post_id = str(item.get("id", ""))
            if post_id in wanted:
                wanted[post_id].shown.append(post_id)
        for post_id in absent_posts(body):
            if post_id in wanted:
                wanted[post_id].absent.append(post_id)

    def _pages(self, ask: Callable[[str], Body]) -> Iterator[Body]:
        """Page after page until X names no further one. Raises ``CollectorError`` when that never happens."""
        token, seen = "", set[str]()
        while len(seen) < _MOST_PAGES:
            body = ask(token)
            yield body
            token = next_token(body)
            if not token:
                return
            if token in seen:
                break
            seen.add(token)
        raise format_error("halaman tidak berakhir")

    def _start(self, wanted: datetime) -> datetime:
        return min(wanted, self._pace.now() - _SETTLED, self._window.end - _SETTLED)

    def _end(self) -> datetime | None:
        """The window's end once it is past; until then X's own end, some seconds before now, is as good."""
        return self._window.end if self._window.end <= self._pace.now() - _SETTLED else None
