"""Findings are kept whole, a thing that was decided stays decided, and what is open is asked again."""

import msgspec
import pytest

from pantau.core.errors import StoreError
from pantau.core.model import Decision, Evidence, Finding, sort_findings
from pantau.store.records import FirstReport
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, begin, finding

RUN = "n-20261101"
FULL = finding(
    published_at=NIGHT,
    url="https://x.example/1",
    basis="SE Bupati",
    evidence=(
        Evidence(field="text", start=3, end=7, quote="té\U0001f600", score=0.1, cancelled_by="bukan", note="kata"),
    ),
)


def decide(store: Store, key: str, action: str, hours: float = 0, **more: str) -> Decision:
    decision = msgspec.convert(
        {"finding_key": key, "action": action, "by": "staf", "at": NIGHT + HOUR * hours, **more}, Decision
    )
    store.decisions.add(decision)
    return decision


def test_findings_come_back_whole_and_in_order(store: Store) -> None:
    begin(store)
    found = [finding(post="x:2", strength="review"), FULL, finding("other", post="", subject="2026-11-01")]
    store.findings.save(RUN, found)
    assert store.findings.of_run(RUN) == sort_findings(found)
    assert store.findings.of_run("n-lain") == []


def test_saving_a_runs_findings_again_leaves_one_set(store: Store) -> None:
    begin(store)
    store.findings.save(RUN, [FULL, finding("other")])
    store.findings.save(RUN, [FULL])
    assert store.findings.of_run(RUN) == [FULL]
    with pytest.raises(StoreError, match="n-lain"):
        store.findings.save("n-lain", [FULL])


def test_a_finding_knows_its_first_night_and_how_often_it_was_reported(store: Store) -> None:
    for night in (1, 2, 3):
        run = begin(store, night)
        store.findings.save(run.run_id, [FULL] if night != 2 else [])
    for kind in ("rerun", "trial"):
        begin(store, 1, kind, f"{kind}-1")
        store.findings.save(f"{kind}-1", [FULL, finding("only-there")])
    keys = [FULL.key, finding("only-there").key]
    assert store.findings.first_reported(keys) == {FULL.key: FirstReport(run_id=RUN, at=NIGHT, times=2)}
    assert store.findings.first_reported(keys, up_to="n-20261102")[FULL.key].times == 1


def test_open_flags_are_those_nobody_closed(store: Store) -> None:
    begin(store, 1)
    names = ("open", "dismissed", "done", "confirmed", "answered", "undone", "weak", "weakened")
    made = {name: finding(name, strength="review" if name == "weak" else "flag") for name in names}
    store.findings.save(RUN, made.values())
    begin(store, 2)
    weaker = msgspec.structs.replace(made["weakened"], strength="review")
    newer = msgspec.structs.replace(made["open"], message="Pesan versi baru.")
    store.findings.save("n-20261102", [weaker, newer])
    begin(store, 3)
    store.findings.save("n-20261103", [finding("tonight")])
    for name, action in (("dismissed", "dismiss"), ("done", "followed_up"), ("confirmed", "confirm")):
        decide(store, made[name].key, action)
    decide(store, made["answered"].key, "answer", note="Sudah dihapus")
    decide(store, made["undone"].key, "dismiss", 1)
    decide(store, made["undone"].key, "undo", 2)
    found = store.findings.open_before("n-20261103")
    assert {item.finding.rule_id for item in found} == {"open", "confirmed", "answered", "undone"}
    assert [item.finding for item in found] == sort_findings(item.finding for item in found)
    (repeated,) = (item for item in found if item.finding.rule_id == "open")
    assert repeated.finding == newer
    assert repeated.first == FirstReport(run_id=RUN, at=NIGHT, times=2)
    assert (repeated.last_run, repeated.last_at) == ("n-20261102", NIGHT + DAY)
    assert store.findings.open_before(RUN) == []


def test_a_finding_is_found_by_the_beginning_of_its_key_in_its_newest_form(store: Store) -> None:
    begin(store, 1)
    begin(store, 2)
    newer = msgspec.structs.replace(FULL, message="Pesan versi baru.")
    store.findings.save("n-20261102", [newer])
    store.findings.save(RUN, [FULL])
    assert store.findings.find(FULL.key) == [newer]
    assert store.findings.find(FULL.key[:6].lower()) == [newer]
    for wrong in ("", "%", "zz", FULL.key + "0", "0" * 16):
        assert store.findings.find(wrong) == []


def test_findings_can_be_looked_up_by_post_and_unit(store: Store) -> None:
    begin(store)
    other = finding("r2", post="x:2", unit="desa-x")
    weak = finding("r3", post="x:2", strength="review")
    store.findings.save(RUN, [FULL, other, weak])
    assert store.findings.of_posts(["x:2"]) == sort_findings([other, weak])
    assert store.findings.of_units(["desa-x"]) == [other]


