"""The sentences that are read first: subject, headline, what changed since the last night, and warnings."""

from collections.abc import Sequence

from pantau.digest import answers, build_states, clean, words
from pantau.digest.blocks import Card, Counts, Tile, Tone
from pantau.digest.context import NOT_SEEN, Context
from pantau.digest.corrected import posts_in_time

_LOST = ("gone", "private")


def title(ctx: Context) -> str:
    """Name of this edition with its day."""
    name = "Pemeriksaan ulang" if ctx.data.run.kind == "rerun" else "Ringkasan"
    return f"{name} {words.day_short(ctx.today)}"


def heading(ctx: Context) -> str:
    """The page's one main heading."""
    rerun = "Pemeriksaan ulang" if ctx.data.run.kind == "rerun" else "Ringkasan"
    return f"{rerun} media sosial resmi"


def subject(ctx: Context, counts: Counts) -> str:
    """Subject line; different every night, so that mail programs do not fold two nights together."""
    parts = [f"{words.number(counts.flags)} perlu ditindak", f"{words.number(counts.inactive)} tidak aktif"]
    parts += [f"{words.number(counts.unread)} tidak dapat diperiksa"] if counts.unread else []
    mark = "[Contoh] " if ctx.data.run.kind == "demo" else ""
    return f"{mark}{title(ctx)}: {', '.join(parts)}"


def headline(counts: Counts) -> str:
    """The first visible sentence."""
    unread = f"{words.counted(counts.unread, 'akun')} tidak dapat diperiksa."
    if counts.accounts and not counts.read:
        return f"Tidak satu akun pun dapat diperiksa. {unread} Tidak ada temuan bukan berarti tidak ada masalah."
    levels = (("tinggi", counts.tinggi), ("sedang", counts.sedang), ("rendah", counts.rendah), ("info", counts.info))
    found = [f"{words.number(count)} {level}" for level, count in levels if count]
    sentences = [", ".join(found) + "."] if found else []
    if not found:
        sentences.append(
            f"Tidak ada yang perlu ditindak dari {words.counted(counts.posts, 'unggahan')} yang diperiksa."
        )
    if not found and counts.reviews:
        sentences.append(f"{words.number(counts.reviews)} untuk dilihat.")
    if counts.inactive:
        sentences.append(f"{words.counted(counts.inactive, 'akun')} tidak aktif.")
    if counts.unread:
        sentences.append(unread)
    return " ".join(sentences)


def change(ctx: Context, flags: Sequence[Card]) -> str:
    """What is different from the last night, in one sentence."""
    if not ctx.previous:
        return "Ini ringkasan pertama; belum ada malam sebelumnya untuk dibandingkan."
    fresh = sum(1 for card in flags if card.is_new)
    parts = [f"{words.number(fresh)} temuan baru"] if fresh else []
    parts += [
        _named(ctx, _moved(ctx, ("quiet",), ("quiet", *NOT_SEEN)), "akun baru melewati batas"),
        _named(ctx, _moved(ctx, ("active",), ("active", "excused", *NOT_SEEN), known=True), "akun aktif kembali"),
        _named(ctx, _moved(ctx, _LOST, (*_LOST, *NOT_SEEN)), "akun baru hilang atau privat"),
        _named(ctx, _moved(ctx, ("unread",), ("unread",)), "akun baru tidak dapat diperiksa"),
        _named(ctx, _recovered(ctx), "akun kembali dapat diperiksa"),
    ]
    corrected = posts_in_time(ctx)
    parts += [f"{words.number(corrected)} unggahan diperbaiki"] if corrected else []
    decided = len(ctx.data.decisions)
    parts += [f"{words.number(decided)} keputusan dicatat"] if decided else []
    said = [part for part in parts if part]
    return f"Sejak malam sebelumnya: {words.listed(said)}." if said else "Tidak ada perubahan sejak malam sebelumnya."


def _moved(ctx: Context, now: tuple[str, ...], not_before: tuple[str, ...], *, known: bool = False) -> list[str]:
    """Accounts in one of the states ``now`` that were in none of ``not_before`` the last night.

    With ``known`` an account without an observation of the last night does not count.
    """
    moved = []
    for key in ctx.accounts:
        before = ctx.bucket_before(key)
        if ctx.bucket(key) in now and before not in not_before and (before or not known):
            moved.append(key)
    return moved


def _recovered(ctx: Context) -> list[str]:
    recovered = []
    for key in ctx.accounts:
        if ctx.bucket_before(key) == "unread" and ctx.bucket(key) not in NOT_SEEN:
            recovered.append(key)
    return recovered


def _named(ctx: Context, keys: list[str], what: str) -> str:
    if not keys:
        return ""
    name = f" ({clean.line(words.handle(ctx.accounts[keys[0]]))})" if len(keys) == 1 else ""
    return f"{words.number(len(keys))} {what}{name}"


