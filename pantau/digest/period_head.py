"""What is read first: title, headline, the comparison with the period before, warnings and tiles."""

from datetime import date

from pantau.digest import clean, words
from pantau.digest.blocks import Tile, Tone
from pantau.digest.period_context import ENOUGH_POSTS, PeriodContext, Tally, categorised, useful
from pantau.digest.period_model import PeriodCounts

_NAMED_DAYS = 5
_GOOD_COVERAGE = 95
"""From this share of readings (%) on the tile of coverage is calm."""


def span(first: date, last: date) -> str:
    """``23–29 November 2026``, without saying month and year twice."""
    if first == last:
        return _full(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_full(last)}"
    start = _full(first) if first.year != last.year else _full(first).rsplit(" ", 1)[0]
    return f"{start} – {_full(last)}"


def _full(day: date) -> str:
    return words.day_long(day).split(", ", 1)[1]


def title(ctx: PeriodContext) -> str:
    """Name of the edition with its days."""
    first, last = ctx.data.now.first, ctx.data.now.last
    if ctx.data.kind == "month":
        return f"Ringkasan bulan {words.month_year(first)}"
    return f"Ringkasan {'minggu ' if ctx.data.kind == 'week' else ''}{span(first, last)}"


def heading(ctx: PeriodContext) -> str:
    """The page's one main heading."""
    kind = {"week": "mingguan", "month": "bulanan", "span": "berkala"}[ctx.data.kind]
    return f"Ringkasan {kind} media sosial resmi"


def subject(ctx: PeriodContext, counts: PeriodCounts) -> str:
    """Subject line; different for every period."""
    if not counts.read:
        return clean.line(f"{title(ctx)}: keadaan tidak diketahui")
    parts = [f"{words.number(counts.flags)} temuan", f"{words.number(counts.quiet_units)} unit diam"]
    return clean.line(f"{title(ctx)}: {', '.join(parts)}")


def headline(ctx: PeriodContext, counts: PeriodCounts) -> str:
    """The first visible sentence."""
    if not counts.nights:
        return "Tidak ada malam yang diperiksa pada masa ini; tidak ada temuan bukan berarti tidak ada masalah."
    if not counts.read:
        return "Tidak satu akun pun terbaca pada masa ini; tidak ada temuan bukan berarti tidak ada masalah."
    found = f"{words.counted(counts.flags, 'temuan')} perlu dicek" if counts.flags else "Tidak ada temuan"
    parts = [f"{found} dari {words.counted(counts.posts, 'unggahan')}"]
    if counts.flags:
        settled = counts.open + counts.answered + counts.confirmed
        parts.append(f"{words.number(settled)} belum selesai" if settled else "semua sudah selesai")
    if counts.categorised >= ENOUGH_POSTS:
        parts.append(f"{words.percent(counts.useful, counts.categorised)} % unggahan bermanfaat langsung bagi warga")
    quiet = f"{words.counted(counts.quiet_units, 'unit')} diam melewati batas"
    parts.append(quiet if counts.quiet_units else "tidak ada unit yang diam melewati batas")
    return f"{', '.join(parts)}."


def comparison(ctx: PeriodContext) -> str:
    """How the period differs from the one before; a rise or a fall only where both were looked at alike."""
    name = ctx.period_word(before=True)
    if ctx.before is None:
        return f"Belum ada {name} untuk dibandingkan."
    if said := _gaps(ctx, ctx.before):
        return f"Tidak dibandingkan dengan {name}: {said}."
    if ctx.all_comparable:
        parts = _moves(ctx, ctx.before)
        return f"Dibanding {name}: {'; '.join(parts)}."
    text = f"Belum dapat dibandingkan seluruhnya dengan {name}: {_uneven(ctx, ctx.before)}."
    return text + _alike(ctx, ctx.before)


def _gaps(ctx: PeriodContext, before: Tally) -> str:
    parts = []
    for tally, name in ((ctx.now, ctx.period_word()), (before, ctx.period_word(before=True))):
        if tally.nights < tally.days:
            gaps = tally.days - tally.nights
            parts.append(f"{words.number(gaps)} dari {words.number(tally.days)} malam {name} tidak diperiksa")
    return words.listed(parts)


def _uneven(ctx: PeriodContext, before: Tally) -> str:
    """Why the two periods were not looked at alike, although every night was held."""
    parts = []
    for tally, name in ((ctx.now, ctx.period_word()), (before, ctx.period_word(before=True))):
        if unread := sum(bool(tally.unread(key)) for key in ctx.watched):
            parts.append(f"{words.counted(unread, 'akun')} {name}")
    if parts:
        return f"{words.listed(parts)} tidak terbaca sedikitnya satu malam"
    return "tidak semua akun diperiksa setiap malam pada kedua masa"


def _alike(ctx: PeriodContext, before: Tally) -> str:
    """Plain numbers of the accounts that were read in every night of both periods."""
    if not ctx.comparable:
        return ""
    now, earlier = ctx.now.of(ctx.comparable).total(), before.of(ctx.comparable).total()
    flags, flags_before = _flags(ctx, before)
    return (
        f" Pada {words.counted(len(ctx.comparable), 'akun')} yang terbaca setiap malam di kedua masa: "
        f"{words.counted(now, 'unggahan')} (sebelumnya {words.number(earlier)}), "
        f"{words.counted(flags, 'temuan')} (sebelumnya {words.number(flags_before)})."
    )


