"""What a night on X brings, over real sockets and through unmodified tweepy."""

import hashlib
import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.x import XUsage
from pantau.core.model import Account, Window
from pantau.core.settings import Network
from tests.collectors.x_support import NIGHT, Clock, Mark, Office, open_office, register, texts
from tests.servers.base import Fault
from tests.servers.x_feed import FakeXAccount, FakeXPost, recorded_account, snowflake, snowflake_time
from tests.servers.x_problems import renamed
from tests.servers.x_server import XServer

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _account(handle: str, user_id: int, *posts: FakeXPost, state: str = "ok") -> FakeXAccount:
    return FakeXAccount(handle, user_id, list(posts), state=state)  # type: ignore[arg-type]


def test_each_account_gets_its_own_posts_and_the_evidence_to_prove_them() -> None:
    accounts = [
        _account(
            "dinas_air",
            11,
            FakeXPost("Air mengalir lagi", NIGHT - 5 * HOUR),
            FakeXPost("Jadwal tangki", NIGHT - 3 * HOUR),
        ),
        _account("kec_lor", 12, FakeXPost("Posyandu besok", NIGHT - 2 * HOUR)),
    ]
    with XServer(accounts) as server:
        scans = open_office(server, Clock()).night()
    assert texts(scans, "dinas_air") == ["Air mengalir lagi", "Jadwal tangki"]
    assert texts(scans, "kec_lor") == ["Posyandu besok"]
    reading = scans["dinas_air"].reading
    assert (reading.outcome, reading.complete, reading.source) == ("read", True, "x-search")
    assert reading.last_post_at == NIGHT - 3 * HOUR
    collected = scans["kec_lor"].posts[0]
    assert collected.post.raw_sha256 == hashlib.sha256(collected.raw).hexdigest()
    assert json.loads(collected.raw)["text"] == "Posyandu besok"
    assert collected.post.url == f"https://x.com/kec_lor/status/{collected.post.post_id}"
    assert collected.post.metrics == {"comments": 1, "likes": 3, "quotes": 0, "reposts": 2}


def test_recorded_posts_arrive_as_they_were_published() -> None:
    account = recorded_account(FIXTURES)
    clock = Clock(account.posts[0].at + HOUR)
    with XServer([account]) as server:
        scans = open_office(server, clock).night()
    recorded = json.loads((FIXTURES / "timeline_tweets.json").read_text("utf-8"))["data"]
    assert texts(scans) == [item["text"] for item in reversed(recorded)]
    assert [c.post.post_id for c in scans["TwitterDev"].posts] == [item["id"] for item in reversed(recorded)]


def test_a_long_post_is_read_in_full_and_escaped_characters_are_what_was_published() -> None:
    long = "Laporan kinerja & anggaran <2026> " * 20
    with XServer([_account("dinas_air", 11, FakeXPost(long, NIGHT - HOUR))]) as server:
        assert texts(open_office(server, Clock()).night()) == [long]


def test_kinds_tell_replies_reposts_and_quotes_apart() -> None:
    posts = [
        FakeXPost(kind, NIGHT - (5 - n) * HOUR, kind=kind)  # type: ignore[arg-type]
        for n, kind in enumerate(["post", "reply", "repost", "quote"])
    ]
    with XServer([_account("dinas_air", 11, *posts)]) as server:
        scans = open_office(server, Clock()).night()
    assert [c.post.kind for c in scans["dinas_air"].posts] == ["post", "reply", "repost", "post"]


