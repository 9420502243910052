"""What the posts of a period were for: share of useful ones per tier and unit, the change, and posts worth imitating."""

from collections import Counter
from collections.abc import Iterable

from pantau.core.model import USEFUL_CATEGORIES, Category, Post
from pantau.digest import clean, words
from pantau.digest.editions import TIERS
from pantau.digest.period_context import (
    ENOUGH_POSTS,
    GONE_UNIT,
    TOO_FEW,
    PeriodContext,
    categorised,
    useful,
)
from pantau.digest.period_model import ModelPost, PeriodCounts, ShareRow, Usefulness

EXAMPLES = 3
_MOST = 3
_SUPPORT = 3
_LEAST_CHARS, _CHARS = 60, 180
_POST_KINDS = ("post", "video")
_WHY: dict[Category, str] = {
    "kinerja": "menunjukkan hasil kerja yang dapat dilihat warga",
    "layanan": "memberi tahu warga cara memakai layanan",
    "edukasi": "mengajarkan hal yang berguna bagi warga",
}
TIER_LABELS = tuple(label for label, _ in TIERS)


def share(counter: Counter[str]) -> int | None:
    """Useful posts in whole per cent; None where there are too few to say."""
    known = categorised(counter)
    return words.percent(useful(counter), known) if known >= ENOUGH_POSTS else None


def usefulness(ctx: PeriodContext, counts: PeriodCounts) -> Usefulness:
    """Tiers, units and what stands out, every posted item counted once."""
    units = [_unit(ctx, code) for code in _posting_units(ctx)]
    rows = [row for _, row in units]
    ranked = [
        (ctx.first(code), row) for code, row in units if row.categorised >= ENOUGH_POSTS and row.tier != GONE_UNIT
    ]
    most = sorted(ranked, key=lambda item: (-_rate(item[1]), item[0], -item[1].useful, item[1].label.casefold()))
    most = [item for item in most if item[1].useful][:_MOST]
    overall = counts.useful / counts.categorised if counts.categorised else 0.0
    weak = [item for item in ranked if item not in most and _rate(item[1]) < overall]
    weak.sort(key=lambda item: (_rate(item[1]), item[0], -item[1].categorised, item[1].label.casefold()))
    return Usefulness(
        sentence=_sentence(counts),
        tiers=tuple(row for label in (*TIER_LABELS, GONE_UNIT) if (row := _tier(ctx, label)).posts),
        most=tuple(row for _, row in most),
        support=tuple(row for _, row in weak[:_SUPPORT]),
        units=tuple(rows),
    )


def _rate(row: ShareRow) -> float:
    return row.useful / row.categorised


def _sentence(counts: PeriodCounts) -> str:
    known = counts.categorised
    if not known:
        return "Belum ada unggahan yang digolongkan, jadi bagian yang bermanfaat tidak diketahui."
    share_text = f" ({words.percent(counts.useful, known)} %)" if known >= ENOUGH_POSTS else ""
    text = (
        f"{words.number(counts.useful)} dari {words.counted(known, 'unggahan')}{share_text} bermanfaat langsung bagi warga: "
        "kinerja, layanan, atau edukasi."
    )
    if counts.uncategorised:
        text += f" {words.number(counts.uncategorised)} lagi tidak digolongkan dan tidak ikut dihitung."
    return text


def keys_of(ctx: PeriodContext, code: str) -> list[str]:
    """Accounts of a unit; for the empty code those that are registered no more but posted."""
    if code:
        return ctx.by_unit[code]
    seen = set(ctx.now.posts) | (set(ctx.before.posts) if ctx.before else set())
    return sorted(key for key in seen if not ctx.unit_of(key))


def all_units(ctx: PeriodContext) -> list[str]:
    """Codes of all units by tier and name, also of units that only their accounts name; last the empty code."""
    codes = set(ctx.units) | {code for code in ctx.by_unit if code}
    order = {label: n for n, label in enumerate((*TIER_LABELS, GONE_UNIT))}
    return [
        *sorted(codes, key=lambda code: (order[ctx.tier(code)], ctx.first(code), ctx.unit_name(code).casefold(), code)),
        "",
    ]


