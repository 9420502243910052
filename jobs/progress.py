"""A progress bar on a terminal, and silence everywhere else (cron, pipes, tests)."""

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress(Protocol):
    """Says how far a step is."""

    def start(self, what: str, total: int) -> None:
        """Begin a step of ``total`` parts."""
        ...

    def step(self, parts: int = 1) -> None:
        """``parts`` more are done."""
        ...

    def stop(self) -> None:
        """Nothing more is coming."""
        ...


class Silent:
    """No display."""

    def start(self, what: str, total: int) -> None:
        """Do nothing."""

    def step(self, parts: int = 1) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class Bar:
    """A bar of the rich library on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._rich = RichProgress(*columns, console=Console(stderr=True), transient=False)
        self._task: TaskID | None = None
        self._rich.start()

    def start(self, what: str, total: int) -> None:
        """Begin a new bar."""
        self._task = self._rich.add_task(what, total=total)

    def step(self, parts: int = 1) -> None:
        """Move the present bar."""
        if self._task is not None:
            self._rich.advance(self._task, parts)

    def stop(self) -> None:
        """Leave the bars as they stand."""
        self._rich.stop()


def make_progress() -> Progress:
    """A bar when a person is watching, else nothing."""
    return Bar() if sys.stderr.isatty() else Silent()
