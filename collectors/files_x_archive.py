"""Reads the archive that X gives to the owner of an account: ``data/tweets.js``, ``account.js`` and ``note-tweet.js``."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.base import CollectorError
from collectors.files_common import Entry, Register, unknown_account
from collectors.files_x_folder import ArchiveFolder, BrokenArchiveError
from collectors.text import raw_json, storable
from collectors.x_parse import id_time
from pantau.core.errors import Problem
from pantau.core.model import Account, Collected, Media, Post, PostKind

TWEETS = re.compile(r"tweets?(-part\d+)?\.js")
_NOTES = re.compile(r"note-tweet(-part\d+)?\.js")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES, 1)}
_COUNTS = {"favorite_count": "likes", "retweet_count": "reposts"}
_REMEDY = "Minta arsip baru di X (Setelan, Unduh arsip data Anda) dan pakai berkas zip-nya utuh."
_CUT = re.compile(r"\s*…?(\s*https://t\.co/\w+)*\s*$")
_MENTIONS = re.compile(r"^(@\w+\s+)+")
_NEAREST_SECONDS = sorted(range(-5, 6), key=abs)
"""Where to look for a long post's full text, which is saved within seconds of the post."""
_NOTE_PREFIX_CHARS = 40


class XArchiveReader:
    """One archive, which holds one account. Of an edited post only the last version is handed over, under the id of the first."""

    def __init__(self, folder: ArchiveFolder, register: Register) -> None:
        self._folder = folder
        self._register = register
        self._newest: dict[str, int] = {}

    def entries(self) -> Iterator[Entry]:
        """One entry per post; a single problem when the archive is broken or its account is not registered."""
        try:
            handle, platform_id = self._owner()
            account = self._register.find("x", platform_id, handle)
            if account is None:
                yield unknown_account(self._folder.name, "account.js", f"@{handle}")
                return
            notes = self._notes()
            for file in self._folder.names(TWEETS):
                for number, element in enumerate(self._folder.elements(file), 1):
                    entry = self._entry(element, account, handle, notes, f"{file}, unggahan ke-{number}")
                    if entry is not None:
                        yield entry
        except BrokenArchiveError as error:
            yield Problem(self._folder.name, error.where, "", str(error), _REMEDY)

    def _owner(self) -> tuple[str, str]:
        """Handle and numeric id from ``account.js``. Raises ``BrokenArchiveError``."""
        for file in self._folder.names(re.compile(r"account\.js")):
            for element in self._folder.elements(file):
                owner = element.get("account")
                if isinstance(owner, Mapping) and isinstance(owner.get("username"), str):
                    return storable(owner["username"]), str(owner.get("accountId") or "")
        raise BrokenArchiveError("account.js", "nama akun pemilik arsip tidak ditemukan")

    def _notes(self) -> dict[int, list[str]]:
        """Full texts of long posts by their second of publication; the archive does not say to which post they belong."""
        notes: dict[int, list[str]] = {}
        for file in self._folder.names(_NOTES):
            for element in self._folder.elements(file):
                note = element.get("noteTweet")
                core = note.get("core") if isinstance(note, Mapping) else None
                text = core.get("text") if isinstance(core, Mapping) else None
                moment = _moment(note.get("createdAt")) if isinstance(note, Mapping) else None
                if isinstance(text, str) and moment is not None:
                    notes.setdefault(int(moment.timestamp()), []).append(_plain(text))
        return notes

    def _entry(
        self, element: Mapping[str, Any], account: Account, handle: str, notes: dict[int, list[str]], where: str
    ) -> Entry | None:
        inner = element.get("tweet")
        tweet = inner if isinstance(inner, Mapping) else element
        version = _digits(tweet.get("id_str") or tweet.get("id"))
        moment = _moment(tweet.get("created_at"))
        text = tweet.get("full_text", tweet.get("text"))
        if not version or moment is None or not isinstance(text, str):
            return Problem(self._folder.name, where, "", "unggahan tanpa nomor, waktu, atau teks", _REMEDY)
        first = _first_version(tweet) or version
        if first != version:
            self._newest[first] = max(int(version), self._newest.get(first, 0))
        if int(version) < self._newest.get(first, 0):
            return None
        try:
            raw = raw_json(tweet)
        except CollectorError as error:
            return Problem(self._folder.name, where, "", str(error), _REMEDY)
        post = Post(
            platform="x",
            post_id=first,
            account=account.key,
            kind=_kind(tweet, text),
            published_at=(id_time(first) if first != version else None) or moment,
            text=_whole_text(_plain(text), moment, notes),
            media=tuple(_media(tweet)),
            url=f"https://x.com/{handle}/status/{first}",
            metrics=_metrics(tweet),
            raw_sha256=hashlib.sha256(raw).hexdigest(),
        )
        return Collected(post, raw)


