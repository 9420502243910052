"""Blocks about accounts: silent ones apart from those that could not be read, missing ones, results that do not show, excuses."""

from collections import Counter

from pantau.core.model import Finding, Observation, sort_findings
from pantau.digest import clean, words
from pantau.digest.answers import links
from pantau.digest.blocks import (
    Counts,
    Entry,
    Group,
    GroupBlock,
    Lines,
    QuietRow,
    QuietRows,
)
from pantau.digest.context import NOT_SEEN, Context


def counts(ctx: Context, *, tones: Counter[str], reviews: int, still_open: int) -> Counts:
    """The numbers of the night; ``tones`` counts the cards among the flags by level."""
    states = Counter(ctx.bucket(key) for key in ctx.accounts)
    return Counts(
        tinggi=tones["tinggi"],
        sedang=tones["sedang"],
        rendah=tones["rendah"],
        info=tones["info"],
        flags=tones.total(),
        reviews=reviews,
        open=still_open,
        accounts=len(ctx.accounts),
        active=states["active"],
        quiet=states["quiet"],
        never_posted=states["never_posted"],
        gone=states["gone"],
        private=states["private"],
        unread=states["unread"],
        excused=states["excused"],
        unwatched=states["unwatched"],
        waiting=states["waiting"],
        unregistered=len(ctx.unregistered()),
        posts=ctx.data.posts_read,
    )


def _account_findings(ctx: Context, family: str) -> dict[str, Finding]:
    """The first finding of a family per account or ``unit:<code>``."""
    found: dict[str, Finding] = {}
    for finding in sort_findings(f for f in ctx.data.findings if f.family == family and not f.post):
        found.setdefault(ctx.place(finding), finding)
    return found


def quiet_rows(ctx: Context) -> QuietRows:
    """Accounts past their limit, those furthest past it first. One without a finding tonight is ``settled``."""
    findings = _account_findings(ctx, "AKT")
    rows: list[QuietRow] = []
    settled: list[QuietRow] = []
    silent = sorted(ctx.in_bucket("quiet"), key=lambda item: item.limit_days - item.silent_days)
    for item in silent:
        finding = findings.get(ctx.resolve(item.account))
        row = QuietRow(
            account_key=ctx.resolve(item.account),
            key=finding.key if finding else "",
            unit=ctx.unit_name(item.unit),
            account=ctx.account_name(item.account),
            last_post=words.day_short(item.last_post_at.astimezone(ctx.zone).date()) if item.last_post_at else "",
            days=item.silent_days,
            norm=_norm(item),
            excluded=words.listed([clean.line(part) for part in item.excluded]),
            history=ctx.history(finding) if finding else "",
            answer=ctx.answer(finding.key) if finding else "",
            links=links(ctx, finding.key, "followed_up", "answer") if finding else (),
        )
        (rows if finding else settled).append(row)
    return QuietRows(tuple(rows), tuple(settled))


def _norm(item: Observation) -> str:
    if not item.limit_days:
        return ""
    grace = item.limit_days - item.norm_days
    return f"{item.norm_days} + {grace} hari" if item.norm_days and grace else f"{item.limit_days} hari"


def missing(ctx: Context) -> GroupBlock:
    """Never posted, gone, private, and units without an account; each with what the word means."""
    findings = _account_findings(ctx, "AKT")
    nights = (
        "sudah beberapa malam tidak ditemukan dan dipastikan dengan cara kedua; mungkin berganti nama atau ditangguhkan"
    )
    plans = (
        ("never_posted", "Belum pernah mengunggah", "akunnya ada, tetapi belum ada satu unggahan pun"),
        ("gone", "Tidak ditemukan", nights),
        ("private", "Privat", "terkunci untuk umum, sehingga warga tidak dapat melihat isinya"),
    )
    groups = []
    for bucket, title, meaning in plans:
        entries = [_state_entry(ctx, item, findings.get(ctx.resolve(item.account))) for item in ctx.in_bucket(bucket)]
        groups.append(Group(title, meaning, tuple(entries)))
    without = []
    for item in ctx.unregistered():
        finding = findings.get(f"unit:{item.unit}")
        text = clean.line(item.reason) or "belum ada akun yang terdaftar"
        without.append(Entry(ctx.unit_name(item.unit), text, "", finding.key if finding else ""))
    groups.append(Group("Unit tanpa akun terdaftar", "unit, bukan akun; tidak ikut dalam jumlah akun", tuple(without)))
    return GroupBlock(tuple(group for group in groups if group.entries))


def _state_entry(ctx: Context, item: Observation, finding: Finding | None) -> Entry:
    parts = [ctx.unit_name(item.unit)]
    parts += [f"sejak {ctx.since(item.since)}"] if item.since else []
    parts += [clean.line(item.reason)] if item.reason else []
    if finding and (answer := ctx.answer(finding.key)):
        parts.append(f"jawaban unit: “{answer}”")
    return Entry(ctx.account_name(item.account), "; ".join(parts), "", finding.key if finding else "")


def performance(ctx: Context) -> Lines:
    """Accounts that post but show too few results (KIN). An account that could not be read tonight is not among them."""
    entries = []
    for finding in sort_findings(f for f in ctx.data.findings if f.family == "KIN" and not f.post):
        key = ctx.resolve(finding.account)
        if key in ctx.accounts and ctx.bucket(key) in NOT_SEEN:
            continue
        text = [ctx.unit_name(finding.unit), clean.line(finding.message)]
        text += [clean.quoted(item.quote, 120) for item in finding.evidence if item.quote]
        text.append(ctx.history(finding))
        if answer := ctx.answer(finding.key):
            text.append(f"Jawaban unit: “{answer}”")
        term = ctx.account_name(key) if key else ctx.unit_name(finding.unit)
        entries.append(Entry(term, " ".join(words.sentence(part) for part in text if part), "", finding.key))
    return Lines(tuple(entries))


def excused(ctx: Context) -> Lines:
    """Accounts whose silence is accepted, with the reason."""
    return Lines(
        tuple(
            Entry(
                ctx.account_name(item.account),
                f"{ctx.unit_name(item.unit)}; {clean.line(item.reason) or 'alasan tercatat'}",
            )
            for item in ctx.in_bucket("excused")
        )
    )


def withheld(ctx: Context) -> int:
    """Findings about the silence or results of accounts that could not be read tonight: not shown, because not known."""
    keys = [
        ctx.resolve(f.account) for f in ctx.data.findings if f.family in ("AKT", "KIN") and not f.post and f.account
    ]
    return sum(1 for key in keys if key in ctx.accounts and ctx.bucket(key) in NOT_SEEN)


def partly_read(ctx: Context) -> list[str]:
    """Accounts that were read, but not back to the beginning of the window."""
    return [
        ctx.account_name(item.account)
        for bucket in ("active", "quiet")
        for item in ctx.in_bucket(bucket)
        if not item.complete
    ]


def limits_of_reading(ctx: Context) -> list[Entry]:
    """What the readings of active accounts could not show, once per platform and reason."""
    tally = Counter(
        (ctx.accounts[ctx.resolve(item.account)].platform, clean.line(item.reason))
        for item in ctx.in_bucket("active")
        if item.reason
    )
    return [
        Entry(words.platform(platform), f"{words.counted(count, 'akun')}: {reason}")
        for (platform, reason), count in sorted(tally.items())
    ]
