"""Posts go in and come out as they were published, once, in order, with every version and every answer."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantau.core.errors import StoreError
from pantau.core.model import Account, Collected, Media, Post, Window
from pantau.store import open_store
from pantau.store.scans import merged
from pantau.store.store import Store
from tests.random_cases import cases

from .builders import DAY, HOUR, NIGHT, ON, account, begin, collected, everything, post, scan

RUN = "n-20261101"
EVER = Window(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
TEXTS = st.text(st.characters(), max_size=60)  # lone surrogates and NUL included
TIMES = st.datetimes(
    datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC) | st.just(timezone(timedelta(hours=7)))
)
POSTS = st.builds(
    Post,
    platform=st.sampled_from(["x", "instagram"]),
    post_id=st.text("abc0123456789_-:", min_size=1, max_size=12),
    account=st.just("x:@dinascontoh"),
    kind=st.sampled_from(["post", "reply", "repost", "video", "comment"]),
    published_at=TIMES,
    text=TEXTS,
    image_text=TEXTS,
    media=st.lists(
        st.builds(Media, kind=st.sampled_from(["image", "video"]), url=TEXTS, alt=TEXTS, sha256=TEXTS), max_size=2
    ).map(tuple),
    url=TEXTS,
    metrics=st.dictionaries(TEXTS, st.integers(-(2**63), 2**63 - 1), max_size=2),
    edited_from=st.sampled_from(["", "ab" * 32]),
)


def stored_form(text: str) -> str:
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=cases(20, 300), deadline=None)
@given(item=POSTS, raw=st.binary(max_size=40))
def test_a_post_comes_back_as_it_was_published(store: Store, agency: Account, item: Post, raw: bytes) -> None:
    if item.key in store.posts.get([item.key]):
        return
    store.save_scan(RUN, scan(Collected(item, raw)))
    found = store.posts.get([item.key])[item.key]
    assert found.published_at == item.published_at
    assert found.text == stored_form(item.text)
    assert len(found.text) == len(item.text)  # offsets still hold
    assert found.image_text == stored_form(item.image_text)
    assert (found.kind, found.edited_from, found.key) == (item.kind, item.edited_from, item.key)
    assert [media.url for media in found.media] == [stored_form(media.url) for media in item.media]
    assert found.metrics == {stored_form(name): count for name, count in item.metrics.items()}
    if raw:
        assert store.posts.raw(item.key) == raw
    assert found in list(store.posts.in_window(EVER))


def test_every_field_of_a_post_is_stored(store: Store, agency: Account) -> None:
    full = Post(
        platform="x",
        post_id="77",
        account=agency.key,
        kind="video",
        published_at=NIGHT,
        text="Isi",
        image_text="Spanduk",
        media=(Media(kind="image", url="https://p.example/1.jpg", alt="orang", sha256="a" * 64),),
        url="https://x.example/77",
        metrics={"like": 3},
        edited_from="b" * 64,
        raw_sha256="c" * 64,
    )
    untouched = {name for name in Post.__struct_fields__ if getattr(full, name) == getattr(post(), name, None)}
    assert untouched <= {"platform", "account"}, "a new field of Post needs a column and a value here"
    store.save_scan(RUN, scan(Collected(full, b"")))
    assert store.posts.get(["x:77"]) == {"x:77": full}


def test_the_raw_answer_keeps_its_bytes_even_when_the_text_cannot_be_stored(store: Store, agency: Account) -> None:
    raw = b'{"text":"a\\u0000b\\ud83d \xff\x00"}'
    store.save_scan(RUN, scan(collected(post(text="a\0b\ud83d c"), raw)))
    assert store.posts.raw("x:1") == raw
    assert store.posts.get(["x:1"])["x:1"].text == "a\ufffdb\ufffd c"


def test_saving_the_same_scan_again_changes_nothing(store: Store, agency: Account) -> None:
    once = scan(post("1"), post("2", "Halo", 3, metrics={"like": 1}), platform_id="900", handle="DinasContoh")
    first = store.save_scan(RUN, once, Window(NIGHT - DAY, NIGHT))
    before = everything(store)
    second = store.save_scan(RUN, once, Window(NIGHT - DAY, NIGHT))
    assert (first.new, second.new, second.edited, second.vanished) == (2, 0, 0, 0)
    assert everything(store) == before


def test_a_window_is_half_open_and_ordered_by_time_and_key(store: Store, agency: Account) -> None:
    items = [post("b", hours_before=1), post("a", hours_before=1), post("c", hours_before=5), post("d", hours_before=0)]
    store.save_scan(RUN, scan(*items))
    window = Window(NIGHT - HOUR * 5, NIGHT)
    assert [item.post_id for item in store.posts.in_window(window)] == ["c", "a", "b"]
    assert [item.post_id for item in store.posts.in_window(Window(NIGHT - HOUR, NIGHT))] == ["a", "b"]


def test_a_window_can_be_limited_to_accounts(store: Store) -> None:
    begin(store)
    one, two = store.accounts.sync([account("satu"), account("dua")], ON)
    store.save_scan(RUN, scan(post("1", account=one.key), account=one.key))
    store.save_scan(RUN, scan(post("2", account=two.key), account=two.key))
    window = Window(NIGHT - DAY, NIGHT)
    assert [item.key for item in store.posts.in_window(window, [two.key])] == ["x:2"]
    assert [item.key for item in store.posts.in_window(window, [one.key, two.key])] == ["x:1", "x:2"]
    assert list(store.posts.in_window(window, [])) == []
    assert list(store.posts.in_window(window, ["x:@siapa"])) == []


@pytest.mark.parametrize("size", [1, 2, 3, 99])
def test_stretches_hold_every_post_of_the_window_once_in_its_order(store: Store, size: int) -> None:
    begin(store)
    one, two = store.accounts.sync([account("satu"), account("dua")], ON)
    media = (Media(kind="image", url="https://p.example/1.jpg"),)
    items = [
        post("1", "Sugeng énjing 🙏 \U0001d400", 3, account=one.key),
        post("2", "", 2, account=one.key, image_text="Teks gambar \u00bd", media=media),
        post("3", "dua akun", 2, account=one.key),
        post("4", "batas awal", 24, account=one.key),
        post("5", "batas akhir", 0, account=one.key),
    ]
    store.save_scan(RUN, scan(*items, account=one.key))
    store.save_scan(RUN, scan(msgspec.structs.replace(items[2], account=two.key), account=two.key))
    window = Window(NIGHT - DAY, NIGHT)
    for keys in ([one.key, two.key], [one.key], [two.key], []):
        posts = list(store.posts.in_window(window, keys))
        assert len(posts) == (4 if one.key in keys else len(keys))
        stored = store.posts.of(keys)
        stretches = list(stored.stretches(window, size))
        assert len(stretches) == 1 + 3 // size
        texts = [row for stretch in stretches for row in stored.texts(stretch)]
        assert [(row.key, row.text.decode(), row.image_text.decode()) for row in texts] == [
            (item.key, item.text, item.image_text) for item in posts
        ]
        pictured = [item for stretch in stretches for item in stored.pictured(stretch)]
        assert pictured == [item for item in posts if item.media]
        assert stored.get([item.key for item in items[:4]]) == {item.key: item for item in posts}


def test_a_window_can_be_read_while_posts_are_being_stored(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(*(post(str(n), hours_before=n / 1000) for n in range(2500))))
    count = 0
    for item in store.posts.in_window(Window(NIGHT - DAY, NIGHT + DAY)):
        if count == 0:
            store.save_scan(RUN, scan(post("x", hours_before=1), at=NIGHT + 2 * HOUR))
        assert item.post_id != "x"
        count += 1
    assert count == 2500


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_a_window_is_never_held_in_memory(url: str) -> None:
    with open_store(url) as store:
        begin(store)
        store.accounts.sync([account()], ON)
        text = "kata " * 1200
        store.save_scan(RUN, scan(*(collected(post(str(n), text, n / 1000), b"") for n in range(10_000))))  # 60 MB
    check = f"""
