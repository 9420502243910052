"""The charts of a period as plain data, each with the fact that it shows in words."""

from collections.abc import Callable, Sequence

from pantau.core.model import CATEGORIES
from pantau.core.periods import NightSums
from pantau.digest import words
from pantau.digest.blocks import Chart, Series
from pantau.digest.period_context import ENOUGH_POSTS, GONE_UNIT, PeriodContext, Tally
from pantau.digest.period_model import ChartBlock, DayRow, Usefulness

_FEWEST_DAYS = 2
_NAMED_DAYS = 3


def charts(ctx: PeriodContext, usefulness: Usefulness) -> tuple[ChartBlock, ...]:
    """Trend, comparison and shares; each only where there is something to show."""
    return tuple(block for block in (_trend(ctx), _comparison(ctx), _shares(usefulness)) if block)


def day_rows(ctx: PeriodContext) -> tuple[DayRow, ...]:
    """The trend in numbers."""

    def shown(value: int | None) -> str:
        return "–" if value is None else words.number(value)

    return tuple(
        DayRow(
            day=words.day_month(day.day),
            posts=shown(_posts(day)),
            flagged=shown(day.flagged),
            quiet=shown(day.quiet),
            unread=shown(day.unread),
        )
        for day in ctx.data.now.days
    )


def _posts(day: NightSums) -> int | None:
    """Posts of a day that has a night; without one nobody knows whether these are all."""
    return None if day.flagged is None else day.posts


def _trend(ctx: PeriodContext) -> ChartBlock | None:
    days = ctx.data.now.days
    held = [day for day in days if day.flagged is not None]
    if len(held) < _FEWEST_DAYS:
        return None
    most, least = max(day.posts for day in held), min(day.posts for day in held)
    flagged = max(day.flagged or 0 for day in held)
    busy = f"{words.number(most)} ({_on(ctx, held, lambda day: day.posts == most)})"
    calm = f"{words.number(least)} ({_on(ctx, held, lambda day: day.posts == least)})"
    fact = (
        f"Grafik {words.counted(len(days), 'hari')}: unggahan per hari paling sedikit {calm} dan paling banyak {busy}"
    )
    marked = "tidak ada yang ditandai"
    if flagged:
        when = _on(ctx, held, lambda day: day.flagged == flagged)
        marked = f"paling banyak {words.number(flagged)} ditandai dalam sehari ({when})"
    gaps = len(days) - len(held)
    missing = f" {words.counted(gaps, 'hari')} tanpa pemeriksaan dibiarkan kosong." if gaps else ""
    return ChartBlock(
        Chart(
            kind="trend",
            title="Unggahan dan yang ditandai per hari",
            fact=f"{fact}; {marked}.{missing}",
            unit="unggahan",
            labels=tuple(words.day_month(day.day) for day in days),
            series=(
                Series("Unggahan", tuple(_posts(day) for day in days)),
                Series("Ditandai", tuple(day.flagged for day in days)),
            ),
        ),
        f"Paling ramai: {busy}; {marked}.{missing}",
    )


def _on(ctx: PeriodContext, held: Sequence[NightSums], is_meant: Callable[[NightSums], bool]) -> str:
    """The days that share a value; many are only counted."""
    days = [ctx.day(day.day) for day in held if is_meant(day)]
    return words.listed(days) if len(days) <= _NAMED_DAYS else words.counted(len(days), "hari")


def _comparison(ctx: PeriodContext) -> ChartBlock | None:
    """Posts by category, of accounts that were read in every night of both periods, per day where lengths differ."""
    if ctx.before is None or not ctx.comparable:
        return None
    now, before = ctx.now.of(ctx.comparable), ctx.before.of(ctx.comparable)
    shown = [category for category in CATEGORIES if now[category] or before[category]]
    if not shown:
        return None
    per_day = ctx.now.days != ctx.before.days

    def value(tally: Tally, count: int) -> float:
        return round(count / tally.days, 1) if per_day else count

    earlier = ctx.before
    pairs = [(value(ctx.now, now[name]), value(earlier, before[name])) for name in shown]
    parts = [
        f"{words.CATEGORY_LABELS[name]} {_number(new, per_day)} (sebelumnya {_number(old, per_day)})"
        for name, (new, old) in zip(shown, pairs, strict=True)
    ]
    title = f"Isi unggahan, {ctx.period_word()} dan {ctx.period_word(before=True)}"
    accounts = words.counted(len(ctx.comparable), "akun")
    return ChartBlock(
        Chart(
            kind="comparison",
            title=title,
            fact=f"{title}: {', '.join(parts)}.",
            unit="unggahan per hari" if per_day else "unggahan",
            labels=tuple(words.CATEGORY_LABELS[name] for name in shown),
            series=(
                Series(ctx.period_word(), tuple(float(new) for new, _ in pairs)),
                Series("sebelumnya", tuple(float(old) for _, old in pairs)),
            ),
        ),
        f"Dari {accounts} yang terbaca setiap malam pada kedua masa.",
    )


def _number(value: float, per_day: bool) -> str:
    return words.number(value, 1 if per_day else 0)


def _shares(usefulness: Usefulness) -> ChartBlock | None:
    """Useful posts per tier; the two shares of a bar are one hundred together."""
    rows = [row for row in usefulness.tiers if row.categorised >= ENOUGH_POSTS and row.label != GONE_UNIT]
    if not rows:
        return None
    percents = [words.percent(row.useful, row.categorised) for row in rows]
    parts = [f"{row.label} {row.share}" for row in rows]
    title = "Bagian unggahan yang bermanfaat"
    best = [
        f"{row.label[:1].lower()}{row.label[1:]}"
        for row, share in zip(rows, percents, strict=True)
        if share == max(percents)
    ]
    said = f"Terbesar pada {'; '.join(best)}: {max(percents)} %." if len(best) < len(rows) else ""
    return ChartBlock(
        Chart(
            kind="shares",
            title=title,
            fact=f"{title}: {', '.join(parts)}.",
            unit="%",
            labels=tuple(row.label for row in rows),
            series=(
                Series("Bermanfaat", tuple(float(percent) for percent in percents)),
                Series("Lainnya", tuple(float(100 - percent) for percent in percents)),
            ),
        ),
        said,
    )
