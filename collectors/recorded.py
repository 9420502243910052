"""Accounts replayed from a folder of recorded posts, for the demo: the same night without any service.

The folder holds ``posts.jsonl`` (posts as in ``pantau.core.model.Post``) and ``outcomes.json`` (accounts that could not be
read on certain days, posts that were gone after a day).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from collectors.base import failed_scan, identified
from pantau.core.clock import local_day
from pantau.core.model import Account, Collected, Cost, Outcome, Post, Reading, Scan, Target, UnreadClass, Window

_LOOK_BACK = timedelta(days=10)
"""So much older posts stand on the same page, as on real services."""


class _Failure(msgspec.Struct, frozen=True):
    """On the local days from ``first`` to ``last`` the account gave this outcome instead of posts."""

    account: str
    first: date
    last: date
    outcome: Outcome
    unread_class: UnreadClass
    reason: str


class _Removed(msgspec.Struct, frozen=True):
    """A post that was there up to and including the local day ``until``."""

    post_id: str
    platform: str
    until: date


class _Outcomes(msgspec.Struct, frozen=True):
    accounts: list[_Failure]
    vanished: list[_Removed]


class Recording:
    """The contents of one recorded folder, read once and shared by the collectors of its platforms."""

    def __init__(self, folder: Path) -> None:
        self._posts: dict[str, list[Collected]] = {}
        for line in (folder / "posts.jsonl").read_bytes().splitlines():
            post = msgspec.json.decode(line, type=Post)
            self._posts.setdefault(post.account, []).append(Collected(post, line))
        outcomes = msgspec.json.decode((folder / "outcomes.json").read_bytes(), type=_Outcomes)
        self._failures = outcomes.accounts
        self._removed = {(item.platform, item.post_id): item.until for item in outcomes.vanished}

    @property
    def end(self) -> datetime:
        """When the newest recorded post appeared."""
        return max(item.post.published_at for items in self._posts.values() for item in items)

    def failure(self, account: str, on: date) -> _Failure | None:
        """What went wrong with the account on a local day, if anything."""
        return next((f for f in self._failures if f.account == account and f.first <= on <= f.last), None)

    def posts(self, account: str, window: Window, at: datetime) -> tuple[Collected, ...]:
        """The account's posts of the window that were still there at an instant."""
        on = local_day(at)
        return tuple(
            item
            for item in self._posts.get(account, [])
            if item.post.published_at in window
            and on <= self._removed.get((item.post.platform, item.post.post_id), date.max)
        )


class RecordedCollector:
    """Implements ``pantau.core.ports.Collector`` for one platform of a recording."""

    def __init__(self, platform: str, recording: Recording) -> None:
        self.platform = platform
        self._recording = recording
        self._requests = 0

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """One scan per target, from the recording."""
        for target in targets:
            self._requests += 1
            account = target.account
            failure = self._recording.failure(account.key, local_day(window.end))
            if failure is not None:
                kind: UnreadClass = failure.unread_class
                yield failed_scan(account, kind, failure.reason, window.end, "rekaman", failure.outcome)
                continue
            everything = Window(min(window.start, target.since), window.end)
            posts = self._recording.posts(account.key, everything, window.end)
            newest = max((item.post.published_at for item in posts), default=None)
            reading = Reading(
                account=account.key,
                outcome="read",
                checked_at=window.end,
                complete=True,
                last_post_at=newest,
                source="rekaman",
            )
            shown_from = everything.start - _LOOK_BACK
            older = self._recording.posts(account.key, Window(shown_from, everything.start), window.end)
            yield Scan(reading=reading, posts=posts, older=older, seen_from=shown_from)

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """One scan per account, as it stood on the last recorded day; handles never change in a recording."""
        at = self._recording.end
        for account in accounts:
            self._requests += 1
            failure = self._recording.failure(account.key, local_day(at))
            if failure is not None:
                yield failed_scan(account, failure.unread_class, failure.reason, at, "rekaman", failure.outcome)
            else:
                yield identified(account, at, "rekaman", account.platform_id, account.handle)

    def costs(self) -> tuple[Cost, ...]:
        """Readings so far; a recording is free."""
        return (Cost(platform=self.platform, source="rekaman", requests=self._requests),)
