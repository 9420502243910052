"""Takes those out of an answer who commented on a post, liked it or are tagged in it: how many they are stays, who they are goes.

Pantau watches accounts of offices. What an office publishes is kept as it was sent; the citizens around it are none of its business
(Law 27/2022). Nothing is replaced by a pseudonym: nobody needs to tell one stranger from another.
"""

import re
from typing import Any

_OF_OTHERS = re.compile(
    r"comment|liker|facepile|usertags|tagged_user|with_tags|reactions?$|^likes$|liked_by|preview_like|mutual|^to$|viewer",
    re.IGNORECASE,
)
"""Names of the places where platforms put other people. Numbers and switches at such places stay."""
_TAGS = re.compile(r"(message|description|story|name)_tags$")
_PUBLIC = frozenset({"page", "group", "event", "application"})


def without_strangers(value: Any) -> Any:
    """A JSON value without them; everything else is as it was sent."""
    if isinstance(value, dict):
        return {name: _inner(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_strangers(one) for one in value]
    return value


def _inner(name: Any, value: Any) -> Any:
    if isinstance(value, dict | list) and isinstance(name, str):
        if _OF_OTHERS.search(name):
            return _counted(value)
        if _TAGS.search(name) and isinstance(value, list):
            return [one for one in value if isinstance(one, dict) and one.get("type") in _PUBLIC]
    return without_strangers(value)


def _counted(value: Any) -> Any:
    """The shell: numbers, switches and places for more; no list keeps anybody, no text stays."""
    if isinstance(value, dict):
        return {name: _counted(inner) for name, inner in value.items() if not _is_personal_number(name)}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) else value


def _is_personal_number(name: Any) -> bool:
    return name in ("id", "pk", "pk_id", "user_id", "owner_id")
