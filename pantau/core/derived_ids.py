"""Ids of posts whose export names none: made from what never changes, and told apart from the platforms' own."""

import hashlib

PREFIX = "ekspor-"


def derived_id(handle: str, second: int, text: str, ordinal: int = 1) -> str:
    """An id from the account's handle, the second of publication (since 1970, UTC) and the text.

    ``ordinal`` (from 1) tells apart posts of one account that agree in all three.
    """
    parts = "\x1f".join((handle.casefold(), str(second), text))
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{PREFIX}{digest}" + (f"-{ordinal}" if ordinal > 1 else "")


def is_derived(post_id: str) -> bool:
    """True when Pantau made the id itself, so that the platform may show the same post under another one."""
    return post_id.startswith(PREFIX)
