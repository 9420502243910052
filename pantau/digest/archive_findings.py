"""Everything that readers were told, by unit, post and rule, and how one finding is shown."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

import msgspec

from pantau.core.model import Decision, Finding, Post, finding_order
from pantau.digest import clean, words
from pantau.digest.archive_model import ArchiveNight, ArchiveRerun, ArchiveWorld
from pantau.digest.archive_names import Names
from pantau.digest.blocks import Excerpt
from pantau.digest.corrected import changed_text, in_time

PER_PAGE = 50


class Told(msgspec.Struct, kw_only=True):
    """A finding in its newest told form. ``place``: its page and anchor inside the unit's folder, once the book is sealed."""

    finding: Finding
    first: date
    last: date
    nights: int = 1
    withdrawn_by: str = ""
    """The correction that took it back."""
    place: str = ""


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as its card shows it; text is clean but not escaped."""

    key: str
    tone: str
    level: str
    family: str
    review: bool
    message: str
    basis: str
    rule: str
    rule_link: str
    account: str
    when: str
    url: str
    history: str
    excerpts: tuple[Excerpt, ...]
    details: tuple[str, ...]
    status: str
    decisions: tuple[tuple[str, str, str], ...]
    """What was decided, by whom and when, and the words with it."""
    post_link: str


class Book:
    """Collects findings night by night. Pages are numbered by the day of the first report, so that old pages stay as they are."""

    def __init__(self, world: ArchiveWorld, names: Names) -> None:
        self._world, self._names, self._within = world, names, world.corrected_within_hours
        self._told: dict[str, Told] = {}
        self._units: dict[str, list[Told]] = {}
        self._posts: dict[str, list[Told]] = {}
        self._rules: dict[str, list[Told]] = {}
        self._months: dict[date, list[Told]] = {}

    def night(self, night: ArchiveNight) -> None:
        """What a night told."""
        for finding in night.findings:
            self._tell(finding, night.day)

    def rerun(self, rerun: ArchiveRerun) -> None:
        """What a correction told: it replaces all that was told about the posts of its window."""
        if not rerun.sent:
            return
        start, end = rerun.window
        now = {finding.key for finding in rerun.findings}
        for told in self._told.values():
            when = told.finding.published_at
            if told.finding.post and when and start <= when < end and told.finding.key not in now:
                told.withdrawn_by = rerun.run_id
        for finding in rerun.findings:
            self._tell(finding, rerun.day, nights=0)

    def _tell(self, finding: Finding, day: date, nights: int = 1) -> None:
        told = self._told.get(finding.key)
        if told is None:
            self._told[finding.key] = Told(finding=finding, first=day, last=day, nights=nights)
            return
        told.finding, told.last, told.withdrawn_by = finding, max(told.last, day), ""
        told.nights += nights

    def seal(self) -> None:
        """Nothing more is told: give every finding its place."""
        for told in sorted(self._told.values(), key=lambda item: (item.first, finding_order(item.finding))):
            listed = self._units.setdefault(told.finding.unit, [])
            told.place = f"temuan-{len(listed) // PER_PAGE + 1}.html#t-{told.finding.key}"
            listed.append(told)
            self._months.setdefault(told.first.replace(day=1), []).append(told)
            self._rules.setdefault(told.finding.rule_id, []).append(told)
            if told.finding.post:
                self._posts.setdefault(told.finding.post, []).append(told)

    def get(self, key: str) -> Told:
        """One finding."""
        return self._told[key]

    def of_unit(self, code: str) -> Sequence[Told]:
        """By the day of the first report."""
        return self._units.get(code, [])

    def of_post(self, key: str) -> Sequence[Told]:
        """By the day of the first report."""
        return self._posts.get(key, [])

    def of_rule(self, rule_id: str) -> Sequence[Told]:
        """By the day of the first report."""
        return self._rules.get(rule_id, [])

    def told_in(self, month: date) -> Sequence[Told]:
        """Findings first told in the month that begins on a day, by unit and place."""
        return self._months.get(month.replace(day=1), [])

    def months(self) -> Iterable[date]:
        """First days of the months in which something was first told."""
        return self._months

    def post_keys(self) -> Collection[str]:
        """Keys of the posts about which something was told."""
        return self._posts.keys()

    def rule_ids(self) -> Iterable[str]:
        """Rules that told something."""
        return self._rules

    def unit_codes(self) -> Iterable[str]:
        """Units about which something was told."""
        return self._units

    def status(self, told: Told) -> str:
        """Where the finding stands, in a few words."""
        decision = self._world.in_effect.get(told.finding.key)
        if decision is not None:
            return words.ACTION_LABELS[decision.action]
        if told.withdrawn_by:
            return "Ditarik oleh koreksi"
        if (change := self._world.corrections.get(told.finding.key)) and in_time(change, self._within):
            return "Sudah diperbaiki"
        return "Belum ada keputusan"

    def open_count(self) -> int:
        """Findings to be checked on which nobody has decided."""
        return sum(
            told.finding.strength == "flag"
            and bool(told.finding.post)
            and self.status(told) in ("Belum ada keputusan", words.ACTION_LABELS["answer"])
            for told in self._told.values()
        )

    def view(self, told: Told, post: Post | None, post_link: str) -> FindingView:
        """The finding with its evidence, decisions and answers."""
        finding, names = told.finding, self._names
        personal = finding.family == "DPR"
        span = f"pertama {words.day_short(told.first)}"
        if told.nights > 1:
            span += f", terakhir {words.day_short(told.last)}, tampil {words.counted(told.nights, 'malam')}"
        if told.withdrawn_by:
            span += f"; ditarik oleh koreksi {told.withdrawn_by}"
        if change := self._world.corrections.get(finding.key):
            span += f"; {changed_text(change, self._within)}"
        return FindingView(
            key=finding.key,
            tone=finding.level,
            level=words.LEVEL_LABELS[finding.level],
            family=words.FAMILY_LABELS[finding.family],
            review=finding.strength == "review",
            message=names.shower.words(finding.message, personal=personal),
            basis=clean.line(finding.basis),
            rule=f"{clean.line(finding.rule_id)} v{finding.rule_version}",
            rule_link=f"aturan/{names.rule_slug(finding.rule_id)}.html",
            account=names.account(finding.account) if finding.account else "",
            when=self._moment(finding.published_at) if finding.published_at else "",
            url=clean.url(finding.url),
            history=span,
            excerpts=names.shower.evidence(post, [finding]) if finding.post else (),
            details=tuple(self._details(finding, personal)),
            status=self.status(told),
            decisions=tuple(map(self._decision, self._world.decisions.get(finding.key, ()))),
            post_link=post_link,
        )

    def _details(self, finding: Finding, personal: bool) -> Iterable[str]:
        labels = {"history": "Riwayat", "ledger": "Catatan kantor"}
        for item in finding.evidence:
            quote = self._names.shower.words(item.quote, 200, personal=personal)
            if item.field in labels and quote:
                yield f"{labels[item.field]}: {quote}"
            if item.cancelled_by:
                context = self._names.shower.words(item.cancelled_by, 80, personal=personal)
                yield f"Diturunkan menjadi untuk dilihat karena konteks: “{context}”."
            if item.note:
                yield self._names.shower.words(item.note, 200, personal=personal)

    def _decision(self, decision: Decision) -> tuple[str, str, str]:
        who = f"{clean.line(decision.by, 100)}, {self._moment(decision.at)}"
        return words.ACTION_LABELS[decision.action], who, self._names.shower.words(decision.note)

    def _moment(self, when: datetime) -> str:
        return words.moment(when, self._names.zone)
