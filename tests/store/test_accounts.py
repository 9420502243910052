"""An account stays the same account over every change of handle, and is read on from where it was last fully read."""

import msgspec
import pytest

from pantau.core.errors import StoreError
from pantau.core.model import Account, Window
from pantau.store.records import Watermark
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, ON, account, begin, collected, post, scan

RUN = "n-20261101"
LATER = ON + DAY
MARK = Watermark(since=NIGHT, last_post_at=NIGHT - 2 * HOUR, last_post_id="1")


def test_the_register_comes_back_in_its_order_with_the_day_it_was_first_known(store: Store) -> None:
    register = [account("b", note="catatan", norm_days=4), account("a"), account("a", "instagram")]
    first = store.accounts.sync(register, ON)
    assert first == [msgspec.structs.replace(item, since=ON) for item in register]
    assert store.accounts.sync(register, LATER) == first


def test_a_learnt_id_gives_posts_and_readings_the_new_key(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post(), platform_id="900", handle="DinasContoh"))
    (now,) = store.accounts.sync([account()], ON)
    assert now.key == "x:900"
    assert store.posts.get(["x:1"])["x:1"].account == "x:900"
    assert [reading.account for reading in store.readings.of_run(RUN)] == ["x:900"]
    assert store.accounts.watermarks() == {"x:900": MARK}
    # the key of before the id was learnt is still understood, for a night that goes on after a kill
    assert len(store.posts.dates([agency.key], NIGHT - DAY)[agency.key]) == 1
    assert store.save_scan(RUN, scan(post(), account=agency.key, platform_id="900", handle="DinasContoh")).new == 0


def test_an_account_with_a_known_id_may_change_its_handle(store: Store) -> None:
    begin(store)
    (old,) = store.accounts.sync([account("lama", platform_id="900")], ON)
    store.save_scan(RUN, scan(post(account=old.key), account=old.key))
    (new,) = store.accounts.sync([account("baru", platform_id="900")], LATER)
    assert (new.key, new.since) == ("x:900", ON)
    assert store.posts.dates([new.key], NIGHT - DAY)[new.key] == [NIGHT - 2 * HOUR]
    assert store.accounts.watermarks() == {"x:900": MARK}


def test_a_handle_that_the_platform_showed_is_recognised_in_the_register(store: Store) -> None:
    begin(store)
    (old,) = store.accounts.sync([account("lama")], ON)
    store.save_scan(RUN, scan(account=old.key, platform_id="900", handle="Baru"))
    assert store.accounts.renamed() == {"x:900": "Baru"}
    (new,) = store.accounts.sync([account("baru")], LATER)
    assert (new.key, new.since, new.handle) == ("x:900", ON, "baru")
    assert store.accounts.renamed() == {}


def test_a_rename_that_was_learnt_late_joins_both_histories(store: Store) -> None:
    begin(store)
    (old,) = store.accounts.sync([account("lama")], ON)
    store.save_scan(RUN, scan(post("1", account=old.key), account=old.key, platform_id="900"))
    begin(store, 2)
    (new,) = store.accounts.sync([account("baru", unit="opd-baru")], LATER)
    assert new.key == "x:@baru"  # nothing says yet that it is the same account
    both = [post("1", account=new.key), post("2", account=new.key, hours_before=-3)]
    store.save_scan("n-20261102", scan(*both, account=new.key, platform_id="900", at=NIGHT + 2 * DAY))
    (joined,) = store.accounts.sync([account("baru", unit="opd-baru")], LATER)
    assert (joined.key, joined.since) == ("x:900", ON)
    assert store.posts.dates(["x:900"], NIGHT - DAY)["x:900"] == [NIGHT - 2 * HOUR, NIGHT + 3 * HOUR]
    assert len(store.readings.history(["x:900"], NIGHT)["x:900"]) == 2
    assert {item.account for item in store.posts.in_window(Window(NIGHT - DAY, NIGHT + DAY))} == {"x:900"}


def test_a_handle_that_passed_to_another_account_does_not_inherit_its_history(store: Store) -> None:
    begin(store)
    (old,) = store.accounts.sync([account("nama", platform_id="900")], ON)
    store.save_scan(RUN, scan(post(account=old.key), account=old.key))
    (new,) = store.accounts.sync([account("nama", platform_id="901")], LATER)
    assert (new.key, new.since) == ("x:901", LATER)
    assert store.posts.dates([new.key], NIGHT - DAY)[new.key] == []


def test_a_known_id_is_never_replaced_by_a_scan(store: Store) -> None:
    begin(store)
    (known,) = store.accounts.sync([account(platform_id="900")], ON)
    store.save_scan(RUN, scan(account=known.key, platform_id="901"))
    assert store.accounts.sync([account()], ON)[0].platform_id == "900"


