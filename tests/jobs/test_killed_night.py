"""A night killed at any moment and started again ends as an undisturbed one, and no reader gets a second copy."""

import json
import os
import random
import sqlite3
import time
from pathlib import Path

import pytest

from tests.jobs.office import Office, open_office

KILLS = int(os.environ.get("PANTAU_TEST_KILLS", "3"))
SEED = int(os.environ.get("PANTAU_TEST_SEED", "20261124"))


def outcome(office: Office) -> dict[str, object]:
    """What a night leaves behind, without what a killed attempt legitimately adds: requests made and seconds passed."""
    database = sqlite3.connect(office.folder / "data" / "pantau.db")
    shown = json.loads(office.run("digest", "show", "--format", "json").stdout)
    shown.pop("costs")
    return {
        "posts": database.execute("select key, text, raw_sha256 from posts order by key").fetchall(),
        "findings": database.execute(
            "select key, body from findings where run_id = 'n-20261120' order by key"
        ).fetchall(),
        "digest": shown,
        "copies": office.copies(),
    }


def same_key(office: Office) -> None:
    """Each office draws the key of its reply codes at random; for a comparison it is given."""
    (office.folder / "data").mkdir(mode=0o700)
    secret = office.folder / "data" / "reply-secret"
    secret.touch(mode=0o600)
    secret.write_text("kunci-yang-sama-untuk-semua-kantor-uji-0001")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], float]:
    with open_office(tmp_path_factory.mktemp("whole"), apart=False) as office:
        same_key(office)
        office.apart = True  # a process, as the one that will be killed: it is its time that counts
        start = time.monotonic()
        assert office.night().returncode == 0
        duration_s = time.monotonic() - start
        office.apart = False
        return outcome(office), duration_s


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_night_goes_on_to_the_same_end(
    number: int, tmp_path: Path, undisturbed: tuple[dict[str, object], float]
) -> None:
    expected, duration_s = undisturbed
    moment_s = random.Random(f"{SEED}-{number}").uniform(0.25, 1.0) * duration_s
    with open_office(tmp_path, apart=False) as office:
        same_key(office)
        office.killed_night(moment_s)
        finished = office.night()
        assert finished.returncode == 0, (
            f"seed {SEED}, killed after {moment_s:.2f} s: {finished.stdout} {finished.stderr}"
        )
        assert outcome(office) == expected, f"seed {SEED}, killed after {moment_s:.2f} s"