def _digits(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) < 20 else ""


def _moment(value: object) -> datetime | None:
    """``Wed Oct 10 20:19:24 +0000 2018`` or ISO 8601, as an instant in UTC; None for anything else.

    Month names are looked up here, since ``strptime`` follows the language of the machine.
    """
    words = value.split() if isinstance(value, str) else []
    try:
        if len(words) == 6:
            _, month, day, clock, zone, year = words
            value = f"{int(year):04}-{_MONTHS[month]:02}-{int(day):02}T{clock}{zone}"
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, KeyError, OverflowError):
        return None


def _first_version(tweet: Mapping[str, Any]) -> str:
    """The id under which the post first appeared, when the archive tells of edits; else empty."""
    info = tweet.get("edit_info")
    edit = info.get("edit") if isinstance(info, Mapping) else None
    initial = info.get("initial") if isinstance(info, Mapping) else None
    if isinstance(edit, Mapping):
        if first := _digits(edit.get("initialTweetId")):
            return first
        initial = edit.get("editControlInitial")
    ids = initial.get("editTweetIds") if isinstance(initial, Mapping) else None
    known = [digits for one in ids if (digits := _digits(one))] if isinstance(ids, list) else []
    return min(known, key=int, default="")


def _plain(text: str) -> str:
    """X escapes exactly these three characters; what was published is the plain one."""
    return storable(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _whole_text(text: str, moment: datetime, notes: Mapping[int, list[str]]) -> str:
    """The full text of a long post: the note of (nearly) the same second that begins with the same words."""
    second = int(moment.timestamp())
    for shift in _NEAREST_SECONDS:
        for note in notes.get(second + shift, ()):
            words = _MENTIONS.sub("", _CUT.sub("", text))
            begins_alike = _MENTIONS.sub("", note).startswith(words[:_NOTE_PREFIX_CHARS])
            if begins_alike and len(note) > len(words) >= _NOTE_PREFIX_CHARS:
                return note
    return text


def _kind(tweet: Mapping[str, Any], text: str) -> PostKind:
    if text.startswith("RT @"):
        return "repost"
    return "reply" if tweet.get("in_reply_to_user_id_str") or tweet.get("in_reply_to_status_id_str") else "post"


def _media(tweet: Mapping[str, Any]) -> Iterator[Media]:
    for name in ("extended_entities", "entities"):
        entities = tweet.get(name)
        listed = entities.get("media") if isinstance(entities, Mapping) else None
        media = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
        for one in media:
            url, alt = one.get("media_url_https"), one.get("ext_alt_text")
            yield Media(
                kind="image" if one.get("type", "photo") == "photo" else "video",
                url=storable(url) if isinstance(url, str) and url.startswith("https://") else "",
                alt=storable(alt) if isinstance(alt, str) else "",
            )
        if media:
            return


def _metrics(tweet: Mapping[str, Any]) -> dict[str, int]:
    counts = {ours: _digits(tweet.get(theirs)) for theirs, ours in sorted(_COUNTS.items())}
    return {name: int(count) for name, count in counts.items() if count and int(count) < 2**53}
