"""Blocks around the findings: good examples, what vanished, decisions, trend, what posts were for, rules, costs, traces."""

import calendar
from collections import Counter
from collections.abc import Sequence

from pantau.core.clock import local_day
from pantau.core.model import CATEGORIES, UNIT_KINDS, USEFUL_CATEGORIES, Category, Cost, Observation, Post
from pantau.core.rule_life import Demotion
from pantau.digest import answers, build_states, clean, words
from pantau.digest.blocks import (
    Chart,
    Counts,
    Entry,
    Example,
    Examples,
    Facts,
    Lines,
    Mix,
    MixRow,
    Series,
    Trend,
    TrendDay,
)
from pantau.digest.context import Context
from pantau.digest.model import DayCount

_EXAMPLE_LEAST_CHARS = 60
_EXAMPLE_CHARS = 180
_EXAMPLE_POOL = 5
_NAMED_ACCOUNTS = 8
_HASH_CHARS = 16
AUDIT_HEAD = "Sidik jejak"
"""The term before the head of the audit log, which ``pantau audit verify`` looks for in every stored digest."""
FINGERPRINT = "Sidik data"
"""The term before the fingerprint of the run's manifest; staff compare it, and so does ``pantau digest verify``."""
_BEST_FIRST: tuple[Category, ...] = ("kinerja", "layanan", "edukasi")


def examples(ctx: Context) -> Examples:
    """Useful posts of tonight from active accounts without any finding; the tier and the account change from day to day."""
    tainted = {ctx.resolve(f.account) for f in ctx.data.findings if f.account}
    tainted |= {ctx.resolve(post.account) for f in ctx.data.findings if (post := ctx.post(f))}
    tainted |= {ctx.resolve(item.finding.account) for item in ctx.data.earlier if item.finding.strength == "flag"}
    tiers: dict[str, dict[str, Post]] = {}
    for post in sorted(ctx.data.posts.values(), key=lambda post: _rank(ctx, post)):
        key = ctx.resolve(post.account)
        useful = ctx.data.categories.get(post.key) in USEFUL_CATEGORIES and post.kind in ("post", "video")
        if key in tainted or key not in ctx.accounts or ctx.bucket(key) != "active" or not useful:
            continue
        unit = ctx.units.get(ctx.accounts[key].unit)
        if unit and len(post.text) >= _EXAMPLE_LEAST_CHARS and clean.url(post.url):
            tiers.setdefault(unit.kind, {}).setdefault(key, post)
    kinds = [kind for kind in UNIT_KINDS if kind in tiers]
    turn = ctx.today.toordinal()
    chosen = []
    for step in range(min(len(kinds), ctx.data.settings.good_examples)):
        pool = list(tiers[kinds[(turn + step) % len(kinds)]].values())[:_EXAMPLE_POOL]
        chosen.append(_example(ctx, pool[turn % len(pool)]))
    return Examples(tuple(chosen))


def _rank(ctx: Context, post: Post) -> tuple[int, int, str]:
    category = ctx.data.categories.get(post.key, "promosi")
    place = _BEST_FIRST.index(category) if category in _BEST_FIRST else len(_BEST_FIRST)
    return place, -min(len(post.text), 600) // 100, post.key


def _example(ctx: Context, post: Post) -> Example:
    key = ctx.resolve(post.account)
    return Example(
        account_key=key,
        unit=ctx.unit_name(ctx.accounts[key].unit),
        account=ctx.account_name(key),
        category=words.CATEGORY_LABELS[ctx.data.categories[post.key]],
        when=ctx.moment(post.published_at),
        text=clean.quoted(post.text, _EXAMPLE_CHARS),
        url=clean.url(post.url),
    )


def vanished(ctx: Context) -> Lines:
    """Posts that are gone or read otherwise: a fact, not a reproach. Corrections of a flag have a block of their own."""
    entries = []
    told = {(item.finding.post, item.correction.change) for item in ctx.data.corrected}
    for item in sorted(ctx.data.vanished, key=lambda item: (item.noticed_at, item.post.key)):
        post = item.post
        if (post.key, item.change) in told:
            continue
        key = ctx.resolve(post.account)
        account = ctx.accounts.get(key)
        unit = f"{ctx.unit_name(account.unit)}; " if account else ""
        if item.change == "edited":
            what = f"teksnya disunting, terlihat {ctx.moment(item.noticed_at)}"
        else:
            last = f", terakhir tampak {ctx.moment(item.last_seen_at)}" if item.last_seen_at else ""
            what = f"tidak tampak lagi sejak {ctx.moment(item.noticed_at)}{last}"
        text = f"{unit}unggahan {ctx.moment(post.published_at)}, {what}"
        if item.finding_keys:
            text += f"; pernah ditandai ({', '.join(item.finding_keys)}), tidak dihitung sebagai perbaikan"
        elif post.text.strip():
            text += f"; isi tersimpan: “{clean.quoted(post.text, 80)}”"
        entries.append(Entry(ctx.account_name(key), text, clean.url(post.url) if item.change == "edited" else ""))
    return Lines(tuple(entries))


