"""Reads what TikTok gives to the owner of an account ("Download your data", JSON): the videos that the account published.

The file also holds messages, searches and addresses; nothing of it is looked at but the handle and the list of own videos.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec

from collectors.base import CollectorError
from collectors.files_common import Entry, Register, unknown_account
from collectors.files_x_folder import ArchiveFolder, BrokenArchiveError
from collectors.text import raw_json, storable
from collectors.tiktok_parse import link_parts, video_address
from pantau.core.derived_ids import derived_id
from pantau.core.errors import Problem
from pantau.core.model import Account, Collected, Post, PostKind

MAX_EXPORT_BYTES = 256 * 1024 * 1024
"""Largest file that is read; that of a busy account has some 50 MB, most of it what it watched."""
_NAME = re.compile(r"user_data(?:_tiktok)?(?: ?\(\d+\))?\.json", re.IGNORECASE)
_PLAIN_TEXT = re.compile(r"(?:.*/)?(?:Posts?|Videos?)/(?:Posts?|Videos?)\.(?:txt|html)", re.IGNORECASE)
_SECTIONS = re.compile(
    rb'"(?:Your Activity|Likes and Favorites|Profile And Settings|Direct Messages?|Tik[Tt]ok (?:Shop|Live))"'
)
_VIDEOS = (("Post", "Posts"), ("Post", "Videos"), ("Video", "Videos"), ("Videos",), ("Activity", "Video", "Videos"))
"""Where the list of own videos lay over the years. The lists under other names hold what the account watched or liked."""
_OWNERS = (
    ("Profile And Settings", "Profile Info"),
    ("Profile", "Profile Info"),
    ("Profile", "Profile Information"),
    ("Profile",),
)
_VIDEO_ID = re.compile(
    r"/(?:video|photo|v)/(\d{15,20})(?=[/?#&.]|$)|[?&](?:share_)?item_id=(\d{15,20})(?=[&#]|$)", re.ASCII
)
_HIDDEN = re.compile(r"friend|only|private|self|follower", re.IGNORECASE)
"""What the field ``WhoCanView`` says of videos that are not public."""
_REMEDY = (
    "Unduh lagi data akun dari TikTok (Setelan, Akun, Unduh data Anda) dengan format JSON dan pakai berkasnya utuh."
)
_ASK_JSON = "Minta unduhan baru di TikTok (Setelan, Akun, Unduh data Anda) dan pilih format JSON, bukan TXT."


class TikTokReader:
    """One export: a zip, a folder, or the file alone (``only``). ``owner`` (an account key) says whose it is where it does not."""

    def __init__(self, folder: ArchiveFolder, register: Register, owner: str, only: str = "") -> None:
        self._folder = folder
        self._register = register
        self._owner = owner
        self._only = only

    def entries(self) -> Iterator[Entry]:
        """One entry per public video; a single problem when the export is broken or its account is not registered."""
        try:
            path = self._only or self._find()
            export = _opened(self._folder.content(path, MAX_EXPORT_BYTES), path)
        except BrokenArchiveError as error:
            yield Problem(self._folder.name, error.where, "", str(error), _REMEDY)
            return
        videos = next((found for way in _VIDEOS if (found := _list_at(export, way)) is not None), None)
        if videos is None:
            remedy = "Minta unduhan yang memuat bagian Posts (Unggahan) dan Profile."
            yield Problem(
                self._folder.name, path, "", "bagian unggahan (Post, VideoList) tidak ada di dalamnya", remedy
            )
            return
        account = self._account(export, videos, path)
        if isinstance(account, Problem):
            yield account
            return
        alike: Counter[tuple[datetime, str]] = Counter()
        for number, video in enumerate(videos, 1):
            row = {str(name).lower(): value for name, value in video.items()} if isinstance(video, Mapping) else {}
            if _HIDDEN.search(str(row.get("whocanview") or "")):
                continue
            yield self._entry(row, account, alike, f"{path}, unggahan ke-{number}")

    def _find(self) -> str:
        """The file inside the folder, the one nearest to the top. Raises ``BrokenArchiveError``."""
        found = [path for path in self._folder.paths() if _NAME.fullmatch(PurePosixPath(path).name)]
        if not found:
            raise BrokenArchiveError("isi berkas", f"user_data_tiktok.json tidak ada di dalamnya. {_ASK_JSON}")
        return min(found, key=lambda path: (path.count("/"), path))

    def _account(self, export: Mapping[str, msgspec.Raw], videos: list[Any], path: str) -> Account | Problem:
        """Whose export it is: by its profile, else by the addresses of its videos, else as the office says."""
        handle = next((name for way in _OWNERS if (name := _user_name(export, way))), "")
        if not handle:
            links = [link_parts(_link(video)) for video in videos if isinstance(video, Mapping)]
            names = {link[0].lower() for link in links if link}
            handle = names.pop() if len(names) == 1 else ""
        found = self._register.find("tiktok", handle=handle)
        if not self._owner:
            if found is not None:
                return found
            if handle:
                return unknown_account(self._folder.name, f"{path}, pemilik unduhan", f"@{handle}")
            remedy = "Sebutkan akunnya: pantau import BERKAS --account tiktok:nama_akun."
            return Problem(self._folder.name, path, "", "nama akun pemilik unduhan tidak ditemukan di dalamnya", remedy)
        chosen = self._register.by_key(self._owner) if self._owner.startswith("tiktok:") else None
        if chosen is None:
            return unknown_account(self._folder.name, "--account", self._owner)
        if handle and (found is None or found.key != chosen.key):
            what = f"unduhan ini milik @{handle}"
            return Problem(self._folder.name, "--account", self._owner, what, "Perbaiki --account, atau hapus.")
        return chosen

    def _entry(
        self, row: Mapping[str, Any], account: Account, alike: Counter[tuple[datetime, str]], where: str
    ) -> Entry:
        moment = _moment(row.get("date"))
        if moment is None:
            return Problem(self._folder.name, where, "", "unggahan tanpa tanggal yang dikenal", _REMEDY)
        title = row.get("title")
        text = storable(title) if isinstance(title, str) and title != "N/A" else ""
        link = str(row.get("link") or "")
        found = _VIDEO_ID.search(link)
        video_id = (found[1] or found[2]) if found else ""
        parts = link_parts(link)
        kind: PostKind = parts[1] if parts else "post" if "/photo/" in link else "video"
        if not video_id:
            alike[moment, text] += 1
        try:
            raw = raw_json(row)
        except CollectorError as error:
            return Problem(self._folder.name, where, "", str(error), _REMEDY)
        post = Post(
            platform="tiktok",
            post_id=video_id or derived_id(account.handle, int(moment.timestamp()), text, alike[moment, text]),
            account=account.key,
            kind=kind,
            published_at=moment,
            text=text,
            url=video_address(account.handle, kind, video_id) if video_id else "",
            metrics=_likes(row.get("likes")),
            raw_sha256=hashlib.sha256(raw).hexdigest(),
        )
        return Collected(post, raw)


def is_tiktok(folder: ArchiveFolder) -> bool:
    """True when the folder looks like an export of TikTok, of either format; False also when it cannot be read."""
    try:
        paths = folder.paths()
    except BrokenArchiveError:
        return False
    return any(_NAME.fullmatch(PurePosixPath(path).name) or _PLAIN_TEXT.fullmatch(path) for path in paths)


def is_tiktok_file(name: str, start: bytes) -> bool:
    """True for the file itself by its name or its first bytes (without blanks)."""
    return start.startswith(b"{") and (bool(_NAME.fullmatch(name)) or bool(_SECTIONS.search(start)))


def _opened(data: bytes, path: str) -> Mapping[str, msgspec.Raw]:
    """The sections, not looked into. Raises ``BrokenArchiveError``."""
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenArchiveError(path, "bukan JSON yang sah, atau terpotong") from error


def _at(export: Mapping[str, msgspec.Raw], way: tuple[str, ...]) -> Mapping[str, Any]:
    """The object at the end of a way through the sections; an empty one where it does not lead anywhere."""
    first = export.get(way[0])
    try:
        value = msgspec.json.decode(first) if first is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    for name in way[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list_at(export: Mapping[str, msgspec.Raw], way: tuple[str, ...]) -> list[Any] | None:
    """The list of videos; an account without any has null there."""
    section = _at(export, way)
    videos = section.get("VideoList", ...)
    return [] if videos is None else videos if isinstance(videos, list) else None


def _user_name(export: Mapping[str, msgspec.Raw], way: tuple[str, ...]) -> str:
    profile = _at(export, way).get("ProfileMap")
    name = profile.get("userName") if isinstance(profile, Mapping) else None
    return name.removeprefix("@") if isinstance(name, str) else ""


def _link(video: Mapping[str, Any]) -> object:
    return video.get("Link", video.get("link"))


def _moment(value: object) -> datetime | None:
    """``2026-11-03 10:11:12``, with or without ``UTC`` behind it; TikTok writes UTC either way."""
    try:
        moment = datetime.fromisoformat(str(value).strip().removesuffix("UTC").strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _likes(value: object) -> dict[str, int]:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return {"likes": int(text)} if text.isascii() and text.isdigit() and len(text) < 15 else {}
