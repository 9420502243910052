"""How a run went, as the number that cron and scripts see."""

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
