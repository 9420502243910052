"""Who is who: units and accounts of the register under the names that readers see."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from pantau.core.model import Account, Unit
from pantau.digest import clean, words

_NAME_CHARS = 100


class Names:
    """The register with its look-ups, in the office's time zone."""

    def __init__(self, units: Iterable[Unit], accounts: Iterable[Account], timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.units: dict[str, Unit] = {unit.code: unit for unit in units}
        self.accounts: dict[str, Account] = {account.key: account for account in accounts}
        self._aliases = {f"{a.platform}:@{a.handle.lower()}": a.key for a in self.accounts.values()}
        self._names = Counter(unit.name.casefold() for unit in self.units.values())

    def resolve(self, key: str) -> str:
        """The account's present key; a handle is replaced by the numeric id once that is known."""
        return key if key in self.accounts else self._aliases.get(key, key)

    def unit_name(self, code: str) -> str:
        """The unit's name; with that of its parent for villages and wherever names repeat."""
        unit = self.units.get(code)
        if unit is None:
            return clean.line(code, _NAME_CHARS) or "unit tidak dikenal"
        name = clean.line(unit.name, _NAME_CHARS)
        parent = self.units.get(unit.parent)
        if parent and (unit.kind in ("desa", "kelurahan") or self._names[unit.name.casefold()] > 1):
            return f"{name}, {clean.line(parent.name, _NAME_CHARS)}"
        return name

    def account_name(self, key: str) -> str:
        """``@handle (Instagram)`` of a registered account, else the key itself."""
        account = self.accounts.get(self.resolve(key))
        return clean.line(words.account(account) if account else key, _NAME_CHARS)

    def moment(self, when: datetime) -> str:
        """An instant as readers see it."""
        return words.moment(when, self.zone)
