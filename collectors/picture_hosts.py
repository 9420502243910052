"""The hosts from which each platform serves pictures. A host stands for itself and everything below it."""

from collections.abc import Mapping, Sequence

from pantau.core.model import Account

MEDIA_HOSTS: Mapping[str, tuple[str, ...]] = {
    "x": ("pbs.twimg.com", "video.twimg.com"),
    "instagram": ("cdninstagram.com", "fbcdn.net"),
    "facebook": ("fbcdn.net",),
    "youtube": ("ytimg.com", "img.youtube.com"),
    "tiktok": ("tiktokcdn.com", "tiktokcdn-us.com", "tiktokcdn-eu.com"),
}


def media_hosts(account: Account, more: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Where pictures of an account may come from: its platform's hosts (for a website its own) and the office's additions."""
    own = MEDIA_HOSTS.get(account.platform, ())
    if account.platform == "website":
        own = (account.handle.partition("/")[0].partition(":")[0].removeprefix("www."),)
    return (*own, *more.get(account.platform, ()))


def is_below(host: str, hosts: Sequence[str]) -> bool:
    """True when ``host`` is one of ``hosts`` or lies below one."""
    host = host.rstrip(".").casefold()
    return any(host == other or host.endswith(f".{other}") for other in (name.casefold() for name in hosts if name))
