"""The words read off a file are kept by its hash and reused; a post knows its pictures; what may not be kept goes with it."""

import pytest

from pantau.core.errors import StoreError
from pantau.core.model import Account, Media
from pantau.core.pictures import PictureFacts, PictureLine, PictureUse, PostPicture
from pantau.store import open_store
from pantau.store.store import Store

from .builders import HOUR, NIGHT, ON, account, before_evidence, begin, post, scan

LINES = (PictureLine("NIK 3316", 0.93, (1, 2, 3, 4)), PictureLine("\U0001f600 dua\x00", 0.5, (5, 6, 7, 8)))
KEPT = (LINES[0], PictureLine("\U0001f600 dua\ufffd", 0.5, (5, 6, 7, 8)))


def read(n: int = 1, sha256: str = "aa", **more: object) -> PostPicture:
    values = {"state": "read", "ocr_version": "v1", "lines": LINES} | more
    return PostPicture(n=n, sha256=sha256, **values)  # type: ignore[arg-type]


def facts(sha256: str = "aa", same_as: str = "", dhash: str = "00ff00ff00ff00ff", similar_to: str = "") -> PictureFacts:
    return PictureFacts(
        sha256=sha256, dhash=dhash, width=10, height=20, same_as=same_as or sha256, similar_to=similar_to
    )


@pytest.fixture
def posts(store: Store, agency: Account) -> Store:
    media = (Media(kind="image", url="https://cdn.example/a.jpg?x=1"),)
    items = [post(str(n), hours_before=10 - n, media=media) for n in range(1, 4)]
    store.save_scan("n-20261101", scan(*items))
    return store


def test_the_words_and_places_of_a_post_s_pictures_are_kept(posts: Store) -> None:
    lost = PostPicture(n=2, state="unreadable", sha256="bb", reason="berkasnya rusak")
    media = [Media(kind="image", url="https://cdn.example/a.jpg", sha256="aa")]
    posts.pictures.save("x:1", [read(start=7), lost], facts=[facts()], image_text="Lama\n\nNIK 3316", media=media)
    assert posts.pictures.of_posts(["x:1", "x:2"]) == {"x:1": (read(start=7, lines=KEPT), lost)}
    stored = posts.posts.get(["x:1"])["x:1"]
    assert stored.image_text == "Lama\n\nNIK 3316"
    assert stored.media == tuple(media)
    assert len(posts.posts.versions("x:1")) == 1


def test_a_file_that_was_read_is_known_by_hash_and_version(posts: Store) -> None:
    posts.pictures.save("x:1", [read()], facts=[facts()])
    assert posts.pictures.text("aa", "v1") == KEPT
    assert posts.pictures.text("aa", "v2") is None
    assert posts.pictures.text("zz", "v1") is None
    assert posts.pictures.facts(["aa", "zz"]) == {"aa": facts()}


def test_words_once_stored_stay_and_another_try_replaces_what_failed(posts: Store) -> None:
    posts.pictures.save("x:1", [PostPicture(n=1, state="unfetched", reason="server gambar menjawab 404")])
    posts.pictures.save("x:1", [read()], facts=[facts()])
    posts.pictures.save("x:2", [read(lines=())], facts=[facts(dhash="0" * 16)])
    found = posts.pictures.of_posts(["x:1", "x:2"])
    assert found["x:1"] == (read(lines=KEPT),)
    assert found["x:2"] == (read(lines=KEPT),)
    assert posts.pictures.facts(["aa"]) == {"aa": facts()}


def test_posts_that_show_the_same_picture_are_found_oldest_first(posts: Store) -> None:
    posts.pictures.save("x:3", [read()], facts=[facts()])
    posts.pictures.save("x:1", [read(sha256="bb")], facts=[facts("bb", same_as="aa")])
    posts.pictures.save("x:2", [read(sha256="cc")], facts=[facts("cc", similar_to="aa")])
    assert posts.pictures.uses(["aa"]) == [PictureUse("x:1", 1, "bb", "aa"), PictureUse("x:3", 1, "aa", "aa")]
    assert posts.pictures.fingerprints() == [("aa", facts().dhash), ("cc", facts().dhash)]


def test_an_unknown_post_is_refused_and_nothing_of_it_is_kept(posts: Store) -> None:
    with pytest.raises(StoreError, match="x:9"):
        posts.pictures.save("x:9", [read()], facts=[facts()])
    assert posts.pictures.facts(["aa"]) == {}


def test_reading_a_post_again_keeps_its_words_and_the_hashes_of_its_pictures(posts: Store) -> None:
    posts.pictures.save(
        "x:1",
        [read()],
        facts=[facts()],
        image_text="NIK 3316",
        media=[Media(kind="image", url="https://cdn.example/a.jpg?x=1", sha256="aa")],
    )
    fresh = post("1", hours_before=9, media=(Media(kind="image", url="https://cdn.example/a.jpg?x=2"),))
    posts.save_scan("n-20261101", scan(fresh, at=NIGHT + 2 * HOUR))
    stored = posts.posts.get(["x:1"])["x:1"]
    assert stored.image_text == "NIK 3316"
    assert stored.media[0].sha256 == "aa"


def test_purging_posts_takes_the_words_of_pictures_that_no_other_post_shows(posts: Store) -> None:
    posts.pictures.save("x:1", [read()], facts=[facts()])
    posts.pictures.save("x:2", [read(sha256="bb")], facts=[facts("bb")])
    posts.pictures.save("x:3", [read(sha256="bb")])
    posts.purge(posts_before=NIGHT - 8 * HOUR + HOUR / 2)
    assert posts.pictures.of_posts(["x:1", "x:2", "x:3"]).keys() == {"x:3"}
    assert posts.pictures.facts(["aa", "bb"]).keys() == {"bb"}
    assert posts.pictures.text("aa", "v1") is None
    assert posts.pictures.text("bb", "v1") is not None


def test_a_database_from_before_pictures_gets_their_tables_and_keeps_its_posts(url: str) -> None:
    with open_store(url) as store:
        begin(store)
        store.accounts.sync([account()], ON)
        store.save_scan("n-20261101", scan(post()))
        before_evidence(store)
        with store._database.write() as connection:
            for table in ("post_pictures", "picture_texts", "pictures"):
                connection.exec_driver_sql(f"DROP TABLE {table}")
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with open_store(url) as store:
        store.pictures.save("x:1", [read()], facts=[facts()], image_text="NIK 3316")
        assert store.posts.get(["x:1"])["x:1"].image_text == "NIK 3316"
