"""What the weekly and monthly editions say: numbers that add up, fair comparisons, silence apart from what was not read."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest

from pantau.core.model import Decision, Finding, Post
from pantau.core.periods import NightSums, PeriodFinding, PostCount, StateCount, Sums
from pantau.core.settings import DigestSettings
from pantau.digest import lint, period_head
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.period import build
from pantau.digest.period_input import PeriodInput
from pantau.digest.period_model import PeriodEdition
from tests.digest import sample, sample_period
from tests.digest.pages import Page, flat

RENDERER = EditionRenderer()
MOVES = re.compile(r"\b(naik|turun)\b")


def with_now(data: PeriodInput, **more: object) -> PeriodInput:
    return msgspec.structs.replace(data, now=msgspec.structs.replace(data.now, **more))


def with_before(data: PeriodInput, **more: object) -> PeriodInput:
    assert data.before is not None
    return msgspec.structs.replace(data, before=msgspec.structs.replace(data.before, **more))


def even_week() -> PeriodInput:
    """The week with every account read in every night of both weeks."""
    data = with_now(sample_period.week(), states=sample_period.states(7, sample_period.QUIET, {}))
    return with_before(data, states=sample_period.states(7, {}, {}))


def rows(edition: PeriodEdition) -> dict[str, str]:
    return {row.key: row.outcome for row in edition.flags.rows}


def test_a_week_read_whole_is_compared_with_the_week_before() -> None:
    said = build(even_week()).comparison
    assert said.startswith(
        "Dibanding minggu sebelumnya: unggahan naik dari 107 menjadi 128; temuan naik dari 1 menjadi 9"
    )
    assert "bagian yang bermanfaat turun dari 51 % menjadi 50 %" in said


def test_fewer_posts_are_called_a_fall_and_as_many_neither() -> None:
    data = even_week()
    assert data.before
    swapped = msgspec.structs.replace(data, now=msgspec.structs.replace(data.now, posts=data.before.posts))
    swapped = with_before(swapped, posts=data.now.posts)
    assert "unggahan turun dari 128 menjadi 107" in build(swapped).comparison
    assert "unggahan tetap 128" in build(with_before(data, posts=data.now.posts)).comparison


def test_months_of_different_length_are_compared_by_day() -> None:
    said = build(sample_period.month()).comparison
    assert "unggahan rata-rata per hari naik dari 13,1 menjadi 17,1" in said
    assert "512" not in said


@pytest.mark.parametrize("which", ["now", "before"])
def test_a_missing_night_in_either_week_is_said_and_nothing_rises_or_falls(which: str) -> None:
    data = even_week()
    sums = getattr(data, which)
    days = tuple(msgspec.structs.replace(day, flagged=None) if n == 2 else day for n, day in enumerate(sums.days))
    states = sample_period.states(6, {}, {})
    edition = build((with_now if which == "now" else with_before)(data, days=days, states=states))
    assert "1 dari 7 malam minggu " in edition.comparison
    shares = [row.change for row in (*edition.usefulness.units, *edition.usefulness.tiers)]
    assert not MOVES.search(" ".join((edition.headline, edition.comparison, *shares)))
    assert not any(block.chart.kind == "comparison" for block in edition.charts)


@pytest.mark.parametrize("which", ["now", "before"])
def test_an_unread_account_in_either_week_is_said_and_the_totals_neither_rise_nor_fall(which: str) -> None:
    states = sample_period.states(7, {}, {"smpn19arunika": 1})
    edition = build((with_now if which == "now" else with_before)(even_week(), states=states))
    assert not MOVES.search(edition.comparison)
    assert "1 akun minggu" in edition.comparison
    assert "tidak terbaca sedikitnya satu malam" in edition.comparison
    changes = {row.label: row.change for row in edition.usefulness.units}
    assert changes["SMPN 19 Arunika"] == ""
    assert changes["RSUD Arunika Husada"] == "naik dari 92 %"
    tiers = {row.label: row.change for row in edition.usefulness.tiers}
    assert tiers["Layanan, sekolah, BUMD, pejabat"] == ""


def test_posts_of_accounts_that_may_be_compared_are_told_as_plain_numbers() -> None:
    said = build(sample_period.week()).comparison
    assert said.endswith(
        "Pada 19 akun yang terbaca setiap malam di kedua masa: 127 unggahan (sebelumnya 106), 9 temuan (sebelumnya 1)."
    )
    assert not MOVES.search(said)


def test_without_a_period_before_there_is_no_comparison() -> None:
    edition = build(msgspec.structs.replace(even_week(), before=None))
    assert edition.comparison == "Belum ada minggu sebelumnya untuk dibandingkan."
    assert not any(row.change for row in edition.usefulness.units)


def test_a_week_without_a_night_looks_nothing_like_all_clear() -> None:
    edition = build(sample_period.dark())
    assert edition.headline.startswith("Tidak ada malam yang diperiksa")
    assert {tile.tone for tile in edition.tiles} == {"abu"}
    assert {tile.number for tile in edition.tiles} == {"–"}
    assert "keadaan tidak diketahui" in edition.subject
    page = Page(RENDERER.period(edition, DigestSettings()).html).text
    for praise in ("Tidak ada temuan.", "Tidak ada akun terbaca yang melewati", "Semua akun yang dipantau terbaca"):
        assert praise not in page


def test_what_became_of_a_finding_stands_in_its_row_and_the_parts_add_up() -> None:
    edition = build(sample_period.week())
    told = rows(edition)

    def of(rule: str) -> str:
        return told[sample_period.by_rule(rule).key]

    assert of("merendahkan-warga") == "dijawab unit, menunggu keputusan (26 Nov)"
    assert of("pamer-barang-mewah") == "dinyatakan benar, menunggu tindak lanjut (25 Nov)"
    assert of("perjalanan-tanpa-izin") == "sudah ditindaklanjuti (27 Nov)"
    assert of("ajakan-memilih") == "bukan pelanggaran (29 Nov)"
    assert of("nik-dan-telepon") == "diperbaiki paling lama 24 jam sesudah ditandai (tidak tampak lagi)"
    assert of("pesta-saat-bencana") == "masih terbuka"
    counts = edition.counts
    assert (counts.flags, counts.fresh) == (9, 8)
    assert (counts.open, counts.answered, counts.confirmed, counts.followed_up, counts.corrected, counts.dismissed) == (
        2,
        1,
        1,
        1,
        3,
        1,
    )


def test_the_worst_stand_first_and_what_was_no_violation_last() -> None:
    levels = [row.level for row in build(sample_period.week()).flags.rows]
    assert levels == ["TINGGI"] * 5 + ["SEDANG"] * 2 + ["RENDAH", "TINGGI"]


def test_health_and_schools_stand_first_among_equals() -> None:
    units = [row.unit for row in build(sample_period.week()).flags.rows]
    assert units[:2] == ["Dinas Kesehatan", "Puskesmas Lorembulan"]


def test_an_undone_decision_leaves_the_finding_open() -> None:
    finding = sample_period.by_rule("ajakan-memilih")
    undone = sample_period.reported(finding, 24, sample_period.decision(finding, "undo", day=27))
    assert rows(build(with_now(even_week(), findings=(undone,)))) == {finding.key: "masih terbuka"}


def test_a_post_that_was_taken_down_has_no_link() -> None:
    key = sample_period.by_rule("nik-dan-telepon").key
    assert next(row.url for row in build(sample_period.week()).flags.rows if row.key == key) == ""


def test_hints_are_counted_apart_and_no_row() -> None:
    edition = build(sample_period.week())
    assert edition.counts.reviews == 2
    assert "2 petunjuk untuk dilihat tidak dihitung" in edition.flags_sentence
    assert sample_period.by_rule("kata-merendahkan").key not in rows(edition)


def test_the_time_to_correct_is_an_upper_bound_of_full_hours() -> None:
    edition = build(sample_period.week())
    assert edition.corrections_sentence == (
        "3 unggahan diperbaiki sesudah ditandai (1 disunting dan 2 tidak tampak lagi). Separuhnya paling lama 24 jam; yang "
        "terlama paling lama 72 jam (SMPN 19 Arunika). Pantau melihat sekali semalam, jadi waktu sebenarnya lebih singkat. "
        "4 temuan belum selesai."
    )
    assert next(tile.number for tile in edition.tiles if tile.label == "Waktu perbaikan") == "≤ 24 jam"


def test_a_post_flagged_by_two_rules_is_corrected_once() -> None:
    twice = tuple(
        msgspec.structs.replace(sample_period.CORRECTIONS[0], finding_key=code) for code in ("A" * 16, "B" * 16)
    )
    edition = build(with_now(even_week(), corrections=twice))
    assert edition.corrections_sentence.startswith("1 unggahan diperbaiki")
    assert len(edition.corrections.entries) == 1


def test_units_with_few_posts_have_no_percentage() -> None:
    shares = {row.label: row.share for row in build(sample_period.week()).usefulness.units}
    assert shares["Desa Kalisaga, Kecamatan Watusinar"] == "terlalu sedikit"
    assert shares["Dinas Kesehatan"] == "60 %"


def test_units_that_need_support_are_named_with_counts_and_what_they_post_instead() -> None:
    block = build(sample_period.week()).usefulness
    first = block.support[0]
    assert (first.label, first.useful, first.categorised) == ("Kecamatan Watusinar", 0, 13)
    assert first.note == "paling banyak seremonial (8)"
    named = {row.label for row in block.most} & {row.label for row in block.support}
    assert named == set()
    assert all(row.share != "terlalu sedikit" for row in (*block.most, *block.support))


def test_nights_that_nobody_could_read_are_no_silence() -> None:
    edition = build(sample_period.week())
    quiet = {row.account_key: (row.quiet, row.read) for unit in edition.quiet.units for row in unit.accounts}
    assert quiet == {sample.key(handle): (nights, 7) for handle, nights in sample_period.QUIET.items()}
    unread = {row.account_key: (row.unread, row.read) for row in edition.unread.rows}
    assert unread == {sample.key(handle): (nights, 7 - nights) for handle, nights in sample_period.UNREAD.items()}
    assert "Ini bukan tanda diam" in edition.unread_sentence


def test_an_account_without_any_record_counts_as_not_read() -> None:
    data = even_week()
    lost = sample.key("dinkes_arunika")
    states = tuple(item for item in data.now.states if item.account != lost)
    edition = build(with_now(data, states=states))
    assert [(row.account_key, row.unread) for row in edition.unread.rows] == [(lost, 7)]


def test_an_account_that_waited_for_its_turn_is_neither_quiet_nor_unread() -> None:
    data = even_week()
    key = sample.key("dinkes_arunika")
    states = tuple(item for item in data.now.states if item.account != key)
    waiting = StateCount(key, "unread", True, 5), StateCount(key, "active", False, 2)
    edition = build(with_now(data, states=(*states, *waiting)))
    assert edition.counts.waiting == 5
    assert edition.unread.rows == ()
    assert not MOVES.search(edition.comparison)
    assert "5 pembacaan ditunda karena bukan gilirannya" in " ".join(entry.text for entry in edition.coverage.entries)


def test_unwatched_platforms_are_named_as_not_looked_at() -> None:
    edition = build(sample_period.week())
    assert edition.unchecked.entries[0].term == "Facebook"
    assert "bukan tanda tidak aktif" in edition.unchecked.entries[0].text
    watched = {row.account_key for row in edition.unread.rows} | {
        row.account_key for unit in edition.quiet.units for row in unit.accounts
    }
    assert not any(key.startswith("facebook") for key in watched)


def test_coverage_says_how_much_of_each_platform_was_read() -> None:
    lines = {entry.term: entry.text for entry in build(sample_period.week()).coverage.entries}
    assert lines["Instagram"] == "11 akun; 65 dari 77 pembacaan berhasil (84 %)"
    assert lines["Malam"] == "7 dari 7 malam diperiksa"


def test_model_posts_say_why_and_hold_no_personal_data_and_no_finding() -> None:
    data = sample_period.week()
    phone = msgspec.structs.replace(
        sample.GOOD_CLINIC,
        post_id="1",
        text="Telepon 0812-3456-7890. " + sample.GOOD_CLINIC.text,
        url="https://x.com/1",
    )
    flagged = sample.LUXURY
    data = msgspec.structs.replace(
        data,
        candidates=(phone, flagged, *data.candidates),
        categories={**data.categories, phone.key: "layanan", flagged.key: "kinerja"},
    )
    shown = build(data).examples
    assert [item.unit for item in shown] == ["RSUD Arunika Husada", "Dinas Pendidikan", "Kecamatan Lorembulan"]
    assert shown[0].why == "memberi tahu warga cara memakai layanan"
    assert not {item.url for item in shown} & {phone.url, flagged.url}


def test_only_decisions_of_these_days_are_listed() -> None:
    data = sample_period.week()
    finding = sample_period.by_rule("pamer-barang-mewah")
    old = Decision(
        finding_key=finding.key, action="confirm", by="a", at=sample.NIGHT - timedelta(days=9), note="lama sekali"
    )
    listed = build(with_now(data, findings=(sample_period.reported(finding, 12, old),))).decisions
    assert listed.entries == ()
    assert [entry.term for entry in build(data).decisions.entries] == [
        "Dinyatakan benar",
        "Hak jawab unit",
        "Sudah ditindaklanjuti",
        "Bukan pelanggaran",
    ]


def test_numbers_that_contradict_each_other_are_refused() -> None:
    edition = build(sample_period.week())
    counts = edition.counts
    for wrong in (
        msgspec.structs.replace(counts, open=counts.open + 1),
        msgspec.structs.replace(counts, posts=counts.posts + 1),
        msgspec.structs.replace(counts, quiet_units=0),
        msgspec.structs.replace(counts, nights=8),
    ):
        with pytest.raises(ValueError, match=r"tidak cocok|lebih besar"):
            msgspec.structs.replace(edition, counts=wrong)


def test_an_unread_night_that_is_counted_as_silence_is_refused() -> None:
    edition = build(sample_period.week())
    unit = edition.quiet.units[0]
    blind = msgspec.structs.replace(unit.accounts[0], read=3, unread=4)
    wrong = msgspec.structs.replace(unit, accounts=(blind,))
    block = msgspec.structs.replace(edition.quiet, units=(wrong, *edition.quiet.units[1:]))
    with pytest.raises(ValueError, match="dihitung sebagai diam"):
        msgspec.structs.replace(edition, quiet=block)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 23), date(2026, 11, 29), "23–29 November 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 November – 6 Desember 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Desember 2026 – 3 Januari 2027"),
        (date(2026, 11, 5), date(2026, 11, 5), "5 November 2026"),
    ],
)
def test_a_span_of_days_says_month_and_year_once(first: date, last: date, words: str) -> None:
    assert period_head.span(first, last) == words


@pytest.mark.parametrize("make", [sample_period.week, sample_period.month, sample_period.dark, sample_period.large])
def test_the_page_and_its_plain_twin_tell_the_same(make: Callable[[], PeriodInput]) -> None:
    shown = RENDERER.period(build(make()), DigestSettings())
    page = Page(shown.html)
    assert not page.unbalanced
    assert lint.html_problems(shown.html) == []
    assert all(link in shown.text for link in page.links)
    said = re.sub(r"\d+ lagi tidak dimuat", "", page.text) + " ".join(
        value for _, name, value in page.attributes if name == "alt"
    )
    assert set(re.findall(r"\d+", said)) <= set(re.findall(r"\d+", flat(shown.text)))
    assert set(re.findall(r"@[\w.]+ \(\w+\)", page.text)) <= set(re.findall(r"@[\w.]+ \(\w+\)", flat(shown.text)))
    assert max(len(row) for row in shown.text.splitlines() if "https://" not in row) <= 78


def test_every_sentence_stands_in_the_page_and_in_its_twin() -> None:
    for data in (sample_period.week(), sample_period.month(), sample_period.dark()):
        edition = build(data)
        shown = RENDERER.period(edition, DigestSettings())
        page, text = Page(shown.html).text, flat(shown.text)
        said = (
            edition.headline,
            edition.comparison,
            *edition.warnings,
            edition.flags_sentence,
            edition.usefulness.sentence,
            edition.corrections_sentence,
            edition.quiet_sentence,
            edition.unread_sentence,
            edition.how_to_answer,
            *(block.words for block in edition.charts),
            *(f"{item.category}: {item.why}." for item in edition.examples),
        )
        for sentence in said:
            assert flat(sentence) in page
            assert flat(sentence) in text


def test_a_month_of_a_big_regency_fits_a_mail_and_points_at_the_workbook() -> None:
    shown = RENDERER.period(build(sample_period.large()), DigestSettings())
    assert shown.html_bytes <= 90 * 1024
    assert shown.hidden_findings == 888
    assert "888 lagi tidak dimuat di sini. Daftar lengkap: lampiran XLSX." in Page(shown.html).text
    tight = RENDERER.period(build(sample_period.large()), DigestSettings(budget_kb=26))
    assert tight.html_bytes <= 26 * 1024


def test_without_a_workbook_the_text_holds_everything() -> None:
    settings = DigestSettings(attach=("pdf",))
    data = msgspec.structs.replace(sample_period.large(), settings=settings)
    shown = RENDERER.period(build(data), settings)
    assert "Daftar lengkap: versi teks surel ini." in Page(shown.html).text
    assert "tidak dimuat" not in shown.text
    assert all(item.finding.key in shown.text for item in data.now.findings)


def test_every_chart_is_a_picture_with_its_fact_and_its_size() -> None:
    edition = build(sample_period.month())
    shown = RENDERER.period(edition, DigestSettings())
    assert [block.chart.kind for block in edition.charts] == ["trend", "comparison", "shares"]
    images = [dict(item) for item in _images(shown.html)]
    assert [image["alt"] for image in images] == [block.chart.fact for block in edition.charts]
    assert [image["src"] for image in images] == [f"cid:{picture.cid}" for picture in shown.pictures]
    assert all(image["width"].isdigit() and image["height"].isdigit() for image in images)


def _images(html: str) -> list[list[tuple[str, str]]]:
    page = Page(html)
    found: list[list[tuple[str, str]]] = []
    for tag, name, value in page.attributes:
        if tag == "img":
            if name == "src":
                found.append([])
            found[-1].append((name, value))
    return found


def test_a_night_that_was_not_held_is_a_gap_in_the_chart_and_no_nought() -> None:
    data = even_week()
    days = tuple(msgspec.structs.replace(day, flagged=None) if n == 2 else day for n, day in enumerate(data.now.days))
    states = sample_period.states(6, {}, {})
    edition = build(with_now(data, days=days, states=states))
    series = edition.charts[0].chart.series
    assert [row.values[2] for row in series] == [None, None]
    assert "1 hari tanpa pemeriksaan" in edition.charts[0].chart.fact
    assert edition.days[2].posts == "–"


def test_posts_of_an_account_that_left_the_register_are_counted_and_named_so() -> None:
    data = even_week()
    gone = PostCount("x:999", "layanan", 3)
    edition = build(with_now(data, posts=(*data.now.posts, gone)))
    assert edition.counts.posts == 131
    assert edition.usefulness.tiers[-1].label == "Tidak lagi terdaftar"
    assert edition.usefulness.units[-1].posts == 3


def test_one_day_chosen_by_hand_has_no_run_number() -> None:
    day = date(2026, 11, 24)
    post = Post(platform="x", post_id="1", account=sample.key("dinkes_arunika"), published_at=sample.NIGHT)
    finding = Finding(
        rule_id="a",
        rule_version=1,
        family="BHS",
        level="info",
        strength="flag",
        unit="OPD-01",
        post=post.key,
        message="m",
    )
    data = PeriodInput(
        kind="span",
        office=sample.OFFICE,
        units=sample.UNITS,
        accounts=sample.ACCOUNTS,
        now=Sums(
            first=day,
            last=day,
            days=(NightSums(day=day, posts=1, flagged=1, quiet=0, unread=0),),
            posts=(PostCount(post.account, "", 1),),
            states=(StateCount(post.account, "active", False, 1),),
            findings=(PeriodFinding(finding=finding, strength="flag", first_at=sample.NIGHT),),
        ),
        made_at=sample.NIGHT,
    )
    edition = build(data)
    assert edition.title == "Ringkasan 24 November 2026"
    assert "Nomor ringkasan" not in RENDERER.period(edition, DigestSettings()).text


def test_an_edition_that_was_kept_as_json_is_rendered_again_byte_for_byte() -> None:
    edition = msgspec.structs.replace(build(sample_period.week()), tables=None)
    kept = msgspec.json.decode(msgspec.json.encode(edition), type=PeriodEdition)
    assert kept == edition
    assert RENDERER.period(kept, DigestSettings()) == RENDERER.period(edition, DigestSettings())


def test_days_that_share_the_busiest_are_all_named_and_many_only_counted() -> None:
    data = even_week()

    def said(posts: tuple[int, ...]) -> str:
        days = tuple(
            msgspec.structs.replace(day, posts=count, flagged=0)
            for day, count in zip(data.now.days, posts, strict=True)
        )
        return build(with_now(data, days=days)).charts[0].words

    assert said((9, 9, 1, 2, 3, 4, 5)) == "Paling ramai: 9 (23 Nov dan 24 Nov); tidak ada yang ditandai."
    assert said((9, 9, 9, 9, 3, 4, 5)) == "Paling ramai: 9 (4 hari); tidak ada yang ditandai."
