"""Many offices on paper: what was measured on a sample, multiplied and compared with the published limits, row by row."""

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from benchmarks.province_collect import Used
from benchmarks.province_office import ACCOUNTS, POSTS, OfficeNight
from benchmarks.province_world import PICTURED, REPEATED

NIGHTS = 30
"""A month."""
DEADLINE_H = 4.0
"""``collect.deadline_min`` as it is set without a word of the office."""
X_USER_USD = 0.010
"""A user read, once in an account's life (platforms.md 1.3)."""
X_CAP = 3_000_000
"""Posts that one pay-per-use project may read in a month (platforms.md 1.3)."""
YOUTUBE_UNITS = 10_000
"""A day and project (platforms.md 3.2)."""
WORKERS = (1, 2, 4, 8, 16, 32, 64)
GB = 1e9
Row = tuple[str, str, str]
"""What, the value, and how it was found: ``measured`` or ``computed``."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured."""

    offices: int
    accounts: int
    """Of all offices."""
    posts: int
    """Of one night, all offices."""
    sampled: int
    """Offices whose reading was measured on every platform but X, which was measured whole."""
    used: Mapping[str, Used]
    """By platform; sums of the sampled offices, X of all."""
    night: OfficeNight
    """A whole night of one office, SQLite."""
    night_postgres: OfficeNight | None
    signal_s: float
    ocr_s: float | None
    checks_wall_s: Sequence[tuple[int, float]]
    """Workers and wall seconds of the same checks."""
    usd_per_eur: float = 0.0
    """0: euros are not told."""

    def scale(self, platform: str) -> float:
        """From what was measured to all offices."""
        return 1.0 if platform == "x" else self.offices / self.sampled

    def of_all(self, platform: str, *endpoints: str) -> float:
        """Requests of a night of all offices."""
        requests = self.used[platform].requests
        counted = sum(count for name, count in requests.items() if not endpoints or name in endpoints)
        return counted * self.scale(platform)


def rows(found: Findings) -> Iterator[Row]:
    """The whole table."""
    yield ("offices; accounts", f"{found.offices}; {found.accounts:,}", "computed")
    yield ("new posts of the simulated night", f"{found.posts:,}", "measured")
    yield from _requests(found)
    yield from _x(found)
    yield from _credentials(found)
    yield from _cpu(found)
    yield from _database("SQLite", found, found.night)
    if found.night_postgres is not None:
        yield from _database("PostgreSQL", found, found.night_postgres)
    yield from _wall(found)


def _requests(found: Findings) -> Iterator[Row]:
    for platform, used in found.used.items():
        complete = f"{used.found:,} of {used.posts:,} posts found, {used.read:,} of {used.accounts:,} accounts read"
        complete += f", {used.told:,} of them said to have published more than they show" if used.told else ""
        whole = "all offices" if platform == "x" else f"{found.sampled} office(s)"
        yield f"{platform}: second night of {whole}", complete, "measured"
        named = ", ".join(f"{name.partition('.')[2]} {count:,}" for name, count in sorted(used.requests.items()))
        yield f"{platform}: its requests", named, "measured"
        if platform != "x":
            yield f"{platform}: requests a night, all offices", f"{found.of_all(platform):,.0f}", "computed"


def _x(found: Findings) -> Iterator[Row]:
    used = found.used["x"]
    month = used.usd * NIGHTS
    share = used.posts_billed * NIGHTS / X_CAP
    yield "X: posts billed against new ones", f"{used.posts_billed / max(1, used.posts):.3f}", "measured"
    yield "X: bill of the night ($0.005 a post)", _money(used.usd, found), "measured"
    yield f"X: bill of {NIGHTS} nights", _money(month, found), "computed"
    yield "X: ids of all accounts, once ($0.010 each)", _money(used.accounts * X_USER_USD, found), "computed"
    yield "X: share of a project's 3,000,000 posts a month", f"{share:.0%}, {math.ceil(share)} project(s)", "computed"


def _money(usd: float, found: Findings) -> str:
    euros = f" = {usd / found.usd_per_eur:,.0f} EUR" if found.usd_per_eur else ""
    return f"{usd:,.2f} USD{euros}"


def _credentials(found: Findings) -> Iterator[Row]:
    used = found.used
    x_h = used["x"].hours
    yield "X: waits for its limits, one app, all offices", f"{60 * x_h:.1f} min", "measured"
    yield f"X: apps for {DEADLINE_H:g} h", str(max(1, math.ceil(x_h / DEADLINE_H))), "computed"
    calls = {"instagram": found.of_all("instagram", "graph.discovery"), "facebook": found.of_all("facebook")}
    for platform, count in calls.items():
        hours = count / 200
        yield f"{platform}, Graph API: hours with one token (200 calls an hour)", f"{hours:,.0f}", "computed"
        yield f"{platform}, Graph API: tokens for {DEADLINE_H:g} h", f"{math.ceil(hours / DEADLINE_H):,}", "computed"
    for platform, name in (("instagram", "Instagram, both sources one after the other"), ("facebook", "Facebook")):
        what = f"{name}: waits with one credential each, {found.sampled} office(s)"
        yield what, f"{used[platform].hours:.1f} h", "measured"
    personal = used["instagram"].personal * found.scale("instagram")
    hours = personal / 200 * 660 / 3600
    yield "instaloader: accounts that the Graph API does not show", f"{personal:,.0f}", "computed"
    yield (
        f"instaloader: sessions for {DEADLINE_H:g} h (200 queries in 11 min)",
        f"{math.ceil(hours / DEADLINE_H):,}",
        "computed",
    )
    units = found.of_all("youtube")
    yield "YouTube: units a night", f"{units:,.0f}", "computed"
    yield "YouTube: projects (10,000 units a day)", f"{math.ceil(units / YOUTUBE_UNITS):,}", "computed"
    lists = found.of_all("tiktok", "tiktok.list")
    yield "TikTok: minutes at 600 lists a minute, one app", f"{lists / 600:,.0f}", "computed"
    yield (
        "TikTok: logins to the app (one an account)",
        f"{used['tiktok'].accounts * found.scale('tiktok'):,.0f}",
        "computed",
    )