def test_reports_say_which_version_of_a_rule_spoke_on_which_night(store: Store) -> None:
    for night, version in ((1, 1), (2, 2)):
        run = begin(store, night)
        store.findings.save(run.run_id, [msgspec.structs.replace(FULL, rule_version=version)])
    begin(store, 2, "rerun", "rerun-2")
    store.findings.save("rerun-2", [FULL])
    found = store.findings.reports(NIGHT + DAY + HOUR)
    assert [(item.key, item.rule_version, item.strength, item.at) for item in found] == [
        (FULL.key, 1, "flag", NIGHT),
        (FULL.key, 2, "flag", NIGHT + DAY),
    ]
    assert store.findings.reports(NIGHT + DAY) == found[:1]
    assert store.findings.reports(NIGHT + DAY + HOUR, since=NIGHT + HOUR) == found[1:]
    assert store.findings.reports(NIGHT + DAY + HOUR, keys=["0" * 16]) == []


def test_what_was_known_before_an_instant_leaves_out_what_came_in_later(store: Store) -> None:
    first = decide(store, FULL.key, "dismiss", 1)
    late = Decision(finding_key=FULL.key, action="confirm", by="staf", at=NIGHT + 2 * HOUR)
    store.decisions.add(late, NIGHT + 9 * HOUR)
    before = store.decisions.known(NIGHT + 9 * HOUR)[FULL.key]
    assert (before.decision, before.recorded_at) == (first, NIGHT + HOUR)
    now = store.decisions.known()[FULL.key]
    assert (now.decision, now.recorded_at) == (late, NIGHT + 9 * HOUR)
    assert store.decisions.known(NIGHT + HOUR) == {}


@pytest.mark.parametrize(("found", "kept"), [("a\0b", "a\ufffdb"), ("a\udfff", "a\ufffd"), ("\\u0000", "\\u0000")])
def test_text_that_no_database_can_hold_does_not_stop_the_night(store: Store, found: str, kept: str) -> None:
    begin(store)
    store.findings.save(RUN, [finding(message=found)])
    assert [item.message for item in store.findings.of_run(RUN)] == [kept]


def test_the_last_decision_wins_and_all_are_kept(store: Store) -> None:
    made: list[Decision] = [decide(store, "A" * 16, action, n) for n, action in enumerate(["confirm", "dismiss"])]
    assert store.decisions.latest() == {"A" * 16: made[-1]}
    assert store.decisions.of_finding("A" * 16) == made


def test_undo_takes_back_the_last_decision_only(store: Store) -> None:
    key = "A" * 16
    first = decide(store, key, "confirm", 0)
    decide(store, key, "dismiss", 1)
    decide(store, key, "undo", 2)
    assert store.decisions.latest() == {key: first}
    decide(store, key, "undo", 3)
    assert store.decisions.latest() == {}
    decide(store, key, "undo", 4)
    again = decide(store, key, "dismiss", 5)
    assert store.decisions.latest() == {key: again}
    assert len(store.decisions.of_finding(key)) == 6


def test_a_right_of_reply_does_not_lift_a_dismissal(store: Store) -> None:
    dismissed = decide(store, "A" * 16, "dismiss", 0)
    answer = decide(store, "A" * 16, "answer", 1, note="Terima kasih")
    only = decide(store, "B" * 16, "answer", 1, note="Itu acara lama")
    assert store.decisions.latest() == {"A" * 16: dismissed, "B" * 16: only}
    assert store.decisions.answers() == {"A" * 16: [answer], "B" * 16: [only]}


def test_a_decision_mail_read_twice_is_one_decision(store: Store) -> None:
    decision = Decision(finding_key="A" * 16, action="dismiss", by="staf", at=NIGHT, note="a\0b")
    assert store.decisions.add(decision)
    assert not store.decisions.add(decision)
    assert store.decisions.add(msgspec.structs.replace(decision, note="lain"))
    assert [item.note for item in store.decisions.of_finding("A" * 16)] == ["a\ufffdb", "lain"]
    assert set(Decision.__struct_fields__) == {"finding_key", "action", "by", "at", "note"}


def test_a_decision_mailed_long_ago_is_new_when_pantau_learns_of_it(store: Store) -> None:
    late = Decision(finding_key="A" * 16, action="confirm", by="staf", at=NIGHT - 5 * DAY)
    store.decisions.add(late, NIGHT)
    old = decide(store, "B" * 16, "confirm", -1)
    assert store.decisions.since(NIGHT) == [late]
    assert store.decisions.since(NIGHT - DAY) == [late, old]


def test_the_newest_form_of_a_finding_is_that_of_the_newest_run(store: Store) -> None:
    for night in (2, 1):
        run = begin(store, night)
        store.findings.save(run.run_id, [msgspec.structs.replace(FULL, message=run.run_id)])
    assert [item.message for item in store.findings.of_posts(["x:1"])] == ["n-20261102"]
    wide: list[Finding] = store.findings.of_units([f"unit-{n}" for n in range(1200)] + ["opd-contoh"])
    assert len(wide) == 1
