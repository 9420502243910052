from datetime import date, timedelta

import msgspec
import pytest

from pantau.core.model import Account, Observation, Run, Unit, Window
from pantau.core.settings import DigestSettings
from pantau.digest.blocks import QuietRow, QuietRows
from pantau.digest.build import build, nothing_to_say
from pantau.digest.model import Digest, DigestInput, OpenFinding
from tests.digest import sample

RICH = build(sample.rich())


def changed(**fields: object) -> Digest:
    return build(msgspec.structs.replace(sample.rich(), **fields))


def accounts_of(block) -> str:
    return msgspec.json.encode(block).decode()


def test_the_subject_names_the_night_and_what_waits():
    assert RICH.subject == "Ringkasan 24 Nov 2026: 9 perlu ditindak, 3 tidak aktif, 3 tidak dapat diperiksa"


def test_the_first_sentence_gives_the_numbers():
    assert RICH.headline == "6 tinggi, 2 sedang, 1 rendah. 3 akun tidak aktif. 3 akun tidak dapat diperiksa."


def test_what_changed_since_the_last_night_is_one_sentence():
    assert RICH.change.startswith("Sejak malam sebelumnya: 8 temuan baru, 1 akun baru melewati batas (@tirta_arunika)")
    assert "1 akun aktif kembali (@kec_lorembulan)" in RICH.change
    assert "2 akun baru tidak dapat diperiksa" in RICH.change
    assert "1 akun kembali dapat diperiksa (@dinkes.arunika)" in RICH.change


def test_the_first_digest_of_all_has_nothing_to_compare_with():
    assert "ringkasan pertama" in changed(previous_observations=()).change


def test_findings_are_sorted_worst_first_and_a_post_is_one_card():
    levels = [card.level for card in RICH.flags.cards]
    assert levels == sorted(levels, key=["TINGGI", "SEDANG", "RENDAH"].index)
    luxury = next(card for card in RICH.flags.cards if card.place == sample.LUXURY.key)
    assert [reason.level for reason in luxury.reasons] == ["TINGGI", "SEDANG", "SEDANG"]
    assert len({card.place for card in RICH.flags.cards}) == len(RICH.flags.cards)


def test_a_review_never_counts_as_a_finding():
    assert RICH.counts.flags == 9
    assert RICH.counts.reviews == 2
    assert all(card.review and all(reason.review for reason in card.reasons) for card in RICH.reviews.cards)
    luxury = next(card for card in RICH.flags.cards if card.place == sample.LUXURY.key)
    assert luxury.family == "Pamer kemewahan"
    assert luxury.reasons[2].review


def test_every_account_is_in_exactly_one_state():
    counts = RICH.counts
    assert counts.accounts == len(sample.ACCOUNTS) == 24
    assert (counts.active, counts.quiet, counts.never_posted, counts.gone) == (13, 2, 1, 1)
    assert (counts.private, counts.unread, counts.excused, counts.unwatched) == (1, 3, 1, 2)
    assert counts.unregistered == 1


def test_an_account_without_an_observation_is_unread_and_never_left_out():
    seen = tuple(item for item in sample.observations() if item.account != sample.key("pupr_arunika"))
    digest = changed(observations=seen)
    assert digest.counts.unread == 4
    assert "@pupr_arunika (X)" in accounts_of(digest.unread)
    assert "tidak ada catatan pemeriksaan" in accounts_of(digest.unread).lower()


def test_a_platform_that_is_not_collected_is_neither_quiet_nor_unread():
    assert "Facebook" not in accounts_of(RICH.unread) + accounts_of(RICH.quiet)
    assert any(entry.term == "Facebook" and entry.text.startswith("2 akun") for entry in RICH.unchecked.entries)


def test_quiet_and_unread_are_disjoint_by_construction():
    group = RICH.unread.groups[0]
    row = msgspec.structs.replace(RICH.quiet.rows[0], account_key=group.account_keys[0])
    for rows in (QuietRows((row,)), QuietRows((), (row,))):
        with pytest.raises(ValueError, match="sekaligus tidak dapat diperiksa"):
            msgspec.structs.replace(RICH, quiet=rows)


def test_numbers_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="jumlah akun tidak cocok"):
        msgspec.structs.replace(RICH, counts=msgspec.structs.replace(RICH.counts, active=14))


def test_a_quiet_account_shows_days_norm_and_what_was_taken_out():
    (row,) = RICH.quiet.rows
    assert isinstance(row, QuietRow)
    assert (row.days, row.norm, row.last_post) == (14, "7 + 3 hari", "3 Nov 2026")
    assert row.excluded == "1 hari libur dan 2 hari tidak dapat diperiksa"
    assert row.history == "sejak 20 Nov, 5 kali tampil"
    assert row.answer.startswith("Operator desa sakit")


