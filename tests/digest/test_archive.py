"""The archive's pages: complete, harmless, masked, the same for the same data, and usable without mouse, server or script."""

import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.checks.fold_tables import fold_character
from pantau.core.model import Decision, Observation, Post, Unit
from pantau.digest.archive import Archive
from pantau.digest.archive_chart import Ledger, strip
from pantau.digest.archive_model import ArchiveMonth, ArchiveNight, ArchiveRerun, ArchiveRule, ArchiveWorld, StoredPage
from pantau.digest.archive_names import Names
from pantau.digest.archive_search import Folding, Hit, Part
from pantau.digest.archive_site import MARKER, ArchiveError, Tree
from pantau.digest.archive_stored import safe_page
from pantau.digest.archive_text import Shower
from pantau.digest.words import day_short
from tests.digest import sample
from tests.digest.browser import CHROMIUM, open_browser

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> \u202e\x00 {{7*7}} </title>javascript:alert(1)'
NIGHTS = 4
STRANGER = "@budi_warga99"


def decided() -> dict[str, tuple[Decision, ...]]:
    at = sample.NIGHT + timedelta(hours=3)
    key = sample.CLASS_INSULT.key
    answer = Decision(
        finding_key=key, action="answer", by="Dinas PU", at=at, note="Sudah kami hapus, HP 0812-3456-7890."
    )
    closed = Decision(finding_key=key, action="followed_up", by="Sri", at=at + timedelta(hours=1), note=HOSTILE)
    return {key: (answer, closed)}


def world() -> ArchiveWorld:
    decisions = decided()
    rule = ArchiveRule(
        id="judi-daring", family="SPM", level="tinggi", status="aktif", version=5, message="Promosi judi; perlu dicek.",
        basis=HOSTILE, cases=((True, "kasus", "slot gacor maxwin"),),
    )  # fmt: skip
    return ArchiveWorld(
        office=sample.OFFICE,
        units=sample.UNITS,
        accounts=sample.ACCOUNTS,
        rules=(rule,),
        decisions=decisions,
        in_effect={key: listed[-1] for key, listed in decisions.items()},
        corrected_within_hours=36,
        fold=fold_character,
    )


def night(back: int, **more: object) -> ArchiveNight:
    at = sample.NIGHT - timedelta(days=back)
    fields: dict[str, object] = {
        "run_id": f"n-{at:%Y%m%d}",
        "day": sample.TODAY - timedelta(days=back),
        "window": (at - timedelta(days=1), at),
        "finished": True,
        "headline": "11 perlu dicek.",
        "flags": 11 if back == 0 else back,
        "reviews": 3,
        "quiet": 2,
        "unread": 3,
        "findings": sample.FINDINGS if back == 0 else (),
        "observations": sample.observations(),
        "pages": (StoredPage("staff", f"<html><head></head><body><p>Malam {back}</p></body></html>".encode()),),
    }
    return ArchiveNight(**(fields | more))  # type: ignore[arg-type]


def posts() -> tuple[Post, ...]:
    citizen = sample.post(
        "pupr_arunika", 77, f"{STRANGER} sudah kami cek, surel budi@gmail.example, terima kasih", kind="reply"
    )
    passed_on = sample.post("kec_lorembulan", 78, "RT cerita pribadi seorang warga", kind="repost")
    hostile = sample.post("wisata.arunika", 79, HOSTILE, url="javascript:alert(1)")
    return tuple(sorted((*sample.POSTS, citizen, passed_on, hostile), key=lambda item: (item.published_at, item.key)))


