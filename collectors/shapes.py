"""The shapes of answers as Pantau expects them, learnt from recordings and local servers, and how an answer differs from them.

``shapes.json`` holds a table per endpoint: path of a field to its types. A leading ``?`` marks a field that may be left out, ``~``
one that only recordings have, since it is not asked for. ``make shapes`` writes the file anew.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Literal
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import msgspec

from pantau.core.exchange import Difference, Exchange

Shape = dict[str, str]
"""Path to marker and types, for example ``"data[].note_tweet": "?object"``."""
_DOCUMENTS = {
    "29104886249145907": "timeline",
    "27937681195819736": "profile",
    "27128499623469141": "post",
    "28904005159232689": "more",
}
"""What instaloader 4.16 asks for, by the ``doc_id`` that it sends."""
_EMBEDDED = re.compile(rb'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
_PROFILE = "xig_user_by_username"


def endpoint_of(platform: str, exchange: Exchange) -> str:
    """A short stable name of what was asked, for example ``x.search``; "" where answers have no shape to be held to (websites)."""
    address = urlsplit(exchange.url)
    path, last = address.path, address.path.rstrip("/").rsplit("/", 1)[-1]
    if platform == "x":
        names = {"by": "users", "all": "search", "recent": "search"}
        if path == "/2/usage/tweets":
            return "x.usage"
        return "x.timeline" if re.fullmatch(r"/2/users/\d+/tweets", path) else f"x.{names.get(last, last)}"
    if platform == "youtube":
        return "youtube.feed" if last == "videos.xml" else f"youtube.{last}"
    if platform == "facebook" or (platform == "instagram" and address.hostname == "graph.facebook.com"):
        if "business_discovery" in address.query:
            return "graph.discovery"
        return f"graph.{last if last in ('posts', 'accounts', 'debug_token') else 'page'}"
    if platform == "instagram":
        return _instagram_endpoint(exchange, path, last)
    return "" if platform == "website" else f"{platform}.{'-'.join(path.strip('/').split('/')[1:])}"


def _instagram_endpoint(exchange: Exchange, path: str, last: str) -> str:
    if exchange.method == "POST":
        number = parse_qs(exchange.sent_body.decode("utf-8", "replace")).get("doc_id", [""])[0]
        return f"instagram.{_DOCUMENTS.get(number, f'graphql-{number}')}"
    if path == "/":
        return ""
    return f"instagram.{last}" if path.startswith(("/api/", "/web/")) else "instagram.profile_page"


def documents(endpoint: str, body: bytes) -> list[object]:
    """The values in an answer that are held to the endpoint's shape; empty when it is not what the endpoint gives."""
    if endpoint == "youtube.feed":
        return _feed(body)
    if endpoint == "instagram.profile_page":
        return [part for script in _EMBEDDED.findall(body) for part in _profiles(_json(script))]
    found = _json(body)
    return [found] if isinstance(found, dict | list) else []


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _profiles(value: object) -> Iterator[object]:
    """Whatever stands beside the profile in the data that a page embeds."""
    if isinstance(value, dict):
        if _PROFILE in value:
            yield {_PROFILE: value[_PROFILE]}
        else:
            for inner in value.values():
                yield from _profiles(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _profiles(inner)


def _feed(body: bytes) -> list[object]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # a feed has none, and they can make a small file swell
        return []
    try:
        return [_element(ElementTree.fromstring(body))]
    except ElementTree.ParseError:
        return []


def _element(element: ElementTree.Element) -> object:
    found: dict[str, object] = {f"@{name.rpartition('}')[2]}": value for name, value in element.attrib.items()}
    children: dict[str, list[object]] = defaultdict(list)
    for child in element:
        children[child.tag.rpartition("}")[2]].append(_element(child))
    return {**found, **children} if found or children else (element.text or "")


class Seen:
    """What was seen of an endpoint: how often each object came, and its fields with their types."""

    def __init__(self) -> None:
        self.objects: Counter[str] = Counter()
        self.fields: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, value: object, path: str = "") -> None:
        """Take in a document."""
        if isinstance(value, dict):
            self.objects[path] += 1
            for name, inner in value.items():
                here = f"{path}.{name}" if path else str(name)
                self.fields[here][_type(inner)] += 1
                self.add(inner, here)
        elif isinstance(value, list):
            for inner in value:
                self.fields[f"{path}[]"][_type(inner)] += 1
                self.add(inner, f"{path}[]")

    def lacking(self, path: str) -> int:
        """In how many of its objects the field was left out."""
        return 0 if path.endswith("[]") else self.objects[parent(path)] - sum(self.fields.get(path, Counter()).values())


def parent(path: str) -> str:
    """The path of the object or list that holds a field or an item."""
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


def _type(value: object) -> str:
    names = {str: "str", bool: "bool", int: "number", float: "number", type(None): "null", list: "list", dict: "object"}
    return names[type(value)]


def learn(asked: Seen, recorded: Seen) -> Shape:
    """The shape of an endpoint from answers to what Pantau asks, and from recordings of answers to anything."""
    shape = {}
    for path in sorted(set(asked.fields) | set(recorded.fields)):
        types = set(asked.fields.get(path, ())) | set(recorded.fields.get(path, ()))
        marker = "~" if path not in asked.fields else "?" if asked.lacking(path) else ""
        shape[path] = marker + "|".join(sorted(types))
    return shape


def load() -> Mapping[str, Shape]:
    """The shapes that this version expects, by endpoint."""
    return msgspec.json.decode((files("collectors") / "shapes.json").read_bytes(), type=dict[str, Shape])


def gather(exchanges: Iterable[Exchange]) -> dict[str, Seen]:
    """What was seen of each named endpoint in the answers with status 200; refusals are not looked at."""
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    for exchange in exchanges:
        if exchange.endpoint and exchange.status == 200:
            for document in documents(exchange.endpoint, exchange.body):
                seen[exchange.endpoint].add(document)
    return seen


def compare(exchanges: Iterable[Exchange]) -> list[Difference]:
    """How the answers to named endpoints differ from the expected shapes, sorted."""
    shapes = load()
    found: list[Difference] = []
    for endpoint, what in gather(exchanges).items():
        if endpoint in shapes:
            found += _differences(endpoint, what, shapes[endpoint])
        else:
            found.append(Difference(endpoint, "", "unknown", sum(what.objects.values())))
    return sorted(found)


def _differences(endpoint: str, seen: Seen, shape: Shape) -> Iterator[Difference]:
    for path, types in seen.fields.items():
        known = shape.get(path)
        if known is None:
            if not parent(path) or parent(path) in shape:  # of an unknown object only the object itself is named
                yield Difference(endpoint, path, "unknown", sum(types.values()), tuple(sorted(types)))
        elif odd := set(types) - set(known.lstrip("?~").split("|")):
            count = sum(types[one] for one in odd)
            expected: Sequence[str] = sorted(known.lstrip("?~").split("|"))
            yield Difference(endpoint, path, "type", count, tuple(sorted(odd)), tuple(expected))
    for path, known in shape.items():
        if known.startswith("~") or path.endswith("[]") or not seen.objects[parent(path)]:
            continue
        kind: Literal["absent", "missing"] = "absent" if known.startswith("?") else "missing"
        lacking = seen.lacking(path)
        if lacking and (kind == "missing" or path not in seen.fields):
            yield Difference(endpoint, path, kind, lacking, (), tuple(known.lstrip("?").split("|")))
