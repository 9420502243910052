"""Which posts with an open finding a night asks for again: what was unseen for longest, never more than it may cost."""

from pathlib import Path

from jobs.rechecking import posts_to_look_at_again
from pantau.core.model import Decision
from pantau.store import open_store
from tests.store.builders import DAY, HOUR, NIGHT, ON, account, begin, finding, post, scan


def test_open_findings_are_asked_for_in_turn_and_missing_posts_besides(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        run = begin(store)
        (agency,) = store.accounts.sync([account()], ON)
        for n in range(6):
            store.save_scan(run.run_id, scan(post(str(n), hours_before=n), at=NIGHT + HOUR * (n + 1)))
        found = [finding(post=f"x:{n}", subject=str(n)) for n in range(5)]  # the sixth post has none
        store.findings.save(run.run_id, found)
        store.freeze(run.run_id, [], [])
        store.runs.finish(run.run_id, NIGHT + 9 * HOUR, 0, "")
        later = begin(store, 2).run_id
        assert posts_to_look_at_again(store, later, 2) == {agency.key: ("0", "1")}
        assert posts_to_look_at_again(store, later, 0) == {}
        store.decisions.add(Decision(finding_key=found[0].key, action="dismiss", by="Sri", at=NIGHT + DAY), NIGHT + DAY)
        assert posts_to_look_at_again(store, later, 2) == {agency.key: ("1", "2")}
