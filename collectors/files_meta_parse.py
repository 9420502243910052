"""One entry of Meta's export as a post: Instagram's and Facebook's shapes, old and new, and who owns an export."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from collectors.base import CollectorError
from collectors.files_meta_text import repaired
from collectors.text import raw_json
from pantau.core.derived_ids import derived_id
from pantau.core.model import Account, Collected, Media, Post, PostKind

Item = Mapping[str, Any]

_VIDEOS = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv"})
_PERMALINK = re.compile(r"https://www\.instagram\.com/(?:p|reel|tv)/([\w-]{5,40})/?", re.ASCII)
_CAPTIONS = frozenset({"caption", "keterangan", "teks"})
_USERNAMES = frozenset({"username", "nama pengguna"})
_LATEST_S = 2**33
"""The year 2242; a larger number is no time in seconds."""


class PostMaker:
    """Makes posts of one account's export. ``root`` is where the export lies inside the folder or zip."""

    def __init__(self, account: Account, root: str) -> None:
        self._account = account
        self._root = root
        self._seen: dict[tuple[int, str], list[tuple[str, ...]]] = {}

    def post(self, entry: Item) -> Collected | str | None:
        """The post; None when the export holds it twice (a reel among the posts); in words what is wrong with the entry."""
        facebook = self._account.platform == "facebook"
        text, items = _facebook(entry) if facebook else _instagram(entry)
        second = _second(entry, items)
        if second is None:
            return "unggahan tanpa waktu"
        media = tuple(one for item in items for one in self._media(item))
        address = _permalink(entry)
        post_id = address[1] if address else self._made_id(second, text, items)
        if not post_id:
            return None
        try:
            raw = raw_json(entry)
        except CollectorError as error:
            return str(error)
        post = Post(
            platform=self._account.platform,
            post_id=post_id,
            account=self._account.key,
            kind=_kind(text, media, facebook),
            published_at=datetime.fromtimestamp(second, UTC),
            text=text,
            media=media,
            url=address[0] if address else "",
            raw_sha256=hashlib.sha256(raw).hexdigest(),
        )
        return Collected(post, raw)

    def _made_id(self, second: int, text: str, items: list[Item]) -> str:
        """An id for a post without one; empty for a post that was made before from another file of the export."""
        shown = tuple(sorted(PurePosixPath(str(item.get("uri", ""))).name for item in items))
        others = self._seen.setdefault((second, text), [])
        if shown in others:
            return ""
        others.append(shown)
        return derived_id(self._account.handle, second, text, len(others))

    def _media(self, item: Item) -> Iterator[Media]:
        uri = item.get("uri")
        if not isinstance(uri, str) or not uri:
            return
        if PurePosixPath(uri).suffix.lower() not in _VIDEOS:
            yield Media(kind="image", url=self._address(uri))
            return
        thumbnail = item.get("thumbnail")
        cover = thumbnail.get("uri") if isinstance(thumbnail, Mapping) else None
        yield Media(kind="video", url=self._address(cover) if isinstance(cover, str) else "")

    def _address(self, uri: str) -> str:
        """``file:`` and the path inside the folder or zip, as ``pictures.folder`` wants it; a web address as it is."""
        uri = repaired(uri)
        if uri.startswith("https://"):
            return uri
        path = PurePosixPath(self._root, uri)
        if "://" in uri or path.is_absolute() or ".." in path.parts:
            return ""
        return f"file:{quote(str(path))}"


def owner_of(platform: str, document: object) -> tuple[str, str]:
    """Numeric id and handle of the owner, from ``personal_information.json`` or ``profile_information.json``; else empty."""
    for table in _tables(document):
        if platform == "instagram":
            labels = _labels(table)
            if handle := next((labels[name] for name in _USERNAMES if labels.get(name)), ""):
                return "", handle.removeprefix("@")
            continue
        stated, uri = table.get("username"), table.get("profile_uri")
        address = _web_address(uri)
        number = re.search(r"(?:^|&)id=(\d{5,20})(?:&|$)", address.query) if address else None
        name = address.path.strip("/") if address else ""
        if isinstance(stated, str) and stated:
            name = stated
        elif "/" in name or name.endswith(".php"):
            name = ""
        if name or number:
            return number[1] if number else "", repaired(name)
    return "", ""


def _web_address(uri: object) -> SplitResult | None:
    """The parts of a web address; None for anything else."""
    try:
        return urlsplit(uri) if isinstance(uri, str) and "://" in uri else None
    except ValueError:  # half a bracket of IPv6
        return None


def _tables(document: object) -> Iterator[Item]:
    """The document and the objects one level below, in it or in its lists."""
    if not isinstance(document, Mapping):
        return
    yield document
    for value in document.values():
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping))


def _labels(table: Item) -> dict[str, str]:
    """Values by label in small letters: ``string_map_data`` of older exports, ``label_values`` of newer ones."""
    found: dict[str, str] = {}
    mapped, listed = table.get("string_map_data"), table.get("label_values")
    pairs = list(mapped.items()) if isinstance(mapped, Mapping) else []
    pairs += [(one.get("label"), one) for one in _items(listed)]
    for label, holder in pairs:
        value = (holder.get("value") or holder.get("href")) if isinstance(holder, Mapping) else None
        if isinstance(label, str) and isinstance(value, str):
            found.setdefault(repaired(label).casefold(), repaired(value))
    return found


def _items(value: object) -> list[Item]:
    every = value if isinstance(value, list) else [value]
    return [one for one in every if isinstance(one, Mapping)]


def _text(value: object) -> str:
    return repaired(value) if isinstance(value, str) else ""


def _instagram(entry: Item) -> tuple[str, list[Item]]:
    """Caption and media. The caption of a post with one picture stands beside the picture."""
    items = _items(entry.get("media")) or ([entry] if "uri" in entry else [])
    labels = _labels(entry)
    captions = [_text(entry.get("title")), *(labels.get(name, "") for name in sorted(_CAPTIONS))]
    captions += [_text(item.get("title")) for item in items[:1]]
    return next((caption for caption in captions if caption), ""), items


def _facebook(entry: Item) -> tuple[str, list[Item]]:
    """What the account wrote, and media. ``title`` is Facebook's sentence about the post, not the account's words."""
    items: list[Item] = []
    for attachment in _items(entry.get("attachments")):
        items += (media for row in _items(attachment.get("data")) for media in _items(row.get("media")))
    items += _items(entry.get("media"))
    texts = [_text(row.get("post")) for row in _items(entry.get("data"))]
    texts += [_text(items[0].get("description"))] if len(items) == 1 else []
    return next((text for text in texts if text), ""), items


def _second(entry: Item, items: list[Item]) -> int | None:
    for value in (
        entry.get("creation_timestamp"),
        entry.get("timestamp"),
        *(i.get("creation_timestamp") for i in items),
    ):
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _LATEST_S:
            return int(value)
    return None


def _permalink(entry: Item) -> tuple[str, str] | None:
    """Address and shortcode, when the export tells them; the shortcode is the id under which the post is read live."""
    for value in _labels(entry).values():
        if found := _PERMALINK.fullmatch(value):
            return found[0], found[1]
    return None


def _kind(text: str, media: tuple[Media, ...], facebook: bool) -> PostKind:
    if any(one.kind == "video" for one in media) and (facebook or len(media) == 1):
        return "video"
    return "repost" if facebook and not text and not media else "post"
