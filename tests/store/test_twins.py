"""A post that came by an export and is read live, in either order, is one post."""

from datetime import timedelta

import msgspec
import pytest

from pantau.core.derived_ids import derived_id
from pantau.core.model import Account, Collected, Post, Window
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, ON, account, begin, collected, post, scan

SECOND = timedelta(seconds=1)


@pytest.fixture
def page(store: Store) -> Account:
    begin(store)
    begin(store, kind="import", run_id="i-1")
    return store.accounts.sync([account(platform="instagram")], ON)[0]


def live(post_id: str = "DAbc", text: str = "Panen raya", **more: object) -> Post:
    at = {
        "platform": "instagram",
        "account": "instagram:@dinascontoh",
        "url": f"https://www.instagram.com/p/{post_id}/",
    }
    return post(post_id, text, **{**at, **more})  # type: ignore[arg-type]


def exported(text: str = "Panen raya", late: timedelta = 20 * SECOND, ordinal: int = 1) -> Collected:
    made = live(text=text)
    at = made.published_at + late
    post_id = derived_id("dinascontoh", int(at.timestamp()), text, ordinal)
    return collected(msgspec.structs.replace(made, post_id=post_id, published_at=at, url=""))


def read(store: Store, *posts: Post, night: str = "n-20261101", at_hours: int = 1) -> None:
    made = scan(*posts, account="instagram:@dinascontoh", at=NIGHT + at_hours * HOUR)
    store.save_scan(night, made, Window(NIGHT - DAY, NIGHT))


def keys(store: Store) -> list[str]:
    return sorted(one.key for one in store.posts.in_window(Window(NIGHT - DAY, NIGHT)))


def test_a_post_read_live_does_not_come_again_by_an_export(store: Store, page: Account) -> None:
    read(store, live())
    assert store.import_posts("i-1", [exported(), exported("Yang lain")], NIGHT + HOUR).new == 1
    assert len(keys(store)) == 2
    assert "instagram:DAbc" in keys(store)
    assert store.import_posts("i-1", [exported(), exported("Yang lain")], NIGHT + HOUR).new == 0


def test_a_post_of_an_export_that_is_read_live_later_stays_one_and_does_not_vanish(store: Store, page: Account) -> None:
    store.import_posts("i-1", [exported()], NIGHT)
    (key,) = keys(store)
    for night in range(1, 4):
        read(store, live(), at_hours=night)
    assert keys(store) == [key]
    assert store.posts.get([key])[key].url == "https://www.instagram.com/p/DAbc/"
    assert store.posts.vanished("n-20261101") == []


def test_its_caption_edited_later_is_an_edit_of_the_same_post(store: Store, page: Account) -> None:
    store.import_posts("i-1", [exported()], NIGHT)
    (key,) = keys(store)
    read(store, live())
    read(store, live(text="Panen raya 30 kuintal"), at_hours=2)
    assert keys(store) == [key]
    assert store.posts.get([key])[key].text == "Panen raya 30 kuintal"


def test_a_newer_export_that_names_the_platform_s_id_adds_nothing(store: Store, page: Account) -> None:
    store.import_posts("i-1", [exported()], NIGHT)
    assert store.import_posts("i-1", [collected(live())], NIGHT).new == 0
    assert len(keys(store)) == 1


def test_wordless_pictures_of_one_minute_stay_as_many_as_they_are(store: Store, page: Account) -> None:
    read(store, live("DAbc1", ""), live("DAbc2", "", hours_before=2.001))
    three = [exported("", n * SECOND) for n in (1, 2, 3)]
    assert store.import_posts("i-1", three, NIGHT + HOUR).new == 1
    assert store.import_posts("i-1", three, NIGHT + HOUR).new == 0
    assert len(keys(store)) == 3


def test_mentions_that_the_graph_api_shows_without_their_sign_are_the_same_words(store: Store, page: Account) -> None:
    read(store, live(text="Bersama kab.contoh panen raya"))
    assert store.import_posts("i-1", [exported("Bersama @kab.contoh  panen raya")], NIGHT + HOUR).new == 0


@pytest.mark.parametrize(("text", "late"), [("Panen raya", timedelta(seconds=61)), ("Panen", timedelta())])
def test_other_words_or_another_minute_are_another_post(
    store: Store, page: Account, text: str, late: timedelta
) -> None:
    read(store, live())
    assert store.import_posts("i-1", [exported(text, late)], NIGHT + HOUR).new == 1