def test_one_account_named_twice_in_the_register_does_not_stop_the_night(store: Store) -> None:
    begin(store)
    one, two = store.accounts.sync([account("satu"), account("dua")], ON)
    for item in (one, two):
        store.save_scan(RUN, scan(account=item.key, platform_id="900"))
    assert [item.key for item in store.accounts.sync([account("satu"), account("dua")], ON)] == ["x:900", "x:@dua"]
    with pytest.raises(StoreError, match="dua kali"):
        store.accounts.sync([account("satu", platform_id="900"), account("dua", platform_id="900")], ON)


def test_an_account_that_left_the_register_keeps_its_posts_and_may_come_back(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post()))
    assert store.accounts.sync([], LATER) == []
    assert [item.account for item in store.posts.in_window(Window(NIGHT - DAY, NIGHT))] == [agency.key]
    assert store.accounts.sync([account()], LATER) == [agency]


def test_a_handle_is_the_same_in_any_case_and_a_web_address_is_a_handle(store: Store) -> None:
    begin(store)
    register = [account("DinasÉlok"), account("https://Desa.example/warta", "website")]
    store.accounts.sync(register, ON)
    lower = [account("dinasélok"), account("https://desa.example/warta", "website")]
    assert [item.since for item in store.accounts.sync(lower, LATER)] == [ON, ON]
    key = lower[1].key
    store.save_scan(RUN, scan(collected(post(platform="website", account=key)), account=key))
    assert list(store.accounts.watermarks()) == [key]


def test_the_watermark_moves_only_after_a_complete_reading(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1"), complete=False))
    assert store.accounts.watermarks() == {}
    store.save_scan(RUN, scan(post("1"), at=NIGHT + 2 * HOUR))
    assert store.accounts.watermarks() == {agency.key: MARK}
    begin(store, 2)
    store.save_scan("n-20261102", scan(post("2", hours_before=-20), complete=False, at=NIGHT + DAY))
    assert store.accounts.watermarks() == {agency.key: MARK}
    begin(store, 3)
    store.save_scan("n-20261103", scan(post("2", hours_before=-20), at=NIGHT + 2 * DAY + HOUR))
    moved = Watermark(since=NIGHT + 2 * DAY, last_post_at=NIGHT + 20 * HOUR, last_post_id="2")
    assert store.accounts.watermarks() == {agency.key: moved}


def test_the_watermark_never_claims_more_than_had_happened_when_the_account_was_read(
    store: Store, agency: Account
) -> None:
    begin(store, run_id="n-panjang", window=Window(NIGHT - DAY, NIGHT + DAY))
    store.save_scan("n-panjang", scan(at=NIGHT))
    assert store.accounts.watermarks()[agency.key] == Watermark(since=NIGHT)


def test_the_watermark_never_moves_back(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1")))
    begin(store, kind="rerun", run_id="r-1", window=Window(NIGHT - 9 * DAY, NIGHT - 8 * DAY))
    store.save_scan("r-1", scan(post("0", hours_before=200), at=NIGHT + DAY))
    assert store.accounts.watermarks() == {agency.key: MARK}


def test_a_rerun_leaves_no_unread_gap_behind_the_watermark(store: Store, agency: Account) -> None:
    after = Window(NIGHT + 3 * DAY, NIGHT + 4 * DAY)
    begin(store, kind="rerun", run_id="r-1", window=after)
    store.save_scan("r-1", scan(at=NIGHT + 5 * DAY))
    assert store.accounts.watermarks() == {}
    store.save_scan(RUN, scan(post("1")))
    store.save_scan("r-1", scan(at=NIGHT + 5 * DAY))
    assert store.accounts.watermarks() == {agency.key: MARK}
    begin(store, kind="rerun", run_id="r-2", window=Window(NIGHT, NIGHT + 4 * DAY))
    store.save_scan("r-2", scan(at=NIGHT + 5 * DAY))
    assert store.accounts.watermarks()[agency.key].since == NIGHT + 4 * DAY


def test_a_trial_reads_on_like_a_night(store: Store, agency: Account) -> None:
    begin(store, kind="trial", run_id="t-1")
    store.save_scan("t-1", scan(post("1")))
    assert store.accounts.watermarks() == {agency.key: MARK}


def test_known_accounts_are_those_of_sync_and_looking_changes_nothing(store: Store) -> None:
    begin(store)
    store.accounts.sync([account("lama", platform_id="900")], ON)
    register = [account("baru", platform_id="900"), account("lain")]
    seen = store.accounts.known(register)
    assert [item.key for item in seen] == ["x:900", "x:@lain"]
    assert seen[0].since == ON
    assert store.accounts.known([account("lama")])[0].key == "x:900"
    assert store.accounts.known([account("baru")])[0].key == "x:@baru"
