"""Who was silent for how many nights, who could not be read, who has no account, and how much was looked at."""

from collections import Counter

from pantau.core.model import Cost
from pantau.digest import clean, words
from pantau.digest.blocks import Entry, Lines
from pantau.digest.build_rest import costs_by_platform
from pantau.digest.period_context import PeriodContext
from pantau.digest.period_model import QuietAccount, QuietUnit, QuietUnits, UnreadRow, UnreadRows

_NAMED_DAYS = 10


def quiet(ctx: PeriodContext) -> QuietUnits:
    """Units with accounts that were read and past their limit, longest first, care first among equals."""
    units = []
    for code, keys in ctx.by_unit.items():
        rows = [_quiet_account(ctx, key) for key in keys if key in ctx.watched and ctx.now.silent(key)]
        if rows:
            rows.sort(key=lambda row: (-row.quiet, row.account))
            units.append((code, QuietUnit(unit=ctx.unit_name(code), nights=rows[0].quiet, accounts=tuple(rows))))
    units.sort(key=lambda item: (-item[1].nights, ctx.first(item[0]), item[1].unit.casefold(), item[0]))
    return QuietUnits(tuple(unit for _, unit in units))


def _quiet_account(ctx: PeriodContext, key: str) -> QuietAccount:
    return QuietAccount(
        account_key=key,
        account=ctx.account_name(key),
        quiet=ctx.now.silent(key),
        read=ctx.now.read(key),
        unread=ctx.now.unread(key),
        waiting=ctx.now.states[key]["waiting"],
    )


def quiet_sentence(ctx: PeriodContext, block: QuietUnits) -> str:
    """How to read the list."""
    if not ctx.now.nights:
        return "Tidak diketahui: tidak ada malam yang diperiksa pada masa ini."
    if not any(ctx.now.read(key) for key in ctx.watched):
        return "Tidak diketahui: tidak satu akun pun terbaca pada masa ini."
    if not block.units:
        return "Tidak ada akun terbaca yang melewati norma dan toleransinya."
    return (
        f"{words.counted(len(block.units), 'unit')} mempunyai akun yang terbaca tetapi tanpa unggahan melebihi norma dan "
        "toleransinya. Yang terlama di atas; malam yang tidak terbaca tidak dihitung."
    )


def unread(ctx: PeriodContext) -> UnreadRows:
    """Watched accounts that could not be read in some night, most nights first."""
    rows = [
        UnreadRow(
            account_key=key,
            account=ctx.account_name(key),
            unit=ctx.unit_name(ctx.accounts[key].unit),
            unread=ctx.now.unread(key),
            read=ctx.now.read(key),
        )
        for key in ctx.watched
        if ctx.now.unread(key)
    ]
    first = {key: ctx.first(ctx.accounts[key].unit) for key in ctx.watched}
    return UnreadRows(tuple(sorted(rows, key=lambda row: (-row.unread, first[row.account_key], row.account))))


def unread_sentence(ctx: PeriodContext, block: UnreadRows) -> str:
    """Why this is not silence."""
    if not ctx.now.nights:
        return "Tidak ada malam yang diperiksa pada masa ini."
    if not block.rows:
        return "Semua akun yang dipantau terbaca setiap kali dijadwalkan."
    return (
        f"{words.counted(len(block.rows), 'akun')} tidak terbaca sedikitnya satu malam. Ini bukan tanda diam: pada malam itu "
        "Pantau yang gagal membaca, sehingga tidak diketahui apakah akunnya mengunggah. Tidak dihitung terhadap unit."
    )


def missing(ctx: PeriodContext) -> Lines:
    """Units without an account, then accounts that were gone or private."""
    codes = [code for code in ctx.units if not ctx.by_unit.get(code)]
    codes.sort(key=lambda code: (ctx.first(code), ctx.unit_name(code).casefold(), code))
    entries = [Entry(ctx.unit_name(code), "unit tanpa akun terdaftar") for code in codes]
    for key in sorted(ctx.watched, key=ctx.account_name):
        states = ctx.now.states.get(key, Counter())
        parts = [
            f"{words.counted(states[state], 'malam')} {label}"
            for state, label in (("gone", "tidak ditemukan"), ("private", "privat"))
            if states[state]
        ]
        if parts:
            text = f"{ctx.unit_name(ctx.accounts[key].unit)}; {words.listed(parts)}"
            entries.append(Entry(ctx.account_name(key), text))
    return Lines(tuple(entries))


