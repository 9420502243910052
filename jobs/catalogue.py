"""The rules that are in force, without anything else of the job: ``pantau rules check`` starts with this alone."""

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pantau.checks.cache import user_cache_dir
from pantau.checks.catalogue import Catalogue
from pantau.checks.load import load_catalogue
from pantau.core.resources import data_dir

if TYPE_CHECKING:
    from pantau.core.settings import Settings


def rules_cache() -> Path | None:
    """Where compiled rules are kept between runs, keyed by content and versions; None where there is no such place."""
    return user_cache_dir(os.environ)


def rule_dirs(settings: "Settings | None") -> list[Path]:
    """The shipped rules, then the office's own folder when there is one."""
    folders = [data_dir("rules")]
    own = settings.path(settings.files.rules_dir) if settings is not None else None
    return [*folders, own] if own is not None and own.is_dir() else folders


def load_rules(settings: "Settings | None", on: date) -> Catalogue:
    """The shipped catalogue, with the office's own rules and switches when settings are given. Raises ``RuleError``."""
    status = {} if settings is None else settings.rules.status
    catalogue = load_catalogue(rule_dirs(settings), status, on, rules_cache())
    patterns_only = settings is not None and not settings.rules.second_signal
    return catalogue.without_second_signal() if patterns_only else catalogue
