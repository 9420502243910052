"""Any period at all, and any text in it: nothing crashes, numbers add up, and what was not read is never called silent."""

import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.core.model import CATEGORIES, LEVELS, Account, Cost, Decision, Finding, Post, Unit
from pantau.core.periods import Correction, NightSums, PeriodFinding, PostCount, StateCount, Sums
from pantau.core.settings import DigestSettings
from pantau.digest import lint
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.period import build
from pantau.digest.period_input import PeriodInput
from tests.digest import hostile, sample_period
from tests.digest.pages import Page, flat
from tests.random_cases import cases

RENDERER = EditionRenderer()
KINDS = ("opd", "kecamatan", "desa", "rsud", "sekolah", "pejabat")
PLATFORMS = ("x", "instagram", "facebook")
UNITS = tuple(Unit(code=f"U{n}", name=f"Unit {n}", kind=KINDS[n % 6], priority=n % 2) for n in range(6))  # type: ignore[arg-type]
ACCOUNTS = tuple(
    Account(platform=PLATFORMS[n % 3], handle=f"akun_{n}", unit=f"U{n % 5}", platform_id=str(n + 1)) for n in range(8)
)
STATES = ("active", "quiet", "never_posted", "gone", "private", "unread", "waiting", "excused")
FIRST = date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 5, tzinfo=UTC)
FAMILIES = ("BHS", "DPR", "FLX", "AKT", "KIN")
ACTIONS = ("confirm", "dismiss", "answer", "followed_up", "undo")


@st.composite
def sums(draw: st.DrawFn, first: date, length: int) -> Sums:
    """What a store may give for some days: each account has at most one state a night."""
    days = []
    for n in range(length):
        held = draw(st.booleans())
        days.append(
            NightSums(
                day=first + timedelta(days=n),
                posts=draw(st.integers(0, 30)),
                flagged=draw(st.integers(0, 5)) if held else None,
                quiet=draw(st.integers(0, 5)) if held else None,
                unread=draw(st.integers(0, 5)) if held else None,
            )
        )
    nights = sum(day.flagged is not None for day in days)
    counts: dict[tuple[str, str, bool], int] = {}
    for owner in ACCOUNTS:
        for name in draw(st.lists(st.sampled_from(STATES), min_size=0, max_size=nights)):
            state, waiting = ("unread", True) if name == "waiting" else (name, False)
            counts[(owner.key, state, waiting)] = counts.get((owner.key, state, waiting), 0) + 1
    posts = draw(
        st.lists(
            st.builds(
                PostCount,
                st.sampled_from([*(owner.key for owner in ACCOUNTS), "x:gone"]),
                st.sampled_from([*CATEGORIES, ""]),
                st.integers(0, 12),
            ),
            max_size=12,
        )
    )
    findings = draw(st.lists(reported(), max_size=8, unique_by=lambda item: item.finding.key))
    return Sums(
        first=first,
        last=first + timedelta(days=length - 1),
        days=tuple(days),
        posts=tuple(posts),
        states=tuple(StateCount(key, state, waiting, n) for (key, state, waiting), n in counts.items()),  # type: ignore[arg-type]
        findings=tuple(findings),
        corrections=tuple(corrected(item.finding) for item in findings if item.finding.post and draw(st.booleans())),
    )


@st.composite
def reported(draw: st.DrawFn) -> PeriodFinding:
    owner = draw(st.sampled_from(ACCOUNTS))
    number = draw(st.integers(0, 4))
    strength = draw(st.sampled_from(["flag", "review"]))
    finding = Finding(
        rule_id=draw(st.sampled_from(["a", "b"])),
        rule_version=1,
        family=draw(st.sampled_from(FAMILIES)),
        level=draw(st.sampled_from(LEVELS)),
        strength=strength,  # type: ignore[arg-type]
        unit=owner.unit,
        account=owner.key,
        post=f"x:{number}" if number else "",
        message="perlu dicek",
    )
    action = draw(st.sampled_from([None, *ACTIONS]))
    at = NOON + timedelta(days=draw(st.integers(-5, 10)))
    decision = action and Decision(finding_key=finding.key, action=action, by="staf", at=at)  # type: ignore[arg-type]
    return PeriodFinding(finding=finding, strength=strength, first_at=at, decision=decision or None)  # type: ignore[arg-type]


def corrected(finding: Finding) -> Correction:
    return Correction(
        finding_key=finding.key,
        post=finding.post,
        unit=finding.unit,
        change="edited",
        flagged_at=NOON,
        seen_until=NOON,
        corrected_by=NOON + timedelta(hours=5),
        noticed_at=NOON + timedelta(hours=24),
    )


