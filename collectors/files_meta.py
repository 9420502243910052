"""Reads what Meta gives to the owner of an account ("Download your information", JSON): posts of Instagram and Facebook."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import msgspec

from collectors.files_common import Entry, Register, unknown_account
from collectors.files_meta_parse import Item, PostMaker, owner_of
from collectors.files_x_folder import ArchiveFolder, BrokenArchiveError
from pantau.core.errors import Problem
from pantau.core.model import Account

_POSTS = {
    "instagram": re.compile(r"(?:posts(?:_\d+)?|reels(?:_\d+)?|igtv_videos|other_content)\.(?:json|html)"),
    "facebook": re.compile(
        r"(?:(?:profile|page|your)_posts(?:_\d+)?|your_posts__check_ins__photos_and_videos(?:_\d+)?)\.(?:json|html)"
    ),
}
_FOLDERS = {"instagram": ("content", "media"), "facebook": ("posts",)}
_OWNER_FILES = {"instagram": "personal_information.json", "facebook": "profile_information.json"}
_OTHER_PARTS = re.compile(
    r"(?:.*/)?(?:your_instagram_activity|your_facebook_activity|this_profile's_activity_across_facebook|personal_information)/.*"
)
_LIST = re.compile(r'\s*(?:\{\s*"[^"\\]{1,80}"\s*:\s*)?\[')
"""A list, or an object whose first key holds it (``{"ig_reels_media": [``)."""
_REMEDY = "Unduh lagi informasi akun dari Meta dengan format JSON dan pakai berkas zip-nya utuh."
_ASK_JSON = (
    "Minta unduhan baru: Pusat Akun, Informasi dan izin Anda, Unduh informasi Anda; pada pilihan format pilih JSON, "
    "bukan HTML."
)


class _Source(msgspec.Struct, frozen=True, order=True):
    """One file with posts. ``root`` is the folder of the export that holds it, "" for the top."""

    platform: str
    root: str
    number: int
    path: str


class MetaReader:
    """One or more exports in a folder or zip. ``owner`` (an account key) says whose they are where the files do not."""

    def __init__(self, folder: ArchiveFolder, register: Register, owner: str, only: str = "") -> None:
        """``only``: the one file to be read, at the top of the folder."""
        self._folder = folder
        self._register = register
        self._owner = owner
        self._only = only

    def entries(self) -> Iterator[Entry]:
        """One entry per post; a problem where a file is broken, an owner unknown, or the export is HTML."""
        try:
            paths = [self._only] if self._only else self._folder.paths()
            sources = sorted(source for path in paths if (source := _source(path, bare=bool(self._only))))
            readable = [source for source in sources if source.path.endswith(".json")]
            if problem := self._unusable(sources, readable):
                yield problem
                return
            makers: dict[tuple[str, str], PostMaker | Problem] = {}
            for source in readable:
                place = (source.platform, source.root)
                if place not in makers:
                    found = self._account(*place, paths)
                    makers[place] = found if isinstance(found, Problem) else PostMaker(found, source.root)
                    if isinstance(found, Problem):
                        yield found
                maker = makers[place]
                if isinstance(maker, PostMaker):
                    yield from self._posts(source, maker)
        except BrokenArchiveError as error:
            yield Problem(self._folder.name, error.where, "", str(error), _REMEDY)

    def _unusable(self, sources: list[_Source], readable: list[_Source]) -> Problem | None:
        name = self._folder.name
        if sources and not readable:
            return Problem(name, sources[0].path, "", "unduhan ini berformat HTML, yang tidak dapat dibaca", _ASK_JSON)
        if not readable:
            remedy = (
                "Sertakan bagian unduhan yang memuat posts_1.json (Meta membagi unduhan besar menjadi beberapa zip)."
            )
            return Problem(name, "isi berkas", "", "tidak ada berkas unggahan di dalamnya", remedy)
        platform = self._owner.partition(":")[0]
        if self._owner and platform not in {source.platform for source in readable}:
            what = f"isinya unggahan {readable[0].platform}, bukan {platform}"
            return Problem(name, "--account", self._owner, what, "Perbaiki --account, atau pilih unduhan yang lain.")
        return None

    def _posts(self, source: _Source, maker: PostMaker) -> Iterator[Entry]:
        for number, element in enumerate(self._elements(source.path), 1):
            where = f"{source.path}, unggahan ke-{number}"
            made = maker.post(element)
            if isinstance(made, str):
                yield Problem(self._folder.name, where, "", made, _REMEDY)
            elif made is not None:
                yield made

    def _elements(self, path: str) -> Iterator[Item]:
        """The entries of a file. An account with a single post gets it without the list around it."""
        if self._folder.begins(path, _LIST):
            yield from self._folder.elements(path, _LIST)
            return
        found = self._folder.document(path)
        if not isinstance(found, Mapping) or not {"media", "timestamp", "creation_timestamp"} & found.keys():
            raise BrokenArchiveError(path, "bukan daftar unggahan")
        yield found

    def _account(self, platform: str, root: str, paths: list[str]) -> Account | Problem:
        """Whose export lies in ``root``."""
        given = self._owner if self._owner.startswith(f"{platform}:") else ""
        chosen = self._register.by_key(given) if given else None
        if given and chosen is None:
            return unknown_account(self._folder.name, "--account", given)
        platform_id, handle = self._owner_in_files(platform, root, paths)
        found = self._register.find(platform, platform_id, handle)
        if chosen is not None:
            if found is not None and found.key != chosen.key:
                what = f"unduhan ini milik {found.label}"
                return Problem(self._folder.name, "--account", given, what, "Perbaiki --account, atau hapus.")
            return chosen
        if found is not None:
            return found
        if handle or platform_id:
            label = f"@{handle}" if handle else platform_id
            return unknown_account(self._folder.name, f"pemilik unduhan {platform}", label)
        what = "nama akun pemilik unduhan tidak ditemukan di dalamnya"
        remedy = f"Sebutkan akunnya: pantau import BERKAS --account {platform}:nama_akun."
        return Problem(self._folder.name, root or "isi berkas", "", what, remedy)

    def _owner_in_files(self, platform: str, root: str, paths: list[str]) -> tuple[str, str]:
        """Numeric id and handle as far as the export tells; empty when it does not."""
        inside = f"{root}/" if root else ""
        named = [path for path in paths if path.startswith(inside) and path.endswith(f"/{_OWNER_FILES[platform]}")]
        for path in sorted(named, key=lambda path: (path.count("/"), path)):
            owner = owner_of(platform, self._folder.document(path))
            if any(owner):
                return owner
        return "", ""


def is_meta(folder: ArchiveFolder) -> bool:
    """True when the folder looks like an export of Meta, of either format; False also when it cannot be read."""
    try:
        return any(_source(path, bare=False) or _OTHER_PARTS.fullmatch(path) for path in folder.paths())
    except BrokenArchiveError:
        return False


def is_meta_file(name: str, start: bytes) -> bool:
    """True for a single file with posts by its name and first bytes (without blanks)."""
    return _source(name, bare=True) is not None and (
        start.startswith(b"[") or b'"ig_' in start[:100] or start[:1] == b"<"
    )


def _source(path: str, bare: bool) -> _Source | None:
    """What a path holds; None for anything but posts. ``bare``: the file alone, without the folders that it lay in."""
    parts = PurePosixPath(path).parts
    for platform, pattern in _POSTS.items():
        if parts and pattern.fullmatch(parts[-1]) and (bare or (len(parts) > 1 and parts[-2] in _FOLDERS[platform])):
            above = parts[:-2]
            if above and "activity" in above[-1]:
                above = above[:-1]
            digits = re.search(r"(\d{1,9})\.", parts[-1])
            return _Source(platform, "/".join(above), int(digits[1]) if digits else 0, path)
    return None
