from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pantau.checks.history import RuleHead
from pantau.checks.ledger import check_approvals, match_trips
from pantau.core.clock import WIB
from pantau.core.ledgers import Approval, Trip
from pantau.core.model import Account, Evidence, Finding, Post

NOON = datetime(2025, 9, 10, 5, tzinfo=UTC)
ACCOUNT = Account(
    platform="instagram", handle="contoh", unit="dinas", operator="Sdri. Rina Melati, S.Kom", deputy="Budi"
)
CAPTION = "Jadwal posyandu balita bulan September di seluruh puskesmas, bawa buku KIA ya! #sehat #posyandu"
PGW = RuleHead(
    rule_id="upload-without-approval", family="PGW", level="rendah", message="Perlu dicek", basis="Arahan", version=1
)
PJD = RuleHead(
    rule_id="trip-unreported", family="PJD", level="tinggi", message="Tidak tercatat", basis="Arahan", version=2
)


def post(text: str = CAPTION, **fields: Any) -> Post:
    fields = {"published_at": NOON, "url": "https://www.instagram.com/p/AbC123/", "post_id": "AbC123", **fields}
    return Post(platform="instagram", account=ACCOUNT.key, text=text, **fields)


def approval(caption: str = CAPTION, **fields: Any) -> Approval:
    values = {
        "unit": "dinas",
        "platform": "instagram",
        "planned_at": None,
        "approved_by": "Kepala Dinas Contoh",
        "approved_at": NOON - timedelta(hours=2),
    }
    return Approval(url_or_caption=caption, **(values | fields))


def unapproved(one: Post, *rows: Approval, accounts: tuple[Account, ...] = (ACCOUNT,)) -> list[Finding]:
    return check_approvals([one], {ACCOUNT.key: "dinas"}, rows, {PGW.rule_id: PGW}, WIB, accounts)


OLD = approval("Catatan pertama dari buku persetujuan unit ini", approved_at=NOON - timedelta(days=60))


@pytest.mark.parametrize(
    "caption",
    [
        CAPTION,
        "Jadwal posyandu balita bulan September di seluruh puskesmas",
        "JADWAL POSYANDU balita bln September di seluruh puskesmas. Bawa buku KIA",
        "https://instagram.com/p/AbC123",
        "https://www.instagram.com/p/AbC123/?igsh=xyz",
        "https://www.instagram.com/reel/AbC123/",
        "Unggahan posyandu https://www.instagram.com/p/AbC123/",
    ],
)
def test_an_approved_post_is_found_by_link_or_by_likeness_of_its_caption(caption: str) -> None:
    assert unapproved(post(), OLD, approval(caption)) == []


@pytest.mark.parametrize(
    "row",
    [
        approval("Gotong royong membersihkan saluran air bersama warga desa binaan"),
        approval("https://www.instagram.com/p/ZZZ999/"),
        approval("https://x.com/contoh/status/AbC123"),
        approval(platform="x"),
        approval(approved_at=NOON - timedelta(days=40)),
        approval("Jadwal imunisasi"),
    ],
    ids=["other caption", "other link", "other site", "other platform", "long ago", "short and different"],
)
def test_a_post_without_a_matching_entry_is_flagged(row: Approval) -> None:
    (finding,) = unapproved(post(), OLD, row)
    assert (finding.rule_id, finding.family, finding.strength) == ("upload-without-approval", "PGW", "flag")
    assert (finding.post, finding.subject, finding.unit) == (post().key, post().text_sha256, "dinas")
    assert "tidak ada catatan persetujuan" in finding.evidence[0].quote


def test_an_entry_without_platform_holds_for_every_platform() -> None:
    assert unapproved(post(), approval(platform="")) == []


def test_a_planned_time_far_from_the_consent_still_matches() -> None:
    row = approval(planned_at=NOON + timedelta(hours=1), approved_at=NOON - timedelta(days=30))
    assert unapproved(post(), row) == []


def test_a_consent_after_the_upload_is_said_with_its_local_time() -> None:
    (finding,) = unapproved(post(), OLD, approval(approved_at=NOON + timedelta(hours=3)))
    assert "baru tercatat 10-09-2025 15.00, sesudah unggahan terbit" in finding.evidence[0].quote


@pytest.mark.parametrize("name", ["Rina Melati", "rina melati, S.Kom.", "Melati Rina", "Pak Budi"])
def test_the_operator_cannot_approve_the_own_upload(name: str) -> None:
    (finding,) = unapproved(post(), OLD, approval(approved_by=name))
    assert f"pengelola akun sendiri: {name}" in finding.evidence[0].quote
    assert unapproved(post(), OLD, approval(approved_by=name), approval()) == []


def test_an_approver_whose_name_shares_a_word_with_the_operator_may_approve() -> None:
    assert unapproved(post(), approval(approved_by="Melati Kusumawardani")) == []


def test_only_units_that_keep_the_book_are_judged_and_only_from_its_first_day() -> None:
    assert unapproved(post()) == []
    assert unapproved(post(), approval(unit="lain")) == []
    later = approval("Catatan pertama dari buku persetujuan unit ini", approved_at=NOON + timedelta(days=1))
    assert unapproved(post(), later) == []


@pytest.mark.parametrize("kind", ["reply", "comment", "repost"])
def test_answers_and_reposts_need_no_entry(kind: Any) -> None:
    assert unapproved(post(kind=kind), OLD) == []


