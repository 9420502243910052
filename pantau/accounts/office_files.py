"""Everything the office keeps, read in one go, so that an administrator sees all mistakes of all files at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from pantau.accounts.ledgers import Ledgers, read_approvals, read_excuses, read_situations, read_trips
from pantau.accounts.registry import Register, read_register
from pantau.core.errors import Problem, RegisterError
from pantau.core.settings import Settings

T = TypeVar("T")


class OfficeFiles(msgspec.Struct, frozen=True):
    """The register and its side files."""

    register: Register
    ledgers: Ledgers


def read_office_files(settings: Settings) -> OfficeFiles:
    """Read all files named in ``settings.files``. Raises ``RegisterError`` with every mistake in any of them."""
    files, region = settings.files, settings.office.region_code
    problems: list[Problem] = []
    register = _try(lambda: read_register(settings.path(files.accounts), region), Register((), ()), problems)
    codes = frozenset(unit.code for unit in register.units)
    approvals = _named(settings, files.approvals)
    trips, situations, excuses = (_named(settings, name) for name in (files.trips, files.situations, files.excuses))
    ledgers = Ledgers(
        approvals=_try(lambda: read_approvals(approvals, codes, settings.zone), (), problems),
        trips=_try(lambda: read_trips(trips, codes), (), problems),
        situations=_try(lambda: read_situations(situations, codes, region), (), problems),
        excuses=_try(lambda: read_excuses(excuses, codes), (), problems),
    )
    if problems:
        raise RegisterError(problems)
    return OfficeFiles(register, ledgers)


def _named(settings: Settings, name: str) -> Path | None:
    return settings.path(name) if name else None


def _try(read: Callable[[], T], empty: T, problems: list[Problem]) -> T:
    try:
        return read()
    except RegisterError as error:
        problems += error.problems
        return empty
