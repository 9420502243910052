"""Runs, what their readings gave, the states they judged and what they cost."""

import msgspec
import pytest

from pantau.core.errors import StoreError
from pantau.core.model import Account, Cost, Observation, Run, Window
from pantau.store.records import RunEvent
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, ON, account, begin, scan

RUN = "n-20261101"


def test_a_run_comes_back_whole(store: Store) -> None:
    begun = begin(store)
    assert begun == Run(
        run_id=RUN, kind="nightly", window=Window(NIGHT - DAY, NIGHT), as_of=NIGHT, started_at=NIGHT + HOUR
    )
    store.runs.finish(RUN, NIGHT + 2 * HOUR, 1, "1 akun tidak terbaca")
    finished = msgspec.structs.replace(
        begun, status="finished", finished_at=NIGHT + 2 * HOUR, exit_code=1, summary="1 akun tidak terbaca"
    )
    assert store.runs.get(RUN) == finished
    assert set(Run.__struct_fields__) == {
        *("run_id", "kind", "window", "as_of", "started_at"),
        *("status", "finished_at", "exit_code", "summary"),
    }, "a new field of Run needs a column"


def test_beginning_a_run_again_gives_the_one_that_was_interrupted(store: Store) -> None:
    first = begin(store)
    assert begin(store, window=Window(NIGHT, NIGHT + DAY)) == first
    store.runs.finish(RUN, NIGHT, 0, "")
    assert begin(store).status == "finished"


