"""What ``jobs`` hands over (``DigestInput``) and what the templates place (``Digest``).

A ``Digest`` is plain data: every number, sentence, date and link in it is final. It can be stored as JSON and rendered again.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from pantau.core.letters import Letter
from pantau.core.model import (
    Account,
    Category,
    Cost,
    Decision,
    DecisionAction,
    Finding,
    Observation,
    Post,
    RuleFailure,
    Run,
    Unit,
)
from pantau.core.periods import Correction
from pantau.core.pictures import Thumbnail
from pantau.core.rule_life import Demotion
from pantau.core.settings import DigestSettings, Office
from pantau.digest.blocks import (
    Cards,
    Counts,
    Examples,
    Facts,
    GroupBlock,
    Lines,
    Mix,
    OpenRows,
    QuietRows,
    Tile,
    Trend,
    UnreadGroups,
)
from pantau.digest.tables import Tables


class OpenFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of an earlier digest that nobody has closed. The same key may be found again tonight."""

    finding: Finding
    first_day: date
    """Local day of the first digest that showed it."""
    times: int
    """In how many digests it was shown so far, tonight not counted."""


class KnownDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision taken since the last digest, with its finding when the store still knows it."""

    decision: Decision
    finding: Finding | None = None


class ReusedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The ``n``-th picture of a post was shown by an earlier post too. A fact that may explain, no reproach."""

    n: int
    earlier: Post
    """The first post that showed it."""
    similar: bool = False
    """True when a person has to judge whether it is the same."""
    more: int = 0
    """How many further posts show it."""


class VanishedPost(msgspec.Struct, frozen=True, kw_only=True):
    """A stored post that is no longer there, or reads otherwise. A neutral fact, not a proof of hiding."""

    post: Post
    change: Literal["removed", "edited"]
    noticed_at: datetime
    """When the new text was first seen, or the post first not."""
    last_seen_at: datetime | None = None
    """When a removed one was last seen."""
    finding_keys: tuple[str, ...] = ()
    """Flags that this post had before."""


class CorrectedFlag(msgspec.Struct, frozen=True, kw_only=True):
    """A flag whose post was taken down, or edited so that the rule is silent, as noticed since the last digest."""

    finding: Finding
    correction: Correction


class Absence(msgspec.Struct, frozen=True, kw_only=True):
    """A post of a finding that two nights did not show any more: seen until, missed from. Nobody knows why."""

    last_seen_at: datetime
    missed_at: datetime


class TextVersion(msgspec.Struct, frozen=True, kw_only=True):
    """How a post read, and when it was first seen so."""

    post: Post
    seen_at: datetime


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """One night of the trend. ``None`` of a number means that the night has no run."""

    day: date
    posts: int | None = None
    findings: int | None = None
    quiet: int | None = None
    unread: int | None = None


class ReplyWay(msgspec.Struct, frozen=True, kw_only=True):
    """Where decisions come back by mail."""

    address: str
    """The mailbox that is read."""
    key_id: str
    """Of the key that signs the codes."""
    actions: tuple[DecisionAction, ...] = ("dismiss", "followed_up", "answer", "undo")
    """What this edition's readers may send; heads of units only answer."""


class MailboxDown(msgspec.Struct, frozen=True, kw_only=True):
    """The mailbox could not be read tonight."""

    problem: str
    """An Indonesian sentence with what to do."""
    since: datetime | None = None
    """When it was last read; None: never."""