def build(
    target: Path,
    extra: tuple[ArchiveRerun, ...] = (),
    *,
    public: bool = False,
    more: tuple[Post, ...] = (),
    missed: tuple[int, ...] = (),
) -> Tree:
    stored = tuple(sorted((*posts(), *more), key=lambda item: (item.published_at, item.key)))
    with Tree(target, public=public) as tree:
        archive = Archive(world(), tree)
        for back in range(NIGHTS - 1, -1, -1):
            if back not in missed:
                archive.night(night(back))
        for rerun in extra:
            archive.rerun(rerun)
        archive.seal()
        categories = dict(sample.rich().categories)
        archive.month(ArchiveMonth(first=date(2026, 11, 1), posts=stored, categories=categories, gone={}))
        by_key = {item.key: item for item in stored}
        archive.finish(lambda keys: {key: by_key[key] for key in keys if key in by_key})
    return tree


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("arsip") / "situs"
    build(target)
    return target


def contents(target: Path) -> dict[str, bytes]:
    return {str(path.relative_to(target)): path.read_bytes() for path in sorted(target.rglob("*")) if path.is_file()}


class Parts(HTMLParser):
    """Tags, attributes and anchors of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def pages(site: Path) -> dict[Path, Parts]:
    return {path: Parts(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_every_link_inside_the_archive_leads_to_a_page_and_a_place_on_it(site: Path) -> None:
    known = pages(site)
    anchors = {path: {attrs["id"] for _, attrs in parts.tags if "id" in attrs} for path, parts in known.items()}
    checked = 0
    for path, parts in known.items():
        for tag, attrs in parts.tags:
            address = attrs.get("href", "") or attrs.get("src", "")
            if not address or address.startswith(("https://", "data:")):
                continue
            split = urlsplit(address)
            assert (split.scheme, address[:1] == "/") == ("", False), f"{path}: {tag} {address}"
            goal = (path.parent / split.path).resolve() if split.path else path
            assert goal.is_file(), f"{path.relative_to(site)}: {address}"
            assert not split.fragment or split.fragment in anchors[goal], f"{path.relative_to(site)}: {address}"
            checked += 1
    assert checked > 300


def test_no_page_can_run_or_load_anything_from_elsewhere(site: Path) -> None:
    for path, parts in pages(site).items():
        policy = next(attrs["content"] for tag, attrs in parts.tags if attrs.get("http-equiv"))
        assert policy.startswith("default-src 'none'"), path
        assert not any(name.startswith("on") for _, attrs in parts.tags for name in attrs), path
        assert not any("style" in attrs for _, attrs in parts.tags) or path.parent.name == "malam", path
        scripts = [attrs.get("src") for tag, attrs in parts.tags if tag == "script"]
        assert scripts == (["cari.js"] if path.name == "cari.html" else []), path
        assert not [
            tag for tag, _ in parts.tags if tag in ("iframe", "object", "base", "link") and _.get("rel") != "stylesheet"
        ]
        links = [attrs["href"] for tag, attrs in parts.tags if tag == "a" and "href" in attrs]
        assert not [link for link in links if link.lower().startswith(("javascript:", "data:", "mailto:"))], path


def test_personal_numbers_and_strangers_stand_nowhere_not_even_in_the_index(site: Path) -> None:
    everything = b"\n".join(contents(site).values()).decode()
    for secret in ("9999010203040005", "0812-3456-7890", "budi_warga99", "budi@gmail", "cerita pribadi seorang warga"):
        assert secret not in everything, secret
    assert "@•••" in everything


def test_no_page_holds_a_sign_that_hides_or_turns_words_and_each_says_its_encoding(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page), path
        assert page.lower().index('charset="utf-8"') < 512, path


def test_a_finding_shows_evidence_decision_answer_and_its_post(site: Path) -> None:
    page = (site / "unit" / "opd-02" / "temuan-1.html").read_text("utf-8")
    assert "<mark>Wong cilik ora usah kakehan omong</mark>" in page
    for words in ("Hak jawab unit", "Sudah kami hapus", "Sudah ditindaklanjuti", "Sri", sample.CLASS_INSULT.key):
        assert words in page
    assert re.search(r'href="2026-11\.html#p-[0-9a-f]{10}">Unggahan di arsip', page)


def test_the_silence_ledger_says_in_words_what_the_strip_draws(site: Path) -> None:
    quiet = (site / "unit" / "des-02" / "index.html").read_text("utf-8")
    assert "4 malam, semuanya tidak aktif." in quiet
    assert "Tanpa kabar 14 hari; batasnya 10 hari (norma 7)." in quiet
    unread = (site / "unit" / "skl-02" / "index.html").read_text("utf-8")
    assert "Tidak dapat diperiksa pada 4 malam; malam itu tidak dihitung sebagai diam." in unread
    assert "pergantian operator" in unread
    assert "batas permintaan tercapai" in unread


def test_the_strip_tells_states_of_different_nights_apart() -> None:
    ledger = Ledger()
    kinds = ("active", "active", "unread", "quiet", "active")
    for number, state in enumerate(kinds):
        ledger.add(
            number,
            Observation(account="x:1", unit="U", state=state, unread_class="network" if state == "unread" else ""),
        )  # type: ignore[arg-type]
    drawn = strip(ledger, [sample.TODAY + timedelta(days=n) for n in range(5)])
    assert drawn.fact == "Dari 5 malam: 3 aktif, 1 tidak aktif dan 1 tidak dapat diperiksa."
    assert [(part.x, part.width, part.mark) for part in drawn.parts] == [
        (0, 2, "full"), (2, 1, "hollow"), (3, 1, "low"), (4, 1, "full"),
    ]  # fmt: skip
    assert [row.state for row in drawn.rows] == ["tidak aktif", "tidak dapat diperiksa"]


def test_charts_of_nights_and_of_units_show_gaps_and_say_their_fact(tmp_path: Path) -> None:
    older = sample.post("pupr_arunika", 80, "Jadwal perbaikan jalan pekan depan.")
    older = msgspec.structs.replace(older, published_at=older.published_at - timedelta(days=16))
    build(tmp_path / "situs", more=(older,), missed=(2,))
    start = (tmp_path / "situs" / "index.html").read_text("utf-8")
    gap = day_short(sample.TODAY - timedelta(days=2))
    assert f"<title>perlu dicek: {gap}: tidak ada data</title>" in start
    assert f"<title>untuk dilihat: {day_short(sample.TODAY)}: 3</title>" in start
    assert start.count("1 hari tanpa pemeriksaan ditandai pita pucat.") == 2  # once for those who hear the drawing
    units = [path.read_text("utf-8") for path in (tmp_path / "situs" / "unit").rglob("index.html")]
    (page,) = [page for page in units if "Unggahan per pekan" in page]
    assert page.count("unggahan dalam 4 pekan;") == 2
    assert re.search(r"<title>lainnya: [^<]+: 0</title>", page)  # a week without posts is no gap
    assert "tidak ada data" not in page


def test_an_account_left_out_on_purpose_is_never_counted_as_a_failure(site: Path) -> None:
    page = (site / "malam" / "n-20261124.html").read_text("utf-8")
    assert "<b>3</b> tidak dapat diperiksa" in page
    assert "<b>1</b> platform belum dipantau" in page
    assert "Tidak dapat diperiksa pada" not in (site / "unit" / "des-02" / "index.html").read_text("utf-8")


def test_a_correction_stands_with_its_nights_and_takes_back_what_it_no_longer_finds(tmp_path: Path) -> None:
    start, end = sample.NIGHT - timedelta(days=2), sample.NIGHT
    kept = tuple(f for f in sample.FINDINGS if f.post and f.rule_id != "judi-daring")
    rerun = ArchiveRerun(run_id="r-1", day=sample.TODAY, window=(start, end), sent=True, findings=kept)
    build(tmp_path / "a", (rerun,))
    assert 'href="../malam/r-1.html"' in (tmp_path / "a" / "malam" / "n-20261124.html").read_text("utf-8")
    assert "n-20261124.html" in (tmp_path / "a" / "malam" / "r-1.html").read_text("utf-8")
    spam = (tmp_path / "a" / "unit" / "des-01" / "temuan-1.html").read_text("utf-8")
    assert "ditarik oleh koreksi r-1" in spam
    build(tmp_path / "b", (msgspec.structs.replace(rerun, sent=False),))
    assert "ditarik" not in (tmp_path / "b" / "unit" / "des-01" / "temuan-1.html").read_text("utf-8")


def test_two_builds_give_the_same_bytes_and_the_second_rewrites_nothing(tmp_path: Path) -> None:
    first = build(tmp_path / "situs")
    before, times = (
        contents(tmp_path / "situs"),
        {p: p.stat().st_mtime_ns for p in (tmp_path / "situs").rglob("*.html")},
    )
    again = build(tmp_path / "situs")
    assert contents(tmp_path / "situs") == before
    assert (again.written, again.kept) == (0, first.written)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert sorted(path.name for path in tmp_path.iterdir()) == ["situs"]


def test_one_more_post_rewrites_only_the_pages_that_show_it(tmp_path: Path) -> None:
    build(tmp_path / "situs")
    again = build(tmp_path / "situs", more=(sample.post("kec_lorembulan", 500, "Jadwal pelayanan keliling besok"),))
    assert 0 < again.written <= 5, again.written


def test_a_build_that_breaks_off_leaves_the_old_site_whole(tmp_path: Path) -> None:
    target = tmp_path / "situs"
    build(target)
    before = contents(target)

    def broken() -> None:
        with Tree(target) as tree:
            Archive(world(), tree).night(night(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert contents(target) == before
    Tree(target).__enter__().write("setengah.html", b"mati di sini")  # killed: no clean-up at all
    assert contents(target) == before
    build(target)
    assert contents(target) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["situs"]


def test_a_build_killed_between_the_two_renames_is_put_right_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "situs"
    monkeypatch.setattr("pantau.digest.archive_site._exchanged", lambda one, other: False)  # as on an old file system
    first = build(target)
    before = contents(target)
    target.rename(tmp_path / ".situs.lama")
    again = build(target)
    assert (again.written, again.kept) == (0, first.written)
    assert contents(target) == before
    assert [path.name for path in tmp_path.iterdir()] == ["situs"]


def test_a_folder_with_anything_else_in_it_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "surat.txt").write_text("penting")
    with pytest.raises(ArchiveError, match="bukan arsip Pantau"):
        build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["surat.txt"]
    (tmp_path / "kosong").mkdir()
    build(tmp_path / "kosong")
    assert (tmp_path / "kosong" / MARKER).is_file()


@pytest.mark.parametrize(("public", "file_mode", "folder_mode"), [(False, 0o600, 0o700), (True, 0o644, 0o755)])
def test_only_a_public_archive_can_be_read_by_the_web_server(
    tmp_path: Path, public: bool, file_mode: int, folder_mode: int
) -> None:
    build(tmp_path / "situs", public=not public)
    build(tmp_path / "situs", public=public)
    for path in (tmp_path / "situs", *(tmp_path / "situs").rglob("*")):
        assert path.stat().st_mode & 0o777 == (folder_mode if path.is_dir() else file_mode), path


def test_a_stored_digest_keeps_its_words_and_loses_votes_scripts_and_requests() -> None:
    page = (
        "<html lang=id><head><title>R</title><meta http-equiv=refresh content='0;url=https://x.example'><style>p{color:red}"
        "</style></head><body onload=alert(1)><p>Lima &lt;b&gt; temuan</p><a href='mailto:bot@k.example?subject=TOKEN'>Bukan "
        "pelanggaran</a><a href='https://x.com/1'>Buka</a><a href='javascript:x()'>J</a><img src='https://t.example/p.gif'>"
        "<img src='data:image/jpeg;base64,AA' alt='g'><script>alert(2)</script><svg><script>1</script></svg></body></html>"
    )
    safe = safe_page(page, "n-1.html").decode()
    for words in (
        "Lima &lt;b&gt; temuan",
        "Bukan pelanggaran",
        'href="https://x.com/1"',
        "data:image/jpeg",
        "p{color:red}",
    ):
        assert words in safe
    for danger in ("TOKEN", "mailto", "javascript", "alert", "t.example", "refresh", "onload"):
        assert danger not in safe, danger


@given(st.text(alphabet=st.sampled_from("@ab_.9 <>•\u200b\nA")), st.sampled_from(["", "go.id"]))
def test_hiding_strangers_never_moves_a_character(text: str, end: str) -> None:
    shown = Shower({"dinkes"}).without_strangers(f"{text}@dinkes {end}")
    assert len(shown) == len(f"{text}@dinkes {end}")


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_no_code_of_a_unit_leaves_its_folder_or_shares_it(codes: list[str]) -> None:
    units = tuple(Unit(code=code, name="U", kind="opd") for code in ["../../etc", "a/b", "A-B", "a-b", *codes])
    names = Names(msgspec.structs.replace(world(), units=units))
    slugs = {unit.code: names.slug(unit.code) for unit in units}
    assert all(re.fullmatch(r"[a-z0-9-][a-z0-9.-]*", slug) for slug in slugs.values())
    assert len(set(slugs.values())) == len(slugs)


@given(st.lists(st.text(alphabet="abcdeÀéаＢ𝗯 -", max_size=30), max_size=12))
def test_every_word_of_every_text_is_found_under_its_folded_form(texts: list[str]) -> None:
    part = Part(folding := Folding(fold_character))
    for number, text in enumerate(texts):
        part.add(Hit(0, str(number), "", "", ""), text)
    script = part.data("x").decode()
    content = json.loads(script[script.index(",") + 1 : -3])
    postings = dict(zip(content["w"].split(), content["p"].split("|"), strict=False))
    for number, text in enumerate(texts):
        for word in folding.words(text):
            total, numbers = 0, []
            for step in postings[word].split():
                total += int(step, 36)
                numbers.append(total)
            assert number in numbers


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
def test_a_reader_with_a_keyboard_finds_a_post_from_a_file_on_disk(site: Path) -> None:
    start = site.as_uri()
    with open_browser() as browser:
        browser.size(360)
        browser.open(f"{start}/index.html")
        browser.run("document.getElementById('k').focus()")
        browser.type("rápor SYARAT")
        browser.key("Enter", "\r")
        browser.until("document.getElementById('hasil')?.children.length === 1")
        browser.until("document.getElementById('kabar').textContent === '1 ditemukan.'")
        browser.run("document.querySelector('#hasil a').focus()")
        browser.key("Enter", "\r")
        browser.until("document.querySelector(':target')?.textContent.includes('pengambilan rapor')")
        browser.open(f"{start}/cari.html?k={sample.CLASS_INSULT.key}&jenis=opd")
        browser.until("document.querySelector('#hasil a')?.href.includes('temuan-1.html#t-')")
        browser.open(f"{start}/cari.html?k=alert")
        browser.until("document.getElementById('hasil').children.length")
        for path in ("index.html", "cari.html", "malam/n-20261124.html", "malam/n-20261124-staff.html", "unit/opd-02/index.html",
                     "unit/opd-05/2026-11.html", "unit/opd-02/temuan-1.html", "aturan/judi-daring.html"):  # fmt: skip
            browser.open(f"{start}/{path}")
            assert browser.run("document.documentElement.scrollWidth") <= 360, path
        assert browser.complaints == []
        assert [address for address in browser.requests if not address.startswith((start, "data:"))] == []


def test_a_month_with_many_posts_is_searched_in_several_small_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pantau.digest.archive_posts.PER_PART", 2)
    build(tmp_path / "situs")
    names = sorted(path.stem for path in (tmp_path / "situs" / "indeks").glob("opd-*.js"))
    assert names == [f"opd-2026-11-{n}" for n in range(1, len(names) + 1)]
    assert len(names) > 3
    core = (tmp_path / "situs" / "indeks" / "pokok.js").read_text("utf-8")
    listed = list(re.findall(r'\["opd","(2026-11-\d+)"\]', core))
    assert listed == [name.removeprefix("opd-") for name in reversed(names)]
