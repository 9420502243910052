"""The block about accounts that could not be read: one group per platform and reason class, a source that is down said once."""

from collections import Counter
from datetime import date, datetime
from math import ceil

from pantau.core.model import Observation, UnreadClass
from pantau.digest import clean, words
from pantau.digest.blocks import UnreadGroup, UnreadGroups, UnreadItem
from pantau.digest.context import NOT_SEEN, Context

_RUN_OUT = ("deadline", "budget", "rate_limit")
"""Reason classes of accounts that were left over; they come first the next night."""
_NOTABLE_SHARE = 0.25
"""Fewer left over than this are read the next night; from here on they take turns."""
_OF_THE_SOURCE: frozenset[UnreadClass] = frozenset(
    {"blocked", "budget", "token", "network", "format", "rate_limit", "deadline", "stopped"}
)
"""Reason classes that lie with the source rather than with one account; of the others every account is named."""
_MANY, _SEVERAL = 25, 5
"""So many accounts with one reason are not named: always, or where not one account of the platform was read."""
_WHERE_NAMED = "Nama akunnya: pantau accounts status."


def unread_groups(ctx: Context) -> UnreadGroups:
    """Accounts that could not be read, by platform and reason class."""
    grouped: dict[tuple[str, UnreadClass], list[Observation]] = {}
    for item in ctx.in_bucket("unread"):
        platform = ctx.accounts[ctx.resolve(item.account)].platform
        grouped.setdefault((platform, item.unread_class), []).append(item)
    groups = [_group(ctx, platform, items) for (platform, _), items in grouped.items()]
    return UnreadGroups(tuple(sorted(groups, key=lambda group: (-group.count, group.title, group.reason))))


def _group(ctx: Context, platform: str, members: list[Observation]) -> UnreadGroup:
    what, remedy = words.UNREAD_LABELS[members[0].unread_class]
    common, others = _one_cause(ctx, platform, members)
    blinds = {_blind(ctx, item) for item in members}
    begun = {item.since for item in members if item.since}
    same_blind = len(blinds) == 1
    since = [_since(ctx, begun)] if len(begun) == 1 or (common and begun) else []
    if members[0].unread_class in _RUN_OUT and (turn := _turn(ctx, platform)):
        since.append(turn)
    if same_blind:
        since.append(words.sentence(f"keadaannya {next(iter(blinds))}"))
    elif common:
        since.append(_longest_blind(ctx, members))
    reasons = {_reason(item) for item in members}
    same_reason = len(reasons) == 1
    return UnreadGroup(
        title=f"{words.platform(platform)}: {what}",
        reason=common or (next(iter(reasons)) if same_reason else ""),
        since=" ".join(since),
        remedy=f"{remedy} {_WHERE_NAMED}" if common else remedy,
        account_keys=tuple(ctx.resolve(item.account) for item in members),
        items=tuple(
            UnreadItem(
                ctx.account_name(item.account),
                ctx.unit_name(item.unit),
                "" if same_blind else _blind(ctx, item),
                "" if same_reason else _reason(item),
            )
            for item in others
        ),
    )


def _one_cause(ctx: Context, platform: str, members: list[Observation]) -> tuple[str, list[Observation]]:
    """The reason that speaks for many accounts at once, and the accounts that have another; no reason when each counts alone.

    Accounts that failed before a source was given up have the bare reason, the rest one that quotes it.
    """
    common, _ = Counter(_reason(item) for item in members).most_common(1)[0]
    others = [item for item in members if _reason(item).rstrip(".").casefold() not in common.casefold()]
    keys = [key for key, account in ctx.accounts.items() if account.platform == platform]
    dark = all(ctx.bucket(key) in (*NOT_SEEN, "excused") for key in keys)
    alike = len(members) - len(others)
    of_the_source = members[0].unread_class in _OF_THE_SOURCE and (dark or platform != "website")
    if common and of_the_source and alike >= (_SEVERAL if dark else _MANY):
        return common, others
    return "", members


def _reason(item: Observation) -> str:
    return words.sentence(clean.line(item.reason))


def _since(ctx: Context, begun: set[date]) -> str:
    first = min(begun)
    nights = f"{words.number((ctx.today - first).days + 1)} malam"
    if len(begun) == 1:
        return f"Tidak dapat diperiksa sejak {ctx.since(first)} ({nights})."
    return f"Yang paling lama tidak dapat diperiksa sejak {ctx.since(first)} ({nights})."


def _longest_blind(ctx: Context, members: list[Observation]) -> str:
    """Since when nothing is known of the account of which nothing has been known for longest."""
    read = [moment for item in members if (moment := _last_read(ctx, item))]
    never = len(members) - len(read)
    parts = [f"yang paling lama tidak diketahui keadaannya: sejak {ctx.moment(min(read))}"] if read else []
    parts += [f"{words.counted(never, 'akun')} belum pernah terbaca"] if never else []
    return words.sentence("; ".join(parts))


def _turn(ctx: Context, platform: str) -> str:
    """How often each account of a platform has its turn when time or money serves only a part of them."""
    keys = [key for key, account in ctx.accounts.items() if account.platform == platform]
    total = sum(ctx.bucket(key) not in ("unwatched", "waiting") for key in keys)
    read = sum(ctx.bucket(key) not in NOT_SEEN for key in keys)
    if not read or total - read < total * _NOTABLE_SHARE:
        return ""
    often = f"tiap akun diperiksa kira-kira tiap {words.number(ceil(total / read))} malam"
    return f"Malam ini {words.number(read)} dari {words.counted(total, 'akun')} terbaca; bila tetap begitu, {often}."


def _last_read(ctx: Context, item: Observation) -> datetime | None:
    return ctx.data.last_read_at.get(ctx.resolve(item.account)) or ctx.data.last_read_at.get(item.account)


def _blind(ctx: Context, item: Observation) -> str:
    """Since when nothing is known about an account."""
    if last := _last_read(ctx, item):
        return f"tidak diketahui sejak {ctx.moment(last)}"
    return f"tidak diketahui sejak {ctx.since(item.since)}" if item.since else "belum pernah diketahui"