def test_a_silent_account_whose_finding_was_dismissed_is_said_but_not_listed():
    assert [row.account for row in RICH.quiet.settled] == ["@tirta_arunika (X)"]


def test_unread_accounts_are_grouped_by_reason_with_their_blind_window():
    limited, unproven = RICH.unread.groups
    assert limited.title == "Instagram: batas permintaan tercapai"
    assert limited.count == 2
    assert "tidak diketahui sejak 23 Nov 2026 pukul 20.00 WIB" in limited.since
    assert "sejak 23 Nov (2 malam)" in unproven.since
    assert "22 Nov 2026 pukul 20.00 WIB" in unproven.since


def test_a_finding_about_an_unread_account_is_withheld_and_that_is_said():
    assert sample.HELD.message not in msgspec.json.encode(RICH).decode()
    assert any(warning.startswith("1 temuan tentang keaktifan") for warning in RICH.warnings)


def test_villages_of_the_same_name_are_told_apart():
    assert "Desa Tirtasewu, Kecamatan Watusinar" in accounts_of(RICH.quiet)
    assert "Desa Tirtasewu, Kecamatan Lorembulan" in accounts_of(RICH.flags)


def test_gone_private_never_posted_and_unregistered_have_their_own_lists():
    assert [(group.title, group.count) for group in RICH.missing.groups] == [
        ("Belum pernah mengunggah", 1),
        ("Tidak ditemukan", 1),
        ("Privat", 1),
        ("Unit tanpa akun terdaftar", 1),
    ]


def test_what_is_still_open_is_told_with_since_when_and_how_often():
    rows = RICH.open_rows.rows
    assert [(row.level, row.since, row.times) for row in rows] == [
        ("TINGGI", "21 Nov", 3),
        ("SEDANG", "12 Nov", 12),
        ("RENDAH", "30 Des 2025", 9),
    ]
    assert rows[0].note == "akunnya tidak dapat diperiksa malam ini"
    assert rows[1].answer == "Kami sedang menelusuri siapa yang menulis."


def test_a_silence_that_has_ended_is_not_nagged_about():
    assert sample.ENDED_SILENCE.key not in {row.key for row in RICH.open_rows.rows}


def test_the_silence_of_an_account_that_cannot_be_read_tonight_stays_open():
    silence = sample.about_account("akun-diam", "AKT", "desa.bulaksari", "sedang", "Tidak ada unggahan.")
    digest = changed(earlier=(OpenFinding(finding=silence, first_day=date(2026, 11, 1), times=3),))
    assert [row.key for row in digest.open_rows.rows] == [silence.key]


def test_a_finding_seen_before_says_since_when():
    rude = next(card for card in RICH.flags.cards if card.place == sample.RUDE.key)
    assert rude.reasons[0].history == "sejak 22 Nov, 3 kali tampil"
    assert rude.reasons[1].history == "baru malam ini"
    assert rude.reasons[0].answer.startswith("Balasan ditulis operator magang")


def test_personal_numbers_appear_nowhere():
    everything = msgspec.json.encode(RICH).decode()
    for number in ("9999010203040005", "0812-3456-7890", "081234567890", "3456-7890"):
        assert number not in everything


def test_a_post_with_personal_data_hides_every_longer_number_on_its_card():
    post = msgspec.structs.replace(
        sample.DATA, text="NIK 9999010203040005, rekening 11-22-333-4444 atas nama Fulan, lahir 1 2 1990 di rumah 12"
    )
    span = sample.words(post, "9999010203040005")
    masked = sample.Evidence(field="text", start=span.start, end=span.end, quote="9999************")
    found = sample.finding("nik-dan-telepon", "DPR", "tinggi", post, masked)
    digest = changed(findings=(found,), posts={post.key: post})
    shown = "".join(piece.text for piece in digest.flags.cards[0].excerpts[0].pieces)
    assert "rekening ••-••-•••-••••" in shown
    assert "rumah 12" in shown


def test_good_examples_come_from_active_accounts_without_findings():
    chosen = {example.account_key for example in RICH.examples.examples}
    tainted = {finding.account for finding in sample.FINDINGS}
    assert len(chosen) == 2
    assert not chosen & tainted
    assert chosen <= {item.account for item in sample.observations() if item.state == "active"}


def test_good_examples_rotate_over_the_tiers():
    tiers = set()
    for day in range(6):
        run = msgspec.structs.replace(sample.rich().run, as_of=sample.NIGHT + timedelta(days=day))
        tiers |= {example.unit for example in changed(run=run).examples.examples}
    assert {"Dinas Pendidikan", "RSUD Arunika Husada"} <= tiers