@st.composite
def inputs(draw: st.DrawFn) -> PeriodInput:
    length = draw(st.integers(1, 9))
    earlier = draw(st.integers(1, 9))
    candidates = tuple(
        Post(
            platform="x",
            post_id=str(n),
            account=owner.key,
            published_at=NOON,
            text="Syarat pindah sekolah kami rangkum dalam satu lembar yang mudah dibaca.",
            url=f"https://x.com/{n}",
        )
        for n, owner in enumerate(draw(st.lists(st.sampled_from(ACCOUNTS), max_size=4)))
    )
    return PeriodInput(
        kind=draw(st.sampled_from(["week", "month", "span"])),
        units=UNITS,
        accounts=draw(st.sampled_from([ACCOUNTS, ACCOUNTS[:3], ()])),
        now=draw(sums(FIRST, length)),
        before=draw(st.none() | sums(FIRST - timedelta(days=earlier), earlier)),
        candidates=candidates,
        categories={post.key: "layanan" for post in candidates},
        costs=draw(st.sampled_from([(), (Cost(platform="x", requests=2, usd=0.004),)])),
        unwatched=draw(st.sampled_from([(), ("facebook",)])),
        made_at=NOON,
    )


@settings(max_examples=cases(20, 300))
@given(inputs())
def test_any_period_gives_an_edition_whose_numbers_add_up(data: PeriodInput) -> None:
    edition = build(data)
    counts = edition.counts
    assert counts.posts == sum(item.posts for item in data.now.posts)
    assert counts.nights == data.now.nights
    assert counts.fresh <= counts.flags == len(edition.flags.rows)
    blind = {owner.key for owner in data.accounts} - {
        item.account for item in data.now.states if not (item.state == "unread" or item.nights == 0)
    }
    quiet = {row.account_key: row.quiet for unit in edition.quiet.units for row in unit.accounts}
    assert not blind & quiet.keys()
    for key, nights in quiet.items():
        silent = [s.nights for s in data.now.states if s.account == key and s.state in ("quiet", "never_posted")]
        assert nights == sum(silent)
    taken = {item.finding.post for item in data.now.findings}
    assert not any(post.key in taken for post in data.candidates if any(m.url == post.url for m in edition.examples))
    full = data.before and data.now.nights == len(data.now.days) and data.before.nights == len(data.before.days)
    if not full:
        assert not re.search(r"\b(naik|turun)\b", edition.comparison)
    for block in edition.charts:
        assert all(len(row.values) == len(block.chart.labels) for row in block.chart.series)
        if block.chart.kind == "shares":
            assert {sum(pair) for pair in zip(*(row.values for row in block.chart.series), strict=True)} == {100.0}


@settings(max_examples=cases(5, 60))
@given(inputs())
def test_any_period_says_the_same_as_a_page_and_as_text(data: PeriodInput) -> None:
    shown = RENDERER.period(build(data), DigestSettings())
    page = Page(shown.html)
    assert not page.unbalanced
    assert lint.html_problems(shown.html) == []
    said = re.sub(r"\d+ (lagi tidak dimuat|akun lagi)", "", page.text)
    assert set(re.findall(r"\d+", said)) <= set(re.findall(r"\d+", flat(shown.text)))
    assert all(link in shown.text for link in page.links)


@settings(max_examples=cases(20, 300))
@given(inputs(), st.sampled_from(["now", "before"]))
def test_an_unread_night_of_any_account_ends_every_talk_of_rise_and_fall_of_the_whole(
    data: PeriodInput, which: str
) -> None:
    sums_of = getattr(data, which)
    watched = [owner for owner in data.accounts if owner.platform not in data.unwatched]
    if not watched or sums_of is None:
        return
    blind = StateCount(watched[0].key, "unread", False, max(1, sums_of.nights))
    states = (*(item for item in sums_of.states if item.account != watched[0].key), blind)
    if not sums_of.nights:
        states = sums_of.states
    data = msgspec.structs.replace(data, **{which: msgspec.structs.replace(sums_of, states=states)})
    assert not re.search(r"\b(naik|turun)\b", build(data).comparison)


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_hostile_text_stays_text_in_the_page_and_its_twin(text: str) -> None:
    shown = RENDERER.period(build(sample_period.hostile(text)), DigestSettings())
    page = Page(shown.html)
    assert not page.unbalanced
    assert lint.html_problems(shown.html) == []
    assert "script" not in page.tags
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert page.tags.count("img") == len(shown.pictures)
    assert all(link.startswith("https://") for link in page.links)
    assert all(link in shown.text for link in page.links)
    for output in (shown.html, shown.text, shown.subject):
        assert not any(bad in output for bad in hostile.FORBIDDEN)
    assert "\n" not in shown.subject
    assert shown.html_bytes <= 90 * 1024


@given(st.text(max_size=60))
@settings(max_examples=cases(5, 60))
def test_any_text_at_all_stays_text(text: str) -> None:
    shown = RENDERER.period(build(sample_period.hostile(text)), DigestSettings())
    page = Page(shown.html)
    assert not page.unbalanced
    assert "script" not in page.tags
    assert page.tags.count("img") == len(shown.pictures)
