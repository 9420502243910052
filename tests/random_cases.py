"""How many random cases a property gets: a few that are the same on every run, many new ones when somebody asks for them."""

import os

LONG = os.environ.get("PANTAU_HYPOTHESIS") == "long"


def cases(few: int, many: int) -> int:
    """``few`` in the suite, ``many`` with ``PANTAU_HYPOTHESIS=long``; what those find becomes a case with a name."""
    return many if LONG else few
