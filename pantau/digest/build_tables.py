"""``DigestInput`` to the rows of the workbook."""

from collections.abc import Iterable
from datetime import datetime

from pantau.core.model import USEFUL_CATEGORIES, Finding, Observation, Post, sort_findings
from pantau.digest import clean, words
from pantau.digest.build_posts import unanswered
from pantau.digest.context import NOT_SEEN, Context
from pantau.digest.corrected import changed_text
from pantau.digest.excerpt import excerpts
from pantau.digest.tables import AccountRow, FindingRow, PostRow, Tables

_QUOTE_CHARS = 300
_TEXT_CHARS = 1000
_STRENGTHS = {"flag": "perlu dicek", "review": "untuk dilihat"}
_UNSEEN = {"unwatched": "belum dipantau", "waiting": "menunggu giliran"}
_DAY_UNITS = {"working": "hari kerja", "calendar": "hari kalender"}


def tables(ctx: Context) -> Tables:
    """Every finding, account and post of the run, in the order of the digest. The same input gives equal rows."""
    data = ctx.data
    return Tables(
        made_at=_local(ctx, data.run.as_of),
        zone=words.zone_label(ctx.zone, data.run.as_of),
        findings=tuple(_findings(ctx)),
        accounts=tuple(_accounts(ctx)),
        posts=tuple(_posts(ctx)),
    )


def _local(ctx: Context, when: datetime) -> datetime:
    return when.astimezone(ctx.zone).replace(tzinfo=None, microsecond=0)


def _findings(ctx: Context) -> Iterable[FindingRow]:
    """Tonight's first, then those on which nobody has decided, corrected ones too, each in the defined order."""
    tonight = sort_findings(f for f in ctx.data.findings if not _withheld(ctx, f))
    still_open = sort_findings(item.finding for item in unanswered(ctx))
    personal = {f.post for f in (*tonight, *still_open) if f.family == "DPR" and f.post}
    for finding in tonight:
        yield _finding(ctx, finding, tonight=True, personal=finding.post in personal)
    for finding in still_open:
        yield _finding(ctx, finding, tonight=False, personal=finding.post in personal)


def _withheld(ctx: Context, finding: Finding) -> bool:
    """True for a word on the silence or results of an account that could not be read tonight: not known, so not shown."""
    key = ctx.resolve(finding.account)
    about_account = finding.family in ("AKT", "KIN") and not finding.post
    return about_account and key in ctx.accounts and ctx.bucket(key) in NOT_SEEN


def _finding(ctx: Context, finding: Finding, *, tonight: bool, personal: bool) -> FindingRow:
    post = ctx.post(finding)
    key = ctx.resolve(post.account if post else finding.account)
    when = post.published_at if post else finding.published_at
    before = ctx.earlier.get(finding.key)
    correction = ctx.data.corrections.get(finding.key)
    quotes: list[str] = []
    details: list[str] = []
    for item in finding.evidence:
        quote = clean.quoted(item.quote, _QUOTE_CHARS, personal=personal)
        if quote:
            (details if item.field in ("history", "ledger") else quotes).append(quote)
        if item.cancelled_by:
            details.append(f"konteks: {clean.quoted(item.cancelled_by, _QUOTE_CHARS, personal=personal)}")
        if item.note:
            details.append(clean.quoted(item.note, _QUOTE_CHARS, personal=personal))
    return FindingRow(
        state=_STRENGTHS[finding.strength],
        tone=finding.level,
        level=words.LEVEL_LABELS[finding.level],
        family=words.FAMILY_LABELS[finding.family],
        unit=ctx.unit_name(finding.unit),
        account=ctx.account_name(key) if key else "",
        published=_local(ctx, when) if when else None,
        quote="; ".join(dict.fromkeys(quotes)),
        message=clean.line(clean.masked(finding.message)),
        details="; ".join(dict.fromkeys(details)),
        basis=clean.line(finding.basis),
        rule=f"{clean.line(finding.rule_id)} v{finding.rule_version}",
        key=finding.key,
        first_day=before.first_day if before else ctx.today,
        times=(before.times if before else 0) + (1 if tonight else 0),
        tonight=tonight,
        answer=ctx.answer(finding.key),
        corrected=changed_text(correction, ctx.data.settings.corrected_within_hours) if correction else "",
        url=clean.url((post.url if post else "") or finding.url),
    )


