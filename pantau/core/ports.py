"""Protocols through which stages meet without importing each other. ``jobs/wiring.py`` joins them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from pantau.core.model import Account, Cost, Mail, MailState, Scan, Target, Window


class Collector(Protocol):
    """Reads accounts of one platform."""

    platform: str

    def collect(self, targets: Sequence[Target], window: Window) -> Iterator[Scan]:
        """Yield exactly one scan per target, each as soon as it is final.

        Posts with ``target.since <= published_at < window.end`` are wanted. Whatever goes wrong with one account becomes
        an ``unread`` scan; the iterator raises nothing and ends when every target has its scan.
        """
        ...

    def identify(self, accounts: Sequence[Account]) -> Iterator[Scan]:
        """Yield exactly one scan without posts per account: who it is now, asked at least cost.

        An account is asked for by its id where that is known, so that a changed handle is found, else by its handle. ``read``
        means that it is there; ``platform_id`` and ``handle`` of the scan are those that the platform states now, empty when
        it states none or none other. ``missing`` with a ``platform_id``: the handle now belongs to that other account.
        Otherwise outcome and reason are as for ``collect``, and nothing is raised.
        """
        ...

    def costs(self) -> tuple[Cost, ...]:
        """What was used so far in this process."""
        ...


class Outbox(Protocol):
    """The frozen mails and their delivery states. Every ``mark`` is committed when it returns."""

    def due(self, now: datetime) -> list[Mail]:
        """Mails in ``ready``, ``deferred`` (whose time has come), ``sending`` or ``unknown``, oldest first."""
        ...

    def mark(
        self,
        message_id: str,
        state: MailState,
        *,
        at: datetime,
        tries: int | None = None,
        next_at: datetime | None = None,
        smtp_code: int | None = None,
        detail: str = "",
        own_copy: bool | None = None,
    ) -> None:
        """Set the state; values left as None stay as they are, except ``next_at``, ``smtp_code`` and ``detail``."""
        ...


class PictureSource(Protocol):
    """Where the bytes of posted pictures come from. Safe to use from several threads."""

    def fetch(self, url: str) -> bytes:
        """The whole file. Raises ``PictureError`` with the reason for whatever goes wrong."""
        ...

    def fetch_own(self, url: str, account: Account) -> bytes:
        """Like ``fetch``, but only over https from where the account's platform itself keeps pictures."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...
