"""The one place where text is made storable, and the JSON form of structs in the database.

Neither database can hold a lone surrogate, PostgreSQL no NUL. Each is replaced by U+FFFD, one code point for one, so
that offsets into the text stay right. The raw answer of a post keeps its bytes untouched.
"""

import re
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_ESCAPED_NUL = b"\\u0000"


def clean(text: str) -> str:
    """``text`` with lone surrogates and NUL replaced by U+FFFD; same length in code points."""
    return _UNSTORABLE.sub("\ufffd", text)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


def encode(value: Any) -> str:
    """A struct or builtin as JSON text in which every string is clean."""
    try:
        data = msgspec.json.encode(value)
        if _ESCAPED_NUL not in data:
            return data.decode()
    except UnicodeEncodeError:
        pass  # a lone surrogate: clean below
    return msgspec.json.encode(_cleaned(msgspec.to_builtins(value))).decode()


def decode(data: str, kind: type[_T]) -> _T:
    """What ``encode`` wrote, as ``kind``."""
    return msgspec.json.decode(data, type=kind)


def cleaned(struct: _T) -> _T:
    """The same struct with every string in it clean."""
    return decode(encode(struct), type(struct))
