"""The shared nouns. All frozen; what passes between stages is one of these.

Times are aware datetimes in UTC; readers see Asia/Jakarta. Offsets into a text are code points of the text as published.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, NamedTuple, get_args

import msgspec

from pantau.core.pictures import PictureSpot

UnitKind = Literal["opd", "kecamatan", "kelurahan", "desa", "rsud", "puskesmas", "sekolah", "bumd", "pejabat"]
UNIT_KINDS: tuple[UnitKind, ...] = get_args(UnitKind)

PostKind = Literal["post", "reply", "repost", "video", "comment"]
Strength = Literal["flag", "review"]
Level = Literal["tinggi", "sedang", "rendah", "info"]
RuleStatus = Literal["uji", "aktif", "nonaktif"]
LEVELS: tuple[Level, ...] = get_args(Level)
Family = Literal["FLX", "BHS", "EMP", "PRB", "PJD", "NTR", "DPR", "SPM", "AKT", "KIN", "PGW"]
FAMILIES: tuple[Family, ...] = get_args(Family)
POST_FAMILIES: tuple[Family, ...] = FAMILIES[:8]
Category = Literal["kinerja", "layanan", "edukasi", "seremonial", "ucapan", "pribadi", "promosi"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
USEFUL_CATEGORIES: frozenset[str] = frozenset({"kinerja", "layanan", "edukasi"})
"""The categories that count as useful to the public (labelling guidelines)."""

AccountState = Literal["active", "quiet", "never_posted", "unregistered", "gone", "private", "unread", "excused"]
ACCOUNT_STATES: tuple[AccountState, ...] = get_args(AccountState)
Outcome = Literal["read", "missing", "suspended", "private", "unread"]
"""What a collector saw of an account. The ledger turns a history of outcomes into an account state."""
UnreadClass = Literal[
    "", "blocked", "budget", "token", "network", "format", "rate_limit", "deadline", "rotation", "not_watched", "unproven",
    "stopped",
]  # fmt: skip
"""Why an account could not be read; "" when it could."""


def _sha256(*parts: str) -> str:
    joined = "\x1f".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """An office, district, village, hospital, school or official. ``code`` identifies it; names repeat."""

    code: str
    name: str
    kind: UnitKind
    parent: str = ""
    head_name: str = ""
    head_email: str = ""
    priority: int = 0
    """Larger is read first when a night cannot serve all."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One registered account of a unit on one platform. ``handle`` is without ``@``."""

    platform: str
    handle: str
    unit: str
    platform_id: str = ""
    norm_days: int | None = None
    grace_days: int | None = None
    operator: str = ""
    deputy: str = ""
    note: str = ""
    since: date | None = None
    """Local day on which Pantau first knew the account; silence before it is not counted."""

    @property
    def key(self) -> str:
        """Platform and numeric id once known (handles change), else platform and lower-case handle."""
        return f"{self.platform}:{self.platform_id}" if self.platform_id else f"{self.platform}:@{self.handle.lower()}"

    @property
    def label(self) -> str:
        """How readers see the account: ``@handle (platform)``; a web address stays as it is."""
        name = self.handle if "/" in self.handle or "." in self.handle else f"@{self.handle}"
        return f"{name} ({self.platform})"


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One picture or video of a post. ``sha256`` is that of the picture's bytes once they were fetched."""

    kind: Literal["image", "video"]
    url: str = ""
    alt: str = ""
    sha256: str = ""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One published post as it stood when it was read. ``text`` is never altered, so that offsets hold."""

    platform: str
    post_id: str
    account: str
    """``Account.key`` of the account in whose timeline it was seen."""
    kind: PostKind = "post"
    published_at: datetime
    text: str = ""
    image_text: str = ""
    media: tuple[Media, ...] = ()
    url: str = ""
    metrics: dict[str, int] = {}
    edited_from: str = ""
    """``text_sha256`` of the version before, when the caption was edited; else empty."""
    raw_sha256: str = ""
    """SHA-256 (hex) of the raw answer from which the post was parsed."""

    @property
    def key(self) -> str:
        """Stable name of the post: platform and the platform's id."""
        return f"{self.platform}:{self.post_id}"

    @property
    def text_sha256(self) -> str:
        """Hash of everything a rule reads; an edit changes it."""
        return _sha256(self.text, self.image_text)


class StoredTexts(NamedTuple):
    """A stored post as far as all posts of a range are looked at: the rest is fetched where a rule may fire."""

    key: str
    """``Post.key``."""
    text: bytes
    """UTF-8, like ``image_text``."""
    image_text: bytes


