"""What a text must hold before a regular expression is tried on it: one of some literals, or a run of digits."""

from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

WORD = [code < 128 and (chr(code).isalnum() or code == ord("_")) for code in range(256)]
"""Whether a byte is what ``\\w`` means in patterns."""
_GOOD_LITERAL_CHARS = 4
_SHORT_LITERAL_CHARS = 2
_FEW_DIGITS = 4
_MANY_DIGITS = 8
_SPARSE_DIGITS = 4
"""Digits count as a condition when at least every fourth character of the longest match is one."""


class Needle(NamedTuple):
    """A literal of a pattern; ``starts`` and ``ends`` when no letter, digit or ``_`` stands before or after it in a match."""

    text: bytes
    starts: bool = False
    ends: bool = False


class Anchor(NamedTuple):
    """Any of ``needles`` must occur, or ``digits`` digits within ``width`` characters; neither: nothing is known."""

    needles: frozenset[Needle]
    digits: int
    width: int

    @property
    def literals(self) -> frozenset[bytes]:
        """The needles without what stands around them."""
        return frozenset(needle.text for needle in self.needles)


def anchor_of(pattern: str) -> Anchor:
    """The best condition that every match of a pattern fulfils."""
    tree = _parser.parse(pattern)
    items = list(tree)
    needles, row, total, width = _needles(items), _digits(items), _all_digits(items), tree.getwidth()[1]
    digits, within = (total, width) if total > row and width <= _SPARSE_DIGITS * total else (row, row)
    shortest = _shortest(needles)
    if digits >= _MANY_DIGITS:
        return Anchor(frozenset(), digits, within)
    if shortest >= _GOOD_LITERAL_CHARS or (shortest >= _SHORT_LITERAL_CHARS and digits < _FEW_DIGITS):
        return Anchor(frozenset(needles), 0, 0)
    return Anchor(frozenset(), digits, within) if digits >= _FEW_DIGITS else Anchor(frozenset(), 0, 0)


def _shortest(needles: set[Needle]) -> int:
    return min((len(needle.text) for needle in needles), default=0)


def _needles(items: list[Any], starts: bool = False, ends: bool = False) -> set[Needle]:
    """The set of literals with the longest shortest member of which one is in every match; empty when there is none.

    ``starts``, ``ends``: a boundary of words stands before and after the items.
    """
    options: list[set[Needle]] = []
    run, run_starts = b"", starts
    for place, (op, arg) in enumerate(items):
        if op is c.LITERAL:
            run += bytes([arg])
            continue
        options.append({_needle(run, run_starts, _is_boundary(op, arg))} if run else set())
        run, run_starts = b"", _is_boundary(op, arg)
        before = _is_boundary(*items[place - 1]) if place else starts
        after = _is_boundary(*items[place + 1]) if place + 1 < len(items) else ends
        if op is c.BRANCH:
            branches = [_needles(list(branch), before, after) for branch in arg[1]]
            options.append(set().union(*branches) if all(branches) else set())
        elif op is c.SUBPATTERN:
            options.append(_needles(list(arg[3]), before, after))
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT) and arg[0] > 0:
            options.append(_needles(list(arg[2])))
    options.append({_needle(run, run_starts, ends)} if run else set())
    return max(options, key=_shortest)


def _is_boundary(op: Any, arg: Any) -> bool:
    return op is c.AT and arg is c.AT_BOUNDARY


def _needle(run: bytes, starts: bool, ends: bool) -> Needle:
    """Beside a sign, a boundary says that a letter is there, which is of no use."""
    return Needle(run, starts and WORD[run[0]], ends and WORD[run[-1]])


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


def _all_digits(items: list[Any]) -> int:
    """Digits that every match has, wherever they stand."""
    total = 0
    for op, arg in items:
        if _is_digit(op, arg):
            total += 1
        elif op is c.SUBPATTERN:
            total += _all_digits(list(arg[3]))
        elif op is c.BRANCH:
            total += min(_all_digits(list(branch)) for branch in arg[1])
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT):
            total += arg[0] * _all_digits(list(arg[2]))
    return total


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
