"""``PeriodInput`` to ``PeriodEdition``: the weekly and the monthly edition, uncut."""

import math
from statistics import median

from pantau.core.clock import local_day
from pantau.digest import clean, words
from pantau.digest import period_findings as findings
from pantau.digest import period_head as head
from pantau.digest import period_states as states
from pantau.digest.blocks import Entry, Facts, Lines, Tile
from pantau.digest.period_charts import charts, day_rows
from pantau.digest.period_context import PeriodContext, categorised, useful
from pantau.digest.period_input import PeriodInput
from pantau.digest.period_model import WORKBOOK, PeriodCounts, PeriodEdition
from pantau.digest.period_posts import examples, usefulness
from pantau.digest.period_tables import tables


def build(data: PeriodInput) -> PeriodEdition:
    """The complete edition. The same input gives an equal edition.

    Raises ``ValueError`` when the numbers contradict each other.
    """
    ctx = PeriodContext(data)
    quiet, unread = states.quiet(ctx), states.unread(ctx)
    counts = _counts(ctx, len(quiet.units), len(unread.rows))
    useful_posts = usefulness(ctx, counts)
    office = data.office
    return PeriodEdition(
        edition=data.kind,
        run_id=clean.line(data.run_id),
        subject=head.subject(ctx, counts),
        title=head.title(ctx),
        heading=head.heading(ctx),
        span=f"{words.day_long(data.now.first)} s.d. {words.day_long(data.now.last)}",
        made=ctx.moment(data.made_at),
        made_day=words.day_long(local_day(data.made_at, ctx.zone)).split(", ", 1)[1],
        office_name=clean.line(office.name),
        office_department=clean.line(office.department),
        office_address=clean.line(office.address),
        how_to_answer=_how_to_answer(ctx),
        readers=", ".join(clean.line(reader) for reader in data.readers),
        headline=head.headline(ctx, counts),
        comparison=head.comparison(ctx),
        warnings=head.warnings(ctx, counts),
        tiles=head.tiles(ctx, counts, _corrections_tile(ctx, counts)),
        counts=counts,
        charts=charts(ctx, useful_posts),
        days=day_rows(ctx),
        flags_sentence=findings.flags_sentence(counts),
        flags=findings.flag_rows(ctx),
        usefulness=useful_posts,
        corrections=findings.corrections(ctx),
        corrections_sentence=findings.corrections_sentence(ctx, counts),
        quiet_sentence=states.quiet_sentence(ctx, quiet),
        quiet=quiet,
        unread_sentence=states.unread_sentence(ctx, unread),
        unread=unread,
        missing=states.missing(ctx),
        examples=examples(ctx),
        decisions=findings.decisions(ctx),
        coverage=states.coverage(ctx),
        costs=states.costs(ctx),
        unchecked=states.unchecked(ctx, counts.uncategorised),
        method=_method(),
        facts=_facts(ctx, counts),
        elsewhere=WORKBOOK if "xlsx" in data.settings.attach else "versi teks surel ini",
        tables=tables(ctx),
    )


def _counts(ctx: PeriodContext, quiet_units: int, unread_accounts: int) -> PeriodCounts:
    posts = ctx.now.of(ctx.now.posts)
    meant, read, waiting = states.readings(ctx)
    outcomes = [flag.outcome for flag in ctx.flags]
    start = ctx.data.now.first
    fresh = [flag for flag in ctx.flags if min(local_day(item.first_at, ctx.zone) for item in flag.items) >= start]
    return PeriodCounts(
        days=ctx.now.days,
        nights=ctx.now.nights,
        posts=posts.total(),
        useful=useful(posts),
        other=categorised(posts) - useful(posts),
        uncategorised=posts[""],
        flags=len(ctx.flags),
        fresh=len(fresh),
        open=outcomes.count("open"),
        answered=outcomes.count("answered"),
        confirmed=outcomes.count("confirmed"),
        followed_up=outcomes.count("followed_up"),
        dismissed=outcomes.count("dismissed"),
        corrected=outcomes.count("corrected"),
        reviews=ctx.reviews,
        accounts=len(ctx.watched),
        readings=meant,
        read=read,
        waiting=waiting,
        quiet_units=quiet_units,
        unread_accounts=unread_accounts,
        missing_units=sum(not ctx.by_unit.get(code) for code in ctx.units),
    )


def _corrections_tile(ctx: PeriodContext, counts: PeriodCounts) -> Tile:
    found = [item.hours for item in ctx.corrections.values()]
    if not found:
        return Tile("–", "Waktu perbaikan", "belum ada yang terlihat diperbaiki", "abu")
    waiting = counts.open + counts.answered + counts.confirmed
    note = f"{words.counted(len(found), 'unggahan')} diperbaiki; separuhnya dalam waktu ini atau lebih singkat"
    return Tile(
        f"≤ {words.number(math.ceil(median(found)))} jam", "Waktu perbaikan", note, "abu" if waiting else "tenang"
    )


def _how_to_answer(ctx: PeriodContext) -> str:
    contact = clean.line(ctx.data.office.contact)
    where = f"hubungi {contact}" if contact else "sampaikan kepada pengelola Pantau"
    return f"Untuk meluruskan atau menjawab suatu temuan, {where} dengan menyebut kodenya."


def _method() -> Lines:
    return Lines(
        (
            Entry("Bukan vonis", "Setiap temuan perlu dicek orang; unit berhak menjawab."),
            Entry(
                "Bermanfaat",
                "Unggahan tentang kinerja, layanan, atau edukasi. Penggolongan dibuat mesin dan bisa keliru; "
                "kurang dari lima unggahan tidak diberi persentase.",
            ),
            Entry(
                "Perbandingan",
                "Naik atau turun hanya disebut bila setiap malam diperiksa dan akunnya terbaca pada kedua masa.",
            ),
            Entry("Waktu perbaikan", "Dari laporan pertama sampai terlihat berubah; dihitung paling lama."),
        )
    )


def _facts(ctx: PeriodContext, counts: PeriodCounts) -> Facts:
    entries = [Entry("Nomor ringkasan", clean.line(ctx.data.run_id))] if ctx.data.run_id else []
    span = head.span(ctx.data.now.first, ctx.data.now.last)
    entries += [
        Entry("Masa", span),
        Entry("Dibuat", ctx.moment(ctx.data.made_at)),
        Entry("Akun dipantau", words.number(counts.accounts)),
        Entry("Unit", f"{words.number(len(ctx.units))}, {words.number(counts.missing_units)} di antaranya tanpa akun"),
        Entry(
            "Pembacaan",
            f"{words.number(counts.read)} berhasil dari {words.number(counts.readings)} yang dijadwalkan",
        ),
    ]
    return Facts(tuple(entries))