def _cpu(found: Findings) -> Iterator[Row]:
    cpu = found.night.cpu_s
    per_account, per_post = 1000 / found.night.accounts, 1000 / found.night.posts
    yield "reading and parsing, an account", f"{cpu['collect'] * per_account:.2f} ms", "measured"
    yield "saving, an account (SQLite)", f"{cpu['save'] * per_account:.2f} ms", "measured"
    yield "rules with second signal, a post", f"{cpu['check'] * per_post:.2f} ms", "measured"
    yield "second signal alone, a post", f"{1000 * found.signal_s:.2f} ms", "measured"
    yield (
        "judging an account, categories included",
        f"{(cpu['judge'] + cpu['categorise']) * per_account:.2f} ms",
        "measured",
    )
    digest = cpu["gather"] + cpu["build"] + cpu["freeze"]
    yield f"digest of an office of {found.night.accounts:,} accounts (HTML, text, XLSX)", f"{digest:.1f} s", "measured"
    hours = found.posts * found.signal_s / 3600
    yield "second signal, all posts of a night", f"{hours:.2f} CPU h", "computed"
    pictures = _pictures(found)
    yield "pictures to read a night", f"{pictures:,.0f}", "computed"
    if found.ocr_s is not None:
        yield "words off one picture (1080 x 1350, noisy)", f"{found.ocr_s:.2f} CPU s", "measured"
        yield "words off all pictures of a night", f"{pictures * found.ocr_s / 3600:,.1f} CPU h", "computed"


def _pictures(found: Findings) -> float:
    shown = sum(found.used[name].posts * share * found.scale(name) for name, share in PICTURED.items())
    return shown * (1 - REPEATED)


def _database(name: str, found: Findings, night: OfficeNight) -> Iterator[Row]:
    grown = night.grown
    post, account = grown.per(POSTS, night.posts), grown.per(ACCOUNTS, night.accounts)
    raw = grown.per(("raws",), night.posts)
    finding = grown.per(("findings",), night.findings)
    yield f"{name}: bytes a post, all its tables (of them the raw answer)", f"{post:,.0f} ({raw:,.0f})", "measured"
    yield f"{name}: bytes an account and night (reading, observation)", f"{account:,.0f}", "measured"
    yield f"{name}: bytes a finding", f"{finding:,.0f}", "measured"
    yield f"{name}: documents, manifest and log of an office and night", f"{grown.rest / 1e6:.2f} MB", "measured"
    findings = night.findings / night.posts * found.posts
    sizes = (found.posts * post, found.accounts * account, findings * finding, found.offices * grown.rest)
    parts = " + ".join(f"{size * NIGHTS / GB:,.1f}" for size in sizes)
    total = sum(sizes) * NIGHTS / GB
    yield f"{name}: a month, GB (posts + accounts + findings + documents)", f"{total:,.1f} ({parts})", "computed"


def _wall(found: Findings) -> Iterator[Row]:
    """Reading, pictures and second signal go to the workers, the rest stays in one process (``docs/decisions.md``)."""
    cpu = found.night.cpu_s
    for workers, seconds in found.checks_wall_s:
        what = f"the same {CHECKED:,} captions checked by {workers} process(es)"
        yield what, f"{seconds:.1f} s", "measured"
    by_account, by_post = found.accounts / found.night.accounts, found.posts / found.night.posts
    signal = found.posts * found.signal_s
    spread = cpu["collect"] * by_account + signal + _pictures(found) * (found.ocr_s or 0.0)
    alone = (cpu["save"] + cpu["judge"] + cpu["categorise"]) * by_account + max(0.0, cpu["check"] * by_post - signal)
    alone += (
        (cpu["gather"] + cpu["build"] + cpu["freeze"])
        * found.offices
        * (found.accounts / found.offices / found.night.accounts)
    )
    yield "CPU of a night that workers share (reading, second signal, pictures)", f"{spread / 3600:,.1f} h", "computed"
    yield (
        "CPU of a night that one process does (saving, patterns, judging, digests)",
        f"{alone / 3600:,.2f} h",
        "computed",
    )
    for workers in WORKERS:
        yield (
            f"wall time with {workers} worker(s), credentials as above",
            f"{(alone + spread / workers) / 3600:,.2f} h",
            "computed",
        )


CHECKED = 4_000
"""Captions of the comparison of one process and two."""
