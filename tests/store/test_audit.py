"""The audit log: one chain whoever writes, closed to changes, and no alteration of it goes unnoticed."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantau.core.errors import StoreError
from pantau.core.letters import Letter
from pantau.core.model import Account, Decision
from pantau.store import Document, open_store
from pantau.store.audit import seal
from pantau.store.columns import from_us
from pantau.store.store import Store
from tests.random_cases import cases

from .builders import HOUR, NIGHT, begin, everything, finding, mail, without_guards
from .test_kill import run_and_kill

RUN = "n-20261101"
ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("n", "at", "kind", "run_id", "body", "previous", "sha256")
DECIDES = """
import sys
from pantau.core.model import Decision
from pantau.store import open_store
from tests.store.builders import HOUR, NIGHT

with open_store(sys.argv[1]) as store:
    print("start", flush=True)
    for n in range(2_000):
        at = NIGHT + HOUR * n
        store.decisions.add(Decision(finding_key="A" * 16, action="confirm", by="staf", at=at))
        print(n, flush=True)
"""


def decide(store: Store, n: int, by: str = "staf@kab.example", note: str = "") -> None:
    at = NIGHT + timedelta(minutes=n)
    store.decisions.add(Decision(finding_key="0123456789ABCDEF", action="confirm", by=by, at=at, note=note), at)


@pytest.fixture
def night(store: Store, agency: Account) -> Store:
    """A night with a finding, a mail that arrived and one that came back, a decision and a refused letter."""
    store.findings.save(RUN, [finding()])
    store.freeze(
        RUN, [Document(edition="staff", format="text", data=b"Isi")], [mail("m1"), mail("m2", "bupati@kab.example")]
    )
    for name in ("m1", "m2"):
        store.outbox.mark(f"<{name}@kab.example>", "sending", at=NIGHT)
        store.outbox.mark(f"<{name}@kab.example>", "sent", at=NIGHT + HOUR, smtp_code=250)
    back = Letter(
        letter_id="b1", outcome="bounce", sender="bupati@kab.example", about="<m2@kab.example>", reason="penuh"
    )
    store.inbox.record(back, NIGHT + HOUR)
    store.inbox.record(Letter(letter_id="r1", outcome="refused", sender="warga@surel.example"), NIGHT + HOUR)
    decide(store, 90, note="bukan pelanggaran")
    return store


def rows(store: Store) -> list[tuple[object, ...]]:
    with store._database.read() as connection:
        found = connection.exec_driver_sql(f"SELECT {', '.join(COLUMNS)} FROM audit ORDER BY n").fetchall()
    return [tuple(row) for row in found]


def replace(store: Store, new: list[tuple[object, ...]]) -> None:
    """The log as somebody made it who owns the database."""
    mark = store._database.mark
    with store._database.write() as connection, without_guards(connection):
        connection.exec_driver_sql("DELETE FROM audit")
        if new:
            connection.exec_driver_sql(f"INSERT INTO audit VALUES ({', '.join([mark] * len(COLUMNS))})", new)


def test_every_deed_stands_in_the_log_once_in_the_order_in_which_it_was_done(night: Store) -> None:
    kinds = [entry.kind for entry in night.audit.entries()]
    assert kinds == ["begin", "findings", "frozen", "mail", "mail", "mail", "letter", "letter", "decision"]
    states = [entry.facts["state"] for entry in night.audit.entries() if entry.kind == "mail"]
    assert states == ["sent", "sent", "failed"]
    assert night.verify_audit().different == 0


def test_readers_and_strangers_are_masked_and_no_word_of_theirs_is_kept(night: Store) -> None:
    log = repr(rows(night))
    assert "s***@kab.example" in log
    assert "w***@surel.example" in log
    for private in ('staf@kab.example"', "bupati@kab", "warga@surel", "bukan pelanggaran", "penuh"):
        assert private not in log.replace('"by":"staf@kab.example"', "")


def test_saving_the_same_findings_again_adds_nothing_and_other_findings_do(night: Store) -> None:
    before = night.audit.head()
    night.findings.save(RUN, [finding()])
    assert night.audit.head() == before
    night.findings.save(RUN, [finding(), finding("other-rule")])
    assert night.audit.head().n == before.n + 1


def test_what_was_not_stored_was_not_logged(store: Store, agency: Account) -> None:
    decide(store, 1)
    before = everything(store)
    decide(store, 1)
    with pytest.raises(StoreError):
        store.outbox.mark("<lain@kab.example>", "sent", at=NIGHT)
    with pytest.raises(StoreError):
        store.findings.save("n-20991231", [finding()])
    assert everything(store) == before


@pytest.mark.parametrize("statement", ["UPDATE audit SET kind = 'x' WHERE n = 2", "DELETE FROM audit WHERE n = 2"])
def test_the_database_itself_refuses_to_change_or_remove_an_entry(night: Store, statement: str) -> None:
    with pytest.raises(StoreError, match="audit entries are never"), night._database.write() as connection:
        connection.exec_driver_sql(statement)


def test_sqlite_refuses_an_entry_in_the_middle_and_a_replaced_one(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        decide(store, 1)
        for number in (2, 9):
            with pytest.raises(StoreError, match="only added at the end"), store._database.write() as connection:
                connection.exec_driver_sql(
                    f"INSERT OR REPLACE INTO audit VALUES ({number}, 0, 'x', '', '{{}}', '', '')"
                )


def test_postgresql_refuses_to_empty_the_log(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("only for PostgreSQL")
    with open_store(url) as store:
        decide(store, 1)
        with pytest.raises(StoreError, match="never changed or removed"), store._database.write() as connection:
            connection.exec_driver_sql("TRUNCATE audit")


@settings(max_examples=cases(40, 500), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_altered_field_of_any_entry_is_found_at_that_entry(night: Store, data: st.DataObject) -> None:
    if not hasattr(night, "original"):
        night.original = rows(night)  # type: ignore[attr-defined]
    original: list[tuple[object, ...]] = night.original  # type: ignore[attr-defined]
    place = data.draw(st.integers(0, len(original) - 1))
    column = data.draw(st.integers(0, len(COLUMNS) - 1))
    old = original[place][column]
    if isinstance(old, int):
        new: object = data.draw(st.integers(0, 2**50).filter(lambda value: value != old))
        if column == 0:
            new = data.draw(st.integers(len(original) + 1, 2**50))
    else:
        text = str(old)
        cut = data.draw(st.integers(0, len(text)))
        letters = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=5)
        new = text[:cut] + data.draw(letters) + text[data.draw(st.integers(cut, len(text))) :]
    altered = list(original)
    altered[place] = tuple(new if n == column else value for n, value in enumerate(original[place]))
    replace(night, altered)
    found = night.verify_audit()
    assert found.broken_at == (0 if altered == original else place + 1)


@settings(max_examples=cases(20, 300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_removed_doubled_and_exchanged_entries_are_found(night: Store, data: st.DataObject) -> None:
    if not hasattr(night, "original"):
        night.original = rows(night)  # type: ignore[attr-defined]
    original: list[tuple[object, ...]] = night.original  # type: ignore[attr-defined]
    head = str(original[-1][-1])
    one = data.draw(st.integers(0, len(original) - 1))
    other = data.draw(st.integers(0, len(original) - 1).filter(lambda n: n != one))
    deed = data.draw(st.sampled_from(["removed", "removed and renumbered", "exchanged"]))
    altered = [row for n, row in enumerate(original) if n != one]
    if deed == "removed and renumbered":
        altered = [(n, *row[1:]) for n, row in enumerate(altered, 1)]
    if deed == "exchanged":
        altered = list(original)
        altered[one], altered[other] = (
            (original[one][0], *original[other][1:]),
            (original[other][0], *original[one][1:]),
        )
    replace(night, altered)
    found = night.verify_audit([head])
    cut_off = deed != "exchanged" and one == len(original) - 1
    first = min(one, other) if deed == "exchanged" else one
    assert found.broken_at == (0 if cut_off else first + 1)
    assert found.found == frozenset(), "the printed head is not there any more"


def test_one_forged_entry_with_a_seal_of_its_own_breaks_the_chain_behind_it(night: Store) -> None:
    forged = rows(night)
    n, at, kind, run_id, body, previous, _ = forged[1]
    said = str(body).replace("luxury-brand-shown", "other-rule")
    forged[1] = (n, at, kind, run_id, said, previous, seal(2, NIGHT, str(kind), str(run_id), said, str(previous)))
    assert at == forged[1][1]
    replace(night, forged)
    found = night.verify_audit()
    assert (found.broken_at, found.why) == (3, "tidak menyambung dengan catatan sebelumnya")


def test_a_log_that_was_made_anew_from_some_entry_on_lacks_the_printed_head(night: Store) -> None:
    original = rows(night)
    forged, previous = original[:1], str(original[0][-1])
    for n, (_, at, kind, run_id, body, *_rest) in enumerate(original[1:], 2):
        said = str(body).replace("staf@kab.example", "lain@kab.example")
        previous_was, previous = previous, seal(n, from_us(int(str(at))), str(kind), str(run_id), said, previous)
        forged.append((n, at, kind, run_id, said, previous_was, previous))
    replace(night, forged)
    found = night.verify_audit([str(original[-1][-1])])
    assert found.broken_at == 0
    assert found.found == frozenset()
    assert found.different == 1, "and the decisions contradict it"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE mails SET state = 'ready' WHERE message_id = '<m1@kab.example>'", "dicatat sent, kini ready"),
        ("UPDATE mails SET recipient = 'x@kab.example' WHERE message_id = '<m1@kab.example>'", "penerimanya berubah"),
        ("DELETE FROM mails WHERE message_id = '<m1@kab.example>'", "tidak ada lagi"),
        ("UPDATE letters SET outcome = 'decision' WHERE letter_id = 'r1'", "dulu refused, kini decision"),
        ("DELETE FROM letters WHERE letter_id = 'r1'", "surat r1: tidak ada lagi"),
    ],
)
def test_mails_and_letters_that_were_altered_are_told(night: Store, statement: str, said: str) -> None:
    with night._database.write() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1
    found = night.verify_audit()
    assert found.broken_at == 0
    assert found.different == 1
    assert said in found.differences[0]


def test_decisions_from_before_the_log_are_sealed_by_its_first_entry(store: Store, agency: Account) -> None:
    decide(store, 1)
    decide(store, 2)
    replace(store, [])
    decide(store, 3)
    assert next(store.audit.entries()).facts["decisions"] == 2
    assert store.verify_audit().different == 0
    with store._database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE decisions SET decided_by = 'lain' WHERE id = (SELECT min(id) FROM decisions)"
        )
    assert store.verify_audit().differences == ("keputusan dari sebelum jejak ini dimulai: berubah",)


def test_the_log_stays_one_chain_when_several_write_at_once(url: str) -> None:
    with open_store(url) as store:
        begin(store)

        def writer(number: int) -> None:
            with open_store(url) as own:
                for n in range(15):
                    decide(own, n, by=f"staf-{number}")

        threads = [threading.Thread(target=writer, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = store.verify_audit()
        assert (found.head.n, found.broken_at, found.different) == (61, 0, 0)


def test_a_writer_killed_at_any_moment_leaves_log_and_tables_in_step(url: str) -> None:
    open_store(url).close()
    reported: set[str] = set()
    for after_s in (0.1, 0.7):
        reported |= run_and_kill(DECIDES, url, after_s)
        with open_store(url) as store:
            found = store.verify_audit()
            assert (found.broken_at, found.different) == (0, 0)
    assert reported, "the child was killed before it decided anything"


def fill(store: Store, number: int) -> None:
    """That many mails delivered, entered quickly."""
    from pantau.store.audit import append_delivery

    with store._database.write() as connection:
        for n in range(number):
            append_delivery(connection, f"<{n}@kab.example>", RUN, "deferred", NIGHT, 451)


def cheapest(act: Callable[[], object]) -> float:
    """CPU seconds, the least of three."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        act()
        spent.append(time.process_time() - start)
    return min(spent)


def test_ten_thousand_entries_are_verified_within_a_second(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as store:
        fill(store, 10_000)
        with store._database.write() as connection:
            connection.exec_driver_sql("DELETE FROM mails")
        assert store.verify_audit().head.n == 10_001
        assert cheapest(store.verify_audit) < 1.0


def test_reading_the_log_does_not_hold_it_in_memory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pantau.db'}"
    with open_store(url) as store:
        fill(store, 20_000)
    check = f"""
import resource
from pantau.store import open_store
with open_store({url!r}) as store:
    next(store.audit.entries())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in store.audit.entries()) == 20_001
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4_000
"""
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)
