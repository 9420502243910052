"""kill -9 at any moment: every scan is there whole or not at all, and what was reported as saved is there."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pantau.core.model import Window
from pantau.store import open_store

from .builders import DAY, HOUR, NIGHT

RUN = "n-20261101"
POSTS = 5
CHILD = (
    """
import sys
from pantau.store import Document, open_store
from tests.store.builders import DAY, HOUR, NIGHT, ON, account, begin, mail, post, scan

with open_store(sys.argv[1]) as store:
    begin(store)
    names = [f"akun{n}" for n in range(400)]
    accounts = store.accounts.sync([account(name) for name in names], ON)
    done = {reading.account for reading in store.readings.of_run("n-20261101")}
    print("start", flush=True)
    for number, item in enumerate(accounts):
        if item.key not in done:
            posts = [post(f"{number}-{n}", account=item.key) for n in range(%d)]
            store.save_scan("n-20261101", scan(*posts, account=item.key))
            print(item.key, flush=True)
    for n in range(400):
        begin(store, run_id=f"f-{n}")
        documents = [Document(edition=str(k), format="html", data=b"x" * 5000) for k in range(3)]
        mails = [mail(f"{n}-{k}", f"{k}@kab.example", f"f-{n}", wire=b"x" * 5000) for k in range(3)]
        store.freeze(f"f-{n}", documents, mails)
"""
    % POSTS
)
ROOT = Path(__file__).resolve().parents[2]


def run_and_kill(url: str, after_s: float) -> list[str]:
    """Start the child, kill it that long after it began to save; the accounts it reported as saved."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == "start\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    reported = child.stdout.read().splitlines()
    child.stdout.close()
    child.wait()
    return reported


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_run_leaves_every_scan_whole_or_absent(url: str, seed: int) -> None:
    draw = random.Random(seed)
    reported: set[str] = set()
    for _ in range(3):
        reported |= set(run_and_kill(url, draw.uniform(0.0, 0.5)))
        with open_store(url) as store:
            posts: dict[str, int] = {}
            for item in store.posts.in_window(Window(NIGHT - DAY, NIGHT)):
                posts[item.account] = posts.get(item.account, 0) + 1
            readings = {reading.account for reading in store.readings.of_run(RUN)}
            dates = store.posts.dates(readings, NIGHT - DAY)
            assert set(posts) == readings == set(store.accounts.watermarks())
            assert set(posts.values()) <= {POSTS}
            assert {len(found) for found in dates.values()} <= {POSTS}
            assert all(store.posts.raw(key) for key in store.posts.get(["x:0-0"]))
            assert reported <= readings, "what was reported as saved must be there"


def test_a_killed_freeze_leaves_none_or_all(url: str) -> None:
    with open_store(url) as store:
        store.runs.begin("nightly", RUN, Window(NIGHT - DAY, NIGHT), NIGHT, NIGHT + HOUR)
    run_and_kill(url, 2.5)
    with open_store(url) as store:
        frozen = 0
        for n in range(400):
            size = (len(store.documents.list(f"f-{n}")), len(store.outbox.of_run(f"f-{n}")))
            assert size == ((3, 3) if store.runs.is_frozen(f"f-{n}") else (0, 0))
            frozen += store.runs.is_frozen(f"f-{n}")
        assert len(store.outbox.due(NIGHT)) == 3 * frozen
