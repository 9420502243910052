"""The views of one night: a unit's part and the Regent's screen say the staff digest's numbers and nothing of others."""

import io
import re
import string
import zipfile
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.core.model import Account, Decision, Finding, Observation, Post, Unit
from pantau.core.settings import DigestSettings
from pantau.digest import lint
from pantau.digest.build import build
from pantau.digest.edition_pages import WORKBOOK_POINTER, EditionRenderer
from pantau.digest.editions import POSTS_SHOWN, Units, regent
from pantau.digest.model import DigestInput, KnownDecision, ReplyWay, ReusedPicture
from pantau.digest.spreadsheet import workbook
from tests.digest import sample
from tests.digest.pages import Page, flat
from tests.random_cases import cases

RENDERER = EditionRenderer()


def night(**more: object) -> DigestInput:
    data = sample.rich()
    return msgspec.structs.replace(data, fresh=frozenset(data.categories) & data.posts.keys(), **more)


def pages(data: DigestInput, code: str) -> tuple[str, str]:
    page = RENDERER.unit(Units(data).of(code), DigestSettings())
    return page.html, page.text


def test_the_units_together_have_exactly_the_staff_digests_cards_and_states() -> None:
    data = night()
    staff, units = build(data), [Units(data).of(unit.code).digest for unit in data.units]
    for name in (
        "flags",
        "reviews",
        "open",
        "accounts",
        "active",
        "quiet",
        "unread",
        "gone",
        "private",
        "unregistered",
    ):
        assert sum(getattr(unit.counts, name) for unit in units) == getattr(staff.counts, name), name
    cards = {card.place: card for card in (*staff.flags.cards, *staff.reviews.cards)}
    for unit in units:
        for card in (*unit.flags.cards, *unit.reviews.cards):
            assert card == cards.pop(card.place)
    assert cards == {}


def test_the_regents_numbers_are_those_of_the_staff_digest() -> None:
    data = night()
    staff = build(data)
    page = regent(data, staff)
    assert (page.tiles, page.headline, page.run_id) == (staff.tiles, staff.headline, staff.run_id)
    assert [line.url for line in page.worst] == [card.url for card in staff.flags.cards[:3]]
    active = sum(int(row.active.split(" dari ")[0]) for row in page.tiers)
    assert active == staff.counts.active
    assert f"{staff.counts.unread} akun tidak dapat diperiksa" in page.warning


def test_the_regent_reads_one_screen_without_buttons() -> None:
    data = night(reply=ReplyWay(address="jawab@arunika.example", key_id="KQ7"))
    page = RENDERER.regent(regent(data, build(data)))
    assert "mailto:" not in page.html + page.text
    assert lint.html_problems(page.html) == []
    assert not Page(page.html).unbalanced
    rows = re.findall(r"<tr|<p[ >]|<h[12]", page.html)
    assert len(rows) <= 32


def test_no_account_read_gives_the_regent_no_share_of_active_ones() -> None:
    data = msgspec.structs.replace(sample.blind(), fresh=frozenset())
    page = regent(data, build(data))
    assert {row.active for row in page.tiers} == {"tidak diketahui"}
    assert page.warning


def test_a_unit_may_answer_and_nothing_else() -> None:
    data = night(reply=ReplyWay(address="jawab@arunika.example", key_id="KQ7"))
    html, text = pages(data, "OPD-01")
    assert "Hak jawab" in text
    for word in ("Bukan pelanggaran", "Sudah ditindaklanjuti", "Batalkan"):
        assert word not in text + Page(html).text


def test_the_page_and_its_plain_twin_tell_the_same() -> None:
    data = night()
    for unit in data.units:
        html, text = pages(data, unit.code)
        page = Page(html)
        assert not page.unbalanced
        assert lint.html_problems(html) == []
        for link in page.links:
            assert link in text
        assert set(re.findall(r"\d+", page.text)) <= set(re.findall(r"\d+", flat(text))), unit.code