def _accounts(ctx: Context) -> Iterable[AccountRow]:
    """Every registered account by unit and name, then the units without one."""
    names = {key: (ctx.unit_name(item.unit).casefold(), ctx.account_name(key)) for key, item in ctx.states.items()}
    for key in sorted(ctx.states, key=names.__getitem__):
        yield _account(ctx, key, ctx.states[key])
    for item in ctx.unregistered():
        yield _account(ctx, "", item)


def _account(ctx: Context, key: str, item: Observation) -> AccountRow:
    bucket = ctx.bucket(key) if key else item.state
    unit = ctx.units.get(item.unit)
    account = ctx.accounts.get(key)
    counted = bucket in ("active", "quiet", "never_posted") and bool(item.limit_days)
    last_read = ctx.data.last_read_at.get(key)
    return AccountRow(
        unit_code=clean.line(item.unit),
        unit=ctx.unit_name(item.unit),
        kind=unit.kind if unit else "",
        platform=words.platform(account.platform) if account else "",
        account=clean.line(words.handle(account)) if account else "",
        state=_UNSEEN.get(bucket) or words.STATE_LABELS[item.state],
        silent_days=item.silent_days if counted else None,
        norm_days=item.norm_days if counted else None,
        grace_days=item.limit_days - item.norm_days if counted else None,
        day_unit=_DAY_UNITS[item.day_unit] if counted else "",
        last_post=_local(ctx, item.last_post_at) if item.last_post_at else None,
        since=item.since,
        blind_since=_local(ctx, last_read) if last_read and bucket in NOT_SEEN else None,
        reason=_reason(item) if bucket in NOT_SEEN else clean.line(item.reason),
        excluded=words.listed([clean.line(part) for part in item.excluded]),
    )


def _reason(item: Observation) -> str:
    label = words.UNREAD_LABELS[item.unread_class][0] if item.unread_class else ""
    return ": ".join(part for part in (label, clean.line(item.reason)) if part)


def _posts(ctx: Context) -> Iterable[PostRow]:
    """Tonight's posts, newest first."""
    of_post: dict[str, list[Finding]] = {}
    for finding in ctx.data.findings:
        if finding.post:
            of_post.setdefault(finding.post, []).append(finding)
    tonight = (ctx.data.posts[key] for key in ctx.data.categories if key in ctx.data.posts)
    for post in sorted(tonight, key=lambda post: (-post.published_at.timestamp(), post.key)):
        yield _post(ctx, post, of_post.get(post.key, []))


def _post(ctx: Context, post: Post, findings: list[Finding]) -> PostRow:
    key = ctx.resolve(post.account)
    account = ctx.accounts.get(key)
    strengths = {finding.strength for finding in findings}
    judged = "flag" if "flag" in strengths else "review" if strengths else ""
    category = ctx.data.categories[post.key]
    shown = excerpts(
        post,
        [item for finding in findings for item in finding.evidence],
        limit_chars=_TEXT_CHARS,
        same_version=all(finding.subject in ("", post.text_sha256) for finding in findings),
        personal=any(finding.family == "DPR" for finding in findings),
        spam=any(finding.family == "SPM" for finding in findings),
    )
    return PostRow(
        published=_local(ctx, post.published_at),
        unit=ctx.unit_name(account.unit) if account else "",
        account=ctx.account_name(key),
        what=words.post_kind(post),
        category=words.CATEGORY_LABELS[category] + (" (berguna)" if category in USEFUL_CATEGORIES else ""),
        judged=_STRENGTHS.get(judged, ""),
        text=" / ".join("".join(piece.text for piece in excerpt.pieces) for excerpt in shown).strip(),
        url=clean.url(post.url),
    )
