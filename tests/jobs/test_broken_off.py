"""A night that the database or the disk stops in the middle says so, ends with 5, and the next start finishes it."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.base import identified
from jobs.collecting import Ask, side_by_side
from pantau.core.model import Account, Scan
from tests.jobs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capsys, accounts=2).set_clock(monkeypatch)
    made.tail = "[digest]\nattach = []\n"
    made.write()
    made.post("Panen bawang di tiga desa.", "Rapat koordinasi pagi.")
    return made


def base(desk: Desk) -> sqlite3.Connection:
    return sqlite3.connect(desk.folder / "data" / "pantau.db")


@pytest.mark.parametrize("table", ["runs", "documents"])
def test_a_database_that_refuses_in_the_middle_is_an_interruption_that_the_next_start_finishes(
    desk: Desk, table: str
) -> None:
    with base(desk) as held:
        held.execute(
            f"CREATE TRIGGER no_room BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    said = desk.run("nightly", "--as-of", desk.night_at(1).isoformat(), code=5)
    assert "Terhenti di tengah jalan" in said
    assert "database or disk is full" in said
    assert "Tidak dijalankan" not in said
    with base(desk) as held:
        held.execute("DROP TRIGGER no_room")
    assert "Panen bawang" in desk.night(1)


def test_a_database_that_cannot_be_opened_starts_nothing(desk: Desk) -> None:
    (desk.folder / "data" / "pantau.db").write_bytes(b"ini bukan basis data" * 99)
    said = desk.run("nightly", "--as-of", desk.night_at(1).isoformat(), code=2)
    assert "Tidak dijalankan" in said
    assert "Terhenti" not in said


def test_a_state_folder_that_cannot_be_written_starts_nothing(desk: Desk) -> None:
    (desk.folder / "data" / "pantau.lock").unlink(missing_ok=True)
    (desk.folder / "data" / "pantau.lock").mkdir()
    said = desk.run("nightly", "--as-of", desk.night_at(1).isoformat(), code=2)
    assert "Tidak dijalankan" in said
    assert "pantau.lock" in said


def test_a_full_disk_is_named_with_the_file_and_the_next_start_finishes(desk: Desk) -> None:
    page = desk.folder / "data" / "runs" / desk.run_id(1) / "digest.html"
    page.parent.mkdir(parents=True, mode=0o700)
    page.symlink_to("/dev/full")
    said = desk.run("nightly", "--as-of", desk.night_at(1).isoformat(), code=5)
    assert "Terhenti di tengah jalan: cakram" in said
    assert "No space left" in said
    assert "tak terduga" not in said
    page.unlink()
    assert "Panen bawang" in desk.night(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_dies_without_a_word_or_never_lives_leaves_its_accounts_unread_and_the_night_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a thread can do when there is no memory left even for its last words."""
    at = datetime(2026, 11, 20, 14, tzinfo=UTC)
    x, y, z = (Account(platform=name, handle=f"dinas{n}", unit="u") for n, name in enumerate("xyz"))

    def dies() -> Iterator[Scan]:
        raise SystemExit
        yield

    def start(thread: threading.Thread) -> None:
        if thread.name == "collect-z":
            raise RuntimeError("can't start new thread")
        begin(thread)

    begin = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    asks = {"x": Ask([x], dies), "y": Ask([y], lambda: iter([identified(y, at, "uji")])), "z": Ask([z], dies)}
    found = {scan.reading.account: scan.reading for batch in side_by_side(asks, at) for scan in batch}
    assert {key: reading.outcome for key, reading in found.items()} == {x.key: "unread", y.key: "read", z.key: "unread"}
    assert "tanpa keterangan" in found[x.key].reason