def test_what_the_unit_posted_is_listed_newest_first_with_what_was_found_about_it() -> None:
    data = night()
    view = Units(data).of("OPD-01")
    assert [row.mark for row in view.posts] == ["untuk dilihat", "perlu dicek"]
    assert all(row.category and row.url for row in view.posts)


def test_a_hijacked_account_does_not_flood_its_head() -> None:
    owner = sample.BY_HANDLE["dinkes_arunika"]
    flood = {p.key: p for n in range(400) if (p := sample.post(owner.handle, 5_000_000 + n, f"Slot gacor {n}"))}
    data = night()
    kinds = data.categories | dict.fromkeys(flood, "promosi")
    data = msgspec.structs.replace(data, posts=data.posts | flood, fresh=data.fresh | flood.keys(), categories=kinds)
    view = Units(data).of("OPD-01")
    assert (len(view.posts), view.hidden_posts) == (POSTS_SHOWN, len(flood) + 2 - POSTS_SHOWN)
    page = RENDERER.unit(view, DigestSettings())
    assert page.html_bytes < 90 * 1024
    assert WORKBOOK_POINTER in page.html
    assert WORKBOOK_POINTER in flat(page.text)
    assert len(view.digest.tables.posts) == len(flood) + 2  # type: ignore[union-attr]


def test_a_unit_whose_page_holds_everything_is_pointed_nowhere() -> None:
    html, text = pages(night(), "OPD-01")
    assert WORKBOOK_POINTER not in html + text
    assert "pantau digest show" not in html + text


def test_findings_left_out_of_a_units_page_are_pointed_to_where_its_head_can_read_them() -> None:
    data = night()
    unit = max(data.units, key=lambda unit: sum(item.unit == unit.code for item in data.findings))
    page = RENDERER.unit(Units(data).of(unit.code), msgspec.structs.replace(DigestSettings(), max_findings=0))
    assert page.hidden_findings
    assert WORKBOOK_POINTER in page.html
    assert "pantau digest show" not in page.html


def test_personal_data_is_masked_in_the_list_of_posts_too() -> None:
    html, text = pages(night(), "PKM-01")
    for number in ("9999010203040005", "0812-3456-7890"):
        assert number not in html + text


def test_a_head_is_needed_when_an_account_falls_silent_but_not_when_a_platform_is_down() -> None:
    data = night(findings=(), earlier=(), decisions=(), corrected=())

    def state(item: Observation, now: str) -> Observation:
        return msgspec.structs.replace(item, state=now, unread_class="network" if now == "unread" else "")

    many = {account.key for account in data.accounts if account.platform in ("x", "instagram")}
    watched = [item for item in data.observations if item.account in many]
    data = msgspec.structs.replace(data, accounts=tuple(account for account in data.accounts if account.key in many))
    calm = msgspec.structs.replace(data, previous_observations=tuple(state(item, "active") for item in watched))
    down = msgspec.structs.replace(calm, observations=tuple(state(item, "unread") for item in watched))
    assert not any(Units(down).of(unit.code).needed for unit in data.units)
    one = sample.key("dinkes_arunika")
    alone = [state(item, "unread" if item.account == one else "active") for item in watched]
    single = msgspec.structs.replace(calm, observations=tuple(alone))
    assert [unit.code for unit in data.units if Units(single).of(unit.code).needed] == ["OPD-01"]


def test_the_same_flag_the_next_night_is_no_reason_to_write_again() -> None:
    data = night(decisions=(), previous_observations=sample.rich().observations)
    known = tuple(
        msgspec.structs.replace(item, finding=finding)
        for item in data.earlier[:1]
        for finding in data.findings
        if finding.post
    )
    again = msgspec.structs.replace(data, earlier=known)
    assert Units(data).of("OPD-01").needed
    assert not Units(again).of("OPD-01").needed


LETTERS = st.text(string.ascii_lowercase, min_size=6, max_size=10)