from pathlib import Path
from pantau.store import open_store
from tests.store.test_posts import EVER

def peak_mb():  # of this program; getrusage would start from the peak of the test run that started it
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024

with open_store({url!r}) as store:
    before = peak_mb()
    assert sum(1 for item in store.posts.in_window(EVER)) == 10_000
    assert peak_mb() - before < 30, peak_mb() - before
"""
    subprocess.run([sys.executable, "-c", check], check=True, cwd=Path(__file__).resolve().parents[2])


def test_an_edit_keeps_the_earlier_words(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(collected(post(text="Awal"), b"raw-1")))
    begin(store, 2)
    saved = store.save_scan("n-20261102", scan(collected(post(text="Diubah"), b"raw-2"), at=NIGHT + DAY))
    assert (saved.new, saved.edited) == (0, 1)
    now = store.posts.get(["x:1"])["x:1"]
    first, second = store.posts.versions("x:1")
    assert (first.post.text, second.post) == ("Awal", now)
    assert now.text == "Diubah"
    assert now.edited_from == first.post.text_sha256
    assert (first.run_id, second.run_id) == (RUN, "n-20261102")
    assert (first.seen_at, second.seen_at) == (NIGHT + HOUR, NIGHT + DAY)
    assert store.posts.raw("x:1") == b"raw-2"
    assert store.posts.raw("x:1", first.post.raw_sha256) == b"raw-1"
    assert [item.key for item in store.posts.new_in_run("n-20261102")] == ["x:1"]


def test_what_another_source_writes_its_own_way_is_no_edit(store: Store, agency: Account) -> None:
    night = scan(post(text="Bersama @dinas.contoh,  cek a@b.example"), at=NIGHT)
    store.save_scan(RUN, night)
    graph = scan(post(text="Bersama dinas.contoh, cek a@b.example"), at=NIGHT + HOUR)
    graph = msgspec.structs.replace(graph, reading=msgspec.structs.replace(graph.reading, source="graph"))
    assert store.save_scan(RUN, graph).edited == 0
    back = scan(post(text="Bersama @dinas.contoh,  cek a@b.example"), at=NIGHT + 2 * HOUR)
    assert store.save_scan(RUN, back).edited == 0
    assert store.posts.get(["x:1"])["x:1"].text == "Bersama @dinas.contoh,  cek a@b.example"


def test_the_same_source_that_drops_a_mention_has_read_an_edit(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post(text="Bersama @dinas"), at=NIGHT))
    assert store.save_scan(RUN, scan(post(text="Bersama dinas"), at=NIGHT + HOUR)).edited == 1


def test_another_source_s_other_words_are_an_edit(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post(text="Bersama @dinas"), at=NIGHT))
    graph = scan(post(text="Bersama camat"), at=NIGHT + HOUR)
    graph = msgspec.structs.replace(graph, reading=msgspec.structs.replace(graph.reading, source="graph"))
    assert store.save_scan(RUN, graph).edited == 1


def test_a_text_that_is_changed_back_makes_a_third_version(store: Store, agency: Account) -> None:
    for hour, text in enumerate(["A", "B", "A"]):
        store.save_scan(RUN, scan(post(text=text), at=NIGHT + HOUR * hour))
    assert [version.post.text for version in store.posts.versions("x:1")] == ["A", "B", "A"]


def test_an_older_answer_saved_late_does_not_undo_an_edit(store: Store, agency: Account) -> None:
    old = scan(post(text="Awal"), at=NIGHT)
    store.save_scan(RUN, old)
    store.save_scan(RUN, scan(post(text="Diubah"), at=NIGHT + HOUR))
    assert store.save_scan(RUN, old).edited == 0
    assert store.posts.get(["x:1"])["x:1"].text == "Diubah"


def test_new_numbers_are_no_edit(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(collected(post(metrics={"like": 1}), b"one")))
    begin(store, 2)
    saved = store.save_scan("n-20261102", scan(collected(post(metrics={"like": 9}), b"two"), at=NIGHT + DAY))
    assert saved.edited == 0
    assert store.posts.get(["x:1"])["x:1"].metrics == {"like": 9}
    assert len(store.posts.versions("x:1")) == 1
    assert store.posts.raw("x:1") == b"one"
    assert store.posts.new_in_run("n-20261102") == []


def test_words_read_off_a_picture_survive_the_next_reading(store: Store, agency: Account) -> None:
    picture = Media(kind="image", url="https://cdn.example/a/1.jpg?sig=1")
    store.save_scan(RUN, scan(post(media=(picture,))))
    hashed = msgspec.structs.replace(picture, sha256="d" * 64)
    store.posts.set_image_text("x:1", "SELAMAT DATANG", [hashed])
    again = msgspec.structs.replace(picture, url="https://cdn.example/a/1.jpg?sig=2")
    other = Media(kind="image", url="https://cdn.example/a/2.jpg")
    store.save_scan(RUN, scan(post(media=(again, other)), at=NIGHT + DAY))
    found = store.posts.get(["x:1"])["x:1"]
    assert found.image_text == "SELAMAT DATANG"
    assert [item.sha256 for item in found.media] == ["d" * 64, ""]
    assert len(store.posts.versions("x:1")) == 1


def test_image_text_of_an_unknown_post_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="x:404"):
        store.posts.set_image_text("x:404", "apa saja")


def test_a_read_again_post_keeps_its_first_publication_time() -> None:
    old = post(hours_before=5)
    new = post(hours_before=4)
    assert merged(old, new) == old


def test_a_post_of_two_accounts_is_stored_once_and_counts_for_both(store: Store) -> None:
    begin(store)
    one, two, three = store.accounts.sync([account(name, "instagram") for name in ("satu", "dua", "tiga")], ON)
    shared = post("9", "Kolaborasi", platform="instagram")
    saved = [store.save_scan(RUN, scan(shared, account=item.key)) for item in (one, two)]
    assert [item.new for item in saved] == [1, 0]
    window = Window(NIGHT - DAY, NIGHT)
    assert [item.account for item in store.posts.in_window(window)] == [one.key]
    assert [item.account for item in store.posts.in_window(window, [two.key])] == [two.key]
    assert [item.account for item in store.posts.in_window(window, [two.key, one.key])] == [one.key]
    times = [shared.published_at]
    keys = [one.key, two.key, three.key]
    assert store.posts.dates(keys, NIGHT - DAY) == {one.key: times, two.key: times, three.key: []}
    assert len(store.posts.new_in_run(RUN)) == 1


def test_dates_are_ascending_and_limited(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(*(post(str(n), hours_before=n) for n in (3, 1, 2))))
    found = store.posts.dates([agency.key], NIGHT - HOUR * 2, NIGHT - HOUR)
    assert found == {agency.key: [NIGHT - HOUR * 2]}
    assert len(store.posts.dates([agency.key], NIGHT - DAY)[agency.key]) == 3


def test_a_post_remembers_when_and_by_which_run_it_was_seen(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1")))
    begin(store, 2)
    store.save_scan("n-20261102", scan(post("1", "Lain"), at=NIGHT + DAY))
    trail = store.posts.trail(["x:1", "x:404"])
    assert list(trail) == ["x:1"]
    assert (trail["x:1"].first_run, trail["x:1"].changed_run) == (RUN, "n-20261102")
    assert (trail["x:1"].first_seen_at, trail["x:1"].last_seen_at) == (NIGHT + HOUR, NIGHT + DAY)


def test_an_import_adds_what_is_missing_and_overwrites_nothing(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1", "Dibaca langsung")))
    begin(store, kind="import", run_id="i-1")
    items = [collected(post("1", "Dari berkas")), collected(post("2", "Lama", 1000))]
    saved = store.import_posts("i-1", items, NIGHT + DAY)
    assert (saved.new, saved.edited) == (1, 0)
    assert store.posts.get(["x:1"])["x:1"].text == "Dibaca langsung"
    assert [item.key for item in store.posts.new_in_run("i-1")] == ["x:2"]
    assert store.import_posts("i-1", items, NIGHT + DAY).new == 0


def test_posts_of_an_unregistered_account_are_refused(store: Store, agency: Account) -> None:
    with pytest.raises(StoreError, match="x:@asing"):
        store.import_posts(RUN, [collected(post(account="x:@asing"))], NIGHT)
    with pytest.raises(StoreError, match="x:@asing"):
        store.save_scan(RUN, scan(account="x:@asing"))


def test_a_scan_of_a_run_that_never_began_is_refused(store: Store, agency: Account) -> None:
    with pytest.raises(StoreError, match="n-lain"):
        store.save_scan("n-lain", scan(post()))
    assert store.posts.get(["x:1"]) == {}


def test_categories_are_kept_per_post_and_counted_per_account(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1", hours_before=3), post("2"), post("3", hours_before=99)))
    store.posts.save_categories(RUN, {"x:1": "ucapan", "x:2": "kinerja", "x:3": "edukasi"})
    store.posts.save_categories(RUN, {"x:1": "layanan"})
    assert store.posts.categories(["x:1", "x:2", "x:404"]) == {"x:1": "layanan", "x:2": "kinerja"}
    found = store.posts.account_categories([agency.key, "x:@lain"], NIGHT - DAY)
    assert found == {agency.key: [(NIGHT - 3 * HOUR, "layanan"), (NIGHT - 2 * HOUR, "kinerja")], "x:@lain": []}


def test_more_posts_than_a_statement_has_parameters(store: Store, agency: Account) -> None:
    items = [post(str(n), hours_before=n / 100) for n in range(1203)]
    assert store.save_scan(RUN, scan(*items)).new == 1203
    assert len(store.posts.get(item.key for item in items)) == 1203
    assert store.save_scan(RUN, scan(*items)).new == 0
