"""Findings of a period in short rows with what became of them, how fast posts were corrected, and decisions."""

import math
from collections import Counter
from statistics import median

from pantau.core.clock import local_day
from pantau.digest import clean, words
from pantau.digest.blocks import Entry, Lines, Tone
from pantau.digest.corrected import corrected_text, hours
from pantau.digest.period_context import Flag, Outcome, PeriodContext
from pantau.digest.period_model import FlagRow, FlagRows, PeriodCounts

_MESSAGE_CHARS = 160
_OUTCOMES: dict[Outcome, tuple[str, Tone]] = {
    "open": ("masih terbuka", "sedang"),
    "answered": ("dijawab unit, menunggu keputusan", "info"),
    "confirmed": ("dinyatakan benar, menunggu tindak lanjut", "sedang"),
    "followed_up": ("sudah ditindaklanjuti", "tenang"),
    "dismissed": ("bukan pelanggaran", "abu"),
    "corrected": ("sudah diperbaiki", "tenang"),
}
_CHANGES = {"removed": "tidak tampak lagi", "edited": "disunting"}
_SLOWEST_CHARS = 120


def flag_rows(ctx: PeriodContext) -> FlagRows:
    """One row for one post, worst first; those that were no violation stand last."""
    return FlagRows(tuple(_row(ctx, flag) for flag in ctx.flags))


def _row(ctx: PeriodContext, flag: Flag) -> FlagRow:
    finding = flag.worst
    post = ctx.post(finding)
    key = ctx.resolve(post.account if post else finding.account)
    counted = [item for item in flag.items if ctx.outcome(item) != "dismissed"] or list(flag.items)
    labels = dict.fromkeys(words.FAMILY_LABELS[item.finding.family] for item in counted)
    outcome, tone = _outcome(ctx, flag)
    return FlagRow(
        key=finding.key,
        level=words.LEVEL_LABELS[finding.level],
        tone=finding.level,
        family=words.listed(list(labels)),
        unit=ctx.unit_name(finding.unit),
        account=ctx.account_name(key) if key else "",
        message=clean.shorten(clean.line(clean.masked(finding.message)), _MESSAGE_CHARS),
        since=ctx.day(local_day(min(item.first_at for item in flag.items), ctx.zone)),
        outcome=outcome,
        outcome_tone=tone,
        url="" if flag.correction and flag.correction.change == "removed" else clean.url(finding.url),
    )


def _outcome(ctx: PeriodContext, flag: Flag) -> tuple[str, Tone]:
    text, tone = _OUTCOMES[flag.outcome]
    if flag.correction and flag.outcome == "corrected":
        text = corrected_text(flag.correction)
    elif flag.correction and flag.outcome != "dismissed":
        text += f"; {_CHANGES[flag.correction.change]}"
    else:
        decided = [item.decision for item in flag.items if item.decision and ctx.outcome(item) == flag.outcome]
        if decided and flag.outcome != "open":
            text += f" ({ctx.day(local_day(max(item.at for item in decided), ctx.zone))})"
    return text, tone


def outcome_label(outcome: Outcome) -> str:
    """What became of a finding, as a few words."""
    return _OUTCOMES[outcome][0]


def flags_sentence(counts: PeriodCounts) -> str:
    """What became of all of them, so that the parts add up to the whole."""
    if not counts.nights:
        return "Tidak ada malam yang diperiksa pada masa ini."
    seen = f" {words.counted(counts.reviews, 'petunjuk')} untuk dilihat tidak dihitung." if counts.reviews else ""
    if not counts.flags:
        none = "Tidak ada temuan." if counts.read else "Tidak ada yang dapat dinilai: tidak satu akun pun terbaca."
        return none + seen
    tally: tuple[tuple[int, Outcome], ...] = (
        (counts.open, "open"),
        (counts.answered, "answered"),
        (counts.confirmed, "confirmed"),
        (counts.followed_up, "followed_up"),
        (counts.corrected, "corrected"),
        (counts.dismissed, "dismissed"),
    )
    parts = [f"{words.number(count)} {_OUTCOMES[name][0]}" for count, name in tally if count]
    return (
        f"{words.counted(counts.flags, 'temuan')}, {words.number(counts.fresh)} di antaranya baru: {'; '.join(parts)}. "
        f"Perlu dicek petugas dan belum merupakan penilaian; satu unggahan dihitung satu kali.{seen}"
    )


def corrections_sentence(ctx: PeriodContext, counts: PeriodCounts) -> str:
    """How many, how fast at the middle and at the slowest, and how many are still open."""
    waiting = counts.open + counts.answered + counts.confirmed
    still = f" {words.counted(waiting, 'temuan')} belum selesai." if waiting else ""
    found = list(ctx.corrections.values())
    if not found:
        return f"Belum terlihat unggahan yang diperbaiki sesudah ditandai.{still}"
    middle = math.ceil(median(item.hours for item in found))
    slowest = max(found, key=lambda item: (item.hours, item.post))
    tally = Counter(item.change for item in found)
    parts = [f"{words.number(count)} {_CHANGES[change]}" for change, count in sorted(tally.items())]
    text = f"{words.counted(len(found), 'unggahan')} diperbaiki sesudah ditandai ({words.listed(parts)})"
    if len(found) == 1:
        text += f", paling lama {words.number(middle)} jam."
    else:
        text += (
            f". Separuhnya paling lama {words.number(middle)} jam; yang terlama paling lama "
            f"{words.number(hours(slowest))} jam ({clean.shorten(ctx.unit_name(slowest.unit), _SLOWEST_CHARS)})."
        )
    return f"{text} Pantau melihat sekali semalam, jadi waktu sebenarnya lebih singkat.{still}"


def corrections(ctx: PeriodContext) -> Lines:
    """The corrected posts, fastest first: quick ones deserve to be seen."""
    entries = []
    for item in sorted(ctx.corrections.values(), key=lambda item: (item.hours, item.post)):
        post = ctx.data.posts.get(item.post)
        account = f"{ctx.account_name(post.account)}; " if post else ""
        entries.append(
            Entry(ctx.unit_name(item.unit), f"{account}{corrected_text(item)}", "", clean.line(item.finding_key))
        )
    return Lines(tuple(entries))


def decisions(ctx: PeriodContext) -> Lines:
    """What people decided in these days, oldest first."""
    first, last = ctx.data.now.first, ctx.data.now.last
    taken = [
        (item.decision, item.finding)
        for item in ctx.data.now.findings
        if item.decision and first <= local_day(item.decision.at, ctx.zone) <= last
    ]
    entries = []
    for decision, finding in sorted(taken, key=lambda pair: (pair[0].at, pair[0].finding_key)):
        text = f"{words.FAMILY_LABELS[finding.family]}, {ctx.unit_name(finding.unit)}"
        text += f"; oleh {clean.line(decision.by)}, {ctx.moment(decision.at)}"
        if decision.note.strip():
            text += f"; catatan: “{clean.quoted(decision.note, 200)}”"
        entries.append(Entry(words.ACTION_LABELS[decision.action], text, "", clean.line(decision.finding_key)))
    return Lines(tuple(entries))
