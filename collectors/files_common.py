"""What the readers of exported files share: the register, the limits, and how a mistake is reported."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from pantau.core.errors import Problem
from pantau.core.model import Account, Collected

MAX_ITEM_BYTES = 8 * 1024 * 1024
"""Largest single post in a file; a real one has a few kilobytes."""
MAX_FILE_BYTES = 2 * 1024 * 1024 * 1024
"""Largest unpacked file; beyond it a small packed file would fill the memory or the disk."""

REGISTER_REMEDY = "Tambahkan akunnya ke daftar akun (accounts.csv), atau hapus baris ini dari berkas"

Entry = Collected | Problem


class ExportReader(Protocol):
    """Goes through an exported file. ``entries`` is called twice: to check everything, then to hand the posts over."""

    def entries(self) -> Iterator[Entry]:
        """Every post, or the problem that stands in its place."""
        ...


class Register:
    """Finds the registered account that a file speaks of."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_name: dict[tuple[str, str], Account] = {}
        self.platforms: set[str] = set()
        for account in accounts:
            self.platforms.add(account.platform)
            self._by_name[account.platform, f"@{account.handle.lower()}"] = account
            if account.platform_id:
                self._by_name[account.platform, account.platform_id] = account

    def find(self, platform: str, platform_id: str = "", handle: str = "") -> Account | None:
        """By numeric id, which never changes, else by handle (with or without ``@``); None when it is not registered."""
        handle = handle.removeprefix("@").lower()
        by_id = self._by_name.get((platform, platform_id)) if platform_id else None
        return by_id or (self._by_name.get((platform, f"@{handle}")) if handle else None)

    def by_key(self, key: str, platform: str = "") -> Account | None:
        """By ``x:@handle``, ``x:123``, or a bare handle or id when ``platform`` is given."""
        prefix, colon, name = key.partition(":")
        if colon and prefix in self.platforms:
            platform, key = prefix, name
        name = key.strip()
        return self.find(platform, "" if name.startswith("@") else name, name)


def unknown_account(file: str, where: str, label: str) -> Problem:
    """The problem of a post whose account the office did not register."""
    return Problem(file, where, label, "akun ini tidak ada di daftar akun", f"{REGISTER_REMEDY}.")