def test_a_post_with_hardly_any_text_is_only_looked_at() -> None:
    (finding,) = unapproved(post("Yuk!"), OLD)
    assert finding.strength == "review"
    assert "hampir tanpa teks" in finding.evidence[0].quote


def test_the_text_of_the_picture_stands_in_for_a_missing_caption() -> None:
    assert unapproved(post("", image_text=CAPTION), approval()) == []


def test_a_short_post_is_not_part_of_a_long_note_by_chance() -> None:
    row = approval("Upacara HUT RI di alun-alun bersama seluruh perangkat daerah dan pelajar se-kabupaten")
    assert unapproved(post("Dirgahayu HUT RI"), row)


def test_without_the_rule_nothing_is_said() -> None:
    assert check_approvals([post()], {ACCOUNT.key: "dinas"}, [OLD], {}, WIB) == []


def trip_finding(strength: Any = "flag", text: str = "kunjungan kerja", **fields: Any) -> Finding:
    values: dict[str, Any] = {
        "rule_id": "trip-word-outside",
        "rule_version": 1,
        "family": "PJD",
        "level": "sedang",
        "strength": strength,
        "unit": "dinas",
        "account": ACCOUNT.key,
        "post": "instagram:AbC123",
        "published_at": NOON,
        "subject": "s",
        "message": "Perlu dicek",
        "evidence": (Evidence(field="text", end=len(text), quote=text),),
    }
    return Finding(**(values | fields))


def trip(destination: str = "Kota Semarang, Jawa Tengah", **fields: Any) -> Trip:
    values = {
        "unit": "dinas",
        "traveller": "Kepala Dinas",
        "country": "Indonesia",
        "start": date(2025, 9, 9),
        "end": date(2025, 9, 10),
    }
    return Trip(destination=destination, **(values | fields))


def matched(
    text: str, *trips: Trip, finding: Finding | None = None, rules: dict[str, RuleHead] | None = None
) -> list[Finding]:
    one = post(text)
    return match_trips([finding or trip_finding()], {one.key: one}, trips, WIB, rules)


@pytest.mark.parametrize(
    ("text", "destination", "country"),
    [
        ("Studi banding ke SEMARANG hari ini", "Kota Semarang, Jawa Tengah", "Indonesia"),
        ("Bimtek di #Bali", "Denpasar, Bali", "Indonesia"),
        ("Kunker ke Jepang", "Tokyo", "Jepang"),
        ("Rakor di Jawa Tengah", "Provinsi Jawa Tengah", "Indonesia"),
    ],
)
def test_a_reported_trip_is_listed_as_reported(text: str, destination: str, country: str) -> None:
    (finding,) = matched(text, trip(destination, country=country, permit_no="090/1", reported_at=date(2025, 9, 1)))
    assert (finding.strength, finding.level, finding.rule_id) == ("review", "info", "trip-word-outside")
    assert finding.key == trip_finding().key
    (evidence,) = finding.evidence
    note = evidence.note
    assert note.startswith("Sudah tercatat dalam daftar perjalanan")
    assert "izin 090/1" in note
    assert "dilaporkan 01-09-2025" in note
    assert msgspec.structs.replace(evidence, note="") == trip_finding().evidence[0]


@pytest.mark.parametrize(
    ("text", "row", "note"),
    [
        ("Studi banding ke Surabaya, Jawa Timur", trip(), "tempatnya tidak disebut"),
        ("Studi banding ke Semarang", trip(unit="lain"), "Tidak ada catatan"),
        ("Studi banding ke Semarang", trip(start=date(2025, 6, 1), end=date(2025, 6, 2)), "Tidak ada catatan"),
        ("Studi banding ke Semarangan", trip(), "tempatnya tidak disebut"),
    ],
)
def test_a_trip_that_is_not_in_the_book_stays_flagged(text: str, row: Trip, note: str) -> None:
    (finding,) = matched(text, row)
    assert (finding.strength, finding.level, finding.key) == ("flag", "sedang", trip_finding().key)
    assert note in finding.evidence[-1].note


def test_a_trip_announced_or_told_some_days_apart_still_matches() -> None:
    for start in (date(2025, 9, 20), date(2025, 8, 29)):
        assert matched("Ke Semarang", trip(start=start, end=start))[0].strength == "review"


def test_the_flags_of_one_post_become_one_question_where_the_rule_is_active() -> None:
    one = post("Studi banding ke Surabaya, lalu ke Malang")
    flags = [
        trip_finding(),
        trip_finding(rule_id="venue-outside", text="Malang"),
        trip_finding("review", rule_id="hint"),
    ]
    found = match_trips(flags, {one.key: one}, [trip()], WIB, {PJD.rule_id: PJD})
    assert [(item.rule_id, item.strength, item.level) for item in found] == [
        ("trip-unreported", "flag", "tinggi"),
        ("hint", "review", "sedang"),
    ]
    assert [item.quote for item in found[0].evidence] == ["kunjungan kerja", "Malang"]
    assert "tempatnya tidak disebut" in found[0].evidence[0].note
    assert (found[0].message, found[0].rule_version) == ("Tidak tercatat", 2)


def test_without_a_travel_book_findings_stay_as_they_are() -> None:
    assert matched("Studi banding ke Surabaya", rules={PJD.rule_id: PJD}) == [trip_finding()]


def test_other_families_pass_unchanged() -> None:
    other = msgspec.structs.replace(trip_finding(), family="FLX")
    assert matched("Liburan di Semarang", trip(), finding=other) == [other]