def _posting_units(ctx: PeriodContext) -> list[str]:
    return [code for code in all_units(ctx) if ctx.now.of(keys_of(ctx, code)).total()]


def _row(ctx: PeriodContext, label: str, tier: str, keys: list[str], note: str = "") -> ShareRow:
    counter = ctx.now.of(keys)
    percent = share(counter)
    return ShareRow(
        label=label,
        tier=tier,
        posts=counter.total(),
        categorised=categorised(counter),
        useful=useful(counter),
        share=TOO_FEW if percent is None else f"{percent} %",
        change=_change(ctx, keys, percent),
        note=note,
    )


def _unit(ctx: PeriodContext, code: str) -> tuple[str, ShareRow]:
    keys = keys_of(ctx, code)
    name = ctx.unit_name(code) if code else "Akun yang tidak lagi terdaftar"
    return code, _row(ctx, name, ctx.tier(code), keys, _support(ctx.now.of(keys)))


def _tier(ctx: PeriodContext, label: str) -> ShareRow:
    codes = [code for code in all_units(ctx) if ctx.tier(code) == label]
    return _row(ctx, label, label, [key for code in codes for key in keys_of(ctx, code)])


def comparable_share(ctx: PeriodContext, keys: Iterable[str]) -> int | None:
    """The share of the period before; None unless all that posts was read in every night of both."""
    keys = [key for key in keys if key in ctx.watched or key in ctx.now.posts]
    if ctx.before is None or not keys or not set(keys) <= ctx.comparable:
        return None
    return share(ctx.before.of(keys))


def _change(ctx: PeriodContext, keys: list[str], percent: int | None) -> str:
    before = comparable_share(ctx, keys)
    if percent is None or before is None:
        return ""
    if percent == before:
        return f"sama dengan {ctx.period_word(before=True)}"
    verb = "naik" if percent > before else "turun"
    return f"{verb} dari {before} %"


def _support(counter: Counter[str]) -> str:
    """What a unit posted most instead: the reason to help it with material, not a reproach."""
    rest = [(counter[name], label) for name, label in words.CATEGORY_LABELS.items() if name not in USEFUL_CATEGORIES]
    count, label = max(rest)
    return f"paling banyak {label.lower()} ({words.number(count)})" if count else ""


def examples(ctx: PeriodContext) -> tuple[ModelPost, ...]:
    """Useful posts without a finding and without personal data, of accounts without a flag: from different units."""
    tainted = {item.finding.post for item in ctx.data.now.findings}
    flags = [item for item in ctx.data.now.findings if item.strength == "flag" and ctx.outcome(item) != "dismissed"]
    accounts = {ctx.resolve(item.finding.account) for item in flags if item.finding.account}
    good = [
        post
        for post in ctx.data.candidates
        if post.key not in tainted and ctx.resolve(post.account) not in accounts and _is_good(ctx, post)
    ]
    chosen: list[Post] = []
    for wanted_new_tier in (True, False):
        for post in good:
            units = {ctx.unit_of(other.account) for other in chosen}
            tiers = {ctx.tier(code) for code in units}
            code = ctx.unit_of(post.account)
            if code not in units and not (wanted_new_tier and ctx.tier(code) in tiers) and len(chosen) < EXAMPLES:
                chosen.append(post)
    return tuple(_example(ctx, post) for post in sorted(chosen, key=lambda post: ctx.first(ctx.unit_of(post.account))))


def _is_good(ctx: PeriodContext, post: Post) -> bool:
    private = clean.masked(post.text, personal=True) != post.text
    known = ctx.data.categories.get(post.key) in USEFUL_CATEGORIES and bool(ctx.unit_of(post.account))
    long_enough = len(clean.line(post.text)) >= _LEAST_CHARS
    return known and long_enough and not private and post.kind in _POST_KINDS and bool(clean.url(post.url))


def _example(ctx: PeriodContext, post: Post) -> ModelPost:
    category = ctx.data.categories[post.key]
    return ModelPost(
        unit=ctx.unit_name(ctx.unit_of(post.account)),
        account=ctx.account_name(post.account),
        category=words.CATEGORY_LABELS[category],
        why=_WHY[category],
        when=ctx.moment(post.published_at),
        text=clean.quoted(post.text, _CHARS),
        url=clean.url(post.url),
    )
