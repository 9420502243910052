"""Cards: everything found about one post together, flags apart from reviews, and the nag list of what is still open."""

from collections import Counter
from collections.abc import Iterable

from pantau.core.model import Evidence, Finding, finding_order, sort_findings
from pantau.digest import clean, words
from pantau.digest.answers import links
from pantau.digest.blocks import Card, CardPicture, Cards, OpenRow, OpenRows, Reason
from pantau.digest.context import NOT_SEEN, Context
from pantau.digest.corrected import changed_text, late_text, settled
from pantau.digest.edits import edit_of
from pantau.digest.excerpt import excerpts
from pantau.digest.model import OpenFinding, ReusedPicture

EXCERPT_CHARS = 220
ACCOUNT_FAMILIES = ("AKT", "KIN")
"""Families about an account's history: shown in tables of accounts, not as cards."""


def card_findings(ctx: Context) -> list[Finding]:
    """Tonight's findings that become cards, in the defined order."""
    return sort_findings(f for f in ctx.data.findings if f.post or f.family not in ACCOUNT_FAMILIES)


def cards(ctx: Context) -> tuple[Cards, Cards]:
    """Flags and reviews. A post with a flag and a review is one card among the flags; the review is marked on it."""
    groups: dict[str, list[Finding]] = {}
    for finding in card_findings(ctx):
        groups.setdefault(ctx.place(finding), []).append(finding)
    flags: list[Card] = []
    reviews: list[Card] = []
    for findings in sorted(groups.values(), key=lambda group: finding_order(group[0])):
        card = _card(ctx, findings)
        (flags if findings[0].strength == "flag" else reviews).append(card)
    return Cards(tuple(flags)), Cards(tuple(reviews))


def _card(ctx: Context, findings: list[Finding]) -> Card:
    first = findings[0]
    post = ctx.post(first)
    key = ctx.resolve(post.account if post else first.account)
    address = (post.url if post else "") or first.url
    same_version = post is not None and all(f.subject in ("", post.text_sha256) for f in findings if f.post)
    personal = any(f.family == "DPR" for f in findings)
    shown = excerpts(
        post,
        [item for f in findings for item in f.evidence],
        limit_chars=EXCERPT_CHARS,
        same_version=same_version,
        personal=personal,
        spam=any(f.family == "SPM" for f in findings),
    )
    edit = edit_of(ctx, [finding for finding in findings if finding.post]) if first.post else None
    when = post.published_at if post else first.published_at
    bases = {clean.line(finding.basis).rstrip(".") for finding in findings}
    shared = next(iter(bases)) if len(bases) == 1 else ""
    return Card(
        place=ctx.place(first),
        account_key=key,
        review=first.strength == "review",
        level=words.LEVEL_LABELS[first.level],
        tone=first.level,
        family=words.listed(_labels(f for f in findings if f.strength == first.strength)),
        unit=ctx.unit_name(first.unit),
        account=ctx.account_name(key) if key else "",
        when=ctx.moment(when) if when else "",
        what=words.post_kind(post) if post else "",
        url=clean.url(address),
        excerpts=shown if first.post else (),
        reasons=tuple(_reason(ctx, finding, personal, "" if shared else finding.basis) for finding in findings),
        basis=shared,
        notes=_notes(ctx, first, address, edited=edit is None and post is not None and not same_version),
        edit=edit,
        is_new=all(finding.key not in ctx.earlier for finding in findings),
        picture=None if personal else _picture(ctx, first),
    )


