"""The manifest of a run says what was seen, is the same bytes again from the same store, and tells purged from altered."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pantau.core.model import Account, Window
from pantau.store import open_store
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, ON, account, begin, collected, post, scan

RUN = "n-20261101"
SECOND = "n-20261102"
SPAN = Window(NIGHT - DAY, NIGHT)


def lines(store: Store, run_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(store.manifests.data(run_id)).splitlines()]


def sql(store: Store, statement: str) -> None:
    with store._database.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1


@pytest.fixture
def kept(store: Store, agency: Account) -> str:
    """Fingerprint of a night that read two posts."""
    store.save_scan(RUN, scan(collected(post("2", "Panen"), b"raw-2"), collected(post("1", "Pagi é"), b"raw-1")))
    return store.manifests.keep(RUN)


def test_the_fingerprint_is_that_of_lines_anybody_can_hash(store: Store, kept: str) -> None:
    data = b"".join(store.manifests.data(RUN))
    assert hashlib.sha256(data).hexdigest() == kept == store.manifests.sha256(RUN)
    head, reading, one, two = lines(store, RUN)
    assert (head["manifest"], head["run"], head["as_of"]) == (1, RUN, "2026-11-01T15:00:00Z")
    assert (reading["account"], reading["outcome"], reading["complete"]) == ("x:@dinascontoh", "read", True)
    assert one == {
        "post": "x:1",
        "account": "x:@dinascontoh",
        "published_at": "2026-11-01T13:00:00Z",
        "text_sha256": hashlib.sha256("Pagi é".encode()).hexdigest(),
        "raw_sha256": hashlib.sha256(b"raw-1").hexdigest(),
        "state": "seen",
    }
    assert two["post"] == "x:2"


def test_the_same_night_gives_the_same_bytes_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    found = []
    for number, order in enumerate([("1", "2"), ("2", "1")]):
        with open_store(f"sqlite:///{tmp_path / f'{number}.db'}") as store:
            begin(store)
            names = ("satu", "dua")
            accounts = store.accounts.sync([account(name) for name in (names if number else reversed(names))], ON)
            for item in sorted(accounts, key=lambda item: item.handle, reverse=bool(number)):
                shown = [post(f"{item.handle}{n}") for n in order]
                store.save_scan(RUN, scan(*shown, post("bersama"), account=item.key))
            found.append((store.manifests.keep(RUN), lines(store, RUN)))
    assert found[0] == found[1]
    assert [(line["post"], line["account"]) for line in found[0][1] if line.get("post") == "x:bersama"] == [
        ("x:bersama", "x:@dua"),
        ("x:bersama", "x:@satu"),
    ]


def test_an_unread_account_stands_in_the_manifest_as_unread(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(complete=False, outcome="unread", unread_class="network"))
    store.manifests.keep(RUN)
    assert lines(store, RUN)[1]["unread_class"] == "network"


def test_edited_and_vanished_posts_are_marked_and_old_ones_not_repeated(store: Store, kept: str) -> None:
    begin(store, 2)
    store.save_scan(SECOND, scan(post("2", "Panen raya"), at=NIGHT + DAY), SPAN)
    store.manifests.keep(SECOND)
    assert [(line["post"], line["state"]) for line in lines(store, SECOND)[2:]] == [("x:2", "edited")]
    begin(store, 3)
    store.save_scan("n-20261103", scan(at=NIGHT + 2 * DAY), SPAN)
    store.manifests.keep("n-20261103")
    assert [(line["post"], line["state"]) for line in lines(store, "n-20261103")[2:]] == [("x:1", "vanished")]


def test_what_a_run_without_a_digest_read_belongs_to_the_one_that_tells_of_it(store: Store, kept: str) -> None:
    begin(store, 2)
    assert store.manifests.keep(SECOND) != store.manifests.keep(SECOND, [RUN])
    assert [line["post"] for line in lines(store, SECOND)[1:]] == ["x:1", "x:2"]


def test_a_rerun_s_manifest_names_every_post_of_its_days(store: Store, kept: str) -> None:
    begin(store, kind="rerun", run_id="r-1")
    store.manifests.keep("r-1", window=Window(NIGHT - 3 * HOUR, NIGHT))
    assert [line["post"] for line in lines(store, "r-1")[1:]] == ["x:1", "x:2"]
    assert store.manifests.verify("r-1").different == 0


@pytest.mark.parametrize("posts", [1, 2, 9])
def test_lines_made_span_by_span_are_those_made_at_once(store: Store, kept: str, posts: int) -> None:
    begin(store, 2)
    two = store.accounts.sync([account(), account("dua")], ON)[1].key  # a post of two accounts has two lines
    store.save_scan(SECOND, scan(collected(post("1", "Pagi é", account=two), b"raw-1"), account=two))
    whole = store.manifests.keep(SECOND, [RUN], SPAN)
    spans = store.manifests.spans(posts)
    assert len(spans) == max(1, 2 // posts)
    pieces = [piece for span in spans for piece in store.manifests.pieces_of((SECOND, RUN), SPAN, span)]
    assert store.manifests.keep(SECOND, [RUN], SPAN, pieces) == whole
    assert [line["account"] for line in lines(store, SECOND) if line.get("post") == "x:1"] == sorted(
        {two, "x:@dinascontoh"}
    )
    assert store.manifests.verify(SECOND).different == 0


def test_a_manifest_follows_its_run_until_the_digest_is_frozen(store: Store, kept: str) -> None:
    store.save_scan(RUN, scan(post("3"), at=NIGHT + 2 * HOUR))
    printed = store.manifests.keep(RUN)
    assert printed != kept
    store.freeze(RUN, [], [])
    store.save_scan(RUN, scan(post("4"), at=NIGHT + 3 * HOUR))
    assert store.manifests.keep(RUN) == printed


def test_an_untouched_store_is_verified_also_after_later_edits_and_renames(store: Store, kept: str) -> None:
    begin(store, 2)
    store.save_scan(SECOND, scan(collected(post("1", "Siang"), b"raw-3"), at=NIGHT + DAY, platform_id="900"))
    found = store.manifests.verify(RUN)
    assert (found.sha256, found.posts, found.readings, found.different) == (kept, 2, 1, 0)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE posts SET text = 'Lain' WHERE key = 'x:1'", "x:1: teks yang tersimpan"),
        ("DELETE FROM raws WHERE post = 'x:1'", "x:1: jawaban mentah tidak ada lagi"),
        (
            "UPDATE raws SET data = (SELECT data FROM raws WHERE post = 'x:2') WHERE post = 'x:1'",
            "x:1: jawaban mentah berubah",
        ),
        ("DELETE FROM readings", "x:@dinascontoh: hasil pembacaan akun malam itu tidak ada lagi"),
    ],
)
def test_what_was_altered_is_named(store: Store, agency: Account, statement: str, said: str) -> None:
    store.save_scan(RUN, scan(collected(post("2", "Panen"), b"raw-2"), collected(post("1", "Pagi"), b"raw-1")))
    store.manifests.keep(RUN)
    sql(store, statement)
    found = store.manifests.verify(RUN)
    assert found.different == 1
    assert found.differences[0].startswith(said)


def test_what_retention_removed_is_told_apart_from_what_was_deleted_by_hand(store: Store, kept: str) -> None:
    store.purge(raw_before=NIGHT)
    found = store.manifests.verify(RUN)
    assert (found.sha256, found.purged_raws, found.purged_posts, found.different) == (kept, 2, 0, 0)
    store.purge(posts_before=NIGHT)
    found = store.manifests.verify(RUN)
    assert (found.sha256, found.purged_posts, found.different) == (kept, 2, 0)


def test_a_post_deleted_by_hand_is_a_difference_even_where_retention_is_in_force(store: Store, kept: str) -> None:
    store.purge(posts_before=NIGHT - 30 * DAY)
    with store._database.write() as connection:
        for table, column in (("raws", "post"), ("sightings", "post"), ("posts", "key")):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} = 'x:1'")
    found = store.manifests.verify(RUN)
    assert found.purged_posts == 0
    assert found.differences == ("x:1: tidak ada lagi di basis data, padahal bukan dihapus oleh aturan penyimpanan",)


def test_a_line_altered_in_the_manifest_itself_changes_its_fingerprint(store: Store, kept: str) -> None:
    import zlib

    data = b"".join(store.manifests.data(RUN)).replace(b'"seen"', b'"edited"')
    with store._database.write() as connection:
        mark = store._database.mark
        connection.exec_driver_sql(f"UPDATE manifest_parts SET data = {mark}", (zlib.compress(data),))
    assert store.manifests.verify(RUN).sha256 != kept


def test_a_run_without_a_manifest_has_no_fingerprint(store: Store, agency: Account) -> None:
    assert store.manifests.sha256(RUN) == store.manifests.verify(RUN).sha256 == ""
    assert list(store.manifests.data(RUN)) == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_neither_writing_nor_checking_holds_the_run_in_memory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pantau.db'}"
    with open_store(url) as store:
        begin(store)
        store.accounts.sync([account()], ON)
        text = "kata " * 1200
        store.save_scan(RUN, scan(*(collected(post(str(n), text, n / 1000), b"{}") for n in range(5_000))))  # 30 MB
    check = f"""
from pathlib import Path
from pantau.store import open_store

def peak_mb():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024

with open_store({url!r}) as store:
    before = peak_mb()
    assert store.manifests.keep({RUN!r})
    assert store.manifests.verify({RUN!r}).posts == 5_000
    assert peak_mb() - before < 20, peak_mb() - before
"""
    subprocess.run([sys.executable, "-c", check], check=True, cwd=Path(__file__).resolve().parents[2])