def test_an_account_that_could_not_be_read_is_never_praised():
    states = tuple(
        msgspec.structs.replace(item, state="unread", unread_class="network") if item.state == "active" else item
        for item in sample.observations()
    )
    assert changed(observations=states).examples.examples == ()


def test_decisions_are_echoed_with_who_and_why():
    first, second = RICH.decisions.entries
    assert first.term == "Bukan pelanggaran"
    assert "oleh Sri (Inspektorat)" in first.text
    assert second.text.startswith("temuan lama; oleh Bagas")


def test_a_post_that_nobody_flagged_is_only_noted_when_it_changes():
    (edited,) = RICH.vanished.entries
    assert "teksnya disunting" in edited.text


def test_a_flagged_post_that_changed_without_being_a_correction_is_not_called_one():
    (removed, *_) = changed(corrected=(), corrections={}).vanished.entries
    assert f"pernah ditandai ({sample.OLD.key}), tidak dihitung sebagai perbaikan" in removed.text
    assert "makan malam" not in removed.text


def test_corrections_say_who_when_and_how_fast_at_most_with_thanks_for_quick_ones():
    quick, late = RICH.corrected.entries
    assert (quick.term, quick.code) == ("Dinas Pekerjaan Umum dan Penataan Ruang", sample.FIXED.key)
    assert "teks barunya pertama terlihat 24 Nov 2026" in quick.text
    assert "paling lama 25 jam sesudah ditandai. Terima kasih. Tidak ditagih lagi." in quick.text
    assert "terakhir tampak" in late.text
    assert "paling lama 264 jam sesudah ditandai. Lebih dari 36 jam, jadi tetap terbuka sampai diputuskan." in late.text
    assert "1 unggahan diperbaiki" in RICH.change


def test_what_was_corrected_in_time_is_not_nagged_about_but_stands_in_the_workbook():
    assert sample.FIXED.key not in {row.key for row in RICH.open_rows.rows}
    late = next(row for row in RICH.open_rows.rows if row.key == sample.OLD.key)
    assert late.note.endswith("WIB, paling lama 264 jam sesudah ditandai (lewat 36 jam)")
    assert RICH.tables
    rows = {row.key: row.corrected for row in RICH.tables.findings}
    assert rows[sample.FIXED.key] == "diperbaiki paling lama 25 jam sesudah ditandai (disunting)"
    assert rows[sample.OLD_HIGH.key] == ""


@pytest.mark.parametrize(("hours", "nagged"), [(24, True), (25, False)])
def test_the_office_decides_how_many_hours_settle_a_flag(hours: int, nagged: bool):
    digest = changed(settings=DigestSettings(corrected_within_hours=hours))
    assert (sample.FIXED.key in {row.key for row in digest.open_rows.rows}) is nagged


def test_rules_that_failed_or_are_in_trial_are_named():
    assert [entry.term for entry in RICH.rules.entries] == ["Gagal", "Diturunkan", "Uji coba"]
    assert any("pola-tautan-aneh" in warning for warning in RICH.warnings)


def test_a_rule_is_said_to_be_demoted_in_full_on_the_first_night_and_in_short_afterwards():
    full = RICH.rules.entries[1].text
    assert "kata-mewah diturunkan ke uji karena 6 dari 9 temuannya dalam 30 hari dinyatakan bukan pelanggaran" in full
    assert '"kata-mewah" = "aktif" di bagian [rules.status] pantau.toml' in full
    short = next(entry.text for entry in RICH.unchecked.entries if entry.term == "Aturan diturunkan")
    assert short.startswith("menu-hotel hanya dicatat sejak 12 Nov; 8 dari 8 temuannya")


def test_costs_of_the_month_are_forecast():
    assert RICH.costs.entries[-1].text == "USD 15,61 sampai hari ini; kira-kira USD 19,51 pada akhir bulan"


def test_a_night_without_a_run_is_a_gap_in_the_trend_and_not_a_zero():
    gap, zero = RICH.trend.days[6], RICH.trend.days[2]
    assert (gap.posts, gap.findings) == ("–", "–")
    assert zero.posts == "0"
    assert RICH.trend.chart is not None
    values = RICH.trend.chart.series[0].values
    assert (values[6], values[2]) == (None, 0)
    assert "1 malam tanpa pemeriksaan" in RICH.trend.sentence


def test_a_gap_between_two_windows_is_said():
    digest = changed(previous_window_end=sample.NIGHT - timedelta(days=2))
    assert any(w.startswith("Ada celah yang tidak diperiksa: 22 Nov 2026 pukul 20.00") for w in digest.warnings)


