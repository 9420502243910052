"""Nights over a local TikTok: what is read, what it costs, what proves an empty list, and who an account is."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pantau.core.model import Account, Target, Window
from tests.collectors.feed_office import NIGHT, outcome, outcomes
from tests.collectors.tiktok_office import RENAMED, TikTokOffice, account, publish
from tests.servers.base import Fault, json_reply
from tests.servers.tiktok_server import FakeClip, FakeTikTok, refused


def test_three_hundred_accounts_with_six_hundred_new_videos_cost_three_hundred_list_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", lambda _number: None)  # this counts requests, not the turns of a disk
    accounts = [account(n, 3) for n in range(300)]
    office = TikTokOffice(tmp_path, accounts, per_minute=180)
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        for one in accounts:
            publish(one, 3, f"{one.handle} pagi")
            publish(one, 9, f"{one.handle} siang")
        server.log.clear()
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert sum(len(scan.posts) for scan in scans.values()) == 600
        refused_for_speed = len(office.clock.slept_s)
        assert server.count("list") - refused_for_speed <= 300
        assert (server.count("token"), server.count("info")) == (300, 0)
        assert refused_for_speed <= 4, "180 a minute are waited out, not asked against"
        costs = {cost.source: cost.requests for cost in office.costs}
        assert costs == {"tiktok-display": server.count("list"), "tiktok-token": 300}


def test_a_video_becomes_a_post_with_its_words_counts_cover_and_public_address(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 1)])
    with office.server:
        office.connect()
        post = office.only().posts[0].post
        assert (post.kind, post.published_at, post.text) == ("video", NIGHT - timedelta(hours=5), "Akun 1 video 0")
        assert post.metrics == {"views": 120, "likes": 3, "comments": 2, "shares": 1}
        assert post.media[0].url.startswith("https://p16-sign-sg.tiktokcdn.com/")
        assert post.url == f"https://www.tiktok.com/@desa1/video/{post.post_id}"


def test_an_account_that_has_not_logged_in_is_registered_not_watched_and_costs_nothing(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect(server.accounts[0])
        scans = office.night()
        assert (outcome(scans["desa1"]), outcome(scans["desa2"])) == ("read", "unread not_watched")
        assert "pantau accounts tiktok-login desa2" in scans["desa2"].reading.reason
        assert "pantau import" in scans["desa2"].reading.reason
        assert server.count() == 1


def test_pages_are_read_back_to_the_watermark_and_no_further(tmp_path: Path) -> None:
    many = [FakeClip(NIGHT - timedelta(hours=5 * n + 1), f"N {n}") for n in range(400)]
    office = TikTokOffice(tmp_path, [FakeTikTok("desa1", many)])
    with office.server as server:
        office.connect()
        scan = office.only()
        assert len(scan.posts) == 35 * 24 // 5 + 1  # three hours more, since clocks differ
        assert server.count("list") == 9
        assert scan.seen_from is not None
        assert scan.seen_from <= min(item.post.published_at for item in scan.posts)
        office.next_day()
        office.night()
        assert server.count("list") == 10


def test_many_videos_of_one_second_lose_none_at_the_end_of_a_page(tmp_path: Path) -> None:
    at = NIGHT - timedelta(hours=3)
    same = [FakeClip(at, f"Serentak {n}") for n in range(12)]
    early = [FakeClip(at + timedelta(minutes=n + 1), f"Lebih baru {n}") for n in range(14)]
    office = TikTokOffice(tmp_path, [FakeTikTok("desa1", same + early)])
    with office.server:
        office.connect()
        office.night()
        assert len(office.stored) == 26


def test_old_videos_pinned_on_top_do_not_end_the_reading(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 60)])
    with office.server as server:
        server.accounts[0].pinned = 3
        office.connect()
        scan = office.only()
        assert len(scan.posts) == 28
        assert scan.seen_from is not None
        assert scan.seen_from > NIGHT - timedelta(days=60)


def test_absence_says_nothing_when_the_list_is_out_of_order(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 8)])
    with office.server as server:
        office.connect()

        def shuffle(reply: object) -> object:
            data = msgspec.json.decode(reply.body)  # type: ignore[attr-defined]
            data["data"]["videos"].reverse()
            return json_reply(data)

        server.faults.add(Fault(change=shuffle, endpoint="list"))  # type: ignore[arg-type]
        scan = office.only()
        assert (outcome(scan), len(scan.posts), scan.seen_from) == ("read", 8, None)


def test_videos_from_before_the_watermark_come_along_as_older_ones(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 6)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        publish(server.accounts[0], 20, "Baru")
        scan = office.only()
        assert [item.post.text for item in scan.posts] == ["Baru"]
        assert len(scan.older) == 6
        assert scan.reading.last_post_at == NIGHT + timedelta(hours=20)


def test_an_empty_list_is_believed_only_when_tiktok_counts_no_video(tmp_path: Path) -> None:
    office = TikTokOffice(
        tmp_path, [account(1, 0), account(2, 0), FakeTikTok("desa3", [], "user.info.profile,video.list")]
    )
    with office.server as server:
        server.accounts[1].count = 7
        office.connect()
        scans = office.night()
        assert [outcome(scans[f"desa{n}"]) for n in (1, 2, 3)] == ["read", "unread unproven", "unread unproven"]
        assert scans["desa1"].reading.complete
        assert server.count("info") == 3


def test_a_promised_page_that_comes_empty_leaves_the_reading_incomplete_unless_the_count_agrees(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 24), account(2, 20)])
    with office.server as server:
        office.connect()
        nothing = json_reply({"data": {"videos": [], "cursor": 0, "has_more": False}, "error": {"code": "ok"}})
        server.faults.add(Fault(nothing, endpoint="list", account="desa1", first=2))

        def promise(reply: object) -> object:
            data = msgspec.json.decode(reply.body)  # type: ignore[attr-defined]
            data["data"]["has_more"] = True
            return json_reply(data)

        server.faults.add(Fault(change=promise, endpoint="list", account="desa2"))  # type: ignore[arg-type]
        server.faults.add(Fault(nothing, endpoint="list", account="desa2"))
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert [scans[f"desa{n}"].reading.complete for n in (1, 2)] == [False, True]
        assert scans["desa1"].seen_from is None
        server.faults.clear()
        office.next_day(1)
        office.night()
        assert len(office.stored) == 44


def test_a_list_that_does_not_end_is_a_fault_and_what_came_is_kept(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 50)])
    with office.server as server:
        office.connect()

        def stuck(reply: object) -> object:
            data = msgspec.json.decode(reply.body)  # type: ignore[attr-defined]
            data["data"]["cursor"] = int(NIGHT.timestamp()) * 1000
            return json_reply(data)

        server.faults.add(Fault(change=stuck, endpoint="list", times=None))  # type: ignore[arg-type]
        scan = office.only()
        assert (outcome(scan), len(scan.posts)) == ("unread format", 20)
        assert server.count("list") == 2


def test_a_field_that_tiktok_no_longer_knows_costs_the_counts_not_the_night(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect()
        unknown = Fault(
            refused(400, "invalid_params"),
            endpoint="list",
            when=lambda request: "view_count" in request.first("fields"),
            times=None,
        )
        server.faults.add(unknown)
        scans = office.night()
        assert outcomes(list(scans.values())) == {"read"}
        assert unknown.hits == 1
        assert {len(scan.posts) for scan in scans.values()} == {4}


def test_a_video_without_a_date_leaves_the_account_unread_and_the_others_of_it_are_kept(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()

        def dateless(reply: object) -> object:
            data = msgspec.json.decode(reply.body)  # type: ignore[attr-defined]
            del data["data"]["videos"][1]["create_time"]
            return json_reply(data)

        server.faults.add(Fault(change=dateless, endpoint="list"))  # type: ignore[arg-type]
        scan = office.only()
        assert (outcome(scan), len(scan.posts)) == ("unread format", 3)
        office.next_day(1)
        office.night()
        assert len(office.stored) == 4


def test_a_new_handle_is_reported_and_the_account_is_found_under_it_once_the_register_follows(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.night()
        server.accounts[0].handle = "desa_baru"
        office.next_day()
        assert office.only().handle == "desa_baru"
        office.accounts = [Account(platform="tiktok", handle="Desa_Baru", unit="u")]
        office.marks = {"Desa_Baru": office.marks["desa1"]}
        office.next_day()
        assert outcome(office.only()) == "read"
        assert len(office.stored) == 4


def test_identify_asks_once_per_account_who_it_is_now(tmp_path: Path) -> None:
    accounts = [account(1), account(2), FakeTikTok("desa3", [], "user.info.basic,video.list"), account(4)]
    office = TikTokOffice(tmp_path, accounts)
    with office.server as server:
        office.connect(*accounts[:3])
        server.accounts[1].handle = "desa_dua"
        scans = list(office.collector(office.pace()).identify(office.accounts))
        assert [outcome(scan) for scan in scans] == ["read", "read", "unread token", "unread not_watched"]
        assert [scan.handle for scan in scans] == ["desa1", "desa_dua", "", ""]
        assert not any(scan.posts for scan in scans)
        assert server.count() == 3


def test_after_some_failures_in_a_row_the_rest_is_not_asked_and_has_the_one_reason(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(n) for n in range(40)])
    with office.server as server:
        office.connect()
        server.faults.add(Fault(RENAMED, endpoint="list", times=None))
        scans = list(office.night().values())
        assert outcomes(scans) == {"unread format"}
        assert server.count("list") == 5
        assert len({scan.reading.reason for scan in scans[5:]}) == 1


def test_after_the_deadline_accounts_are_unread(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect()
        office.deadline_h = 0
        assert outcomes(list(office.night().values())) == {"unread deadline"}
        assert server.count() == 0


def test_a_video_published_while_the_night_runs_is_the_next_nights(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        publish(server.accounts[0], 0.1, "Tengah malam")
        assert "Tengah malam" not in [item.post.text for item in office.only().posts]
        office.next_day()
        office.night()
        assert office.texts().count("Tengah malam") == 1


@pytest.mark.parametrize("ca_file", ["tidak-ada.pem"])
def test_a_certificate_file_that_cannot_be_used_leaves_all_unread_with_the_key_to_mend(
    ca_file: str, tmp_path: Path
) -> None:
    from collectors.tiktok import TikTokCollector
    from collectors.tiktok_tokens import Shelf
    from pantau.core.settings import Network
    from pantau.core.settings_tiktok import TikTokSettings

    office = TikTokOffice(tmp_path, [account(1)])
    collector = TikTokCollector(
        TikTokSettings(client_key="k", client_secret="env:X"),
        Network(ca_file=ca_file),
        "s",
        Shelf(tmp_path),
        office.pace(),
    )
    target = Target(account=office.accounts[0], since=NIGHT - timedelta(days=1))
    (scan,) = collector.collect([target], Window(NIGHT - timedelta(days=1), NIGHT))
    assert outcome(scan) == "unread network"
    assert "network.ca_file" in scan.reading.reason


def test_older_videos_with_an_open_finding_are_asked_for_by_their_ids_in_one_call(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1, 60)])
    with office.server as server:
        office.connect()
        there, gone = server.accounts[0].clips[50], server.accounts[0].clips.pop(51)
        listed = server.accounts[0].clips[0]
        wanted = (there.video_id, gone.video_id, listed.video_id)
        target = Target(account=office.accounts[0], since=NIGHT - timedelta(days=1), recheck=wanted)
        window = Window(NIGHT - timedelta(days=1), NIGHT)
        (scan,) = office.collector(office.pace()).collect([target], window)
        assert scan.absent == (gone.video_id,)
        assert there.video_id in {item.post.post_id for item in scan.older}
        assert server.count("query") == 1
        server.faults.add(Fault(RENAMED, endpoint="query"))
        (scan,) = office.collector(office.pace()).collect([target], window)
        assert (outcome(scan), scan.absent) == ("read", ())
