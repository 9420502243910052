"""Writes what crossed the line during a probe into a folder, one JSON file per exchange, ready to become fixtures.

Secrets and third persons are taken out (``jobs.cleaning``). Folders are readable by their owner only, so are files.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec

from jobs.cleaning import Cleaner, is_secret_name
from jobs.points import body_of
from jobs.probing import Probed
from jobs.wiring import answer_documents, expected_shapes
from pantau.core.errors import PantauError, SecretError
from pantau.core.exchange import Exchange
from pantau.core.model import Account
from pantau.core.settings import Settings

_SENT = frozenset({"accept", "content-type", "if-modified-since", "if-none-match", "user-agent"})
_ANSWERED = frozenset({"content-type", "etag", "facebook-api-version", "last-modified", "retry-after"})
_USAGE = re.compile(r"x-rate-?limit-|x-app-usage|x-business-use-case-usage|x-page-usage")
_QUERY = frozenset({
    "after", "channel_id", "end_time", "fields", "forHandle", "forUsername", "id", "ids", "limit", "max_results", "maxResults",
    "next_token", "paged", "pageToken", "pagination_token", "part", "playlistId", "post.fields", "query", "since_id", "start_time",
    "tweet.fields", "until", "user.fields", "username", "usernames",
})  # fmt: skip
_FORM = frozenset({"doc_id", "fb_api_req_friendly_name", "variables"})
_SECRET_HEADERS = frozenset(
    {"authorization", "x-goog-api-key", "x-csrftoken", "x-fb-lsd", "x-ig-www-claim", "proxy-authorization"}
)
_IN_PAGES = re.compile(
    r'(?:LSD"|DTSGInit\w*"|csrf_token\\?"|"token\\?"|access_token["\\=]+|"IG_USER_EIMU")[^A-Za-z0-9]*(?:\[\],\{"token":")?([\w:%.-]{6,})'
)


def record(folder: Path, results: Iterable[Probed], accounts: Iterable[Account], settings: Settings) -> int:
    """Write all exchanges below ``folder``; how many there were. Raises ``PantauError`` when it is not new or empty."""
    prepare(folder)
    values = list(_configured(msgspec.to_builtins(settings.collect), settings))
    shapes, written = expected_shapes(), 0
    for result in results:
        if result.look is None:
            continue
        own = [name for one in accounts if one.platform == result.platform for name in (one.handle, one.platform_id)]
        own += [name for scan in result.look.scans for name in (scan.platform_id, scan.handle)]
        exchanges = (*result.look.exchanges, *result.look.again)
        cleaner = Cleaner(own, values)
        for secret in (value for exchange in exchanges for value in _secrets_in(exchange)):
            cleaner.hide(secret)
        place = folder / result.platform
        place.mkdir(mode=0o700)
        cleaned = [_cleaned(exchange, cleaner, shapes) for exchange in exchanges]
        for number, (exchange, kept) in enumerate(zip(exchanges, cleaned, strict=True), 1):
            name = f"{number:03}-{exchange.endpoint or 'lain'}.json"
            _write(place / name, cleaner.final(json.dumps(kept, ensure_ascii=False, indent=1)))
            written += 1
    return written


def prepare(folder: Path) -> None:
    """Make sure that there is an empty folder. Raises ``PantauError``."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise PantauError(f"Folder {folder} sudah berisi. Sebut folder baru untuk --record.")
        folder.chmod(0o700)
    except OSError as error:
        raise PantauError(f"Folder {folder} tidak dapat dipakai untuk --record: {error.strerror}.") from error


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _configured(value: object, settings: Settings) -> Iterator[str]:
    """Every secret that a collector's settings refer to."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _configured(inner, settings)
    elif isinstance(value, str) and value.startswith(("env:", "file:")):
        with suppress(SecretError):  # one that cannot be read was not sent either
            yield settings.secret(value).reveal()


def _secrets_in(exchange: Exchange) -> Iterator[str]:
    """Values that came with this exchange and must not be left anywhere in the recording."""
    for name, value in (*exchange.sent_headers.items(), *exchange.headers.items()):
        if name in _SECRET_HEADERS:
            yield from (value, value.rpartition(" ")[2])
        elif name in ("cookie", "set-cookie"):
            yield from _cookies(value)
    address = urlsplit(exchange.url)
    form = exchange.sent_body.decode("utf-8", "replace")
    yield from (value for name, value in parse_qsl(address.query) if is_secret_name(name))
    yield from (value for name, value in parse_qsl(form) if is_secret_name(name))
    yield from (address.password or "", address.username or "")
    yield from _in_json(body_of(exchange))
    text = exchange.body.decode("utf-8", "replace")
    yield from _IN_PAGES.findall(text)
    yield from re.findall(r"[?&;](?:access_token|sig|signature|oh|key)=([^&\"'\\\s<>]{6,})", text)


def _in_json(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and is_secret_name(name):
                yield inner
            yield from _in_json(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner)


def _cookies(header: str) -> Iterator[str]:
    """Values of cookies, both as they were sent and unquoted."""
    yield from (part.partition("=")[2].strip().strip('"') for part in re.split(r"[;,]\s*", header) if "=" in part)
    try:
        yield from (morsel.value for morsel in SimpleCookie(header).values())
    except CookieError:
        return


def _cleaned(exchange: Exchange, cleaner: Cleaner, shapes: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    address = urlsplit(exchange.url)
    form = dict(parse_qsl(exchange.sent_body.decode("utf-8", "replace")))
    return {
        "endpoint": exchange.endpoint,
        "method": exchange.method,
        "url": cleaner.address(exchange.url),
        "query": {name: cleaner.text(value) for name, value in parse_qsl(address.query) if name in _QUERY},
        "sent_headers": {name: value for name, value in exchange.sent_headers.items() if name in _SENT},
        "form": {name: cleaner.text(value) for name, value in form.items() if name in _FORM},
        "status": exchange.status,
        "headers": {
            name: re.sub(r"\d{10,}(?=\":)", "0", value)
            for name, value in exchange.headers.items()
            if name in _ANSWERED or _USAGE.match(name)
        },
        "elapsed_ms": round(exchange.elapsed_s * 1000),
        **_body(exchange, cleaner, shapes),
    }


def _body(exchange: Exchange, cleaner: Cleaner, shapes: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """``json`` of an answer, ``documents`` embedded in a page, ``text`` of a feed, or how much was left out."""
    shape = shapes.get(exchange.endpoint, {})
    left_out: dict[str, object] = {"left_out_bytes": len(exchange.body)}
    text = exchange.body.decode("utf-8", "replace")
    if exchange.endpoint == "instagram.profile_page":
        parts = answer_documents(exchange.endpoint, exchange.body)
        return {"documents": [cleaner.json(part, shape) for part in parts]} if parts else left_out
    if text.lstrip()[:1] in ("{", "["):
        try:
            return {"json": cleaner.json(json.loads(text), shape)}
        except (ValueError, RecursionError):
            return left_out
    if re.search(r"<(?:rss|feed|rdf:RDF)\b", text[:2000]) and "comment" not in urlsplit(exchange.url).path:
        return {"text": cleaner.markup(text, own_author=exchange.endpoint == "youtube.feed")}
    links = cleaner.links(text)
    return {**left_out, "links": links} if links else left_out