@settings(max_examples=cases(10, 100))
@given(st.lists(LETTERS, min_size=3, max_size=3, unique=True), st.integers(0, 2))
def test_nothing_of_another_unit_is_in_a_units_part(tags: list[str], mine: int) -> None:
    """Every unit's name, handle, text, answer, note and picture carries the unit's own tag."""
    tags = [f"zq{n}{tag}" for n, tag in enumerate(tags)]
    units = tuple(Unit(code=f"U-{n}", name=f"Unit {tag}", kind="opd") for n, tag in enumerate(tags))
    accounts = tuple(
        Account(platform="x", handle=tag, unit=f"U-{n}", platform_id=f"{n}1") for n, tag in enumerate(tags)
    )
    posts = [
        Post(
            platform="x",
            post_id=f"9{n}",
            account=account.key,
            published_at=sample.NIGHT - timedelta(hours=1),
            text=f"goblok {account.handle} bangun jembatan warga",
            url=f"https://x.com/{account.handle}/9{n}",
        )
        for n, account in enumerate(accounts)
    ]
    findings = [
        Finding(
            rule_id=f"rule-{account.handle}",
            rule_version=1,
            family="BHS",
            level="tinggi",
            strength="flag",
            unit=account.unit,
            account=account.key,
            post=post.key,
            url=post.url,
            subject=post.text_sha256,
            message=f"Kasar {account.handle}",
            evidence=(sample.words(post, "goblok"),),
        )
        for account, post in zip(accounts, posts, strict=True)
    ]
    decided = [
        KnownDecision(
            decision=Decision(
                finding_key=f.key, action="answer", by=f"admin-{f.message}", at=sample.NIGHT, note=f.message
            ),
            finding=f,
        )
        for f in findings
    ]
    data = msgspec.structs.replace(
        sample.calm(),
        units=units,
        accounts=accounts,
        observations=tuple(
            Observation(account=a.key, unit=a.unit, state="private", reason=f"alasan {a.handle}") for a in accounts
        ),
        previous_observations=(),
        findings=tuple(findings),
        posts={post.key: post for post in posts},
        fresh=frozenset(post.key for post in posts),
        posts_read=3,
        categories={post.key: "kinerja" for post in posts},
        decisions=tuple(decided),
        answers={f.key: f.message for f in findings},
        reused={post.key: (ReusedPicture(n=1, earlier=posts[(n + 1) % 3]),) for n, post in enumerate(posts)},
        notes=tuple(tags),
        readers=tuple(tags),
    )
    view = Units(data).of(f"U-{mine}")
    page = RENDERER.unit(view, DigestSettings())
    assert view.digest.tables is not None
    with zipfile.ZipFile(io.BytesIO(workbook(view.digest, view.digest.tables))) as book:
        rows = "".join(book.read(name).decode() for name in book.namelist())
    everything = (page.html + page.text + page.subject + str(msgspec.json.encode(view)) + rows).lower()
    assert tags[mine] in rows.lower()
    assert tags[mine] in everything
    for other in tags:
        assert other == tags[mine] or other not in everything


def test_an_unknown_unit_is_an_error() -> None:
    with pytest.raises(KeyError):
        Units(night()).of("TIDAK-ADA")


def test_a_unit_is_thanked_for_its_own_corrections_alone_and_the_regent_sees_how_many() -> None:
    data = night(findings=(), earlier=(), decisions=(), previous_observations=night().observations)
    units = {unit.code: Units(data).of(unit.code) for unit in data.units}
    (thanked,) = [code for code, edition in units.items() if edition.digest.corrected.entries]
    assert thanked == sample.FIXED.unit
    assert units[thanked].needed
    assert not units[thanked].calm
    page = regent(data, build(data))
    assert page.corrected == "1 unggahan diperbaiki unit dalam 36 jam sesudah ditandai. Terima kasih."
    assert regent(night(corrected=()), build(night(corrected=()))).corrected == ""
