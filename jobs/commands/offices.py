"""``--office CODE``; without anything of the job, so that light commands start at once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
_CHOSEN = "pantau.office"
_WHICH = "which office, where the settings have several ([[office]])"


def office_option(what: str = _WHICH) -> Callable[[_F], _F]:
    """Add ``--office CODE``; ``chosen_office`` looks it up."""
    return click.option("--office", metavar="CODE", expose_value=False, callback=_choose, help=what)


def _choose(ctx: click.Context, _parameter: click.Parameter, code: str | None) -> None:
    choose_office(ctx, code or "")


def choose_office(ctx: click.Context, code: str) -> None:
    """As if ``--office`` had been given."""
    ctx.meta[_CHOSEN] = code


def chosen_office(ctx: click.Context) -> str:
    """The code after ``--office``; empty without one."""
    return str(ctx.meta.get(_CHOSEN, ""))