def test_the_same_words_of_another_account_are_another_post(store: Store, page: Account) -> None:
    store.accounts.sync([account(platform="instagram"), account("lain", "instagram")], ON)
    other = live("DXyz", account="instagram:@lain")
    store.save_scan("n-20261101", scan(other, account="instagram:@lain"))
    assert store.import_posts("i-1", [exported()], NIGHT + HOUR).new == 1


def test_a_post_without_words_in_the_export_is_the_one_of_the_same_second_and_its_words_are_new_not_edited(
    store: Store, page: Account
) -> None:
    store.import_posts("i-1", [exported("", late=0 * SECOND), exported("", late=9 * SECOND)], NIGHT)
    before = keys(store)
    read(store, live())
    assert keys(store) == before
    found = [one for one in store.posts.new_in_run("n-20261101") if one.text == "Panen raya"]
    assert [one.edited_from for one in found] == [""]
    assert store.posts.trail([found[0].key])[found[0].key].first_run == "n-20261101"
    assert len(store.posts.versions(found[0].key)) == 1
    read(store, live(text="Panen raya besar"), at_hours=2)
    assert len(store.posts.versions(found[0].key)) == 2


def test_a_tiktok_video_whose_caption_was_edited_in_between_is_known_by_its_second_and_only_alone_in_it(
    store: Store,
) -> None:
    begin(store)
    begin(store, kind="import", run_id="i-1")
    store.accounts.sync([account(platform="tiktok")], ON)

    def video(post_id: str, text: str) -> Post:
        return post(post_id, text, platform="tiktok", account="tiktok:@dinascontoh", url="")

    def seen(*videos: Post, hours: int) -> None:
        made = scan(*videos, account="tiktok:@dinascontoh", at=NIGHT + hours * HOUR)
        store.save_scan("n-20261101", made, Window(NIGHT - DAY, NIGHT))

    store.import_posts("i-1", [collected(video("ekspor-1", "Panen raya"))], NIGHT)
    seen(video("71", "Panen raya, diralat"), hours=1)
    assert keys(store) == ["tiktok:ekspor-1"]
    assert store.import_posts("i-1", [collected(video("ekspor-2", "Ralat kedua"))], NIGHT + 2 * HOUR).new == 0
    both = [collected(video("ekspor-3", "Ralat ketiga")), collected(video("ekspor-4", "Lain"))]
    assert store.import_posts("i-1", both, NIGHT + 3 * HOUR).new == 2


def test_a_post_that_an_export_without_words_holds_too_is_not_taken_in_again(store: Store, page: Account) -> None:
    read(store, live())
    assert store.import_posts("i-1", [exported("", late=0 * SECOND)], NIGHT + HOUR).new == 0
    assert store.import_posts("i-1", [exported("", late=5 * SECOND)], NIGHT + HOUR).new == 1


def test_a_later_export_with_one_more_post_of_the_same_minute_and_words_adds_it(store: Store, page: Account) -> None:
    store.import_posts("i-1", [exported()], NIGHT)
    both = [exported(), exported(late=50 * SECOND)]
    assert store.import_posts("i-1", both, NIGHT + HOUR).new == 1
    assert store.import_posts("i-1", both, NIGHT + HOUR).new == 0


def test_one_of_an_export_that_is_missing_live_twice_has_vanished_but_not_by_a_mere_list_of_ids(
    store: Store, page: Account
) -> None:
    store.import_posts("i-1", [exported()], NIGHT)
    (key,) = keys(store)
    read(store, live())
    for night in (2, 3):
        run = begin(store, night).run_id
        at = NIGHT + DAY * (night - 1) + HOUR
        bare = scan(account="instagram:@dinascontoh", at=at)
        store.save_scan(run, msgspec.structs.replace(bare, shown=("DAbc",)), Window(NIGHT - DAY, NIGHT))
        assert store.posts.vanished(run) == []
    for night in (4, 5):
        run = begin(store, night).run_id
        at = NIGHT + DAY * (night - 1) + HOUR
        store.save_scan(run, scan(account="instagram:@dinascontoh", at=at), Window(NIGHT - DAY, NIGHT))
    assert [item.post.key for item in store.posts.vanished("n-20261105")] == [key]