def decisions(ctx: Context) -> Lines:
    """Every decision since the last digest, so that a wrong one costs one day."""
    entries = []
    taken = sorted(ctx.data.decisions, key=lambda item: (item.decision.at, item.decision.finding_key))
    last = {item.decision.finding_key: item for item in taken}
    for item in taken:
        decision, finding = item.decision, item.finding
        undone = decision.action == "undo" or item is not last[decision.finding_key]  # an undo takes back the last one
        about = "temuan lama"
        if finding:
            where = ctx.account_name(finding.account) if finding.account else ""
            about = ", ".join(
                part for part in (words.FAMILY_LABELS[finding.family], ctx.unit_name(finding.unit), where) if part
            )
        text = f"{about}; oleh {clean.line(decision.by)}, {ctx.moment(decision.at)}"
        if decision.note.strip():
            text += f"; catatan: “{clean.quoted(decision.note, 200)}”"
        undo = () if undone else answers.links(ctx, decision.finding_key, "undo")
        entries.append(Entry(words.ACTION_LABELS[decision.action], text, "", clean.line(decision.finding_key), undo))
    return Lines(tuple(entries))


def trend(ctx: Context) -> Trend:
    """The last nights as rows and as a chart, and the fact in words. A night without a run is a gap, not a zero."""
    days = ctx.data.trend
    known = [day for day in days if day.posts is not None]
    if len(known) < 2:
        return Trend()

    def shown(value: int | None) -> str:
        return "–" if value is None else words.number(value)

    rows = tuple(
        TrendDay(
            day=words.day_month(day.day),
            posts=shown(day.posts),
            findings=shown(day.findings),
            quiet=shown(day.quiet),
            unread=shown(day.unread),
        )
        for day in days
    )
    last, rest = known[-1].posts or 0, [day.posts or 0 for day in known[:-1]]
    average = round(sum(rest) / len(rest))
    verb = "naik dari" if last > average else "turun dari" if last < average else "sama dengan"
    sentence = (
        f"{words.counted(last, 'unggahan')} malam ini, {verb} rata-rata {words.number(average)} "
        f"pada {words.number(len(rest))} malam sebelumnya."
    )
    gaps = len(days) - len(known)
    if gaps:
        sentence += f" {words.counted(gaps, 'malam')} tanpa pemeriksaan ditulis dengan tanda –."
    return Trend(sentence, rows, _posts_chart(days))


def _posts_chart(days: Sequence[DayCount]) -> Chart:
    known = [day for day in days if day.posts is not None]
    most, least = (pick(known, key=lambda day: day.posts or 0) for pick in (max, min))
    first, last = words.day_month(days[0].day), words.day_month(days[-1].day)
    fact = (
        f"Grafik unggahan per malam, {first} s.d. {last}: terbanyak {words.number(most.posts or 0)} pada "
        f"{words.day_month(most.day)}, paling sedikit {words.number(least.posts or 0)} pada {words.day_month(least.day)}."
    )
    return Chart(
        kind="trend",
        title="Unggahan per malam",
        fact=fact,
        unit="unggahan",
        labels=tuple(words.day_month(day.day) for day in days),
        series=(Series("unggahan", tuple(day.posts for day in days)),),
    )


def mix(ctx: Context) -> Mix:
    """What tonight's posts were for."""
    tally = Counter(ctx.data.categories.values())
    total = tally.total()
    if not total:
        return Mix()
    useful = sum(count for category, count in tally.items() if category in USEFUL_CATEGORIES)
    rows = [
        MixRow(
            words.CATEGORY_LABELS[category],
            tally[category],
            words.percent(tally[category], total),
            category in USEFUL_CATEGORIES,
        )
        for category in CATEGORIES
        if tally[category]
    ]
    if (rest := ctx.data.posts_read - total) > 0:
        rows.append(MixRow("Tidak digolongkan", rest, words.percent(rest, ctx.data.posts_read), False))
    sentence = (
        f"{words.number(useful)} dari {words.counted(total, 'unggahan')} ({words.percent(useful, total)} %) bermanfaat langsung "
        "bagi warga: kinerja, layanan, atau edukasi."
    )
    return Mix(sentence, tuple(rows))


