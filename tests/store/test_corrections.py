"""A flag counts as corrected when its post is gone or says it no longer, never because nobody looked; words that return open it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantau.core.model import Account, Decision, Evidence, Finding, Observation, Post, Scan, Window
from pantau.core.periods import Correction
from pantau.store.corrections import NOT_JUDGED
from pantau.store.store import Store

from .builders import DAY, HOUR, NIGHT, account, begin, finding, post, scan

SPAN = Window(NIGHT - 3 * DAY, NIGHT)
MINUTES = timedelta(minutes=10)
ALL = (NIGHT - 1000 * DAY, NIGHT + 10_000 * DAY)
RULE = "rude"
BAD, WORSE, GOOD, BETTER = "Dasar goblok semua", "Memang goblok", "Terima kasih", "Terima kasih banyak"


def flag(item: Post, strength: Any = "flag", **more: Any) -> Finding:
    at = item.text.find("goblok")
    evidence = (Evidence(field="text", start=at, end=at + 6, quote="goblok"),)
    return finding(RULE, item.key, strength, subject=item.text_sha256, evidence=more.pop("evidence", evidence), **more)


def night(store: Store, number: int, *posts: Post, outcome: str = "read", strength: Any = "flag", **more: Any) -> str:
    """Night ``number`` reads these posts and checks what is new, as a night does; its id."""
    run = begin(store, number, **more)
    at = run.as_of + MINUTES
    made: Scan = scan(*(posts if outcome == "read" else ()), at=at, complete=outcome == "read", outcome=outcome)
    store.save_scan(run.run_id, made, SPAN)
    check(store, run.run_id, strength=strength)
    return run.run_id


def check(store: Store, run_id: str, strength: Any = "flag") -> None:
    fresh = store.posts.new_in_run(run_id)
    store.posts.save_categories(run_id, {item.key: "layanan" for item in fresh})
    store.findings.save(run_id, [flag(item, strength) for item in fresh if "goblok" in item.text.casefold()])
    store.observations.save(run_id, [Observation(account="unit:x", unit="x", state="unregistered")])


def every(store: Store) -> list[Correction]:
    return store.corrections.between(*ALL)


def one(store: Store) -> Correction:
    (found,) = every(store)
    assert store.corrections.of_findings([found.finding_key]) == {found.finding_key: found}
    return found


def test_an_edit_that_takes_the_words_out_is_a_correction_by_the_hour_it_was_seen(
    store: Store, agency: Account
) -> None:
    night(store, 1, post(text=BAD))
    assert every(store) == []
    night(store, 2, post(text=GOOD))
    found = one(store)
    assert (found.change, found.post, found.unit) == ("edited", "x:1", "opd-contoh")
    assert found.finding_key == flag(post(text=BAD)).key
    assert (found.flagged_at, found.seen_until) == (NIGHT, NIGHT + MINUTES)
    assert (found.corrected_by, found.noticed_at) == (NIGHT + DAY + MINUTES, NIGHT + DAY)
    assert round(found.hours, 2) == 24.17


def test_an_edit_that_leaves_the_words_or_is_flagged_again_corrects_nothing(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    night(store, 2, post(text=f"{BAD} #blora"))
    night(store, 3, post(text=WORSE))
    assert every(store) == []
    night(store, 4, post(text=GOOD))
    assert {round(item.hours) for item in every(store)} == {72, 48, 24}, "each flag from its own night on"


def test_words_that_a_changed_rule_no_longer_minds_are_still_there(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    run = night(store, 2, post(text=BAD.upper() + " #blora"))
    store.findings.save(run, [])
    assert every(store) == []


def test_a_review_of_the_edited_post_is_not_silence(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    night(store, 2, post(text=WORSE), strength="review")
    assert every(store) == []


def test_a_corrected_review_is_no_correction_for_it_never_counted(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD), strength="review")
    night(store, 2, post(text=GOOD))
    assert every(store) == []


def test_an_edit_that_no_night_checked_corrects_nothing_yet(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    run = begin(store, 2)
    store.save_scan(run.run_id, scan(post(text=GOOD), at=run.as_of + MINUTES), SPAN)
    assert every(store) == []
    check(store, run.run_id)
    one(store)


def test_silence_of_a_rule_that_did_not_run_corrects_nothing(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    run = night(store, 2, post(text=GOOD))
    store.runs.note(run, NIGHT + DAY, NOT_JUDGED, flag(post(text=BAD)).key)
    assert every(store) == []


def test_what_was_flagged_beside_the_words_is_not_corrected_by_other_words(store: Store, agency: Account) -> None:
    run = night(store, 1, post(text=BAD))
    ledger = (Evidence(field="ledger", start=0, end=0, quote="tanpa persetujuan"),)
    picture = (Evidence(field="image_text", start=0, end=4, quote="slot"),)
    store.findings.save(run, [flag(post(text=BAD), evidence=evidence) for evidence in (ledger, picture)][:1])
    night(store, 2, post(text=GOOD))
    assert every(store) == []


def test_masked_personal_data_is_compared_as_it_was_published(store: Store, agency: Account) -> None:
    text = "Hubungi 081234567890 segera"
    item = post(text=text)
    masked = flag(item, evidence=(Evidence(field="text", start=8, end=20, quote="08••••••••90"),))
    run = night(store, 1, item)
    store.findings.save(run, [masked])
    night(store, 2, post(text=text + "!"))
    assert every(store) == [], "the number is still there, though no rule minds it tonight"
    night(store, 3, post(text="Hubungi kantor"))
    assert one(store).finding_key == masked.key


def test_a_second_edit_does_not_make_the_correction_later_and_returning_words_undo_it(
    store: Store, agency: Account
) -> None:
    night(store, 1, post(text=BAD))
    night(store, 2, post(text=GOOD))
    first = one(store)
    night(store, 5, post(text=BETTER))
    assert one(store) == first
    night(store, 6, post(text=BAD))
    assert every(store) == []
    night(store, 7, post(text=GOOD))
    assert one(store).corrected_by == NIGHT + 6 * DAY + MINUTES


def test_a_removed_post_is_corrected_by_the_night_that_first_missed_it_once_a_second_did(
    store: Store, agency: Account
) -> None:
    night(store, 1, post(text=BAD), post("2"))
    night(store, 2, post("2"))
    assert every(store) == []
    night(store, 3, post("2"))
    found = one(store)
    assert (found.change, found.seen_until) == ("removed", NIGHT + MINUTES)
    assert (found.corrected_by, found.noticed_at) == (NIGHT + DAY + MINUTES, NIGHT + 2 * DAY)
    assert store.corrections.between(NIGHT, NIGHT + 2 * DAY) == []
    assert store.corrections.between(NIGHT + 2 * DAY, NIGHT + 3 * DAY) == [found]
    assert "x:1" in store.posts.get(["x:1"]), "the evidence stays"


@pytest.mark.parametrize("outcome", ["unread", "private", "gone"])
def test_nights_that_could_not_look_correct_nothing(store: Store, agency: Account, outcome: str) -> None:
    night(store, 1, post(text=BAD))
    for number in (2, 3, 4):
        night(store, number, outcome=outcome)
    assert every(store) == []


def test_a_post_that_comes_back_is_open_again(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    night(store, 2)
    night(store, 3)
    one(store)
    night(store, 4, post(text=BAD))
    assert every(store) == []


def test_a_post_still_shown_by_another_account_is_not_removed(store: Store) -> None:
    begin(store)
    _, two = store.accounts.sync([account(), account("dua")], NIGHT.date())
    night(store, 1, post(text=BAD))
    store.save_scan("n-20261101", scan(post(text=BAD), account=two.key, at=NIGHT + MINUTES))
    night(store, 2)
    night(store, 3)
    assert every(store) == []


def test_an_edited_post_that_is_taken_down_later_was_corrected_by_the_edit(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD))
    night(store, 2, post(text=GOOD))
    first = one(store)
    night(store, 3)
    night(store, 4)
    assert one(store) == first
    assert store.corrections.between(NIGHT + 3 * DAY, NIGHT + 9 * DAY) == []


def test_a_dismissed_flag_had_nothing_to_correct_and_a_followed_up_one_had(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD), post("2", text=WORSE))
    night(store, 2, post(text=GOOD), post("2", text=GOOD))
    keys = [flag(post(text=BAD)).key, flag(post("2", text=WORSE)).key]
    for hours, (key, action) in enumerate(zip(keys, ("dismiss", "followed_up"), strict=True)):
        decision = {"finding_key": key, "action": action, "by": "staf", "at": NIGHT + HOUR * hours}
        store.decisions.add(msgspec.convert(decision, Decision))
    assert one(store).finding_key == keys[1]
    assert store.corrections.of_findings(keys).keys() == {keys[1]}
    store.decisions.add(Decision(finding_key=keys[0], action="undo", by="staf", at=NIGHT + 9 * HOUR))
    assert len(every(store)) == 2


def test_only_what_a_night_reported_can_be_corrected(store: Store, agency: Account) -> None:
    night(store, 1, post(text=BAD), kind="trial", run_id="d-1")
    night(store, 2, post(text=GOOD))
    assert every(store) == []


class Plain:
    """What every night of a history saw, kept day by day in plain lists, and the same question answered by looking through them."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str] | None] = []
        """Per night: text by post; ``None`` when the account could not be read."""

    def corrections(self, at: list[datetime]) -> set[tuple[Any, ...]]:
        """(post, flagged text, change, flagged_at, corrected_by) of all flags that are corrected now."""
        found = set()
        looked = [(day, shown) for day, shown in enumerate(self.seen) if shown is not None]
        for name in {name for _, shown in looked for name in shown}:
            texts = [(day, shown[name]) for day, shown in looked if name in shown]
            absent = [day for day, shown in looked if day > texts[-1][0]]
            changes = [texts[0], *(now for before, now in pairwise(texts) if now[1] != before[1])]
            flagged: dict[str, int] = {}
            for day, text in changes:
                if "goblok" in text:
                    flagged.setdefault(text, day)
            for text, day in flagged.items():
                last_bad = max(n for n, (_, now) in enumerate(changes) if "goblok" in now)
                if last_bad + 1 < len(changes):
                    found.add((name, text, "edited", at[day], at[changes[last_bad + 1][0]] + MINUTES))
                elif len(absent) >= 2:
                    found.add((name, text, "removed", at[day], at[absent[0]] + MINUTES))
        return found