def readings(ctx: PeriodContext, platform: str = "") -> tuple[int, int, int]:
    """Readings that were meant to be made, those that succeeded, and those that were not meant to be made."""
    keys = [key for key in ctx.watched if not platform or ctx.accounts[key].platform == platform]
    read = sum(ctx.now.read(key) for key in keys)
    failed = sum(ctx.now.unread(key) for key in keys)
    return read + failed, read, sum(ctx.now.states.get(key, Counter())["waiting"] for key in keys)


def coverage(ctx: PeriodContext) -> Lines:
    """Nights held, and per platform how many readings succeeded."""
    now = ctx.now
    text = f"{words.number(now.nights)} dari {words.number(now.days)} malam diperiksa"
    if gaps := now.gaps:
        named = words.listed([ctx.day(day) for day in gaps[:_NAMED_DAYS]])
        more = f", dan {words.number(len(gaps) - _NAMED_DAYS)} lagi" if len(gaps) > _NAMED_DAYS else ""
        text += f"; tanpa pemeriksaan: {named}{more}"
    entries = [Entry("Malam", text)]
    for platform in sorted({ctx.accounts[key].platform for key in ctx.watched}):
        meant, read, waiting = readings(ctx, platform)
        count = sum(ctx.accounts[key].platform == platform for key in ctx.watched)
        text = words.counted(count, "akun")
        if meant:
            text += (
                f"; {words.number(read)} dari {words.number(meant)} pembacaan berhasil ({words.percent(read, meant)} %)"
            )
        else:
            text += "; tidak ada pembacaan pada masa ini"
        if waiting:
            text += f"; {words.number(waiting)} pembacaan ditunda karena bukan gilirannya"
        entries.append(Entry(words.platform(platform), clean.line(text)))
    return Lines(tuple(entries))


def costs(ctx: PeriodContext) -> Lines:
    """Requests and money by platform, with the period before where it is known."""
    now, before = costs_by_platform(ctx.data.costs), costs_by_platform(ctx.data.costs_before)
    entries = []
    for platform in sorted(now.keys() | before.keys()):
        used, earlier = now.get(platform, Cost(platform=platform)), before.get(platform)
        parts = [_requests(used, earlier)]
        parts += [words.counted(used.posts_billed, "unggahan berbayar")] if used.posts_billed else []
        parts += [words.counted(used.users_billed, "profil berbayar")] if used.users_billed else []
        if used.usd or (earlier and earlier.usd):
            parts.append(words.usd(used.usd) + (f" (sebelumnya {words.usd(earlier.usd)})" if earlier else ""))
        else:
            parts.append("tanpa biaya")
        entries.append(Entry(clean.line(words.platform(platform)), ", ".join(parts)))
    total = sum(used.usd for used in now.values())
    if total and len(now) > 1:
        entries.append(Entry("Seluruhnya", words.usd(total)))
    return Lines(tuple(entries))


def _requests(used: Cost, earlier: Cost | None) -> str:
    text = words.counted(used.requests, "permintaan")
    return f"{text} (sebelumnya {words.number(earlier.requests)})" if earlier else text


def unchecked(ctx: PeriodContext, uncategorised: int) -> Lines:
    """What was not looked at."""
    tally = Counter(account.platform for account in ctx.accounts.values() if account.platform in ctx.data.unwatched)
    entries = [
        Entry(
            clean.line(words.platform(platform)),
            f"{words.counted(count, 'akun')} terdaftar, belum dipantau; ini bukan tanda tidak aktif",
        )
        for platform, count in sorted(tally.items())
    ]
    if ctx.now.gaps:
        text = f"{words.counted(len(ctx.now.gaps), 'hari')} tanpa pemeriksaan; yang tampil lalu hilang pada hari itu tidak terlihat"
        entries.append(Entry("Malam tanpa pemeriksaan", text))
    if uncategorised:
        text = f"{words.counted(uncategorised, 'unggahan')}, misalnya karena tanpa teks"
        entries.append(Entry("Tidak digolongkan", text))
    entries.append(
        Entry(
            "Tidak pernah diperiksa",
            "Cerita (story), siaran langsung, dan pesan pribadi; unggahan yang muncul lalu dihapus di antara dua malam.",
        )
    )
    return Lines(tuple(entries))