def test_an_edited_post_keeps_its_first_id_and_shows_its_newest_text() -> None:
    post = FakeXPost("Rapat jam 8", NIGHT - HOUR, edits=[(NIGHT - 30 * timedelta(minutes=1), "Rapat jam 9")])
    later = FakeXPost(
        "Sore ini hujan", NIGHT - timedelta(minutes=20), edits=[(NIGHT + timedelta(minutes=5), "Sore ini cerah")]
    )
    with XServer([_account("dinas_air", 11, post, later)]) as server:
        office = open_office(server, Clock())
        first = office.night()["dinas_air"].posts
        assert [(c.post.post_id, c.post.text) for c in first] == [
            (str(post.id), "Rapat jam 9"),
            (str(later.id), "Sore ini hujan"),
        ]
        assert first[0].post.published_at == NIGHT - HOUR
        office.clock.moment += DAY
        office.night()
    assert office.stored[str(later.id)].post.text == "Sore ini cerah"
    assert office.stored[str(later.id)].post.published_at == NIGHT - timedelta(minutes=20)


def test_x_may_rename_its_fields_without_anything_being_lost() -> None:
    long = "Rincian kegiatan " * 30
    posts = [
        FakeXPost(long, NIGHT - 3 * HOUR),
        FakeXPost("ulang", NIGHT - 2 * HOUR, kind="repost"),
        FakeXPost("v1", NIGHT - HOUR, edits=[(NIGHT - HOUR / 2, "v2")]),
    ]
    with XServer([_account("dinas_air", 11, *posts)]) as server:
        server.faults.add(Fault(change=renamed, times=None))
        scans = open_office(server, Clock(), with_ids=False).night()
    assert [(c.post.text, c.post.kind) for c in scans["dinas_air"].posts] == [
        (long, "post"),
        ("ulang", "repost"),
        ("v2", "post"),
    ]
    assert scans["dinas_air"].posts[2].post.post_id == str(posts[2].id)


def test_pages_are_read_until_x_names_no_further_one_even_when_they_are_short() -> None:
    posts = [FakeXPost(f"kabar {n}", NIGHT - n * timedelta(minutes=1) - HOUR) for n in range(1200)]
    with XServer([_account("dinas_air", 11, *posts)], short_pages=True) as server:
        scans = open_office(server, Clock()).night()
        assert len(scans["dinas_air"].posts) == 1200
        assert server.count("search_all") == 3


def test_posts_after_the_window_are_left_for_the_next_night() -> None:
    with XServer(
        [_account("dinas_air", 11, FakeXPost("lama", NIGHT - HOUR), FakeXPost("baru", NIGHT + HOUR))]
    ) as server:
        office = open_office(server, Clock(NIGHT + 2 * HOUR))
        scan = office.night(end=NIGHT)["dinas_air"]
        assert [c.post.text for c in scan.posts] == ["lama"]
        assert server.posts_billed == 1
        assert texts(office.night()) == ["lama", "baru"]


