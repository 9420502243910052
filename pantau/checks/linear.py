"""Keeps regular expressions of rules from hanging a run: only such are let in whose work per place in the text is bounded.

Python's engine backtracks. ``_Cost`` bounds from the parse tree in how many ways a pattern can be laid over a text from one
place, and how many steps that takes. A repeat whose end is decided by the next character has one way; one that may or may not
go on has as many as it has lengths; an undecided repeat or choice inside a repeat multiplies up. Texts are searched in pieces
of ``PIECE_CHARS``, so that bounded work per place is bounded work per character. Look-around, back-references and flags are
refused outright.
"""

import re
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

PIECE_CHARS = 2_000
"""Longest piece of text that is searched at once."""
MAX_STEPS = 200_000
"""Largest accepted number of steps from one place."""
_ALL = frozenset(range(128))
_CLASSES = {
    "CATEGORY_DIGIT": frozenset(b"0123456789"),
    "CATEGORY_SPACE": frozenset(b" \t\n\r\f\v"),
    "CATEGORY_WORD": frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
}


def problem_of(pattern: str) -> str:
    """Why a pattern may not be used, in Indonesian; empty when it may."""
    try:
        re.compile(pattern.encode("ascii"))
        tree = _parser.parse(pattern)
    except UnicodeEncodeError:
        return "hanya huruf ASCII: pola bekerja pada teks yang sudah dilipat"
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        return f"bukan pola yang sah ({error})"
    if tree.state.flags & ~re.UNICODE.value:
        return "tanda (?i) dan sejenisnya tidak dipakai: teks sudah huruf kecil"
    try:
        steps = _sequence(list(tree), frozenset()).steps
    except RecursionError:
        return "pola terlalu dalam bersarang"
    except ValueError as error:
        return str(error)
    if steps > MAX_STEPS:
        return "pola dapat memakan waktu tanpa batas (pengulangan yang tidak jelas akhirnya)"
    if pattern != pattern.lower() and re.search(r"(?<!\\)[A-Z]", re.sub(r"\(\?P<\w+>", "", pattern)):
        return "huruf besar tidak akan pernah cocok: teks sudah huruf kecil"
    return ""


def _charset(op: Any, arg: Any) -> frozenset[int]:
    """Codes that a one-character element accepts."""
    if op is c.LITERAL:
        return frozenset({arg})
    if op is c.NOT_LITERAL:
        return _ALL - {arg}
    if op is c.ANY:
        return _ALL - {10}
    found: frozenset[int] = frozenset()
    negate = False
    for kind, value in arg:
        if kind is c.NEGATE:
            negate = True
        elif kind is c.LITERAL:
            found |= {value}
        elif kind is c.RANGE:
            found |= frozenset(range(value[0], value[1] + 1))
        elif kind is c.CATEGORY:
            name = str(value)
            base = _CLASSES[name.replace("_NOT_", "_")]
            found |= _ALL - base if "_NOT_" in name else base
    return _ALL - found if negate else found & _ALL


def first(items: list[Any], after: frozenset[int]) -> tuple[frozenset[int], bool]:
    """Codes with which a sequence may begin, given those that may follow it; and whether it may be empty."""
    begin: frozenset[int] = frozenset()
    for op, arg in items:
        codes, empty = _first_of(op, arg)
        begin |= codes
        if not empty:
            return begin, False
    return begin | after, True


def _first_of(op: Any, arg: Any) -> tuple[frozenset[int], bool]:
    if op in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
        return _charset(op, arg), False
    if op is c.AT:
        return frozenset(), True
    if op is c.SUBPATTERN:
        return first(list(arg[3]), frozenset())
    if op is c.BRANCH:
        parts = [first(list(branch), frozenset()) for branch in arg[1]]
        return frozenset().union(*(part[0] for part in parts)), any(part[1] for part in parts)
    if op in (c.MAX_REPEAT, c.MIN_REPEAT):
        begin, empty = first(list(arg[2]), frozenset())
        return begin, empty or arg[0] == 0
    raise ValueError(f"tidak didukung dalam pola: {str(op).lower()} (look-around, rujukan balik, dsb.)")


class _Cost(NamedTuple):
    ways: int
    steps: int
    size: int
    """Number of one-character elements."""


def _capped(ways: float, steps: float, size: int) -> _Cost:
    limit = MAX_STEPS + 1
    return _Cost(int(min(ways, limit)), int(min(steps, limit)), size)


def _sequence(items: list[Any], after: frozenset[int]) -> _Cost:
    """Bounds for a sequence after which one of the codes ``after`` may stand."""
    follow: list[frozenset[int]] = []
    for op, arg in reversed(items):
        follow.append(after)
        codes, empty = _first_of(op, arg)
        after = codes | after if empty else codes
    total = _Cost(1, 0, 0)
    for (op, arg), codes in zip(items, reversed(follow), strict=True):
        part = _element(op, arg, codes)
        total = _capped(total.ways * part.ways, total.steps + total.ways * part.steps, total.size + part.size)
    return total


def _element(op: Any, arg: Any, after: frozenset[int]) -> _Cost:
    if op is c.SUBPATTERN:
        if arg[1] or arg[2]:
            raise ValueError("tanda (?i: dan sejenisnya tidak dipakai")
        return _sequence(list(arg[3]), after)
    if op is c.BRANCH:
        branches = [(first(list(branch), after)[0], _sequence(list(branch), after)) for branch in arg[1]]
        clash = any(a[0] & b[0] for n, a in enumerate(branches) for b in branches[:n])
        ways = [cost.ways for _, cost in branches]
        steps = sum(cost.steps for _, cost in branches)
        return _capped(sum(ways) if clash else max(ways), steps, sum(cost.size for _, cost in branches))
    if op in (c.MAX_REPEAT, c.MIN_REPEAT):
        return _repeat(arg[0], arg[1], list(arg[2]), after)
    _first_of(op, arg)
    return _Cost(1, 1, 1)


def _repeat(low: int, high: int, body: list[Any], after: frozenset[int]) -> _Cost:
    """A repeat: each round but the last is followed by another one, the last by what stands after the repeat."""
    begin, empty = first(body, frozenset())
    inner, last = _sequence(body, begin), _sequence(body, after)
    endless = high == c.MAXREPEAT
    times = PIECE_CHARS if endless else high
    if inner.ways > 1 or empty:
        ways = float(max(inner.ways, 2)) ** min(times, 20) * last.ways
        if endless or ways > MAX_STEPS:
            return _Cost(MAX_STEPS + 1, MAX_STEPS + 1, inner.size)
        steps = ways * times * max(inner.steps, last.steps, 1)
    else:
        ways = float(last.ways)
        steps = min(times * inner.steps, PIECE_CHARS * inner.size) + ways * last.steps
    if low != high and (begin & after or last.ways > 1):
        ways *= times - low + 1
    return _capped(ways, steps, inner.size)
