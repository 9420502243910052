"""Reply codes: what a mail must carry to decide about a finding. A code is good for one finding, one action and one reader.

``20261124-3F9A2C1B5D6E7F80-BP-KQ7-FUNKNNQIJEUEHQFP``: local day of the digest, finding key, action, id of the key, and 80 bits
of HMAC-SHA256 over all of that and the reader's address. Only digits and upper-case letters, so that a code survives being
lower-cased, wrapped, quoted and typed again.
"""

import base64
import hashlib
import hmac
import re
from datetime import date, timedelta
from typing import Literal

import msgspec

from pantau.core.model import DecisionAction

Flaw = Literal["forged", "old_key", "expired", "early"]

ACTION_CODES: dict[DecisionAction, str] = {"dismiss": "BP", "followed_up": "TL", "answer": "HJ", "undo": "BT"}
"""Bukan pelanggaran, tindak lanjut, hak jawab, batal."""
_ACTIONS = {code: action for action, code in ACTION_CODES.items()}

UNSIGNED = "0" * 16
"""Stands where a signature belongs until the reader is known. Base32 has no 0, so it is never valid."""
_EARLY_DAYS = 1

_GAP = r"[\s>|*_\u00ad\u200b]{0,8}"
"""What mail programs put inside a code: line ends, quote marks, emphasis, invisible breaks."""


def _spread(sign: str, times: int) -> str:
    return f"{sign}(?:{_GAP}{sign}){{{times - 1}}}"


_CODE = re.compile(
    f"(?<![0-9A-Z%])({_spread('[0-9]', 8)}){_GAP}-{_GAP}({_spread('[0-9A-F]', 16)}){_GAP}-{_GAP}"
    f"({_spread('[A-Z]', 2)}){_GAP}-{_GAP}({_spread('[A-Z2-7]', 3)}){_GAP}-{_GAP}({_spread('[A-Z2-7]', 16)})(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)
_CODE_WITH_WORD = re.compile(rf"(?:\bkode[\s:]{{0,4}})?\[?{_CODE.pattern}\]?", re.IGNORECASE | re.ASCII)
_IN_LINK = re.compile(rf"%[0-9A-F]{{2}}{_GAP}$", re.IGNORECASE)
_NOT_CODE = re.compile(r"[^0-9A-Z]")


class Code(msgspec.Struct, frozen=True):
    """A reply code as read from a mail; nothing says yet that it is genuine."""

    day: str
    finding_key: str
    action_code: str
    key_id: str
    signature: str

    @property
    def action(self) -> DecisionAction | None:
        """What it asks for; None for an action that does not exist."""
        return _ACTIONS.get(self.action_code)

    @property
    def label(self) -> str:
        """The code without its signature, fit for logs and lists."""
        return f"{self.day}-{self.finding_key}-{self.action_code}"


def unsigned(day: date, finding_key: str, action: DecisionAction, key_id: str) -> str:
    """The code with ``UNSIGNED`` for a signature; ``ReplyKey.signed`` puts in the one of a reader."""
    return f"{day:%Y%m%d}-{finding_key}-{ACTION_CODES[action]}-{key_id}-{UNSIGNED}"


def codes_in(text: str) -> tuple[Code, ...]:
    """Every different code in a text, in order. One inside a link (a quoted digest) is not meant by its sender."""
    found: dict[Code, None] = {}
    for hit in _CODE.finditer(text):
        if not _IN_LINK.search(text[max(0, hit.start() - 12) : hit.start()]):
            found[Code(*(_NOT_CODE.sub("", part.upper()) for part in hit.groups()))] = None
    return tuple(found)


def without_codes(text: str) -> str:
    """``text`` with every code, and the word in front of it, taken out."""
    return _CODE_WITH_WORD.sub(" ", text)


class ReplyKey:
    """Makes and checks codes. Printing it shows the key's id, never the key."""

    def __init__(self, secret: bytes) -> None:
        """``secret``: whatever only this office knows, at least 16 bytes."""
        self._secret = hashlib.sha256(b"pantau reply key\0" + secret).digest()
        mark = hashlib.sha256(b"pantau reply key id\0" + self._secret).digest()
        self.key_id = "K" + base64.b32encode(mark).decode()[:2]
        self._unsigned = re.compile(rf"([0-9]{{8}})-([0-9A-F]{{16}})-([A-Z]{{2}})-({self.key_id})-{UNSIGNED}")

    def __repr__(self) -> str:
        return f"ReplyKey({self.key_id})"

    def signature(self, code: Code, recipient: str) -> str:
        """The 16 signs that make the code valid for that address."""
        parts = ("v1", code.day, code.finding_key, code.action_code, code.key_id, address_form(recipient))
        digest = hmac.new(self._secret, "|".join(parts).encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:10]).decode()

    def signed(self, text: str, recipient: str) -> str:
        """``text`` (page or plain twin) with every unsigned code in it signed for that address."""
        return self._unsigned.sub(lambda hit: self._sign(hit, recipient), text)

    def _sign(self, hit: "re.Match[str]", recipient: str) -> str:
        code = Code(hit[1], hit[2], hit[3], hit[4], UNSIGNED)
        return hit.group().removesuffix(UNSIGNED) + self.signature(code, recipient)

    def flaw(self, code: Code, sender: str, today: date, days: int) -> Flaw | None:
        """Why the code gives ``sender`` nothing; None when it is genuine and not older than ``days`` days."""
        if code.key_id != self.key_id:
            return "old_key"
        if not hmac.compare_digest(self.signature(code, sender), code.signature):
            return "forged"
        day = date(int(code.day[:4]), int(code.day[4:6]), int(code.day[6:]))  # a genuine code has a real day
        if day > today + timedelta(days=_EARLY_DAYS):
            return "early"
        return "expired" if day < today - timedelta(days=days) else None


def address_form(address: str) -> str:
    """An address as it is compared: without blanks around it, lower case."""
    return address.strip().lower()
