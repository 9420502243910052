"""A post is called vanished only when two nights missed it, and no longer once it is seen; unread nights say nothing."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantau.core.model import Account, Collected, Post, Scan, Window
from pantau.store import open_store
from pantau.store.store import Store
from tests.random_cases import cases

from .builders import DAY, HOUR, NIGHT, ON, account, before_evidence, begin, post, scan

RUN = "n-20261101"
SPAN = Window(NIGHT - DAY, NIGHT)


def night(
    store: Store,
    number: int,
    *posts: Post | Collected,
    span: Window | None = SPAN,
    late: timedelta = HOUR,
    **more: object,
) -> int:
    """Night ``number`` reads these posts; how many are called vanished from now on. ``more``: fields of the scan."""
    run = begin(store, number)
    fields = {name: more.pop(name) for name in ("older", "shown", "absent") if name in more}
    made = scan(*posts, at=NIGHT + DAY * (number - 1) + late, **more)  # type: ignore[arg-type]
    return store.save_scan(run.run_id, msgspec.structs.replace(made, **fields), span).vanished


def gone_since(store: Store, key: str = "x:2") -> datetime | None:
    return store.posts.trail([key])[key].vanished_at


def test_a_post_that_two_nights_miss_is_marked_since_the_first_and_never_deleted(store: Store, agency: Account) -> None:
    night(store, 1, post("1"), post("2"), post("old", hours_before=48))
    assert night(store, 2, post("1")) == 0
    assert gone_since(store) is None
    assert night(store, 3, post("1")) == 1
    (gone,) = store.posts.vanished("n-20261103")
    assert (gone.post.key, gone.last_seen_at, gone.missed_at) == ("x:2", NIGHT + HOUR, NIGHT + DAY + HOUR)
    assert "x:2" in store.posts.get(["x:2"])
    assert gone_since(store) == NIGHT + DAY + HOUR
    assert night(store, 4, post("1")) == 0
    assert len(store.posts.vanished("n-20261103")) == 1


def test_a_second_start_in_the_same_evening_confirms_nothing(store: Store, agency: Account) -> None:
    night(store, 1, post("2"))
    assert night(store, 2) == 0
    begin(store, 2, kind="trial", run_id="d-1")
    assert store.save_scan("d-1", scan(at=NIGHT + DAY + 4 * HOUR), SPAN).vanished == 0


def test_a_vanished_post_that_is_seen_again_has_not_vanished(store: Store, agency: Account) -> None:
    first = scan(post("2"))
    store.save_scan(RUN, first)
    night(store, 2)
    assert night(store, 3) == 1
    store.save_scan(RUN, first)  # the earlier answer says nothing new
    assert len(store.posts.vanished("n-20261103")) == 1
    night(store, 4, post("2"))
    assert store.posts.vanished("n-20261103") == []
    assert gone_since(store) is None


@pytest.mark.parametrize("how", ["older", "shown"])
def test_a_post_that_merely_stands_on_the_same_page_is_still_there(store: Store, agency: Account, how: str) -> None:
    night(store, 1, post("2"))
    night(store, 2)
    night(store, 3)
    beside = (Collected(post("2"), b"{}"),) if how == "older" else ("2",)
    assert night(store, 4, **{how: beside}) == 0
    assert gone_since(store) is None
    assert night(store, 5) == 0
    assert gone_since(store) is None


def test_an_older_post_beside_the_wanted_ones_is_refreshed_but_never_taken_in(store: Store, agency: Account) -> None:
    night(store, 1, post("2", "Awal"))
    beside = (Collected(post("2", "Diubah"), b'{"n":2}'), Collected(post("3", "Lama sekali", 5000), b"{}"))
    night(store, 2, older=beside)
    assert store.posts.get(["x:2", "x:3"]).keys() == {"x:2"}
    assert [version.post.text for version in store.posts.versions("x:2")] == ["Awal", "Diubah"]
    assert store.posts.raw("x:2") == b'{"n":2}'


def test_a_post_asked_for_by_its_id_vanishes_after_two_refusals(store: Store, agency: Account) -> None:
    night(store, 1, post("2", hours_before=900))
    assert night(store, 2, span=None, absent=("2", "nie-da")) == 0
    assert night(store, 3, span=None, absent=("2",)) == 1


@pytest.mark.parametrize("outcome", ["unread", "private", "missing", "suspended"])
def test_an_account_that_cannot_be_read_makes_nothing_vanish(store: Store, agency: Account, outcome: str) -> None:
    night(store, 1, post("2"))
    for number in (2, 3, 4):
        assert night(store, number, complete=False, outcome=outcome, absent=("2",)) == 0
    assert gone_since(store) is None


def test_an_unread_night_between_two_absences_neither_confirms_nor_forgets(store: Store, agency: Account) -> None:
    night(store, 1, post("2"))
    night(store, 2)
    assert night(store, 3, complete=False, outcome="unread") == 0
    assert night(store, 4) == 1
    assert gone_since(store) == NIGHT + DAY + HOUR


def test_what_another_source_does_not_list_has_not_vanished(store: Store, agency: Account) -> None:
    night(store, 1, post("2"))
    for number in (2, 3):
        run = begin(store, number)
        other = scan(at=NIGHT + DAY * (number - 1) + HOUR)
        other = msgspec.structs.replace(other, reading=msgspec.structs.replace(other.reading, source="x-timeline"))
        assert store.save_scan(run.run_id, other, SPAN).vanished == 0


def test_an_older_answer_saved_late_says_nothing_about_what_was_seen_after_it(store: Store, agency: Account) -> None:
    night(store, 2, post("2"))
    assert store.save_scan(RUN, scan(at=NIGHT), SPAN).vanished == 0
    night(store, 5)
    night(store, 6)
    begin(store, 4)
    store.save_scan("n-20261104", scan(post("2"), at=NIGHT + 3 * DAY))  # seen before it was missed
    assert gone_since(store) == NIGHT + 4 * DAY + HOUR


def test_a_post_still_shown_by_another_account_has_not_vanished(store: Store) -> None:
    begin(store)
    one, two = store.accounts.sync([account("satu"), account("dua")], ON)
    for item in (one, two):
        store.save_scan(RUN, scan(post("2"), account=item.key))
    night(store, 2, account=two.key)
    assert night(store, 3, account=two.key) == 1
    assert [gone.post.account for gone in store.posts.vanished("n-20261103")] == [two.key]
    assert gone_since(store) is None


def test_a_database_of_an_earlier_version_keeps_what_it_called_vanished(url: str) -> None:
    with open_store(url) as store:
        begin(store)
        store.accounts.sync([account()], ON)
        night(store, 1, post("2"))
        night(store, 2)
        night(store, 3)
        before_evidence(store)
    with open_store(url) as store:
        assert gone_since(store) == NIGHT + DAY + HOUR
        night(store, 4, post("2"))
        assert gone_since(store) is None


NIGHTS = st.lists(
    st.tuples(st.sets(st.sampled_from("abcd")), st.sampled_from(["read", "read", "read", "unread", "private"])),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=cases(20, 300), deadline=None)
@given(history=NIGHTS)
def test_whatever_is_deleted_and_restored_a_visible_post_is_never_called_vanished(
    store: Store, agency: Account, history: list[tuple[set[str], str]]
) -> None:
    first = store.runs.recent(1)[0].as_of  # each example goes on after the one before
    missed: dict[str, int] = {}
    ever: set[str] = set()
    for number, (visible, outcome) in enumerate([(set("abcd"), "read"), *history], 1):
        at = first + DAY * number
        run = store.runs.begin("nightly", f"n-{at:%Y%m%d%H}", Window(at - DAY, at), at, at)
        shown = [post(name) for name in sorted(visible)] if outcome == "read" else []
        made: Scan = scan(*shown, at=at, complete=outcome == "read", outcome=outcome)
        store.save_scan(run.run_id, made, SPAN)
        if outcome == "read":
            ever |= visible
            missed = {name: 0 if name in visible else missed.get(name, 0) + 1 for name in ever}
        trails = store.posts.trail(f"x:{name}" for name in ever)
        for name in ever:
            gone = trails[f"x:{name}"].vanished_at
            assert (gone is not None) == (missed[name] >= 2), (name, missed[name])
