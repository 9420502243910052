"""What a text must hold before a regular expression is tried on it: one of some literals, or a run of digits."""

from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_GOOD_LITERAL_CHARS = 4
_FEW_DIGITS = 4


class Anchor(NamedTuple):
    """Any of ``literals`` must occur, or (no literals) ``digits`` digits in a row; neither: nothing is known."""

    literals: frozenset[bytes]
    digits: int


def anchor_of(pattern: str) -> Anchor:
    """The best condition that every match of a pattern fulfils."""
    items = list(_parser.parse(pattern))
    literals, digits = _literals(items), _digits(items)
    shortest = min(map(len, literals), default=0)
    if shortest >= _GOOD_LITERAL_CHARS or (shortest >= 2 and digits < _FEW_DIGITS):
        return Anchor(frozenset(literals), 0)
    return Anchor(frozenset(), digits if digits >= _FEW_DIGITS else 0)


def _literals(items: list[Any]) -> set[bytes]:
    """The set of literals with the longest shortest member of which one is in every match; empty when there is none."""
    options: list[set[bytes]] = []
    run = b""
    for op, arg in items:
        if op is c.LITERAL:
            run += bytes([arg])
            continue
        options.append({run} if run else set())
        run = b""
        if op is c.BRANCH:
            branches = [_literals(list(branch)) for branch in arg[1]]
            options.append(set().union(*branches) if all(branches) else set())
        elif op is c.SUBPATTERN:
            options.append(_literals(list(arg[3])))
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT) and arg[0] > 0:
            options.append(_literals(list(arg[2])))
    options.append({run} if run else set())
    return max(options, key=lambda option: min(map(len, option), default=0))


def _digits(items: list[Any]) -> int:
    """Digits in a row that every match has."""
    best = run = 0
    for op, arg in items:
        if _is_digit(op, arg):
            run += 1
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT) and len(arg[2]) == 1 and _is_digit(*arg[2][0]):
            best = max(best, run + arg[0])
            run = arg[0] if arg[0] != arg[1] else run + arg[0]
            continue
        else:
            inner = 0
            if op is c.SUBPATTERN:
                inner = _digits(list(arg[3]))
            elif op is c.BRANCH:
                inner = min(_digits(list(branch)) for branch in arg[1])
            elif op in (c.MAX_REPEAT, c.MIN_REPEAT) and arg[0] > 0:
                inner = _digits(list(arg[2]))
            best, run = max(best, inner), 0
        best = max(best, run)
    return best


def _is_digit(op: Any, arg: Any) -> bool:
    if op is c.LITERAL:
        return bool(48 <= arg <= 57)
    if op is not c.IN:
        return False
    return bool(arg) and all(
        (kind is c.CATEGORY and str(value) == "CATEGORY_DIGIT")
        or (kind is c.RANGE and value[0] >= 48 and value[1] <= 57)
        for kind, value in arg
    )
