"""Makes platform text storable without moving a single code point, and answers storable as the evidence they are."""

import json

from collectors.base import CollectorError
from collectors.strangers import without_strangers

_UNSTORABLE = dict.fromkeys((0, *range(0xD800, 0xE000)), 0xFFFD)


def storable(text: str) -> str:
    """``text`` with NUL and lone surrogates, which no database takes, replaced one for one by U+FFFD.

    Length and every offset stay as they are, so that evidence still points at the right words.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.translate(_UNSTORABLE)
    return text.replace("\x00", "\ufffd")


def raw_json(item: object) -> bytes:
    """What a platform sent, as the same bytes whatever the order of its keys; its hash names the version of a post.

    Without those who commented, liked or are tagged (``strangers``).

    Raises ``CollectorError`` (format) when it is nested deeper than can be written.
    """
    try:
        return json.dumps(without_strangers(item), sort_keys=True, separators=(",", ":")).encode("ascii")
    except RecursionError as error:
        raise CollectorError("unggahan bersarang terlalu dalam", "format") from error
