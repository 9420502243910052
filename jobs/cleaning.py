"""Takes secrets and third persons out of recorded answers, so that what is left may become a fixture.

Only what is known is kept: text at a place that the expected shapes do not name becomes a note of its length. Pseudonyms are as
long as the names they stand for, so that offsets still hold.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pantau.checks.personal import mask_personal

SECRET = "[rahasia]"
_MIN_SECRET_CHARS = 6
_MIN_NAME_CHARS = 5
_UNLIKE_WORDS = re.compile(r"[\d_. ]")
"""Names without these may be words of the language and are not looked for in running text."""
_SECRET_KEY = re.compile(
    r"token|secret|session|csrf|cookie|password|dtsg|^lsd$|jazoest|nonce|signature|^key$|^sig$|^oh$|appsecret",
    re.IGNORECASE,
)
_CURSORS = frozenset(
    {"next_token", "previous_token", "pagination_token", "nextPageToken", "prevPageToken", "token_type"}
)
_OF_OTHERS = re.compile(r"comments?$|likers|usertags|tagged|_tags$|^to$|mutual|follower_names|viewer", re.IGNORECASE)
_OTHERS_NUMBERS = frozenset({"in_reply_to_user_id"})
_WORDS = frozenset({"text", "note_tweet", "note_post", "entities"})
_PERSON_NAMES = ("full_name", "name")
_PERSON_IDS = ("id", "pk", "pk_id", "fbid_v2")
_URL = re.compile(r"https?://[^\s\"'<>\\]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MENTION = re.compile(r"(?<![\w.@/])@([A-Za-z0-9_][A-Za-z0-9_.]{1,29})")
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.+Z-]{4,}|[A-Z][A-Z_]{1,29}|\d{1,6}")
_AUTHORS = re.compile(r"(<(dc:creator|author|managingEditor|webMaster|name|email)\b[^>]*>)(.*?)(</\2>)", re.DOTALL)
_PLAIN_QUERY = frozenset({"p", "page_id", "paged", "cat", "v", "id"})
"""Parameters by which websites name their pages."""
_LINKS = re.compile(r"<link\b[^>]*\balternate\b[^>]*>", re.IGNORECASE)

Shape = Mapping[str, str]


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, by its name."""
    return bool(_SECRET_KEY.search(name)) and name not in _CURSORS