def _picture(ctx: Context, finding: Finding) -> CardPicture | None:
    """Shown at half its size: sharp on telephones, and narrow enough to stand beside words there."""
    small = ctx.data.thumbnails.get(finding.post)
    if small is None:
        return None
    width, height = max(1, small.width // 2), max(1, small.height // 2)
    return CardPicture(
        data=small.data, width=width, height=height, alt=f"gambar unggahan {ctx.unit_name(finding.unit)}"
    )


def _labels(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(words.FAMILY_LABELS[finding.family] for finding in findings))


def _notes(ctx: Context, finding: Finding, address: str, *, edited: bool) -> tuple[str, ...]:
    notes = ["Teks unggahan ini pernah disunting."] if edited else []
    if absence := _absence(ctx, finding):
        notes.append(f"Unggahan {absence}; salinannya tersimpan.")
    notes += [_reuse(ctx, item) for item in ctx.data.reused.get(finding.post, ())]
    if address and not clean.url(address):
        where = clean.shorten(clean.line(address.split("://", 1)[-1]), 80) if address.startswith("http://") else ""
        notes.append("Alamatnya tidak memakai https, jadi tidak ditautkan" + (f": {where}" if where else "."))
    return tuple(notes)


def _absence(ctx: Context, finding: Finding) -> str:
    """Since when the finding's post is not to be seen any more, as a part of a sentence; empty when that is not known of it."""
    absence = ctx.data.absent.get(finding.post)
    if absence is None:
        return ""
    text = (
        f"tidak tampak lagi sejak {ctx.moment(absence.missed_at)}, terakhir tampak {ctx.moment(absence.last_seen_at)}"
    )
    key = ctx.resolve(finding.account)
    if key in ctx.states and ctx.bucket(key) in (*NOT_SEEN, "gone", "private"):
        text += " (malam ini akunnya tidak dapat dilihat)"
    return text


def _reuse(ctx: Context, item: ReusedPicture) -> str:
    key = ctx.resolve(item.earlier.account)
    where = f"unggahan {ctx.account_name(key)} pada {ctx.moment(item.earlier.published_at)}"
    more = f" dan {words.counted(item.more, 'unggahan lain')}" if item.more else ""
    if item.similar:
        return f"Gambar {words.number(item.n)} mirip dengan gambar pada {where}{more}; bandingkan sendiri."
    return f"Gambar {words.number(item.n)} sama dengan gambar pada {where}{more}."


def _reason(ctx: Context, finding: Finding, personal: bool, basis: str) -> Reason:
    details = []
    quotes = []
    for item in finding.evidence:
        quote = clean.quoted(item.quote, 120, personal=personal)
        if item.field in ("history", "ledger"):
            label = "Riwayat" if item.field == "history" else "Catatan kantor"
            details.append(f"{label}: {quote}")
        elif quote:
            quotes.append(quote)
        if item.cancelled_by:
            details.append(f"Diturunkan menjadi untuk dilihat karena konteks: “{clean.quoted(item.cancelled_by, 80)}”.")
        if item.score is not None:
            details.append(_score(item))
        if item.note:
            details.append(clean.quoted(item.note, 200, personal=personal))
    return Reason(
        key=finding.key,
        rule=f"{clean.line(finding.rule_id)} v{finding.rule_version}",
        family=words.FAMILY_LABELS[finding.family],
        level=words.LEVEL_LABELS[finding.level],
        tone=finding.level,
        review=finding.strength == "review",
        message=clean.line(clean.masked(finding.message)),
        basis=clean.line(basis).rstrip("."),
        quotes=tuple(dict.fromkeys(quotes)),
        details=tuple(dict.fromkeys(words.sentence(detail) for detail in details if detail)),
        history=ctx.history(finding),
        answer=ctx.answer(finding.key),
        links=links(ctx, finding.key, "dismiss", "followed_up", "answer"),
    )


def _score(item: Evidence) -> str:
    if item.spot is not None:
        where = f"gambar {words.number(item.spot.picture)}, baris {words.number(item.spot.line)}"
        return f"Teks pada {where}, keyakinan {words.number(item.score or 0, 2)}."
    if item.field == "image_text":
        return f"Keyakinan membaca gambar: {words.number(100 * (item.score or 0))} %."
    return f"Nilai petunjuk: {words.number(item.score or 0, 2)} dari 1."


def open_rows(ctx: Context) -> OpenRows:
    """Earlier findings that are still open and not on tonight's cards or tables; flags first, then longest open."""
    waiting = [item for item in unanswered(ctx) if not settled(ctx, item.finding.key)]
    waiting.sort(key=lambda item: (*finding_order(item.finding)[:2], item.first_day, *finding_order(item.finding)))
    rows = []
    for item in waiting:
        finding = item.finding
        key = ctx.resolve(finding.account)
        unseen = key in ctx.states and ctx.bucket(key) == "unread"
        absence = _absence(ctx, finding)
        note = f"unggahannya {absence}" if absence else "akunnya tidak dapat diperiksa malam ini" if unseen else ""
        if late := ctx.data.corrections.get(finding.key):
            within = ctx.data.settings.corrected_within_hours
            since_gone = absence and late.change == "removed"
            note = f"{note}, {late_text(late, within)}" if since_gone else changed_text(late, within)
        rows.append(
            OpenRow(
                key=finding.key,
                level=words.LEVEL_LABELS[finding.level],
                tone=finding.level,
                family=words.FAMILY_LABELS[finding.family],
                review=finding.strength == "review",
                unit=ctx.unit_name(finding.unit),
                account=ctx.account_name(key) if key else "",
                message=clean.quoted(finding.message, 160),
                since=ctx.since(item.first_day),
                times=item.times,
                url=clean.url(finding.url),
                note=note,
                answer=ctx.answer(finding.key),
                links=links(ctx, finding.key, "dismiss", "followed_up", "answer"),
                edit=edit_of(ctx, [finding]) if finding.post else None,
            )
        )
    return OpenRows(tuple(rows))


def unanswered(ctx: Context) -> list[OpenFinding]:
    """Earlier findings on which nobody has decided and that are not told anew tonight, those that were corrected included."""
    tonight = {finding.key for finding in ctx.data.findings}
    return [item for item in ctx.data.earlier if item.finding.key not in tonight and not _superseded(ctx, item.finding)]


def _superseded(ctx: Context, finding: Finding) -> bool:
    """True for a silence that has ended, or that tonight's tables tell anew under another key."""
    if finding.family != "AKT":
        return False
    if not finding.account:
        return finding.unit not in {item.unit for item in ctx.data.observations if item.state == "unregistered"}
    key = ctx.resolve(finding.account)
    return key in ctx.states and ctx.bucket(key) not in NOT_SEEN


def left_out(hidden: Iterable[Card]) -> str:
    """What the cards that found no room are about: ``3 TINGGI Bahasa, 2 RENDAH Data pribadi``."""
    counts = Counter((card.level, card.family) for card in hidden)
    return words.listed([f"{words.number(count)} {level} {family}" for (level, family), count in counts.items()])