TEXT = st.sampled_from([BAD, WORSE, GOOD, BETTER])
ONE_NIGHT = st.one_of(st.none(), st.dictionaries(st.sampled_from("ab"), TEXT), st.dictionaries(st.just("a"), TEXT))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(history=st.lists(ONE_NIGHT, min_size=1, max_size=9))
def test_over_any_history_the_store_says_what_a_plain_recount_says(
    store: Store, agency: Account, history: Iterable[dict[str, str] | None]
) -> None:
    start = store.runs.recent(1)[0].as_of + DAY  # each example goes on after the one before, with an account of its own
    mark, plain, at = f"{start:%m%d%y}", Plain(), []
    (owner,) = store.accounts.sync([account(f"d{mark}")], start.date())
    for number, shown in enumerate(history):
        as_of = start + DAY * number
        run = store.runs.begin("nightly", f"n-{as_of:%Y%m%d}", Window(as_of - DAY, as_of), as_of, as_of)
        posts = [post(f"{name}{mark}", text, account=owner.key) for name, text in (shown or {}).items()]
        outcome = "unread" if shown is None else "read"
        made = scan(*posts, account=owner.key, at=as_of + MINUTES, complete=shown is not None, outcome=outcome)
        store.save_scan(run.run_id, made, SPAN)
        check(store, run.run_id)
        at.append(as_of)
        plain.seen.append(shown)
        expected = {(f"x:{item[0]}{mark}", *item[1:]) for item in plain.corrections(at)}
        ours = store.corrections.between(start, ALL[1])
        texts = {flag(post(item.post[2:], text)).key: text for item in ours for text in (BAD, WORSE)}
        said = {(i.post, texts[i.finding_key], i.change, i.flagged_at, i.corrected_by) for i in ours}
        assert said == expected
        assert len(ours) == len(said)
        assert store.corrections.of_findings(texts) == {item.finding_key: item for item in ours}
        assert ours == sorted(ours, key=lambda item: (item.corrected_by, item.post, item.finding_key))
        halves = [*store.corrections.between(start, as_of), *store.corrections.between(as_of, ALL[1])]
        assert sorted(map(repr, halves)) == sorted(map(repr, ours)), "no correction falls between two spans"
