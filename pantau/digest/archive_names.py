"""Who is who in the archive, and under which address each stands."""

import hashlib
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from pantau.core.model import Account, Observation, Unit
from pantau.digest import clean, words
from pantau.digest.archive_model import ArchiveWorld
from pantau.digest.archive_text import Shower

_NAME_CHARS = 100
KIND_LABELS = {
    "opd": "Perangkat daerah",
    "kecamatan": "Kecamatan",
    "kelurahan": "Kelurahan",
    "desa": "Desa",
    "rsud": "RSUD",
    "puskesmas": "Puskesmas",
    "sekolah": "Sekolah",
    "bumd": "BUMD",
    "pejabat": "Pejabat",
}


class Names:
    """The register, and what the nights say about units and accounts that have left it."""

    def __init__(self, world: ArchiveWorld) -> None:
        self.zone = ZoneInfo(world.office.timezone)
        self.units: dict[str, Unit] = {unit.code: unit for unit in world.units}
        self._accounts: dict[str, Account] = {account.key: account for account in world.accounts}
        self._unit_of: dict[str, str] = {account.key: account.unit for account in world.accounts}
        for account in world.accounts:  # as it was called before its numeric id was known
            self._accounts.setdefault(f"{account.platform}:@{account.handle.lower()}", account)
        self.shower = Shower({account.handle.lower() for account in world.accounts})
        self._slugs: dict[str, str] = {}
        self._taken: set[str] = set()
        for unit in world.units:
            self.slug(unit.code)

    def learn(self, observations: Iterable[Observation]) -> None:
        """Take note of units and accounts that are not in the register any more."""
        for item in observations:
            self._unit_of.setdefault(item.account, item.unit)
            self.meet(item.unit)

    def meet(self, code: str) -> None:
        """Make sure that a unit has a name."""
        if code not in self.units:
            self.units[code] = Unit(code=code, name=f"{code} (tidak terdaftar lagi)", kind="opd")

    def unit_of(self, account: str) -> str:
        """The unit's code; empty for an account that no night knows."""
        known = self._accounts.get(account)
        return known.unit if known else self._unit_of.get(account, "")

    def accounts_by_unit(self, observed: Iterable[str]) -> dict[str, list[str]]:
        """Keys of the accounts of each unit, registered or observed, by name."""
        keys = {account.key for account in self._accounts.values()}
        keys |= {key for key in observed if key not in self._accounts and not key.startswith("unit:")}
        found: dict[str, list[str]] = {}
        for key in sorted(keys, key=lambda key: (self.account(key).casefold(), key)):
            found.setdefault(self.unit_of(key), []).append(key)
        return found

    def unit(self, code: str) -> str:
        """The unit's name, with that of its parent for villages."""
        unit = self.units.get(code)
        if unit is None:
            return clean.line(code, _NAME_CHARS)
        parent = self.units.get(unit.parent)
        name = clean.line(unit.name, _NAME_CHARS)
        if parent and unit.kind in ("desa", "kelurahan"):
            return f"{name}, {clean.line(parent.name, _NAME_CHARS)}"
        return name

    def account(self, key: str) -> str:
        """``@handle (Instagram)``, or the key of an account that is not registered any more."""
        known = self._accounts.get(key)
        return clean.line(words.account(known) if known else key, _NAME_CHARS)

    def slug(self, code: str) -> str:
        """The folder of a unit: its code where that is a plain name, else with a few digits that make it unique."""
        if code not in self._slugs:
            plain = _plain(code)
            unique = plain == code.lower() and plain not in self._taken
            self._slugs[code] = plain if unique else f"{plain}-{_digest(code)}"
            self._taken.add(self._slugs[code])
        return self._slugs[code]

    def rule_slug(self, rule_id: str) -> str:
        """The file of a rule, without its ending."""
        plain = _plain(rule_id)
        return plain if plain == rule_id and plain != "index" else f"{plain}-{_digest(rule_id)}"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60] or "x"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
