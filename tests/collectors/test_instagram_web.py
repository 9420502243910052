"""The Instagram collector on a night without faults, through unmodified instaloader and real TLS sockets."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.collectors.instagram_night import NOW, SINCE, WINDOW, Night, hours_ago, office, outcomes, texts
from tests.servers.instagram_server import FakeIgAccount, FakeIgPost, InstagramServer


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    with InstagramServer([office(1), office(2), office(3)]) as running:
        yield running


def test_a_night_brings_the_posts_of_the_window_and_says_that_it_saw_everything(
    server: InstagramServer, tmp_path: Path
) -> None:
    scans = Night(server, tmp_path).read()
    assert [texts(scan) for scan in scans] == [["Layanan 1"], ["Layanan 2"], ["Layanan 3"]]
    for scan in scans:
        assert (scan.reading.outcome, scan.reading.complete, scan.reading.source) == ("read", True, "instaloader")
        assert scan.reading.last_post_at == hours_ago(2)
        assert scan.posts[0].post.account == scan.reading.account


def test_an_unknown_id_is_learnt_from_the_profile_page(server: InstagramServer, tmp_path: Path) -> None:
    scans = Night(server, tmp_path, known=False).read()
    assert [(scan.platform_id, scan.handle) for scan in scans] == [(a.id, a.handle) for a in server.accounts]
    assert outcomes(scans) == ["read"] * 3
    assert server.count("profile_page") == 3
    assert server.count() == 7


@pytest.mark.parametrize("fault", ["login", "wait401", "forbidden403", "rate429", "no_data"])
def test_a_wall_before_the_public_pages_does_not_stop_a_signed_in_session(
    server: InstagramServer, tmp_path: Path, fault: str
) -> None:
    server.fail(fault, endpoint="profile_page")
    scans = Night(server, tmp_path, known=False).read()
    assert outcomes(scans) == ["read"] * 3
    assert [scan.platform_id for scan in scans] == [one.id for one in server.accounts]
    assert server.count("profile_page") == 1, "a wall is tried once, not for every account"


def test_pinned_old_posts_do_not_hide_what_is_new(tmp_path: Path) -> None:
    pins = [FakeIgPost(hours_ago(9000 + n), f"Sematan {n}", pinned=True) for n in range(3)]
    posts = [
        *pins,
        FakeIgPost(hours_ago(3), "Baru"),
        FakeIgPost(hours_ago(5), "Juga baru"),
        FakeIgPost(hours_ago(90), "Lama"),
    ]
    with InstagramServer([office(1, posts)]) as server:
        for signed_in in (True, False):
            (scan,) = Night(server, tmp_path, signed_in=signed_in).read()
            assert (texts(scan), scan.reading.complete) == (["Baru", "Juga baru"], True)


def test_unmarked_pins_on_top_are_passed_over_too(tmp_path: Path) -> None:
    posts = [
        FakeIgPost(hours_ago(9000 + n), f"Sematan {n}", pinned=True, without=["timeline_pinned_user_ids"])
        for n in range(3)
    ]
    with InstagramServer([office(1, [*posts, FakeIgPost(hours_ago(3), "Baru")])]) as server:
        assert texts(Night(server, tmp_path).read()[0]) == ["Baru"]


@pytest.mark.parametrize(("pins", "marked"), [(3, False), (3, True), (5, True)])
def test_pins_do_not_end_the_list_before_the_second_page(tmp_path: Path, pins: int, marked: bool) -> None:
    without = [] if marked else ["timeline_pinned_user_ids"]
    posts = [FakeIgPost(hours_ago(9000 + n), f"Sematan {n}", pinned=True, without=without) for n in range(pins)]
    posts += [FakeIgPost(hours_ago(1 + n), f"Kabar {n}") for n in range(15)]
    with InstagramServer([office(1, posts)]) as server:
        assert len(texts(Night(server, tmp_path).read()[0])) == 15


def test_a_visitor_asks_for_a_post_that_was_drafted_before_the_window(tmp_path: Path) -> None:
    drafted = FakeIgAccount("x", "1001").code_of(FakeIgPost(hours_ago(40)))
    with InstagramServer([office(1, [FakeIgPost(hours_ago(2), "Terjadwal", code=drafted)])]) as server:
        assert texts(Night(server, tmp_path, signed_in=False).read()[0]) == ["Terjadwal"]


def test_a_pinned_post_of_today_is_read_like_any_other(tmp_path: Path) -> None:
    with InstagramServer([office(1, [FakeIgPost(hours_ago(1), "Penting", pinned=True)])]) as server:
        assert texts(Night(server, tmp_path).read()[0]) == ["Penting"]


def test_long_absences_are_paged_through_to_the_last_wanted_post(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1 + n), f"Kabar {n}") for n in range(40)]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path).read(since=hours_ago(30.5))
        assert texts(scan) == [f"Kabar {n}" for n in range(33)], "three hours more, since our clock may have been fast"
        assert scan.reading.complete
        assert server.count("timeline") == 3, "the fourth page holds nothing that is wanted"


def test_an_account_younger_than_the_window_is_read_to_its_end(tmp_path: Path) -> None:
    with InstagramServer([office(1, [FakeIgPost(hours_ago(3), "Pertama")])]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert (texts(scan), scan.reading.complete) == (["Pertama"], True)


def test_posts_after_the_window_wait_for_their_night(tmp_path: Path) -> None:
    posts = [
        FakeIgPost(NOW + timedelta(minutes=5), "Besok"),
        FakeIgPost(NOW, "Tepat di batas"),
        FakeIgPost(SINCE, "Tepat di awal"),
    ]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert texts(scan) == ["Tepat di awal"]
        assert scan.reading.last_post_at == NOW + timedelta(minutes=5)


def test_a_collaboration_counts_as_activity_of_the_account(tmp_path: Path) -> None:
    posts = [
        FakeIgPost(hours_ago(3), "Bersama", author=("2002", "kecamatan_contoh")),
        FakeIgPost(hours_ago(99), "Lama"),
    ]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert texts(scan) == ["Bersama"]
        assert scan.posts[0].post.account == "instagram:1001"
        assert b'"kecamatan_contoh"' in scan.posts[0].raw
        assert (scan.handle, server.count("profile")) == ("dinas_contoh_1", 0)


def test_missing_captions_and_counts_lose_no_post(tmp_path: Path) -> None:
    posts = [
        FakeIgPost(hours_ago(1), None, without=["caption"]),
        FakeIgPost(hours_ago(2), None),
        FakeIgPost(hours_ago(3), "Tanpa suka", likes=None),
        FakeIgPost(hours_ago(4), "Tanpa kunci", without=["has_liked", "user", "image_versions2", "comment_count"]),
        FakeIgPost(hours_ago(5), "Album", kind="carousel", alt="Papan jadwal"),
        FakeIgPost(hours_ago(6), "Video", kind="reel", views=12),
    ]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert outcomes([scan]) == ["read"]
        assert texts(scan) == ["", "", "Tanpa suka", "Tanpa kunci", "Album", "Video"]
        assert [media.kind for media in scan.posts[4].post.media] == ["image", "image", "video"]
        assert scan.posts[4].post.media[0].alt == "Papan jadwal"
        assert scan.posts[5].post.metrics == {"comments": 2, "likes": 10, "views": 12}


def test_an_account_without_any_post_is_read_and_not_a_failure(tmp_path: Path) -> None:
    with InstagramServer([office(1, [])]) as server:
        for signed_in, known in ((True, True), (True, False), (False, False)):
            (scan,) = Night(server, tmp_path, signed_in=signed_in, known=known).read()
            assert (outcomes([scan]), scan.reading.complete, scan.reading.last_post_at) == (["read"], True, None)


def test_a_last_page_that_promises_more_is_believed_when_the_count_agrees(tmp_path: Path) -> None:
    account = office(1, [FakeIgPost(hours_ago(1), "Satu"), FakeIgPost(hours_ago(2), "Dua")])
    account.claims_more = True
    with InstagramServer([account]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert (outcomes([scan]), scan.reading.complete) == (["read"], True)
        account.media_count = 30
        (scan,) = Night(server, tmp_path).read()
        assert (outcomes([scan]), scan.reading.complete, texts(scan)) == (["unread format"], False, ["Satu", "Dua"])


def test_a_visitor_asks_only_for_posts_that_can_be_new(tmp_path: Path) -> None:
    posts = [
        FakeIgPost(hours_ago(2), "Baru"),
        *(FakeIgPost(hours_ago(24 * day), f"Arsip {day}") for day in range(5, 12)),
    ]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path, signed_in=False).read()
        assert (texts(scan), scan.reading.complete, scan.platform_id) == (["Baru"], True, "")
        assert (server.count("profile_page"), server.count("post")) == (1, 1)


def test_a_visitor_pages_on_when_the_first_page_is_all_new(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 2), f"Kabar {n}") for n in range(15)]
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, tmp_path, signed_in=False).read()
        assert (len(texts(scan)), scan.reading.complete) == (15, True)


def test_a_private_account_is_called_private_and_not_silent(tmp_path: Path) -> None:
    account = office(1)
    account.private = True
    with InstagramServer([account]) as server:
        for signed_in, known in ((True, True), (True, False), (False, True), (False, False)):
            (scan,) = Night(server, tmp_path, signed_in=signed_in, known=known).read()
            assert (outcomes([scan]), scan.posts) == (["private"], ()), (signed_in, known)


def test_a_private_account_that_we_follow_is_read(tmp_path: Path) -> None:
    account = office(1)
    account.private = account.followed = True
    with InstagramServer([account]) as server:
        for known in (True, False):
            assert texts(Night(server, tmp_path, known=known).read()[0]) == ["Layanan 1"]


def test_a_missing_account_is_called_missing_which_proves_nothing_yet(tmp_path: Path) -> None:
    account = office(2)
    with InstagramServer([office(1), account, office(3)]) as server:
        account.state = "gone"
        for signed_in, known in ((True, True), (True, False), (False, False)):
            scans = Night(server, tmp_path, signed_in=signed_in, known=known).read()
            assert outcomes(scans) == ["read", "missing", "read"], (signed_in, known)
            assert not scans[1].reading.complete


def test_a_renamed_account_is_found_by_its_id(tmp_path: Path) -> None:
    account = office(1)
    with InstagramServer([account]) as server:
        night = Night(server, tmp_path)
        targets = night.targets()
        account.handle = "dinas_contoh_baru"
        (scan,) = night.collector().collect(targets, WINDOW)
        assert (texts(scan), scan.handle, scan.reading.complete) == (["Layanan 1"], "dinas_contoh_baru", True)


def test_the_posts_of_a_stranger_who_took_the_handle_are_never_ours(tmp_path: Path) -> None:
    account, other = office(1), office(2)
    stranger = FakeIgAccount(account.handle, "666", [FakeIgPost(hours_ago(1), "Slot gacor")])
    for new_handle, expected in (("dinas_pindah", ["Layanan 1"]), ("", [])):
        with InstagramServer([account, other]) as server:
            night = Night(server, tmp_path)
            targets = night.targets()
            server.accounts = [stranger, account, other] if new_handle else [stranger, other]
            account.handle = new_handle or account.handle
            scans = list(night.collector().collect(targets, WINDOW))
            assert texts(scans[0]) == expected
            assert outcomes(scans) == ["read" if new_handle else "missing", "read"]
            server.fail("server_error", endpoint="profile")
            scan, _ = night.collector().collect(targets, WINDOW)
            assert (scan.posts, outcomes([scan])) == ((), ["unread network"])
        account.handle = stranger.handle


def test_a_list_that_names_nobody_is_believed_only_after_asking_by_id(tmp_path: Path) -> None:
    account = office(1, [FakeIgPost(hours_ago(1), "Tanpa nama", without=["user", "coauthor_producers"])])
    with InstagramServer([account, office(2)]) as server:
        night = Night(server, tmp_path)
        scans = list(night.collector().collect(night.targets(), WINDOW))
        assert [texts(scan) for scan in scans] == [["Tanpa nama"], ["Layanan 2"]]
        assert server.count("profile") == 1
        server.fail("server_error", endpoint="profile")
        scan, _ = night.collector().collect(night.targets(), WINDOW)
        assert (scan.posts, outcomes([scan])) == ((), ["unread network"])


def test_a_visitor_cannot_tell_a_renamed_account_from_a_missing_one_and_says_so(tmp_path: Path) -> None:
    with InstagramServer([office(n) for n in range(1, 9)]) as server:
        night = Night(server, tmp_path, signed_in=False)
        targets = night.targets()
        for number, account in enumerate(server.accounts[1:7]):
            account.handle = f"pindah_{number}"
        server.accounts.append(FakeIgAccount("dinas_contoh_2", "42", []))
        scans = list(night.collector().collect(targets, WINDOW))
        assert outcomes(scans) == ["read", *["unread unproven"] * 6, "read"]
        assert "dipakai akun lain" in scans[1].reading.reason
        assert "sesi" in scans[2].reading.reason


def test_the_canary_is_read_first_and_keeps_its_place_among_the_scans(server: InstagramServer, tmp_path: Path) -> None:
    scans = Night(server, tmp_path, canary="@Dinas_Contoh_3").read()
    assert [scan.handle for scan in scans] == ["dinas_contoh_3", "dinas_contoh_1", "dinas_contoh_2"]
    assert outcomes(scans) == ["read"] * 3


def test_a_canary_outside_the_register_is_read_without_a_scan_of_its_own(
    server: InstagramServer, tmp_path: Path
) -> None:
    night = Night(server, tmp_path, canary="dinas_contoh_3")
    scans = list(night.collector().collect(night.targets(server.accounts[:2]), WINDOW))
    assert outcomes(scans) == ["read"] * 2
    assert server.count("timeline") == 3


def test_nothing_to_read_sends_nothing(server: InstagramServer, tmp_path: Path) -> None:
    assert list(Night(server, tmp_path, canary="dinas_contoh_3").collector().collect([], WINDOW)) == []
    assert server.count() == 0


def test_the_same_collector_can_read_a_second_time(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    collector = night.collector()
    first = list(collector.collect(night.targets(), WINDOW))
    assert [scan.posts for scan in collector.collect(night.targets(), WINDOW)] == [scan.posts for scan in first]
    assert collector.costs()[0].requests == 7, "the start page is asked for once"


def test_an_abandoned_night_leaves_no_request_running(server: InstagramServer, tmp_path: Path) -> None:
    night = Night(server, tmp_path)
    scans = night.collector().collect(night.targets(), WINDOW)
    assert outcomes([next(iter(scans))]) == ["read"]
    scans.close()  # type: ignore[attr-defined]
    assert server.count("timeline") == 1