def test_a_post_that_the_index_showed_late_is_found_the_next_night() -> None:
    late = FakeXPost("terlambat", NIGHT - 3 * HOUR, indexed_at=NIGHT + HOUR)
    with XServer([_account("dinas_air", 11, late, FakeXPost("tepat", NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        assert texts(office.night()) == ["tepat"]
        office.clock.moment += DAY
        office.night()
    assert str(late.id) in office.stored


def test_unknown_ids_are_looked_up_once_and_learnt() -> None:
    with XServer([_account("Dinas_Air", 11, FakeXPost(at=NIGHT - HOUR))]) as server:
        office = open_office(server, Clock(), with_ids=False)
        office.accounts = [Account(platform="x", handle="dinas_air", unit="U1")]
        scan = office.night()["dinas_air"]
        assert (scan.platform_id, scan.handle, scan.reading.account) == ("11", "Dinas_Air", "x:@dinas_air")
        office.clock.moment += DAY
        office.night()
        assert (server.count("users_by"), server.users_billed) == (1, 1)


@pytest.mark.parametrize(
    ("state", "outcome"), [("suspended", "suspended"), ("missing", "missing"), ("protected", "private")]
)
@pytest.mark.parametrize("with_ids", [True, False])
def test_an_account_in_trouble_is_named_so_and_costs_no_other_account_its_reading(
    state: str, outcome: str, with_ids: bool
) -> None:
    accounts = [_account("hilang", 11, state=state), _account("kec_lor", 12, FakeXPost("Posyandu", NIGHT - HOUR))]
    with XServer(accounts) as server:
        scans = open_office(server, Clock(), with_ids=with_ids).night()
    assert scans["hilang"].reading.outcome == outcome
    assert scans["hilang"].reading.reason
    assert not scans["hilang"].reading.complete
    assert texts(scans, "kec_lor") == ["Posyandu"]


def test_an_account_that_x_finds_on_second_sight_is_unread_rather_than_missing() -> None:
    with XServer([_account("dinas_air", 11, state="missing")]) as server:
        real = server.accounts[0]
        server.faults.add(
            Fault(endpoint="users", when=lambda _: setattr(real, "state", "ok") or True, change=lambda r: r)
        )  # type: ignore[func-returns-value]
        reading = open_office(server, Clock()).night()["dinas_air"].reading
    assert (reading.outcome, reading.unread_class) == ("unread", "unproven")


def test_an_account_that_only_reposts_is_recognised_as_active() -> None:
    reposts = [FakeXPost(f"RT {n}", NIGHT - n * 6 * HOUR - HOUR, kind="repost") for n in range(4)]
    with XServer([_account("kec_lor", 12, *reposts)], search_reposts=False) as server:
        office = open_office(server, Clock())
        scan = office.night()["kec_lor"]
        assert scan.reading.source == "x-timeline"
        assert scan.reading.last_post_at == NIGHT - HOUR
        assert len(scan.posts) == 4
        office.clock.moment += DAY
        assert server.posts_billed == 4
        office.night()
        assert server.posts_returned == 4  # asked again from its newest repost on: nothing, for nothing
        server.accounts[0].posts.append(FakeXPost("RT lagi", office.clock.now() + HOUR, kind="repost"))
        office.clock.moment += 2 * DAY
        assert office.night()["kec_lor"].reading.last_post_at == NIGHT + DAY + HOUR


def test_asking_silent_accounts_costs_nothing() -> None:
    with XServer([_account(f"desa_{n}", 100 + n, FakeXPost(at=NIGHT - 20 * DAY)) for n in range(10)]) as server:
        office = open_office(server, Clock())
        office.night()
        billed = server.posts_returned
        for _ in range(3):
            office.clock.moment += DAY
            scans = office.night()
        assert server.posts_returned == billed
        assert {scan.reading.outcome for scan in scans.values()} == {"read"}


def test_a_renamed_account_is_read_by_its_id_and_the_new_handle_is_told() -> None:
    with XServer([_account("dinas_lama", 11, FakeXPost("satu", NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        office.night()
        server.accounts[0].handle = "dinas_baru"
        server.accounts[0].posts.append(FakeXPost("dua", NIGHT + HOUR))
        office.clock.moment += 3 * DAY
        scan = office.night()["dinas_lama"]
    assert [c.post.text for c in scan.posts] == ["dua"]
    assert (scan.handle, scan.platform_id) == ("dinas_baru", "")


def test_posts_of_a_stranger_who_took_the_handle_are_never_laid_to_the_account() -> None:
    with XServer([_account("dinas_air", 11, FakeXPost("satu", NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        office.night()
        server.accounts[0].handle = "dinas_air_baru"
        server.accounts[0].posts.append(FakeXPost("milik dinas", NIGHT + HOUR))
        server.accounts.append(_account("dinas_air", 99, FakeXPost("milik orang lain", NIGHT + 2 * HOUR)))
        office.clock.moment += DAY
        scan = office.night()["dinas_air"]
    assert [c.post.text for c in scan.posts] == ["milik dinas"]
    assert scan.handle == "dinas_air_baru"


def test_one_bad_account_does_not_cost_its_group_the_reading() -> None:
    accounts = [_account(f"desa_{n}", 100 + n, FakeXPost(f"kabar {n}", NIGHT - HOUR)) for n in range(40)]
    accounts[17].state = "poison"
    with XServer(accounts) as server:
        scans = open_office(server, Clock()).night()
        assert all(texts(scans, f"desa_{n}") == [f"kabar {n}"] for n in range(40))
        assert scans["desa_17"].reading.source == "x-timeline"
        assert server.count("search_all") <= 12


def test_a_handle_that_x_cannot_have_is_a_mistake_of_the_register_and_is_never_asked_for() -> None:
    with XServer([_account("kec_lor", 12, FakeXPost("Posyandu", NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        office.accounts.insert(0, Account(platform="x", handle="dinas.air/kab", unit="U1"))
        scans = office.night()
    assert scans["dinas.air/kab"].reading.unread_class == "format"
    assert "daftar akun" in scans["dinas.air/kab"].reading.reason
    assert texts(scans, "kec_lor") == ["Posyandu"]


def test_without_the_right_to_the_archive_recent_search_takes_over() -> None:
    accounts = [_account(f"desa_{n}", 100 + n, FakeXPost(f"kabar {n}", NIGHT - HOUR)) for n in range(30)]
    with XServer(accounts, archive=False) as server:
        office = open_office(server, Clock())
        office.first_days = 3
        scans = office.night()
        assert {scan.reading.source for scan in scans.values()} == {"x-recent"}
        assert len(texts(scans)) == 30
        assert (server.count("search_all"), server.count("search_recent")) == (1, 1)


def test_recent_search_never_asks_beyond_seven_days_and_older_gaps_are_closed_by_timelines() -> None:
    accounts = [
        _account(f"desa_{n}", 100 + n, FakeXPost("lama", NIGHT - 20 * DAY), FakeXPost("baru", NIGHT - DAY))
        for n in range(3)
    ]
    with XServer(accounts) as server:
        office = open_office(server, Clock(), archive_access=False)
        office.marks["desa_1"] = Mark(NIGHT - 7 * DAY + 2 * HOUR)
        scans = office.night()
    assert texts(scans, "desa_0") == ["lama", "baru"]
    assert scans["desa_0"].reading.source == "x-timeline"
    assert texts(scans, "desa_1") == ["baru"]
    assert scans["desa_1"].reading.source == "x-recent"
    assert all(scan.reading.complete for scan in scans.values())


def test_deleted_posts_are_absent_and_nothing_is_concluded_from_it() -> None:
    post = FakeXPost("dihapus", NIGHT - HOUR, deleted_at=NIGHT + HOUR)
    with XServer([_account("dinas_air", 11, post)]) as server:
        office = open_office(server, Clock())
        office.night()
        office.clock.moment += DAY
        scan = office.night()["dinas_air"]
    assert scan.posts == ()
    assert (scan.reading.outcome, scan.reading.last_post_at) == ("read", NIGHT - HOUR)


def test_the_bill_counts_each_resource_once_per_utc_day() -> None:
    accounts = [_account("dinas_air", 11, *[FakeXPost(f"kabar {n}", NIGHT - n * HOUR - HOUR) for n in range(4)])]
    with XServer(accounts) as server:
        office = open_office(server, Clock(), with_ids=False)
        office.deadline_hours = 48
        collector = office.collector()
        targets = office.targets(NIGHT)
        for _ in range(2):
            list(collector.collect(targets, Window(NIGHT - DAY, NIGHT)))
        cost = collector.costs()[0]
        assert (cost.posts_billed, cost.users_billed) == (4, 1) == (server.posts_billed, server.users_billed)
        assert cost.usd == pytest.approx(4 * 0.005 + 0.010)
        assert cost.requests == server.count()
        office.clock.moment += DAY
        list(collector.collect(targets, Window(NIGHT - DAY, NIGHT)))
        assert collector.costs()[0].posts_billed == 8 == server.posts_billed


def test_when_the_budget_is_spent_the_rest_is_unread_and_says_so() -> None:
    accounts = [
        _account(f"desa_{n:03d}", 100 + n, *[FakeXPost(f"{n} {m}", NIGHT - HOUR, sequence=n * 9 + m) for m in range(3)])
        for n in range(200)
    ]
    with XServer(accounts) as server:
        office = open_office(server, Clock(), budget_usd=1.0)
        scans = office.night()
        assert server.posts_billed <= 1.0 / 0.005 + 10
    unread = [scan.reading for scan in scans.values() if scan.reading.outcome == "unread"]
    assert unread
    assert len(unread) < 200
    assert {reading.unread_class for reading in unread} == {"budget"}
    assert len({reading.reason for reading in unread}) == 1


def test_usage_is_read_as_x_counts_it() -> None:
    with XServer([]) as server:
        assert open_office(server, Clock()).collector().usage() == XUsage(11174038, 50000000, 28)
    recorded = json.loads((FIXTURES / "usage_tweets.json").read_text("utf-8"))["data"]
    assert recorded == server.usage


def test_a_watermark_in_the_future_is_not_taken_for_a_quiet_account() -> None:
    with XServer([_account("dinas_air", 11, FakeXPost(at=NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        office.marks["dinas_air"] = Mark(NIGHT + 3 * DAY)
        reading = office.night()["dinas_air"].reading
    assert (reading.outcome, reading.unread_class) == ("unread", "unproven")


def test_the_real_host_is_reached_through_the_office_proxy_with_its_own_authority() -> None:
    with XServer(
        [_account("dinas_air", 11, FakeXPost("lewat proksi", NIGHT - HOUR))], tls_hosts=["api.twitter.com"]
    ) as server:
        office = open_office(server, Clock(), api_url="https://api.twitter.com")
        office.network = Network(proxy=server.proxy_url, ca_file=server.ca_file)
        assert texts(office.night()) == ["lewat proksi"]
        assert {request.host for request in server.log} == {"api.twitter.com"}


def test_an_https_address_of_the_settings_is_trusted_only_with_its_authority() -> None:
    with XServer([_account("dinas_air", 11, FakeXPost("tls", NIGHT - HOUR))], direct_tls=True) as server:
        office = open_office(server, Clock())
        assert office.night()["dinas_air"].reading.unread_class == "network"
        office.network = Network(ca_file=server.ca_file)
        assert texts(office.night()) == ["tls"]


def test_an_unusable_ca_file_leaves_every_account_unread_with_one_reason() -> None:
    with XServer([_account("dinas_air", 11)]) as server:
        office = open_office(server, Clock())
        office.network = Network(ca_file="/tidak/ada.pem")
        reading = office.night()["dinas_air"].reading
    assert reading.outcome == "unread"
    assert "network.ca_file" in reading.reason


def test_no_log_line_holds_the_token_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with XServer([_account("dinas_air", 11, FakeXPost(at=NIGHT - HOUR))]) as server:
        office = open_office(server, Clock())
        logging.getLogger("tweepy.client").setLevel(logging.DEBUG)
        office.night()
        server.faults.add(Fault(change=renamed))
        office.night()
        assert server.token not in caplog.text
        assert "api.twitter.com" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("tweepy"))


def test_an_empty_list_of_accounts_asks_nothing() -> None:
    with XServer([]) as server:
        assert open_office(server, Clock()).night() == {}
        assert server.count() == 0


def test_ids_of_posts_are_those_that_x_would_give() -> None:
    assert snowflake_time(snowflake(NIGHT, 7)) == NIGHT


def test_the_server_refuses_a_wrong_token() -> None:
    with XServer([_account("dinas_air", 11)]) as server:
        office = Office(server, Clock(), register(server))
        server.token = "lain"
        collector = office.collector(token="salah")
        scan = next(iter(collector.collect(office.targets(NIGHT), Window(NIGHT - DAY, NIGHT))))
    assert (scan.reading.outcome, scan.reading.unread_class) == ("unread", "token")
