"""The rows of a period's workbook."""

from collections import Counter
from datetime import datetime

from pantau.core.periods import PeriodFinding
from pantau.digest import clean, words
from pantau.digest.corrected import hours
from pantau.digest.period_context import PeriodContext, categorised, useful
from pantau.digest.period_findings import outcome_label
from pantau.digest.period_model import AccountLine, DayLine, FindingLine, PeriodTables, UnitLine
from pantau.digest.period_posts import all_units, comparable_share, keys_of, share

_TEXT_CHARS = 1000
_NOTE_CHARS = 600


def tables(ctx: PeriodContext) -> PeriodTables:
    """Every finding (hints and accounts too), unit, account and day."""
    units = [_unit(ctx, code) for code in all_units(ctx)]
    return PeriodTables(
        made_at=_local(ctx, ctx.data.made_at),
        zone=words.zone_label(ctx.zone, ctx.data.made_at),
        findings=tuple(_finding(ctx, item) for item in _findings(ctx)),
        units=tuple(line for line in units if line.code or line.posts),
        accounts=tuple(_account(ctx, key) for code in all_units(ctx) for key in keys_of(ctx, code)),
        days=tuple(
            DayLine(day=day.day, posts=day.posts, flagged=day.flagged, quiet=day.quiet, unread=day.unread)
            for day in ctx.data.now.days
        ),
    )


def _local(ctx: PeriodContext, moment: datetime) -> datetime:
    return moment.astimezone(ctx.zone).replace(tzinfo=None)


def _findings(ctx: PeriodContext) -> list[PeriodFinding]:
    """Those of the mail in its order, then the rest."""
    listed = [item for flag in ctx.flags for item in flag.items]
    seen = {id(item) for item in listed}
    return [*listed, *(item for item in ctx.data.now.findings if id(item) not in seen)]


def _finding(ctx: PeriodContext, item: PeriodFinding) -> FindingLine:
    finding, decision = item.finding, item.decision
    post = ctx.post(finding)
    key = post.account if post else finding.account
    published = post.published_at if post else finding.published_at
    correction = ctx.correction(finding)
    return FindingLine(
        state="perlu dicek" if item.strength == "flag" else "untuk dilihat",
        level=words.LEVEL_LABELS[finding.level],
        family=words.FAMILY_LABELS[finding.family],
        unit=ctx.unit_name(finding.unit),
        account=ctx.account_name(key) if key else "",
        published=_local(ctx, published) if published else None,
        message=clean.line(clean.masked(finding.message)),
        text=clean.quoted(post.text or post.image_text, _TEXT_CHARS, personal=post.key in ctx.personal) if post else "",
        rule=f"{clean.line(finding.rule_id)} v{finding.rule_version}",
        key=finding.key,
        first_at=_local(ctx, item.first_at),
        outcome=outcome_label(ctx.outcome(item)),
        decided_by=clean.line(decision.by) if decision else "",
        decided_at=_local(ctx, decision.at) if decision else None,
        note=clean.quoted(decision.note, _NOTE_CHARS) if decision else "",
        hours=hours(correction) if correction else None,
        url=clean.url(finding.url),
    )


def _unit(ctx: PeriodContext, code: str) -> UnitLine:
    keys = keys_of(ctx, code)
    counter = ctx.now.of(keys)
    watched = [key for key in keys if key in ctx.watched]
    return UnitLine(
        code=clean.line(code),
        unit=ctx.unit_name(code) if code else "Akun yang tidak lagi terdaftar",
        tier=ctx.tier(code),
        accounts=len(keys),
        posts=counter.total(),
        categorised=categorised(counter),
        useful=useful(counter),
        share=share(counter),
        share_before=comparable_share(ctx, keys),
        flags=sum(flag.worst.unit == code and flag.outcome != "dismissed" for flag in ctx.flags),
        quiet_nights=max((ctx.now.silent(key) for key in watched), default=0),
        unread_nights=max((ctx.now.unread(key) for key in watched), default=0),
    )


def _account(ctx: PeriodContext, key: str) -> AccountLine:
    account = ctx.accounts.get(key)
    states = ctx.now.states.get(key, Counter())
    return AccountLine(
        unit=ctx.unit_name(account.unit) if account else "Tidak lagi terdaftar",
        platform=clean.line(words.platform(account.platform if account else key.split(":", 1)[0])),
        account=ctx.account_name(key),
        posts=ctx.now.of([key]).total(),
        active=states["active"],
        quiet=states["quiet"],
        never_posted=states["never_posted"],
        gone=states["gone"],
        private=states["private"],
        excused=states["excused"],
        unread=states["unread"],
        waiting=states["waiting"],
    )
