"""Look-ups shared by the builders: who is who tonight, in which state, under which name."""

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pantau.core.clock import local_day
from pantau.core.model import Account, Finding, Observation, Post, Unit
from pantau.digest import clean, words
from pantau.digest.model import DigestInput, OpenFinding

_NAME_CHARS = 100
_ANSWER_CHARS = 600
_NO_RECORD = "tidak ada catatan pemeriksaan untuk akun ini malam ini"


NOT_SEEN = ("unread", "unwatched", "waiting")
"""Buckets of accounts of which nothing is known tonight."""
_INTENDED = {"not_watched": "unwatched", "rotation": "waiting"}


def _bucket(item: Observation) -> str:
    return _INTENDED.get(item.unread_class, item.state) if item.state == "unread" else item.state


class Context:
    """The input with its look-ups. Every registered account has exactly one observation here, even if jobs handed none."""

    def __init__(self, data: DigestInput) -> None:
        self.data = data
        self.zone = ZoneInfo(data.office.timezone)
        self.today: date = local_day(data.run.as_of, self.zone)
        self.units: dict[str, Unit] = {unit.code: unit for unit in data.units}
        self.accounts: dict[str, Account] = {account.key: account for account in data.accounts}
        self._aliases = {f"{a.platform}:@{a.handle.lower()}": a.key for a in data.accounts}
        self._names = Counter(unit.name.casefold() for unit in data.units)
        self.states = self._all_states()
        self.previous = {self.resolve(item.account): item for item in data.previous_observations}
        self.earlier: dict[str, OpenFinding] = {item.finding.key: item for item in data.earlier}

    def resolve(self, key: str) -> str:
        """The account's present key; a handle is replaced by the numeric id once that is known."""
        return key if key in self.accounts else self._aliases.get(key, key)

    def _all_states(self) -> dict[str, Observation]:
        seen = {self.resolve(item.account): item for item in self.data.observations if item.state != "unregistered"}
        unwatched = set(self.data.unwatched)
        states: dict[str, Observation] = {}
        for key, account in self.accounts.items():
            skipped = account.platform in unwatched
            states[key] = seen.get(key) or Observation(
                account=key,
                unit=account.unit,
                state="unread",
                unread_class="not_watched" if skipped else "",
                reason="" if skipped else _NO_RECORD,
            )
        return states

    def bucket(self, key: str) -> str:
        """The state of a registered account; ``unwatched`` when its platform is not collected at all, ``waiting`` for its turn."""
        return _bucket(self.states[key])

    def bucket_before(self, key: str) -> str:
        """The same last night; empty when there is no record."""
        item = self.previous.get(key)
        return _bucket(item) if item else ""

    def in_bucket(self, bucket: str) -> list[Observation]:
        """Observations in that state, by unit name and account."""
        found = [item for key, item in self.states.items() if self.bucket(key) == bucket]
        return sorted(found, key=lambda item: (self.unit_name(item.unit).casefold(), self.account_name(item.account)))

    def unregistered(self) -> list[Observation]:
        """Units without an account, by name."""
        found = {item.unit: item for item in self.data.observations if item.state == "unregistered"}
        return sorted(found.values(), key=lambda item: self.unit_name(item.unit).casefold())

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

    def place(self, finding: Finding) -> str:
        """Where a finding belongs: its post, its account or its unit."""
        return finding.post or (self.resolve(finding.account) if finding.account else f"unit:{finding.unit}")

    def post(self, finding: Finding) -> Post | None:
        """The post of a finding, when it was handed over."""
        return self.data.posts.get(finding.post)

    def moment(self, when: datetime) -> str:
        """An instant as readers see it."""
        return words.moment(when, self.zone)

    def since(self, day: date) -> str:
        """A day, with the year only when it is another one."""
        return words.since_day(day, self.today)

    def history(self, finding: Finding) -> str:
        """``baru malam ini``, or since when the same finding has been shown and how often."""
        before = self.earlier.get(finding.key)
        if before is None:
            return "baru malam ini"
        return f"sejak {self.since(before.first_day)}, {words.number(before.times + 1)} kali tampil"

    def answer(self, key: str) -> str:
        """The unit's own words about a finding, clean and with long numbers masked."""
        return clean.line(clean.masked(self.data.answers.get(key, "")), _ANSWER_CHARS)
