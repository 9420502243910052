"""Look-ups shared by the builders: who is who tonight, in which state, under which name."""

from datetime import date

from pantau.core.clock import local_day
from pantau.core.model import Finding, Observation, Post
from pantau.digest import clean, words
from pantau.digest.model import DigestInput, OpenFinding
from pantau.digest.names import Names

_ANSWER_CHARS = 600
_NO_RECORD = "tidak ada catatan pemeriksaan untuk akun ini malam ini"


NOT_SEEN = ("unread", "unwatched", "waiting")
"""Buckets of accounts of which nothing is known tonight."""
_INTENDED = {"not_watched": "unwatched", "rotation": "waiting"}


def _bucket(item: Observation) -> str:
    return _INTENDED.get(item.unread_class, item.state) if item.state == "unread" else item.state


class Context(Names):
    """The input with its look-ups. Every registered account has exactly one observation here, even if jobs handed none."""

    def __init__(self, data: DigestInput) -> None:
        super().__init__(data.units, data.accounts, data.office.timezone)
        self.data = data
        self.today: date = local_day(data.run.as_of, self.zone)
        self.states = self._all_states()
        self.previous = {self.resolve(item.account): item for item in data.previous_observations}
        self.earlier: dict[str, OpenFinding] = {item.finding.key: item for item in data.earlier}

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

    def place(self, finding: Finding) -> str:
        """Where a finding belongs: its post, its account or its unit."""
        return finding.post or (self.resolve(finding.account) if finding.account else f"unit:{finding.unit}")

    def post(self, finding: Finding) -> Post | None:
        """The post of a finding, when it was handed over."""
        return self.data.posts.get(finding.post)

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