def _flags(ctx: PeriodContext, before: Tally) -> tuple[int, int]:
    return ctx.flagged(ctx.now.sums, ctx.comparable), ctx.flagged(before.sums, ctx.comparable)


def _moves(ctx: PeriodContext, before: Tally) -> list[str]:
    now, earlier = ctx.now.of(ctx.comparable), before.of(ctx.comparable)
    flags, flags_before = _flags(ctx, before)
    parts = [
        _moved("unggahan", now.total(), earlier.total(), ctx.now.days, before.days),
        _moved("temuan", flags, flags_before, ctx.now.days, before.days),
    ]
    known = categorised(now), categorised(earlier)
    if min(known) >= ENOUGH_POSTS:
        shares = words.percent(useful(now), known[0]), words.percent(useful(earlier), known[1])
        parts.append(_said("bagian yang bermanfaat", shares[0], shares[1], f"{shares[1]} %", f"{shares[0]} %"))
    return parts


def _moved(what: str, now: int, before: int, days: int, days_before: int) -> str:
    """Totals of periods of equal length; averages where months differ."""
    if days == days_before:
        return _said(what, now, before, words.number(before), words.number(now))
    rates = round(now / days, 1), round(before / days_before, 1)
    return _said(f"{what} rata-rata per hari", *rates, words.number(rates[1], 1), words.number(rates[0], 1))


def _said(what: str, now: float, before: float, old: str, new: str) -> str:
    if now == before:
        return f"{what} tetap {new}"
    return f"{what} {'naik' if now > before else 'turun'} dari {old} menjadi {new}"


def warnings(ctx: PeriodContext, counts: PeriodCounts) -> tuple[str, ...]:
    """What readers must know before they trust the numbers."""
    said = [words.INVENTED] if ctx.data.invented else []
    if gaps := ctx.now.gaps:
        named = words.listed([ctx.day(day) for day in gaps[:_NAMED_DAYS]])
        more = f" dan {words.number(len(gaps) - _NAMED_DAYS)} lagi" if len(gaps) > _NAMED_DAYS else ""
        said.append(f"{words.counted(len(gaps), 'malam')} tidak diperiksa ({named}{more}); angka di bawah bisa kurang.")
    for platform in sorted({item.platform for item in ctx.watched.values()}):
        keys = [key for key, item in ctx.watched.items() if item.platform == platform]
        if counts.nights and len(keys) > 1 and not any(ctx.now.read(key) for key in keys):
            name = clean.line(words.platform(platform))
            said.append(f"Tidak satu pun dari {words.counted(len(keys), 'akun')} {name} terbaca pada masa ini.")
    return tuple(said)


def tiles(ctx: PeriodContext, counts: PeriodCounts, corrections: Tile) -> tuple[Tile, ...]:
    """The six numbers of the summary. Where nothing was read there is no number, and nothing looks like all-clear."""
    if not counts.read:
        labels = ("Temuan perlu dicek", "Unggahan bermanfaat", "Unit diam", "Waktu perbaikan", "Unggahan")
        empty = tuple(Tile("–", label, "tidak diketahui: tidak ada yang terbaca", "abu") for label in labels)
        return (*empty, _coverage(counts))
    calm: Tone = "tenang" if counts.read == counts.readings and counts.nights == counts.days else "abu"
    worst: Tone = ctx.flags[0].worst.level if counts.flags > counts.dismissed else calm
    settled = counts.open + counts.answered + counts.confirmed
    average = counts.posts / counts.days
    known = counts.categorised
    enough = known >= ENOUGH_POSTS
    return (
        Tile(
            words.number(counts.flags),
            "Temuan perlu dicek",
            f"{words.number(counts.fresh)} baru, {words.number(settled)} belum selesai"
            if counts.flags
            else "tidak ada",
            worst,
        ),
        Tile(
            f"{words.percent(counts.useful, known)} %" if enough else "–",
            "Unggahan bermanfaat",
            f"{words.number(counts.useful)} dari {words.number(known)}: kinerja, layanan, edukasi",
            "info" if enough else "abu",
        ),
        Tile(
            words.number(counts.quiet_units),
            "Unit diam",
            "mempunyai akun yang melewati batas diam",
            "sedang" if counts.quiet_units else calm,
        ),
        corrections,
        Tile(words.number(counts.posts), "Unggahan", f"rata-rata {words.number(average, 1)} per hari", "info"),
        _coverage(counts),
    )


def _coverage(counts: PeriodCounts) -> Tile:
    percent = words.percent(counts.read, counts.readings)
    tone: Tone = "tenang" if percent >= _GOOD_COVERAGE and counts.nights == counts.days else "abu"
    nights = f"{words.number(counts.nights)} dari {words.number(counts.days)} malam diperiksa"
    return Tile(f"{percent} %" if counts.readings else "–", "Akun terbaca", nights, tone)
