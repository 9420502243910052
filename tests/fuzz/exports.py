"""Targets: files that an office imports, and session files. Written into memory (``/dev/shm``) for each input."""

import io
import json
import lzma
import os
import pickle
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from collectors.files import ExportFormat, read_export
from collectors.instagram_cookies import parse_cookies
from pantau.core.errors import ImportFileError
from tests.fuzz.mutations import BYTES, JSON, LINES
from tests.fuzz.posts import ACCOUNTS, hold, refused_in_words
from tests.fuzz.target import Target

_X_HEADS = {
    "data/tweets.js": "window.YTD.tweets.part0 = ",
    "data/account.js": "window.YTD.account.part0 = ",
    "data/note-tweet.js": "window.YTD.note_tweet.part0 = ",
}
_AT = "2026-11-03 10:11:12"


@cache
def scratch(of: int) -> Path:
    """A folder of the process ``of`` for files that live for one input."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"pantau-fuzz-{of}-", dir=memory if os.access(memory, os.W_OK) else None))


def imported(path: Path, kind: ExportFormat, owner: str = "") -> bool:
    """Whether posts came; every refusal must name file, place and remedy."""
    by_key = {account.key: account for account in ACCOUNTS}
    try:
        posts = list(read_export(path, kind, ACCOUNTS, owner))
    except ImportFileError as error:
        return refused_in_words(error)
    assert posts, "neither posts nor a reason"
    for one in posts:
        hold(one, by_key[one.post.account])
    return True


def _one_file(name: str, kind: ExportFormat, owner: str = "") -> Callable[[Any], bool]:
    """A check of a file whose content is the input: bytes, text or JSON."""

    def check(value: Any) -> bool:
        path = scratch(os.getpid()) / name
        data = value if isinstance(value, bytes) else JSON.pack(value)
        if isinstance(value, str):
            data = value.encode("utf-8", "surrogatepass")
        path.write_bytes(lzma.compress(data, preset=0) if name.endswith(".xz") else data)
        return imported(path, kind, owner)

    return check


def _folder(kind: ExportFormat, names: tuple[str, ...], heads: dict[str, str]) -> Callable[[Any], bool]:
    """A check of a folder; the input is an object of the files' contents by name, of which only ``names`` are written."""

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        root = scratch(os.getpid()) / kind
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in value:
                path.write_bytes(heads.get(name, "").encode() + JSON.pack(value[name]))
            else:
                path.unlink(missing_ok=True)
        return imported(root, kind)

    return check


def _tweet(number: int, **more: Any) -> dict[str, Any]:
    return {
        "tweet": {
            "id_str": str(number),
            "created_at": "Fri Nov 20 01:30:00 +0000 2026",
            "full_text": "Jalan dicor https://t.co/a",
            "favorite_count": "3",
            "entities": {"media": [{"type": "photo", "media_url_https": "https://a/b.jpg"}]},
            **more,
        }
    }


def _x_archives() -> list[Any]:
    edited = {"edit_info": {"initial": {"editTweetIds": ["1460323737035677697", "1460323737035677698"]}}}
    return [
        {
            "data/account.js": [{"account": {"username": "dinas_contoh", "accountId": "77"}}],
            "data/tweets.js": [_tweet(1460323737035677697), _tweet(1460323737035677698, **edited)],
            "data/note-tweet.js": [
                {
                    "noteTweet": {
                        "createdAt": "2026-11-20T01:30:00.000Z",
                        "core": {"text": "Jalan dicor" + " dan rata" * 9},
                    }
                }
            ],
        }
    ]


def _meta_exports() -> list[Any]:
    media = {"uri": "media/a.jpg", "creation_timestamp": 1_763_600_400, "title": "\u00c3\u00a9"}
    return [
        {
            "content/posts_1.json": [
                {"media": [media, {**media, "uri": "b.mp4", "thumbnail": {"uri": "c.jpg"}}], "title": "a"}
            ],
            "content/reels.json": {"ig_reels_media": [{"media": [media]}]},
            "personal_information/personal_information.json": {
                "profile_user": [{"string_map_data": {"Username": {"value": "dinas.contoh"}}}]
            },
            "posts/your_posts_1.json": [
                {"timestamp": 1_763_600_400, "data": [{"post": "a"}], "attachments": [{"data": [{"media": media}]}]}
            ],
            "profile_information/profile_information.json": {
                "profile_v2": {"username": "dinas.contoh", "profile_uri": "https://x/?id=20022"}
            },
        }
    ]


