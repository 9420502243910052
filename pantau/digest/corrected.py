"""Flags whose post was taken down or edited: what is said of them, and from when on nobody is asked about them any more."""

import math

from pantau.core.periods import Correction
from pantau.digest import clean, words
from pantau.digest.blocks import Entry, Lines
from pantau.digest.context import Context
from pantau.digest.model import CorrectedFlag

_CHANGES = {"removed": "tidak tampak lagi", "edited": "disunting"}


def hours(correction: Correction) -> int:
    """Whole hours, rounded up: Pantau looks once a night, so the true time is shorter."""
    return math.ceil(correction.hours)


def corrected_text(correction: Correction) -> str:
    """``diperbaiki paling lama 14 jam sesudah ditandai (disunting)``."""
    return (
        f"diperbaiki paling lama {words.number(hours(correction))} jam sesudah ditandai ({_CHANGES[correction.change]})"
    )


def changed_text(correction: Correction, within_hours: int) -> str:
    """The same, but a late change is not called a correction: ``disunting paling lama 61 jam sesudah ditandai (lewat 36 jam)``."""
    if in_time(correction, within_hours):
        return corrected_text(correction)
    return f"{_CHANGES[correction.change]} {late_text(correction, within_hours)}"


def late_text(correction: Correction, within_hours: int) -> str:
    """How long a late change took at most, and that it is late."""
    took = f"paling lama {words.number(hours(correction))} jam sesudah ditandai"
    return f"{took} (lewat {words.number(within_hours)} jam)"


def in_time(correction: Correction, within_hours: int) -> bool:
    """True when it was quick enough to settle the flag; a later one is told, and stays open until somebody decides."""
    return correction.hours <= within_hours


def settled(ctx: Context, key: str) -> bool:
    """True for an earlier flag that nobody needs to ask about any more, although nobody has decided on it."""
    correction = ctx.data.corrections.get(key)
    return correction is not None and in_time(correction, ctx.data.settings.corrected_within_hours)


def posts_in_time(ctx: Context) -> int:
    """How many posts were corrected in time, as noticed since the last digest."""
    within = ctx.data.settings.corrected_within_hours
    return len({item.finding.post for item in ctx.data.corrected if in_time(item.correction, within)})


def corrected(ctx: Context) -> Lines:
    """Corrections noticed since the last digest, quickest first, one entry for all flags of a post that took equally long."""
    groups: dict[tuple[object, ...], list[CorrectedFlag]] = {}
    for item in sorted(
        ctx.data.corrected, key=lambda item: (item.correction.hours, item.finding.post, item.finding.key)
    ):
        groups.setdefault((item.finding.post, item.correction.flagged_at), []).append(item)
    return Lines(tuple(_entry(ctx, items) for items in groups.values()))


def _entry(ctx: Context, items: list[CorrectedFlag]) -> Entry:
    first = items[0].finding
    correction, within = items[0].correction, ctx.data.settings.corrected_within_hours
    labels = words.listed(list(dict.fromkeys(words.FAMILY_LABELS[item.finding.family] for item in items)))
    if correction.change == "edited":
        what = f"disunting, teks barunya pertama terlihat {ctx.moment(correction.corrected_by)}"
    else:
        what = (
            f"terakhir tampak {ctx.moment(correction.seen_until)}, tidak tampak lagi sejak "
            f"{ctx.moment(correction.corrected_by)}"
        )
    took = f"paling lama {words.number(hours(correction))} jam sesudah ditandai"
    waiting = any(item.finding.key in ctx.earlier for item in items)
    if in_time(correction, within):
        end = "Terima kasih. Tidak ditagih lagi." if waiting else "Terima kasih."
    else:
        end = f"Lebih dari {words.number(within)} jam" + (", jadi tetap terbuka sampai diputuskan." if waiting else ".")
    account = ctx.account_name(first.account) if first.account else ""
    about = ", ".join(part for part in (labels, account) if part)
    text = f"{about}; ditandai {ctx.moment(correction.flagged_at)}; {what}; {took}. {end}"
    url = clean.url(first.url) if correction.change == "edited" else ""
    return Entry(ctx.unit_name(first.unit), text, url, ", ".join(item.finding.key for item in items))