def unchecked(ctx: Context) -> Lines:
    """What was not looked at tonight."""
    entries = []
    tally = Counter(ctx.accounts[key].platform for key in ctx.accounts if ctx.bucket(key) == "unwatched")
    for platform, count in sorted(tally.items()):
        text = f"{words.counted(count, 'akun')} terdaftar, belum dipantau; ini bukan tanda tidak aktif"
        entries.append(Entry(words.platform(platform), text))
    entries += _waiting(ctx)
    if partly := build_states.partly_read(ctx):
        names = partly[:_NAMED_ACCOUNTS]
        more = f", dan {words.number(len(partly) - len(names))} lainnya" if len(partly) > len(names) else ""
        entries.append(Entry("Terbaca sebagian", f"{words.counted(len(partly), 'akun')}: {', '.join(names)}{more}"))
    entries += build_states.limits_of_reading(ctx)
    entries += _renamed(ctx)
    entries += [
        Entry("Aturan diturunkan", f"{clean.line(item.rule_id)} hanya dicatat sejak {_since(ctx, item)}; {_why(item)}")
        for item in ctx.data.demoted
        if item.since != ctx.data.run.as_of
    ]
    entries += [Entry("Catatan", clean.line(note)) for note in ctx.data.notes]
    return Lines(tuple(entries))


def _waiting(ctx: Context) -> list[Entry]:
    """Accounts whose turn it is not, by platform, with the longest time for which nothing is known of one."""
    rows: dict[str, list[Observation]] = {}
    for item in ctx.in_bucket("waiting"):
        rows.setdefault(ctx.accounts[ctx.resolve(item.account)].platform, []).append(item)
    entries = []
    for platform, items in sorted(rows.items()):
        reasons = sorted({clean.line(item.reason) for item in items})
        text = f"{words.counted(len(items), 'akun')} {words.listed(reasons)}"
        seen = [ctx.data.last_read_at.get(ctx.resolve(item.account)) for item in items]
        known = [moment for moment in seen if moment]
        if never := len(items) - len(known):
            text += f"; {words.counted(never, 'akun')} belum pernah terbaca"
        if known:
            text += f"; yang terlama terakhir terbaca {ctx.moment(min(known))}"
        entries.append(Entry(words.platform(platform), text))
    return entries


def _renamed(ctx: Context) -> list[Entry]:
    """Accounts that go by another name than the register's; they were read all the same, by their number."""
    found = {key: handle for key, handle in ctx.data.renamed.items() if key in ctx.accounts}
    names = [f"{ctx.account_name(key)} kini @{clean.line(handle)}" for key, handle in sorted(found.items())]
    if not names:
        return []
    more = f", dan {words.number(len(names) - _NAMED_ACCOUNTS)} lainnya" if len(names) > _NAMED_ACCOUNTS else ""
    text = f"{', '.join(names[:_NAMED_ACCOUNTS])}{more}; perbaiki daftar akun dengan: pantau accounts lookup"
    return [Entry("Berganti nama", text)]


def rules(ctx: Context) -> Lines:
    """Rules that failed, those demoted tonight and those in trial."""
    entries = [
        Entry("Gagal", f"{clean.line(failure.rule_id)}: {clean.line(failure.what)}")
        for failure in sorted(ctx.data.rule_failures, key=lambda failure: (failure.rule_id, failure.what))
    ]
    entries += [
        Entry("Diturunkan", _demoted(clean.line(item.rule_id), item))
        for item in ctx.data.demoted
        if item.since == ctx.data.run.as_of
    ]
    entries += [
        Entry("Uji coba", f"{clean.line(rule)} akan menandai {words.number(hits)} kali; tidak dihitung sebagai temuan")
        for rule, hits in sorted(ctx.data.trial_hits.items())
        if hits
    ]
    return Lines(tuple(entries))


def _demoted(rule: str, item: Demotion) -> str:
    return (
        f"aturan {rule} diturunkan ke uji karena {_why(item)}; mulai malam ini hanya dicatat, tidak dilaporkan. Cara "
        "mengaktifkan lagi: perbaiki aturannya dan naikkan version-nya, atau tulis "
        f'"{rule}" = "aktif" di bagian [rules.status] pantau.toml'
    )


def _why(item: Demotion) -> str:
    share = f"{words.number(item.dismissed)} dari {words.number(item.decided)}"
    return f"{share} temuannya dalam {words.number(item.days)} hari dinyatakan bukan pelanggaran"


def _since(ctx: Context, item: Demotion) -> str:
    return ctx.since(local_day(item.since, ctx.zone))


