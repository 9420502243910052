"""The parts of a ``Digest``, each as the templates need it. Text is clean (no control characters) but not escaped.

Every block that can be long has ``hidden``: how many of its entries the HTML leaves out to stay within the size budget.
"""

import hashlib
from typing import Literal

import msgspec

from pantau.core.model import DecisionAction

Tone = Literal["tinggi", "sedang", "rendah", "info", "tenang", "abu"]
"""Colour of a word; the word itself always stands beside it."""


CAPTION = "Teks unggahan"


class Tile(msgspec.Struct, frozen=True):
    """One number of the summary."""

    number: str
    label: str
    note: str
    tone: Tone


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers behind the sentences. Each registered account is in exactly one of the nine states."""

    tinggi: int
    sedang: int
    rendah: int
    info: int
    flags: int
    """Cards in the list of flags: a post with several findings counts once."""
    reviews: int
    open: int
    accounts: int
    active: int
    quiet: int
    never_posted: int
    gone: int
    private: int
    unread: int
    excused: int
    unwatched: int
    waiting: int
    """Not read because it is not their turn."""
    unregistered: int
    """Units without an account; these are units, not accounts."""
    posts: int

    @property
    def inactive(self) -> int:
        """Accounts that could be read and are silent: past their limit, or without any post."""
        return self.quiet + self.never_posted

    @property
    def read(self) -> int:
        """Accounts whose state is known tonight."""
        return self.accounts - self.unread - self.unwatched - self.waiting


class Link(msgspec.Struct, frozen=True):
    """A link that opens a finished reply (``mailto:``). Its code is unsigned: see ``pantau.digest.answers``."""

    label: str
    url: str
    action: DecisionAction


class Piece(msgspec.Struct, frozen=True):
    """A run of text; ``strong`` marks the words that a rule stopped at."""

    text: str
    strong: bool = False


class Excerpt(msgspec.Struct, frozen=True):
    """The words of the post around the evidence. ``label`` says where they stand (caption, picture)."""

    label: str
    pieces: tuple[Piece, ...]

    @property
    def of_caption(self) -> bool:
        """Whether the words are the post's own text, which needs no label where it stands alone."""
        return self.label == CAPTION


class DiffPiece(msgspec.Struct, frozen=True):
    """A run of words that an edit left, took out or put in."""

    text: str
    kind: Literal["same", "cut", "new"] = "same"


class Edit(msgspec.Struct, frozen=True):
    """How a post's text was changed. ``label`` says when; ``note`` stands in for ``pieces`` that cannot be shown."""

    label: str
    pieces: tuple[DiffPiece, ...] = ()
    note: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's word on a card."""

    key: str
    rule: str
    """Rule id and version, for example ``bahasa-kasar v3``."""
    family: str
    level: str
    tone: Tone
    review: bool
    message: str
    basis: str
    quotes: tuple[str, ...]
    details: tuple[str, ...]
    """Cancelling context, picture score, words that weighed most."""
    history: str
    """``baru`` or since when and how often."""
    answer: str
    """The unit's own words, when it gave any."""
    links: tuple[Link, ...] = ()


class CardPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the mail: a card's small JPEG or a chart's PNG, with its size as shown, in CSS pixels."""

    data: bytes
    width: int
    height: int
    alt: str
    name: str = ""
    """What it is called inside a mail; empty: named after its bytes."""

    @property
    def cid(self) -> str:
        """Its name inside a mail; the same for the same picture."""
        return f"{self.name or hashlib.sha256(self.data).hexdigest()[:32]}@pantau"

    @property
    def subtype(self) -> Literal["png", "jpeg"]:
        """What it is, by its first bytes."""
        return "png" if self.data.startswith(b"\x89PNG") else "jpeg"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One post (or account) with everything found about it."""

    place: str
    """Post key, account key or ``unit:<code>``."""
    account_key: str
    review: bool
    """True when nothing on the card is more than a hint; then it stands apart and counts against nobody."""
    level: str
    tone: Tone
    family: str
    """Labels of the families found, worst first."""
    unit: str
    account: str
    when: str
    what: str
    """Kind of post and media, for example ``balasan`` or ``unggahan, 2 gambar``."""
    url: str
    excerpts: tuple[Excerpt, ...]
    reasons: tuple[Reason, ...]
    basis: str
    """Said once when all reasons rest on the same; then empty in the reasons."""
    notes: tuple[str, ...]
    """Edited or removed since."""
    is_new: bool
    edit: Edit | None = None
    picture: CardPicture | None = None


class Cards(msgspec.Struct, frozen=True):
    """A list of cards, worst first. ``left_out`` says in words what ``hidden`` cards are about."""

    cards: tuple[Card, ...] = ()
    hidden: int = 0
    left_out: str = ""


class OpenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of an earlier digest that still waits for a decision."""

    key: str
    level: str
    tone: Tone
    family: str
    review: bool
    unit: str
    account: str
    message: str
    since: str
    times: int
    url: str
    note: str
    answer: str
    edit: Edit | None = None
    links: tuple[Link, ...] = ()


class OpenRows(msgspec.Struct, frozen=True):
    """The nag list, longest open first within a level."""

    rows: tuple[OpenRow, ...] = ()
    hidden: int = 0


class QuietRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account that was read and has been silent for longer than its limit."""

    account_key: str
    key: str
    """Code of its finding."""
    unit: str
    account: str
    last_post: str
    days: int
    norm: str
    """Norm and grace in words, for example ``3 + 2 hari``."""
    excluded: str
    history: str
    answer: str
    links: tuple[Link, ...] = ()


class QuietRows(msgspec.Struct, frozen=True):
    """The silent accounts, longest silence first. ``settled`` are silent too, but already decided on or not judged."""

    rows: tuple[QuietRow, ...] = ()
    settled: tuple[QuietRow, ...] = ()
    hidden: int = 0
    hidden_settled: int = 0


class UnreadItem(msgspec.Struct, frozen=True):
    """An account that could not be read, since when nothing is known about it, and its own reason where it differs."""

    account: str
    unit: str
    blind: str
    reason: str = ""


class UnreadGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts that could not be read for one and the same reason, said once."""

    title: str
    reason: str
    since: str
    """Since when it has been so, and since when nothing is known, where that is the same for all; else empty."""
    remedy: str
    account_keys: tuple[str, ...]
    items: tuple[UnreadItem, ...]
    hidden: int = 0

    @property
    def count(self) -> int:
        """How many accounts share the reason, hidden ones included."""
        return len(self.account_keys)


class UnreadGroups(msgspec.Struct, frozen=True):
    """All that could not be read, largest group first."""

    groups: tuple[UnreadGroup, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """One line of a plain list: a leading term, the sentence, an optional https link and finding code."""

    term: str
    text: str
    url: str = ""
    code: str = ""
    links: tuple[Link, ...] = ()


class Lines(msgspec.Struct, frozen=True):
    """A plain list."""

    entries: tuple[Entry, ...] = ()
    hidden: int = 0


class Group(msgspec.Struct, frozen=True):
    """A plain list under a small heading with its meaning."""

    title: str
    meaning: str
    entries: tuple[Entry, ...]
    hidden: int = 0

    @property
    def count(self) -> int:
        """How many entries there are, hidden ones included."""
        return len(self.entries) + self.hidden


class GroupBlock(msgspec.Struct, frozen=True):
    """Several such lists in one block."""

    groups: tuple[Group, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A post worth imitating."""

    account_key: str
    unit: str
    account: str
    category: str
    when: str
    text: str
    url: str


class Examples(msgspec.Struct, frozen=True):
    """Tonight's good examples."""

    examples: tuple[Example, ...] = ()


class Series(msgspec.Struct, frozen=True):
    """One row of numbers of a chart. ``None`` is a gap (nothing is known), never a nought."""

    label: str
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart as plain data; ``pantau.digest.charts`` draws it as PNG for mail and as SVG for print and archive.

    ``fact`` is the alternative text: it states what the picture shows, so that nothing is lost without it.
    """

    kind: Literal["trend", "comparison", "shares"]
    """Columns over days; two bars per label (now and before); one bar per label cut into shares of 100."""
    title: str
    fact: str
    unit: str
    """What the numbers count, for example ``unggahan`` or ``%``."""
    labels: tuple[str, ...]
    """Of the days or bars, as readers see them."""
    series: tuple[Series, ...]
    """Each as long as ``labels``. At most three, told apart in grey by tone and pattern, not by hue."""


class TrendDay(msgspec.Struct, frozen=True, kw_only=True):
    """One night of the trend."""

    day: str
    posts: str
    findings: str
    quiet: str
    unread: str


class Trend(msgspec.Struct, frozen=True):
    """The last nights, with the fact in words, as a chart and as rows."""

    sentence: str = ""
    days: tuple[TrendDay, ...] = ()
    chart: Chart | None = None
    picture: CardPicture | None = None
    """The chart as the mail shows it; drawn when the mail is."""


class MixRow(msgspec.Struct, frozen=True):
    """Share of one category among tonight's posts."""

    label: str
    number: int
    percent: int
    useful: bool


class Mix(msgspec.Struct, frozen=True):
    """What tonight's posts were for, with the fact in words."""

    sentence: str = ""
    rows: tuple[MixRow, ...] = ()


class Facts(msgspec.Struct, frozen=True):
    """Terms and values that let anybody trace the numbers."""

    entries: tuple[Entry, ...] = ()
