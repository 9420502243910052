"""What a rerun changes against what readers were told: new, withdrawn and re-graded findings, each with its reason."""

from datetime import date
from typing import Literal

import msgspec

from pantau.core.model import Finding, Post
from pantau.core.settings import Office

ChangeKind = Literal["new", "withdrawn", "regraded"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One finding that readers must know of. ``finding`` is the present form, or for ``withdrawn`` the one told before."""

    kind: ChangeKind
    finding: Finding
    before: Finding | None
    reason: str
    post: Post | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A rerun's result over the local days ``first`` to ``last``, both included."""

    office: Office
    first: date
    last: date
    posts: int
    """Posts of the range that were checked."""
    rules_sha256: str
    changes: tuple[Change, ...]
    units: dict[str, str]
    """Unit code to name."""
    accounts: dict[str, str]
    """Account key to label."""
    unread: tuple[str, ...]
    """Labels of accounts of the range that could not be read."""