def _tiktok_exports() -> list[Any]:
    rows = [
        {
            "Date": _AT,
            "Link": "https://www.tiktok.com/@desa_contoh/video/7000000000000000001",
            "Likes": "12",
            "Title": "Panen",
        },
        {"Date": f"{_AT} UTC", "Link": "https://a/?item_id=7000000000000000002", "WhoCanView": "Public"},
    ]
    return [
        {
            "Post": {"Posts": {"VideoList": rows}},
            "Profile And Settings": {"Profile Info": {"ProfileMap": {"userName": "desa_contoh"}}},
        },
        {
            "Video": {"Videos": {"VideoList": rows}},
            "Profile": {"Profile Information": {"ProfileMap": {"userName": "desa_contoh"}}},
        },
    ]


def _saved_posts() -> list[Any]:
    node = {
        "code": "DAbc",
        "taken_at": 1790000000,
        "user": {"pk": 1001, "username": "dinas.contoh"},
        "caption": {"text": "a"},
    }
    old = {
        "shortcode": "DAbd",
        "taken_at_timestamp": 1790000000,
        "owner": {"id": "1001"},
        "display_url": "https://a/b.jpg",
        "edge_media_to_caption": {"edges": [{"node": {"text": "c"}}]},
        "is_video": True,
        "edge_liked_by": {"count": 4},
        "edge_sidecar_to_children": {"edges": [{"node": {"is_video": True, "display_url": "https://a/c.jpg"}}]},
    }
    mark = {"node_type": "Post", "version": "4.16"}
    return [{"node": one, "instaloader": mark} for one in (node, old, {**old, "iphone_struct": node})]


def _lines() -> list[str]:
    row = {
        "platform": "x",
        "post_id": "1",
        "account": "x:77",
        "published_at": "2026-11-20T08:30:00+07:00",
        "text": "a",
        "media": [{"kind": "image", "url": "https://a/b.jpg"}],
        "metrics": {"likes": 1},
        "url": "https://x.com/a",
    }
    return [
        json.dumps(row),
        "\ufeff" + json.dumps(row) + "\n\n" + json.dumps({**row, "post_id": "2", "text": "é\\ud83d"}),
    ]


def _zips() -> list[bytes]:
    made = []
    for names in (_x_archives()[0], _meta_exports()[0]):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in names.items():
                packed.writestr(zipfile.ZipInfo(name), _X_HEADS.get(name, "") + json.dumps(content))
        made.append(file.getvalue())
    return made


class _Order:
    """What a hostile session file would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(scratch(os.getpid()) / "ran"),)


def check_cookies(data: bytes) -> bool:
    """A session file: cookies of plain texts or ``ValueError``; nothing in it is ever run."""
    try:
        _kind, cookies = parse_cookies(data)
    except ValueError:
        return False
    finally:
        assert not (scratch(os.getpid()) / "ran").exists(), "the file ran an order"
    assert all(isinstance(one.name, str) and isinstance(one.value, str) for one in cookies)
    assert all(one.until is None or one.until.utcoffset() is not None for one in cookies)
    return bool(cookies)


def _sessions() -> list[bytes]:
    table = {"sessionid": "7%3Aabc", "csrftoken": "c", "ds_user_id": "7"}
    listed = [
        {"name": name, "value": value, "domain": ".instagram.com", "expirationDate": 1.8e9}
        for name, value in table.items()
    ]
    netscape = "# Netscape HTTP Cookie File\n#HttpOnly_.instagram.com\tTRUE\t/\tTRUE\t1800000000\tsessionid\t7%3Aabc\n"
    return [
        *(pickle.dumps(one, protocol) for one in (table, _Order()) for protocol in (2, 3, 4)),
        json.dumps(listed).encode(),
        json.dumps({"cookies": listed}).encode(),
        netscape.encode(),
    ]


def clean() -> None:
    """Remove the files of this process."""
    shutil.rmtree(scratch(os.getpid()), ignore_errors=True)


_META_NAMES = tuple(_meta_exports()[0])
TARGETS = (
    Target("import-jsonl", LINES, _lines, _one_file("posts.jsonl", "auto"), 300_000),
    Target("import-x", JSON, _x_archives, _folder("x-archive", tuple(_X_HEADS), _X_HEADS), 100_000),
    Target("import-meta", JSON, _meta_exports, _folder("meta", _META_NAMES, {}), 100_000),
    Target("import-tiktok", JSON, _tiktok_exports, _one_file("user_data_tiktok.json", "auto"), 100_000),
    Target("import-instaloader", JSON, _saved_posts, _one_file("post.json.xz", "auto"), 100_000),
    Target("import-zip", BYTES, _zips, _one_file("export.zip", "auto"), 100_000),
    Target("session-file", BYTES, _sessions, check_cookies, 300_000),
)
