"""What our own mail server says about who sent a mail (RFC 8601). What other servers say about it is never believed."""

import re
from email.message import Message
from typing import Literal

Verdict = Literal["pass", "fail", "none"]

_HEADER_CHARS = 4_000
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z0-9-]+)\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAINS = re.compile(r"(?:smtp\.mailfrom|header\.d|header\.i)\s*=\s*\"?(?:[^\s;\"@]*@)?([a-z0-9.-]+)", re.IGNORECASE)


def verdict(message: Message, authserv_id: str, sender: str) -> Verdict:
    """``pass``: the domain of ``sender`` stands behind the mail. ``fail``: it denies it. ``none``: nobody says anything.

    Only the topmost header counts, and only when our own server (``authserv_id``) wrote it.
    """
    found = message.get_all("Authentication-Results", [])
    if not found or not authserv_id:
        return "none"
    parts = _COMMENT.sub(" ", str(found[0])[:_HEADER_CHARS]).split(";")
    if parts[0].lower().split()[:1] != [authserv_id.strip().lower()]:
        return "none"
    domain = sender.rpartition("@")[2].lower()
    passed = failed = False
    for part in parts[1:]:
        result = _RESULT.match(part)
        if result is None:
            continue
        method, said = result[1].lower(), result[2].lower()
        if method == "dmarc" and said in ("pass", "fail"):
            return "pass" if said == "pass" else "fail"
        if method in ("spf", "dkim"):
            passed |= said == "pass" and any(_aligned(name, domain) for name in _DOMAINS.findall(part))
            failed |= said in ("fail", "softfail", "hardfail")
    return "pass" if passed else "fail" if failed else "none"


def _aligned(name: str, domain: str) -> bool:
    """Whether a checked domain speaks for the domain in From: the same, or one inside the other."""
    name = name.lower().strip(".")
    return name == domain or name.endswith("." + domain) or ("." in name and domain.endswith("." + name))