def test_the_newest_unfinished_run_of_a_kind_is_found(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    begin(store, 3, "rerun", "r-1")
    found = store.runs.unfinished("nightly")
    assert found is not None
    assert found.run_id == "n-20261102"
    for run_id in (RUN, "n-20261102"):
        store.runs.finish(run_id, NIGHT, 0, "")
    assert store.runs.unfinished("nightly") is None


def test_the_night_before_is_the_last_finished_one(store: Store) -> None:
    for night in (1, 2, 3):
        begin(store, night)
    store.runs.finish(RUN, NIGHT, 0, "")
    last = store.runs.last_finished("nightly", NIGHT + 2 * DAY)
    assert last is not None
    assert last.run_id == RUN
    assert store.runs.last_finished("nightly", NIGHT) is None


def test_recent_runs_are_newest_first(store: Store) -> None:
    for night in (1, 2, 3):
        begin(store, night)
    assert [run.run_id for run in store.runs.recent(2)] == ["n-20261103", "n-20261102"]


def test_events_are_kept_in_order_and_only_of_runs_that_began(store: Store) -> None:
    begin(store)
    store.runs.note(RUN, NIGHT, "resumed", "setelah mati listrik")
    store.runs.note(RUN, NIGHT, "source_down")
    assert store.runs.events(RUN) == [
        RunEvent(at=NIGHT, name="resumed", detail="setelah mati listrik"),
        RunEvent(at=NIGHT, name="source_down"),
    ]
    with pytest.raises(StoreError):
        store.runs.note("n-lain", NIGHT, "resumed")
    with pytest.raises(StoreError):
        store.runs.finish("n-lain", NIGHT, 0, "")


def test_a_reading_comes_back_whole(store: Store, agency: Account) -> None:
    failed = scan(complete=False, outcome="unread", unread_class="token", reason="token X kedaluwarsa")
    store.save_scan(RUN, failed)
    assert store.readings.of_run(RUN) == [failed.reading]


def test_a_failed_second_try_does_not_undo_a_nights_success(store: Store, agency: Account) -> None:
    good = scan()
    store.save_scan(RUN, good)
    store.save_scan(RUN, scan(complete=False, outcome="unread", at=NIGHT + 3 * HOUR))
    assert store.readings.of_run(RUN) == [good.reading]


def test_a_better_second_try_replaces_a_failure(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(complete=False, outcome="unread"))
    good = scan(at=NIGHT + 3 * HOUR)
    store.save_scan(RUN, good)
    assert store.readings.of_run(RUN) == [good.reading]


def test_history_tells_every_night_in_order_and_leaves_reruns_out(store: Store, agency: Account) -> None:
    outcomes = ["read", "missing", "missing", "unread"]
    for night, outcome in enumerate(outcomes, 1):
        run = begin(store, night)
        store.save_scan(run.run_id, scan(complete=False, outcome=outcome, at=run.started_at))
    begin(store, 5, "rerun", "r-1")
    store.save_scan("r-1", scan(complete=False, outcome="missing", at=NIGHT + 4 * DAY))
    history = store.readings.history([agency.key, "x:@lain"], NIGHT)
    assert [reading.outcome for reading in history[agency.key]] == outcomes
    assert history["x:@lain"] == []
    some = store.readings.history([agency.key], NIGHT + DAY, NIGHT + 2 * DAY)
    assert [reading.outcome for reading in some[agency.key]] == ["missing"]


def observation(account: str, state: str = "quiet", **more: object) -> Observation:
    return msgspec.convert({"account": account, "unit": "opd-contoh", "state": state, **more}, Observation)


def test_observations_come_back_whole_and_are_replaced_as_a_set(store: Store, agency: Account) -> None:
    whole = observation(
        agency.key,
        checked_at=NIGHT,
        last_post_at=NIGHT - DAY,
        silent_days=5,
        limit_days=3,
        excluded=["1 hari libur"],
        since=ON,
    )
    without = observation("unit:desa-x", "unregistered")
    store.observations.save(RUN, [observation("x:@lain"), whole])
    store.observations.save(RUN, [without, whole])
    assert store.observations.of_run(RUN) == [without, whole]


def test_the_state_of_the_night_before_is_found_under_todays_key(store: Store, agency: Account) -> None:
    store.observations.save(RUN, [observation(agency.key)])
    begin(store, 2)
    store.save_scan("n-20261102", scan(account=agency.key, platform_id="900"))
    assert store.observations.before("n-20261102") == {}  # the night before is not finished
    store.runs.finish(RUN, NIGHT, 0, "")
    assert store.observations.before("n-20261102") == {"x:900": observation("x:900")}
    assert store.observations.before(RUN) == {}


def test_costs_are_replaced_per_process_and_added_over_a_restart(store: Store) -> None:
    begin(store)
    store.costs.save(RUN, [Cost(platform="x", source="x-search", requests=3, posts_billed=10, usd=0.05)], "pertama")
    store.costs.save(RUN, [Cost(platform="x", source="x-search", requests=5, posts_billed=20, usd=0.25)], "pertama")
    store.costs.save(RUN, [Cost(platform="x", source="x-search", requests=1, posts_billed=2, usd=0.5)], "lanjutan")
    store.costs.save(RUN, [Cost(platform="instagram", requests=7)], "lanjutan")
    assert store.costs.of_run(RUN) == [
        Cost(platform="instagram", requests=7),
        Cost(platform="x", source="x-search", requests=6, posts_billed=22, usd=0.75),
    ]
    assert set(Cost.__struct_fields__) == {"platform", "source", "requests", "posts_billed", "users_billed", "usd"}


def test_a_months_costs_follow_the_readers_calendar(store: Store) -> None:
    for night, usd in ((1, 1.0), (30, 2.0)):
        run = begin(store, night)
        store.costs.save(run.run_id, [Cost(platform="x", usd=usd)])
    late = NIGHT + 29 * DAY + 3 * HOUR  # 1 December, 01.00 in Jakarta
    store.runs.begin("rerun", "r-1", Window(NIGHT, NIGHT), NIGHT, late)
    store.costs.save("r-1", [Cost(platform="x", usd=4.0)])
    assert [cost.usd for cost in store.costs.of_month(2026, 11)] == [3.0]
    assert [cost.usd for cost in store.costs.of_month(2026, 12)] == [4.0]
    assert store.costs.of_month(2026, 10) == []


def test_an_account_that_nobody_registered_is_not_an_account_of_the_run(store: Store) -> None:
    begin(store)
    store.accounts.sync([account("satu"), account("dua")], ON)
    store.save_scan(RUN, scan(account="x:@satu"))
    assert [reading.account for reading in store.readings.of_run(RUN)] == ["x:@satu"]