class DigestInput(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a digest is made of. Times are aware; local days are those of ``office.timezone``."""

    run: Run
    office: Office = Office()
    settings: DigestSettings = DigestSettings()
    readers: tuple[str, ...] = ()
    """Names (or addresses) of all readers, for "Dikirim kepada"."""
    reply_to: str = ""
    """Mailbox that takes answers; empty: readers are pointed at ``office.contact`` only."""
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()
    """All registered accounts, also those on platforms that are not collected."""
    observations: tuple[Observation, ...] = ()
    """This run's. An account without one is shown as not checked, never left out."""
    previous_observations: tuple[Observation, ...] = ()
    """Those of the last night, to say what changed; empty on the first."""
    last_read_at: dict[str, datetime] = {}
    """Account key to the instant of its last complete reading before this run: where the blind window begins."""
    findings: tuple[Finding, ...] = ()
    """Tonight's, without dismissed ones; any order."""
    earlier: tuple[OpenFinding, ...] = ()
    posts: dict[str, Post] = {}
    """By ``Post.key``: those of all findings, and tonight's from which good examples may be taken."""
    fresh: frozenset[str] = frozenset()
    """Keys of the posts that were read and checked tonight, among ``posts``."""
    posts_read: int = 0
    """How many posts of the window were read and checked."""
    categories: dict[str, Category] = {}
    """By ``Post.key``, tonight's posts."""
    decisions: tuple[KnownDecision, ...] = ()
    """Since the last digest."""
    reply: ReplyWay | None = None
    """None: nobody reads a mailbox, so there are no reply links."""
    letters: tuple[Letter, ...] = ()
    """What the mailbox brought since the last digest."""
    mailbox_down: MailboxDown | None = None
    answers: dict[str, str] = {}
    """Finding key to the unit's own words."""
    rule_failures: tuple[RuleFailure, ...] = ()
    trial_hits: dict[str, int] = {}
    """Rule id in status ``uji`` to how often it would have spoken tonight."""
    demoted: tuple[Demotion, ...] = ()
    """Rules that only log because of what people decided about their findings."""
    costs: tuple[Cost, ...] = ()
    """Of this run."""
    month_costs: tuple[Cost, ...] = ()
    costs_shared: bool = False
    """Whether accounts are read together with those of other offices, and costs are this office's share."""
    """Of the calendar month so far, this run included."""
    unwatched: tuple[str, ...] = ()
    """Platforms that the register holds but that are not collected."""
    renamed: dict[str, str] = {}
    """Account key to the handle that the platform uses now, where the register has another."""
    token_warnings: tuple[str, ...] = ()
    """Sentences on access tokens that end soon."""
    only: tuple[str, ...] = ()
    """Platforms to which this run was confined; empty: all."""
    notes: tuple[str, ...] = ()
    """What was not checked, in Indonesian sentences, for example a missing picture reader."""
    reader: str = ""
    """Which language model read posts, with what result; or that none did."""
    vanished: tuple[VanishedPost, ...] = ()
    corrected: tuple[CorrectedFlag, ...] = ()
    corrections: dict[str, Correction] = {}
    """By finding key: of flags in ``earlier`` whose post was corrected, however long ago that was noticed."""
    absent: dict[str, Absence] = {}
    """By ``Post.key``, posts of findings that are not to be seen any more, however long ago that was noticed."""
    versions: dict[str, tuple[TextVersion, ...]] = {}
    """By ``Post.key``, all versions (oldest first, the last is today's) of posts of findings that were edited."""
    reused: dict[str, tuple[ReusedPicture, ...]] = {}
    """By ``Post.key``, for posts of findings whose pictures were seen before."""
    thumbnails: dict[str, Thumbnail] = {}
    """By ``Post.key``, small pictures of posts of findings."""
    trend: tuple[DayCount, ...] = ()
    """Oldest first, tonight last."""
    undelivered: tuple[date, ...] = ()
    """Days whose digest did not reach every reader and was given up."""
    manifest_sha256: str = ""
    """Fingerprint of the run's manifest (``pantau.store.manifests``)."""
    rules_sha256: str = ""
    """Hash over the rule catalogue in force."""
    audit_head: str = ""
    """Seal and number of the newest entry of the audit log, so that every mailed copy fixes it."""
    previous_window_end: datetime | None = None
    """End of the window before; a gap up to this window's start is said."""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """One digest, complete. Raises ``ValueError`` when an account would be called quiet and unread, or numbers do not add up."""

    edition: str = "staff"
    run_id: str
    subject: str
    title: str
    """Name of the edition with its day, for subjects and short texts."""
    heading: str
    day: str
    """For example ``Selasa, 24 November 2026``."""
    short_day: str
    office_name: str
    office_department: str
    office_address: str
    contact: str
    how_to_answer: str
    """Where a reader or a unit turns, and that the code of a finding is enough."""
    readers: str
    window: str
    headline: str
    """First visible sentence; mail programs show it next to the subject."""
    change: str
    """What changed since the last night, one sentence."""
    warnings: tuple[str, ...]
    """What readers must know before anything else: a source that is down, a gap, an undelivered digest."""
    tiles: tuple[Tile, ...]
    counts: Counts
    flags: Cards
    reviews: Cards
    open_rows: OpenRows
    quiet: QuietRows
    unread: UnreadGroups
    missing: GroupBlock
    """Gone, private, never posted, units without an account."""
    performance: Lines
    """Accounts whose results do not show (KIN)."""
    examples: Examples
    excused: Lines
    vanished: Lines
    corrected: Lines = Lines()
    """Flags that were answered by taking the post down or by an edit."""
    decisions: Lines
    letters: Lines = Lines()
    """Mails that were not understood, and those that came back."""
    trend: Trend
    mix: Mix
    unchecked: Lines
    """What was not looked at tonight."""
    rules: Lines
    """Failed rules and rules in trial."""
    costs: Lines
    method: Lines
    facts: Facts
    """Run id, hashes, coverage: how the numbers can be traced."""
    attached: str = ""
    """What is attached to the mail, or why something is not; known only once the documents are made."""
    tables: Tables | None = None
    """The rows of the workbook. Not part of the stored JSON: the workbook itself is kept."""

    def __post_init__(self) -> None:
        quiet = {row.account_key for row in (*self.quiet.rows, *self.quiet.settled)}
        unread = {key for group in self.unread.groups for key in group.account_keys}
        both = sorted(quiet & unread)
        if both:
            raise ValueError(f"akun disebut tidak aktif sekaligus tidak dapat diperiksa: {', '.join(both)}")
        counts = self.counts
        parts = (
            counts.active,
            counts.quiet,
            counts.never_posted,
            counts.gone,
            counts.private,
            counts.unread,
            counts.excused,
            counts.unwatched,
            counts.waiting,
        )
        if sum(parts) != counts.accounts:
            raise ValueError(f"jumlah akun tidak cocok: {sum(parts)} menurut keadaan, {counts.accounts} terdaftar")
