"""Makes platform text storable without moving a single code point."""

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
