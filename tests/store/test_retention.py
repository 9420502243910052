"""What the retention rules remove."""

import msgspec

from pantau.core.letters import Letter
from pantau.core.model import Account, Media, Window
from pantau.store.records import Purged
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, finding, mail, post, scan

RUN = "n-20261101"


def test_purging_nothing_removes_nothing(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1")))
    assert store.purge() == Purged()
    assert store.posts.raw("x:1")


def test_old_raw_answers_go_but_those_behind_a_finding_stay(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1", hours_before=50), post("2", hours_before=50), post("3")))
    store.findings.save(RUN, [finding(post="x:2")])
    assert store.purge(raw_before=NIGHT - DAY) == Purged(raws=1)
    assert store.posts.raw("x:1") is None
    assert store.posts.raw("x:2")
    assert store.posts.raw("x:3")
    assert "x:1" in store.posts.get(["x:1"])


def test_old_posts_go_altogether_and_their_findings_keep_the_quote(store: Store, agency: Account) -> None:
    media = (Media(kind="image", url="https://p.example/1.jpg"),)
    store.save_scan(RUN, scan(post("1", "Awal", 50, media=media), post("2"), at=NIGHT))
    store.save_scan(RUN, scan(post("1", "Diubah", 50)))
    store.posts.save_categories(RUN, {"x:1": "ucapan"})
    store.findings.save(RUN, [finding(post="x:1")])
    assert store.purge(posts_before=NIGHT - DAY) == Purged(raws=2, posts=1)
    assert [item.key for item in store.posts.in_window(Window(NIGHT - 9 * DAY, NIGHT))] == ["x:2"]
    assert store.posts.versions("x:1") == []
    assert store.posts.dates([agency.key], NIGHT - 9 * DAY)[agency.key] == [NIGHT - 2 * HOUR]
    assert store.findings.of_run(RUN) == [finding(post="x:1")]


def test_old_mails_lose_their_bytes_only_when_their_delivery_is_over(store: Store) -> None:
    store.outbox.put([mail("m1"), mail("m2", "b@kab.example"), mail("m3", "c@kab.example", created_at=NIGHT + DAY)])
    for name in ("m1", "m3"):
        store.outbox.mark(f"<{name}@kab.example>", "sent", at=NIGHT)
    assert store.purge(wires_before=NIGHT + HOUR) == Purged(wires=1)
    assert [bool(item.wire) for item in store.outbox.of_run(RUN)] == [False, True, True]
    assert store.purge(wires_before=NIGHT + HOUR) == Purged()


def test_who_wrote_to_us_is_forgotten_in_time_and_their_mail_still_counts_once(store: Store) -> None:
    old = Letter(letter_id="a", outcome="refused", sender="warga@contoh.example", subject="Halo", reason="tidak sah")
    store.inbox.record(old, NIGHT)
    store.inbox.record(msgspec.structs.replace(old, letter_id="b"), NIGHT + DAY)
    assert store.purge(wires_before=NIGHT + HOUR) == Purged(letters=1)
    assert [letter.sender for letter in store.inbox.since(NIGHT)] == ["", "warga@contoh.example"]
    assert not store.inbox.record(old, NIGHT + DAY)
    assert store.verify_audit().differences == ()
    assert store.purge(wires_before=NIGHT + HOUR) == Purged()
