"""One request and its answer as they crossed the line, and what in answers is not as expected; only ``pantau probe`` has these."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from pantau.core.model import Cost, Scan


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of it, secrets included: never stored or shown without ``jobs.recording``.

    ``url`` is the address that was meant, also when the settings lead it elsewhere. Header names are lower-case.
    """

    method: str
    url: str
    sent_headers: Mapping[str, str]
    sent_body: bytes = b""
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float
    """From the request until the whole body was there."""
    endpoint: str = ""
    """What was asked for in a word, for example ``x.search``; "" where nobody named it."""


class Difference(msgspec.Struct, frozen=True, order=True):
    """A field that is not as expected. ``types`` are those that came, ``expected`` those that were expected."""

    endpoint: str
    path: str
    kind: Literal["unknown", "missing", "type", "absent"]
    """``missing``: a field that always comes did not, in ``count`` answers or list items; ``absent``: an optional one never."""
    count: int
    types: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe of one platform brought. ``again``: a second reading that only serves to compare; its failures do not count."""

    scans: tuple[Scan, ...]
    exchanges: tuple[Exchange, ...]
    again_scans: tuple[Scan, ...] = ()
    again: tuple[Exchange, ...] = ()
    unanswered: int = 0
    """Requests without a whole answer."""
    differences: tuple[Difference, ...] = ()
    costs: tuple[Cost, ...] = ()
