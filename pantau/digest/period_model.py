"""A weekly or monthly edition as plain data: every number, sentence and date in it is final. Text is clean but not escaped."""

from datetime import date, datetime

import msgspec

from pantau.digest.blocks import Chart, Facts, Lines, Tile, Tone

WORKBOOK = "lampiran XLSX"
"""Where everything stands when a workbook comes along."""


class PeriodCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers behind the sentences. A finding is a post (or account) with a flag, however many rules spoke about it."""

    days: int
    nights: int
    posts: int
    useful: int
    other: int
    uncategorised: int
    flags: int
    fresh: int
    """Those of ``flags`` that were first reported in this period."""
    open: int
    answered: int
    confirmed: int
    followed_up: int
    dismissed: int
    corrected: int
    reviews: int
    accounts: int
    """Registered on platforms that are collected."""
    readings: int
    """Readings of accounts that were meant to be made, one per account and night."""
    read: int
    """Those of ``readings`` that succeeded."""
    waiting: int
    """Readings that were not meant to be made in that night."""
    quiet_units: int
    unread_accounts: int
    """Accounts that could not be read in at least one night."""
    missing_units: int
    """Units without an account."""

    @property
    def categorised(self) -> int:
        """Posts that have a category; shares are shares of these."""
        return self.useful + self.other


class ChartBlock(msgspec.Struct, frozen=True):
    """A chart with the sentence that stands under it."""

    chart: Chart
    words: str


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One day in numbers; ``–`` where it has no night."""

    day: str
    posts: str
    flagged: str
    quiet: str
    unread: str


class FlagRow(msgspec.Struct, frozen=True, kw_only=True):
    """Everything found about one post (or account) in one short row."""

    key: str
    """Code of the worst finding."""
    level: str
    tone: Tone
    family: str
    unit: str
    account: str
    message: str
    since: str
    outcome: str
    """What became of it."""
    outcome_tone: Tone
    url: str


class FlagRows(msgspec.Struct, frozen=True):
    """The findings of the period, worst first."""

    rows: tuple[FlagRow, ...] = ()
    hidden: int = 0


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many posts of a tier or a unit were useful. ``share`` is in words: too few posts have no percentage."""

    label: str
    tier: str
    posts: int
    categorised: int
    useful: int
    share: str
    change: str
    note: str = ""


class Usefulness(msgspec.Struct, frozen=True, kw_only=True):
    """Share of posts that are of direct use to people."""

    sentence: str
    tiers: tuple[ShareRow, ...] = ()
    most: tuple[ShareRow, ...] = ()
    support: tuple[ShareRow, ...] = ()
    """Units that need help with it, with the reason."""
    units: tuple[ShareRow, ...] = ()
    """Every unit that posted, in order of the tiers."""


class QuietAccount(msgspec.Struct, frozen=True, kw_only=True):
    """In how many of the nights in which an account was read it was silent past its limit."""

    account_key: str
    account: str
    quiet: int
    read: int
    unread: int
    waiting: int = 0


class QuietUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit with silent accounts."""

    unit: str
    nights: int
    """Of the account that was silent longest."""
    accounts: tuple[QuietAccount, ...]
    hidden: int = 0


class QuietUnits(msgspec.Struct, frozen=True):
    """Longest silence first."""

    units: tuple[QuietUnit, ...] = ()
    hidden: int = 0


class UnreadRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account that Pantau failed to read."""

    account_key: str
    account: str
    unit: str
    unread: int
    read: int


class UnreadRows(msgspec.Struct, frozen=True):
    """Most nights first."""

    rows: tuple[UnreadRow, ...] = ()
    hidden: int = 0


class ModelPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post worth imitating, and why."""

    unit: str
    account: str
    category: str
    why: str
    when: str
    text: str
    url: str


class FindingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One finding in the workbook. Times are those of the office, without a zone."""

    state: str
    level: str
    family: str
    unit: str
    account: str
    published: datetime | None
    message: str
    text: str
    rule: str
    key: str
    first_at: datetime
    outcome: str
    decided_by: str
    decided_at: datetime | None
    note: str
    hours: int | None
    url: str


class UnitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One unit in the workbook. ``None``: too few posts, or not comparable."""

    code: str
    unit: str
    tier: str
    accounts: int
    posts: int
    categorised: int
    useful: int
    share: int | None
    share_before: int | None
    flags: int
    quiet_nights: int
    unread_nights: int


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One account in the workbook: its posts and in how many nights it was in which state."""

    unit: str
    platform: str
    account: str
    posts: int
    active: int
    quiet: int
    never_posted: int
    gone: int
    private: int
    excused: int
    unread: int
    waiting: int


class DayLine(msgspec.Struct, frozen=True, kw_only=True):
    """One day in the workbook."""

    day: date
    posts: int
    flagged: int | None
    quiet: int | None
    unread: int | None


class PeriodTables(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of the workbook."""

    made_at: datetime
    zone: str
    findings: tuple[FindingLine, ...] = ()
    units: tuple[UnitLine, ...] = ()
    accounts: tuple[AccountLine, ...] = ()
    days: tuple[DayLine, ...] = ()


class PeriodEdition(msgspec.Struct, frozen=True, kw_only=True):
    """One edition, complete. Raises ``ValueError`` when its numbers contradict each other."""

    edition: str
    """``week``, ``month`` or ``span``."""
    run_id: str
    subject: str
    title: str
    heading: str
    span: str
    """The days, in words."""
    made: str
    made_day: str
    office_name: str
    office_department: str
    office_address: str
    how_to_answer: str
    readers: str
    headline: str
    comparison: str
    warnings: tuple[str, ...]
    tiles: tuple[Tile, ...]
    counts: PeriodCounts
    charts: tuple[ChartBlock, ...]
    days: tuple[DayRow, ...]
    flags_sentence: str
    flags: FlagRows
    usefulness: Usefulness
    corrections: Lines
    corrections_sentence: str
    quiet_sentence: str
    quiet: QuietUnits
    unread_sentence: str
    unread: UnreadRows
    missing: Lines
    """Units without an account, and accounts that are gone or private."""
    examples: tuple[ModelPost, ...]
    decisions: Lines
    coverage: Lines
    costs: Lines
    unchecked: Lines
    method: Lines
    facts: Facts
    elsewhere: str
    """Where everything stands that a page has no room for: ``WORKBOOK``, or the text of the mail."""
    attached: str = ""
    """What is attached to the mail, or why something is not; known only once the documents are made."""
    tables: PeriodTables | None = None
    """The rows of the workbook. Not part of the stored JSON: the workbook itself is kept."""

    def __post_init__(self) -> None:
        counts = self.counts
        outcomes = (
            counts.open,
            counts.answered,
            counts.confirmed,
            counts.followed_up,
            counts.dismissed,
            counts.corrected,
        )
        _same(sum(outcomes), counts.flags, "temuan menurut apa yang terjadi")
        _same(len(self.flags.rows) + self.flags.hidden, counts.flags, "temuan menurut daftar")
        _same(counts.categorised + counts.uncategorised, counts.posts, "unggahan menurut isi")
        _same(sum(row.posts for row in self.usefulness.tiers), counts.posts, "unggahan menurut jenis unit")
        _same(sum(row.posts for row in self.usefulness.units), counts.posts, "unggahan menurut unit")
        _same(sum(row.useful for row in self.usefulness.units), counts.useful, "unggahan bermanfaat menurut unit")
        _same(len(self.quiet.units) + self.quiet.hidden, counts.quiet_units, "unit diam")
        _same(len(self.unread.rows) + self.unread.hidden, counts.unread_accounts, "akun tidak terbaca")
        if counts.nights > counts.days or counts.read > counts.readings or counts.fresh > counts.flags:
            raise ValueError("bagian lebih besar daripada seluruhnya")
        for unit in self.quiet.units:
            for row in unit.accounts:
                if not 0 < row.quiet <= row.read or row.read + row.unread + row.waiting > counts.nights:
                    raise ValueError(f"malam yang tidak terbaca dihitung sebagai diam: {row.account}")


def _same(parts: int, whole: int, what: str) -> None:
    if parts != whole:
        raise ValueError(f"jumlah {what} tidak cocok: {parts}, seharusnya {whole}")