def warnings(ctx: Context) -> tuple[str, ...]:
    """What readers must know before they trust the numbers."""
    said = []
    run = ctx.data.run
    if run.kind == "demo":
        said.append(words.INVENTED)
    if run.kind == "rerun":
        said.append("Ini pemeriksaan ulang atas masa lalu dengan aturan yang berlaku sekarang.")
    if run_only := words.listed([words.platform(platform) for platform in ctx.data.only]):
        said.append(f"Pemeriksaan ini hanya atas {run_only}; platform lain tidak dilihat.")
    said += [clean.line(text) for text in ctx.data.token_warnings]
    said += _sources_down(ctx)
    said += [down] if (down := answers.warning(ctx)) else []
    before = ctx.data.previous_window_end
    if before and before < run.window.start:
        gap = words.span(before, run.window.start, ctx.zone)
        said.append(f"Ada celah yang tidak diperiksa: {gap}. Jalankan: pantau rerun untuk hari itu.")
    if days := ctx.data.undelivered:
        when = words.listed([words.day_short(day) for day in days])
        said.append(f"Ringkasan {when} tidak sampai ke semua penerima; bukalah dengan: pantau digest show.")
    if failed := ctx.data.rule_failures:
        names = words.listed(sorted({clean.line(failure.rule_id) for failure in failed}))
        said.append(
            f"{words.counted(len(failed), 'aturan')} gagal dijalankan malam ini ({names}); temuannya bisa kurang."
        )
    if held := build_states.withheld(ctx):
        what = f"{words.counted(held, 'temuan')} tentang keaktifan atau kinerja ditahan"
        said.append(f"{what}: akunnya tidak dapat diperiksa malam ini, jadi keadaannya tidak diketahui.")
    return tuple(said)


def _sources_down(ctx: Context) -> list[str]:
    """Platforms that are collected but of which not one account could be read."""
    said = []
    platforms = sorted({account.platform for account in ctx.accounts.values()})
    for platform in platforms:
        keys = [key for key, account in ctx.accounts.items() if account.platform == platform]
        buckets = [ctx.bucket(key) for key in keys]
        watched = [bucket for bucket in buckets if bucket not in ("unwatched", "waiting", "excused")]
        if len(watched) > 1 and all(bucket == "unread" for bucket in watched):
            total = f"Seluruh {words.counted(len(watched), 'akun')} {words.platform(platform)}"
            said.append(f"{total} tidak dapat diperiksa malam ini; sebabnya di bagian “Tidak dapat diperiksa”.")
    return said


def tiles(counts: Counts) -> tuple[Tile, ...]:
    """The four numbers of the summary. Where nothing could be read there is no number, and nothing looks like all-clear."""
    calm: Tone = "abu" if counts.unread else "tenang"
    share = words.percent(counts.read, counts.accounts - counts.unwatched)
    waiting = f"; {words.number(counts.waiting)} menunggu giliran" if counts.waiting else ""
    read = f"{share} % akun yang dipantau terbaca{waiting}"
    unread = Tile(words.number(counts.unread), "Tidak dapat diperiksa", read, calm)
    if counts.accounts and not counts.read:
        labels = ("Perlu ditindak", "Untuk dilihat", "Tidak aktif")
        return (*(Tile("–", label, "tidak diketahui: tidak ada yang terbaca", "abu") for label in labels), unread)
    worst: Tone = "tinggi" if counts.tinggi else "sedang" if counts.flags else calm
    quiet_note = f"dari {words.number(counts.accounts)} akun terdaftar"
    if counts.never_posted:
        quiet_note = f"{words.number(counts.never_posted)} di antaranya belum pernah mengunggah"
    return (
        Tile(words.number(counts.flags), "Perlu ditindak", _levels(counts), worst),
        Tile(words.number(counts.reviews), "Untuk dilihat", "tidak dihitung sebagai temuan", "info"),
        Tile(words.number(counts.inactive), "Tidak aktif", quiet_note, "sedang" if counts.inactive else calm),
        unread,
    )


def _levels(counts: Counts) -> str:
    levels = (("tinggi", counts.tinggi), ("sedang", counts.sedang), ("rendah", counts.rendah), ("info", counts.info))
    found = [f"{words.number(count)} {level}" for level, count in levels if count]
    return ", ".join(found) or f"dari {words.counted(counts.posts, 'unggahan')}"


def how_to_answer(ctx: Context) -> str:
    """Where to turn with a correction or an answer."""
    if ctx.data.reply:
        buttons = (
            "Tekan salah satu tautan di bawah temuan: terbuka surel yang sudah berisi kode; tambahkan catatan bila perlu, lalu "
            "kirim. Kodenya hanya berlaku bila dikirim dari alamat penerima surel ini, jadi meneruskan surel ini tidak "
            "memberi siapa pun hak memutuskan. "
        )
    else:
        buttons = ""
    ways = ["balas surel ini"] if ctx.data.reply_to and not ctx.data.reply else []
    ways += [f"hubungi {clean.line(ctx.data.office.contact)}"] if ctx.data.office.contact else []
    where = " atau ".join(ways) or "sampaikan kepada pengelola Pantau"
    return buttons + (
        f"Untuk meluruskan atau menjawab suatu temuan, {where} dengan menyebut kodenya. "
        "Keputusan dan jawaban dimuat pada ringkasan berikutnya."
    )