def costs(ctx: Context) -> Lines:
    """Requests and money of the night, and of the month with a straight-line forecast."""
    month = costs_by_platform(ctx.data.month_costs)
    entries = []
    for platform, used in sorted(costs_by_platform(ctx.data.costs).items()):
        parts = [f"{words.counted(used.requests, 'permintaan')}"]
        parts += [f"{words.counted(used.posts_billed, 'unggahan berbayar')}"] if used.posts_billed else []
        parts += [f"{words.counted(used.users_billed, 'profil berbayar')}"] if used.users_billed else []
        so_far = month.get(platform)
        paid = used.usd or (so_far and so_far.usd)
        parts.append(f"{words.usd(used.usd)} malam ini" if paid else "tanpa biaya")
        entries.append(Entry(words.platform(platform), ", ".join(parts)))
    total = sum(used.usd for used in month.values())
    if total:
        days = calendar.monthrange(ctx.today.year, ctx.today.month)[1]
        forecast = total * days / ctx.today.day
        text = f"{words.usd(total)} sampai hari ini; kira-kira {words.usd(forecast)} pada akhir bulan"
        entries.append(Entry(words.month_year(ctx.today), text))
    if entries and ctx.data.costs_shared:
        shared = "akun dibaca bersama kabupaten lain; ini bagian kabupaten ini, menurut jumlah akun yang dibaca"
        entries.append(Entry("Cara menghitung", shared))
    return Lines(tuple(entries))


def costs_by_platform(costs: tuple[Cost, ...]) -> dict[str, Cost]:
    """The costs of several runs added up."""
    sums: dict[str, Cost] = {}
    for cost in costs:
        before = sums.get(cost.platform, Cost(platform=cost.platform))
        sums[cost.platform] = Cost(
            platform=cost.platform,
            requests=before.requests + cost.requests,
            posts_billed=before.posts_billed + cost.posts_billed,
            users_billed=before.users_billed + cost.users_billed,
            usd=before.usd + cost.usd,
        )
    return sums


def method(ctx: Context) -> Lines:
    """How to read the digest, and its limits."""
    return Lines(
        (
            Entry(
                "Cara kerja", "Aturan membaca unggahan publik akun resmi dan menunjukkan kata yang membuatnya berhenti."
            ),
            Entry(
                "Bukan vonis", "Setiap temuan perlu dicek orang; unit berhak menjawab dan jawabannya dimuat di sini."
            ),
            Entry(
                "Untuk dilihat",
                "Petunjuk yang belum cukup kuat; tidak dihitung terhadap unit mana pun.",
            ),
            Entry(
                "Batas pandang",
                "Yang muncul lalu dihapus di antara dua pemeriksaan tidak terlihat; cerita (story), siaran langsung, "
                "dan pesan pribadi tidak diperiksa.",
            ),
            Entry(
                "Hitungan hari",
                "Hari libur, cuti bersama, izin, dan hari ketika akun tidak dapat diperiksa tidak dihitung.",
            ),
        )
    )


def facts(ctx: Context, counts: Counts, window: str) -> Facts:
    """What the numbers stand on."""
    parts = (
        (counts.active, "aktif"),
        (counts.quiet, "tidak aktif"),
        (counts.never_posted, "belum pernah mengunggah"),
        (counts.gone, "tidak ditemukan"),
        (counts.private, "privat"),
        (counts.unread, "tidak dapat diperiksa"),
        (counts.excused, "dikecualikan"),
        (counts.unwatched, "belum dipantau"),
        (counts.waiting, "menunggu giliran"),
    )
    total = " + ".join(f"{words.number(count)} {state}" for count, state in parts if count)
    entries = [
        Entry("Nomor ringkasan", clean.line(ctx.data.run.run_id)),
        Entry("Masa unggahan", window),
        Entry("Unggahan diperiksa", words.number(counts.posts)),
        Entry("Akun terdaftar", f"{words.number(counts.accounts)} = {total}" if total else "0"),
        Entry("Unit", f"{words.number(len(ctx.units))}, {words.number(counts.unregistered)} di antaranya tanpa akun"),
    ]
    if ctx.data.manifest_sha256:
        entries.append(Entry(FINGERPRINT, clean.line(ctx.data.manifest_sha256)))
    if ctx.data.audit_head:
        entries.append(Entry(AUDIT_HEAD, clean.line(ctx.data.audit_head)))
    if ctx.data.rules_sha256:
        entries.append(Entry("Sidik aturan", clean.line(ctx.data.rules_sha256)[:_HASH_CHARS]))
    if ctx.data.reader:
        entries.append(Entry("Pembaca", clean.line(ctx.data.reader)))
    return Facts(tuple(entries))
