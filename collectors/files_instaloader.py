"""Reads posts that instaloader saved as ``.json`` or ``.json.xz``, in its present form and in the older GraphQL form."""

import hashlib
import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from collectors.base import CollectorError
from collectors.files_common import MAX_ITEM_BYTES, Entry, Register, unknown_account
from collectors.instagram_parse import author_of, authors_of, to_collected
from collectors.text import raw_json
from pantau.core.errors import Problem
from pantau.core.model import Account, Collected

XZ_MAGIC = b"\xfd7zXZ\x00"
_NOT_A_POST = "bukan unggahan yang disimpan instaloader"
_REMEDY = "Pilih berkas .json atau .json.xz dari unduhan instaloader."


class InstaloaderReader:
    """``files`` one after the other. In a folder (``lenient``) the profile and comment files beside the posts are passed over."""

    def __init__(self, files: Sequence[Path], register: Register, lenient: bool) -> None:
        self._files = files
        self._register = register
        self._lenient = lenient

    def entries(self) -> Iterator[Entry]:
        """One entry per file with a post."""
        for path in self._files:
            try:
                structure = _structure(path)
            except (ValueError, RecursionError, EOFError, lzma.LZMAError) as error:
                what = f"tidak dapat dibaca sebagai JSON ({error})"
                yield Problem(str(path), "isi berkas", "", what, "Unduh lagi berkas ini dengan instaloader.")
                continue
            node = _post_node(structure)
            if node is not None:
                yield self._entry(node, str(path))
            elif not self._lenient:
                yield Problem(str(path), "isi berkas", "", _NOT_A_POST, _REMEDY)

    def _entry(self, saved: Mapping[str, Any], file: str) -> Entry:
        node = _present_form(saved)
        account = self._account(node)
        if account is None:
            platform_id, handle = author_of(node)
            return unknown_account(file, "pemilik unggahan", f"@{handle}" if handle else platform_id)
        try:
            collected = to_collected(node, account.key)
            if node is saved or node is saved.get("iphone_struct"):
                return collected
            raw = raw_json(saved)
        except CollectorError as error:
            return Problem(file, "isi berkas", "", str(error), "Unduh lagi unggahan ini dengan instaloader.")
        post = msgspec.structs.replace(collected.post, raw_sha256=hashlib.sha256(raw).hexdigest())
        return Collected(post, raw)

    def _account(self, node: Mapping[str, Any]) -> Account | None:
        """The registered author, else a registered account that published it together with the author."""
        found = self._register.find("instagram", *author_of(node))
        together = (self._register.find("instagram", platform_id) for platform_id in authors_of(node))
        return found or next((account for account in together if account), None)


def is_structure(data: object) -> bool:
    """True for what instaloader saves: a node with a note on which kind of node it is."""
    return (
        isinstance(data, Mapping)
        and isinstance(data.get("node"), Mapping)
        and isinstance(data.get("instaloader"), Mapping)
    )


def _structure(path: Path) -> object:
    with path.open("rb") as file:
        packed = file.read(len(XZ_MAGIC)) == XZ_MAGIC
        file.seek(0)
        if not packed:
            return _load(file)
        with lzma.open(file) as unpacked:
            return _load(unpacked)


def _load(file: BinaryIO | lzma.LZMAFile) -> object:
    data = file.read(MAX_ITEM_BYTES + 1)
    if len(data) > MAX_ITEM_BYTES:
        raise ValueError(f"lebih besar dari {MAX_ITEM_BYTES // 1024 // 1024} MB")
    parsed: object = json.loads(data.decode("utf-8-sig"))
    return parsed


def _post_node(structure: object) -> Mapping[str, Any] | None:
    if not isinstance(structure, Mapping) or not is_structure(structure):
        return None
    node: Mapping[str, Any] = structure["node"]
    return node if structure["instaloader"].get("node_type") == "Post" else None


def _present_form(saved: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node as the web client's timeline has it; the older form is translated."""
    inner = saved.get("iphone_struct")
    if isinstance(inner, Mapping) and "code" in inner and "taken_at" in inner:
        return inner
    if "code" in saved and "taken_at" in saved:
        return saved
    return {
        **_picture_form(saved),
        "code": saved.get("shortcode"),
        "taken_at": saved.get("taken_at_timestamp", saved.get("date")),
        "product_type": saved.get("product_type"),
        "caption": _old_caption(saved),
        "user": saved.get("owner"),
        "coauthor_producers": saved.get("coauthor_producers"),
        "carousel_media": [_picture_form(node) for node in _edges(saved.get("edge_sidecar_to_children"))],
        "like_count": _count(saved, "edge_media_preview_like", "edge_liked_by"),
        "comment_count": _count(saved, "edge_media_to_parent_comment", "edge_media_to_comment", "comments"),
        "view_count": saved.get("video_view_count"),
        "play_count": saved.get("video_play_count"),
    }


def _picture_form(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "media_type": 2 if node.get("is_video") is True else 1,
        "image_versions2": {"candidates": [{"url": node.get("display_url")}]},
        "accessibility_caption": node.get("accessibility_caption"),
    }


def _old_caption(node: Mapping[str, Any]) -> object:
    texts = [edge.get("text") for edge in _edges(node.get("edge_media_to_caption"))]
    return texts[0] if texts else node.get("caption")


def _edges(connection: object) -> list[Mapping[str, Any]]:
    edges = connection.get("edges") if isinstance(connection, Mapping) else None
    nodes = [edge.get("node") for edge in edges if isinstance(edge, Mapping)] if isinstance(edges, list) else []
    return [node for node in nodes if isinstance(node, Mapping)]


def _count(node: Mapping[str, Any], *names: str) -> object:
    for name in names:
        value = node.get(name)
        count = value.get("count") if isinstance(value, Mapping) else value
        if isinstance(count, int):
            return count
    return None