class Cleaner:
    """``own``: lower-case handles and ids that are the office's. ``secrets``: values that must not be left anywhere."""

    def __init__(self, own: Iterable[str], secrets: Iterable[str] = ()) -> None:
        self._own = {name.lower() for name in own if name}
        self._secrets: set[str] = set()
        self._people: dict[str, str] = {}
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """Let no copy of this value pass from now on. Values of a few letters are words, not secrets."""
        if len(secret) >= _MIN_SECRET_CHARS:
            self._secrets |= {secret, quote(secret, safe=""), quote(secret)}

    def final(self, text: str) -> str:
        """The last net over whatever is about to be written: every secret and every stranger met anywhere in the recording."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, SECRET)
        names = [name for name in self._people if len(name) >= _MIN_NAME_CHARS and _UNLIKE_WORDS.search(name)]
        if not names:
            return text
        longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        return re.sub(
            rf"(?<!\w)(?:{longest_first})(?!\w)", lambda found: self.person(found[0]), text, flags=re.IGNORECASE
        )

    def is_own(self, name: object) -> bool:
        """Whether a handle or number belongs to the office's register."""
        return str(name).lower().lstrip("@") in self._own

    def person(self, name: str) -> str:
        """The pseudonym of somebody who is not in the register, always the same within a recording and as long as the name."""
        known = self._people.setdefault(name.lower(), f"o{len(self._people) + 1}")
        if name.isdigit():
            return f"9{known[1:]}".ljust(len(name), "0")[: max(len(name), 2)]
        return known.ljust(len(name), "x")[: max(len(name), len(known))]

    def text(self, text: str) -> str:
        """Words of the office, without numbers and names of others in them."""
        text = _URL.sub(lambda found: self.address(found[0]), text)
        text = _MAIL.sub(lambda found: re.sub(r"\w", "x", found[0]), text)
        text = _MENTION.sub(lambda found: found[0] if self.is_own(found[1]) else f"@{self.person(found[1])}", text)
        return mask_personal(text)

    def address(self, url: str) -> str:
        """Scheme, host, path and the number of a page; what else comes behind can be a signature or a token."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return "[alamat]"
        kept = [(name, value) for name, value in parse_qsl(parts.query) if name in _PLAIN_QUERY and len(value) <= 12]
        names = [part if not part.startswith("@") or self.is_own(part) else "@" for part in parts.path.split("/")]
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "/".join(names), urlencode(kept), ""))

    def json(self, value: object, shape: Shape, path: str = "", strange: bool = False) -> object:
        """A JSON value. ``strange``: it belongs to somebody else, so that its words go."""
        if isinstance(value, dict):
            return self._object(value, shape, path, strange)
        if isinstance(value, list):
            return [self.json(item, shape, f"{path}[]", strange) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        known = not shape.get(path, "~").startswith("~")
        if isinstance(value, str):
            return self._string(value, known and not strange)
        assert isinstance(value, int | float)
        return value if known or abs(value) < 1e6 else 0

    def _string(self, value: str, known: bool) -> str:
        if known or _PLAIN.fullmatch(value) or self.is_own(value):
            return self.text(value)
        return self.address(value) if _URL.fullmatch(value) else f"[teks {len(value)} huruf]"

    def _object(self, value: Mapping[str, object], shape: Shape, path: str, strange: bool) -> dict[str, object]:
        strange = strange or self._of_somebody_else(value)
        words = _WORDS if _is_repost(value) else frozenset()
        kept: dict[str, object] = {}
        for name, inner in value.items():
            here = f"{path}.{name}" if path else name
            shown = self.text(name) if not _is_number(name) or self.is_own(name) else self.person(name)
            if is_secret_name(name):
                kept[shown] = SECRET if isinstance(inner, str) and inner else _emptied(inner)
            elif _OF_OTHERS.search(name) and isinstance(inner, str | list | dict):
                kept[shown] = _emptied(inner)
            elif name in _OTHERS_NUMBERS or (
                path.endswith(("referenced_tweets[]", "referenced_posts[]")) and name == "id"
            ):
                kept[shown] = inner if self.is_own(inner) else self.person(str(inner))
            else:
                kept[shown] = self.json(inner, shape, here, strange or name in words or _quotes(path, name))
        username = value.get("username")
        if isinstance(username, str) and not self.is_own(username):
            kept |= self._somebody(value, username)
        return kept

    def _of_somebody_else(self, value: Mapping[str, object]) -> bool:
        """A post by an account that is not the office's, for example of the other side of a collaboration."""
        user = value.get("user")
        if isinstance(user, Mapping) and isinstance(user.get("username"), str):
            return not self.is_own(user["username"])
        author = value.get("author_id")
        return isinstance(author, str) and not self.is_own(author)

    def _somebody(self, value: Mapping[str, object], username: str) -> dict[str, object]:
        names = ("username", *_PERSON_NAMES)
        found: dict[str, object] = {name: self.person(str(value[name])) for name in names if value.get(name)}
        for name in _PERSON_IDS:
            if value.get(name):
                number = self.person(str(value[name]))
                found[name] = int(number) if isinstance(value[name], int) else number
        return found

    def markup(self, text: str, *, own_author: bool) -> str:
        """A feed: the office's words stay, names of authors go unless the author is the office itself."""
        if not own_author:
            text = _AUTHORS.sub(lambda found: f"{found[1]}orang{found[4]}", text)
        return self.text(text)

    def links(self, page: str) -> list[str]:
        """Of a web page only where its feeds are."""
        return [self.text(link) for link in _LINKS.findall(page)]


def _is_repost(value: Mapping[str, object]) -> bool:
    """The act is the office's, the words are not."""
    references = value.get("referenced_tweets", value.get("referenced_posts"))
    return isinstance(references, list) and any(
        isinstance(one, Mapping) and one.get("type") in ("retweeted", "reposted") for one in references
    )


def _quotes(path: str, name: str) -> bool:
    """Words of those whom a page shares."""
    return "attachments" in path and name in ("title", "description", "name", "caption")


def _is_number(name: str) -> bool:
    return name.isdigit() and len(name) > 4


def _emptied(value: object) -> object:
    return 0 if isinstance(value, int | float) else None if value is None else type(value)()
