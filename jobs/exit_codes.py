"""How a run went, as the number that cron and scripts see."""

from collections.abc import Collection

DONE = 0
"""Done; digest sent, or nothing to send by setting."""
INCOMPLETE = 1
"""Done, but some accounts were not read or some rule failed."""
BAD_CONFIGURATION = 2
"""Settings, register or a rule is wrong; nothing was started."""
NOT_DELIVERED = 3
"""The digest did not reach every reader."""
LOCKED = 4
"""Another run holds the lock."""
INTERRUPTED = 5
"""Stopped in the middle, by a signal, the database, the disk or the memory; what was stored is safe, start again."""


def of_all(codes: Collection[int]) -> int:
    """The code of several offices: theirs when they agree, else what is worst for their readers.

    An office that was interrupted goes on when started again; one whose night could not begin has not reached its readers.
    """
    if len(set(codes)) <= 1:
        return next(iter(codes), DONE)
    if INTERRUPTED in codes:
        return INTERRUPTED
    return INCOMPLETE if set(codes) <= {DONE, INCOMPLETE} else NOT_DELIVERED
