"""Keeps the HTML part within its size: Gmail cuts long mails, and a cut mail hides exactly what stands last.

Nothing is lost: what the HTML leaves out is counted in it, and stands in full in the text part.
"""

import binascii
from collections.abc import Callable

import msgspec

from pantau.digest.blocks import (
    Card,
    CardPicture,
    Cards,
    Edit,
    Excerpt,
    Lines,
    OpenRows,
    Piece,
    QuietRows,
    UnreadGroups,
)
from pantau.digest.build_posts import left_out
from pantau.digest.clean import shorten
from pantau.digest.model import Digest

_KIB = 1024
_CARDS_STEP = 0.85
MAIL_BYTES = 950_000
"""A mail with its pictures stays below this; some servers still refuse what is over 1 MB."""
_PART_BYTES = 300
_EDIT_FROM_CHARS = 120
"""Where stretches of text are cut to less than this, an edit is only mentioned."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of each block the HTML shows, and how long a stretch of unmarked text may be (code points)."""

    flags: int
    reviews: int = 12
    still_open: int = 25
    quiet: int = 40
    unread_each: int = 15
    lines: int = 20
    nights: int = 14
    stretch_chars: int = 400


_TIGHTER = (
    {"nights": 7, "still_open": 15, "quiet": 25, "unread_each": 10, "lines": 12},
    {"reviews": 10, "still_open": 12, "quiet": 18, "unread_each": 8, "lines": 9, "stretch_chars": 160},
    {"reviews": 8, "still_open": 10, "quiet": 13, "unread_each": 6, "lines": 7, "stretch_chars": 120},
    {"reviews": 6, "still_open": 8, "quiet": 10, "unread_each": 5, "lines": 5, "stretch_chars": 80},
    {"nights": 3, "reviews": 4, "still_open": 5, "quiet": 7, "unread_each": 4, "lines": 4, "stretch_chars": 60},
    {"nights": 0, "reviews": 3, "still_open": 3, "quiet": 5, "unread_each": 2, "lines": 3, "stretch_chars": 40},
)
"""Steps of shortening, before cards of findings are left out."""


def encoded_bytes(html: str) -> int:
    """Size of ``html`` as a quoted-printable part."""
    return len(binascii.b2a_qp(html.encode("utf-8")))


def fit(digest: Digest, *, max_findings: int, budget_kb: int, draw: Callable[[Digest], str]) -> tuple[Digest, str]:
    """The digest as shown and its HTML, at most ``budget_kb`` KiB as sent wherever shortening can achieve that.

    First long lists and excerpts are shortened, then findings are left out from the mildest on, one always stays.
    """
    limits = Limits(flags=max_findings)
    plans = [limits, *(limits := msgspec.structs.replace(limits, **step) for step in _TIGHTER)]
    flags = max_findings
    while flags > 1:
        flags = max(1, int(min(flags, len(digest.flags.cards)) * _CARDS_STEP))
        plans.append(msgspec.structs.replace(limits, flags=flags))
    for plan in plans:
        shown = shorten_digest(digest, plan)
        html = draw(shown)
        if encoded_bytes(html) <= budget_kb * _KIB:
            break
    return shown, html


def within_mail(digest: Digest, other_bytes: int) -> Digest:
    """The digest without the pictures that would make the mail larger than ``MAIL_BYTES``, the mildest findings' first.

    ``other_bytes`` is what text and HTML take. The chart stays: it is one, and small.
    """
    room = MAIL_BYTES - other_bytes - (_part_bytes(digest.trend.picture) if digest.trend.picture else 0)

    def kept(card: Card) -> Card:
        nonlocal room
        if card.picture is None:
            return card
        size = _part_bytes(card.picture)
        if size > room:
            return msgspec.structs.replace(card, picture=None)
        room -= size
        return card

    flags, reviews = (
        msgspec.structs.replace(block, cards=tuple(kept(card) for card in block.cards))
        for block in (digest.flags, digest.reviews)
    )
    return msgspec.structs.replace(digest, flags=flags, reviews=reviews)


def _part_bytes(picture: CardPicture) -> int:
    """In base64, in lines of 76 signs, with the part's header."""
    return len(picture.data) * 78 // 57 + _PART_BYTES


def shorten_digest(digest: Digest, limits: Limits) -> Digest:
    """The digest with every block cut to its limit and the number of left-out entries noted."""
    lines = limits.lines
    missing = tuple(
        msgspec.structs.replace(group, entries=group.entries[:lines], hidden=max(0, len(group.entries) - lines))
        for group in digest.missing.groups
    )
    return msgspec.structs.replace(
        digest,
        flags=_cards(digest.flags, limits.flags, limits.stretch_chars),
        reviews=_cards(digest.reviews, limits.reviews, limits.stretch_chars),
        open_rows=OpenRows(
            digest.open_rows.rows[: limits.still_open], max(0, len(digest.open_rows.rows) - limits.still_open)
        ),
        quiet=_quiet(digest.quiet, limits.quiet),
        unread=_unread(digest.unread, limits.unread_each),
        missing=msgspec.structs.replace(digest.missing, groups=missing),
        performance=_lines(digest.performance, lines),
        excused=_lines(digest.excused, lines),
        vanished=_lines(digest.vanished, lines),
        corrected=_lines(digest.corrected, lines),
        decisions=_lines(digest.decisions, lines),
        letters=_lines(digest.letters, lines),
        trend=msgspec.structs.replace(digest.trend, days=digest.trend.days[-limits.nights :] if limits.nights else ()),
    )


def _lines(block: Lines, limit: int) -> Lines:
    return Lines(block.entries[:limit], max(0, len(block.entries) - limit))


def _quiet(block: QuietRows, limit: int) -> QuietRows:
    hidden = max(0, len(block.rows) - limit)
    return QuietRows(block.rows[:limit], block.settled[:limit], hidden, max(0, len(block.settled) - limit))


def _unread(block: UnreadGroups, limit: int) -> UnreadGroups:
    return UnreadGroups(
        tuple(
            msgspec.structs.replace(group, items=group.items[:limit], hidden=max(0, len(group.items) - limit))
            for group in block.groups
        )
    )


def _cards(block: Cards, limit: int, stretch_chars: int) -> Cards:
    shown, hidden = block.cards[:limit], block.cards[limit:]
    return Cards(tuple(_card(card, stretch_chars) for card in shown), len(hidden), left_out(hidden))


def _card(card: Card, stretch_chars: int) -> Card:
    excerpts = tuple(
        Excerpt(excerpt.label, tuple(_piece(piece, stretch_chars) for piece in excerpt.pieces))
        for excerpt in card.excerpts
    )
    edit = card.edit
    if edit is not None and edit.pieces and stretch_chars < _EDIT_FROM_CHARS:
        edit = Edit(edit.label, note="Perubahannya ada di versi teks surel ini.")
    return msgspec.structs.replace(card, excerpts=excerpts, edit=edit)


def _piece(piece: Piece, stretch_chars: int) -> Piece:
    """Marked words stay whole; text between them keeps both its ends, where the marked words are."""
    if piece.strong or len(piece.text) <= stretch_chars:
        return piece
    half = stretch_chars // 2
    head = shorten(piece.text, half)
    tail = piece.text[-half:]
    return Piece(f"{head} {tail[tail.find(' ') + 1 :]}")
