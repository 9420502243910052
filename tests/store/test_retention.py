"""What the retention rules remove."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from pantau.checks.personal import mask_personal
from pantau.core.errors import StoreError
from pantau.core.letters import Letter
from pantau.core.model import Account, Decision, Finding, Media, Window
from pantau.core.pictures import PictureLine, PostPicture
from pantau.store import open_store, schema
from pantau.store.portable import restore, snapshot
from pantau.store.records import Document, Purged
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, begin, everything, finding, mail, post, scan, without_guards

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


NIK = "3316014505900001"


def personal(**more: Any) -> Finding:
    return msgspec.structs.replace(finding(rule="national-id-number", **more), family="DPR")


def test_numbers_of_people_are_masked_in_time_everywhere_and_the_manifest_tells_it_from_an_alteration(
    store: Store, agency: Account
) -> None:
    store.save_scan(RUN, scan(post("1", f"Lama NIK {NIK}", 50), post("2", f"Tanpa temuan {NIK}", 50)))
    store.save_scan(RUN, scan(post("1", f"Baru NIK {NIK}", 50)))
    lines = (PictureLine(f"NIK {NIK}", 0.9, (1, 2, 3, 4)),)
    shown = PostPicture(n=1, state="read", sha256="aa", ocr_version="v1", lines=lines)
    store.pictures.save("x:1", [shown], image_text=f"NIK {NIK}")
    store.findings.save(RUN, [personal(post="x:1")])
    store.manifests.keep(RUN)
    masked = {"mask": mask_personal, "personal_before": NIGHT - DAY}
    assert store.purge(**masked) == Purged(raws=2, personal=1)  # type: ignore[arg-type]
    kept = repr([store.posts.get(["x:1"]), store.posts.versions("x:1"), store.pictures.of_posts(["x:1"])])
    assert NIK not in kept
    assert "Baru NIK 331" in kept
    assert NIK in store.posts.get(["x:2"])["x:2"].text, "a post without a finding is left as it is"
    found = store.manifests.verify(RUN)
    assert (found.different, found.purged_posts) == (0, 1)
    assert store.purge(**masked) == Purged()  # type: ignore[arg-type]
    with store._database.write() as connection:
        connection.execute(schema.posts.update().values(text="lain"))
    assert store.manifests.verify(RUN).different > 0


def test_what_is_known_of_pictures_goes_in_time_but_not_behind_a_finding(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1", hours_before=50), post("2", hours_before=50), post("3")))
    for n in (1, 2, 3):
        lines = (PictureLine(f"kata {n}", 0.9, (1, 2, 3, 4)),)
        shown = PostPicture(n=1, state="read", sha256=f"a{n}", ocr_version="v1", lines=lines)
        store.pictures.save(f"x:{n}", [shown], image_text=f"kata {n}")
    store.findings.save(RUN, [finding(post="x:2")])
    assert store.purge(pictures_before=NIGHT - DAY) == Purged(pictures=1)
    assert set(store.pictures.of_posts(["x:1", "x:2", "x:3"])) == {"x:2", "x:3"}
    assert store.pictures.text("a1", "v1") is None
    assert store.posts.get(["x:1"])["x:1"].image_text == ""


def test_findings_and_digests_go_in_time_and_a_decision_only_with_its_finding(store: Store, agency: Account) -> None:
    begin(store, 9)
    old, again = finding(post="x:1"), finding(rule="lain", post="x:1")
    store.findings.save(RUN, [old, again])
    store.findings.save("n-20261109", [again])
    store.freeze(RUN, [Document(edition="staff", format="text", data=b"lama")], [])
    for one in (old, again):
        store.decisions.add(Decision(finding_key=one.key, action="dismiss", by="Staf", at=NIGHT + HOUR, note="x"))
    gone = {"findings_before": NIGHT + DAY, "decisions_before": NIGHT + DAY}
    assert store.purge(**gone) == Purged(findings=2, documents=1, decisions=1)  # type: ignore[arg-type]
    assert store.findings.of_run("n-20261109") == [again]
    assert set(store.decisions.latest()) == {again.key}, "what was dismissed and is still reported stays dismissed"
    assert store.documents.get(RUN, "staff", "text") is None
    found = store.verify_audit()
    assert (found.broken_at, found.differences) == (0, ())
    with store._database.write() as connection:
        connection.execute(schema.findings.delete())
    assert store.verify_audit().different == 1, "what a purge did not remove is missed"


def test_a_dry_run_counts_and_removes_nothing(store: Store, agency: Account) -> None:
    store.save_scan(RUN, scan(post("1", hours_before=50)))
    before = everything(store)
    limits = {"raw_before": NIGHT, "posts_before": NIGHT, "findings_before": NIGHT + DAY, "audit_before": NIGHT + DAY}
    assert store.purge(**limits, dry_run=True) == Purged(raws=1, posts=1)  # type: ignore[arg-type]
    assert everything(store) == before


def filled_log(store: Store) -> int:
    """Five nights with a decision each; how many entries they made."""
    for night in range(2, 6):
        run = begin(store, night)
        store.findings.save(run.run_id, [finding(post=f"x:{night}")])
        decision = Decision(finding_key=f"{night:016}", action="confirm", by="Staf", at=run.as_of, note="")
        store.decisions.add(decision)
    return store.audit.head().n


def test_the_log_is_cut_at_a_checkpoint_and_goes_on_proving_itself(store: Store, agency: Account) -> None:
    filled_log(store)
    at = NIGHT + 9 * DAY
    assert store.purge(audit_before=NIGHT + 3 * DAY, at=at).audit == 5
    kept = list(store.audit.entries())
    assert kept[0].n == 6
    assert kept[-1].kind == "checkpoint"
    found = store.verify_audit()
    assert (found.broken_at, found.differences, found.removed_to) == (0, (), 5)
    assert store.purge(audit_before=at + DAY, at=at + DAY).audit == len(kept), "again, over the checkpoint itself"
    found = store.verify_audit()
    assert (found.broken_at, found.differences) == (0, ())
    with pytest.raises(StoreError), store._database.write() as connection:
        connection.execute(schema.audit.delete())  # the guards stand again


@pytest.mark.parametrize("harm", ["first", "checkpoint", "decision", "old decision"])
def test_after_a_cut_every_harm_is_found(store: Store, agency: Account, harm: str) -> None:
    filled_log(store)
    store.purge(audit_before=NIGHT + 3 * DAY, at=NIGHT + 9 * DAY)
    table, decisions = schema.audit, schema.decisions
    with store._database.write() as connection, without_guards(connection):
        newest, oldest = (sa.select(pick(decisions.c.id)).scalar_subquery() for pick in (sa.func.max, sa.func.min))
        done = {
            "first": table.delete().where(table.c.n == 6),
            "checkpoint": table.update().where(table.c.kind == "checkpoint").values(body="{}"),
            "decision": decisions.delete().where(decisions.c.id == newest),
            "old decision": decisions.delete().where(decisions.c.id == oldest),
        }
        assert connection.execute(done[harm]).rowcount == 1
    found = store.verify_audit()
    assert found.broken_at or found.different


def test_a_log_that_was_cut_comes_back_whole_from_a_backup(store: Store, agency: Account, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kembali.db'}"
    filled_log(store)
    store.purge(audit_before=NIGHT + 3 * DAY, at=NIGHT + 9 * DAY)
    with snapshot(store._database) as moment:
        restore(url, moment.revision, {name: list(moment.lines(name)) for name in moment.tables})
    with open_store(url) as back:
        assert list(back.audit.entries()) == list(store.audit.entries())
        assert back.verify_audit().broken_at == 0
