"""What Pantau believes of the services on the word of documents alone, and what the answers of a probe say to it.

The ids stand in ``docs/platforms.md`` as well; a test compares the two.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from pantau.core.exchange import Exchange, Look

Verdict = Literal["confirmed", "refuted", "measured", "open", "untold"]
"""``open``: these answers do not show it; ``untold``: no answer ever can."""


class Found(msgspec.Struct, frozen=True):
    """What the answers say to a point; ``detail`` is Indonesian, with the figures."""

    verdict: Verdict
    detail: str = ""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """``claim`` is Indonesian. ``check`` None: ``why`` says why no answer can tell."""

    id: str
    platform: str
    claim: str
    check: Callable[[Look], Found] | None = None
    why: str = ""


class Answer(msgspec.Struct, frozen=True):
    """A point after a probe."""

    id: str
    claim: str
    verdict: Verdict
    detail: str


def answers(platform: str, look: Look) -> Iterable[Answer]:
    """All points of a platform, in the order of the documentation."""
    for point in points():
        if point.platform == platform:
            found = point.check(look) if point.check else Found("untold", point.why)
            yield Answer(point.id, point.claim, found.verdict, found.detail)


def points() -> tuple[Point, ...]:
    """Every point, platform by platform."""
    from jobs import points_feeds, points_meta, points_tiktok, points_x

    return (*points_x.POINTS, *points_meta.POINTS, *points_feeds.POINTS, *points_tiktok.POINTS)


def either(good: int, bad: int, what: str) -> Found:
    """Confirmed when all of what was seen speaks for it, refuted when something speaks against it, open when nothing was seen."""
    if not good and not bad:
        return Found("open", f"tidak terlihat kali ini: {what}")
    return Found("refuted" if bad else "confirmed", f"{good} dari {good + bad} {what}")


def items(value: object, *path: str) -> list[Mapping[str, object]]:
    """The objects of a list inside an answer; empty where the path leads nowhere."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def inside(value: object, *path: str) -> object:
    """What lies at a path; None where it leads nowhere."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def body_of(exchange: Exchange) -> object:
    """An answer's JSON; None when it is none."""
    try:
        return msgspec.json.decode(exchange.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def bodies(exchanges: Iterable[Exchange], *endpoints: str) -> list[object]:
    """The answers with status 200 of these endpoints."""
    return [body_of(one) for one in exchanges if one.status == 200 and one.endpoint in endpoints]
