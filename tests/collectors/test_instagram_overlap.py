"""What is read again at no cost, and from when on the scan proves that a post that is not in it is no longer there."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.instagram_timeline import FIRST_POST_EVER
from pantau.core.model import Scan
from tests.collectors.instagram_night import NOW, Night, hours_ago, office, outcomes, texts
from tests.random_cases import cases
from tests.servers.instagram_server import FakeIgPost, InstagramServer


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    with InstagramServer() as running:
        yield running


def read(folder: Path, posts: Sequence[FakeIgPost], **night: object) -> Scan:
    with InstagramServer([office(1, posts)]) as server:
        (scan,) = Night(server, folder, stored="ABC", **night).read()  # type: ignore[arg-type]
        return scan


def daily(days: int, first: float = 12) -> list[FakeIgPost]:
    return [FakeIgPost(hours_ago(first + 24 * day), f"Hari {day}") for day in range(days)]


def older_texts(scan: Scan) -> list[str]:
    return [one.post.text for one in scan.older]


def test_a_whole_page_is_compared_again_without_a_further_request(tmp_path: Path) -> None:
    with InstagramServer([office(1, daily(20))]) as server:
        (scan,) = Night(server, tmp_path, stored="ABC").read()
        assert texts(scan) == [f"Hari {day}" for day in range(8)], "a post of last week that came late is news"
        assert older_texts(scan) == [f"Hari {day}" for day in range(8, 12)]
        assert (scan.reading.complete, server.count("timeline")) == (True, 1)


def test_a_first_reading_brings_no_older_posts_as_news(tmp_path: Path) -> None:
    with InstagramServer([office(1, daily(20))]) as server:
        (scan,) = Night(server, tmp_path).read()
        assert texts(scan) == ["Hari 0"]
        assert len(scan.older) == 11


def test_a_visitor_pays_per_post_and_reads_nothing_again(tmp_path: Path) -> None:
    with InstagramServer([office(1, daily(10))]) as server:
        (scan,) = Night(server, tmp_path, stored="ABC", signed_in=False).read()
        assert texts(scan) == ["Hari 0"]
        assert server.count("post") == 3, "codes of two days before the window may hide drafts"
        assert (len(scan.older), scan.seen_from) == (2, None)


def test_a_page_proves_as_far_as_it_reaches_but_for_drafts(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(20 + 10 * n), f"Kabar {n}") for n in range(30)]
    scan = read(tmp_path, posts)
    assert len(scan.posts) + len(scan.older) == 12
    assert scan.seen_from == posts[11].taken_at + timedelta(days=2), "a draft can lie two days lower in the list"


@pytest.mark.parametrize(
    "posts",
    [
        [*daily(6), FakeIgPost(hours_ago(30), "Naik"), *daily(9, 200)],
        [FakeIgPost(hours_ago(9000 + n), f"Sematan {n}", pinned=True) for n in range(3)],
        daily(3, 200),
    ],
    ids=["out of order", "nothing but pins", "too few to tell from pins"],
)
def test_a_list_that_proves_nothing_is_not_taken_for_proof(tmp_path: Path, posts: list[FakeIgPost]) -> None:
    with InstagramServer([office(1, posts)]) as server:
        server.accounts[0].timeline = lambda: posts  # type: ignore[method-assign]
        (scan,) = Night(server, tmp_path, stored="ABC").read()
    assert (outcomes([scan]), scan.reading.complete, scan.seen_from) == (["read"], True, None)


def test_an_account_that_took_down_everything_is_proven_by_list_and_count(tmp_path: Path) -> None:
    scan = read(tmp_path, [])
    assert (outcomes([scan]), scan.seen_from) == (["read"], FIRST_POST_EVER)


@pytest.mark.parametrize("fault", ["wait401", "empty_timeline", "truncated", "not_found404"])
def test_a_failed_reading_proves_nothing(tmp_path: Path, fault: str) -> None:
    with InstagramServer([office(1, daily(30, 1))]) as server:
        server.fail(fault, endpoint="timeline")
        (scan,) = Night(server, tmp_path, stored="ABC").read()
        assert (scan.reading.outcome, scan.seen_from) == ("unread", None)


def test_a_post_that_cannot_be_read_leaves_no_proof(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1), "Rusak", without=["taken_at"]), *daily(12)]
    assert read(tmp_path, posts).seen_from is None


def test_the_last_post_in_order_decides_where_the_list_ends(tmp_path: Path) -> None:
    """An old post that was moved up must not hide new ones on the next page."""
    moved = FakeIgPost(hours_ago(900), "Dipindah ke atas")
    new = [FakeIgPost(hours_ago(1 + n / 2), f"Kabar {n}") for n in range(20)]
    with InstagramServer([office(1, [*new, moved, *daily(5, 200)])]) as server:
        shown = [*new[:5], moved, *new[5:], *daily(5, 200)]
        server.accounts[0].timeline = lambda: shown  # type: ignore[method-assign]
        (scan,) = Night(server, tmp_path).read()
        assert (len(texts(scan)), scan.reading.complete) == (20, True)


def test_a_list_that_turns_in_circles_is_given_up_at_once(tmp_path: Path) -> None:
    posts = [FakeIgPost(hours_ago(1 + n / 60), f"Kabar {n}") for n in range(24)]
    with InstagramServer([office(1, posts)]) as server:
        server.accounts[0].timeline = lambda: posts * 50  # type: ignore[method-assign]
        (scan,) = Night(server, tmp_path).read()
        assert (outcomes([scan]), len(texts(scan))) == (["unread format"], 24)
        assert "tidak berakhir" in scan.reading.reason
        assert server.count("timeline") == 3


POST = st.builds(
    FakeIgPost,
    st.floats(-5, 24 * 14).map(hours_ago),
    st.just("Kabar"),
    pinned=st.booleans(),
    author=st.sampled_from([("", ""), ("2002", "kecamatan_contoh")]),
    without=st.sampled_from([[], ["timeline_pinned_user_ids"], ["user"], ["caption", "like_count"]]),
)


POSTS = st.lists(POST, max_size=40, unique_by=lambda post: int(post.taken_at.timestamp()))


@settings(max_examples=cases(6, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profiles=st.lists(POSTS, min_size=8, max_size=8), known=st.booleans())
def test_from_the_proven_instant_on_every_post_is_there_whatever_the_profile_looks_like(
    server: InstagramServer, tmp_path: Path, profiles: list[list[FakeIgPost]], known: bool
) -> None:
    server.accounts[:] = [office(number, posts) for number, posts in enumerate(profiles)]
    for account in server.accounts:
        for post in [post for post in account.posts if post.pinned][3:]:
            post.pinned = False
    for account, scan in zip(server.accounts, Night(server, tmp_path, stored="ABC", known=known).read(), strict=True):
        if scan.seen_from is not None:
            shown = [post for post in account.posts if scan.seen_from <= post.taken_at.replace(microsecond=0) < NOW]
            assert {account.code_of(post) for post in shown} <= {one.post.post_id for one in (*scan.posts, *scan.older)}
