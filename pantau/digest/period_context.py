"""Look-ups for a period: what was counted of each account, what may be compared with what, and what became of each finding."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from pantau.core.clock import days_between
from pantau.core.model import USEFUL_CATEGORIES, Finding, Post, finding_order
from pantau.core.periods import Correction, PeriodFinding, Sums
from pantau.digest import words
from pantau.digest.build_posts import ACCOUNT_FAMILIES
from pantau.digest.editions import TIERS
from pantau.digest.names import Names
from pantau.digest.period_input import PeriodInput

ENOUGH_POSTS = 5
"""Fewer posts with a category than this have no percentage."""
TOO_FEW = "terlalu sedikit"
GONE_UNIT = "Tidak lagi terdaftar"
"""Posts of accounts that have left the register since."""
KNOWN_STATES = ("active", "quiet", "never_posted", "gone", "private", "excused")
Outcome = Literal["dismissed", "corrected", "followed_up", "confirmed", "answered", "open"]
_CARE_KINDS = ("rsud", "puskesmas", "sekolah")
_CARE_NAMES = ("kesehatan", "pendidikan")


class Tally(msgspec.Struct, frozen=True):
    """One ``Sums`` by account."""

    sums: Sums
    posts: dict[str, Counter[str]]
    """Account key to its posts by category."""
    states: dict[str, Counter[str]]
    """Account key to its nights by state; ``waiting`` for nights in which nobody meant to read it."""

    @property
    def days(self) -> int:
        """How many days the period has."""
        return len(days_between(self.sums.first, self.sums.last))

    @property
    def nights(self) -> int:
        """How many of them have a night."""
        return self.sums.nights

    @property
    def gaps(self) -> list[date]:
        """Days without a night."""
        held = {day.day for day in self.sums.days if day.flagged is not None}
        return [day for day in days_between(self.sums.first, self.sums.last) if day not in held]

    def read(self, key: str) -> int:
        """In how many nights the account's state was known."""
        counter = self.states.get(key, Counter())
        return sum(counter[state] for state in KNOWN_STATES)

    def silent(self, key: str) -> int:
        """In how many nights it was read and past its limit, or without any post."""
        counter = self.states.get(key, Counter())
        return counter["quiet"] + counter["never_posted"]

    def unread(self, key: str) -> int:
        """In how many nights Pantau failed to read it."""
        return self.states.get(key, Counter())["unread"]

    def full(self, key: str) -> bool:
        """True when it was read in every night and every day has a night."""
        return self.nights == self.days == self.read(key)

    def of(self, keys: Iterable[str]) -> Counter[str]:
        """The posts of several accounts by category."""
        total: Counter[str] = Counter()
        for key in keys:
            total.update(self.posts.get(key, Counter()))
        return total


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """All flags about one place, worst first."""

    place: str
    items: tuple[PeriodFinding, ...]
    outcome: Outcome
    correction: Correction | None

    @property
    def worst(self) -> Finding:
        """The finding that speaks for all."""
        return self.items[0].finding


def categorised(counter: Counter[str]) -> int:
    """Posts with a category."""
    return counter.total() - counter[""]


def useful(counter: Counter[str]) -> int:
    """Posts of direct use to people."""
    return sum(counter[category] for category in USEFUL_CATEGORIES)


