"""Cookies of a browser in the files that people can bring: instaloader's session, cookies.txt, JSON of browser extensions."""

import io
import json
import pickle
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

Kind = Literal["instaloader", "table", "json", "netscape"]
"""What sort of file it is; ``table`` is a JSON object of names and values."""

_HTTP_ONLY = "#HttpOnly_"
"""Begins a line of cookies.txt that is a cookie although it looks like a comment; the session itself is such a one."""
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "Name raw"),
    "value": ("value", "Content raw"),
    "domain": ("domain", "host", "Host raw"),
    "until": ("expirationDate", "expires", "expiry", "Expires raw"),
}
"""How browser extensions and automation tools call the parts of a cookie."""
_MILLISECONDS_FROM = 1e11
"""Numbers from here on count milliseconds: as seconds they would lie thousands of years ahead."""


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """One cookie. ``domain`` is empty when the file does not say; ``until`` is None for one without a stated end."""

    name: str
    value: str
    domain: str = ""
    until: datetime | None = None

    def __repr__(self) -> str:
        return f"Cookie({self.name!r})"

    @property
    def is_instagrams(self) -> bool:
        """True for Instagram's own and for one of an unstated site."""
        return not self.domain or self.domain == "instagram.com" or self.domain.endswith(".instagram.com")


class _PlainUnpickler(pickle.Unpickler):
    """Loads texts and tables only: a session file of instaloader holds nothing else, and nothing else may run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a session file")


def parse_cookies(data: bytes) -> tuple[Kind, list[Cookie]]:
    """The sort of file and its cookies, those of other sites included. Raises ``ValueError`` for anything else."""
    if data[:1] == b"\x80":
        return "instaloader", list(_of_table(_unpickled(data)))
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if not text.lstrip().startswith(("{", "[")):
        return "netscape", _of_netscape(text)
    try:
        parsed: object = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if isinstance(parsed, Mapping) and isinstance(parsed.get("cookies"), list):
        parsed = parsed["cookies"]
    if isinstance(parsed, list):
        return "json", [cookie for cookie in map(_of_entry, parsed) if cookie is not None]
    return "table", list(_of_table(parsed))


def _unpickled(data: bytes) -> object:
    try:
        return _PlainUnpickler(io.BytesIO(data)).load()
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError) as error:
        raise ValueError("not a session") from error
    except (pickle.UnpicklingError, EOFError, ImportError, OverflowError) as error:
        raise ValueError("not a session") from error


def _of_table(parsed: object) -> Iterator[Cookie]:
    if not isinstance(parsed, Mapping):
        raise ValueError("not a table of cookies")
    for name, value in parsed.items():
        if isinstance(name, str) and isinstance(value, str):
            yield Cookie(name=name, value=value)


def _of_netscape(text: str) -> list[Cookie]:
    cookies = []
    for line in text.splitlines():
        plain = line.removeprefix(_HTTP_ONLY)
        if not plain.strip() or (plain.startswith("#") and plain == line):
            continue
        parts = plain.split("\t") if "\t" in plain else plain.split()
        if len(parts) != 7:
            raise ValueError("not a line of cookies.txt")
        cookies.append(
            Cookie(name=parts[5], value=parts[6].strip(), domain=_site(parts[0]), until=_moment(parts[4].strip()))
        )
    if not cookies:
        raise ValueError("no cookie")
    return cookies


def _of_entry(entry: object) -> Cookie | None:
    if not isinstance(entry, Mapping):
        return None
    parts = {ours: next((entry[name] for name in names if name in entry), "") for ours, names in _FIELDS.items()}
    name, value, domain = parts["name"], parts["value"], parts["domain"]
    if not isinstance(name, str) or not isinstance(value, str) or not isinstance(domain, str):
        return None
    return Cookie(name=name, value=value, domain=_site(domain), until=_moment(parts["until"]))


def _site(domain: str) -> str:
    """The bare host name: some write a leading dot or a whole address."""
    return domain.strip().lower().rpartition("://")[2].split("/")[0].lstrip(".")


def _moment(written: object) -> datetime | None:
    """The end of a cookie: seconds or milliseconds since 1970, or an ISO date. None for a cookie of the browser's session."""
    try:
        if isinstance(written, str) and not written.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(written)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        seconds = float(written) if isinstance(written, int | float | str) else 0.0
        seconds = seconds / 1000 if seconds > _MILLISECONDS_FROM else seconds
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