def test_a_digest_that_never_arrived_is_said_the_next_night():
    assert RICH.warnings[0].startswith("Ringkasan 20 Nov 2026 tidak sampai ke semua penerima")


def test_a_night_on_which_nothing_could_be_read_never_looks_clean():
    digest = build(sample.blind())
    assert digest.headline.startswith("Tidak satu akun pun dapat diperiksa.")
    assert [tile.number for tile in digest.tiles] == ["–", "–", "–", "3"]
    assert all(tile.tone == "abu" for tile in digest.tiles)
    assert any("Seluruh 2 akun X" in warning for warning in digest.warnings)
    assert not nothing_to_say(digest)


def test_a_calm_night_says_how_much_was_checked():
    digest = build(sample.calm())
    assert digest.headline == "Tidak ada yang perlu ditindak dari 4 unggahan yang diperiksa."
    assert nothing_to_say(digest)
    assert not nothing_to_say(RICH)


def test_a_demo_says_that_it_is_one():
    digest = changed(run=msgspec.structs.replace(sample.rich().run, kind="demo"))
    assert digest.subject.startswith("[Contoh] ")
    assert digest.warnings[0].startswith("Ini contoh dengan data rekaan")


def test_handles_that_have_become_ids_still_match():
    silent = sample.BY_HANDLE["pemdes_tirtasewu_watusinar"]
    renumbered = msgspec.structs.replace(silent, platform_id="9911")
    accounts = tuple(renumbered if item is silent else item for item in sample.ACCOUNTS)
    digest = changed(accounts=accounts)
    assert digest.counts == RICH.counts
    assert digest.quiet.rows[0].account_key == "x:9911"


def test_the_same_input_gives_an_equal_digest_whatever_the_order():
    data = sample.rich()
    again = msgspec.structs.replace(
        data,
        findings=data.findings[::-1],
        observations=data.observations[::-1],
        earlier=data.earlier[::-1],
        decisions=data.decisions[::-1],
        posts=dict(reversed(data.posts.items())),
    )
    assert build(again) == RICH


def test_a_digest_survives_being_stored_as_json():
    assert msgspec.json.decode(msgspec.json.encode(RICH), type=Digest) == RICH


def test_an_empty_register_gives_an_empty_but_whole_digest():
    run = Run(
        run_id="n-1",
        kind="nightly",
        window=Window(sample.NIGHT, sample.NIGHT),
        as_of=sample.NIGHT,
        started_at=sample.NIGHT,
    )
    digest = build(DigestInput(run=run))
    assert digest.counts.accounts == 0
    assert digest.trend.days == ()


def test_a_post_that_was_edited_after_it_was_judged_shows_only_the_quote():
    edited = msgspec.structs.replace(sample.PARTY, text="Selamat pagi semua")
    digest = changed(posts=sample.rich().posts | {sample.PARTY.key: edited})
    card = next(card for card in digest.flags.cards if card.place == sample.PARTY.key)
    assert "Selamat pagi" not in msgspec.json.encode(card).decode()
    assert "Teks unggahan ini pernah disunting." in card.notes


def test_a_link_that_is_not_https_is_not_a_link_but_is_said():
    plain = msgspec.structs.replace(sample.PARTY, url="http://instansi.example/berita/6")
    digest = changed(posts=sample.rich().posts | {sample.PARTY.key: plain})
    card = next(card for card in digest.flags.cards if card.place == sample.PARTY.key)
    assert card.url == ""
    assert card.notes[1:] == ("Alamatnya tidak memakai https, jadi tidak ditautkan: instansi.example/berita/6",)


def test_a_finding_whose_post_is_not_at_hand_is_shown_from_its_evidence():
    posts = {key: post for key, post in sample.rich().posts.items() if key != sample.PARTY.key}
    digest = changed(posts=posts)
    card = next(card for card in digest.flags.cards if card.place == sample.PARTY.key)
    assert [piece.text for piece in card.excerpts[0].pieces if piece.strong] == ["coblos nomor sekian"]
    assert card.url == sample.PARTY.url


def test_a_partly_read_account_is_named_among_what_was_not_checked():
    assert any("@disdik.arunika" in entry.text for entry in RICH.unchecked.entries if entry.term == "Terbaca sebagian")


def test_new_units_and_accounts_do_not_count_as_awakened():
    unit = Unit(code="DES-09", name="Desa Baru", kind="desa")
    account = Account(platform="x", handle="desa_baru", unit="DES-09")
    seen = Observation(account=account.key, unit="DES-09", state="active", complete=True)
    data = sample.rich()
    digest = changed(
        units=(*data.units, unit), accounts=(*data.accounts, account), observations=(*data.observations, seen)
    )
    assert "desa_baru" not in digest.change
