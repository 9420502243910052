"""Invented periods in the invented regency: a week with gaps in what was read, a month read whole, and days without a night."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from pantau.core.clock import days_between
from pantau.core.model import CATEGORIES as CATEGORY_NAMES
from pantau.core.model import LEVELS, Account, AccountState, Category, Cost, Decision, DecisionAction, Finding
from pantau.core.periods import Change, Correction, NightSums, PeriodFinding, PostCount, StateCount, Sums
from pantau.digest.period_input import PeriodInput
from tests.digest import sample

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
UNWATCHED = ("facebook",)
QUIET = {"tirta_arunika": 7, "pemdes_tirtasewu_watusinar": 5, "wisata.arunika": 2}
STATES: tuple[AccountState, ...] = ("active", "quiet", "unread")
UNREAD = {"puskesmas.watusinar": 7, "smpn20arunika": 4, "desa.bulaksari": 1}
MIX: dict[str, dict[Category | Literal[""], int]] = {
    "dinkes_arunika": {"layanan": 4, "edukasi": 3, "ucapan": 2},
    "dinkes.arunika": {"layanan": 2, "seremonial": 4},
    "pupr_arunika": {"kinerja": 6, "seremonial": 1, "": 1},
    "disdik.arunika": {"layanan": 2, "edukasi": 5, "ucapan": 1},
    "dukcapil_arunika": {"layanan": 9, "seremonial": 2},
    "wisata.arunika": {"seremonial": 6, "ucapan": 7, "promosi": 1, "kinerja": 1},
    "kec_lorembulan": {"kinerja": 3, "layanan": 1, "seremonial": 4},
    "kec.watusinar": {"seremonial": 8, "ucapan": 3, "pribadi": 2},
    "tirtasewu.lorembulan": {"kinerja": 1, "ucapan": 2},
    "desa_kalisaga": {"kinerja": 2, "seremonial": 1},
    "rsud.arunika.husada": {"layanan": 7, "edukasi": 6, "ucapan": 1, "": 2},
    "puskesmas.lorembulan": {"edukasi": 4, "layanan": 2, "seremonial": 1},
    "smpn19arunika": {"edukasi": 2, "pribadi": 3, "seremonial": 4},
    "smpn20_arunika": {"edukasi": 2},
    "camat_watusinar": {"seremonial": 5, "ucapan": 4},
    "smpn20arunika": {"edukasi": 1},
}


def states(nights: int, quiet: dict[str, int], unread: dict[str, int]) -> tuple[StateCount, ...]:
    found = []
    for item in sample.ACCOUNTS:
        if item.platform in UNWATCHED:
            continue
        silent, blind = quiet.get(item.handle, 0), unread.get(item.handle, 0)
        state: AccountState = "never_posted" if item.platform == "website" else "quiet"
        rest = nights - silent - blind
        parts: tuple[tuple[AccountState, int], ...] = ((state, silent), ("unread", blind), ("active", rest))
        for name, count in parts:
            if count:
                found.append(StateCount(item.key, name, False, count))
    return tuple(found)


def posts(scale: float) -> tuple[PostCount, ...]:
    return tuple(
        PostCount(sample.key(handle), category, max(1, round(count * scale)))
        for handle, mix in MIX.items()
        for category, count in mix.items()
    )


def nights(days: Sequence[date], total: int, *, without: tuple[date, ...] = ()) -> tuple[NightSums, ...]:
    """All posts spread over the days, fewer at weekends; the parts add up to the whole."""
    weights = [2 + (day.weekday() < 5) * (6 + (n * 7) % 5) for n, day in enumerate(days)]
    found, spent = [], 0
    for n, day in enumerate(days):
        count = total * sum(weights[: n + 1]) // sum(weights) - spent
        spent += count
        held = day not in without
        found.append(
            NightSums(
                day=day,
                posts=count,
                flagged=(n * 5) % 4 if held else None,
                quiet=3 if held else None,
                unread=1 + n % 2 if held else None,
            )
        )
    return tuple(found)


def total(counts: tuple[PostCount, ...]) -> int:
    return sum(count.posts for count in counts)


def decision(finding: Finding, action: DecisionAction, *, day: int, note: str = "") -> Decision:
    at = datetime(2026, 11, day, 2, 15, tzinfo=UTC)
    return Decision(finding_key=finding.key, action=action, by="inspektur@arunika.example", at=at, note=note)


def reported(finding: Finding, day: int, taken: Decision | None = None) -> PeriodFinding:
    return PeriodFinding(
        finding=finding,
        strength=finding.strength,
        first_at=datetime(2026, 11, day, 13, tzinfo=UTC),
        decision=taken,
    )


def by_rule(rule: str) -> Finding:
    return next(item for item in sample.FINDINGS if item.rule_id == rule)


def findings() -> tuple[PeriodFinding, ...]:
    rude, luxury = by_rule("merendahkan-warga"), by_rule("pamer-barang-mewah")
    trip, party = by_rule("perjalanan-tanpa-izin"), by_rule("ajakan-memilih")
    told: dict[str, tuple[int, Decision | None]] = {
        rude.key: (24, decision(rude, "answer", day=26, note="Admin sudah ditegur; telepon 0812-3456-7890.")),
        luxury.key: (23, decision(luxury, "confirm", day=25)),
        trip.key: (19, decision(trip, "followed_up", day=27, note="Izin menyusul, berkas sudah diperiksa.")),
        party.key: (28, decision(party, "dismiss", day=29, note="Nomor antrean lomba desa, bukan nomor calon.")),
    }
    return tuple(reported(item, *told.get(item.key, (24, None))) for item in sample.FINDINGS)


def corrected(rule: str, change: Change, hours: float) -> Correction:
    finding = by_rule(rule)
    flagged = datetime(2026, 11, 24, 13, tzinfo=UTC)
    return Correction(
        finding_key=finding.key,
        post=finding.post,
        unit=finding.unit,
        change=change,
        flagged_at=flagged,
        seen_until=flagged + timedelta(hours=max(0.0, hours - 24)),
        corrected_by=flagged + timedelta(hours=hours),
        noticed_at=flagged + timedelta(hours=hours + 24),
    )


CORRECTIONS = (
    corrected("nik-dan-telepon", "removed", 23.2),
    corrected("judi-daring", "removed", 24),
    corrected("jualan-pribadi", "edited", 71.6),
)
COSTS = (
    Cost(platform="x", source="x-search", requests=210, posts_billed=148, usd=0.74),
    Cost(platform="x", source="x-search", requests=40, usd=0.2),
    Cost(platform="instagram", source="instaloader", requests=1320),
)
CANDIDATES = (
    msgspec.structs.replace(sample.GOOD_DISTRICT, published_at=sample.NIGHT + timedelta(days=2)),
    sample.DATA,
    sample.GOOD_CLINIC,
    sample.GOOD_SCHOOLS,
)
CATEGORIES: dict[str, Category] = {
    sample.GOOD_DISTRICT.key: "kinerja",
    sample.GOOD_CLINIC.key: "layanan",
    sample.GOOD_SCHOOLS.key: "edukasi",
    sample.DATA.key: "layanan",
}


def week() -> PeriodInput:
    """A rich week: findings in every stage, silence, accounts that could not be read."""
    days = days_between(MONDAY, SUNDAY)
    earlier = days_between(MONDAY - timedelta(days=7), SUNDAY - timedelta(days=7))
    return PeriodInput(
        kind="week",
        run_id="n-20261129",
        office=sample.OFFICE,
        readers=("Bupati", "Sekretaris Daerah"),
        units=sample.UNITS,
        accounts=sample.ACCOUNTS,
        now=Sums(
            first=MONDAY,
            last=SUNDAY,
            days=nights(days, total(posts(1))),
            posts=posts(1),
            states=states(7, QUIET, UNREAD),
            findings=findings(),
            corrections=CORRECTIONS,
        ),
        before=Sums(
            first=earlier[0],
            last=earlier[-1],
            days=nights(earlier, total(posts(0.8))),
            posts=posts(0.8),
            states=states(7, {"tirta_arunika": 3}, {"smpn20arunika": 1}),
            findings=(reported(by_rule("perjalanan-tanpa-izin"), 19),),
        ),
        candidates=CANDIDATES,
        posts={post.key: post for post in sample.POSTS},
        categories=CATEGORIES,
        costs=COSTS,
        costs_before=(Cost(platform="x", requests=180, usd=0.81),),
        unwatched=UNWATCHED,
        made_at=datetime(2026, 11, 29, 13, 20, tzinfo=UTC),
    )


def month() -> PeriodInput:
    """November against October, every account read in every night of both."""
    days = days_between(date(2026, 11, 1), date(2026, 11, 30))
    earlier = days_between(date(2026, 10, 1), date(2026, 10, 31))
    data = week()
    return msgspec.structs.replace(
        data,
        kind="month",
        run_id="n-20261130",
        now=msgspec.structs.replace(
            data.now,
            first=days[0],
            last=days[-1],
            days=nights(days, total(posts(4))),
            posts=posts(4),
            states=states(30, {handle: 4 * count for handle, count in QUIET.items()}, {}),
        ),
        before=Sums(
            first=earlier[0],
            last=earlier[-1],
            days=nights(earlier, total(posts(3.2))),
            posts=posts(3.2),
            states=states(31, {"tirta_arunika": 3}, {}),
            findings=findings(),
        ),
        made_at=datetime(2026, 11, 30, 13, 20, tzinfo=UTC),
    )


def dark() -> PeriodInput:
    """A week in which no night was held."""
    data = week()
    days = days_between(MONDAY, SUNDAY)
    empty = Sums(first=MONDAY, last=SUNDAY, days=nights(days, 0, without=tuple(days)))
    return msgspec.structs.replace(data, now=empty, before=None, candidates=(), costs=(), run_id="")


def hostile(text: str) -> PeriodInput:
    """The rich week with unfriendly text in every place that comes from outside."""
    data = week()
    odd = msgspec.structs.replace(sample.GOOD_CLINIC, text=text * 3 + "x" * 80)
    bad = tuple(
        msgspec.structs.replace(
            item,
            finding=msgspec.structs.replace(
                item.finding, message=text or "kosong", url=f"https://x.com/{text}", rule_id=text or "a"
            ),
            decision=item.decision and msgspec.structs.replace(item.decision, by=text, note=text),
        )
        for item in data.now.findings
    )
    first = msgspec.structs.replace(data.accounts[0], handle=f"dinkes{text}")
    office = msgspec.structs.replace(
        data.office,
        name=f"Kabupaten {text}",
        contact=text,
        department=text,
        address=text,
        letterhead=(text,),
        reach=text,
    )
    return msgspec.structs.replace(
        data,
        run_id=f"n-20261129{text}",
        office=office,
        readers=(text,),
        units=tuple(msgspec.structs.replace(unit, name=f"{unit.name} {text}", code=unit.code) for unit in data.units),
        accounts=(first, *data.accounts[1:]),
        now=msgspec.structs.replace(data.now, findings=bad),
        candidates=(odd, *data.candidates),
        costs=(*data.costs, Cost(platform=text or "x", requests=1)),
    )


def large(units: int = 300, findings_each: int = 3) -> PeriodInput:
    """A month of a big regency: many units, findings, silent and unread accounts, decisions."""
    data = month()
    some = tuple(
        msgspec.structs.replace(sample.UNITS[n % 15], code=f"U-{n:04}", name=f"Unit Nomor {n} Arunika", parent="")
        for n in range(units)
    )
    accounts = tuple(
        Account(platform=platform, handle=f"unit_{n:04}_arunika", unit=f"U-{n:04}", platform_id=f"{n + 1}{at}")
        for n in range(units)
        for at, platform in enumerate(("x", "instagram", "youtube"))
    )
    base = by_rule("merendahkan-warga")
    found = []
    for n in range(units * findings_each):
        owner = accounts[n % len(accounts)]
        finding = msgspec.structs.replace(
            base, unit=owner.unit, account=owner.key, post=f"x:{n}", subject=f"{n}", level=LEVELS[n % 4]
        )
        taken = decision(finding, "answer", day=26, note=f"Catatan nomor {n}") if n % 3 == 0 else None
        found.append(reported(finding, 1 + n % 28, taken))
    every = [StateCount(owner.key, STATES[n % 3], False, 30) for n, owner in enumerate(accounts)]
    counts = tuple(
        PostCount(owner.key, CATEGORY_NAMES[(n + at) % 7], 2 + n % 5)
        for n, owner in enumerate(accounts)
        for at in (0, 3)
    )
    now = msgspec.structs.replace(
        data.now,
        posts=counts,
        days=nights([day.day for day in data.now.days], total(counts)),
        states=tuple(every),
        findings=tuple(found),
        corrections=(),
    )
    return msgspec.structs.replace(data, units=some, accounts=accounts, now=now, before=None, candidates=(), posts={})