class PeriodContext(Names):
    """The input with its look-ups."""

    def __init__(self, data: PeriodInput) -> None:
        super().__init__(data.units, data.accounts, data.office.timezone)
        self.data = data
        self.watched = {key: item for key, item in self.accounts.items() if item.platform not in data.unwatched}
        self.by_unit: defaultdict[str, list[str]] = defaultdict(list)
        for key, account in self.accounts.items():
            self.by_unit[account.unit].append(key)
        self.now = self._tally(data.now)
        self.before = self._tally(data.before) if data.before else None
        self.comparable = self._comparable()
        self.corrections = _by_post(data.now.corrections)
        self._corrected = {item.finding_key: self.corrections[item.post] for item in data.now.corrections}
        self.flags = self._flags()
        self.personal = {item.finding.post for item in data.now.findings if item.finding.family == "DPR"}
        """Posts with personal data, whatever else was found about them."""

    def _tally(self, sums: Sums) -> Tally:
        posts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for count in sums.posts:
            posts[self.resolve(count.account)][count.category] += count.posts
        states: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for item in sums.states:
            waiting = item.state == "unread" and item.intended
            states[self.resolve(item.account)]["waiting" if waiting else item.state] += item.nights
        for key in self.watched:
            if key not in states and sums.nights:
                states[key]["unread"] = sums.nights  # no record is no knowledge
        return Tally(sums, dict(posts), dict(states))

    def _comparable(self) -> frozenset[str]:
        """Accounts that were read in every night of both periods."""
        if self.before is None:
            return frozenset()
        return frozenset(key for key in self.watched if self.now.full(key) and self.before.full(key))

    @property
    def all_comparable(self) -> bool:
        """True when every watched account may be compared, and no post stands outside of them."""
        if self.before is None or len(self.comparable) != len(self.watched):
            return False
        posts = [{key for key, counter in tally.posts.items() if counter.total()} for tally in (self.now, self.before)]
        return posts[0] | posts[1] <= self.comparable

    def unit_of(self, key: str) -> str:
        """Code of the unit of an account; empty when it is registered no more."""
        account = self.accounts.get(self.resolve(key))
        return account.unit if account else ""

    def first(self, code: str) -> tuple[int, int]:
        """Education, health and hospitals come first among equals, then what the office itself put first."""
        unit = self.units.get(code)
        if unit is None:
            return (1, 0)
        name = unit.name.casefold()
        care = unit.kind in _CARE_KINDS or (unit.kind == "opd" and any(word in name for word in _CARE_NAMES))
        return (0 if care else 1, -unit.priority)

    def tier(self, code: str) -> str:
        """Label of the tier of a unit."""
        unit = self.units.get(code)
        return next((label for label, kinds in TIERS if unit and unit.kind in kinds), GONE_UNIT)

    def period_word(self, *, before: bool = False) -> str:
        """``minggu ini``, ``bulan sebelumnya``."""
        word = {"week": "minggu", "month": "bulan", "span": "masa"}[self.data.kind]
        return f"{word} {'sebelumnya' if before else 'ini'}"

    def post(self, finding: Finding) -> Post | None:
        """The post of a finding, while its text is kept."""
        return self.data.posts.get(finding.post)

    def day(self, day: date) -> str:
        """A day, with the year only when it is another one."""
        return words.since_day(day, self.data.now.last)

    def correction(self, finding: Finding) -> Correction | None:
        """How its post was corrected, when it was."""
        return self._corrected.get(finding.key)

    def outcome(self, item: PeriodFinding) -> Outcome:
        """What became of one finding. A confirmed or answered one still waits for somebody to follow it up."""
        action = item.decision.action if item.decision else "undo"
        if action == "dismiss":
            return "dismissed"
        if item.finding.key in self._corrected:
            return "corrected"
        known: dict[str, Outcome] = {"followed_up": "followed_up", "confirm": "confirmed", "answer": "answered"}
        return known.get(action, "open")

    def flagged(self, sums: Sums, keys: frozenset[str]) -> int:
        """Places with a flag, of some accounts only."""
        found = [item.finding for item in sums.findings if _is_card(item)]
        return len({self._place(finding) for finding in found if self.resolve(finding.account) in keys})

    @property
    def reviews(self) -> int:
        """Places about which there is nothing but a hint."""
        hints = {self._place(item.finding) for item in self.data.now.findings if item.strength == "review"}
        return len(hints - {flag.place for flag in self.flags})

    def _place(self, finding: Finding) -> str:
        return finding.post or (self.resolve(finding.account) if finding.account else f"unit:{finding.unit}")

    def _flags(self) -> tuple[Flag, ...]:
        """By place; dismissed ones last, then worst first, care first among equals."""
        groups: defaultdict[str, list[PeriodFinding]] = defaultdict(list)
        for item in sorted(self.data.now.findings, key=_order):
            if _is_card(item):
                groups[self._place(item.finding)].append(item)
        flags = [self._flag(place, items) for place, items in groups.items()]
        return tuple(sorted(flags, key=self._flag_order))

    def _flag(self, place: str, items: list[PeriodFinding]) -> Flag:
        """A word of an officer or of the unit is about the whole post; else a place is as far as its least settled finding."""
        order: tuple[Outcome, ...] = ("confirmed", "answered", "open", "followed_up", "corrected", "dismissed")
        items = sorted(items, key=lambda item: (self.outcome(item) == "dismissed", _order(item)))
        outcome = min((self.outcome(item) for item in items), key=order.index)
        correction = next((found for item in items if (found := self.correction(item.finding))), None)
        return Flag(place=place, items=tuple(items), outcome=outcome, correction=correction)

    def _flag_order(self, flag: Flag) -> tuple[object, ...]:
        _strength, level, *rest = finding_order(flag.worst)
        return (flag.outcome == "dismissed", level, self.first(flag.worst.unit), rest)


def _is_card(item: PeriodFinding) -> bool:
    return item.strength == "flag" and bool(item.finding.post or item.finding.family not in ACCOUNT_FAMILIES)


def _order(item: PeriodFinding) -> tuple[object, ...]:
    return finding_order(item.finding)


def _by_post(corrections: Iterable[Correction]) -> dict[str, Correction]:
    """One per post, the slowest: several rules may have spoken about it."""
    slowest: dict[str, Correction] = {}
    for item in sorted(corrections, key=lambda item: (item.post, item.hours, item.finding_key)):
        slowest[item.post] = item
    return slowest
