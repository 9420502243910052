"""What the contract tests need of a platform: its local server with a few accounts, its settings, its faults.

A new platform adds one subclass of ``Stage`` and names it in ``stages.py``. The tests never look behind these methods.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

from collectors.base import Pace
from collectors.registry import COLLECTORS
from pantau.core.model import Account, Post, Reading, Target
from pantau.core.ports import Collector
from pantau.core.settings import Settings
from pantau.core.settings_file import settings_from
from tests.fakes import SimClock
from tests.servers.base import Fault, LocalServer, Reply

NIGHT = datetime(2026, 11, 10, 19, 0, tzinfo=UTC)
"""02:00 in Jakarta; not a holiday."""
SERIAL = "serial0000000"
"""The shape of the word with which every post begins."""
State = Literal["ok", "gone", "suspended", "private"]


@dataclass
class Item:
    """One published post. ``serial`` stands in its text and names it on all platforms; ``versions`` ends with what is shown now.

    ``must``: from this version on the store has to hold it, as far as nights have seen it.
    """

    who: int
    serial: str
    at: datetime
    versions: list[str]
    native: Any = None
    visible: bool = True
    must: int = 0

    @property
    def text(self) -> str:
        """What is shown now."""
        return self.versions[-1]


@dataclass(frozen=True)
class Case:
    """A fault of the switchboard: ``switch`` gives the faults to add, ``expected`` what may become of an account meanwhile.

    ``expected`` are outcomes with their class: ``read``, ``unread network`` ...; one of ``some`` must occur.
    """

    switch: Callable[[datetime], Sequence[Fault]]
    expected: str
    also: Sequence[str] = ()
    stalls: bool = False
    """Needs a short time limit, since the client really waits."""


def always(reply: Any = None, **more: Any) -> Callable[[datetime], list[Fault]]:
    """The same fault at every request of the night. A callable ``reply`` is asked for it with the present time."""
    return lambda now: [Fault(reply(now) if callable(reply) else reply, times=None, **more)]


def once(reply: Any = None, **more: Any) -> Callable[[datetime], list[Fault]]:
    """A fault at the first request only."""
    return lambda now: [Fault(reply(now) if callable(reply) else reply, times=1, **more)]


def renaming(*names: str) -> Callable[[Reply], Reply]:
    """For ``Fault.change``: the same JSON with members renamed."""

    def change(reply: Reply) -> Reply:
        body = reply.body
        for name in names:
            body = body.replace(json.dumps(name).encode(), json.dumps(f"x_{name}").encode())
        return replace(reply, body=body)

    return change


def as_html(reply: Reply) -> Reply:
    """For ``Fault.change``: the right data under a wrong content type."""
    return replace(reply, headers={**reply.headers, "content-type": "text/html"})


@dataclass
class Stage:
    """One source of one platform. Accounts are numbered from 0; every second one is registered by its name alone.

    ``clock`` is that of the office; the service's runs ``skew`` ahead of it.
    """

    folder: Path
    people: int = 3
    timeout_s: float = 10.0
    clock: SimClock = field(default_factory=lambda: SimClock(NIGHT))
    skew: timedelta = timedelta()
    offset: int = 0
    """Added to the numbers of accounts, so that two sources of one platform can live in one town."""

    platform: ClassVar[str] = ""
    variant: ClassVar[str] = ""
    """Name of the source among those of the platform."""
    overlap: ClassVar[timedelta] = timedelta()
    """Posts dated so long before ``since`` may come again (documented in docs/platforms.md)."""
    waits_s: ClassVar[float] = 0.0
    """Most that a night without fault may sleep, per request."""
    free_waits_s: ClassVar[float] = 0.0
    """Most that any night may sleep."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """Everything that may not appear in any output."""
    cases: ClassVar[Mapping[str, Case]] = {}
    states: ClassVar[tuple[State, ...]] = ("ok", "gone")
    gone_states: ClassVar[tuple[State, ...]] = ("gone", "suspended")
    """States of which Pantau may say "gone" after some nights."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.items: list[Item] = []
        self.handles: list[str] = []
        self.state: list[State] = []
        self._stack = ExitStack()
        self.open()
        self.reset()

    # -- what a platform fills in

    def open(self) -> None:
        """Start the server (through ``serve``)."""
        raise NotImplementedError

    def populate(self) -> None:
        """Fill the server with ``people`` accounts without posts."""
        raise NotImplementedError

    def table(self) -> dict[str, Any]:
        """The sections of pantau.toml."""
        raise NotImplementedError

    def registered(self, who: int) -> Account:
        """The account as the office registered it."""
        raise NotImplementedError

    def add(self, item: Item) -> Any:
        """Publish; gives the server's own object."""
        raise NotImplementedError

    def change(self, item: Item, text: str) -> bool:
        """Show another text; False where the platform does not let it be edited any more."""
        raise NotImplementedError

    def remove(self, item: Item) -> None:
        """Take down."""
        raise NotImplementedError

    def become(self, who: int, state: State) -> None:
        """Change the state of an account; only called with ``states``."""
        raise NotImplementedError

    def pinned(self, item: Item) -> None:
        """Pin, where the platform can."""

    def renamed(self, who: int, handle: str) -> bool:
        """Give the account another handle; False where Pantau cannot follow (then nothing happens)."""
        return False

    def shown(self, serial: str, text: str) -> str:
        """The text as ``Post.text`` must hold it."""
        return f"{serial} {text}"

    def counted(self) -> dict[str, int]:
        """Requests by source name, as the server counted them."""
        raise NotImplementedError

    def sources(self) -> set[str]:
        """What ``Reading.source`` may be."""
        return set(self.counted())

    def edit_reach(self, reading: Reading) -> timedelta | None:
        """How long before ``since`` a post may be dated whose edit a complete reading notices; None: only posts not yet stored."""
        return None

    # -- what all share

    def serve(self, server: AbstractContextManager[Any]) -> Any:
        """Start a server that stops with the stage."""
        return self._stack.enter_context(server)

    def reset(self) -> None:
        """All as on the first day, with the same servers."""
        self.items, self.skew = [], timedelta()
        self.state = ["ok"] * self.people
        for server in self.servers():
            server.faults.clear()
            server.log.clear()
        self.populate()
        self.handles = [self.registered(who).handle for who in range(self.people)]

    def servers(self) -> list[LocalServer]:
        """All servers of the stage."""
        return [value for value in vars(self).values() if isinstance(value, LocalServer)]

    def now(self) -> datetime:
        """The service's clock."""
        return self.clock.now() + self.skew

    def write_secret(self, name: str, value: str) -> str:
        """The reference under which settings name a secret."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(value)
        return f"file:{name}"

    def settings(self) -> Settings:
        """As they would be read from pantau.toml."""
        return settings_from(self.table(), "pantau.toml", self.folder)

    def pace(self, hours: float = 4.0) -> Pace:
        """A run that begins now."""
        return Pace(self.clock.now, self.clock.sleep, self.clock.now() + timedelta(hours=hours))

    def build(self, pace: Pace | None = None) -> Collector:
        """Through the registry, as wiring does."""
        source, settings = COLLECTORS[self.platform], self.settings()
        assert source.is_set_up(settings), f"the settings of {self.variant} do not switch {self.platform} on"
        return source.build(settings, pace or self.pace())

    def accounts(self) -> list[Account]:
        """The register."""
        return [self.registered(who) for who in range(self.people)]

    def targets(self, days: float = 10) -> list[Target]:
        """All accounts, from so many days ago on."""
        since = self.clock.now() - timedelta(days=days)
        return [Target(account=account, since=since) for account in self.accounts()]

    def publish(self, who: int, text: str, at: datetime | None = None) -> Item:
        """A post of an account, now or earlier (by the office's clock); the service stamps it by its own."""
        serial = f"serial{self.offset:03d}{len(self.items):04d}"
        moment = (at or self.clock.now()) + self.skew
        item = Item(who, serial, moment.replace(microsecond=0), [text])
        item.native = self.add(item)
        self.items.append(item)
        return item

    def edit(self, item: Item, text: str) -> bool:
        """Change a text."""
        done = item.visible and self.change(item, text)
        if done:
            item.versions.append(text)
        return done

    def delete(self, item: Item) -> None:
        """Take a post down."""
        if item.visible:
            self.remove(item)
            item.visible = False

    def pin(self, item: Item) -> None:
        """Pin a post."""
        if item.visible:
            self.pinned(item)

    def rename(self, who: int, handle: str) -> None:
        """Give an account another name."""
        if self.renamed(who, handle):
            self.handles[who] = handle

    def set_state(self, who: int, state: State) -> None:
        """Let an account vanish or come back."""
        if state in self.states:
            self.become(who, state)
            self.state[who] = state

    def switch(self, name: str, times: int | None = None, first: int = 1) -> None:
        """Switch a fault on."""
        for fault in self.cases[name].switch(self.now()):
            fault.first = max(first, fault.first)
            fault.times = times if times is not None else fault.times
            self.servers()[0].faults.add(fault)

    def heal(self) -> None:
        """Switch all faults off."""
        for server in self.servers():
            server.faults.clear()

    def item_of(self, post: Post) -> Item:
        """The item that a collected post is."""
        return next(item for item in self.items if post.text.startswith(item.serial))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