class Window(msgspec.Struct, frozen=True):
    """Half-open span of time: ``start <= t < end``, both aware. Raises ``ValueError`` when naive or reversed."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("jendela waktu harus memakai zona waktu")
        if self.end < self.start:
            raise ValueError(f"jendela waktu terbalik: {self.start.isoformat()} > {self.end.isoformat()}")

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Collected(msgspec.Struct, frozen=True):
    """A parsed post with the raw bytes it came from (JSON, one post)."""

    post: Post
    raw: bytes


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt to read one account gave. A failure is an ``unread`` reading with its reason, never an absence."""

    account: str
    outcome: Outcome
    unread_class: UnreadClass = ""
    reason: str = ""
    """Indonesian, for the digest; holds no secret and no personal data."""
    checked_at: datetime
    complete: bool = False
    """True when everything newer than the requested start was seen; only then the watermark moves."""
    last_post_at: datetime | None = None
    """Newest publication time seen on the account, even outside the window; None when none was seen."""
    source: str = ""
    """Which source read the account, for example ``x-search`` or ``instaloader``."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be read and the instant from which posts are wanted."""

    account: Account
    since: datetime
    last_post_id: str = ""
    """Newest post id already stored, when there is one."""
    recheck: tuple[str, ...] = ()
    """Ids of stored posts with an open finding, to be asked for one by one where the platform allows it cheaply."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one attempt brought for one account. Stored in one transaction."""

    reading: Reading
    posts: tuple[Collected, ...] = ()
    platform_id: str = ""
    """The numeric id, when it was learnt during the scan."""
    handle: str = ""
    """The handle as the platform spells it now, when known."""
    seen_from: datetime | None = None
    """Every post of the account from this instant on is in ``posts``, ``older`` or ``shown``; only then absence says something.

    None: unknown.
    """
    older: tuple[Collected, ...] = ()
    """Further posts that came along although not wanted. The store refreshes those it holds and takes no others."""
    shown: tuple[str, ...] = ()
    """Ids of further posts that are there, without their content."""
    absent: tuple[str, ...] = ()
    """Ids out of ``Target.recheck`` of which the platform said that there is no such post to be seen."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a source used in a run. ``usd`` is the bill as computed from published prices, 0 for free sources."""

    platform: str
    source: str = ""
    requests: int = 0
    posts_billed: int = 0
    users_billed: int = 0
    usd: float = 0.0


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """The judged state of one account (or of a unit without one) in one run."""

    account: str
    """``Account.key``; for ``unregistered`` the text ``unit:<code>``."""
    unit: str
    state: AccountState
    reason: str = ""
    unread_class: UnreadClass = ""
    checked_at: datetime | None = None
    last_post_at: datetime | None = None
    complete: bool = False
    silent_days: int = 0
    """Observed days (holidays, excuses and unread days taken out) since the last post."""
    limit_days: int = 0
    """Norm plus grace, in the same kind of days."""
    norm_days: int = 0
    day_unit: Literal["working", "calendar"] = "calendar"
    """The kind of days that ``silent_days``, ``limit_days`` and ``norm_days`` count."""
    excluded: tuple[str, ...] = ()
    """What was taken out of the count, in words for readers."""
    since: date | None = None
    """Local day on which the present state began, as far as observed."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The exact words behind a finding: ``quote == text[start:end]`` of ``field``, unless the rule masks (then masked)."""

    field: Literal["text", "image_text", "history", "ledger"]
    start: int = 0
    end: int = 0
    quote: str = ""
    score: float | None = None
    cancelled_by: str = ""
    """The context that lowered a hit to a review, quoted; empty when none did."""
    note: str = ""
    """Extra explanation in Indonesian, for example the words that weighed most."""
    spot: PictureSpot | None = None
    """Where on which picture the words stand, when Pantau read them there itself; ``score`` is then that line's."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. Complete at construction."""

    rule_id: str
    rule_version: int
    family: Family
    level: Level
    strength: Strength
    unit: str
    account: str = ""
    post: str = ""
    """``Post.key``; empty for findings about an account or unit."""
    published_at: datetime | None = None
    url: str = ""
    subject: str = ""
    """What was judged: the post's ``text_sha256``, or for account findings the local day the state began."""
    evidence: tuple[Evidence, ...] = ()
    message: str
    basis: str = ""

    @property
    def key(self) -> str:
        """16 upper-case hex digits; the same in every run as long as rule, subject and place are the same."""
        place = self.post or self.account or f"unit:{self.unit}"
        return _sha256(self.rule_id, place, self.subject)[:16].upper()


_STRENGTH_ORDER = {"flag": 0, "review": 1}
_LEVEL_ORDER = {level: n for n, level in enumerate(LEVELS)}


def finding_order(finding: Finding) -> tuple[object, ...]:
    """Sort key of findings: (strength, level, unit, account, published_at, rule, start)."""
    start = finding.evidence[0].start if finding.evidence else 0
    when = finding.published_at.timestamp() if finding.published_at else 0.0
    return (
        _STRENGTH_ORDER[finding.strength],
        _LEVEL_ORDER[finding.level],
        finding.unit,
        finding.account,
        when,
        finding.post,
        finding.rule_id,
        start,
    )


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the defined order, so that two runs over the same posts give equal bytes."""
    return sorted(findings, key=finding_order)


class RuleFailure(msgspec.Struct, frozen=True):
    """A rule that crashed or ran out of time; said in the digest, never silent."""

    rule_id: str
    what: str


DecisionAction = Literal["confirm", "dismiss", "answer", "followed_up", "undo"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a finding. The last one wins; all are kept."""

    finding_key: str
    action: DecisionAction
    by: str
    at: datetime
    note: str = ""


RunKind = Literal["nightly", "rerun", "import", "demo", "trial", "lookup"]
RunStatus = Literal["running", "finished"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the job. ``run_id`` is ``n-YYYYMMDD`` (local day) for a night, ``r-...`` for a rerun.

    A ``demo`` night differs only in being marked as an example. A ``trial`` is a night without consequences (``--dry-run``):
    what it read is kept, but nothing was reported. A ``lookup`` asked only who the accounts are.
    """

    run_id: str
    kind: RunKind
    window: Window
    as_of: datetime
    started_at: datetime
    status: RunStatus = "running"
    finished_at: datetime | None = None
    exit_code: int | None = None
    summary: str = ""


MailState = Literal["ready", "sending", "sent", "deferred", "failed", "unknown", "expired"]


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One frozen mail to one reader. ``wire`` is the message as it goes over the socket (7-bit, CRLF)."""

    message_id: str
    run_id: str
    edition: str
    recipient: str
    wire: bytes
    state: MailState = "ready"
    tries: int = 0
    next_at: datetime | None = None
    smtp_code: int | None = None
    detail: str = ""
    created_at: datetime
    changed_at: datetime | None = None
    own_copy: bool = False
    """True when our own mailbox took a copy, so that an unknown delivery can be looked up there."""
